"""`secrets` of an app: what it reads of the account and nothing sets, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted
from converters.preflight.apps import programs
from converters.preflight.tree import project_of
from converters.project import open_project
from converters.rules.samples import COG, IMAGE, PREDICTOR, SERVER, SERVER_IMAGE, WORKER


def reads(line: str) -> str:
    """The worker with a line that reads a variable."""
    return WORKER.replace("import runpod\n", f"import os\n\nimport runpod\n\n{line}\n")


CASES = {
    "nothing": ({"handler.py": WORKER}, []),
    "a secret by its name": ({"handler.py": reads('KEY = os.environ.get("ACME_API_KEY")')}, ["ACME_API_KEY"]),
    "a variable without which the code fails": ({"handler.py": reads('MODE = os.environ["MODE"]')}, ["MODE"]),
    "a variable that is passed on": ({"handler.py": reads('import boto3\nboto3.upload(os.getenv("BUCKET"))')}, ["BUCKET"]),
    "a variable with a default": ({"handler.py": reads('MODE = os.getenv("MODE", "fast")')}, []),
    "a variable that the image sets": (
        {"handler.py": reads('MODE = os.environ["MODE"]'), "Dockerfile": IMAGE.replace("COPY", "ENV MODE=fast\nCOPY")},
        [],
    ),
    "a variable of the old platform": ({"handler.py": reads('POD = os.environ.get("RUNPOD_POD_ID")')}, []),
    "a gated model": (
        {"handler.py": reads('import torch\nMODEL = torch.load("black-forest-labs/FLUX.1-dev")')},
        ["HF_TOKEN"],
    ),
    "a secret that the image holds": (
        {"handler.py": WORKER, "Dockerfile": IMAGE.replace("COPY", "ENV HF_TOKEN=hf_abcdefghijklmnopqrstuvwxyzabcdefgh\nCOPY")},
        ["HF_TOKEN"],
    ),
    "a predictor": ({"cog.yaml": COG, "predict.py": PREDICTOR.replace("from cog", "import os\n\nfrom cog")}, []),
    "a predictor that needs a token": (
        {"cog.yaml": COG, "predict.py": PREDICTOR.replace("from cog", 'import os\n\nTOKEN = os.environ["HF_TOKEN"]\n\nfrom cog')},
        ["HF_TOKEN"],
    ),
    "a server": ({"main.py": SERVER, "Dockerfile": SERVER_IMAGE}, []),
    "a server that needs a token": (
        {"main.py": SERVER.replace("app =", 'import os\n\nTOKEN = os.environ["API_TOKEN"]\napp ='), "Dockerfile": SERVER_IMAGE},
        ["API_TOKEN"],
    ),
}


def _converted(folder: Path, files: dict[str, str], options: Options) -> Converted:
    root = folder / "p"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    outcome = convert(root, options)
    assert isinstance(outcome, Converted), outcome
    return outcome


def _listed(outcome: Converted) -> list[object]:
    found = programs(project_of(outcome.files, open_project(outcome.root)))
    return [program.value("secrets") for program in found]


@pytest.mark.parametrize(("files", "expected"), CASES.values(), ids=CASES)
def test_an_app_lists_what_it_reads_of_the_account_and_nothing_else(tmp_path: Path, files: dict[str, str], expected: list[str]) -> None:
    assert _listed(_converted(tmp_path, files, Options())) == [expected]


@pytest.mark.parametrize("target", ["app", "function", "pyproject"])
def test_every_form_of_a_server_lists_its_secrets(tmp_path: Path, target: str) -> None:
    files, expected = CASES["a server that needs a token"]
    assert _listed(_converted(tmp_path, files, Options(target=target))) == [expected]  # type: ignore[arg-type]


def test_a_list_of_ones_own_stays_and_what_it_lacks_is_asked_for(tmp_path: Path) -> None:
    files, _ = CASES["a variable without which the code fails"]
    outcome = _converted(tmp_path, files, Options(settings={"secrets": ["OTHER"]}))
    assert _listed(outcome) == [["OTHER"]]
    assert any("MODE" in item.message and item.disposition.value == "manual" for item in outcome.ledger.items())


def test_a_listed_secret_is_still_to_be_set(tmp_path: Path) -> None:
    files, _ = CASES["a variable that is passed on"]
    outcome = _converted(tmp_path, files, Options())
    items = [item for item in outcome.ledger.items() if item.rule == "PF010"]
    assert [item.line for item in items] == [7]
    assert "fal secrets set BUCKET=" in next(file.data or b"" for file in outcome.files if file.path == "MIGRATION.md").decode()


def test_the_list_of_a_server_stands_in_its_table(tmp_path: Path) -> None:
    outcome = _converted(tmp_path, {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}, Options())
    table = next(file.data or b"" for file in outcome.files if file.path == "pyproject.toml").decode()
    assert "\nsecrets = [] " in table
