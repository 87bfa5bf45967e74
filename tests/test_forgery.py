"""Nothing can be forged through a name or value of a project: every spelling, every place that it can stand in, every medium."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from converters import escape
from converters.commands.conversion import Request, failed, show
from converters.convert import convert
from converters.errors import Unreadable
from converters.options import Options
from converters.outcome import Converted, Crashed, Outcome
from converters.reports import print_batch, print_report
from converters.reports.formats.html import render_review
from converters.reports.json import document
from converters.review.changes import changes
from converters.review.diff import project_diff
from tests.test_overrides import PREDICTOR, PROJECTS, WORKER

try:
    import tomllib
except ModuleNotFoundError:
    import tomli as tomllib

SPELLINGS = {
    "a line": "x\n::error::forged",
    "a carriage return": "x\r::error::forged",
    "a next line": "x\x85::error::forged",
    "a line separator": "x\u2028::error::forged",
    "a form feed": "x\f::error::forged",
    "an old command": "x##[error]forged",
    "a command at the start": "::error::forged",
    "a command behind blanks": "  ::error::forged",
    "an escape": "x\x1b[2Jy",
    "a direction": "x\u202ey\u2066z",
    "an invisible sign": "x\u200by",
    "an instruction": "x\nRUN touch made",
    "a command of a shell": "x; touch made",
    "a substitution": "x$(touch made)`touch made`",
    "a quotation": "x'; touch made; '\"; touch made; \"",
    "a fence": "x\n```\ntouch made\n```bash\ntouch made",
    "a table": 'x"\n[tool.fal.apps.forged]\nref = "y',
    "a tag": "<img src=x onerror=alert(1)>",
    "a link": "[click](javascript:alert)",
    "a cell": "x|y\\|z`",
    "a triple quotation": 'x"""\nimport os\n"""',
    "half a pair": "x\ud800y",
}
HALF = "half a pair"
"""What only an escape in a literal can spell: no file of UTF-8 holds it."""
RUN_ALREADY: set[str] = set()
"""Blocks of commands that this process has run: most guides have the same."""


def service(**keys: Any) -> str:
    """A compose file in JSON, which is YAML."""
    return json.dumps({"services": {keys.pop("name", "web"): {"ports": ["8000:8000"], **keys}}})


def server(compose: str = "", **files: str) -> dict[str, str]:
    return {**PROJECTS["docker"], **({"compose.yaml": compose} if compose else {}), **files}


def worker(line: str) -> dict[str, str]:
    return {"handler.py": f"import os\n{line}\n{WORKER}"}


def cog(**build: Any) -> dict[str, str]:
    config = {"build": {"python_version": "3.11", **build.pop("build", {})}, "predict": "predict.py:Predictor", **build}
    return {"cog.yaml": json.dumps(config), "predict.py": PREDICTOR}


def as_bytes_hold(text: str) -> str:
    return text.encode(errors="replace").decode()


def full_worker(text: str) -> dict[str, str]:
    """Secret, variable, path on the volume, key of the input, docstring, requirement, and everything of a listing of the hub."""
    lines = f"TOKEN, OTHER, PLACE = os.environ[{'HF_TOKEN' + text!r}], os.environ[{text!r}], {'/runpod-volume/' + text!r}"
    code = worker(lines)["handler.py"].replace("job['input']['text']", f"job['input']['text'] + job['input'][{text!r}]")
    listing = {"title": text, "config": {"env": [{"key": text, "value": text, "input": {"name": text}}]}}
    return {
        "handler.py": code.replace("def handler(job):\n", f"def handler(job):\n    {text!r}\n"),
        "requirements.txt": f"runpod\n{as_bytes_hold(text)}\n",
        ".runpod/hub.json": json.dumps(listing),
    }


def full_predictor(text: str) -> dict[str, str]:
    """Description, default and choice of an input, and the docstring."""
    given = f"str = Input(description={text!r}, default={text!r}, choices=[{text!r}])"
    code = PREDICTOR.replace("BasePredictor\n", "BasePredictor, Input\n", 1).replace("a: str", f"a: {given}")
    return {**cog(), "predict.py": code.replace("(BasePredictor):\n", f"(BasePredictor):\n    {text!r}\n\n")}


def full_compose(text: str) -> dict[str, str]:
    """Service, variables, secret, command, arguments of the build, and the path of the image's health check."""
    check = f"HEALTHCHECK CMD curl -f http://localhost:8000/{as_bytes_hold(text).splitlines()[0]}\n"
    variables = {text: "1", "A": text, f"API_TOKEN{text}": None}
    build = {"context": ".", "args": {"A": text, text: "1"}}
    command = ["uvicorn", "main:app", "--port", "8000", text]
    compose = service(name=text, build=build, environment=variables, command=command)
    return server(compose, Dockerfile=PROJECTS["docker"]["Dockerfile"] + check)


