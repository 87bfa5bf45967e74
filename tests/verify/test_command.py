"""`migrate verify` and `migrate PATH --verify`: one document, one clear line for bad input, exit code 6 where the sides differ."""

from __future__ import annotations

import io
import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from converters.cli import answer
from converters.commands.verify import _form, _progress
from converters.convert import convert
from converters.options import Options, Target
from converters.outcome import Converted
from converters.output import write
from converters.reports.json import published_schema
from tests.needs import needs
from tests.reports.test_json import closed
from tests.verify.made import FIXTURES

needs("runpod", "cog")

TOKENS = FIXTURES / "replicate/tokens"
Read = Callable[[], str]


@pytest.fixture(autouse=True)
def own_cache(scratch: Path) -> None:
    """Nothing is written to the user's cache."""


@pytest.mark.parametrize(("target", "form"), [("app", "app"), ("function", "function"), ("pyproject", None)])
def test_a_server_is_compared_with_the_form_that_its_output_has(target: Target, form: Target | None, tmp_path: Path) -> None:
    source = FIXTURES / "docker/entry"
    written, found = convert(source, Options(target=target)), convert(source, Options())
    assert isinstance(written, Converted) and isinstance(found, Converted)
    assert _form(found, Path(write(written, tmp_path / "out").path)) == form


def run(*arguments: object) -> int:
    return int(answer([str(argument) for argument in arguments]))


def converted(source: Path, folder: Path) -> Path:
    outcome = convert(source, Options())
    return Path(write(outcome, folder / "converted").path)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory, scratch: Path) -> tuple[int, dict[str, Any], Path]:
    """The exit code, the certificate and the conversion of a predictor whose conversion fails with another message."""
    folder = tmp_path_factory.mktemp("wrong")
    target = converted(TOKENS, folder)
    (target / "app.py").write_text((target / "app.py").read_text().replace("lost the thread", "lost a thread"))
    code = run("verify", TOKENS, target, "--seconds", 20, "--output", folder / "certificate.json")
    return code, json.loads((folder / "certificate.json").read_text()), target


@pytest.mark.whole
def test_a_difference_is_exit_6_and_is_shrunk(wrong: tuple[int, dict[str, Any], Path]) -> None:
    code, document, _ = wrong
    assert code == 6
    (certificate,) = document["certificates"]
    assert certificate["verdict"] == "different"
    shrunk = [trial for trial in certificate["trials"] if trial["kind"] == "shrunk"]
    assert [set(trial["body"]) for trial in shrunk] == [{"prompt", "fail_after"}]
    assert shrunk[0]["differences"][0]["path"] == "$"


