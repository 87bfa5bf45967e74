"""What a source's code can make the process do that verifies it, which is not confined: through variables, links and reports."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest

from converters.sources.runpod import runner as runpod
from converters.verify.interpreter import inspected
from converters.verify.observe import Observation
from converters.verify.outcome import LocalPath, Outcome, SideFailed
from converters.verify.source import Staged
from fal_runtime.confinement import support

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
CODE = """
    import json, os, runpod

    observed = os.path.dirname(os.environ["FAL_MIGRATE_CHILD"])

    def handler(job):
        return ACTION

    runpod.serverless.start({"handler": handler})
"""


@dataclass
class Hostile:
    """A worker of hostile code, with what belongs to the user."""

    worker: runpod.Worker
    observation: Observation
    home: Path
    asked: int = 0

    def ask(self) -> Outcome:
        self.asked += 1
        return self.worker.ask(self.asked, f"job-{self.asked}", {})


@contextmanager
def hostile(folder: Path, action: str, **variables: str) -> Iterator[Hostile]:
    """``action`` is what the handler returns, an expression in which HOME is the user's folder."""
    home = folder / "home"
    home.mkdir()
    (home / "secret").write_text("canary")
    root = folder / "root"
    (root / "src").mkdir(parents=True)
    (root / "src/handler.py").write_text(textwrap.dedent(CODE).replace("ACTION", action.replace("HOME", str(home))))
    observation = Observation(folder / "source", frozenset({"handler"}), {}, [("/src", "<project>")])
    (folder / "probe").mkdir()
    confinement = support(folder / "probe")
    if confinement.kind == "none":
        pytest.skip(confinement.sentence)
    environment = {name: value.replace("HOME", str(home)) for name, value in variables.items()}
    staged = Staged(root, "/src", "/src/handler.py", environment=environment)
    with runpod.serve(staged, observation, {}, inspected(), confinement=confinement, seconds=5) as worker:
        yield Hostile(worker, observation, home)


def test_variables_of_the_project_reach_no_process_that_is_not_confined(tmp_path: Path) -> None:
    """LD_DEBUG_OUTPUT has the dynamic linker write a file, as LD_PRELOAD has it load one."""
    with hostile(tmp_path, '{"asked": os.environ["LD_DEBUG"]}', LD_DEBUG="libs", LD_DEBUG_OUTPUT="HOME/written") as project:
        assert project.ask().value == {"asked": "libs"}
        assert [path.name for path in project.home.iterdir()] == ["secret"]


def test_variables_of_the_project_show_it_nothing(tmp_path: Path) -> None:
    with hostile(tmp_path, '{"seen": os.path.exists("HOME/secret")}', LD_LIBRARY_PATH="HOME") as project:
        assert project.ask().value == {"seen": False}


@pytest.mark.parametrize("name", ["output.txt", "stage", "log", "counter"])
@pytest.mark.whole
def test_links_in_the_scratch_folder_lead_nobody_to_the_users_files(tmp_path: Path, name: str) -> None:
    target = "HOME" if name == "stage" else "HOME/secret"
    plant = f'(os.path.lexists(f"{{observed}}/{name}") and os.rename(f"{{observed}}/{name}", f"{{observed}}/{name}-away"))'
    action = f'({plant}, os.symlink("{target}", f"{{observed}}/{name}"), os._exit(1))'
    with hostile(tmp_path, action) as project:
        assert project.ask().kind == "silence"
        project.observation.begin(7)
        project.observation.events()
        with pytest.raises(SideFailed) if name in ("log", "counter") else nullcontext():  # a worker cannot report without them
            project.ask()
        assert (project.home / "secret").read_text() == "canary"
        assert [path.name for path in project.home.iterdir()] == ["secret"]


@pytest.mark.parametrize(
    ("made", "is_file"),
    [
        ('open(path, "w").write("made")', True),
        ('(open("/tmp/made" if os.path.isdir("/src") else path + "2", "w"), os.symlink("made", path))', True),
        ('os.symlink("HOME/secret", path)', False),
        ('os.symlink("../../../../../../../../../..HOME/secret", path)', False),
        ("os.mkfifo(path)", False),
    ],
)
def test_a_path_in_an_answer_is_a_file_of_the_project_alone(tmp_path: Path, made: str, is_file: bool) -> None:
    action = f'(path := os.environ.get("TMPDIR", "/tmp") + "/answer", {made}, path)[-1]'
    with hostile(tmp_path, action) as project:
        value = project.ask().value
        assert isinstance(value, LocalPath) == is_file, value
        assert "canary" not in repr(value)


@pytest.mark.parametrize("line", ["no JSON", "[]", json.dumps({"kind": "call"}), json.dumps({"request": 1, "kind": "call", "text": 1})])
def test_a_forged_report_fails_its_side(tmp_path: Path, line: str) -> None:
    with hostile(tmp_path, f'open(f"{{observed}}/log", "a").write({line + chr(10)!r})') as project:
        project.ask()
        with pytest.raises(SideFailed, match="wrote into the log"):
            project.observation.events()
