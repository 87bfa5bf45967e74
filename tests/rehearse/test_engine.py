"""What buildah builds and starts for real on a stand-in."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from converters.rehearsal.bases import Bases
from converters.rehearsal.engines import Build, EngineFailure, Mount, Place, Process, Running, Step, StepFailure, UnknownBase
from converters.rehearsal.engines.buildah import Buildah, RunningProcess
from converters.rehearsal.outside import Outside

pytestmark = pytest.mark.rehearse
BASE = "debian:bookworm-slim"
TAG = "localhost/rehearsal/engine:1"
_PATIENCE = 600
"""Seconds for what takes one or two on a machine that does nothing else."""


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "app.py").write_text("one")
    (folder / "lock").write_text("1\n")
    return folder


def built(engine: Buildah, context: Path, text: str, **more: object) -> list[Step]:
    lines = [f"FROM {BASE}", f"ARG CONTEXT={context}", *text.splitlines()]
    places = [Place("Dockerfile", number) for number in range(1, len(lines) + 1)]
    build = Build("\n".join(lines) + "\n", context, TAG, places, **more)  # type: ignore[arg-type]
    return list(engine.build(build).steps)


def output(engine: Buildah, script: str) -> list[str]:
    running = engine.run(TAG, Process(("/bin/sh", "-c", script)))
    try:
        assert running.wait(_PATIENCE) == 0, running.lines()
        return running.lines()
    finally:
        running.kill()


def test_layers_are_kept_until_what_they_are_made_of_changes(engine: Buildah, context: Path) -> None:
    text = (
        "RUN echo expensive\nCOPY app.py /app/\nRUN cat /app/app.py > /said\nRUN --mount=type=bind,source=lock,target=/l cat /l > /locked"
    )
    first = [step.state for step in built(engine, context, text)]
    assert first[2:] == ["done"] * 4
    assert [step.state for step in built(engine, context, text)][2:] == ["cached"] * 4
    (context / "app.py").write_text("two")
    assert [step.state for step in built(engine, context, text)][2:5] == ["cached", "done", "done"]
    assert output(engine, "cat /said") == ["two"]
    (context / "lock").write_text("2\n")
    assert [step.state for step in built(engine, context, text)][2:] == ["cached", "cached", "cached", "done"]
    assert output(engine, "cat /locked") == ["2"]


def test_a_store_behind_a_link_is_a_store(engine: Buildah, outside: Outside, folder: Path, context: Path, tmp_path: Path) -> None:
    """As is a cache below a home directory that is a link."""
    (tmp_path / "link").symlink_to(folder)
    linked = Buildah(tmp_path / "link" / "engine", outside, Bases(tmp_path / "link" / "suites"))
    text = f"FROM {BASE}\nCOPY app.py /app/\n"
    linked.build(Build(text, context, TAG, [Place("a", 1), Place("a", 2)]))
    assert output(linked, "cat /app/app.py") == ["one"]


def test_what_newer_builders_know_works(engine: Buildah, context: Path) -> None:
    text = """
RUN <<EOF
set -e
echo from a heredoc > /heredoc
EOF
COPY <<a.txt <<b.txt /copied/
one
a.txt
two
b.txt
RUN --mount=type=secret,id=TOKEN cat /run/secrets/TOKEN > /secret
RUN --mount=type=cache,target=/cache echo x >> /cache/file
ENV GREETING=hello
WORKDIR /work
SHELL ["/bin/bash", "-ec"]
RUN [[ $GREETING == hello ]] && echo $PWD > /where"""
    built(engine, context, text, secrets={"TOKEN": "dummy\n"})
    assert output(engine, "cat /heredoc /copied/a.txt /copied/b.txt /secret /where") == ["from a heredoc", "one", "two", "dummy", "/work"]


def test_nothing_of_the_rehearsal_stays_in_the_image(engine: Buildah, context: Path) -> None:
    built(engine, context, 'RUN echo x > /x\nCMD echo "$SSL_CERT_FILE"')
    told = engine.configuration(TAG)
    assert told["Cmd"] == ["/bin/sh", "-c", 'echo "$SSL_CERT_FILE"']
    assert not [line for line in told["Env"] if "rehearsal" in line.lower()]
    with engine.room() as (room, _):
        name = "looked-at"
        engine.wait(room, "from", "--pull-never", "--name", name, TAG)
        mounted = engine.wait(room, "mount", name)[0]
        below = Path(str(engine.folder / "store") + mounted.removeprefix("/store"))
        engine.wait(room, "rm", name)
    assert not (below / "rehearsal").exists()


@pytest.mark.parametrize(
    ("step", "said", "means"),
    [
        ("RUN echo before && false", "before", ""),
        ("USER nosuchuser\nRUN true", "nosuchuser", "no user nosuchuser"),
        ("RUN nosuchprogram", "not found", "no program nosuchprogram"),
        ("COPY nothing.py /app/", "no such file", "nothing.py is not in the build context"),
        ("RUN apt-get update -q && apt-get install -y libgl1-mesa-nosuch", "Unable to locate", "no package libgl1-mesa-nosuch"),
    ],
)
def test_a_failing_step_is_named_by_its_line(step: str, said: str, means: str, engine: Buildah, context: Path) -> None:
    with pytest.raises(StepFailure) as failure:
        built(engine, context, f"RUN true\n{step}\nRUN true")
    assert failure.value.step.place == Place("Dockerfile", 4 + step.count("\n"))
    assert failure.value.step.instruction == step.rpartition("\n")[2]
    assert said in "\n".join(failure.value.output)
    assert means in failure.value.means


def test_a_step_that_takes_too_long_is_ended(engine: Buildah, context: Path) -> None:
    began = time.monotonic()
    with pytest.raises(StepFailure) as failure:
        built(engine, context, f"RUN echo {began} && sleep 30000", step_seconds=5)
    assert "longer than 5 s" in failure.value.means


def test_an_unknown_base_is_asked_for(engine: Buildah, context: Path) -> None:
    with pytest.raises(UnknownBase) as failure:
        engine.build(Build("ARG A\nFROM someone/private:1\n", context, TAG, [Place("a", 1), Place("a", 2)]))
    assert (failure.value.image, failure.value.place.line) == ("someone/private:1", 2)


SERVER = """perl -MIO::Socket::INET -e '$| = 1; $s = IO::Socket::INET->new(LocalAddr => $ENV{AT}, LocalPort => 80, Listen => 5, ReuseAddr => 1) or die $@;
print "listening\\n"; while ($c = $s->accept) { print $c "hello\\n"; close $c }'"""


