"""An output is written whole or not at all, and what a person wrote into it is never lost."""

from __future__ import annotations

import dataclasses
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.errors import ExitCode, UsageError
from converters.outcome import Converted, FileChange
from converters.output import Written, base, clear_scratch, default_output, place, write, write_in_place
from converters.output import tree as output_tree
from converters.output.merge import has_markers, merge
from tests import made


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def tree(folder: Path) -> dict[str, bytes | str]:
    """Everything below a folder: bytes of files, targets of links."""
    entries = {path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()}
    return {path.relative_to(folder).as_posix(): str(path.readlink()) if path.is_symlink() else path.read_bytes() for path in entries}


def with_files(converted: Converted, **texts: bytes | None) -> Converted:
    """The conversion with other files: keyword `app` stands for app.py, None takes it out."""
    kept = [change for change in converted.files if change.path.partition(".")[0] not in texts]
    new = [FileChange(f"{name}.py", "added", data) for name, data in texts.items() if data is not None]
    return dataclasses.replace(converted, files=(*kept, *new))


WRITTEN = {"app.py": made.APP, "handler.py": made.KEPT, "pyproject.toml": made.TOML, "data/start.sh": b"#!/bin/sh\r\necho hi"}


def test_a_fresh_output_holds_the_files_and_their_modes(tmp_path: Path) -> None:
    converted = made.converted(tmp_path)
    before = tree(converted.root)
    written = write(converted, default_output(converted))
    assert written == Written(tmp_path / "worker-fal")
    assert tree(written.path) == WRITTEN
    assert (written.path / "data/start.sh").stat().st_mode & stat.S_IXUSR
    assert not (written.path / "app.py").stat().st_mode & stat.S_IXUSR
    assert stat.S_IMODE(written.path.stat().st_mode) == stat.S_IMODE(converted.root.stat().st_mode)
    assert tree(converted.root) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["worker", "worker-fal"]


def test_kept_files_keep_their_permissions(tmp_path: Path) -> None:
    converted = made.converted(tmp_path)
    (converted.root / "handler.py").chmod(0o640)
    write(converted, tmp_path / "out")
    assert stat.S_IMODE((tmp_path / "out/handler.py").stat().st_mode) == 0o640


def test_the_name_of_a_conversion_names_its_default_output(tmp_path: Path) -> None:
    assert default_output(made.converted(tmp_path, name="other")) == tmp_path / "other-fal"


def test_missing_folders_above_the_output_are_made(tmp_path: Path) -> None:
    assert tree(write(made.converted(tmp_path), tmp_path / "a/b/out").path) == WRITTEN


REFUSED: dict[str, Callable[[Path], Path]] = {
    "exists already": lambda folder: folder / "there",
    "is a file": lambda folder: folder / "file",
    "is a symbolic link": lambda folder: folder / "link",
    "lies inside the project": lambda folder: folder / "worker" / "out",
    "holds the project": lambda folder: folder,
}


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("reason", REFUSED)
def test_an_output_in_the_way_is_refused_and_nothing_changes(tmp_path: Path, reason: str, force: bool) -> None:
    converted = made.converted(tmp_path)
    (tmp_path / "there").mkdir()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "there")
    before = tree(tmp_path)
    if force and reason == "exists already":
        return
    with pytest.raises(UsageError, match=reason) as refusal:
        write(converted, REFUSED[reason](tmp_path), force=force)
    assert refusal.value.code == ExitCode.USAGE
    assert refusal.value.hint
    assert tree(tmp_path) == before


def test_the_project_itself_is_no_output(tmp_path: Path) -> None:
    converted = made.converted(tmp_path)
    with pytest.raises(UsageError, match="lies inside"):
        write(converted, tmp_path / "x" / ".." / "worker", force=True)


