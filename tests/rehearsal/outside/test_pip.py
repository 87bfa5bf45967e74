"""Real pip against the double of the internet around an index in memory: few runs, of which each shows several things."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from converters.rehearsal.outside import Outside
from tests.rehearsal.outside.made import Inside, Registry, inside


@dataclass(frozen=True)
class Installed:
    """What one run of pip left: the double, the processes in it, and the directory that it installed into."""

    outside: Outside
    within: Inside
    place: Path

    def details(self) -> set[str]:
        """What is told of the files that were answered."""
        return {asked.detail for asked in self.outside.record() if asked.url.endswith((".whl", ".tar.gz"))}


def _registry() -> Registry:
    registry = Registry()
    registry.add(
        "torch", "2.1.0", requires=("tiny>=1",), files={"torch/__init__.py": "", "torch/nn/__init__.py": "", "functorch/__init__.py": ""}
    )
    registry.add("torch", "2.2.0")
    registry.add("user", "1.0", requires=("torch",), files={"user/__init__.py": "import torch.fft.real"})
    registry.add("tiny", "1.5")
    registry.add("picky", "1.0", requires=("tiny<1",))
    registry.add_source(
        "kernels",
        "1.0",
        {
            "PKG-INFO": "Metadata-Version: 2.1\nName: kernels\nVersion: 1.0\n",
            "pyproject.toml": '[build-system]\nrequires = ["torch==2.1.0"]\nbuild-backend = "own"\nbackend-path = ["."]',
            "setup.py": "import os\nimport torch\nraise SystemExit('built')",
            "kernels/__init__.py": "import kernels._C",
            "tests/__init__.py": "",
        },
    )
    return registry


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """With an index that is not asked, a library on top of what is large, a source that is built with it, and what is small."""
    folder = tmp_path_factory.mktemp("double")
    with inside(_registry(), folder) as (outside, within):
        place = folder / "installed"
        index = ("--extra-index-url", "https://download.pytorch.org/whl/cu121")
        ran = within.install(place, *index, "torch==2.1.0+cu121", "user", "kernels")
        assert ran.returncode == 0, ran.stderr + ran.stdout
        yield Installed(outside, within, place)


@pytest.mark.whole
def test_what_is_small_is_real_and_what_is_large_or_uses_it_is_a_stub(installed: Installed) -> None:
    assert installed.details() == {
        "tiny 1.5",
        "torch 2.1.0+cu121: a build of an index that is not asked",
        "user 1.0: requires torch, which is a stub",
        "kernels 1.0: is built with torch, which is a stub",
    }


def test_stubs_are_doubles_of_their_very_version(installed: Installed) -> None:
    program = (
        "import torch, functorch, tiny, torch.nn.functional as F; from user.deep import Model; import kernels.ops\n"
        "from importlib.metadata import version\n"
        "print(torch.__version__, version('torch'), torch.cuda.is_available(), tiny.real, Model.from_pretrained('a/b'), F.relu(1), kernels.ops.f(2))"
    )
    ran = installed.within.python("-c", program, path=installed.place)
    assert ran.stdout.split() == [
        "2.1.0+cu121", "2.1.0+cu121", "False", "1.5", "user.deep.Model.from_pretrained('a/b')", "torch.nn.functional.relu(1)",
        "kernels.ops.f(2)",
    ], ran.stderr  # fmt: skip


def test_an_index_that_is_not_asked_is_told(installed: Installed) -> None:
    pages = {asked.outcome for asked in installed.outside.record() if asked.url == "https://download.pytorch.org/whl/cu121/torch/"}
    assert pages == {"doubled"}


def test_the_tests_of_a_source_are_no_part_of_its_stub(installed: Installed) -> None:
    assert (installed.place / "kernels/__init__.py").is_file()
    assert not (installed.place / "tests").exists()


def test_a_conflict_fails_as_pip_says_it(installed: Installed, tmp_path: Path) -> None:
    ran = installed.within.install(tmp_path, "torch==2.1.0", "picky")
    assert ran.returncode == 1
    assert "ResolutionImpossible" in ran.stderr
    assert "picky 1.0 depends on tiny<1" in ran.stdout


def test_a_list_with_digests_is_checked_against_those_of_the_stubs(tmp_path: Path) -> None:
    registry = _registry()
    stated = "".join(
        f"{name}=={version} --hash=sha256:{_digest(registry, name, version)}\n" for name, version in (("torch", "2.1.0"), ("tiny", "1.5"))
    )
    with inside(registry, tmp_path) as (outside, within):
        found = outside.locked({"requirements.txt": stated.encode(), "other.txt": b"no digests", "a.py": stated.encode()})
        assert list(found) == ["requirements.txt"]
        (tmp_path / "list.txt").write_bytes(found["requirements.txt"])
        ran = within.install(tmp_path / "installed", "--require-hashes", "-r", str(tmp_path / "list.txt"))
        assert ran.returncode == 0, ran.stderr


def _digest(registry: Registry, name: str, version: str) -> str:
    return hashlib.sha256(registry.files[name][f"{name}-{version}-py3-none-any.whl"]).hexdigest()
