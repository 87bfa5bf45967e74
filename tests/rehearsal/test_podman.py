"""podman's command lines, recorded, and what its output leads to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from converters.rehearsal.bases import Bases
from converters.rehearsal.engines import Build, EngineFailure, Mount, Place, Process, StepFailure
from converters.rehearsal.engines.buildah import Buildah
from converters.rehearsal.engines.podman import Podman

BASE_TAG = "localhost/rehearsal/base:"


@dataclass
class Ended:
    """A program that has printed all it prints."""

    printed: list[str]
    code: int

    def lines(self) -> Iterator[str]:
        return iter(self.printed)

    def wait(self) -> int:
        return self.code

    def kill(self) -> None:
        self.code = 137


@dataclass
class Recorder:
    """Answers commands by their second word; `there` are the images that exist."""

    there: set[str] = field(default_factory=set)
    answers: dict[str, tuple[list[str], int]] = field(default_factory=dict)
    installed: bool = True
    commands: list[list[str]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    """Content of files at the time of the last build, by their names."""

    def which(self, name: str) -> str | None:
        return f"/usr/bin/{name}" if self.installed else None

    def start(self, argv: Sequence[str], environment: Mapping[str, str]) -> Ended:
        self.commands.append(list(argv))
        if argv[1:3] == ["image", "inspect"] and argv[4] == "{{.Id}}":
            return Ended(["sha256:0"], 0) if argv[5] in self.there else Ended(["no such image"], 125)
        if argv[1] == "build":
            file = Path(argv[list(argv).index("-f") + 1])
            self.texts = {path.relative_to(file.parent).as_posix(): path.read_text() for path in file.parent.rglob("*") if path.is_file()}
            self.there.add(argv[list(argv).index("-t") + 1])
        printed, code = self.answers.get(argv[1], ([], 0))
        return Ended(printed, code)

    def said(self, word: str) -> list[str]:
        return next(command for command in reversed(self.commands) if command[1] == word)


class Offline(Podman):
    """podman without a network of ours, for which one must be root."""

    @contextmanager
    def network(self) -> Iterator[tuple[list[str], object]]:  # type: ignore[override]
        yield ["--network", "ns:/proc/1/ns/net"], None


@pytest.fixture
def make(tmp_path: Path) -> Callable[[Recorder], Podman]:
    base = tmp_path / "base"
    base.mkdir()
    return lambda recorder: Offline(tmp_path / "engine", None, Bases(tmp_path, {"mine:1": str(base)}), recorder)


def options(command: Sequence[str], name: str) -> list[str]:
    return [value for option, value in pairwise(command) if option == name]


def build(context: Path, text: str, **more: object) -> Build:
    places = [Place("app.py", 10 + number) for number in range(text.count("\n") + 1)]
    return Build(text, context, "localhost/rehearsal/app:1", places, **more)  # type: ignore[arg-type]


def test_a_build_is_given_what_the_rehearsal_needs(make: Callable[[Recorder], Podman], tmp_path: Path) -> None:
    recorder = Recorder()
    text = "FROM mine:1\nRUN --mount=type=secret,id=T x\nCOPY <<a /b\nbody\na\n"
    make(recorder).build(build(tmp_path, text, arguments={"V": "1"}, secrets={"T": "dummy"}, memory=2**30))
    command = recorder.said("build")
    assert command[0] == "podman" and command[-1] == str(tmp_path)
    assert {"--layers", "--pull=never"} <= set(command)
    assert options(command, "--network") == ["ns:/proc/1/ns/net"]
    assert options(command, "--dns") == ["10.88.0.2"]
    assert options(command, "--memory") == [str(2**30)]
    assert options(command, "--ulimit") == ["nproc=4096:4096"]
    assert options(command, "--build-arg") == ["V=1"]
    assert options(command, "--secret")[0].startswith("id=T,src=")
    assert [value.split(":")[1:] for value in options(command, "-v")] == [["/rehearsal", "ro"]]
    assert recorder.texts["secret-0"] == "dummy"
    assert recorder.texts["context/0-3/a"] == "body\n"
    assert recorder.texts["Dockerfile"].splitlines()[0].startswith(f"FROM {BASE_TAG}")
    assert recorder.texts["ignored"] == ""


def test_a_stand_in_is_made_once(make: Callable[[Recorder], Podman], tmp_path: Path) -> None:
    recorder = Recorder()
    engine = make(recorder)
    for _ in range(2):
        engine.build(build(tmp_path, "FROM mine:1\n"))
    built = [options(command, "-t")[0] for command in recorder.commands if command[1] == "build"]
    assert [name.startswith(BASE_TAG) for name in built] == [True, False, False]


def test_real_bases_are_pulled(tmp_path: Path) -> None:
    recorder = Recorder()
    Offline(tmp_path / "engine", None, Bases(tmp_path, real=True), recorder).build(build(tmp_path, "FROM acme/private:1\n"))
    assert recorder.texts["Dockerfile"].startswith("FROM acme/private:1 ")
    assert "--pull=missing" in recorder.said("build") and "--pull=never" not in recorder.said("build")


def test_an_engine_that_reaches_no_registry_says_so(tmp_path: Path) -> None:
    with pytest.raises(EngineFailure, match="reaches no registry"):
        Buildah(tmp_path / "engine", None, Bases(tmp_path, real=True)).build(build(tmp_path, "FROM acme/private:1\n"))


def test_a_step_that_fails_is_named_by_its_line(make: Callable[[Recorder], Podman], tmp_path: Path) -> None:
    recorder = Recorder(there={make(Recorder())._bases.find("mine:1").tag})
    printed = [
        "STEP 1/2: FROM x",
        "STEP 2/2: RUN y",
        "sh: 1: git: not found",
        'Error: building at STEP "RUN y": while running runtime: exit status 127',
    ]
    recorder.answers["build"] = (printed, 125)
    with pytest.raises(StepFailure) as failure:
        make(recorder).build(build(tmp_path, "FROM mine:1\nRUN git clone\n"))
    assert failure.value.step.place == Place("app.py", 11)
    assert failure.value.output == ("sh: 1: git: not found",)
    assert "no program git" in failure.value.means


def configured(**config: object) -> tuple[list[str], int]:
    return [json.dumps(config)], 0


@pytest.mark.parametrize(
    ("process", "argv"),
    [
        (Process(), ["serve", "--port", "1"]),
        (Process(cmd=("--port", "2")), ["serve", "--port", "2"]),
        (Process(entrypoint=("sh",), cmd=()), ["sh"]),
        (Process(("python", "-c", "1")), ["python", "-c", "1"]),
    ],
)
def test_a_process_is_started_by_its_command_or_the_image_s(process: Process, argv: list[str], make: Callable[[Recorder], Podman]) -> None:
    recorder = Recorder(answers={"image": configured(Entrypoint=["serve"], Cmd=["--port", "1"]), "logs": (["up"], 0), "wait": (["3"], 0)})
    running = make(recorder).run("image:1", process)
    command = recorder.said("run")
    assert command[command.index("--entrypoint") :] == ["--entrypoint", "/bin/sh", "image:1", "/rehearsal/start", *argv]
    assert running.wait(5) == 3 and running.lines() == ["up"]  # type: ignore[attr-defined]
    running.kill()
    assert recorder.said("rm")[2:] == ["-f", options(command, "--name")[0]]


def test_a_process_has_its_bounds_files_and_variables(make: Callable[[Recorder], Podman], tmp_path: Path) -> None:
    recorder = Recorder(answers={"image": configured(), "wait": (["0"], 0)})
    process = Process(
        ("x",), environment={"A": "b c"}, mounts=(Mount(tmp_path, "/in"), Mount(tmp_path, "/data", True)), cwd="/app", memory=7
    )
    running = make(recorder).run("image:1", process)
    command = recorder.said("run")
    assert options(command, "--memory") == ["7"] and options(command, "--pids-limit") == ["4096"]
    assert options(command, "-v")[1:] == [f"{tmp_path}:/in:ro", f"{tmp_path}:/data:rw"]
    assert options(command, "--env") == ["A=b c"] and options(command, "--workdir") == ["/app"]
    running.kill()


def test_an_image_without_a_command_starts_nothing(make: Callable[[Recorder], Podman]) -> None:
    recorder = Recorder(answers={"image": configured(Cmd=None)})
    with pytest.raises(EngineFailure, match="no command"):
        make(recorder).run("image:1", Process())
    assert not [command for command in recorder.commands if command[1] == "run"]


def test_what_was_killed_for_its_memory_is_named(make: Callable[[Recorder], Podman]) -> None:
    recorder = Recorder(answers={"image": configured(), "wait": (["137"], 0), "inspect": (["true"], 0)})
    running = make(recorder).run("image:1", Process(("x",)))
    assert running.exceeded == "more memory than it may have"
    recorder.answers["inspect"] = (["false"], 0)
    assert running.exceeded is None
    running.kill()


def test_a_process_is_signalled_by_its_name_and_known_by_its_process(make: Callable[[Recorder], Podman]) -> None:
    recorder = Recorder(answers={"image": configured(), "wait": (["0"], 0), "inspect": (["4711"], 0)})
    heard: list[tuple[str, str]] = []
    recorder.answers["logs"] = (["one", "two"], 0)
    running = make(recorder).run("image:1", Process(("x",), on_line=lambda stream, text: heard.append((stream, text))))
    assert running.wait(5) == 0 and heard == [("stdout", "one"), ("stdout", "two")]  # type: ignore[attr-defined]
    running.signal(15)
    assert recorder.said("kill")[2:] == ["--signal", "15", options(recorder.said("run"), "--name")[0]]
    assert running.pid == 4711
    recorder.answers["inspect"] = (["0"], 0)
    assert running.pid is None
    running.kill()


def test_a_machine_without_podman_is_told_what_to_install(make: Callable[[Recorder], Podman]) -> None:
    assert "apt-get install podman" in str(make(Recorder(installed=False)).missing())


def test_only_images_of_rehearsals_are_removed(make: Callable[[Recorder], Podman]) -> None:
    recorder = Recorder(answers={"images": (["localhost/rehearsal/app:1", "docker.io/library/mine:2"], 0)})
    make(recorder).remove()
    assert [command[2:] for command in recorder.commands if command[1] == "rmi"] == [["-f", "localhost/rehearsal/app:1"]]