def test_a_failing_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    converted = made.converted(tmp_path)
    monkeypatch.setattr(place, "build", fail)
    with pytest.raises(UsageError, match="No space left"):
        write(converted, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["worker"]


def test_a_path_that_leaves_the_output_is_a_bug(tmp_path: Path) -> None:
    converted = dataclasses.replace(made.converted(tmp_path), files=(FileChange("../x", "added", b""),))
    with pytest.raises(ValueError, match="leaves the output"):
        write(converted, tmp_path / "out")


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    converted = made.converted(tmp_path)
    place = write(converted, tmp_path / "out").path
    stamp = place.stat().st_ino
    written = write(converted, place, force=True)
    assert (written.changed, written.conflicts, written.edited, written.replaced) == (False, (), (), None)
    assert place.stat().st_ino == stamp


def test_edits_of_a_person_stay_and_new_output_arrives(tmp_path: Path) -> None:
    converted = made.converted(tmp_path)
    place = write(converted, tmp_path / "out").path
    (place / "app.py").write_bytes(b"# mine\n" + made.APP)
    (place / "notes").mkdir()
    (place / "notes/todo.txt").write_text("mine")
    (place / "link").symlink_to("notes/todo.txt")
    (place / "data/start.sh").unlink()
    changed = with_files(converted, app=made.APP + b"\n\nTAIL = 1\n", extra=b"x = 1\n", handler=None)
    written = write(changed, place, force=True)
    assert written.conflicts == ()
    assert sorted(written.edited) == ["app.py", "data/start.sh"]
    assert tree(place) == {
        "app.py": b"# mine\n" + made.APP + b"\n\nTAIL = 1\n",
        "extra.py": b"x = 1\n",
        "pyproject.toml": made.TOML,
        "notes/todo.txt": b"mine",
        "link": "notes/todo.txt",
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "worker"]
    again = write(changed, place, force=True)
    assert not again.changed


def test_lines_that_both_changed_are_marked_and_reported(tmp_path: Path) -> None:
    converted = made.converted(tmp_path)
    place = write(converted, tmp_path / "out").path
    (place / "app.py").write_bytes(made.APP.replace(b"pass", b"mine = 1"))
    written = write(with_files(converted, app=made.APP.replace(b"pass", b"ours = 1")), place, force=True)
    (conflict,) = written.conflicts
    assert (conflict.path, "1 place" in conflict.message) == ("app.py", True)
    assert (place / "app.py").read_bytes().endswith(b"<<<<<<< yours\n    mine = 1\n=======\n    ours = 1\n>>>>>>> fal-migrate\n")


def test_conflicts_that_are_no_lines_keep_both_sides(tmp_path: Path) -> None:
    converted = with_files(made.converted(tmp_path), blob=b"\0one", gone=b"g\n", changed=b"c\n", linked=b"l\n")
    place = write(converted, tmp_path / "out").path
    (place / "blob.py").write_bytes(b"\0mine")
    (place / "gone.py").write_bytes(b"mine\n")
    (place / "changed.py").unlink()
    (place / "linked.py").unlink()
    (place / "linked.py").symlink_to("elsewhere")
    (place / "deep").write_bytes(b"a file where a folder must go")
    after = with_files(converted, blob=b"\0two", gone=None, changed=b"d\n", linked=b"m\n")
    after = dataclasses.replace(after, files=(*after.files, FileChange("deep/new.py", "added", b"n\n")))
    written = write(after, place, force=True)
    assert {conflict.path for conflict in written.conflicts} == {"blob.py", "gone.py", "changed.py", "linked.py", "deep"}
    found = tree(place)
    assert (found["blob.py"], found["blob.py.new"]) == (b"\0mine", b"\0two")
    assert (found["gone.py"], found["changed.py"]) == (b"mine\n", b"d\n")
    assert (found["linked.py"], found["linked.py.new"]) == ("elsewhere", b"m\n")
    assert (found["deep.old"], found["deep/new.py"]) == (b"a file where a folder must go", b"n\n")


@pytest.mark.parametrize(
    ("name", "old", "yours", "generated", "fit"),
    [
        pytest.param(
            "app_py",
            "if x:\n    a = 1\nc = 3\n",
            "a = 1\nc = 3\n",
            "if x:\n    a = 1\n    b = 2\nc = 3\n",
            False,
            id="a line of a block that is none any more",
        ),
        pytest.param("app_py", "a = 1\nb = 2\n", "if x:\n    a = 1\nb = 2\n", "a = 1\nb = 2\nc = 3\n", True, id="a line behind the block"),
        pytest.param("app_py", "a\nb\nc\n", "a (\nb\nc\n", "a\nb\nd\n", True, id="Python that was none with your changes either"),
        pytest.param("app_toml", "[a]\nx = 1\n\n", "[a]\nk = 2\nx = 1\n\n", "[a]\nx = 1\nk = 3\n\n", False, id="a key that both added"),
        pytest.param("app_toml", "[a]\nx = 1\n\n", "[a]\nk = 2\nx = 1\n\n", "[a]\nx = 1\nl = 3\n\n", True, id="keys of different names"),
        pytest.param("app_txt", "a = 1\nb = 2\n", "a = (\nb = 2\n", "a = 1\nb = 2\nc\n", True, id="text that no program parses"),
    ],
)
def test_a_merge_that_cannot_be_parsed_is_a_conflict(tmp_path: Path, name: str, old: str, yours: str, generated: str, fit: bool) -> None:
    path = name.replace("_", ".")
    converted = made.converted(tmp_path)
    others = tuple(change for change in converted.files if change.path != "app.py")

    def holding(text: str) -> Converted:
        return dataclasses.replace(converted, files=(*others, FileChange(path, "added", text.encode())))

    place = write(holding(old), tmp_path / "out").path
    (place / path).write_text(yours)
    written = write(holding(generated), place, force=True)
    beside = place / f"{path}.new"
    if fit:
        assert (written.conflicts, written.edited, beside.exists()) == ((), (path,), False)
    else:
        (conflict,) = written.conflicts
        assert "cannot be parsed (" in conflict.message and f"the new one is {path}.new" in conflict.message
        assert ((place / path).read_text(), beside.read_text()) == (yours, generated)


def test_an_unknown_output_is_renamed_and_not_lost(tmp_path: Path) -> None:
    converted = made.converted(tmp_path)
    for number in (1, 2):
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out/mine.txt").write_text("mine")
        for path in [path for path in (tmp_path / "out").iterdir() if path.name != "mine.txt"]:
            path.rename(tmp_path / f"moved-{path.name}")
        written = write(converted, tmp_path / "out", force=True)
        assert written.replaced == tmp_path / f"out.{number}.old"
        assert (tmp_path / f"out.{number}.old/mine.txt").read_text() == "mine"
        assert tree(tmp_path / "out") == WRITTEN


def test_an_unknown_output_with_the_same_files_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    converted = made.converted(tmp_path)
    write(converted, tmp_path / "out")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another"))
    assert write(converted, tmp_path / "out", force=True).changed is False


def test_without_a_cache_the_output_is_still_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    converted = made.converted(tmp_path)
    (tmp_path / "cache").write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    written = write(converted, tmp_path / "out")
    assert written.remembered is False
    assert tree(written.path) == WRITTEN


def test_a_damaged_cache_is_no_base(tmp_path: Path) -> None:
    converted = made.converted(tmp_path)
    place = write(converted, tmp_path / "out").path
    for file in (base.cache_folder() / "outputs").rglob("digests.json"):
        file.write_text("[]")
    (place / "app.py").write_text("mine")
    assert write(converted, place, force=True).replaced == tmp_path / "out.1.old"


def test_what_a_killed_process_left_is_cleared(tmp_path: Path) -> None:
    (tmp_path / ".out.77-abc").mkdir()
    (tmp_path / ".out.77-abc-old").mkdir()
    (tmp_path / ".out.77-abc-old/mine").write_text("mine")
    (tmp_path / ".out.78-abc").mkdir()
    clear_scratch(tmp_path / "out", 77)
    assert tree(tmp_path) == {"out/mine": b"mine"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out.78-abc", "out"]


# In place


def repository(folder: Path) -> None:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "start"]):
        subprocess.run(["git", *command], cwd=folder, check=True, env=environment)


