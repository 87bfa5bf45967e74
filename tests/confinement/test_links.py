"""Links that project code leaves in its scratch files, which processes that are not confined yet come across."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from fal_runtime.confinement import content_below, kernel
from fal_runtime.confinement.view import make_temporary

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


@pytest.mark.parametrize("name", ["tmp", "var", "var/tmp"])
def test_no_temporary_directory_is_made_behind_a_link(tmp_path: Path, name: str) -> None:
    (tmp_path / "home").mkdir()
    link = tmp_path / "scratch" / name
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "home")
    with pytest.raises(OSError):
        make_temporary(tmp_path / "scratch")
    assert list((tmp_path / "home").iterdir()) == []


def test_temporary_directories_are_made_once(tmp_path: Path) -> None:
    for _ in range(2):
        make_temporary(tmp_path)
    assert (tmp_path / "tmp").is_dir() and (tmp_path / "var/tmp").is_dir()


@pytest.mark.parametrize("path", ["link", "link/file", "through/file"])
def test_what_is_mounted_has_no_link_in_its_path(tmp_path: Path, path: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/file").write_text("x")
    (tmp_path / "link").symlink_to("folder")
    (tmp_path / "through").symlink_to(tmp_path / "folder")
    with pytest.raises(OSError):
        kernel.open_without_links(f"{tmp_path}/{path}")
    os.close(kernel.open_without_links(f"{tmp_path}/folder/file"))


@pytest.mark.parametrize("link", ["/secret", "../secret", "../../../../secret", "folder/../../secret"])
def test_links_stay_below_the_root_that_they_are_read_under(tmp_path: Path, link: str) -> None:
    (tmp_path / "secret").write_text("canary")
    (tmp_path / "root/folder").mkdir(parents=True)
    (tmp_path / "root/link").symlink_to(f"{tmp_path}/secret" if link.startswith("/") else link)
    with pytest.raises(FileNotFoundError):
        content_below(str(tmp_path / "root"), "/link")
