"""What the real SDK posts in production mode to our control plane, and what we read in it (facts: the table of handler results)."""

from __future__ import annotations

import contextlib
import json
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from converters.sources.runpod import runner as runpod
from converters.verify.interpreter import inspected
from converters.verify.observe import Observation
from converters.verify.outcome import File, LocalPath, Outcome
from converters.verify.source import Staged
from fal_runtime.confinement import support
from tests.needs import needs

needs("runpod")


class Ended:
    """A worker's process that has ended, and starts slowly."""

    def __init__(self, folder: Path, plane: runpod.Plane) -> None:
        self.folder, self._plane = folder, plane
        self.ended, self.starts = True, 0

    def start(self) -> None:
        self.starts += 1
        time.sleep(0.05)
        self.ended = False
        self._plane.taken.set()


def test_a_worker_that_ended_is_started_once_for_all_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runpod.Plane, "result", lambda self, identifier, seconds: {"output": identifier})
    with contextlib.closing(runpod.Plane()) as plane:
        process = Ended(tmp_path, plane)
        worker = runpod.Worker(process, plane, Observation(tmp_path / "side", frozenset(), {}, []), (), 5)  # type: ignore[arg-type]
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda at: worker.ask(at, str(at), {}).value, range(1, 5)))
    assert (process.starts, found) == (1, ["1", "2", "3", "4"])


PLAIN = """
    import os
    import threading
    import runpod
    from runpod.serverless.utils import rp_cleanup

    ANSWERS = {
        "object": {"a": 1}, "text": "a", "list": [1, 2], "tuple": (1, 2), "null": None, "empty": {}, "bool": False,
        "error": {"error": "boom"}, "error with more": {"error": "boom", "a": 1}, "error list": {"error": ["a", "b"]},
        "error object": {"error": {"code": 1}}, "empty error": {"error": "", "a": 1}, "null error": {"error": None, "a": 1},
        "refresh": {"refresh_worker": True, "a": 1}, "refresh alone": {"refresh_worker": True},
        "errors": {"errors": ["a"]}, "status": {"status": "error"}, "inner": {"output": {"error": "a"}},
    }

    def handler(job):
        what = job["input"]["what"]
        if what == "raise":
            raise ValueError("boom: a\\nb")
        if what == "raise json":
            raise ValueError('{"error_message": 1}')
        if what == "progress":
            runpod.serverless.progress_update(job, "half")
            return {"done": True}
        if what == "exit":
            raise SystemExit(3)
        if what == "forever":
            threading.Event().wait()
        if what == "unsendable":
            return {"a": {1, 2}}
        if what == "path":
            with open("/tmp/out.txt", "w") as file:
                file.write("written")
            return {"files": ["/tmp/out.txt", "/no/such/file"]}
        if what == "envelope":
            return sorted(job)
        if what == "environment":
            return sorted(os.environ)
        return dict(ANSWERS[what]) if isinstance(ANSWERS[what], dict) else ANSWERS[what]

    runpod.serverless.start({"handler": handler})
"""
STREAM = """
    import runpod

    def handler(job):
        what = job["input"]["what"]
        yield {"n": 1}
        if what == "error":
            yield {"error": {"code": 1}}
        if what == "raise":
            raise ValueError("boom")
        yield {"n": 2, "refresh_worker": True}

    runpod.serverless.start({"handler": handler, "return_aggregate_stream": AGGREGATE})
"""


@contextmanager
def worker(folder: Path, code: str) -> Iterator[runpod.Worker]:
    root = folder / "root"
    (root / "src").mkdir(parents=True)
    (root / "src/handler.py").write_text(textwrap.dedent(code))
    observation = Observation(folder / "source", frozenset({"handler"}), {}, [("/src", "<project>")])
    (folder / "probe").mkdir()
    confinement = support(folder / "probe")
    with runpod.serve(
        Staged(root, "/src", "/src/handler.py"), observation, {}, inspected(), confinement=confinement, envelope=["webhook"], seconds=2
    ) as found:
        yield found


class Asked:
    """A worker and the number of the last request."""

    def __init__(self, side: runpod.Worker) -> None:
        self._side, self._number = side, 0

    def __call__(self, body: Any) -> Outcome:
        self._number += 1
        return self._side.ask(self._number, f"job-{self._number}", body)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    with worker(tmp_path_factory.mktemp("plain"), PLAIN) as found:
        yield Asked(found)


