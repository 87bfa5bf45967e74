"""Arms of a start script: those that run by what the image sets, those that do not, and those of which reading cannot tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.sources.docker.shell_branches import holds
from tests.sources.docker.projects import app, best, server

IMAGE = 'FROM python:3.11\nWORKDIR /app\nCOPY . .\nENV MODE=api\nENTRYPOINT ["./run.sh"]\n{cmd}'
WEB = "from fastapi import FastAPI\napp = FastAPI()\n"

HOLDS = {
    "an unset one is empty": ('[ -z "$X" ]', {}, True),
    "a set one is not": ('[ -z "$X" ]', {"X": "1"}, False),
    "in double brackets": ("[[ -n $X ]]", {"X": "1"}, True),
    "with a default": ('[ "${X:-a}" = a ]', {}, True),
    "equal": ('[ "$X" = "a" ]', {"X": "a"}, True),
    "not equal": ('[ "$X" != "a" ]', {"X": "a"}, False),
    "turned round": ('! [ "$X" = "a" ]', {"X": "a"}, False),
    "turned round inside": ('[ ! -z "$X" ]', {"X": "a"}, True),
    "by test": ('test -n "$X"', {"X": "a"}, True),
    "an arm of a case": ('case "$X" in a|b', {"X": "b"}, True),
    "another arm of a case": ('case "$X" in a|b', {"X": "c"}, False),
    "a pattern": ('case "$X" in serve*', {"X": "serve-all"}, True),
    "any other": ('case "$X" in *', {}, True),
    "a file": ("[ -f /app/x ]", {}, None),
    "a program": ("command -v nvidia-smi", {}, None),
    "what a command says": ('[ "$(id -u)" = "0" ]', {}, None),
    "a number": ('[ "$#" -eq 0 ]', {}, None),
    "several": ('[ -z "$X" ] && [ -z "$Y" ]', {}, None),
    "a part of a value": ('[ "${1#-}" != "$1" ]', {"1": "-x"}, None),
    "a pattern in double brackets": ('[[ "$X" == a* ]]', {"X": "ab"}, None),
}


@pytest.mark.parametrize(("condition", "env", "wanted"), HOLDS.values(), ids=HOLDS.keys())
def test_whether_a_condition_holds(condition: str, env: dict[str, str], wanted: bool | None) -> None:
    assert holds(condition, env) is wanted


SERVE = "exec uvicorn main:app --host 0.0.0.0 --port {port}\n"
PORTS = {
    "an arm that does not run sets nothing": ('PORT=8001\nif [ "$MODE" = dev ]; then\n  PORT=9001\nfi\n' + SERVE.format(port="$PORT"), 8001),
    "an arm that runs does": ('PORT=8001\nif [ "$MODE" = api ]; then\n  export PORT=9001\nfi\n' + SERVE.format(port="$PORT"), 9001),
    "the other arm": ('if [ "$MODE" = dev ]; then PORT=9001; else PORT=9002; fi\n' + SERVE.format(port="$PORT"), 9002),
    "a second condition": ('if [ -z "$MODE" ]; then P=1; elif [ "$MODE" = api ]; then P=9003; else P=3; fi\n' + SERVE.format(port="$P"), 9003),
    "a default for an unset one": ('if [ -z "$PORT" ]; then\n  PORT=9004\nfi\n' + SERVE.format(port="$PORT"), 9004),
    "an arm that may run does not change what is set": ("PORT=9005\nif [ -f .env ]; then PORT=1; fi\n" + SERVE.format(port="$PORT"), 9005),
    "an arm that may run gives what nothing else does": ("if [ -f .env ]; then PORT=9006; fi\n" + SERVE.format(port="$PORT"), 9006),
    "a command that runs, and one that does not": (
        'if [ "$MODE" = dev ]; then\n  uvicorn main:app --port 1 --reload\nelse\n  ' + SERVE.format(port="9007") + "fi\n",
        9007,
    ),
    "a command that runs after one that may": (
        "if [ -f .env ]; then\n  python -m http.server 81\nfi\n" + SERVE.format(port="9008"),
        9008,
    ),
    "an arm of a case": (
        'case "$MODE" in\n  dev) ' + SERVE.format(port="1") + "  ;;\n  api)\n    " + SERVE.format(port="9009") + "  ;;\nesac\n",
        9009,
    ),
    "an arm within another": (
        'if [ "$MODE" = api ]; then\n  if [ "$KIND" = b ]; then P=1; else P=9010; fi\nfi\n' + SERVE.format(port="$P"),
        9010,
    ),
    "a loop is gone through": ("for p in 9011; do\n  PORT=9011\ndone\n" + SERVE.format(port="$PORT"), 9011),
}  # fmt: skip


@pytest.mark.parametrize(("script", "port"), PORTS.values(), ids=PORTS.keys())
def test_the_port_by_the_arms_that_run(script: str, port: int, tmp_path: Path) -> None:
    files = {"Dockerfile": IMAGE.format(cmd=""), "run_sh": "#!/bin/bash\n" + script, "main_py": WEB}
    assert server(tmp_path, **files)[0] == port


def test_arguments_choose_an_arm(tmp_path: Path) -> None:
    script = '#!/bin/sh\nif [ "$1" = "train" ]; then\n  exec python train.py\nfi\nexec uvicorn main:app --host 0.0.0.0 --port 8123\n'
    files = {"Dockerfile": IMAGE.format(cmd='CMD ["serve"]\n'), "run_sh": script, "main_py": WEB, "train_py": "print(1)\n"}
    assert server(tmp_path, **files)[0] == 8123


def test_a_program_that_may_run_is_not_certain(tmp_path: Path) -> None:
    script = "#!/bin/sh\nif command -v nvidia-smi; then\n  exec uvicorn main:app --host 0.0.0.0 --port 8001\nfi\n"
    chosen = best(tmp_path, Dockerfile=IMAGE.format(cmd=""), run_sh=script, main_py=WEB)
    assert chosen.listener is not None and chosen.listener.process.possible


def test_a_script_without_branches_is_read_as_before(tmp_path: Path) -> None:
    made = app(tmp_path, Dockerfile=IMAGE.format(cmd=""), run_sh="#!/bin/sh\nexport P=8002\n" + SERVE.format(port="$P"), main_py=WEB)
    assert made.server is not None and made.server.port == 8002
