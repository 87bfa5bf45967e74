"""Real pip against the double of the internet around an index in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from converters.rehearsal.outside import Outside
from tests.rehearsal.outside.made import Inside, Registry, inside


def _registry() -> Registry:
    registry = Registry()
    registry.add(
        "torch", "2.1.0", requires=("tiny>=1",), files={"torch/__init__.py": "", "torch/nn/__init__.py": "", "functorch/__init__.py": ""}
    )
    registry.add("torch", "2.2.0")
    registry.add("user", "1.0", requires=("torch",), files={"user/__init__.py": "import torch.fft.real"})
    registry.add("tiny", "1.5")
    registry.add("picky", "1.0", requires=("tiny<1",))
    described = "Metadata-Version: 2.1\nName: {}\nVersion: 1.0\n"
    registry.add_source(
        "kernels",
        "1.0",
        {
            "PKG-INFO": described.format("kernels"),
            "pyproject.toml": '[build-system]\nrequires = ["torch==2.1.0"]\nbuild-backend = "own"\nbackend-path = ["."]',
            "setup.py": "import os\nimport torch\nraise SystemExit('built')",
            "kernels/__init__.py": "import kernels._C",
            "tests/__init__.py": "",
        },
    )
    return registry


@pytest.fixture(scope="module")
def double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Outside, Inside]]:
    with inside(_registry(), tmp_path_factory.mktemp("double")) as made:
        yield made


def test_what_is_small_is_installed_and_what_is_large_and_its_users_are_stubs(double: tuple[Outside, Inside], tmp_path: Path) -> None:
    outside, within = double
    found = within.install(tmp_path, "torch==2.1.0", "user")
    assert found.returncode == 0, found.stderr
    answers = {asked.detail for asked in outside.record() if asked.url.endswith(".whl")}
    assert answers == {
        "torch 2.1.0: reads the weights of models", "user 1.0: requires torch, which is a stub", "tiny 1.5"
    }  # fmt: skip
    program = (
        "import torch, functorch, tiny, torch.nn.functional as F; from user.deep import Model; from importlib.metadata import version\n"
        "print(torch.__version__, version('torch'), torch.cuda.is_available(), tiny.real, Model.from_pretrained('a/b'), F.relu(1))"
    )
    ran = within.python("-c", program, path=tmp_path)
    assert ran.stdout.split() == [
        "2.1.0",
        "2.1.0",
        "False",
        "1.5",
        "user.deep.Model.from_pretrained('a/b')",
        "torch.nn.functional.relu(1)",
    ], ran.stderr


def test_a_conflict_fails_as_pip_says_it(double: tuple[Outside, Inside], tmp_path: Path) -> None:
    found = double[1].install(tmp_path, "torch==2.1.0", "picky")
    assert found.returncode == 1
    assert "ResolutionImpossible" in found.stderr
    assert "picky 1.0 depends on tiny<1" in found.stdout


def test_a_package_that_no_index_has_is_not_found(double: tuple[Outside, Inside], tmp_path: Path) -> None:
    found = double[1].install(tmp_path, "nowhere-to-be-found")
    assert found.returncode == 1
    assert "No matching distribution found for nowhere-to-be-found" in found.stderr


def test_an_index_that_is_not_asked_has_the_public_versions_with_its_local_version(double: tuple[Outside, Inside], tmp_path: Path) -> None:
    outside, within = double
    found = within.install(tmp_path, "--index-url", "https://download.pytorch.org/whl/cu121", "torch==2.1.0+cu121")
    assert found.returncode == 0, found.stderr
    ran = within.python("-c", "import torch; print(torch.__version__)", path=tmp_path)
    assert ran.stdout == "2.1.0+cu121\n", ran.stderr
    pages = [asked.outcome for asked in outside.record() if asked.url == "https://download.pytorch.org/whl/cu121/torch/"]
    assert pages == ["doubled"]


def test_a_source_that_is_built_with_a_stub_builds_into_one(double: tuple[Outside, Inside], tmp_path: Path) -> None:
    outside, within = double
    found = within.install(tmp_path, "kernels")
    assert found.returncode == 0, found.stderr + found.stdout
    assert "kernels 1.0: is built with torch, which is a stub" in {asked.detail for asked in outside.record()}
    ran = within.python("-c", "import kernels.ops; print(kernels.ops.fused(2))", path=tmp_path)
    assert ran.stdout == "kernels.ops.fused(2)\n", ran.stderr
    assert not (tmp_path / "tests").exists()


def test_a_source_whose_build_imports_what_is_not_there_fails_as_it_would(double: tuple[Outside, Inside], tmp_path: Path) -> None:
    found = double[1].install(tmp_path, "--no-build-isolation", "kernels")
    assert found.returncode == 1
    assert "ModuleNotFoundError: No module named 'torch'" in found.stderr + found.stdout


def test_a_list_with_digests_is_checked_against_those_of_the_stubs(tmp_path: Path) -> None:
    registry = _registry()
    stated = "".join(
        f"{name}=={version} --hash=sha256:{_digest(registry, name, version)}\n" for name, version in (("torch", "2.1.0"), ("tiny", "1.5"))
    )
    with inside(registry, tmp_path) as (outside, within):
        found = outside.locked({"requirements.txt": stated.encode(), "other.txt": b"no digests", "a.py": stated.encode()})
        assert list(found) == ["requirements.txt"]
        for name, data, is_right in (("real", stated.encode(), False), ("ours", found["requirements.txt"], True)):
            (tmp_path / f"{name}.txt").write_bytes(data)
            ran = within.install(tmp_path / name, "--require-hashes", "-r", str(tmp_path / f"{name}.txt"))
            assert (ran.returncode == 0) is is_right, ran.stderr
            assert is_right or "DO NOT MATCH THE HASHES" in ran.stderr


def _digest(registry: Registry, name: str, version: str) -> str:
    return hashlib.sha256(registry.files[name][f"{name}-{version}-py3-none-any.whl"]).hexdigest()
