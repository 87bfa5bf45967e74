"""`migrate run`: what its options lead to, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from converters.cli import answer
from converters.rehearsal import machinery
from converters.rehearsal.serving import Images
from fal_runtime import main


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the runtime and the machinery are given instead of being started."""
    given: dict[str, Any] = {}

    @contextmanager
    def ready(name: str = "", **options: Any) -> Iterator[Any]:
        given["machinery"] = (name, options)
        yield SimpleNamespace(engine=SimpleNamespace(name=name), outside=None)

    def run(path: Path, **options: Any) -> int:
        given.update(options, path=path)
        return 0

    monkeypatch.setattr(machinery, "machinery", ready)
    monkeypatch.setattr(main, "run", run)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return given


def test_runners_are_processes_unless_an_engine_is_named(served: dict[str, Any]) -> None:
    for arguments in ([], ["--engine", "process"], ["--install"], ["--unconfined"], ["--capture-openapi"]):
        served.clear()
        assert answer(["run", "here", *arguments]) == 0
        assert served["engine"] is None and served["data"] is None and "machinery" not in served


def test_an_engine_gets_what_a_rehearsal_is_told(served: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "layers"
    options = ["--engine", "podman", "--cache", str(folder), "--base", "a=bookworm", "--base", "b=jammy", "--real-bases"]
    assert answer(["run", "here", *options, "--port", "0"]) == 0
    name, told = served["machinery"]
    assert (name, told) == ("podman", {"folder": folder, "bases": ("a=bookworm", "b=jammy"), "real": True})
    assert isinstance(served["engine"], Images) and served["engine"].settings.records == folder / "records"
    assert served["data"] == folder / "data" and (folder / "data").is_dir()
    assert "RUN lines" in capsys.readouterr().err


def test_data_is_the_directory_that_is_named(served: dict[str, Any], tmp_path: Path) -> None:
    assert answer(["run", "here", "--engine", "buildah", "--data", str(tmp_path)]) == 0
    assert served["data"] == tmp_path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--base", "a=bookworm"], "--base needs an engine that builds images."),
        (["--real-bases"], "--real-bases needs an engine that builds images."),
        (["--cache", "x"], "--cache needs an engine that builds images."),
        (["--engine", "buildah", "--install"], "--install cannot be used with --engine buildah."),
        (["--engine", "buildah", "--unconfined"], "--unconfined cannot be used with --engine buildah."),
        (["--engine", "podman", "--capture-openapi"], "--capture-openapi cannot be used with --engine podman."),
    ],
)
def test_options_that_do_not_fit_are_refused(
    arguments: list[str], said: str, served: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer(["run", "here", *arguments]) == 2
    assert said in capsys.readouterr().err and not served


def test_an_engine_that_nobody_knows_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["run", str(tmp_path), "--engine", "lxc", "--cache", str(tmp_path / "cache")]) == 2
    assert "--engine 'lxc' is not known." in capsys.readouterr().err
