"""Which apps of a project are meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from fal_runtime.errors import UnreadableProject
from fal_runtime.project import Project

PROJECT = Project(Path("shop"), ("draw", "train"))


@pytest.mark.parametrize(("names", "apps"), [((), ("draw", "train")), (("train",), ("train",)), (("train", "draw"), ("draw", "train"))])
def test_apps_are_chosen_by_name_and_keep_their_order(names: tuple[str, ...], apps: tuple[str, ...]) -> None:
    assert PROJECT.only(names).apps == apps


def test_an_app_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(UnreadableProject, match=r"pyproject.toml: no \[tool.fal.apps.paint\]; it has draw, train"):
        PROJECT.only(["paint"])