def test_in_place_writes_into_a_clean_tree_and_removes_nothing(tmp_path: Path) -> None:
    converted = made.converted(tmp_path)
    repository(converted.root)
    assert write_in_place(converted).path == converted.root
    found = {path: data for path, data in tree(converted.root).items() if not path.startswith(".git/")}
    assert found == {**WRITTEN, "Dockerfile": b"FROM python:3.11\n"}


def test_in_place_refuses_a_tree_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    converted = made.converted(tmp_path)
    with pytest.raises(UsageError, match="needs a clean git tree"):
        write_in_place(converted)


def test_in_place_says_what_git_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    converted = made.converted(tmp_path)
    with pytest.raises(UsageError, match="git says: fatal: not a git repository"):
        write_in_place(converted)
    (converted.root / ".git").write_text("gitdir: /nowhere\n")
    with pytest.raises(UsageError, match="git says: fatal: not a git repository: /nowhere"):
        write_in_place(converted)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="git, which is not installed"):
        write_in_place(converted)


def test_in_place_changes_no_file_that_git_ignores(tmp_path: Path) -> None:
    converted = made.converted(tmp_path)
    (converted.root / ".gitignore").write_text("handler.py\n")
    repository(converted.root)
    before = tree(converted.root)
    with pytest.raises(UsageError, match=r"handler\.py: .*git ignores the file"):
        write_in_place(converted)
    assert tree(converted.root) == before


