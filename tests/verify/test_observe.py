"""What a side is told, and what is read from its log."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from converters.verify.observe import Event, Observation, pins, top_level_names
from converters.verify.outcome import Fault, File, LocalPath


@pytest.fixture
def side(tmp_path: Path) -> Observation:
    roots = [("/app", "<project>"), ("/app/models", "<models>"), ("/data", "<volume>")]
    return Observation(tmp_path / "side", frozenset({"handler"}), {"torch": "2.1.0"}, roots, ("PIL",))


def report(side: Observation, *events: dict[str, object]) -> None:
    with (side.folder / "log").open("a") as file:
        file.writelines(json.dumps(event) + "\n" for event in events)


def test_nothing_of_our_environment_reaches_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "CANARY",
        "FAL_KEY",
        "RUNPOD_API_KEY",
        "HF_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "PYTHONSTARTUP",
        "LD_PRELOAD",
        "SSH_AUTH_SOCK",
    ):
        monkeypatch.setenv(name, "of ours")
    monkeypatch.setenv("HOME", "/home/ours")
    monkeypatch.setenv("PYTHONPATH", "/home/ours/lib")
    side = Observation(tmp_path / "side", frozenset(), {}, [])
    found = side.environment()
    assert "of ours" not in found.values()
    assert not any("/home/ours" in value for value in found.values())
    assert Path(found["HOME"]).is_relative_to(side.folder)


def test_the_environment_is_that_of_the_beginning(side: Observation, monkeypatch: pytest.MonkeyPatch) -> None:
    before = side.environment()
    monkeypatch.setenv("PATH", "/of/the/other/side")
    monkeypatch.setenv("LANG", "xx_XX")
    assert side.environment() == before


def test_programs_are_found_and_the_network_is_closed(side: Observation) -> None:
    found = side.environment()
    assert set(os.environ["PATH"].split(os.pathsep)) <= set(found["PATH"].split(os.pathsep))
    assert found["http_proxy"] == found["https_proxy"] == "http://127.0.0.1:9"
    assert found["PYTHONHASHSEED"] == "0"


def test_a_child_is_told_what_to_double(side: Observation) -> None:
    told = json.loads(Path(side.environment()["FAL_MIGRATE_CHILD"]).read_text())
    assert (told["own"], told["doubled"], told["pins"]) == (["handler"], ["PIL"], {"torch": "2.1.0"})
    assert [root for root, _ in told["roots"]] == ["/app/models", "/data", "/app"]


def test_calls_belong_to_their_request_and_keep_their_order(side: Observation) -> None:
    report(
        side,
        {"request": 0, "kind": "call", "text": "load()"},
        {"request": 1, "kind": "call", "text": "model()"},
        {"request": 1, "kind": "line", "text": "handler.py", "line": 3},
        {"request": 1, "kind": "network", "text": "GET http://x"},
        {"request": 2, "kind": "stop", "text": ""},
    )
    assert side.calls(1) == ["model()", "GET http://x"]
    assert (side.stops(1), side.stops(2)) == (False, True)
    assert side.events()[2] == Event(1, "line", "handler.py", 3)


def test_loading_is_what_one_of_the_runners_did(side: Observation) -> None:
    events = [
        {"request": 0, "kind": "call", "text": "read()", "process": ""},
        {"request": 0, "kind": "call", "text": "load()", "process": "SETUP"},
        {"request": 0, "kind": "call", "text": "huggingface_hub.snapshot_download('a/b')", "process": "SETUP"},
        {"request": 0, "kind": "network", "text": "GET https://files.example/a", "process": "SETUP"},
        {"request": 0, "kind": "program", "text": "'pip' 'install' 'a'", "process": "SETUP"},
        {"request": 0, "kind": "program", "text": "'/env/bin/python' '-I' '-m' 'pip' 'wheel' 'a'", "process": "SETUP"},
        {"request": 0, "kind": "call", "text": "load()", "process": "SETUP", "pid": 2},
        {"request": 0, "kind": "call", "text": "warm()", "process": "SETUP", "pid": 2},
        {"request": 0, "kind": "call", "text": "warm()", "process": "SETUP", "pid": 2},
        {"request": 1, "kind": "call", "text": "run()", "process": "RUNNING"},
    ]
    with (side.folder / "log").open("a") as log:
        log.write(json.dumps(events[0]) + "\n")
    assert side.loading() == ["read()"]  # a source has no runners
    with (side.folder / "log").open("a") as log:
        log.writelines(json.dumps(event) + "\n" for event in events[1:])
    assert side.loading() == ["load()", "warm()", "warm()"]


def test_loading_in_threads_has_no_order(tmp_path: Path) -> None:
    side = Observation(tmp_path / "side", frozenset({"main"}), {}, [])
    code = (
        "import net, time\nfrom concurrent.futures import ThreadPoolExecutor\nnet.first()\n"
        "def load(name):\n    time.sleep(0.2 if name == 'a' else 0)\n    net.load(name)\n"
        "with ThreadPoolExecutor(2) as pool:\n    list(pool.map(load, ['a', 'b']))\n"
    )
    (tmp_path / "main.py").write_text(code)
    subprocess.run([sys.executable, "main.py"], cwd=tmp_path, env=side.environment(), check=True)
    assert side.loads_in_threads
    assert sorted(side.loading()) == ["net.first()", "net.load('a')", "net.load('b')"]


def test_the_log_is_read_as_it_grows_in_whole_lines(side: Observation) -> None:
    report(side, {"request": 1, "kind": "call", "text": "a()", "process": "runner"})
    with (side.folder / "log").open("a") as file:
        file.write('{"request": 1, "kind": "call", ')
    assert side.calls(1) == ["a()"]
    with (side.folder / "log").open("a") as file:
        file.write('"text": "b()"}\n')
    assert side.calls(1) == ["a()", "b()"]
    assert [event.runner for event in side.events()] == [True, False]


def test_several_threads_read_each_event_once(side: Observation) -> None:
    path = side.folder / "log"
    told = [json.dumps({"request": 1, "kind": "call", "text": f"model({at})", "process": ""}) + "\n" for at in range(2000)]

    def write() -> None:
        with path.open("a", buffering=1) as file:
            file.writelines(told)

    ends = time.monotonic() + 30

    def read() -> None:
        while len(side.calls(1)) < len(told) and time.monotonic() < ends:
            pass

    with ThreadPoolExecutor(5) as pool:
        for each in [pool.submit(read) for _ in range(4)] + [pool.submit(write)]:
            each.result(60)
    assert side.calls(1) == [f"model({at})" for at in range(2000)]


def test_the_number_of_the_request_is_in_the_shared_file(side: Observation) -> None:
    side.begin(7)
    assert (side.folder / "counter").read_bytes() == (7).to_bytes(24, "little")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/app/a.png", "<project>/a.png"),
        ("saved /app/models/x and /data/y", "saved <models>/x and <volume>/y"),
        ("/app", "<project>"),
        ("/apple/a.png", "/apple/a.png"),
        ("https://x/app/a.png", "https://x/app/a.png"),
        ("/home/app/a.png", "/home/app/a.png"),
        ({"job": "job-7", "paths": ["/app/a", 1, None]}, {"job": "<request id>", "paths": ["<project>/a", 1, None]}),
        (1.5, 1.5),
        ({"job-7": {"/app/a": 1}}, {"<request id>": {"<project>/a": 1}}),
        (LocalPath("/app/a.png", File(b"")), LocalPath("<project>/a.png", File(b""))),
    ],
)
def test_folders_and_ids_by_what_they_stand_for(side: Observation, value: object, expected: object) -> None:
    assert side.relabelled(value, "job-7") == expected


def test_without_an_id_no_text_is_replaced(side: Observation) -> None:
    assert side.relabelled("abc", "") == "abc"


def test_pins_are_exact_versions_only() -> None:
    texts = ["torch==2.1.0\ntorchvision>=0.16\nOpenCV-Python[x]==4.9.0.80  # why\n", '    "diffusers==0.30.0",\n']
    assert pins(texts) == {"torch": "2.1.0", "opencv_python": "4.9.0.80", "diffusers": "0.30.0"}


def test_names_of_the_project_are_those_of_its_folders_and_modules() -> None:
    assert top_level_names(["src/models/net.py", "handler.py", "data/a.png"]) == {"src", "models", "net", "handler"}


@pytest.mark.parametrize(
    ("beside", "own"),
    [
        pytest.param("net/Dockerfile", False, id="an image is built of it"),
        pytest.param("net/cog.yaml", False, id="a predictor is built of it"),
        pytest.param("net/notes.md", True, id="anything else"),
        pytest.param("Dockerfile", True, id="an image of the whole"),
    ],
)
def test_a_folder_that_an_image_is_built_of_is_no_package(beside: str, own: bool) -> None:
    assert ("net" in top_level_names(["net/handler.py", beside])) is own
    assert "net" in top_level_names(["net/handler.py", "net/__init__.py", beside])
    assert "net" in top_level_names(["net/handler.py", "other/net.py", beside])


def test_pauses_are_told_once_each_and_by_request(side: Observation) -> None:
    report(side, *({"request": request, "kind": "pause", "text": text} for request, text in ((1, "2"), (1, "0.5"), (1, "2"), (2, "1"))))
    assert (side.pauses(1), side.pauses(2), side.pauses(3)) == ((0.5, 2.0), (1.0,), ())


def test_the_declared_variables_are_those_of_the_first_call(side: Observation) -> None:
    told = [{"request": 1, "kind": "variables", "text": json.dumps({"TILE": value})} for value in ("8", None)]
    report(side, *told)
    assert (side.variables_seen(1), side.variables_seen(2)) == ({"TILE": "8"}, {})


def test_the_call_that_fails_is_counted_anew_in_each_request(tmp_path: Path) -> None:
    side = Observation(tmp_path / "side", frozenset({"main"}), {}, [])
    (tmp_path / "main.py").write_text("""