@pytest.fixture
def server(engine: Buildah, context: Path) -> Iterator[RunningProcess]:
    built(engine, context, f"COPY <<EOF /serve.sh\n{SERVER}\nEOF\nCMD /bin/sh /serve.sh")
    running = engine.run(TAG, Process(environment={"AT": "0.0.0.0"}))
    yield running
    running.kill()


def until(running: Running, word: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while word not in "\n".join(running.lines()):
        assert time.monotonic() < deadline and running.poll() is None, running.lines()
        time.sleep(0.1)


def test_a_server_is_started_by_its_own_command_and_asked(server: RunningProcess) -> None:
    until(server, "listening")
    for address in ("127.0.0.1", "10.88.0.1"):
        with server.connect(80, address) as connection:
            assert connection.recv(100) == b"hello\n"
    with pytest.raises(OSError):
        server.connect(81)
    server.kill()
    assert server.poll() is not None


def test_a_process_sees_what_is_mounted_and_no_more(engine: Buildah, context: Path, tmp_path: Path) -> None:
    built(engine, context, "RUN true")
    data = tmp_path / "data"
    data.mkdir()
    process = Process(
        ("/bin/sh", "-c", "cat /in/lock; echo kept > /data/file; echo x > /in/y || echo refused"),
        mounts=(Mount(context, "/in"), Mount(data, "/data", True)),
    )
    running = engine.run(TAG, process)
    try:
        running.wait(_PATIENCE)
        lines = running.lines()
        assert lines[0] == "1" and "refused" in lines, lines  # what goes to the other stream may come after it
        assert (data / "file").read_text() == "kept\n"
    finally:
        running.kill()


ANSWERING = """$SIG{TERM} = sub { print "told\\n"; exit 7 }; $| = 1; print STDERR "an error\\n";
use IO::Socket::INET; until ($s) { $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 7777); sleep 1 } print <$s>; sleep 1 while 1"""


def test_a_process_reaches_what_listens_for_it_inside_and_ends_as_it_answers_a_signal(engine: Buildah, context: Path) -> None:
    built(engine, context, "RUN true")
    heard: list[tuple[str, str]] = []
    process = Process(("perl", "-e", ANSWERING), on_line=lambda stream, text: heard.append((stream, text)))
    running = engine.run(TAG, process)
    try:
        with running.listen(7777) as listening:
            listening.settimeout(_PATIENCE)
            connection, _ = listening.accept()
            with connection:
                connection.sendall(b"hello\n")
        until(running, "hello")
        assert running.pid is not None and Path(f"/proc/{running.pid}").exists()
        with pytest.raises(OSError):
            running.listen(0x1FFFF)
        running.signal(signal.SIGTERM)
        assert running.wait(_PATIENCE) == 7
        assert ("stderr", "an error") in heard and [text for stream, text in heard if stream == "stdout"] == ["hello", "told"]
    finally:
        running.kill()


def test_a_process_that_takes_too_much_memory_is_named(engine: Buildah, context: Path) -> None:
    built(engine, context, "RUN true")
    running = engine.run(TAG, Process(("perl", "-e", '$x = "x" x 1_500_000_000; sleep 30000'), memory=512 * 2**20))
    try:
        deadline = time.monotonic() + _PATIENCE
        while not running.exceeded and time.monotonic() < deadline:
            time.sleep(0.2)
        assert running.exceeded is not None and "memory" in running.exceeded
    finally:
        running.kill()


def test_a_command_that_an_image_does_not_say_is_missed(engine: Buildah, context: Path) -> None:
    built(engine, context, "RUN true\nCMD []")
    with pytest.raises(EngineFailure, match="no command"):
        engine.run(TAG, Process())