def test_in_place_counts_the_open_changes(tmp_path: Path) -> None:
    converted = made.converted(tmp_path)
    repository(converted.root)
    for name in "abc":
        (converted.root / f"new-{name}.txt").write_text("x")
    with pytest.raises(UsageError, match=r"git reports `\?\? new-a.txt` and 2 more"):
        write_in_place(converted)


def test_in_place_refuses_a_tree_with_open_changes(tmp_path: Path) -> None:
    converted = made.converted(tmp_path)
    repository(converted.root)
    (converted.root / "new.txt").write_text("x")
    with pytest.raises(UsageError, match=r"clean git tree, .*; git reports `\?\? new.txt`\."):
        write_in_place(converted)


def test_in_place_never_writes_through_a_link(tmp_path: Path) -> None:
    converted = made.converted(tmp_path)
    (tmp_path / "outside").mkdir()
    (converted.root / "lib").symlink_to(tmp_path / "outside")
    repository(converted.root)
    linked = dataclasses.replace(converted, files=(FileChange("lib/app.py", "added", b"x"),))
    with pytest.raises(UsageError, match="symbolic link"):
        write_in_place(linked)
    assert not any((tmp_path / "outside").iterdir())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(FileChange("handler.py", "modified", b"x", before=b"other"), "changed while", id="a file that changed meanwhile"),
        pytest.param(FileChange("Dockerfile", "added", b"x"), "exists already", id="a new file that is there"),
    ],
)
def test_in_place_overwrites_nothing_it_did_not_read(tmp_path: Path, change: FileChange, reason: str) -> None:
    converted = made.converted(tmp_path)
    repository(converted.root)
    with pytest.raises(UsageError, match=reason):
        write_in_place(dataclasses.replace(converted, files=(change,)))


def test_in_place_undoes_what_it_did_when_the_system_refuses(tmp_path: Path) -> None:
    converted = made.converted(tmp_path)
    (converted.root / "z").write_text("a file where a folder must go")
    repository(converted.root)
    before = tree(converted.root)
    blocked = dataclasses.replace(converted, files=(*converted.files, FileChange("z/new.py", "added", b"x")))
    with pytest.raises(UsageError, match="cannot be written"):
        write_in_place(blocked)
    assert tree(converted.root) == before


# Merging lines

TEXTS = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"d\r\n", b"e\n"]), max_size=12).map(b"".join)


@given(TEXTS, TEXTS)
def test_a_side_that_changes_nothing_gives_way(old: bytes, new: bytes) -> None:
    assert merge(old, old, new).data == new
    assert merge(old, new, old).data == new
    assert merge(old, new, new).data == new


@given(TEXTS, TEXTS, TEXTS)
def test_every_line_of_both_sides_is_somewhere(old: bytes, yours: bytes, generated: bytes) -> None:
    merged = merge(old, yours, generated)
    assert merged.data.count(b"<<<<<<< yours") == merged.conflicts
    for line in set((yours + generated).splitlines()) - set(old.splitlines()):
        assert line in merged.data


@pytest.mark.parametrize(
    ("old", "yours", "generated", "merged", "conflicts"),
    [
        pytest.param("ab", "Ab", "aB", "AB", 0, id="two lines next to each other"),
        pytest.param("ab", "aB", "Ab", "AB", 0, id="the other way round"),
        pytest.param("abc", "aXbc", "aBc", "aXBc", 0, id="an insertion before a changed line"),
        pytest.param("abc", "abXc", "aBc", "aBXc", 0, id="an insertion behind a changed line"),
        pytest.param("abc", "abXc", "ac", "aXc", 0, id="an insertion behind a line that goes"),
        pytest.param("abcd", "bcd", "acd", "cd", 0, id="lines that go next to each other"),
        pytest.param("ab", "aXb", "aXb", "aXb", 0, id="the same insertion"),
        pytest.param("ab", "AXb", "aXb", None, 1, id="the same line put beside a changed one"),
        pytest.param("ab", "aXb", "aYb", None, 1, id="two insertions at one point"),
        pytest.param("abc", "aXc", "aYc", None, 1, id="the same line"),
        pytest.param("abcd", "aXd", "aBcd", None, 1, id="lines that overlap"),
        pytest.param("abcd", "ad", "abXcd", None, 1, id="an insertion among lines that go"),
        pytest.param("", "a", "b", None, 1, id="two new files"),
    ],
)
def test_only_the_same_lines_are_a_conflict(old: str, yours: str, generated: str, merged: str | None, conflicts: int) -> None:
    def lines(text: str) -> bytes:
        return "".join(f"{letter}\n" for letter in text).encode()

    found = merge(lines(old), lines(yours), lines(generated))
    assert found.conflicts == conflicts
    assert merged is None or found.data == lines(merged)
    assert has_markers(found.data) == bool(conflicts)


