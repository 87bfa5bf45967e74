"""What a project that is verified tries against us: it cannot end us, read our environment, write elsewhere or leave anything behind."""

from __future__ import annotations

import errno
import faulthandler
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from converters.cli import answer
from converters.errors import UsageError
from converters.sources.runpod import runner as runpod
from converters.verify import target
from converters.verify.certificate import Certificate
from converters.verify.isolated import Ended, certificate
from fal_runtime.confinement import support
from tests.needs import needs
from tests.verify.test_study import processes_of

needs("runpod")

WORKER = '''
import subprocess
from pathlib import Path

import runpod


def handler(job):
    """Try everything."""
    subprocess.Popen(["sleep", "7171"], env={}, start_new_session=True)
    told = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            told.append(b"canary-7f3a" in environment.read_bytes())
        except OSError:
            pass
    try:
        Path(OUTSIDE).write_text("here")  # it may work: this is a home directory of its own
    except OSError:
        pass
    return {"told": any(told), "text": job["input"].get("text")}


runpod.serverless.start({"handler": handler})
'''


def made(verdict: str = "equivalent") -> Certificate:
    return Certificate(
        app="a", platform="runpod", source="s", target="t", verdict=verdict, why=os.environ.get("CANARY_OF_OURS", "none"), seed=0, versions={}, doubles=[]
    )  # fmt: skip


def test_a_certificate_comes_back_and_the_scratch_folder_goes(tmp_path: Path, scratch: Path) -> None:
    def work(folder: Path) -> Certificate:
        (folder / "here").write_text("x")
        return made("not proven")

    found = certificate(work, tmp_path)
    assert (found.verdict, found.why) == ("not proven", "none")  # nothing of our environment is there
    assert not list(tmp_path.iterdir())


def test_what_the_kernel_shows_of_the_environment_is_empty(tmp_path: Path) -> None:
    def work(folder: Path) -> Certificate:
        found = made()
        found.why = str(Path("/proc/self/environ").read_bytes().strip(b"\0"))
        return found

    assert certificate(work, tmp_path).why == "b''"


def test_of_the_network_there_is_only_a_loopback_of_its_own(tmp_path: Path) -> None:
    if not (found := support(tmp_path)).private:
        pytest.skip(found.why)
    with socket.create_server(("127.0.0.1", 0)) as ours:
        port = ours.getsockname()[1]

        def work(folder: Path) -> Certificate:
            interfaces = [name for _, name in socket.if_nameindex()]
            with socket.create_server(("127.0.0.1", port)) as own, socket.create_connection(own.getsockname(), 2):
                reached = own.accept()[1][0]
            with socket.socket() as tried:
                refused = errno.errorcode[tried.connect_ex(("192.0.2.1", 443))]
            found = made()
            found.why = f"{interfaces} {reached} {refused}"
            return found

        assert certificate(work, tmp_path).why == "['lo'] 127.0.0.1 ENETUNREACH"


def test_bad_input_is_told_as_before(tmp_path: Path) -> None:
    def work(folder: Path) -> Certificate:
        raise UsageError("is no good.", file="a.py", line=3, hint="Mend it.")

    with pytest.raises(UsageError, match=r"^a.py:3: is no good. Mend it.$"):
        certificate(work, tmp_path)


def test_a_full_disk_is_one_clear_line(tmp_path: Path) -> None:
    def work(folder: Path) -> Certificate:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))

    with pytest.raises(UsageError, match=r"verification cannot write: No space left on device. Make room there and try again.$"):
        certificate(work, tmp_path)


def test_our_own_mistakes_keep_their_traceback(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        certificate(lambda folder: 1 / 0, tmp_path)  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(
    ("how", "said"), [(lambda: os._exit(3), "exit code 3"), (lambda: (faulthandler.disable(), os.abort()), r"signal \d+")]
)
def test_a_process_that_is_ended_leaves_nothing(tmp_path: Path, how: object, said: str) -> None:
    with pytest.raises(Ended, match=said):
        certificate(lambda folder: how(), tmp_path)  # type: ignore[operator]
    assert not list(tmp_path.iterdir())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "worker"
    folder.mkdir()
    (folder / "handler.py").write_text(WORKER.replace("OUTSIDE", repr(str(Path.home() / ".left-by-a-verified-project"))))
    (folder / "test_input.json").write_text('{"input": {"text": "a"}}')
    return folder


@pytest.mark.whole
def test_a_project_that_tries_everything(project: Path, scratch: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not (found := support(project)).private:
        pytest.skip(found.why)
    assert answer(["verify", str(project), "--seconds", "4", "--format", "json"]) == 0
    shown = capsys.readouterr().out
    assert "canary-7f3a" not in shown
    found = Certificate.model_validate(json.loads(shown)["certificates"][0])
    reached = [trial for trial in found.trials if trial.source.kind == trial.target.kind == "result"]
    assert reached and all(trial.source.value["told"] is False for trial in reached)
    assert not (Path.home() / ".left-by-a-verified-project").exists()
    assert not [path for path in Path("/proc").glob("[0-9]*/cmdline") if b"7171" in _read(path)]
    assert not list(scratch.glob("verify-*")) and not processes_of(scratch)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.whole)])
@pytest.mark.whole
def test_an_interruption_ends_everything(project: Path, tmp_path: Path, number: signal.Signals) -> None:
    cache = tmp_path / "cache"
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    command = [sys.executable, "-m", "converters.cli", "verify", str(project)]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=Path(__file__).parents[2]
    ) as process:
        deadline = time.monotonic() + 60
        while not list(cache.glob("fal-migrate/verify-*/verify-*/0/source-private/output.txt")) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, b"", b"")
    assert not list(cache.glob("fal-migrate/verify-*"))
    assert not processes_of(cache / "fal-migrate")


@pytest.mark.whole
def test_an_import_that_hangs_is_ended(
    project: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(target, "START_SECONDS", 6)
    monkeypatch.setattr(runpod, "START_SECONDS", 6)
    (project / "handler.py").write_text(WORKER.replace("import runpod\n", "import threading\nimport runpod\nthreading.Event().wait()\n"))
    assert answer(["verify", str(project), "--seconds", "4"]) == 0
    shown = capsys.readouterr().out
    assert "no job was asked for within 6 s" in shown and "it is not ready within 6 s" in shown
