"""A path means what it says: a project, an entry in it, or a refusal with the sentence that helps; nothing is converted by mistake."""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from converters.cli import answer
from tests.test_overrides import PREDICTOR, PROJECTS, WORKER

CALLER = 'import runpod\n\nprint(runpod.Endpoint("abc123").run_sync({"input": {"n": 1}}))\n'
FAL = 'import fal\n\n\nclass Mine(fal.App, name="mine"):\n    pass\n'
TABLE = '[tool.fal.apps.mine]\nref = "app.py::Mine"\n'


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def laid(folder: Path, files: dict[str, str | bytes]) -> Path:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def listed(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    code = answer([*arguments, "--format", "json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found["exit_code"] == code
    return found


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("worker/handler.py", WORKER)
    return stream.getvalue()


def tarred(mode: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=f"w{mode}") as archive:
        archive.addfile(tarfile.TarInfo("handler.py"))
    return stream.getvalue()


FILES: dict[str, str | bytes] = {
    "worker/handler.py": WORKER,
    "worker/helpers.py": "def shout(text):\n    return text.upper()\n",
    "worker/notes.txt": "hello\n",
    "worker/client.py": CALLER,
    "worker/call.sh": 'curl -X POST https://api.runpod.ai/v2/abc123/run -d "{}"\n',
    "worker/web.js": 'fetch("https://api.replicate.com/v1/predictions")\n',
    "worker/worker.zip": zipped(),
    "worker/worker.tar": tarred(""),
    "worker/worker.tgz": tarred(":gz"),
    "worker/worker.txz": tarred(":xz"),
    "worker/looks-like.zip": "no archive at all\n",
    "worker/lonely.py": PREDICTOR,
    "worker/broken.py": "def (\n",
    "worker/requirements.txt": "runpod\n",
    "worker/pyproject.toml": "[project]\nname = 'worker'\nversion = '1'\n",
}
REFUSED = [
    ("typo", "does not exist", "Give the folder"),
    ("wroker", "does not exist", "Did you mean worker?"),
    ("worker/handlr.py", "does not exist", "Did you mean worker/handler.py?"),
    ("worker/handler.py/x", "does not exist", "Give the folder"),
    ("verfy", "does not exist", "Did you mean the command `migrate verify`?"),
    ("inspekt", "does not exist", "`migrate inspect`"),
    ("https://github.com/acme/worker", "is an address", "git clone https://github.com/acme/worker"),
    ("git@github.com:acme/worker.git", "is an address", "git clone git@github.com:acme/worker.git"),
    ("ssh://git@host/acme/worker", "is an address", "git clone ssh://git@host/acme/worker"),
    ("github.com/acme/worker", "is an address", "git clone github.com/acme/worker"),
    ("worker/notes.txt", "is not an entry", "a Dockerfile, a compose file or a cog.yaml"),
    ("worker/requirements.txt", "is not an entry", "Give one, or the folder"),
    ("worker/pyproject.toml", "is not an entry", "Give one, or the folder"),
    ("worker/helpers.py", "starts no worker", "Give one, or the folder"),
    ("worker/client.py", "serves none", "migrate callers worker/client.py"),
    ("worker/call.sh", "serves none", "migrate callers worker/call.sh"),
    ("worker/web.js", "serves none", "migrate callers worker/web.js"),
    ("worker/worker.zip", "is an archive", "Unpack it"),
    ("worker/worker.tar", "is an archive", "Unpack it"),
    ("worker/worker.tgz", "is an archive", "Unpack it"),
    ("worker/worker.txz", "is an archive", "Unpack it"),
    ("worker/looks-like.zip", "is not an entry", "Give one, or the folder"),
    ("worker/lonely.py", "is a Cog predictor, and no cog.yaml", "the folder of its cog.yaml"),
    ("worker/broken.py", "is not valid Python", ""),
    ("pipe", "neither a file nor a folder", "Give the folder"),
    ("gone", "a symbolic link to nothing", "Give the folder"),
]


@pytest.mark.parametrize("command", ["convert", "batch", "inspect"])
@pytest.mark.parametrize(("path", "found", "helps"), REFUSED)
def test_what_is_no_project_is_refused_and_nothing_else_is_converted(
    path: str, found: str, helps: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    laid(tmp_path, FILES)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "gone").symlink_to("nowhere")
    monkeypatch.chdir(tmp_path)
    before = listed(tmp_path)
    assert answer([command, path]) == 5
    shown = capsys.readouterr()
    said = " ".join((shown.err + shown.out).split())
    assert found in said
    assert helps in said
    assert listed(tmp_path) == before


@pytest.mark.parametrize("path", ["typo", "worker/worker.zip", "worker/worker.tgz", "pipe", "gone", "https://github.com/acme/worker"])
def test_what_holds_no_callers_is_refused(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    laid(tmp_path, FILES)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "gone").symlink_to("nowhere")
    monkeypatch.chdir(tmp_path)
    before = listed(tmp_path)
    assert answer(["callers", path]) == 5
    assert capsys.readouterr().err.startswith(path.replace("//", "/"))
    assert listed(tmp_path) == before


def test_a_target_of_verification_that_is_missing_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = laid(tmp_path / "p", PROJECTS["runpod"])
    laid(tmp_path / "p-fal", {"pyproject.toml": ""})
    assert answer(["verify", str(root), str(tmp_path / "p-fl")]) == 5
    assert f"Did you mean {tmp_path / 'p-fal'}?" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["verfy", "worker"], ["bach", "worker"], ["inspect", "wroker"], ["verify", "worker/notes.txt"]])
def test_a_misspelt_word_before_a_path_is_told_as_such(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    laid(tmp_path, FILES)
    monkeypatch.chdir(tmp_path)
    assert answer(words) == 5
    assert "Did you mean" in capsys.readouterr().err or words[0] == "verify"


@pytest.mark.parametrize("arguments", [[""], ["convert", ""], ["batch", ""], ["callers", ""], ["inspect", " "], ["run", ""]])
def test_an_empty_path_is_never_the_current_folder(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(laid(tmp_path / "here", {"handler.py": WORKER}))
    assert answer(arguments) == 2
    assert "the path is empty" in capsys.readouterr().err
    assert listed(tmp_path) == ["here", "here/handler.py"]


ENTRIES: list[tuple[dict[str, str | bytes], str, str, str]] = [
    ({"handler.py": WORKER, "other.py": WORKER}, "handler.py", "runpod", "handler.py"),
    ({"handler.py": WORKER, "other.py": WORKER}, "other.py", "runpod", "other.py"),
    (dict(PROJECTS["replicate"]), "cog.yaml", "replicate", "predict.py"),
    (dict(PROJECTS["replicate"]), "predict.py", "replicate", "predict.py"),
    ({**PROJECTS["replicate"], "handler.py": WORKER}, "predict.py", "replicate", "predict.py"),
    ({**PROJECTS["replicate"], "handler.py": WORKER}, "handler.py", "runpod", "handler.py"),
    ({**PROJECTS["docker"], "handler.py": WORKER}, "Dockerfile", "docker", "Dockerfile"),
    (
        {"handler.py": WORKER, "Dockerfile": "FROM python:3.11\nCOPY handler.py .\nCMD python handler.py\n", "other.py": WORKER},
        "Dockerfile",
        "runpod",
        "handler.py",
    ),
    (
        {**PROJECTS["docker"], "Dockerfile.two": PROJECTS["docker"]["Dockerfile"].replace("8000", "9000")},
        "Dockerfile.two",
        "docker",
        "Dockerfile.two",
    ),
    (
        {**PROJECTS["docker"], "compose.yaml": "services:\n  web:\n    build: .\n    ports: ['8000:8000']\n", "handler.py": WORKER},
        "compose.yaml",
        "docker",
        "Dockerfile",
    ),
]


@pytest.mark.parametrize("command", ["convert", "batch"])
@pytest.mark.parametrize(("files", "path", "platform", "entry"), ENTRIES)
def test_an_entry_is_converted_and_nothing_beside_it(
    files: dict[str, str | bytes], path: str, platform: str, entry: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    laid(tmp_path / "p", files)
    found = document(capsys, command, str(tmp_path / "p" / path), "--output", str(tmp_path / "out"))
    found = found["results"][0] if command == "batch" else found
    assert found["exit_code"] in (0, 3), found["message"]
    assert (found["source"]["platform"], found["source"]["entry"]) == (
        platform,
        "cog.yaml" if command == "batch" and platform == "replicate" else path,
    )
    assert [app["entry"] for app in found["apps"]] == [entry]


@pytest.mark.parametrize(
    ("files", "code", "said"),
    [
        ({"client.py": CALLER}, 4, "migrate callers"),
        ({"client.py": "import replicate\n\nprint(replicate.run('acme/x', input={}))\n"}, 4, "migrate callers"),
        ({"call.sh": "curl https://api.runpod.ai/v2/abc/run\n"}, 4, "migrate callers"),
        ({"tool.py": "print(1)\n"}, 4, "the folder that holds the worker"),
        ({"tool.py": "import runpod\n\nprint(runpod.__version__)\n"}, 4, "registers its handler"),
        ({"client.py": CALLER, "handler.py": WORKER}, 0, ""),
    ],
)
def test_a_folder_of_callers_is_told_what_rewrites_them(
    files: dict[str, str | bytes], code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer([str(laid(tmp_path / "p", files)), "-q"]) == code
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("name", ["client.py", "call.sh"])
def test_callers_that_were_rewritten_in_place_have_nothing_left_to_change(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        CALLER
        if name == "client.py"
        else 'curl -X POST https://api.runpod.ai/v2/abc123/run -H "Authorization: Bearer $K" -d \'{"input": {"n": 1}}\'\n'
    )
    root = repository(laid(tmp_path / "p", {name: text}))
    assert answer(["callers", str(root), "--map", "abc123=acme/app", "--in-place", "-q"]) == 0
    assert answer(["callers", str(root), "--check"]) == 0
    assert "is a caller of fal already" in capsys.readouterr().err
    laid(root, {"other.py": CALLER})
    assert answer(["callers", str(root), "--check", "-q"]) == 3


def test_a_caller_program_is_rewritten_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    laid(tmp_path / "p", {"client.py": CALLER, "other.py": CALLER})
    found = document(capsys, "callers", str(tmp_path / "p/client.py"), "--map", "abc123=acme/app")
    assert [file["path"] for file in found["files"] if file["action"] == "modified"] == ["client.py"]


# What is never a project


def environment(folder: Path, kind: str) -> Path:
    """An environment of some kind, with a worker in its packages."""
    if kind == "venv":
        laid(folder, {"pyvenv.cfg": "home = /usr\n", "lib/python3.11/site-packages/runpod/demo.py": WORKER})
    elif kind == "conda":
        laid(folder, {"conda-meta/history": "", "lib/python3.11/site-packages/demo/handler.py": WORKER})
    elif kind == "target":
        laid(folder, {"demo-1.0.dist-info/RECORD": "demo/handler.py,,\n", "demo/handler.py": WORKER, "demo/cog.yaml": "predict: a.py:A\n"})
    return folder


WHY = {"venv": "a virtual environment", "conda": "a conda environment", "target": "installed packages"}


@pytest.mark.parametrize("kind", WHY)
@pytest.mark.parametrize("name", ["env", "worker", "py311", "vendor"])
def test_environments_and_installed_packages_are_no_projects_whatever_they_are_called(
    name: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    top = laid(tmp_path / "top", {"real/handler.py": WORKER})
    environment(top / name, kind)
    found = document(capsys, "batch", str(top), "--output", str(tmp_path / "out"))
    assert [result["source"]["path"] for result in found["results"]] == [str(top / "real")]
    assert found["left_out"] == [{"path": str(top / name), "why": WHY[kind]}]
    one = laid(top / "real", {})
    environment(one / name, kind)
    assert [app["entry"] for app in document(capsys, str(one), "--output", str(tmp_path / "one"))["apps"]] == ["handler.py"]
    assert (tmp_path / "one" / name).exists() == (kind == "target")


def test_a_project_whose_own_folder_is_an_environment_is_converted_without_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = environment(laid(tmp_path / "p", {"handler.py": WORKER, "lib/shared/names.py": "A = 1\n", "bin/tool.sh": "true\n"}), "venv")
    for command in ("convert", "batch"):
        found = document(capsys, command, str(root), "--output", str(tmp_path / command))
        found = found["results"][0] if command == "batch" else found
        assert [app["entry"] for app in found["apps"]] == ["handler.py"]
        paths = {file["path"] for file in found["files"]}
        assert {"lib/shared/names.py", "bin/tool.sh"} <= paths
        assert not any("site-packages" in path for path in paths)


def test_a_folder_of_somebodys_own_beside_an_environment_is_a_project(tmp_path: Path) -> None:
    root = environment(laid(tmp_path / "p", {"lib/worker/handler.py": WORKER}), "venv")
    assert answer([str(root / "lib/worker"), "--check"]) == 1


@pytest.mark.parametrize("inside", ["lib/python3.11/site-packages", "lib/python3.11/site-packages/runpod"])
def test_a_path_inside_an_environment_is_refused(inside: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    environment(tmp_path / "env", "venv")
    assert answer([str(tmp_path / "env" / inside)]) == 5
    assert "is part of an installation" in capsys.readouterr().err


# What is converted already


def repository(folder: Path) -> Path:
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


LAYOUTS: dict[str, tuple[dict[str, str | bytes], list[str]]] = {
    "a worker that dissolves": (dict(PROJECTS["runpod"]), []),
    "a worker that is kept": (dict(PROJECTS["runpod"]), ["--style", "keep"]),
    "a worker with an image": (
        {**PROJECTS["runpod"], "Dockerfile": "FROM python:3.11\nRUN make tools\nCOPY handler.py .\nCMD python handler.py\n"},
        [],
    ),
    "a worker with another name": (dict(PROJECTS["runpod"]), ["--name", "something-else"]),
    "a worker with an example beside it": ({**PROJECTS["runpod"], "examples/old.py": WORKER}, []),
    "two workers": ({"a/handler.py": WORKER, "b/handler.py": WORKER}, []),
    "a predictor": (dict(PROJECTS["replicate"]), []),
    "a predictor that is kept": (dict(PROJECTS["replicate"]), ["--style", "keep"]),
    "a server as an image": (dict(PROJECTS["docker"]), []),
    "a server as a function": (dict(PROJECTS["docker"]), ["--target", "function"]),
    "a server behind a proxy": (dict(PROJECTS["docker"]), ["--target", "app"]),
    "a server of a compose file": (
        {**PROJECTS["docker"], "compose.yaml": "services:\n  web:\n    build: .\n    ports: ['8000:8000']\n"},
        [],
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_tree_that_was_converted_in_place_has_nothing_left_to_change(
    layout: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files, options = LAYOUTS[layout]
    root = repository(laid(tmp_path / "p", files))
    assert answer([str(root), "--check", *options]) in (1, 3)
    assert answer([str(root), "--in-place", "-q", *options]) in (0, 3)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and ".git" not in path.parts}
    for arguments in (["--check"], ["--diff"], []):
        assert answer([str(root), *arguments]) == 0
    repository(root)
    assert answer([str(root), "--in-place"]) == 0
    assert "is a fal project (app" in capsys.readouterr().err
    assert document(capsys, str(root), "--check")["status"] == "unchanged"
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and ".git" not in path.parts} == before


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_batch_never_converts_an_output_again(layout: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files, options = LAYOUTS[layout]
    laid(tmp_path / "top/p", files)
    assert answer([str(tmp_path / "top/p"), "-q", *options]) in (0, 3)
    made = next((tmp_path / "top").glob("*-fal"))
    before = listed(made)
    found = document(capsys, "batch", str(tmp_path / "top"), "--output", str(tmp_path / "out"))
    assert found["left_out"] == [{"path": str(made), "why": "a fal project already"}]
    assert all(not result["source"]["path"].startswith(str(made)) for result in found["results"])
    assert found["results"]
    again = document(capsys, "batch", str(made), "--output", str(tmp_path / "again"))
    assert (again["exit_code"], again["results"], len(again["left_out"])) == (0, [], 1)
    assert listed(made) == before


OTHERS: list[tuple[dict[str, str | bytes], bool]] = [
    ({"app.py": FAL, "pyproject.toml": TABLE}, True),
    ({"app.py": FAL, "pyproject.toml": TABLE, "Dockerfile": PROJECTS["docker"]["Dockerfile"]}, True),
    ({"pyproject.toml": '[tool.fal.apps.mine]\n[tool.fal.apps.mine.image]\nimage = "acme/x:1"\n'}, True),
    ({"one/app.py": FAL, "pyproject.toml": TABLE.replace("app.py", "one/app.py"), "two/handler.py": WORKER}, False),
    ({"app.py": FAL, "pyproject.toml": TABLE, "workers/new/handler.py": WORKER, "workers/new/requirements.txt": "runpod\n"}, False),
    (
        {
            "app.py": FAL,
            "pyproject.toml": TABLE,
            "models/new/predict.py": PREDICTOR,
            "models/new/cog.yaml": "predict: predict.py:Predictor\n",
        },
        False,
    ),
    ({"app.py": FAL, "pyproject.toml": TABLE, "old/copy.py": WORKER}, True),
    ({"app.py": FAL, "pyproject.toml": TABLE, "web/Dockerfile": PROJECTS["docker"]["Dockerfile"], "web/main.py": ""}, True),
    ({"app.py": FAL.replace("Mine", "Other"), "pyproject.toml": TABLE, "handler.py": WORKER}, False),
    ({"pyproject.toml": TABLE, "handler.py": WORKER}, False),
    ({"pyproject.toml": "[tool.fal]\nother = 1\n", "handler.py": WORKER}, False),
    ({"pyproject.toml": "[tool.fal.apps.mine]\n", "handler.py": WORKER}, False),
    ({"app.py": FAL, "pyproject.toml": "[project]\nname = 'x'\n", "handler.py": WORKER}, False),
]


@pytest.mark.parametrize(("files", "converted"), OTHERS)
def test_only_a_project_whose_apps_are_there_is_one_already(
    files: dict[str, str | bytes], converted: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = laid(tmp_path / "p", files)
    assert (document(capsys, str(root), "--check")["status"] == "unchanged") is converted
    found = document(capsys, "batch", str(root), "--output", str(tmp_path / "out"))
    assert (not found["results"]) is converted


def test_a_new_worker_beside_a_fal_app_is_converted_by_its_own_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = laid(tmp_path / "p", {"app.py": FAL, "pyproject.toml": TABLE, "new.py": WORKER})
    assert document(capsys, str(root), "--check")["status"] == "unchanged"
    assert document(capsys, str(root / "new.py"), "--check")["exit_code"] == 1


def test_a_fal_project_is_no_source_to_verify_or_explain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = laid(tmp_path / "p", {"app.py": FAL, "pyproject.toml": TABLE})
    assert answer(["verify", str(root)]) == 4
    assert answer(["explain", f"{root}/app.py:1"]) == 4
    assert capsys.readouterr().err.count("Give the project that it was made from") == 2


def test_conflict_markers_in_a_fal_project_are_never_exit_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    marked = f"<<<<<<< yours\nx = 1\n=======\nx = 2\n>>>>>>> fal-migrate\n{FAL}"
    root = laid(tmp_path / "p", {"app.py": marked, "pyproject.toml": TABLE})
    for arguments in ([], ["--check"], ["--fail-on", "never"]):
        assert answer([str(root), *arguments]) == 3
        assert "unresolved conflicts in app.py" in capsys.readouterr().err


# What a check writes


@pytest.mark.parametrize("command", ["convert", "batch"])
@pytest.mark.parametrize("output", ["out", "deep/out", ""])
def test_a_check_writes_nothing_at_all(output: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    laid(tmp_path / "p", PROJECTS["runpod"])
    before = listed(tmp_path)
    arguments = ["--output", str(tmp_path / output)] if output else []
    assert answer([command, str(tmp_path / "p"), "--check", *arguments]) == 1
    assert listed(tmp_path) == before


def test_a_check_cannot_be_resumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    laid(tmp_path / "p", PROJECTS["runpod"])
    assert answer(["batch", str(tmp_path / "p"), "--check", "--resume", "--output", str(tmp_path / "out")]) == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("format", ["text", "markdown", "github", "sarif", "junit"])
def test_every_report_of_a_batch_counts_what_was_left_out(format: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    top = laid(tmp_path / "top", {"real/handler.py": WORKER, "done/app.py": FAL, "done/pyproject.toml": TABLE})
    for name in ("one", "two"):
        environment(top / name, "venv")
    (top / "link").symlink_to(top / "real")
    answer(["batch", str(top), "--check", "--format", format])
    shown = " ".join(capsys.readouterr().out.split())
    assert "left out, a virtual environment: 2 (" in shown
    assert "left out, a fal project already: 1 (" in shown
    assert "left out, a symbolic link to a folder: 1 (" in shown


def test_a_path_that_is_missing_does_not_stop_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    laid(tmp_path, {"p/handler.py": WORKER})
    found = document(capsys, "batch", str(tmp_path / "p"), str(tmp_path / "typo"), "--output", str(tmp_path / "out"))
    assert [(result["status"], result["exit_code"]) for result in found["results"]] == [("converted", 0), ("unreadable", 5)]
    assert found["exit_code"] == 5
