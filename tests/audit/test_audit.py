"""`migrate audit`: counts of what conversions would come to, in every form, with nothing written."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from converters.audit.findings import MINUTES, audited
from converters.audit.images import registries, registry
from converters.audit.report import VIEWS
from converters.cli import answer
from converters.errors import ExitCode
from converters.escape import csv_cell
from converters.reports.json import Document, failure, published_schema
from tests.needs import needs

needs("jsonschema")
WORKER = """\
import os

import runpod

TOKEN = os.environ["API_TOKEN"]


def handler(job):
    return {"n": job["input"]["n"], "token": TOKEN}


runpod.serverless.start({"handler": handler%s})
"""
IMAGE = """\
FROM ghcr.io/acme/base:2 AS base
RUN make
FROM base
COPY . .
CMD ["python", "handler.py"]
"""
COMPOSE = """\
services:
  web:
    image: registry.acme.com:5000/web:1
    command: uvicorn main:app --port 8000
    ports: ["8000:8000"]
"""
FILES = {
    "whole/handler.py": WORKER % "",
    "partly/handler.py": WORKER % ', "unknown_option": 1',
    "imaged/handler.py": WORKER % "",
    "imaged/Dockerfile": IMAGE,
    "server/compose.yaml": COMPOSE,
    "odd/handler.py": "import runpod\nrunpod.serverless.start({'handler': handler\n",
}


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Document]:
    folder = tmp_path_factory.mktemp("audit")
    for path, text in FILES.items():
        (folder / "top" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "top" / path).write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert answer(["audit", "top", "--quiet", "--output", "audit.json"]) == ExitCode.DONE
    return folder, json.loads((folder / "audit.json").read_text())


def test_it_holds_to_its_schema(audit: tuple[Path, Document]) -> None:
    from jsonschema import Draft202012Validator

    Draft202012Validator(published_schema("audit.schema.json")).validate(audit[1])


def test_nothing_is_written_beside_it(audit: tuple[Path, Document]) -> None:
    folder, _ = audit
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files == {f"top/{path}" for path in FILES} | {"audit.json"}


def test_every_unit_has_an_outcome(audit: tuple[Path, Document]) -> None:
    outcomes = {project["name"].split(" ")[0]: project["outcome"] for project in audit[1]["projects"]}
    assert outcomes["top/whole"] == "ready"
    assert outcomes["top/partly"] == "partly"
    assert outcomes["top/odd"] == "not converted"
    assert audit[1]["units"] == len(outcomes) == sum(audit[1]["outcomes"].values())


def test_what_no_rule_knows_is_listed(audit: tuple[Path, Document]) -> None:
    (row,) = [row for row in audit[1]["unknown"] if "unknown_option" in row["name"]]
    assert (row["count"], row["projects"]) == (1, ["top/partly (handler.py)"])
    assert (row["example"]["file"], row["example"]["line"]) == ("handler.py", 12)


def test_secrets_are_listed_with_who_shares_them(audit: tuple[Path, Document]) -> None:
    found = {row["name"]: row["projects"] for row in audit[1]["secrets"]}
    assert len(found["API_TOKEN"]) == 3


def test_registries_are_those_of_images_that_fal_pulls(audit: tuple[Path, Document]) -> None:
    found = {row["registry"]: row["images"] for row in audit[1]["registries"]}
    assert found == {"ghcr.io": ["ghcr.io/acme/base:2"], "registry.acme.com:5000": ["registry.acme.com:5000/web:1"]}


def test_effort_is_the_sum_of_what_is_left(audit: tuple[Path, Document]) -> None:
    for project in audit[1]["projects"]:
        minutes = MINUTES["review"] + project["code"] * MINUTES["code"] + project["deploy"] * MINUTES["deploy"]
        assert project["hours"] == (None if project["outcome"] == "not converted" else round(minutes / 60, 2))


def test_each_task_is_counted_once(audit: tuple[Path, Document]) -> None:
    left = sum(project["code"] + project["deploy"] for project in audit[1]["projects"])
    assert sum(task["count"] for task in audit[1]["tasks"]) == left == sum(rule["manual"] for rule in audit[1]["rules"])
    scopes = [task["scope"] for task in audit[1]["tasks"]]
    assert scopes == sorted(scopes)


@pytest.mark.parametrize("form", VIEWS)
def test_every_form_names_every_project(form: str, audit: tuple[Path, Document]) -> None:
    text = VIEWS[form](audit[1])
    assert [name for name in ("top/whole", "top/partly", "top/imaged", "top/odd") if name not in text] == []


def test_the_table_has_a_row_for_each_unit(audit: tuple[Path, Document]) -> None:
    rows = list(csv.DictReader(io.StringIO(VIEWS["csv"](audit[1]))))
    assert [row["outcome"] for row in rows] == [project["outcome"] for project in audit[1]["projects"]]


FORGED = '=cmd|x\n::error::y [a](javascript:b) <script>alert(1)</script> "\x1b[2J'
PLAIN: dict[str, Callable[[str], bool]] = {
    "html": lambda text: "<script>" not in text,
    "csv": lambda text: not any(cell.startswith(("=", "+", "-", "@")) for row in csv.reader(io.StringIO(text)) for cell in row),
    "markdown": lambda text: not any(tag in MarkdownIt().enable("table").render(text) for tag in ("<a ", "<script")),
}


@pytest.mark.parametrize("form", VIEWS)
def test_a_project_cannot_forge_anything(form: str) -> None:
    results: list[Any] = [failure(Path(f"/{FORGED}"), "unreadable", FORGED, ExitCode.UNREADABLE)]
    text = VIEWS[form](audited({"results": results, "left_out": [{"path": FORGED, "why": FORGED}]}))
    assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]
    assert "\x1b" not in text
    assert PLAIN.get(form, bool)(text)


@pytest.mark.parametrize("form", VIEWS)
def test_nothing_is_an_audit_too(form: str) -> None:
    assert VIEWS[form](audited({"results": [], "left_out": []}))


def test_a_decision_may_hold_several_values() -> None:
    decisions = [{"subject": "machine", "value": ["GPU-A100", "GPU-H100"]}, {"subject": "image", "value": "a.io/b for service c of d"}]
    app = {"environment": {"kind": "image"}, "decisions": decisions}
    result = {"source": {"path": "top"}, "apps": [app], "ledger": {"items": []}}
    assert registries([result]) == [{"registry": "a.io", "images": ["a.io/b"], "projects": ["top"]}]


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("python:3.11", "docker.io"),
        ("pytorch/pytorch", "docker.io"),
        ("ghcr.io/acme/base:2", "ghcr.io"),
        ("localhost/base", "localhost"),
        ("registry:5000/base", "registry:5000"),
        ("123.dkr.ecr.eu-west-1.amazonaws.com/a/b@sha256:00", "123.dkr.ecr.eu-west-1.amazonaws.com"),
    ],
)
def test_the_registry_of_an_image(image: str, name: str) -> None:
    assert registry(image) == name


@pytest.mark.parametrize(("text", "cell"), [("=1+1", "'=1+1"), ("@x", "'@x"), ("3-1", "3-1"), ("a=b", "a=b")])
def test_a_cell_is_no_formula(text: str, cell: str) -> None:
    assert csv_cell(text) == cell


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "handler.py").write_text(WORKER % "")
    assert answer(["audit", str(tmp_path), "--output", str(tmp_path / "none/audit.json")]) == ExitCode.USAGE
    assert "cannot be written" in capsys.readouterr().err
