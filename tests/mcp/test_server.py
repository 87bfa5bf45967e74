"""The server's tools, called by the official client of the protocol over standard input and output."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult, TextContent

from converters.mcp.commands import Answer
from converters.mcp.places import Outside, places
from converters.mcp.results import KEPT, LIMIT, Results

RIGHT = (
    "import runpod\n\n\ndef handler(job):\n    return {'n': job['input'].get('n', 1)}\n\n\nrunpod.serverless.start({'handler': handler})\n"
)
LEFT = RIGHT.replace("import runpod\n", "import runpod\n\nWEIGHTS = open('weights.bin', 'rb').read()\n")
HOSTILE = "from pathlib import Path\n\nPath('{marker}').write_text('ran')\n" + RIGHT
SECRET = "what nobody may read"
CALLER = "import runpod\n\nendpoint = runpod.Endpoint('abc')\nprint(endpoint.run_sync({'input': {'n': 2}}))\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Projects: one that is right, one that needs work, one that is hostile, and a program that calls one."""
    marker = tmp_path / "marker"
    for name, text in {"right": RIGHT, "left": LEFT, "hostile": HOSTILE.replace("{marker}", str(marker)), "caller": CALLER}.items():
        (tmp_path / "root" / name).mkdir(parents=True)
        (tmp_path / "root" / name / ("call.py" if name == "caller" else "handler.py")).write_text(text)
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "root" / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "root" / "hostile" / "leak.txt").symlink_to(tmp_path / "secret")
    (tmp_path / "root" / "hostile" / "notes\n::error::x.txt").write_text("notes")
    return tmp_path / "root"


def session(root: Path, calls: list[tuple[str, dict[str, Any]]], told: list[str] | None = None) -> list[CallToolResult]:
    """The results of calls of one client."""

    async def progress(progress: float, total: float | None, message: str | None) -> None:
        if told is not None:
            told.append(str(message))

    async def use() -> list[CallToolResult]:
        command = ["-m", "converters", "mcp", str(root.parent / "output"), "--root", str(root)]
        server = StdioServerParameters(command=sys.executable, args=command, env=dict(os.environ))
        async with Client(server) as client:
            return [await client.call_tool(name, arguments, progress_callback=progress) for name, arguments in calls]

    return anyio.run(use)


def body(result: CallToolResult) -> dict[str, Any]:
    assert not result.is_error, result.content
    assert isinstance(result.structured_content, dict)
    found: dict[str, Any] = result.structured_content.get("result", result.structured_content)
    return found


def test_a_project_that_is_right_goes_all_the_way(root: Path) -> None:
    told: list[str] = []
    found = session(
        root,
        [
            ("inspect", {"path": "right"}),
            ("convert", {"path": "right", "name": "app", "settings": {"machine_type": "L"}}),
            ("check", {"app": str(root.parent / "output" / "app")}),
            ("brief", {"app": str(root.parent / "output" / "app")}),
            ("verify", {"path": "right", "app": str(root.parent / "output" / "app"), "seconds": 2}),
            ("rehearse", {"app": str(root.parent / "output" / "app" / "nothing.py")}),
            ("callers", {"path": "caller", "name": "called", "apps": {"abc": "me/app"}}),
            ("explain", {"rule": "RP007"}),
        ],
        told,
    )
    inspected, converted, checked, briefed, verified, rehearsed, called, explained = found
    assert body(inspected)["document"]["platform"] == "runpod"
    assert body(converted)["exit_code"] == 0 and body(converted)["document"]["status"] == "converted"
    assert (root.parent / "output" / "app" / "app.py").is_file()
    assert body(checked)["exit_code"] == 0 and body(checked)["document"]["findings"] == []
    assert body(briefed)["exit_code"] in (0, 3) and "tasks" in body(briefed)["document"]
    assert body(verified)["exit_code"] == 0, body(verified)
    assert rehearsed.is_error and "does not exist" in _text(rehearsed)
    assert body(called)["exit_code"] in (0, 3) and (root.parent / "output" / "called").is_dir()
    assert "RP007" in body(explained)["text"]
    assert any(line.startswith("migrate convert ") for line in told)
    assert sorted(path.name for path in root.iterdir()) == ["caller", "hostile", "left", "link", "right"]


