"""What a start command runs before the worker and beside it runs in setup(), and only the former is waited for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted, NotConverted
from converters.rules.samples import WORKER
from tests.sources.runpod.worker import app_of, text_of

COMMANDS = [
    pytest.param("bash side.sh & python handler.py", "bash side.sh &", id="beside it"),
    pytest.param("nohup bash side.sh > log.txt 2>&1 & nohup python -u handler.py", "nohup bash side.sh > log.txt 2>&1 &", id="nohup"),
    pytest.param("python prepare.py && python handler.py", "python prepare.py", id="before it"),
    pytest.param("python prepare.py; exec python handler.py", "python prepare.py", id="before it, whatever comes of it"),
    pytest.param("bash side.sh & python prepare.py && python handler.py", "bash side.sh & python prepare.py", id="both"),
    pytest.param("python handler.py & bash side.sh", "(bash side.sh) &", id="the worker in the background"),
    pytest.param("python prepare.py && python handler.py & bash side.sh", "python prepare.py\n(bash side.sh) &", id="all of it"),
    pytest.param("bash side.sh & python handler.py & wait -n", "bash side.sh &", id="a wait for both"),
    pytest.param("echo ready > note.txt && python handler.py", "echo ready > note.txt", id="a file that it writes"),
]
ALONE = ["python -u handler.py", "exec python handler.py", "nohup python handler.py & wait", "echo ready && python handler.py"]
ALONE += ["echo ready 2> /dev/null && python handler.py", "echo ready 1>&2; python handler.py"]


def made(folder: Path, command: str, script: str = "", worker: str = WORKER) -> Converted:
    files = {"handler.py": worker, "side.sh": "sleep 60", "prepare.py": "print('ready')"}
    files |= {"start.sh": script} if script else {}
    files["Dockerfile"] = f"FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN pip install runpod\nCMD {command}\n"
    for name, text in files.items():
        (folder / name).write_text(text)
    outcome = convert(folder, Options())
    assert isinstance(outcome, Converted), outcome
    return outcome


@pytest.mark.parametrize(("command", "expected"), COMMANDS)
def test_a_command_runs_without_its_worker(tmp_path: Path, command: str, expected: str) -> None:
    assert app_of(made(tmp_path, command)).start_command == ["bash", "-c", expected]


@pytest.mark.parametrize("command", ALONE)
def test_a_command_that_only_starts_the_worker_is_not_run(tmp_path: Path, command: str) -> None:
    assert app_of(made(tmp_path, command)).start_command == []


def test_a_variable_that_a_command_gives_its_worker_is_set(tmp_path: Path) -> None:
    app = app_of(made(tmp_path, "bash side.sh & MODE=fast python handler.py"))
    assert app.start_command == ["bash", "-c", "bash side.sh &"]
    assert [(variable.name, variable.value) for variable in app.environment.variables] == [("MODE", "fast")]


HOST = '"http://${HOST:-127.0.0.1}:$PORT"'
EXPORTS = [
    pytest.param(f"PORT=8188\nexport URL={HOST}\n", "URL", ("http://127.0.0.1:8188", True), id="variables of the script"),
    pytest.param(f'PORT=8188\nexport URL="${{URL:-{HOST[1:-1]}}}"\n', "URL", ("http://127.0.0.1:8188", False), id="a default"),
    pytest.param('export FOLDER="${FOLDER:-${ROOT:-/srv}/out}"\n', "FOLDER", ("/srv/out", False), id="a default in a default"),
    pytest.param("export NOTE='${PORT}'\n", "NOTE", ("${PORT}", True), id="a text that looks like a variable"),
    pytest.param(f"export URL={HOST}\n", "URL", None, id="a variable that nobody sets"),
    pytest.param(f"PORT=$(cat port)\nexport URL={HOST}\n", "URL", None, id="what a program prints"),
    pytest.param(f"PORT=1\nif [ -e two ]; then\n  PORT=2\nfi\nexport URL={HOST}\n", "URL", None, id="a branch"),
    pytest.param("export URL=`cat url`\n", "URL", None, id="backticks"),
]


@pytest.mark.parametrize(("script", "name", "expected"), EXPORTS)
def test_an_export_is_set_where_reading_tells_its_value(tmp_path: Path, script: str, name: str, expected: tuple[str, bool] | None) -> None:
    worker = WORKER.replace("import runpod", f'import os\n\nimport runpod\n\nVALUE = os.environ.get("{name}")')
    outcome = made(tmp_path, "bash start.sh", f"{script}./side.sh &\npython handler.py\n", worker)
    found = {variable.name: (variable.value, variable.preset) for variable in app_of(outcome).environment.variables}
    assert found.get(name) == expected
    assert bool([item for item in outcome.ledger.open_code_items() if item.rule == "ENV001"]) == (expected is None)


SCRIPTS = [
    pytest.param("./side.sh &\npython handler.py\n", ["side"], id="a program beside the worker"),
    pytest.param("./prepare.sh\nexec python -u handler.py\n", ["prepared"], id="a program before it"),
    pytest.param("nohup python handler.py &\n./side.sh\n", ["side"], id="the worker in the background"),
    pytest.param("./prepare.sh\npython handler.py &\n./side.sh\nwait", ["prepared", "side"], id="a program before it and one beside it"),
    pytest.param("./side.sh &\npython handler.py &\nwait -n\nexit $?\n", ["side"], id="a wait for both"),
    pytest.param("LEVEL=2 python handler.py & ./side.sh\n", ["side"], id="both on one line"),
    pytest.param("./prepare.sh\nuv run --project . python -u handler.py\n", ["prepared"], id="a launcher"),
    pytest.param(
        'PYTHON=python3\n./prepare.sh\n"$PYTHON" -u handler.py 2>&1 | tee log.txt\ntouch late\n', ["prepared"], id="a variable, and a pipe"
    ),
    pytest.param("cp handler.py copy.py || true\n./prepare.sh\npython handler.py\n", ["prepared"], id="a copy starts nothing"),
    pytest.param("trap 'touch stopped' EXIT\n./side.sh &\nexec python handler.py\n", ["side"], id="a trap that exec passes over"),
    pytest.param("trap 'touch stopped' EXIT\npython handler.py &\n./side.sh\n", ["side"], id="a trap of a script that goes on"),
]


@pytest.mark.parametrize(("script", "ran"), SCRIPTS)
def test_a_script_ends_where_it_starts_the_worker_and_leaves_the_rest_running(tmp_path: Path, script: str, ran: list[str]) -> None:
    project, runner = tmp_path / "project", tmp_path / "runner"
    project.mkdir()
    runner.mkdir()
    edited = text_of(made(project, "bash start.sh", script), "start.sh")
    (runner / "start.sh").write_text(edited)
    for name, text in {"side.sh": "touch side\nexec sleep 20\n", "prepare.sh": "touch prepared\n"}.items():
        (runner / name).write_text(f"#!/bin/sh\n{text}")
        (runner / name).chmod(0o755)
    process = subprocess.Popen(["setsid", "bash", "start.sh"], cwd=runner, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert process.wait(10) == 0
        subprocess.run(["sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do [ -e side ] && break; sleep 0.1; done"], cwd=runner, check=True)
        assert sorted(path.name for path in runner.iterdir() if "." not in path.name) == ran
    finally:
        subprocess.run(["pkill", "-s", str(process.pid)], check=False)


def test_a_worker_that_a_function_of_the_script_starts_beside_others_is_left_to_a_person(tmp_path: Path) -> None:
    script = "run() {\n  python handler.py &\n  ./side.sh\n}\nrun\n"
    outcome = made(tmp_path, "bash start.sh", script)
    assert outcome.status == "partial"
    assert [item.line for item in outcome.ledger.open_code_items() if item.rule == "RP016"] == [2]


@pytest.mark.parametrize(
    "line", ["source $HOMES/venv/bin/activate", ". /runpod-volume/venv/bin/activate", "$HOMES/venv/bin/python -m server &"]
)
def test_an_environment_on_the_volume_is_left_to_a_person(tmp_path: Path, line: str) -> None:
    outcome = made(tmp_path, "bash start.sh", f"HOMES=/runpod-volume/tools\n{line}\npython handler.py\n")
    assert [item.line for item in outcome.ledger.open_code_items() if item.rule == "RP017"] == [2]


@pytest.mark.parametrize(
    "line", ["source /opt/venv/bin/activate", "ls /runpod-volume/venv/bin/activate", "cp activate /runpod-volume/activate"]
)
def test_an_environment_in_the_image_is_none_on_the_volume(tmp_path: Path, line: str) -> None:
    outcome = made(tmp_path, "bash start.sh", f"{line}\n./side.sh &\npython handler.py\n")
    assert not [item for item in outcome.ledger.items() if item.rule == "RP017"]


BASES = [
    pytest.param("runpod/worker-comfyui:5.8.6-base", [1], id="a base that starts more"),
    pytest.param("python:3.11-slim", [], id="a base that starts nothing"),
]


@pytest.mark.parametrize(("base", "lines"), BASES)
def test_what_a_base_starts_by_itself_is_not_known(tmp_path: Path, base: str, lines: list[int]) -> None:
    (tmp_path / "handler.py").write_text(WORKER)
    (tmp_path / "Dockerfile").write_text(f"FROM {base}\nCOPY handler.py /handler.py\n")
    outcome = convert(tmp_path, Options())
    assert isinstance(outcome, Converted), outcome
    assert [item.line for item in outcome.ledger.open_code_items() if item.rule == "RP016"] == lines


PATHS = [
    pytest.param("paths.yaml", "base_path: /runpod-volume/models\nlist: [/runpod-volume, '/runpod-volume']\n", True, id="YAML"),
    pytest.param("paths.json", '{"base": "/runpod-volume"}', True, id="JSON"),
    pytest.param("fetch.sh", "ls /runpod-volume/a\n", True, id="a shell script"),
    pytest.param("paths.yaml", "base_path: /runpod-volumes/models\n", False, id="another name"),
    pytest.param("notes.txt", "It lies in /runpod-volume.\n", False, id="a text"),
]


@pytest.mark.parametrize("system", ["", "RUN apt-get update && apt-get install -y ffmpeg\n"], ids=["a list of files", "an image"])
@pytest.mark.parametrize(("name", "text", "moved"), PATHS)
def test_paths_on_the_volume_move_in_configuration_files(tmp_path: Path, name: str, text: str, moved: bool, system: str) -> None:
    (tmp_path / "handler.py").write_text(WORKER)
    (tmp_path / name).write_text(text)
    (tmp_path / "Dockerfile").write_text(f"FROM python:3.11-slim\n{system}COPY . /\nCMD python handler.py\n")
    outcome = convert(tmp_path, Options())
    assert isinstance(outcome, Converted), outcome
    assert ("/runpod-volume" in text_of(outcome, name)) != moved
    assert bool([item for item in outcome.ledger.items() if item.rule == "FS001" and item.file == name]) == moved


def test_workers_that_share_a_script_and_a_configuration_use_one_folder_of_the_volume(tmp_path: Path) -> None:
    (tmp_path / "start.sh").write_text("ls /runpod-volume/models\n./side.sh &\npython handler.py\n")
    (tmp_path / "paths.yaml").write_text("base: /runpod-volume/x\n")
    for name in ("alpha", "beta"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "handler.py").write_text(WORKER)
        copies = f"COPY start.sh paths.yaml /app/\nCOPY {name}/handler.py /app/"
        (tmp_path / name / "Dockerfile").write_text(f"FROM python:3.11-slim\nWORKDIR /app\n{copies}\nCMD bash start.sh\n")
    outcome = convert(tmp_path, Options())
    assert isinstance(outcome, Converted), outcome
    assert text_of(outcome, "start.sh") == "ls /data/alpha/models\n./side.sh &\nexit 0\n"
    assert text_of(outcome, "paths.yaml") == "base: /data/alpha/x\n"
    assert [app.volume or app.name for app in outcome.application.apps] == ["alpha", "alpha"]


@pytest.mark.parametrize(
    ("copied", "said"),
    [
        ("worker.py serverless.py", "`/app/serverless.py` is what the image starts"),
        ("worker.py", "`/app/serverless.py` is what the image starts"),
        ("--from=other/image /app", "no call of `runpod.serverless.start` was found"),
    ],
)
def test_what_the_image_of_no_worker_starts_is_named(copied: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "worker.py").write_text("import runpod\n\n\ndef handler(job):\n    return job['input']\n")
    (tmp_path / "Dockerfile").write_text(
        f'FROM python:3.11-slim\nRUN pip install runpod\nCOPY {copied} /app/\nCMD ["python", "/app/serverless.py"]\n'
    )
    outcome = convert(tmp_path, Options())
    assert isinstance(outcome, NotConverted) and said in outcome.message
    assert (outcome.file, outcome.line) == (("Dockerfile", 4) if "starts" in said else ("", 0))
