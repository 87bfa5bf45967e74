"""Given any change of any bytes, `git apply` of the diff gives exactly the written bytes."""

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converters.outcome import FileChange, Hunk
from converters.review.diff import coloured, file_diff, quoted

LINES = st.sampled_from(
    [
        b"a\n",
        b"b\n",
        b"a\r\n",
        b"\n",
        b"\r\n",
        b"  \n",
        b"-- x\n",
        b"--- a/x\n",
        b"@@ -1 +1 @@\n",
        b"\\ No\n",
        b"x\0y\n",
        b"\xff\n",
        b"diff --git a/x b/x\n",
        b"c\rd\n",
        b"\x0c\n",
    ]
)
ENDS = st.sampled_from([b"", b"", b"tail", b"tail\r", b"\0"])
FILES = st.builds(lambda lines, end: b"".join(lines) + end, st.lists(LINES, max_size=30), ENDS)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=("Cs",)), min_size=1, max_size=20).filter(
    lambda name: name not in (".", "..") and name.lower() != ".git" and len(name.encode()) < 100 and "git" not in name.lower()
)
HUNKS = (Hunk(1, 2, "RP002", "two\nlines \x1b and\r diff --git a/x b/x", "handler.py:3"), Hunk(4, 4, "ENV001", "--- a/x"))


def git_apply(folder: Path, diff: bytes, *flags: str) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_NOSYSTEM": "1",
        "HOME": str(folder),
        "GIT_CEILING_DIRECTORIES": str(folder.parent),
    }
    done = subprocess.run(
        ["git", "apply", "--whitespace=nowarn", *flags], cwd=folder, input=diff, capture_output=True, env=environment, check=False
    )
    assert done.returncode == 0, (done.stderr, diff)


