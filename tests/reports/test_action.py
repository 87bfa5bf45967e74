"""`scripts/action`, which action.yml runs: one batch, and every report of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
WORKER = "import runpod\n\ndef handler(job):\n    return {'n': job['input']['n']}\n\nrunpod.serverless.start({'handler': handler})\n"
PARTIAL = WORKER.replace("{'handler': handler}", "{'handler': handler, 'unknown': 1}")


def acted(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    given = {"PROJECTS": "workers\n\nother workers\n", "OPTIONS": "", "OUTPUT": "out", "REPORTS": "reports", "FAIL_ON": "manual"}
    files = {"GITHUB_STEP_SUMMARY": "summary", "GITHUB_OUTPUT": "said", "MIGRATE": str(Path(sys.executable).with_name("migrate"))}
    environment = {**os.environ, **given, **files, **variables}
    command = ["bash", str(ROOT / "scripts/action")]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for folder, text in (("workers/whole", WORKER), ("other workers/partial", PARTIAL)):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "handler.py").write_text(text)
    return tmp_path


@pytest.mark.whole
@pytest.mark.parametrize(("fail_on", "code"), [("manual", 3), ("error", 0)])
def test_one_conversion_and_every_report(repository: Path, fail_on: str, code: int) -> None:
    done = acted(repository, FAIL_ON=fail_on)
    assert done.returncode == code, done.stderr
    warnings = [line for line in done.stdout.splitlines() if line.startswith("::warning ")]
    assert ["file=other workers/partial/handler.py" in line for line in warnings] == [True]
    (run,) = json.loads((repository / "reports/fal-migrate.sarif").read_text())["runs"]
    places = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"] if one["level"] == "warning"}
    assert places == {"other%20workers/partial/handler.py"}
    report = json.loads((repository / "reports/fal-migrate.json").read_text())
    assert [result["status"] for result in report["results"]] == ["converted", "partial"]
    assert "| converted | `workers/whole (handler.py)` |" in (repository / "summary").read_text()
    assert (repository / "said").read_text() == f"exit-code={code}\nreport=reports/fal-migrate.json\n"
    assert len(list((repository / "out").rglob("app.py"))) == 2


def test_options_that_do_not_fit_end_it(repository: Path) -> None:
    done = acted(repository, OPTIONS="--set\nnothing=1\n")
    assert done.returncode == 2
    assert "nothing" in done.stderr
    assert not (repository / "summary").exists()


def test_the_action_hands_over_what_the_script_reads() -> None:
    script = (ROOT / "scripts/action").read_text()
    (step,) = [step for step in ACTION["runs"]["steps"] if step.get("id") == "convert"]
    read = set(re.findall(r"\$\{?([A-Z][A-Z_]+)", script)) - {"GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"}
    assert set(step["env"]) == read
    asked = set(re.findall(r"inputs\.([a-z-]+)", (ROOT / "action.yml").read_text()))
    assert asked == set(ACTION["inputs"])


def test_the_hook_of_pre_commit_is_a_command_of_ours() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["entry"].split() == ["migrate", "check"]
    assert all(re.search(hook["files"], name) for name in ("app.py", "pyproject.toml", "src/requirements-gpu.txt", "Dockerfile.fal"))
    assert not re.search(hook["files"], "README.md")
