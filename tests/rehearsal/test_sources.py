"""What a source distribution says about its build, its requirements and its modules."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from converters.rehearsal.stubs.source import Source, archive, build, read, unpacked
from converters.rehearsal.stubs.wheel import Contents

HEAD = "Metadata-Version: 2.1\nName: a\nVersion: 1\n"
SETUP = "import os, sys\nimport torch\nfrom setuptools import setup\nfrom version import v\ntry:\n    import ninja\nexcept ImportError:\n    pass\n"


def _source(*names: str, **texts: str) -> Source:
    by_name = {
        name.replace("__", "/").replace("_toml", ".toml").replace("_py", ".py").replace("_cfg", ".cfg"): text
        for name, text in texts.items()
    }
    return Source((*names, *by_name), by_name)


@pytest.mark.parametrize(
    ("texts", "requires"),
    [
        ({}, ("setuptools>=40.8.0",)),
        ({"pyproject_toml": "[project]\nname = 'a'"}, ("setuptools>=40.8.0",)),
        ({"pyproject_toml": "[build-system]\nrequires = ['torch', 'ninja']"}, ("torch", "ninja")),
        ({"pyproject_toml": "[build-system]\nrequires = []"}, ()),
        ({"pyproject_toml": "not toml ["}, ("setuptools>=40.8.0",)),
    ],
)
def test_what_it_is_built_with(texts: dict[str, str], requires: tuple[str, ...]) -> None:
    assert _source(**texts).build_requires == requires


@pytest.mark.parametrize(
    ("names", "texts", "imports"),
    [
        (("version.py",), {"setup_py": SETUP}, ("setuptools", "torch")),
        ((), {"setup_py": "import numpy", "pyproject_toml": "[build-system]\nrequires = []\nbuild-backend = 'own'"}, ("numpy",)),
        ((), {"setup_py": "def f():\n    import torch"}, ("setuptools",)),
        ((), {"setup_py": "def ("}, ()),
        ((), {}, ()),
    ],
)
def test_what_its_build_imports(names: tuple[str, ...], texts: dict[str, str], imports: tuple[str, ...]) -> None:
    assert _source(*names, **texts).imports == imports


@pytest.mark.parametrize(
    ("source", "requires"),
    [
        (Source((), {"PKG-INFO": HEAD + "Requires-Dist: torch\n\nText", "setup.py": "setup(install_requires=['other'])"}), ["torch"]),
        (Source((), {"PKG-INFO": HEAD, "a.egg-info/requires.txt": "torch>=1\n\n[gpu]\ncupy\n\n[:python_version<'3']\nsix\n"}),
         ["torch>=1", 'cupy ; extra == "gpu"', "six ; (python_version<'3')"]),
        (Source((), {"PKG-INFO": HEAD, "setup.py": "setup(install_requires=['torch', 'einops'])"}), ["torch", "einops"]),
        (Source((), {"PKG-INFO": HEAD, "setup.cfg": "[options]\ninstall_requires =\n    torch\n    tqdm"}), ["torch", "tqdm"]),
        (Source((), {"PKG-INFO": HEAD, "setup.py": "setup(install_requires=open('r.txt').read())"}), []),
    ],
)  # fmt: skip
def test_what_it_requires(source: Source, requires: list[str]) -> None:
    lines = source.metadata.decode().partition("\n\n")[0].splitlines()
    assert [line.removeprefix("Requires-Dist: ") for line in lines if line.startswith("Requires-Dist")] == requires


@pytest.mark.parametrize(
    ("names", "egg", "brought"),
    [
        (("a/__init__.py", "a/b/__init__.py", "tests/__init__.py", "setup.py"), {}, Contents(("a",))),
        (("src/a/__init__.py", "docs/conf.py"), {}, Contents(("a",))),
        (("six.py", "setup.py"), {}, Contents((), ("six",))),
        (("a/__init__.py", "b/__init__.py"), {"a.egg-info/top_level.txt": "a\n_c\n"}, Contents(("a",), ("_c",))),
        (
            ("a/__init__.py",),
            {"a.egg-info/entry_points.txt": "[console_scripts]\nrun = a:main\n[other]\nx = y"},
            Contents(("a",), (), ("run",)),
        ),
        (("README.md",), {}, Contents(())),
    ],
)
def test_what_it_brings(names: tuple[str, ...], egg: dict[str, str], brought: Contents) -> None:
    assert Source(names, egg).brought == brought


@pytest.mark.parametrize("ending", [".tar.gz", ".zip", ".tar.bz2", ".tar.xz"])
def test_every_kind_of_archive_is_read(tmp_path: Path, ending: str) -> None:
    place = tmp_path / f"a-1{ending}"
    place.write_bytes(archive({"a-1/PKG-INFO": HEAD.encode(), "a-1/a/__init__.py": b""}, place.name))
    found = read(place, place.name)
    assert found == Source(("PKG-INFO", "a/__init__.py"), {"PKG-INFO": HEAD})


@pytest.mark.parametrize("size", [1, 2**16, 200_000])
def test_an_archive_of_zstandard_is_a_frame_of_raw_blocks(size: int) -> None:
    """RFC 8878, 3.1.1: a magic number, two bytes of header, blocks of at most the window, the last of which is marked."""
    made, blocks, at, last = archive({"a/b": bytes(size)}, "a.tar.zst"), [], 6, 0
    assert made[:6] == b"\x28\xb5\x2f\xfd\x00\x30"
    while not last:
        header = int.from_bytes(made[at : at + 3], "little")
        last, kind, length = header & 1, header >> 1 & 3, header >> 3
        assert (kind, length <= 2**16) == (0, True)
        blocks.append(made[at + 3 : at + 3 + length])
        at += 3 + length
    assert at == len(made)
    with tarfile.open(fileobj=io.BytesIO(b"".join(blocks))) as opened:
        assert opened.getmember("a/b").size == size


def test_the_same_source_gives_the_same_stub() -> None:
    source = Source(("a/__init__.py",), {"PKG-INFO": HEAD})
    assert build("a-1.tar.gz", "a", "1", source) == build("a-1.tar.gz", "a", "1", source)


def test_a_stub_that_is_built_imports_what_the_real_one_does_first(tmp_path: Path) -> None:
    files = unpacked(
        "a", "1", _source("a/__init__.py", setup_py="import surely_not_installed", pyproject_toml="[build-system]\nrequires = []")
    )
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    backend: dict[str, Any] = {"__file__": str(tmp_path / "stub_backend.py")}
    exec(files["stub_backend.py"], backend)
    with pytest.raises(ModuleNotFoundError, match="surely_not_installed"):
        backend["build_wheel"](str(tmp_path))
    backend["IMPORTS"].remove("surely_not_installed")
    assert (tmp_path / backend["build_wheel"](str(tmp_path))).read_bytes() == files["stub.zip"]
    assert (tmp_path / backend["prepare_metadata_for_build_wheel"](str(tmp_path)) / "METADATA").is_file()