def apply(changes: list[FileChange], *, was_executable: bool = False) -> dict[str, tuple[bytes, bool]]:
    """Write the files as they were, apply the diff, and read what is there."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for change in changes:
            if change.before is not None:
                (folder / change.path).parent.mkdir(parents=True, exist_ok=True)
                (folder / change.path).write_bytes(change.before)
                (folder / change.path).chmod(0o755 if was_executable else 0o644)
        git_apply(folder, b"".join(file_diff(change, was_executable) for change in changes))
        found = [path for path in folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(folder)): (path.read_bytes(), bool(path.stat().st_mode & stat.S_IXUSR)) for path in found}


def written(changes: list[FileChange]) -> dict[str, tuple[bytes, bool]]:
    return {change.path: (change.data or b"", change.executable) for change in changes}


@settings(max_examples=150, deadline=None)
@given(before=FILES, after=FILES, executable=st.booleans(), was_executable=st.booleans())
def test_any_modification_applies(before: bytes, after: bytes, executable: bool, was_executable: bool) -> None:
    change = FileChange("kept.py", "modified", after, before=before, executable=executable, hunks=HUNKS)
    other = FileChange("z/new.py", "added", b"x = 1\n", hunks=HUNKS)
    if before == after and executable == was_executable:
        assert file_diff(change, was_executable) == b""
        return
    assert apply([change, other], was_executable=was_executable) == written([change, other])


@settings(max_examples=100, deadline=None)
@given(name=NAMES, after=FILES, executable=st.booleans())
def test_any_new_file_with_any_name_applies(name: str, after: bytes, executable: bool) -> None:
    change = FileChange(name, "added", after, executable=executable)
    assert apply([change]) == written([change])


@settings(max_examples=100, deadline=None)
@given(name=NAMES, before=FILES, after=FILES)
def test_any_edit_under_any_name_applies(name: str, before: bytes, after: bytes) -> None:
    change = FileChange(f"a folder/{name}", "modified", after, before=before)
    if before != after:
        assert apply([change]) == written([change])


@settings(max_examples=50, deadline=None)
@given(before=st.binary(max_size=5000), after=st.binary(max_size=5000))
def test_binary_files_apply_and_unapply(before: bytes, after: bytes) -> None:
    change = FileChange("weights.bin", "modified", b"\0" + after, before=b"\0" + before)
    diff = file_diff(change)
    if not diff:
        return
    with tempfile.TemporaryDirectory() as name:
        file = Path(name, "weights.bin")
        file.write_bytes(b"\0" + before)
        git_apply(Path(name), diff)
        assert file.read_bytes() == b"\0" + after
        git_apply(Path(name), diff, "-R")
        assert file.read_bytes() == b"\0" + before


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(FILES, FILES), min_size=2, max_size=5))
def test_several_files_apply_together(pairs: list[tuple[bytes, bytes]]) -> None:
    changes = [FileChange(f"f{n}.py", "modified", after, before=before, hunks=HUNKS) for n, (before, after) in enumerate(pairs)]
    if any(before != after for before, after in pairs):
        assert apply(changes) == written(changes)


def test_a_long_file_stays_small() -> None:
    before = b"".join(b"line %d\n" % (n % 7) for n in range(20_000))
    after = before.replace(b"line 3\n", b"line three\n", 1)
    diff = file_diff(FileChange("long.py", "modified", after, before=before))
    assert diff.count(b"\n") < 20
    assert apply([FileChange("long.py", "modified", after, before=before)])["long.py"][0] == after


@pytest.mark.parametrize("action", ["copied", "removed"])
def test_files_that_do_not_change_stay_out(action: str) -> None:
    assert file_diff(FileChange("model.py", action, b"x" if action == "copied" else None, before=b"x")) == b""  # type: ignore[arg-type]


def test_each_hunk_names_its_rule_and_the_header_the_reason() -> None:
    before = b"".join(b"%d\n" % n for n in range(40))
    after = before.replace(b"1\n2\n", b"1\n", 1).replace(b"30\n", b"thirty\n")
    change = FileChange(
        "h.py",
        "modified",
        after,
        before=before,
        hunks=(Hunk(3, 3, "RP002", "the SDK import goes"), Hunk(30, 30, "RP007", "the job is a model", "h.py:31")),
    )
    lines = file_diff(change).decode().splitlines()
    assert lines[:3] == ["# RP002 h.py:3 the SDK import goes", "# RP007 h.py:31 the job is a model", "diff --git a/h.py b/h.py"]
    assert [line for line in lines if line.startswith("@@")] == ["@@ -1,6 +1,5 @@ RP002", "@@ -28,7 +27,7 @@ RP007"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("app.py", b"a/app.py", id="a plain name is bare"),
        pytest.param("my app.py", b"a/my app.py", id="a space needs no quotes"),
        pytest.param("é.py", b'"a/\\303\\251.py"', id="other alphabets are octal"),
        pytest.param('a"b\\c\td\n', b'"a/a\\"b\\\\c\\td\\n"', id="quotes and control characters are escaped"),
        pytest.param(os.fsdecode(b"\xff.py"), b'"a/\\377.py"', id="bytes that are no UTF-8 survive"),
    ],
)
def test_paths_are_quoted_as_git_does(path: str, expected: bytes) -> None:
    assert quoted(path, "a/") == expected


@pytest.mark.parametrize("sign", ["\x1b[2J", "\x9b2J", "\u202e", "\u2066", "\r", "\x07"])
def test_a_terminal_obeys_nothing_of_a_file(sign: str) -> None:
    diff = file_diff(FileChange("a.py", "modified", f"a{sign}b\n".encode(), before=b"x\n", hunks=HUNKS))
    painted = coloured(diff).decode()
    assert sign not in painted
    assert f"+a{sign!r}b".replace("'", "") in painted.replace("\x1b[32m", "")


def test_colours_add_nothing_but_colours() -> None:
    diff = file_diff(FileChange("a.py", "modified", b"x\r\ny", before=b"y\n", hunks=HUNKS))
    painted = coloured(diff)
    assert b"\x1b[32m+x\x1b[0m\r\n" in painted
    for code in (b"\x1b[0m", b"\x1b[1m", b"\x1b[2m", b"\x1b[31m", b"\x1b[32m", b"\x1b[36m"):
        painted = painted.replace(code, b"")
    assert painted == diff
