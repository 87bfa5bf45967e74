"""MIGRATION.md is a plan: its sections in order, nothing empty, no table before an action, and commands that exist."""

from __future__ import annotations

import ast
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main
from fal.cli.main import _get_main_parser
from fal.cli.parser import FalParserExit

from converters.cli import app as program
from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted
from tests import fixtures
from tests.test_overrides import PREDICTOR, PROJECTS, WORKER

SECTIONS = [
    "1. Before you deploy",
    "2. Deploy",
    "3. Check",
    "4. Callers",
    "5. Cut over",
    "6. What it costs",
    "7. Logs, metrics, retries",
    "8. Reference",
]
GUIDES = {
    path.relative_to(fixtures.ROOT).as_posix(): guide.decode()
    for path in fixtures.projects()
    if (guide := fixtures.expected(path).get("MIGRATION.md")) is not None
}
EVERY = pytest.mark.parametrize("guide", GUIDES.values(), ids=GUIDES)
COG = '{"build": {"python_version": "3.12"}, "predict": "predict.py:Predictor"}'
FILES = "from cog import BasePredictor, Path\n\n\nclass Predictor(BasePredictor):\n    def predict(self, text: str) -> Path:\n        return Path('/tmp/a.png')\n"


def blocks(guide: str, language: str) -> list[str]:
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", guide)


def commands(guide: str) -> list[list[str]]:
    """The words of every command, in blocks and in sentences."""
    lines = "".join(blocks(guide, "bash")).replace("\\\n", " ").splitlines()
    lines += [code for code in re.findall(r"`([^`\n]+)`", guide) if re.match(r"(fal|migrate) [a-z]", code)]
    return [words for line in lines if (words := shlex.split(line.replace("$(", ""), comments=True))]


def without_blocks(guide: str) -> str:
    return re.sub(r"(?ms)^```\w*\n.*?^```$", "block", guide)


def made(tmp_path: Path, files: dict[str, str], **options: Any) -> tuple[str, dict[str, str]]:
    root = tmp_path / "p"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    outcome = convert(root, Options(**options))
    assert isinstance(outcome, Converted), outcome
    texts = {change.path: change.data.decode() for change in outcome.files if change.data is not None}
    return texts["MIGRATION.md"], texts


@EVERY
def test_its_sections_are_in_order_and_none_is_empty(guide: str) -> None:
    assert re.findall(r"(?m)^## (.+)$", guide) == SECTIONS
    headings = [(match.end(), len(match[1]), match[2]) for match in re.finditer(r"(?m)^(#+) (.+)$", without_blocks(guide))]
    text = without_blocks(guide)
    for (end, level, title), following in zip(headings, [*headings[1:], (len(text), 1, "")], strict=True):
        below = text[end : following[0]].replace(f"{'#' * following[1]} {following[2]}", "").strip()
        assert below or following[1] > level, title


def test_what_no_rule_speaks_for_is_left_to_do(tmp_path: Path) -> None:
    text = 'import runpod\n\n\ndef handler(job):\n    return {"text": job["input"]["a"]}\n\n\n'
    guide, _ = made(tmp_path, {"handler.py": text + 'runpod.serverless.start({"handler": handler, "colour": "red"})\n'})
    boxes = guide.partition("### Still to do in the code")[2].partition("###")[0]
    assert "- [ ] `handler.py:8` option `colour` is not known to this converter" in boxes


@EVERY
def test_actions_come_before_tables(guide: str) -> None:
    assert "|---" not in guide.partition("## 8. Reference")[0]


PARSER = _get_main_parser()
NAMED = {"apps scale": ("APP",), "secrets set": ("NAME=VALUE",), "files upload": ("LOCAL", "REMOTE")}
"""Commands that sentences name without what they are given."""


@EVERY
def test_every_command_of_fal_exists_as_it_is_written(guide: str) -> None:
    asked = [words for words in commands(guide) if words[0] in ("fal", "uv")]
    assert len(asked) > 8
    for words in asked:
        if words[:2] == ["uv", "tool"]:
            assert re.fullmatch(r"uv tool install fal==[\d.]+", " ".join(words))
            continue
        arguments = words[words.index("fal") + 1 :]
        PARSER.parse_args([*arguments, *NAMED.get(" ".join(arguments), ())])


def test_a_command_that_fal_does_not_have_is_noticed() -> None:
    with pytest.raises(FalParserExit):
        PARSER.parse_args(["apps", "revisions", "x"])


KNOWN = typer.main.get_command(program).commands  # type: ignore[attr-defined]