@pytest.mark.whole
def test_a_replay_sends_the_same_requests_and_nothing_else(
    wrong: tuple[int, dict[str, Any], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, document, target = wrong
    (tmp_path / "kept.json").write_text(json.dumps(document))
    assert run("verify", TOKENS, target, "--replay", tmp_path / "kept.json", "--format", "json") == 6
    again = json.loads(capsys.readouterr().out)
    sent, kept = ([(trial["body"], trial["stream"]) for trial in found["certificates"][0]["trials"]] for found in (again, document))
    assert sent == kept
    told = [[(trial["source"], trial["target"]) for trial in found["certificates"][0]["trials"]] for found in (again, document)]
    assert told[0] == told[1]


@pytest.mark.whole
def test_conversion_and_verification_in_one_go(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert run(TOKENS, "--output", out, "--verify", "--format", "json") == 0
    document = json.loads(capsys.readouterr().out)
    Draft202012Validator(closed(published_schema())).validate(document)
    assert (document["exit_code"], document["output"]) == (0, str(out))
    (certificate,) = document["certificates"]
    assert certificate["verdict"] == "equivalent"
    assert (out / "app.py").is_file()


def test_a_conversion_that_differs_is_exit_6(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    made = write

    def wrongly(*arguments: Any, **options: Any) -> Any:
        found = made(*arguments, **options)
        app = Path(found.path) / "app.py"
        app.write_text(app.read_text().replace("class Input", "raise KeyError('lost')\n\n\nclass Input"))
        return found

    monkeypatch.setattr("converters.commands.convert.write", wrongly)
    assert run(TOKENS, "--output", tmp_path / "out", "--verify") == 6
    shown = capsys.readouterr().out
    assert "tokens is a Replicate (Cog) project" in shown
    assert "tokens: different\n  the converted app does not start: " in shown


@pytest.mark.parametrize("arguments", [["--check"], ["--diff"], ["--in-place"]])
def test_what_writes_no_folder_is_not_verified(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(TOKENS, "--verify", *arguments) == 2
    assert capsys.readouterr().err.strip() == (
        "--verify runs what was written beside the source. Give it without --in-place, --diff and --check."
    )


INPUT = {
    "type": "object",
    "properties": {
        "prompt": {"title": "Prompt", "type": "string"},
        "length": {"allOf": [{"$ref": "#/components/schemas/length"}], "default": "short"},
        "fail_after": {"title": "Fail After", "type": "integer"},
    },
    "required": ["prompt", "fail_after"],
}
"""As Cog's generator writes it for the fixture."""


@pytest.mark.parametrize(
    ("choices", "item", "code", "said"),
    [
        pytest.param(["short", "long"], "string", 0, "", id="kept", marks=pytest.mark.whole),
        pytest.param(
            ["short", "long", "all"], "string", 6, '"length": "all"', id="a choice that the app does not know", marks=pytest.mark.whole
        ),
        pytest.param(
            ["short", "long"],
            "integer",
            6,
            "[\"\"] ($[0]: '' is not of type 'integer')",
            id="an output of another type",
            marks=pytest.mark.whole,
        ),
    ],
)
def test_cogs_own_schema_is_the_contract(
    choices: list[str], item: str, code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = {"type": "array", "items": {"type": item}, "x-cog-array-type": "iterator"}
    schemas = {"Input": INPUT, "Output": output, "length": {"enum": choices, "type": "string"}}
    (tmp_path / "openapi_schema.json").write_text(json.dumps({"openapi": "3.0.2", "components": {"schemas": schemas}}))
    assert run("verify", TOKENS, "--schema", tmp_path / "openapi_schema.json", "--seconds", 6, "--format", "json") == code
    (certificate,) = json.loads(capsys.readouterr().out)["certificates"]
    assert certificate["schemas"]["source"] == "openapi_schema.json (--schema)"
    assert said in certificate["why"]
    assert [breach["value"] for breach in certificate["schemas"]["takes_more"]] == [{"prompt": ""}], "Cog demands fail_after since 0.17"


@pytest.mark.whole
def test_an_answer_outside_the_sources_schema_is_named_by_its_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = converted(TOKENS, tmp_path)
    app = (target / "app.py").read_text()
    (target / "app.py").write_text(app.replace("list(self.outputs(input))", "[len(value) for value in self.outputs(input)]"))
    assert run("verify", TOKENS, target, "--seconds", 4, "--format", "json") == 6
    (certificate,) = json.loads(capsys.readouterr().out)["certificates"]
    (breach,) = certificate["schemas"]["answered"]
    length = breach["value"]  # of the shortest prompt that was sent
    assert breach == {"value": length, "path": "$[0]", "why": f"{length} is not of type 'string'"}
    assert certificate["why"].startswith(f"the app answered what the source's schema does not allow: {length} ($[0]: ")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        pytest.param([TOKENS, "no-such-folder"], 5, "no-such-folder: does not exist.", id="a target that is missing"),
        pytest.param([TOKENS, "empty"], 2, "empty: holds no fal app.", id="a target that is no project"),
        pytest.param([TOKENS, "--replay", "broken.json"], 5, "broken.json: is no certificate.", id="a certificate that is no JSON"),
        pytest.param([TOKENS, "--replay", "list.json"], 5, "list.json: is no certificate.", id="a certificate of another form"),
        pytest.param([TOKENS, "--replay", "none.json"], 5, "none.json: cannot be read: No such file", id="a certificate that is missing"),
        pytest.param([TOKENS, "--replay", "other.json"], 2, "other.json: holds nothing of tokens.", id="a certificate of another project"),
        pytest.param([TOKENS, "--schema", "none.json"], 2, "none.json: is no file.", id="a schema that is missing"),
        pytest.param([TOKENS, "--schema", "list.json"], 2, "list.json: holds no input", id="a schema that is none"),
        pytest.param(["no-such-project"], 5, "no-such-project: ", id="a project that is missing"),
        pytest.param(["empty"], 4, "empty: ", id="a folder without a project"),
    ],
)
@pytest.mark.parametrize("format", ["text", "json"])
def test_bad_input_is_one_clear_line(
    arguments: list[Any], code: int, message: str, format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    for name, text in (("broken", "{"), ("list", "[]"), ("other", '{"certificates": []}')):
        (tmp_path / f"{name}.json").write_text(text)
    assert run("verify", *arguments, "--format", format) == code
    shown = capsys.readouterr()
    assert message in shown.err
    assert len(shown.err.strip().splitlines()) == 1
    if format == "json":
        assert json.loads(shown.out)["exit_code"] == code
    else:
        assert not shown.out


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_project_s_words_are_no_markup_of_the_status_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", shown := Terminal())
    monkeypatch.setenv("TERM", "xterm")
    with _progress("a[/b]") as say:
        say("literal: [/INST] [red]\x1b]0;title\x07")
        time.sleep(0.3)
    assert "a[/b]: literal: [/INST] [red]\\x1b]0;title\\x07" in shown.getvalue()


def test_the_help_names_the_exit_code_of_a_difference(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("verify", "--help") == 0
    assert "exit 6" in " ".join(capsys.readouterr().out.split())


@pytest.mark.whole
def test_a_server_is_converted_and_verified_in_one_go(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(FIXTURES / "docker/stages", tmp_path / "stages")
    assert run(tmp_path / "stages", "--output", tmp_path / "out", "--verify", "--format", "json") == 0
    document = json.loads(capsys.readouterr().out)
    Draft202012Validator(closed(published_schema())).validate(document)
    (certificate,) = document["certificates"]
    assert (certificate["platform"], certificate["verdict"]) == ("docker", "equivalent")


def test_a_server_whose_image_is_not_here_is_not_proven(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("verify", FIXTURES / "docker/private-hub") == 0
    assert "not proven\n  the source does not start: the image acme/ranker:1.4 is not here" in capsys.readouterr().out
