"""Indexes that are not asked: what they would list, made of what the public one has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from converters.concepts.cog.cuda import TORCH_CUDA, VISION, release
from converters.rehearsal.outside.python.listing import File, is_for_linux, tags_of

FAMILY = ("torch", "torchvision", "torchaudio", "torchtext", "torchdata", "torchao", "torchcodec", "xformers")
"""What PyTorch's indexes hold builds of their own of, under local versions."""
_GEOMETRIC = ("torch-scatter", "torch-sparse", "torch-cluster", "torch-spline-conv", "pyg-lib")
_PAGES = (
    (re.compile(r"pytorch\.org/"), FAMILY),
    (re.compile(r"pyg\.org/|pytorch-geometric\.com/"), _GEOMETRIC),
    (re.compile(r"openmmlab\.com/mmcv"), ("mmcv", "mmcv-full")),
    (re.compile(r"detectron2"), ("detectron2",)),
    (re.compile(r"jax-releases"), ("jaxlib", "jax")),
    (re.compile(r"kaolin"), ("kaolin",)),
    (re.compile(r"dgl\.ai/"), ("dgl",)),
    (re.compile(r"llama-cpp-python"), ("llama-cpp-python",)),
    (re.compile(r"flashinfer"), ("flashinfer-python", "flashinfer")),
    (re.compile(r"nightly\.link|vllm"), ("vllm",)),
)
"""What pages that list files of several projects are about, by their address."""
_LOCAL_VERSION = re.compile(r"(?<![\w.])(cpu|cu\d{2,3}|rocm\d[\d.]*|xpu)(?![\w.])")
_OLDEST, _NEWEST = 6, 14
"""Minors of Python 3 for which wheels may be listed that no index shows."""
_UNLISTED_CUDA = ("10.1", "10.2", "11.0", "11.1", "11.3", "11.5", "11.6", "11.7", "11.8")
"""CUDA of the builds of releases that no table holds: those before 1.11."""


def local_version(address: str) -> str:
    """The local version that the address of an index names: ``cu121`` of ``/whl/cu121/torch``; ''."""
    found = _LOCAL_VERSION.findall(address)
    return found[-1] if found else ""


def projects(address: str, named: Iterable[str] = ()) -> list[str]:
    """The projects whose files a page at ``host/path`` lists; ``named`` are those that a build asks for."""
    known = next((names for pattern, names in _PAGES if pattern.search(address)), ())
    return list(dict.fromkeys([*known, *named]))


def listed(files: Iterable[File], project: str, address: str) -> list[File]:
    """The files of a project as an index at ``host/path`` would list them.

    Of PyTorch's own projects, wheels under the local version that the address names, for every CUDA where it names none. Of a project that
    the address is about and that has sources alone in public, wheels of them: that is what such an index is for. Nothing of other projects
    of which there are only sources.
    """
    every = list(files)
    if project in FAMILY and "pytorch.org" in address:
        suffix = local_version(address)
        return [made for file in wheels(every) for each in ([suffix] if suffix else locals_of(file)) for made in [with_local(file, each)]]
    if any(file.is_wheel for file in every):
        return every
    return [replace(file, shown=_wheel_of(file)) for file in every] if project in projects(address) else []


def locals_of(file: File) -> list[str]:
    """The local versions in which a release of PyTorch's projects was built."""
    version = str(file.version)
    torch = release(version) if file.project == "torch" else VISION.get(release(version), release(version))
    return ["cpu", *(f"cu{cuda.replace('.', '')}" for cuda in TORCH_CUDA.get(torch, _UNLISTED_CUDA))]


def with_local(file: File, suffix: str) -> File:
    """A wheel under a local version."""
    start, release_, tags = file.label.split("-", 2)
    return replace(file, shown=f"{start}-{release_}+{suffix}-{tags}")


def wheels(files: Iterable[File]) -> Iterator[File]:
    """The wheels for Linux of releases without a local version, and of each release one more: for the Python after the last that has one.

    PyTorch's indexes were often a release of Python ahead of the public one.
    """
    newest: dict[str, tuple[int, File]] = {}
    for file in files:
        version = file.version
        if version is None or version.local or not file.is_wheel or not is_for_linux(file.name):
            continue
        yield file
        minor = max((int(tag.interpreter[3:]) for tag in tags_of(file.name) if re.fullmatch(r"cp3\d+", tag.interpreter)), default=0)
        if minor > newest.get(str(version), (0, file))[0]:
            newest[str(version)] = minor, file
    for minor, file in newest.values():
        if minor < _NEWEST:
            before, after = f"cp3{minor}", f"cp3{minor + 1}"
            yield replace(file, shown=re.sub(rf"{before}-{before}m?", f"{after}-{after}", file.name), requires_python="")


def _wheel_of(file: File) -> str:
    name = file.project.replace("-", "_")
    return f"{name}-{file.version}-py3-none-any.whl"