import sys, net
for line in sys.stdin:
    try:
        print(net.first(), net.second())
    except RuntimeError as error:
        print("failed", error)
    sys.stdout.flush()
""")
    with subprocess.Popen(
        [sys.executable, "main.py"], cwd=tmp_path, env=side.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        said = []
        for request, call in ((1, None), (2, 1), (3, 1), (4, 2), (5, None)):
            side.begin(request)
            calls = [*side.fallible_calls(1), Fault(call=2**62)]
            side.let_fail(None if call is None else calls[call])
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write("go\n")
            process.stdin.flush()
            said.append(process.stdout.readline().split()[0])
    assert said == ["net.first()", "failed", "failed", "net.first()", "net.first()"]
    assert side.calls(2) == ["net.first()", "net.second()"]


def test_what_a_fresh_runner_loads_belongs_to_no_request(tmp_path: Path) -> None:
    side = Observation(tmp_path / "side", frozenset({"main"}), {}, [])
    (tmp_path / "main.py").write_text("import net\nnet.run()\n")
    side.begin(1)
    subprocess.run([sys.executable, "main.py"], cwd=tmp_path, env=side.environment(), check=True)
    side.begin(4)
    side.let_fail(side.fallible_calls(1)[0])
    (tmp_path / "main.py").write_text("import os, net\nnet.load()\nos.environ['FAL_RUNNER_STATE'] = 'RUNNING'\nnet.run()\n")
    environment = side.environment({"FAL_RUNNER_STATE": "SETUP"})
    done = subprocess.run([sys.executable, "main.py"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert "CUDA error: out of memory" in done.stderr
    assert (side.calls(0), side.calls(4)) == (["net.load()"], ["net.run()"])


def test_the_release_of_the_sdk_is_the_one_that_the_conversion_tells(tmp_path: Path) -> None:
    observed = Observation(tmp_path / "observed", frozenset(), {}, [], release=("0.14.0a1", "0.23.1"))
    assert observed.relabelled(["cog 0.14.0a1", "cog 0.14.0a12", "10.14.0a1"], "") == ["cog 0.23.1", "cog 0.14.0a12", "10.14.0a1"]
