"""What a project tries while it is verified: it gets neither our environment nor a network, and it cannot stay for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.verify.certificate import Trial
from tests.needs import needs
from tests.verify.made import Studied, digests, studied
from tests.verify.test_study import processes_of

needs("runpod")

WORKER = '''
import os
import socket
import subprocess
import threading
import time

import runpod


def handler(job):
    """Try what is asked for."""
    what = job["input"]["what"]
    if what == "environment":
        own = [name for name in os.environ if "CANARY" in name]
        return {"seen": own, "home": os.path.exists(os.path.expanduser("~/.bashrc"))}
    if what == "network":
        socket.socket().connect(("192.0.2.1", 80))
    if what == "name":
        return {"address": socket.getaddrinfo("far.example", 80)[0][4][0]}
    if what == "memory":
        return {"size": len(bytearray(9 * 2**30))}
    if what == "write":
        with open("/tmp/left-by-a-verified-project", "w") as file:
            file.write("here")
        with open("beside.txt", "w") as file:
            file.write("here")
        return {"written": os.path.exists("/tmp/left-by-a-verified-project")}
    if what == "detach":
        subprocess.Popen(["sleep", "1234.5"], start_new_session=True)
        return {"started": True}
    if what == "wait":
        threading.Event().wait()
    return {"what": what}


runpod.serverless.start({"handler": handler})
'''


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, scratch: Path) -> Studied:
    folder = tmp_path_factory.mktemp("safety")
    (folder / "worker").mkdir()
    (folder / "worker/handler.py").write_text(WORKER)
    return studied(folder / "worker", folder, patience=3, drawn=0)


def trial(found: Studied, what: str) -> Trial:
    return next(trial for trial in found.certificate.trials if trial.body.get("what") == what)


@pytest.mark.whole
def test_our_environment_is_not_theirs(found: Studied) -> None:
    made = trial(found, "environment")
    assert made.source.value == made.target.value == {"seen": [], "home": False}
    assert "canary-7f3a" not in found.certificate.model_dump_json()


def test_there_is_no_network(found: Studied) -> None:
    made = trial(found, "network")
    assert (made.source.kind, made.target.kind) == ("error", "error")
    assert made.source.value == made.target.value == "[Errno 111] there is no network here"


def test_nobody_is_asked_for_a_name(found: Studied) -> None:
    made = trial(found, "name")
    assert made.source.value == made.target.value == {"address": "93.184.215.14"}


def test_memory_is_limited_on_both_sides(found: Studied) -> None:
    made = trial(found, "memory")
    assert (made.source.kind, made.target.kind) == ("error", "error")


def test_what_never_answers_is_ended_and_those_after_it_are_answered(found: Studied) -> None:
    made = trial(found, "wait")
    assert (made.source.kind, made.target.kind, made.same) == ("silence", "silence", True)
    later = [trial for trial in found.certificate.trials if trial.number > made.number]
    assert any(trial.source.kind == trial.target.kind == "result" for trial in later)


def test_nothing_is_written_into_the_trees_or_the_machine_s_tmp(found: Studied) -> None:
    assert trial(found, "write").source.value == {"written": True}
    assert not Path("/tmp/left-by-a-verified-project").exists()
    assert (digests(found.source), digests(found.written)) == found.before


def test_no_process_is_left_not_even_one_that_left_its_group(found: Studied, scratch: Path) -> None:
    assert trial(found, "detach").same
    assert not processes_of(scratch)


def test_the_project_is_equivalent_all_the_same(found: Studied) -> None:
    assert found.certificate.verdict == "equivalent", found.certificate.why