def full_proxy(text: str) -> dict[str, str]:
    """A route, and the user that an argument of the build names."""
    code = f"from fastapi import FastAPI\napp = FastAPI()\n\n\n@app.get({'/' + text!r})\ndef a():\n    return 1\n"
    compose = service(build={"context": ".", "args": {"WHO": text}})
    return server(compose, Dockerfile=f"ARG WHO\n{PROJECTS['docker']['Dockerfile']}USER $WHO\n", **{"main.py": code})


Place = Callable[[str], tuple[dict[str, str], dict[str, Any]]]
PLACES: dict[str, Place] = {
    "everything of a worker": lambda text: (full_worker(text), {}),
    "everything of a predictor": lambda text: (full_predictor(text), {}),
    "a name that was asked for": lambda text: ({"handler.py": WORKER}, {"name": text}),
    "variables in cog.yaml": lambda text: (cog(environment=[f"{text}=1", f"A={text}"]), {}),
    "a package of the system in cog.yaml": lambda text: (cog(build={"system_packages": [text]}), {}),
    "a command and a variable of an image of cog": lambda text: (cog(build={"run": [f"echo {text!r}"]}, environment=[f"A={text}"]), {}),
    "everything of a compose file": lambda text: (full_compose(text), {}),
    "everything of a server behind a proxy": lambda text: (full_proxy(text), {"target": "app"}),
    "an image": lambda text: ({"compose.yaml": service(image=text, environment={"A": "1"})}, {}),
    "an image of vllm": lambda text: ({"compose.yaml": service(image=f"vllm/vllm-openai:{text}", environment={"A": "1"})}, {}),
}
"""Every place that a text can stand in, those of one kind of project together."""
SINGLE: dict[str, Place] = {
    "a secret that the code reads": lambda text: (worker(f"TOKEN = os.environ[{'HF_TOKEN' + text!r}]"), {}),
    "a variable that the code reads": lambda text: (worker(f"X = os.environ[{text!r}]"), {}),
    "the name of a variable in cog.yaml": lambda text: (cog(environment=[f"{text}=1"]), {}),
    "the name of a variable in compose": lambda text: (server(service(build=".", environment={text: "1"})), {}),
    "the value of a variable in compose": lambda text: (server(service(build=".", environment={"A": text})), {}),
    "a secret in compose": lambda text: (server(service(build=".", environment={f"API_TOKEN{text}": None})), {}),
    "an image of vllm": PLACES["an image of vllm"],
}
NAMES = ("the entry file", "everything else")
"""Places in names of files, in which no slash and no NUL can stand."""


def laid(folder: Path, files: dict[str, str]) -> Path:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    return folder


def converted(place: str, text: str, folder: Path) -> Outcome:
    files, options = {**PLACES, **SINGLE}[place](text)
    return convert(laid(folder / "p", files), Options(**options))


