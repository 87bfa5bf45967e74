"""What `migrate verify` finds, as a program needs it: each way in which an app differs once, with the edit where the tool made the app."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from converters.commands.actionable import of_certificates
from converters.commands.verify import Request
from converters.convert import convert
from converters.findings import Evidence, Finding
from converters.findings.context import Context
from converters.findings.of_certificates import Target, findings
from converters.findings.tracebacks import frames, said
from converters.options import Options
from converters.outcome import Converted
from converters.output import write
from converters.reports.json import published_schema
from converters.verify.certificate import Answer, Breach, Certificate, Differing, Schemas
from tests.fixtures import ROOT
from tests.reports.test_json import closed
from tests.verify.test_certificate import certificate, trial

TOKENS = ROOT / "replicate/tokens"
TRACEBACK = [
    "Traceback (most recent call last):",
    '  File "/tmp/x/app/app.py", line 3, in run',
    "    return draw(input.prompt)",
    '  File "/usr/lib/python3.11/json/decoder.py", line 1, in decode',
    '  File "/tmp/x/app/lib/draw.py", line 9, in draw',
    "    raise KeyError(prompt)",
    "KeyError: 'a cat'",
]
NAMES = frozenset({"app.py", "lib/draw.py", "draw.py"})


def found(*certificates: Certificate, names: frozenset[str] = NAMES, **targets: Target) -> list[Finding]:
    context = Context("migrate verify a b --format json", names=names, folder="b")
    return findings([one.model_dump(mode="json") for one in certificates], targets, context)


def differing(number: int, path: str, body: Any = None, **more: Any) -> Any:
    made = trial(number, same=False, body={"n": number} if body is None else body, **more)
    return made.model_copy(update={"differences": [Differing(path=path, source="1", target="2")]})


def test_a_difference_is_told_once_by_its_smallest_request() -> None:
    trials = [differing(1, "$.images[0]"), differing(2, "$.images[4]"), trial(3), differing(4, "$.images[0]", {}, kind="shrunk")]
    (one,) = found(certificate(*trials, verdict="different"), worker=Target("app.py", 7))
    assert (one.rule, one.about, one.file, one.line) == ("verify.result", "$.images[]", "app.py", 7)
    assert (one.observed, one.expected) == ("$.images[0] is 2", "$.images[0] is 1, as the source answers")
    assert [evidence.text for evidence in one.evidence] == [
        *("request (example 4): {}", 'request (example 1): {"n": 1}', 'request (example 2): {"n": 2}', "3 requests show it")
    ]


@pytest.mark.parametrize(
    ("path", "kind"),
    [("outcome", "outcome"), ("$", "result"), ("chunks[2].a", "stream"), ("status", "status"), ("headers.location", "headers"), ("calls[3]", "calls"), ("variables.HF_HOME", "variables")],
)  # fmt: skip
def test_a_difference_has_a_kind(path: str, kind: str) -> None:
    assert [one.rule for one in found(certificate(differing(1, path), verdict="different"))] == [f"verify.{kind}"]


def test_a_request_that_both_answer_alike_and_what_only_is_noted_are_none() -> None:
    schemas = Schemas(source="x", takes_more=[Breach(value={}, path="$", why="a")], answers_less=[Breach(value={}, path="$", why="a")])
    assert found(certificate(trial(1), trial(2, narrowed=True), schemas=schemas, not_proven=["line 4 ran on neither side"])) == []


def test_the_place_is_where_the_app_raised() -> None:
    answer = Answer(kind="error", value="KeyError", traceback=TRACEBACK)
    (one,) = found(certificate(differing(1, "outcome", target=answer), verdict="different"), worker=Target("app.py", 1))
    assert (one.file, one.line) == ("lib/draw.py", 9)
    assert Evidence("return draw(input.prompt) (in run)", "app.py", 3) in one.evidence
    assert Evidence("raise KeyError(prompt) (in draw)", "lib/draw.py", 9) in one.evidence


def test_an_app_that_does_not_start_is_one() -> None:
    why = "the converted app does not start: worker: lib/draw.py:26: KeyError: 'lost'"
    (one,) = found(certificate(verdict="different", why=why), worker=Target("app.py", 1))
    assert (one.rule, one.file, one.line, one.observed) == ("verify.start", "lib/draw.py", 26, why)


def test_the_frames_of_an_app_that_does_not_start_are_evidence() -> None:
    (one,) = found(certificate(verdict="different", why="the converted app does not start: worker: KeyError", traceback=TRACEBACK))
    assert (one.file, one.line) == ("lib/draw.py", 9)
    assert [evidence.line for evidence in one.evidence if evidence.file] == [3, 9]


def test_schemas_and_loading_are_some() -> None:
    schemas = Schemas(source="x", refused=[Breach(value={"n": 9}, path="$.n", why="9 is too much")], changed=["seed: default 1 became 2"])
    loading = [Differing(path="loading[0]", source="torch.load('a')", target="nothing more")]
    rules = [(one.rule, one.about) for one in found(certificate(trial(1), schemas=schemas, loading=loading, verdict="different"))]
    assert rules == [("verify.loading", "loading[0]"), ("verify.schema", "refused $.n"), ("verify.schema", "seed")]


def test_ids_tell_apps_apart() -> None:
    both = [certificate(differing(1, "$"), verdict="different", app=name) for name in ("one", "two")]
    assert len({one.id for one in found(*both)}) == 2
    assert found(both[0])[0].id == found(certificate(differing(9, "$", [1]), verdict="different", app="one"))[0].id


def test_a_path_of_a_runner_is_a_file_of_the_project() -> None:
    assert [(one.file, one.line) for one in frames(TRACEBACK, NAMES)] == [("app.py", 3), ("lib/draw.py", 9)]
    assert frames(['  File "/opt/venv/lib/python3.11/site-packages/draw.py", line 1, in x'], NAMES) == ()
    assert frames(['  File "<frozen runpy>", line 1, in x'], NAMES) == ()
    assert said("no place: other.py:3", NAMES) is None


@pytest.fixture
def app(tmp_path: Path) -> tuple[Converted, Path]:
    """A conversion, and its output in which two files are broken and one is lost."""
    outcome = convert(TOKENS, Options())
    assert isinstance(outcome, Converted)
    out = Path(write(outcome, tmp_path / "out").path)
    (out / "app.py").write_text((out / "app.py").read_text().replace('{"output": list', '{"outputs": list'))
    (out / "pyproject.toml").write_text((out / "pyproject.toml").read_text() + "\n# mine\n")
    (out / "MIGRATION.md").unlink()
    return outcome, out


DIFFERENT = certificate(differing(1, "$"), verdict="different", app="tokens").model_dump(mode="json")


def test_the_edit_brings_back_what_the_conversion_writes(app: tuple[Converted, Path]) -> None:
    outcome, out = app
    (one,) = of_certificates([DIFFERENT], outcome, out, Request(TOKENS, out).again)
    assert (one["file"], one["applies_in"], one["evidence"][-1]["text"][:12]) == ("app.py", str(out), "class Tokens")
    assert one["reproduce"] == shlex.join(["migrate", "verify", str(TOKENS), str(out), "--source-sdk", "own", "--format", "json"])
    assert "# mine" not in one["edit"]
    subprocess.run(["git", "apply"], cwd=out, input=one["edit"].encode(), check=True)
    assert '{"output": list' in (out / "app.py").read_text()


def test_files_that_are_gone_come_back(app: tuple[Converted, Path]) -> None:
    outcome, out = app
    (out / "app.py").write_bytes(next(change.data or b"" for change in outcome.files if change.path == "app.py"))
    (out / "pyproject.toml").unlink()
    (one,) = of_certificates([DIFFERENT], outcome, out, "migrate verify a b")
    subprocess.run(["git", "apply"], cwd=out, input=one["edit"].encode(), check=True)
    assert (out / "pyproject.toml").read_bytes() == next(change.data for change in outcome.files if change.path == "pyproject.toml")


def test_an_app_that_somebody_else_wrote_has_no_edit(app: tuple[Converted, Path]) -> None:
    outcome, out = app
    (out / "app.py").rename(out / "service.py")
    (out / "pyproject.toml").unlink()
    (one,) = of_certificates([DIFFERENT], outcome, out, "migrate verify a b")
    assert (one["file"], one["edit"], one["applies_in"]) == ("service.py", None, None)


def test_a_fresh_conversion_has_no_edit(app: tuple[Converted, Path]) -> None:
    outcome, out = app
    (one,) = of_certificates([DIFFERENT], outcome, None, "migrate verify a", written=out)
    assert (one["file"], one["place"], one["edit"], one["applies_in"]) == ("app.py", "output", None, None)


def test_without_a_folder_there_is_a_finding_without_a_place() -> None:
    (one,) = of_certificates([DIFFERENT], None, None, "migrate verify o/a --live https://x")
    assert (one["file"], one["line"], one["edit"]) == ("", 0, None)
    document = {"version": 1, "exit_code": 6, "certificates": [DIFFERENT], "findings": [one]}
    Draft202012Validator(closed(published_schema("verify.schema.json"))).validate(json.loads(json.dumps(document)))