def test_a_line_without_an_end_is_not_joined_to_the_next() -> None:
    assert merge(b"x\ny\n", b"x\nmine", b"x\ny\nz\n").data == b"x\nmine\nz\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x = 1\n",
        "<<<<<<< HEAD\n",
        "<<<<<<< yours\n",
        "text <<<<<<< yours\ntext >>>>>>> fal-migrate\n",
        "'<<<<<<< yours' + '>>>>>>> fal-migrate'",
    ],
)
def test_what_is_no_conflict_of_ours_is_none(text: str) -> None:
    assert not has_markers(text.encode())


def test_a_renewal_over_unresolved_conflicts_stops_before_it_writes(tmp_path: Path) -> None:
    converted = made.converted(tmp_path)
    place = write(converted, tmp_path / "out").path
    (place / "app.py").write_bytes(made.APP.replace(b"pass", b"mine = 1"))
    write(with_files(converted, app=made.APP.replace(b"pass", b"ours = 1")), place, force=True)
    before = tree(tmp_path)
    for again in (converted, with_files(converted, app=made.APP.replace(b"pass", b"ours = 2"))):
        with pytest.raises(UsageError, match=r"app\.py: holds the conflict markers"):
            write(again, place, force=True)
        assert tree(tmp_path) == before
    (place / "app.py").write_bytes(made.APP.replace(b"pass", b"mine = 1"))
    assert not write(with_files(converted, app=made.APP.replace(b"pass", b"ours = 1")), place, force=True).conflicts


def test_markers_that_the_source_itself_has_are_no_conflict(tmp_path: Path) -> None:
    text = b"<<<<<<< yours\na\n=======\nb\n>>>>>>> fal-migrate\n"
    converted = with_files(made.converted(tmp_path), sample=text)
    place = write(converted, tmp_path / "out").path
    assert not write(converted, place, force=True).changed


def test_distant_changes_merge_and_line_endings_stay() -> None:
    old = b"".join(b"%d\r\n" % number for number in range(9))
    merged = merge(old, old.replace(b"1\r\n", b"one\r\n"), old.replace(b"7\r\n", b"seven"))
    assert (merged.conflicts, merged.data) == (0, old.replace(b"1\r\n", b"one\r\n").replace(b"7\r\n", b"seven"))
    conflict = merge(b"x\r\ny", b"x\r\nmine", b"x\r\nours")
    assert conflict.data == b"x\r\n<<<<<<< yours\r\nmine\r\n=======\r\nours\r\n>>>>>>> fal-migrate\r\n"


@pytest.mark.parametrize("refused", [(), ("clone",), ("clone", "range"), ("range",)], ids=lambda refused: "-".join(refused) or "nothing")
def test_large_files_are_copied_whatever_the_system_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: tuple[str, ...]) -> None:
    def refuse(*_: object) -> int:
        raise OSError(95, "Operation not supported")

    if "clone" in refused:
        monkeypatch.setattr(output_tree, "_clone", lambda *_: False)
    if "range" in refused:
        monkeypatch.setattr(os, "copy_file_range", refuse, raising=False)
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(os.urandom(3_000_001))
    output_tree.Piece(None, source).write(target)
    assert target.read_bytes() == source.read_bytes()


@pytest.mark.whole
def test_a_large_file_is_copied_without_being_held_in_memory(tmp_path: Path) -> None:
    root = tmp_path / "worker"
    root.mkdir()
    (root / "handler.py").write_bytes(made.HANDLER)
    with (root / "model.safetensors").open("wb") as stream:
        stream.truncate(400 * 2**20)
        stream.seek(0, os.SEEK_END)
        stream.write(b"end")
    (root / "requirements.txt").write_text("runpod\n")
    program = (
        "import resource, sys; from converters.cli import answer; before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss;"
        "code = answer(sys.argv[1:]); print(code, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)"
    )
    command = [sys.executable, "-c", program, str(root), "--output", str(tmp_path / "out"), "--quiet"]
    code, grown = map(int, subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    assert code in (0, 3)
    assert (tmp_path / "out/model.safetensors").stat().st_size == 400 * 2**20 + 3
    assert grown < 150
