"""Pages of indexes: as they are read, as they are shown, and what those list that are not asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from converters.rehearsal.outside.python import elsewhere
from converters.rehearsal.outside.python.index import PythonIndex
from converters.rehearsal.outside.python.listing import File, page, parse
from converters.rehearsal.outside.upstream import Upstream, UpstreamError
from converters.rehearsal.stubs import locks
from tests.rehearsal.outside.made import SIMPLE, Registry

T = TypeVar("T")
LINUX = "torch-2.1.0-cp311-cp311-manylinux1_x86_64.whl"


def _file(name: str, project: str = "torch") -> File:
    return File(project, name, f"https://files.example/{project}/{name}", requires_python=">=3.8")


def _asked(registry: Registry, folder: Path, ask: Callable[[PythonIndex], Awaitable[T]]) -> T:
    async def run() -> T:
        upstream = Upstream(folder / "cache", registry.transport())
        try:
            return await ask(PythonIndex(upstream, SIMPLE))
        finally:
            await upstream.close()

    return asyncio.run(run())


@pytest.mark.parametrize("form", ["json", "html"])
@pytest.mark.parametrize("has_metadata", [True, False], ids=["with metadata files", "without them"])
def test_every_kind_of_index_gives_files_with_their_metadata(form: str, has_metadata: bool, tmp_path: Path) -> None:
    registry = Registry(form=form, has_metadata=has_metadata)
    registry.add("tiny", "1.5", requires=("other>1",))

    async def ask(index: PythonIndex) -> tuple[list[str], bytes, str]:
        files = await index.files("Tiny")
        return [file.name for file in files], await index.metadata(files[0]), await index.stub_reason(files[0])

    names, metadata, reason = _asked(registry, tmp_path, ask)
    assert names == ["tiny-1.5-py3-none-any.whl"]
    assert b"Requires-Dist: other>1" in metadata
    assert reason == ""


def test_a_second_rehearsal_asks_for_nothing_that_never_changes(tmp_path: Path) -> None:
    registry = Registry()
    registry.add("tiny", "1.5")

    async def ask(index: PythonIndex) -> bytes:
        file = (await index.files("tiny"))[0]
        return await index.metadata(file) + (await index.real(file)).read_bytes()

    first = _asked(registry, tmp_path, ask)
    before = len(registry.asked)
    assert _asked(registry, tmp_path, ask) == first
    assert len(registry.asked) == before


@pytest.mark.parametrize("accept", ["application/vnd.pypi.simple.v1+json, text/html", "text/html"])
def test_a_page_that_is_shown_reads_as_it_was(accept: str) -> None:
    files = [_file(LINUX), File("torch", "torch-2.2.0.tar.gz", "https://files.example/torch/torch-2.2.0.tar.gz", yanked="broken")]
    media_type, text = page(files, "torch", accept)
    assert ("json" in media_type) is ("json" in accept)
    shown = parse(text.encode(), "torch", "https://pypi.org/simple/torch/")
    assert [(file.name, file.requires_python, file.yanked) for file in shown] == [
        (file.name, file.requires_python, file.yanked) for file in files
    ]
    assert all(not file.sha256 for file in shown)


@pytest.mark.parametrize(
    ("name", "is_listed"),
    [
        (LINUX, True),
        ("a-1-py3-none-any.whl", True),
        ("a-1-cp39-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", True),
        ("a-1-cp39-abi3-musllinux_1_2_x86_64.whl", True),
        ("a-1.tar.gz", True),
        ("a-1.zip", True),
        ("a-1-cp311-cp311-macosx_11_0_arm64.whl", False),
        ("a-1-cp311-cp311-manylinux2014_aarch64.whl", False),
        ("a-1-cp311-cp311-win_amd64.whl", False),
        ("a-1.win32-py2.7.exe", False),
    ],
)
def test_what_cannot_be_installed_on_the_runner_is_not_listed(name: str, is_listed: bool) -> None:
    shown = parse(page([_file(name)], "a", "text/html")[1].encode(), "a", "https://pypi.org/simple/a/")
    assert bool(shown) is is_listed


@pytest.mark.parametrize(
    ("project", "address", "names"),
    [
        ("torch", "download.pytorch.org/whl/cu118/torch/", ["torch-2.1.0+cu118-cp311-cp311-manylinux1_x86_64.whl", "torch-2.1.0+cu118-cp312-cp312-manylinux1_x86_64.whl"]),
        ("torch", "download.pytorch.org/whl/cpu/torch/", ["torch-2.1.0+cpu-cp311-cp311-manylinux1_x86_64.whl", "torch-2.1.0+cpu-cp312-cp312-manylinux1_x86_64.whl"]),
        ("torch", "download.pytorch.org/whl/torch_stable.html",
         [f"torch-2.1.0+{local}-cp31{minor}-cp31{minor}-manylinux1_x86_64.whl" for minor in (1, 2) for local in ("cpu", "cu118", "cu121")]),
        ("torch", "pypi.nvidia.com/torch/", [LINUX, "torch-2.1.0-cp311-none-macosx_11_0_arm64.whl", "torch-2.1.0.tar.gz"]),
        ("numpy", "download.pytorch.org/whl/cu118/numpy/", ["numpy-1.0-py3-none-any.whl"]),
        ("torch-scatter", "data.pyg.org/whl/torch-2.1.0+cu121.html", ["torch_scatter-2.1.2-py3-none-any.whl"]),
        ("torch-scatter", "download.pytorch.org/whl/cu121/torch-scatter/", []),
    ],
)  # fmt: skip
def test_what_an_index_lists_that_is_not_asked(project: str, address: str, names: list[str]) -> None:
    public = {
        "torch": [LINUX, "torch-2.1.0-cp311-none-macosx_11_0_arm64.whl", "torch-2.1.0.tar.gz"],
        "numpy": ["numpy-1.0-py3-none-any.whl"],
        "torch-scatter": ["torch_scatter-2.1.2.tar.gz"],
    }
    found = elsewhere.listed([_file(name, project) for name in public[project]], project, address)
    assert [file.label for file in found] == names


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("/whl/cu121/torch", "cu121"),
        ("/whl/cpu", "cpu"),
        ("/whl/nightly/cu130/x", "cu130"),
        ("/whl/rocm6.1", "rocm6.1"),
        ("/whl/torch", ""),
        ("/simple/cupy", ""),
    ],
)
def test_the_local_version_that_an_address_names(address: str, local: str) -> None:
    assert elsewhere.local_version(address) == local


@pytest.mark.parametrize(
    ("name", "requires"),
    [("torch-2.1.0+cu121-cp311-cp311-linux_x86_64.whl", True), ("torch-2.1.0+cu118-cp311-cp311-linux_x86_64.whl", False)],
)
def test_a_wheel_of_another_host_is_a_stub_with_what_is_known_of_its_release(name: str, requires: bool, tmp_path: Path) -> None:
    registry = Registry()
    registry.add("torch", "2.1.0", requires=("sympy", "nvidia-cublas-cu12==12.1"))

    async def ask(index: PythonIndex) -> tuple[bytes, str]:
        file = await index.find(name)
        return await index.metadata(file), await index.stub_reason(file)

    metadata, reason = _asked(registry, tmp_path, ask)
    assert f"Version: {name.split('-')[1]}\n".encode() in metadata
    assert b"Requires-Dist: sympy" in metadata
    assert (b"nvidia-cublas" in metadata) is requires
    assert reason == "a build of an index that is not asked"


def test_a_release_that_the_index_does_not_have_is_not_found(tmp_path: Path) -> None:
    registry = Registry()
    registry.add("torch", "2.1.0")
    with pytest.raises(UpstreamError, match="torch has no file torch-9"):
        _asked(registry, tmp_path, lambda index: index.find("torch-9.0-py3-none-any.whl"))


@pytest.mark.parametrize(
    ("name", "text", "changed"),
    [
        ("uv.lock", 'name = "torch"\nversion = "2.1.0"\nwheels = [{{ url = "https://files.pythonhosted.org/a/torch-2.1.0-py3-none-any.whl", hash = "sha256:{torch}" }}]', True),
        ("uv.lock", 'name = "tiny"\nversion = "1.5"\nwheels = [{{ url = "https://files.pythonhosted.org/a/tiny-1.5-py3-none-any.whl", hash = "sha256:{tiny}" }}]', False),
        ("poetry.lock", 'name = "torch"\nversion = "2.1.0"\nfiles = [{{file = "torch-2.1.0-py3-none-any.whl", hash = "sha256:{torch}"}}]', True),
        ("Pipfile.lock", '{{"default": {{"torch": {{"hashes": ["sha256:{torch}"], "version": "==2.1.0"}}}}}}', True),
        ("requirements.txt", "torch==2.1.0 \\\n    --hash=sha256:{torch}\n", True),
        ("requirements.txt", "tiny==1.5 --hash=sha256:{tiny}\n", False),
        ("requirements.txt", "unknown==1.5 --hash=sha256:{tiny}\n", False),
        ("uv.lock", 'wheels = [{{ url = "https://download.pytorch.org/whl/cu121/torch-2.1.0%2Bcu121-cp311-cp311-linux_x86_64.whl", hash = "sha256:{tiny}" }}]', True),
    ],
)  # fmt: skip
def test_digests_of_what_becomes_a_stub(name: str, text: str, changed: bool, tmp_path: Path) -> None:
    registry = Registry()
    registry.add("torch", "2.1.0")
    registry.add("tiny", "1.5")
    digests = {
        file.project: file.sha256
        for project in ("torch", "tiny")
        for file in _asked(registry, tmp_path, lambda index, project=project: index.files(project))
    }  # type: ignore[misc]
    before = text.format(**digests)
    assert locks.candidates({name: before.encode(), "b.py": before.encode(), "c.txt": b"torch==2.1.0"}) == [name]
    assert (_asked(registry, tmp_path, lambda index: locks.rewritten(before, index)) != before) is changed