def ok(value: Any, **more: Any) -> Outcome:
    return Outcome("result", value, (), **more)


def failed(value: Any) -> Outcome:
    return Outcome("error", value, ())


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("object", ok({"a": 1})),
        ("text", ok("a")),
        ("list", ok([1, 2])),
        ("tuple", ok([1, 2])),
        ("null", ok(None)),
        ("bool", ok(False)),
        ("empty", ok({})),
        ("error", failed("boom")),
        ("error with more", failed("boom")),
        ("error list", failed(["a", "b"])),
        ("error object", failed({"code": 1})),
        ("empty error", ok({"a": 1})),
        ("null error", ok({"a": 1})),
        ("errors", ok({"errors": ["a"]})),
        ("status", ok({"status": "error"})),
        ("inner", ok({"output": {"error": "a"}})),
        ("refresh", ok({"a": 1}, stops=True)),
        ("object", ok({"a": 1})),  # by the worker that was started anew
        ("refresh alone", ok({}, stops=True)),
        ("raise", failed("boom: a\nb")),
        ("raise json", failed('{"error_message": 1}')),
        ("progress", ok({"done": True})),
    ],
)
def test_what_a_handler_s_result_becomes(plain: Asked, what: str, expected: Outcome) -> None:
    assert plain({"what": what}) == expected


def test_a_path_is_read_where_the_worker_wrote_it(plain: Asked) -> None:
    found = plain({"what": "path"})
    assert found.value == {"files": [LocalPath("/tmp/out.txt", File(b"written")), "/no/such/file"]}
    assert not Path("/tmp/out.txt").exists()


def test_keys_of_the_envelope_stand_beside_the_input(plain: Asked) -> None:
    assert plain({"what": "envelope"}).value == ["id", "input"]
    assert plain({"what": "envelope", "webhook": "http://x"}).value == ["id", "input", "webhook"]


def test_a_worker_that_dies_is_silent_and_the_next_request_finds_a_new_one(plain: Asked) -> None:
    assert plain({"what": "exit"}) == Outcome("silence", "the worker ended")
    assert plain({"what": "text"}) == ok("a")


def test_what_the_sdk_does_not_send_is_silence(plain: Asked) -> None:
    assert plain({"what": "unsendable"}).kind == "silence"
    assert plain({"what": "text"}) == ok("a")


def test_a_worker_that_never_answers_is_replaced(plain: Asked) -> None:
    assert plain({"what": "forever"}) == Outcome("silence", "no result within 2 s")
    assert plain({"what": "text"}) == ok("a")


def test_a_missing_key_is_the_exception_s_own_message(plain: Asked) -> None:
    assert plain({}) == failed("'what'")


@pytest.mark.parametrize("aggregate", [False, True])
def test_generators(tmp_path: Path, aggregate: bool) -> None:
    chunks = ({"n": 1}, {"n": 2, "refresh_worker": True})
    with worker(tmp_path, STREAM.replace("AGGREGATE", repr(aggregate))) as side:
        asked = Asked(side)
        assert asked({"what": ""}) == Outcome("result", list(chunks) if aggregate else [], chunks)
        assert asked({"what": "error"}) == Outcome("error", "{'code': 1}", chunks[:1])
        assert asked({"what": "raise"}) == Outcome("error", "boom", chunks[:1])


def test_a_worker_that_does_not_start_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(runpod.SideFailed, match=r"^RuntimeError: no weights here$"),
        worker(tmp_path, "raise RuntimeError('no weights here')"),
    ):
        pass


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"output": {"a": 1}}, ok({"a": 1})),
        ({"output": None}, ok(None)),
        ({}, ok({})),
        ({"stopPod": True}, ok({}, stops=True)),
        ({"error": "boom", "output": {"a": 1}}, failed("boom")),
        ({"error": ["a"]}, failed(["a"])),
        ({"error": json.dumps({"error_type": "<class 'ValueError'>", "error_message": "boom"})}, failed("boom")),
        ({"error": "handler: boom \ntraceback: Traceback ..."}, failed("boom")),
        ({"error": "handler: boom"}, failed("handler: boom")),
        ({"error": "[1]"}, failed("[1]")),
        ({"error": '{"code": 1}'}, failed('{"code": 1}')),
    ],
)
def test_what_a_posted_document_means(document: dict[str, Any], expected: Outcome) -> None:
    assert runpod.outcome(document, ()) == expected