def test_a_project_that_needs_work_says_what_is_next(root: Path) -> None:
    app = str(root.parent / "output" / "app")
    inspected, converted, checked, briefed, rehearsed, called, explained = session(
        root,
        [
            ("inspect", {"path": "left"}),
            ("convert", {"path": "left", "name": "app"}),
            ("check", {"app": app}),
            ("brief", {"app": app}),
            ("rehearse", {"app": "left"}),
            ("callers", {"path": "caller", "name": "called"}),
            ("explain", {"path": "left", "file": "handler.py", "line": 3}),
        ],
    )
    assert body(inspected)["exit_code"] == 0
    assert body(converted)["exit_code"] == 3 and body(checked)["exit_code"] == 3
    (finding,) = [one for one in body(checked)["document"]["findings"] if "weights.bin" in json.dumps(one)]
    assert finding["id"] and finding["file"] and finding["reproduce"]
    assert "weights.bin" in json.dumps(body(briefed)["document"]["tasks"])
    assert body(rehearsed)["exit_code"] not in (0, 70) and "left" in json.dumps(body(rehearsed))
    assert body(called)["exit_code"] == 3 and body(called)["document"]["ledger"]["counts"]["manual"] > 0
    assert body(explained)["exit_code"] == 0 and "handler.py:3" in body(explained)["text"]


def test_an_app_that_answers_otherwise_is_told_with_what_it_answers(root: Path) -> None:
    app = root.parent / "output" / "app"
    session(root, [("convert", {"path": "right", "name": "app"})])
    written = (app / "app.py").read_text()
    assert "Output(n=input.n)" in written
    (app / "app.py").write_text(written.replace("Output(n=input.n)", "Output(n=input.n + 1)"))
    (verified,) = session(root, [("verify", {"path": "right", "app": str(app), "seconds": 2})])
    assert body(verified)["exit_code"] == 6
    assert all(one["reproduce"] and one["observed"] != one["expected"] for one in body(verified)["document"]["findings"])
    assert body(verified)["document"]["findings"]


def test_a_hostile_project_runs_nothing_and_leads_nowhere(root: Path) -> None:
    app = str(root.parent / "output" / "hostile")
    done = session(
        root,
        [
            ("inspect", {"path": "hostile"}),
            ("convert", {"path": "hostile", "name": "hostile"}),
            ("check", {"app": app}),
            ("brief", {"app": app}),
            ("callers", {"path": "hostile", "name": "called"}),
            ("explain", {"path": "hostile", "file": "handler.py", "line": 3}),
            ("rehearse", {"app": "hostile"}),
            ("verify", {"path": "hostile", "app": app, "seconds": 2}),
        ],
    )
    assert all(body(one)["exit_code"] != 70 and "Traceback (most" not in body(one).get("text", "") for one in done)
    assert body(done[1])["exit_code"] in (0, 3)
    assert not (root.parent / "marker").exists(), "the module ran where it reaches this machine"
    written = [path for path in (root.parent / "output").rglob("*") if path.is_file()]
    assert written and not any(path.is_symlink() or SECRET in path.read_text() for path in written)
    assert SECRET not in "".join(map(_text, done))


OUTSIDE = ["../secret", "link", "/etc", "right\n::error::", "--version", "hostile/leak.txt", "", "absent"]
NAMES = ["../escaped", "--force", "a\nb", "a/b", ".hidden", ""]


def test_what_leads_outside_is_refused_by_every_tool(root: Path) -> None:
    calls = [("inspect", {"path": path}) for path in OUTSIDE]
    calls += [(tool, {"app": path}) for tool in ("check", "brief", "rehearse") for path in OUTSIDE]
    calls += [("verify", {"path": path, "app": "right"}) for path in OUTSIDE] + [
        ("verify", {"path": "right", "app": path}) for path in OUTSIDE
    ]
    calls += [(tool, {"path": path, "name": "a"}) for tool in ("convert", "callers") for path in OUTSIDE]
    calls += [(tool, {"path": "right", "name": name}) for tool in ("convert", "callers") for name in NAMES]
    calls += [("explain", {"path": path, "file": "handler.py"}) for path in OUTSIDE if path]
    calls += [("explain", {"path": "right", "file": file}) for file in ("../../secret", "../link", "absent", "a\nb")]
    calls += [
        ("check", {"app": "right::a b"}),
        ("explain", {"rule": "--help"}),
        ("explain", {}),
        ("explain", {"rule": "RP007", "path": "a", "file": "b"}),
    ]
    found = session(root, calls)
    answered = [call for call, one in zip(calls, found, strict=True) if not one.is_error]
    assert answered == []
    assert not any("Traceback" in _text(one) or SECRET in _text(one) for one in found)
    assert sorted(path.name for path in root.parent.iterdir()) == ["output", "root", "secret"]
    assert not any((root.parent / "output").iterdir())


@pytest.mark.versions
def test_nothing_at_the_root_is_imported(root: Path) -> None:
    """The root is a project as often as not: its modules are called like those of the program and its packages."""
    marker = root.parent / "marker"
    for name in ("typer", "json", "anyio", "sitecustomize", "converters"):
        (root / f"{name}.py").write_text(HOSTILE.replace("{marker}", str(marker)))
    calls = [("inspect", {"path": "right"}), ("convert", {"path": "right", "name": "converters"}), ("explain", {"rule": "RP007"})]
    found = session(root, calls)
    assert [body(one)["exit_code"] for one in found] == [0, 0, 0]
    assert not marker.exists()


