"""What runs in the image's own Python: it is read by all that are supported, and answers for the machine as it is."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from converters.rehearsal.outside import mounted
from converters.rehearsal.stubs import inside, wheel

OLDEST = (3, 9)


@pytest.fixture(scope="module")
def mount(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mounted directory, with a stub beside it."""
    folder = tmp_path_factory.mktemp("mount")
    mounted.write(folder / "outside", "certificate")
    (folder / "packages/torch").mkdir(parents=True)
    (folder / "packages/torch/__init__.py").write_bytes(wheel.module("torch", "2.1.0"))
    return folder


def _run(mount: Path, *arguments: str, **variables: str) -> str:
    environment = {"FAL_MIGRATE_STUBS": str(mount / "outside/python"), "PYTHONPATH": str(mount / "packages"), **variables}
    found = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=60)
    return found.stdout + found.stderr


@pytest.mark.parametrize("name", inside.MODULES)
def test_the_doubles_are_written_for_the_oldest_python(name: str, mount: Path) -> None:
    tree = ast.parse((mount / f"outside/python/{inside.DOUBLES}/{name}.py").read_text(), feature_version=OLDEST)
    unions = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) in ("isinstance", "issubclass") and " | " in ast.unparse(node.args[1])]  # fmt: skip
    assert not unions
    imported = {str(node.module).partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
    assert imported <= sys.stdlib_module_names | {"PIL"}


@pytest.mark.parametrize(("gpus", "shown"), [("", "False 0"), ("0", "False 0"), ("1", "True 1"), ("8", "True 8"), ("many", "False 0")])
def test_there_are_as_many_gpus_as_the_machine_has_and_none_while_an_image_is_built(gpus: str, shown: str, mount: Path) -> None:
    program = "import torch; print(torch.cuda.is_available(), torch.cuda.device_count())"
    assert _run(mount, "-c", program, **({"FAL_MIGRATE_GPUS": gpus} if gpus else {})) == f"{shown}\n"


def test_modules_of_a_stub_that_are_run_succeed(mount: Path) -> None:
    assert (
        _run(mount, "-m", "torch.utils.collect_env", "--all") == "python -m torch.utils.collect_env --all (a rehearsal does not run it)\n"
    )


def test_a_program_of_a_stub_succeeds(mount: Path) -> None:
    program = f"import sys; sys.argv = ['/bin/torchrun', 'x.py']; from torch import {wheel.MAIN}; sys.exit({wheel.MAIN}())"
    assert _run(mount, "-c", program) == "torchrun x.py (a rehearsal does not run it)\n"


def test_what_is_no_part_of_a_stub_is_missing_as_ever(mount: Path) -> None:
    assert "No module named 'torchvision'" in _run(mount, "-c", "import torch, torchvision")


def test_a_stub_outside_of_a_rehearsal_says_what_it_is(mount: Path) -> None:
    assert "torch 2.1.0 is a stand-in that works in rehearsals alone" in _run(mount, "-c", "import torch", FAL_MIGRATE_STUBS="/nowhere")


def test_everything_that_is_mounted_can_be_read_by_everybody(mount: Path) -> None:
    for place in (mount / "outside").rglob("*"):
        assert place.stat().st_mode & 0o004, place
        assert place.is_file() or place.stat().st_mode & 0o001, place
    assert all(program.stat().st_mode & 0o001 for program in (mount / "outside/bin").iterdir())
