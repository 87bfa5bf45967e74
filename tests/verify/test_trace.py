"""Which lines ran is recorded of the project's modules alone, and without a word of its own in the output."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from converters.verify.observe import Event, Observation

FILES = {
    "project/main.py": """
        import json
        import slow_library
        json.kept = slow_library.Kept()
        import helper
        from package import first
        import datetime
        print(helper.double(2), first.answer(), slow_library.call(helper.double), datetime.datetime.now().timestamp() < 1_760_000_001)
        """,
    "project/helper.py": "def double(x):\n    return 2 * x\n",
    "project/package/__init__.py": "from . import first\n",
    "project/package/first.py": "from .second import two\ndef answer():\n    return two()\n",
    "project/package/second.py": "def two():\n    return 2\n",
    "site-packages/slow_library.py": """
        import sys, cpuinfo
        traced = sys.gettrace() is not None
        def call(function):
            return function(5), traced, cpuinfo.get_cpu_info()["bits"]
        class Kept:
            def __del__(self):
                pass
        """,
}


@dataclass(frozen=True)
class Ran:
    lines: set[tuple[str, int]]
    output: str
    errors: str
    events: list[Event]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    folder = tmp_path_factory.mktemp("traced")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("\n".join(line.removeprefix(" " * 8) for line in text.lstrip("\n").splitlines()) + "\n")
    observation = Observation(folder / "observed", frozenset({"main", "helper", "package", "first", "second"}), {}, [])
    environment = observation.environment()
    environment["PYTHONPATH"] += f":{folder / 'site-packages'}"
    done = subprocess.run(
        [sys.executable, "main.py"], cwd=folder / "project", env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    events = observation.events()
    lines = {(Path(event.text).name, event.line) for event in events if event.kind == "line"}
    yield Ran(lines, done.stdout, done.stderr, events)


def test_lines_of_every_module_of_the_project_are_recorded(ran: Ran) -> None:
    assert {("main.py", line) for line in range(1, 8)} <= ran.lines
    assert {("helper.py", 1), ("helper.py", 2), ("first.py", 1), ("first.py", 3), ("second.py", 2)} <= ran.lines


def test_libraries_are_not_looked_at_while_they_are_imported(ran: Ran) -> None:
    assert not any(name == "slow_library.py" for name, _ in ran.lines)
    assert "(10, False, 64)" in ran.output


def test_the_project_has_its_own_clock_all_the_same(ran: Ran) -> None:
    assert ran.output.split()[-1] == "True"


def test_the_end_of_a_process_is_silent(ran: Ran) -> None:
    assert ran.errors == ""


@pytest.mark.parametrize(
    ("file", "recorded"),
    [
        ("project/main.py", {("main.py", 2)}),
        ("site-packages/slow_library.py", set()),
        ("", set()),
    ],
)
def test_code_that_names_no_file_belongs_to_the_module_whose_globals_it_uses(
    file: str, recorded: set[tuple[str, int]], tmp_path: Path
) -> None:
    observation = Observation(tmp_path / "observed", frozenset({"main"}), {}, [])
    script = "\n".join(
        [
            "import sys, types",
            "code = compile('def double(x):\\n    return 2 * x\\n', '<dynamic-code>', 'exec').co_consts[0]",
            "namespace = {'__file__': sys.argv[1]} if sys.argv[1] else {}",
            "print(types.FunctionType(code, namespace)(4))",
        ]
    )
    (tmp_path / "site-packages").mkdir()
    starter = tmp_path / "site-packages/start.py"
    starter.write_text(script)
    argv = [sys.executable, str(starter), str(tmp_path / file) if file else ""]
    done = subprocess.run(argv, env=observation.environment(), capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "8\n"
    assert {(Path(event.text).name, event.line) for event in observation.events() if event.kind == "line"} == recorded