@EVERY
def test_every_command_of_migrate_exists(guide: str) -> None:
    asked = [words for words in commands(guide) if words[0] == "migrate"]
    assert {"rehearse", "run", "verify"} <= {words[1] for words in asked}
    for words in asked:
        if words[1] in KNOWN:
            options = {name for parameter in KNOWN[words[1]].params for name in parameter.opts}
            assert {word for word in words if word.startswith("--")} <= options, words


@EVERY
def test_its_python_runs_as_far_as_reading_goes(guide: str) -> None:
    for block in blocks(guide, "python"):
        tree = ast.parse(block)
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
        given = [keyword.value for call in calls for keyword in call.keywords if keyword.arg == "arguments"]
        assert given and all(isinstance(ast.literal_eval(value), dict) for value in given)


@EVERY
def test_the_smoke_test_sends_json_to_each_app(guide: str) -> None:
    asked = [words for words in commands(guide) if words[0] == "curl" and "https://fal.run/" in " ".join(words)]
    deployed = {words[words.index("deploy") + 1] for words in commands(guide) if words[0] == "uv" and "deploy" in words}
    assert {re.findall(r"https://fal\.run/OWNER/([\w-]+)", " ".join(words))[0] for words in asked} == deployed
    for words in asked:
        if "-d" in words:
            assert isinstance(json.loads(words[words.index("-d") + 1]), dict)


@pytest.mark.parametrize(
    ("files", "python"),
    [
        pytest.param({**PROJECTS["runpod"], "Dockerfile": "FROM python:3.12\nCOPY handler.py /\nCMD python /handler.py\n"}, "3.12", id="of an image"),
        pytest.param({"cog.yaml": COG, "predict.py": PREDICTOR}, "3.12", id="of cog.yaml"),
        pytest.param(PROJECTS["docker"], "", id="none, for an image alone"),
    ],
)  # fmt: skip
def test_the_interpreter_that_deploys_is_the_app_s(files: dict[str, str], python: str, tmp_path: Path) -> None:
    guide, texts = made(tmp_path, files)
    (words,) = (words for words in commands(guide) if words[0] == "uv" and "deploy" in words)
    assert words[words.index("--python") + 1 if python else 0] == (python or "uv")
    assert ("--python" in words) == bool(python)
    assert not python or f'python_version="{python}"' in texts["app.py"]


@pytest.mark.parametrize(
    ("files", "title", "there"),
    [
        pytest.param({"handler.py": f"import os\nKEY = os.environ['HF_TOKEN']\n{WORKER}"}, "### Secrets", True, id="a secret that is read"),
        pytest.param({"handler.py": WORKER}, "### Secrets", False, id="no secret"),
        pytest.param({"cog.yaml": COG, "predict.py": FILES}, "### Where results live", True, id="answers that are files"),
        pytest.param({"cog.yaml": COG, "predict.py": PREDICTOR}, "### Where results live", False, id="answers that are text"),
        pytest.param({"handler.py": WORKER}, "### Data to move", True, id="a worker, which may have a volume"),
        pytest.param({"cog.yaml": COG, "predict.py": PREDICTOR}, "### Data to move", False, id="a model without weights"),
        pytest.param({"handler.py": f"import os\nSIZE = os.environ.get('SIZE')\n{WORKER}"}, "### Environment of the old endpoint", True, id="a variable"),
        pytest.param({"handler.py": WORKER}, "### Environment of the old endpoint", False, id="no variable"),
        pytest.param(PROJECTS["docker"], "### What was found", True, id="a server's port and command"),
        pytest.param({"handler.py": WORKER}, "### What was found", False, id="a worker has neither"),
        pytest.param({"handler.py": WORKER}, "migrate callers", True, id="callers of an endpoint"),
    ],
)  # fmt: skip
def test_a_section_is_there_where_it_has_something_to_say(files: dict[str, str], title: str, there: bool, tmp_path: Path) -> None:
    guide, _ = made(tmp_path, files)
    assert (title in guide) == there


def test_values_of_a_request_are_python_in_python_and_json_in_json(tmp_path: Path) -> None:
    example = '{"input": {"text": "it\'s", "loud": true, "seed": null}}'
    guide, _ = made(tmp_path, {"handler.py": WORKER, "test_input.json": example})
    (block,) = blocks(guide, "python")
    assert '"loud": True' in block and '"seed": None' in block
    (curl,) = (words for words in commands(guide) if words[0] == "curl" and "-d" in words)
    assert json.loads(curl[curl.index("-d") + 1]) == {"text": "it's", "loud": True, "seed": None}


def test_what_idling_costs_is_what_the_app_is_set_to(tmp_path: Path) -> None:
    guide, _ = made(tmp_path, {"handler.py": WORKER}, settings={"keep_alive": 7, "min_concurrency": 2})
    assert "idles for 7 s after its last request" in guide and "2 runners (`min_concurrency`) are billed day and night" in guide