def shown(outcome: Outcome, format: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Both streams of a command."""
    capsys.readouterr()
    if isinstance(outcome, Converted):
        told = document(outcome, outcome.exit_code, output=outcome.root)
        print_report(told, format)
        print_batch(
            {"results": [told], "exit_code": 0, "counts": {}, "same_names": [], "left_out": [{"path": str(outcome.root), "why": "x"}]},
            format,
        )
    else:
        show(failed(outcome), Request(outcome.root, format=format))  # type: ignore[arg-type]
    streams = capsys.readouterr()
    return streams.out + streams.err


def is_plain(text: str) -> bool:
    return all(letter.isprintable() or letter in "\n\t" for letter in text)


def check_reports(outcome: Outcome, capsys: pytest.CaptureFixture[str]) -> None:
    for format in ("text", "markdown", "json", "github", "sarif", "junit"):
        text = shown(outcome, format, capsys)
        assert is_plain(text), format
        lines = [line.strip() for line in text.split("\n")]
        if format == "github":
            commands = [line for line in lines if line.startswith("::")]
            assert all(re.match(r"::(error|warning|notice) (file=[^,]*,|title=)", line) for line in commands), commands
            lines = [line for line in lines if line not in commands]
        assert not [line for line in lines if line.startswith("::")], format
        assert format == "github" or "##[" not in text, format
        assert not any(line in ("touch made", "RUN touch made", "```bash") for line in lines), format


def check_page(outcome: Converted) -> None:
    page = render_review(document(outcome, outcome.exit_code, output=outcome.root), changes(outcome))
    assert is_plain(page)
    assert "<img" not in page
    assert page.count("<script>") == page.count("</script>") == 1
    lines = [line.strip() for line in page.split("\n")]
    assert not [line for line in lines if line.startswith("::") or line in ("touch made", "RUN touch made", "```bash")]
    assert "##[" not in page


def check_diff(outcome: Converted) -> None:
    told = [line for line in project_diff(outcome).split(b"\n") if line.startswith((b"#", b"diff --git", b"--- ", b"@@"))]
    assert all(is_plain(line.decode("utf-8", "replace")) for line in told)


def check_files(outcome: Converted, folder: Path) -> None:
    for change in outcome.files:
        if change.action != "added" and change.path != "Dockerfile":
            continue
        text = (change.data or b"").decode()
        if change.path.endswith(".py"):
            compile(text, change.path, "exec")
            assert is_plain(text), change.path
            assert not re.search(r"(?m)^\s*(RUN )?touch made", text) and not re.search(r"(?m)^::error", text)
        elif change.path.endswith(".toml"):
            assert is_plain(text)
            assert set(tomllib.loads(text)["tool"]["fal"]["apps"]) == {app.name for app in outcome.application.apps}
        elif "ockerfile" in change.path:
            check_dockerfile(text, change.before or b"")
        elif change.path.endswith(".md"):
            check_guide(text, folder)


def check_dockerfile(text: str, before: bytes) -> None:
    """What was added to a Dockerfile is visible and begins no instruction of the project's making."""
    own = before.decode().splitlines()
    added = [line for line in text.splitlines() if line not in own]
    assert all(map(is_plain, added)), added
    assert not any(line.lstrip().startswith(("RUN touch", "::", "```")) for line in added), added
    starts = ("ENV ", "ARG ", "FROM ", "USER ", "COPY ", "RUN ", "WORKDIR ", "#", "    ", "")
    assert all(line.startswith(starts) for line in added)


def check_guide(text: str, folder: Path) -> None:
    """The commands of the guide do what they say and no more; nothing in it is a link, a tag or a block of the project's making."""
    assert is_plain(text)
    blocks = re.findall(r"(?ms)^```(\w*)\n(.*?)^```$", text)
    assert len(re.findall(r"(?m)^```", text)) == 2 * len(blocks)
    assert {language for language, _ in blocks} <= {"bash", "python"}
    rest = re.sub(r"(?ms)^```\w*\n.*?^```$", "", text)
    prose = re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", "", rest)
    assert not re.search(r"(?<!\\)<img|(?<!\\)\[click\]\(", prose)
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    for name in ("fal", "curl", "uv", "migrate"):
        (tools / name).write_text('#!/bin/sh\nprintf "%s\\n" "$0 $*" >> "$LOG"\n')
        (tools / name).chmod(0o755)
    environment = {"PATH": f"{tools}:{os.environ['PATH']}", "LOG": str(folder / "log"), "FAL_KEY": "x"}
    for language, block in blocks:
        if language == "bash" and block not in RUN_ALREADY:
            RUN_ALREADY.add(block)
            run = subprocess.run(["bash", "-eu", "-c", block], cwd=folder, env=environment, capture_output=True, text=True, check=False)
            assert run.returncode == 0, (block, run.stderr)
    assert not (folder / "made").exists()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_text_of_a_project_forges_nothing(place: str, spelling: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = converted(place, SPELLINGS[spelling], tmp_path)
    assert not isinstance(outcome, Crashed), outcome
    check_reports(outcome, capsys)
    if isinstance(outcome, Converted):
        check_diff(outcome)
        check_page(outcome)
        check_files(outcome, tmp_path)


@pytest.mark.parametrize("place", NAMES)
@pytest.mark.parametrize("spelling", [name for name, text in SPELLINGS.items() if "/" not in text and name != HALF])
def test_a_name_of_a_file_forges_nothing(place: str, spelling: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = SPELLINGS[spelling]
    if place == "the entry file":
        root = laid(tmp_path / "p", {f"{text}.py": WORKER})
    else:
        dockerfile = f"FROM python:3.11\nRUN make x\nCOPY {text}/handler.py .\nCMD python {text}/handler.py\n"
        root = laid(tmp_path / text, {f"{text}/handler.py": WORKER, f"{text}.txt": "data\n", f"Dockerfile.{text}": dockerfile})
    outcome = convert(root, Options())
    assert not isinstance(outcome, Crashed), outcome
    check_reports(outcome, capsys)
    if isinstance(outcome, Converted):
        check_diff(outcome)
        check_page(outcome)
        check_files(outcome, tmp_path)


# What cannot be right is refused with its place


@pytest.mark.parametrize(
    ("place", "text", "line", "file"),
    [
        ("a secret that the code reads", "\n::error::x", 2, "handler.py"),
        ("a secret that the code reads", "; touch made", 2, "handler.py"),
        ("a variable that the code reads", "A B", 2, "handler.py"),
        ("the name of a variable in cog.yaml", "A\nB", 1, "cog.yaml"),
        ("the name of a variable in compose", "A\nRUN x", 1, "compose.yaml"),
        ("a secret in compose", "\nx", 1, "compose.yaml"),
    ],
)
def test_a_name_that_no_system_takes_is_left_out_and_said(place: str, text: str, line: int, file: str, tmp_path: Path) -> None:
    outcome = converted(place, text, tmp_path)
    assert isinstance(outcome, Converted)
    items = [item for item in outcome.ledger.items() if item.rule == "ENV012"]
    assert (items[0].file, items[0].line, items[0].disposition.value) == (file, line, "manual")
    assert outcome.status == "partial"
    app = outcome.application.apps[0]
    assert not [one for one in (*app.secrets, *app.environment.variables) if not escape.is_variable(one.name)]


@pytest.mark.parametrize("text", ["a b", "x\nRUN touch made", "acme/x:1\u202e", "caf\xe9:1", "x\x1b[2J"])
def test_an_image_that_cannot_have_its_name_is_refused_with_its_place(text: str, tmp_path: Path) -> None:
    outcome = converted("an image of vllm", text, tmp_path)
    assert not isinstance(outcome, Converted | Crashed)
    assert (outcome.status, outcome.file, outcome.line) == ("unreadable", "compose.yaml", 1)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("a secret that the code reads", "_2"),
        ("the name of a variable in compose", "spring.level-x"),
        ("the value of a variable in compose", "a b; c $d"),
        ("the name of a variable in cog.yaml", "LEVEL_2"),
        ("an image of vllm", "v0.6.3@sha256:" + "0" * 64),
    ],
)
def test_what_may_be_is_not_refused(place: str, text: str, tmp_path: Path) -> None:
    outcome = converted(place, text, tmp_path)
    assert isinstance(outcome, Converted), outcome
    assert not [item for item in outcome.ledger.items() if item.rule == "ENV012"]


# The functions of each medium


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_medium_keeps_a_text_on_its_line(spelling: str) -> None:
    text = SPELLINGS[spelling]
    for made in (escape.one_line, escape.code, escape.code_cell, escape.prose, escape.cell, escape.comment, escape.docstring, escape.shell):
        found = made(text)
        assert found.isprintable(), made
        assert "\n" not in found
    assert not escape.log(escape.one_line(text)).lstrip().startswith("::")
    assert json.loads(escape.json_log(json.dumps({"a": text}))) == {"a": text}
    assert json.loads(escape.json_document({"a": text}).encode()) == {"a": text}
    assert escape.json_document({"a": text}).replace("\n", "").isprintable()
    assert "\n" not in escape.command_property(text) and "," not in escape.command_property(text)


@pytest.mark.parametrize("spelling", [name for name in SPELLINGS if name != HALF])
def test_a_word_for_bash_is_the_word(spelling: str, tmp_path: Path) -> None:
    text = SPELLINGS[spelling]
    script = f"printf %s {escape.shell(text)}"
    run = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, check=True
    )
    assert run.stdout.decode() == text


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_dockerfile_holds_a_value_or_refuses_it(spelling: str) -> None:
    text = SPELLINGS[spelling]
    for made in (escape.docker_value, escape.docker_shell):
        if text.isprintable():
            assert "\n" not in made(text)
        else:
            with pytest.raises(Unreadable):
                made(text)
    assert json.loads(escape.docker_list([text])) == [text]
    with pytest.raises(Unreadable):
        escape.docker_word(f"{text} x")


@pytest.mark.parametrize(
    "text", ["HF_TOKEN of my_app.py:3", "a list [1, 2] (see x)", "50 % of 2 > 1", "`code` and text", "fal secrets set HF_TOKEN=..."]
)
def test_ordinary_sentences_stay_as_they_are(text: str) -> None:
    assert escape.prose(text) == escape.one_line(text) == escape.comment(text) == text


def test_the_page_of_a_certificate_is_only_text() -> None:
    from converters.verify.certificate import Certificate
    from converters.verify.report import as_html, as_markdown, as_text

    for text in SPELLINGS.values():
        made = Certificate(
            app=text,
            platform="runpod",
            source=text,
            target=text,
            verdict="different",
            why=text,
            seed=0,
            versions={},
            doubles=[text],
            not_proven=[text],
        )
        for page in (as_html([made]), as_markdown([made]), as_text([made])):
            assert is_plain(page)
            assert not [line for line in page.split("\n") if line.strip().startswith("::")]
        assert "<img" not in as_html([made])
        assert "<img" not in as_markdown([made]).replace("\\<img", "")