def test_a_folder_outside_is_no_app_of_callers(root: Path) -> None:
    outside = root.parent / "outside"
    found = session(
        root,
        [
            ("convert", {"path": "right", "name": "app"}),
            ("callers", {"path": "caller", "name": "called", "apps": {"abc": f"me/right:{root.parent / 'output' / 'app'}"}}),
            ("callers", {"path": "caller", "name": "leads", "apps": {"abc": f"me/right:{outside}"}}),
            ("callers", {"path": "caller", "name": "leads", "apps": {"abc": "me/right:../outside"}}),
        ],
    )
    assert body(found[0])["exit_code"] == 0 and body(found[1])["exit_code"] == 0, body(found[1])
    assert all(one.is_error and "lies outside" in _text(one) for one in found[2:]), [_text(one) for one in found[2:]]
    assert not (root.parent / "output" / "leads").exists()


def test_what_a_command_refuses_is_an_answer_with_its_exit_code(root: Path) -> None:
    (root / "broken").mkdir()
    (root / "broken" / "handler.py").write_text("import runpod\ndef handler(job:\n")
    (found,) = session(root, [("convert", {"path": "broken", "name": "broken"})])
    assert body(found)["exit_code"] == 5
    assert "handler.py" in json.dumps(body(found)) and "Traceback" not in json.dumps(body(found))


def _text(result: CallToolResult) -> str:
    return "\n".join(part.text for part in result.content if isinstance(part, TextContent))


# The end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_no_command_outlives_the_server(root: Path, number: signal.Signals) -> None:
    (root / "slow").mkdir()
    (root / "slow" / "handler.py").write_text(RIGHT.replace("    return", "    import time\n    time.sleep(300)\n    return"))
    command = [sys.executable, "-m", "converters", "mcp", str(root.parent / "output"), "--root", str(root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None and server.stdout is not None

        def say(**message: Any) -> None:
            assert server.stdin is not None
            print(json.dumps({"jsonrpc": "2.0", **message}), file=server.stdin, flush=True)

        try:
            hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
            say(id=1, method="initialize", params=hello)
            server.stdout.readline()
            say(method="notifications/initialized")
            call = {"name": "verify", "arguments": {"path": "slow", "app": "slow", "seconds": 60}, "_meta": {"progressToken": "t"}}
            say(id=2, method="tools/call", params=call)
            assert "migrate verify" in server.stdout.readline()
            assert _processes(root)
            server.send_signal(number)
            assert server.wait(20) == 130
        finally:
            server.kill()
    assert _processes(root) == []


def _processes(root: Path) -> list[str]:
    """The commands of ours that run over a root."""
    listed = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if "converters verify" in line and str(root) in line]


# Long answers


def test_a_long_answer_is_a_summary_with_a_resource() -> None:
    results = Results()
    document = {"exit_code": 3, "findings": [{"id": str(number), "text": "x" * 900} for number in range(100)], "apps": [1, 2]}
    made = results.of(Answer("migrate check app", 3, document=document))
    assert made["document"]["apps"] == {"items": 2} and 0 < len(made["document"]["findings"]) < 100
    assert len(json.dumps(made)) < LIMIT
    number = int(str(made["resource"]).rpartition("/")[2])
    assert json.loads(results.read(number)) == document


def test_only_the_latest_long_answers_are_kept() -> None:
    results = Results()
    for _ in range(KEPT + 1):
        results.of(Answer("migrate", 0, document={"rows": ["x" * LIMIT]}))
    with pytest.raises(KeyError):
        results.read(1)
    assert results.read(KEPT + 1)


def test_the_output_may_be_read_and_links_out_of_it_may_not(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    found = places(tmp_path / "root", tmp_path / "output")
    (tmp_path / "output" / "app").mkdir()
    (tmp_path / "output" / "out").symlink_to(tmp_path)
    assert found.read(str(tmp_path / "output" / "app")) == (tmp_path / "output" / "app").resolve()
    with pytest.raises(Outside, match="lies outside"):
        found.read(str(tmp_path / "output" / "out"))
    with pytest.raises(Outside, match="symbolic link"):
        found.write("out")
    (tmp_path / "root" / f"a=b/c:{tmp_path}").mkdir(parents=True)
    with pytest.raises(Outside, match="is no app"):
        found.mapped(f"me/app:{tmp_path}/root/a=b/c:{tmp_path}")
    with pytest.raises(Outside, match="is no folder"):
        places(tmp_path / "absent", tmp_path / "output")
