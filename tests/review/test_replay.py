"""Answers on the changes of a conversion, without any terminal."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from converters.answers import Answer, Entry, load, save
from converters.convert import convert
from converters.errors import UsageError
from converters.ir import Disposition
from converters.ledger import Ledger
from converters.options import Options
from converters.outcome import Converted, FileChange, Hunk
from converters.project import open_project
from converters.review.proposals import of_file, proposals
from converters.review.replay import ACCEPT, applied, decided, faults

FIXTURES = Path(__file__).parents[2] / "fixtures"
PROJECTS = ["runpod/sdxl", "runpod/story-stream", "replicate/hello"]
REJECT = Answer("reject")


def reason(line: int, rule: str, end: int = 0, path: str = "a.py") -> Hunk:
    return Hunk(line, end or line, rule, f"why {rule}", f"{path}:{line}")


def changed(old: str, new: str, *hunks: Hunk, path: str = "a.py") -> FileChange:
    return FileChange(path, "modified", new.encode(), old.encode(), hunks=hunks)


def converted(path: Path, **options: Any) -> Converted:
    made = convert(path, Options(**options))
    assert isinstance(made, Converted), made
    return made


# What is asked


def test_changes_that_touch_are_parted_by_their_rules() -> None:
    change = changed(
        'import sdk\n\nPATH = "/old/a"\nx = 1\nrun()\n',
        'PATH = "/new/a"\nx = 1\n',
        reason(1, "RP001", 3),
        reason(3, "FS001"),
        reason(5, "RP002"),
    )
    found = of_file(change)
    assert [(one.old, one.new, one.rules) for one in found] == [
        (b"import sdk\n\n", b"", ("RP001",)),
        (b'PATH = "/old/a"\n', b'PATH = "/new/a"\n', ("FS001",)),
        (b"run()\n", b"", ("RP002",)),
    ]
    assert [one.line for one in found] == [1, 3, 5]


def test_changes_that_one_rule_asks_for_stay_together() -> None:
    change = changed("a = f(1)\nb = f(2)\n", "a = g(1)\nb = g(2)\n", reason(1, "RP001", 3))
    assert [(one.start, one.end) for one in of_file(change)] == [(0, 2)]


def test_an_id_is_of_the_content_and_not_of_the_place() -> None:
    one = of_file(changed("x\ny\n", "x\nz\n", reason(2, "RP001")))[0]
    moved = of_file(changed("w\nx\ny\n", "w\nx\nz\n", reason(3, "RP001")))[0]
    other = of_file(changed("x\ny\n", "x\nv\n", reason(2, "RP001")))[0]
    elsewhere = of_file(changed("x\ny\n", "x\nz\n", reason(2, "RP001"), path="b.py"))[0]
    assert one.id == moved.id
    assert len({one.id, other.id, elsewhere.id}) == 3


def test_equal_changes_of_a_file_have_ids_of_their_own() -> None:
    found = of_file(changed("a\nx\nb\nx\nc\nx\n", "a\nb\nc\n", reason(2, "RP001")))
    assert [one.id for one in found] == [found[0].id, f"{found[0].id}-2", f"{found[0].id}-3"]


def test_a_binary_file_is_one_change_that_nobody_edits() -> None:
    (one,) = of_file(FileChange("a.bin", "modified", b"\0new", b"\0old"))
    assert (one.whole, one.is_text, one.old, one.new) == (True, False, b"\0old", b"\0new")


def test_the_plan_of_migration_is_no_part_of_the_review() -> None:
    files = [
        FileChange("MIGRATION.md", "added", b"x"),
        FileChange("b.py", "added", b"x"),
        changed("1\n", "2\n"),
        FileChange("c", "copied", b""),
    ]
    assert [one.path for one in proposals(files)] == ["a.py", "b.py"]


# What the answers come to


@pytest.mark.parametrize("name", PROJECTS)
@pytest.mark.parametrize("style", ["auto", "keep"])
def test_accepting_everything_is_a_plain_conversion(name: str, style: Any) -> None:
    plain = converted(FIXTURES / name, style=style)
    answers = {one.id: ACCEPT for one in proposals(plain.files)}
    assert answers
    reviewed = converted(FIXTURES / name, style=style, answers=answers)
    assert reviewed.files == plain.files
    assert reviewed.ledger.items() == plain.ledger.items()


def test_rejecting_everything_of_a_modified_file_leaves_the_source() -> None:
    plain = converted(FIXTURES / "runpod/story-stream", style="keep")
    change = next(one for one in plain.files if one.action == "modified" and one.path.endswith(".py"))
    made = applied(change, of_file(change), {one.id: REJECT for one in of_file(change)})
    assert made == replace(change, action="copied", data=change.before, hunks=())


def test_every_choice_of_answers_is_what_was_chosen() -> None:
    old, new = "a\nb\nc\nd\ne\n", "A\nb\nc\nD1\nD2\ne\nf\n"
    change = changed(old, new, reason(1, "RP001"), reason(4, "RP002"), reason(6, "RP003"))
    first, second, third = of_file(change)
    for one, top in ((ACCEPT, "A\n"), (REJECT, "a\n"), (Answer("edit", b"mine"), "mine\n")):
        for two, middle in ((ACCEPT, "D1\nD2\n"), (REJECT, "d\n"), (Answer("edit", b""), "")):
            for three, end in ((ACCEPT, "f\n"), (REJECT, ""), (Answer("edit", b"end"), "end")):
                made = applied(change, of_file(change), {first.id: one, second.id: two, third.id: three})
                assert made is not None and made.data is not None
                assert made.data.decode() == f"{top}b\nc\n{middle}e\n{end}"


def test_bytes_of_no_encoding_and_line_ends_stay(tmp_path: Path) -> None:
    change = FileChange("a.txt", "modified", b"x\r\n\xff new\r\n", b"x\r\n\xff old\r\n", hunks=())
    (one,) = of_file(change)
    plan = tmp_path / "plan.json"
    save(plan, [Entry(one.id, Answer("edit", b"\xfe mine\r\n"), "a.txt", 2, ())])
    made = applied(change, [one], load(plan))
    assert made is not None and made.data == b"x\r\n\xfe mine\r\n"


def test_an_added_file_that_is_rejected_is_not_written_and_is_left_to_do() -> None:
    plain = converted(FIXTURES / "runpod/sdxl")
    answers = {one.id: REJECT if one.path == "app.py" else ACCEPT for one in proposals(plain.files)}
    made = converted(FIXTURES / "runpod/sdxl", answers=answers)
    assert "app.py" not in {change.path for change in made.files if change.action != "removed"}
    assert any("app.py is not written" in item.message for item in made.ledger.open_code_items())
    assert all(item.output is None or item.output.file != "app.py" for item in made.ledger.items())


def test_places_in_the_output_follow_what_is_edited(tmp_path: Path) -> None:
    plain = converted(FIXTURES / "runpod/sdxl")
    app = next(one for one in proposals(plain.files) if one.path == "app.py")
    answers = {one.id: ACCEPT for one in proposals(plain.files)} | {app.id: Answer("edit", b"# one\n# two\n" + app.new)}
    made = converted(FIXTURES / "runpod/sdxl", answers=answers)
    before = {item.message: item.output.line for item in plain.ledger.items() if item.output and item.output.file == "app.py"}
    after = {item.message: item.output.line for item in made.ledger.items() if item.output and item.output.file == "app.py"}
    assert before and {message: line + 2 for message, line in before.items()}.items() <= after.items()


def test_the_findings_look_at_what_is_written() -> None:
    plain = converted(FIXTURES / "runpod/sdxl")
    app = next(one for one in proposals(plain.files) if one.path == "app.py")
    answers = {one.id: ACCEPT for one in proposals(plain.files)} | {app.id: Answer("edit", app.new + b"\nfrom handler import gone\n")}
    made = converted(FIXTURES / "runpod/sdxl", answers=answers)
    assert any(item.rule == "PF003" for item in made.ledger.open_code_items())


def test_a_change_without_an_answer_is_refused() -> None:
    made = convert_refused(FIXTURES / "runpod/sdxl", {})
    assert "changes have no answer in the plan: " in made.message and "app.py:1 (RP003)" in made.message
    assert "--review --plan FILE" in made.hint


@pytest.mark.parametrize(("text", "said"), [(b"def (:\n", "app.py"), (b"x = y_of_nobody\n", "`y_of_nobody`")])
def test_answers_that_leave_no_program_are_refused(text: bytes, said: str) -> None:
    plain = converted(FIXTURES / "runpod/sdxl")
    answers = {one.id: Answer("edit", text) if one.path == "app.py" else ACCEPT for one in proposals(plain.files)}
    assert said in convert_refused(FIXTURES / "runpod/sdxl", answers).message


def convert_refused(path: Path, answers: dict[str, Answer]) -> UsageError:
    with pytest.raises(UsageError) as refusal:
        convert(path, Options(answers=answers))
    return refusal.value


def test_a_file_that_was_no_program_need_not_be_one(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    broken = FileChange("a.py", "modified", b"def (:\n# two\n", b"def (:\n")
    assert faults([broken], open_project(tmp_path)) == ""
    assert "a.toml" in faults([replace(broken, path="a.toml", before=b"")], open_project(tmp_path))


def test_a_rejection_gives_the_item_of_the_line_back_to_a_person(tmp_path: Path) -> None:
    plain = converted(FIXTURES / "runpod/story-stream", style="keep")
    change = next(one for one in plain.files if one.action == "modified" and one.path.endswith(".py"))
    start = next(one for one in of_file(change) if "RP002" in one.rules)
    files, ledger = {one.path: one for one in plain.files if one.path == change.path}, plain.ledger.model_copy(deep=True)
    answers = {one.id: ACCEPT for one in of_file(change)} | {start.id: Answer("reject", why="ours")}
    with pytest.raises(UsageError, match="do not go together"):  # the import that it needs is gone
        decided(files, answers, ledger, open_project(plain.root))
    items = [item for item in ledger.items() if item.rule == "RP002" and item.disposition is Disposition.MANUAL]
    assert items and all(item.message.startswith("rejected in review (ours), and left as it was: ") for item in items)
    assert len(ledger.items()) == len(plain.ledger.items())


# Plans


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no JSON"),
        ("[]", "no list `answers`"),
        ('{"answers": []}', "version None"),
        ('{"version": 2, "answers": []}', "version 2"),
        ('{"version": 1, "answers": [3]}', "answer 1 names no change"),
        ('{"version": 1, "answers": [{"id": "a", "decision": "perhaps"}]}', "answer 1 decides 'perhaps'"),
        ('{"version": 1, "answers": [{"id": "a", "decision": "edit"}]}', "edits, and has no `text`"),
        ('{"version": 1, "answers": [{"id": "a", "decision": "edit", "text": 3}]}', "is no string"),
        ('{"version": 1, "answers": [{"id": "a", "decision": "edit", "text": "\\ud800"}]}', "is no text"),
        ('{"version": 1, "answers": [{"id": "a", "decision": "accept"}, {"id": "a", "decision": "reject"}]}', "answered already"),
    ],
)
def test_what_is_no_plan_says_so(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(UsageError) as refusal:
        load(tmp_path / "plan.json")
    assert said in str(refusal.value) and refusal.value.hint and str(tmp_path) in str(refusal.value)


def test_a_plan_that_is_missing_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not there"):
        load(tmp_path / "plan.json")


def test_a_plan_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    entries = [
        Entry("a", ACCEPT, "a.py", 1, ("RP001",)),
        Entry("b", Answer("reject", why="ours"), "a.py", 2, ("RP002", "FS001")),
        Entry("c", Answer("edit", "é\n".encode()), "b.py", 3, ()),
    ]
    save(tmp_path / "deep/plan.json", entries)
    assert load(tmp_path / "deep/plan.json") == {entry.id: entry.answer for entry in entries}
    assert json.loads((tmp_path / "deep/plan.json").read_text())["answers"][1] == {
        "id": "b",
        "decision": "reject",
        "why": "ours",
        "file": "a.py",
        "line": 2,
        "rules": ["RP002", "FS001"],
    }
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["plan.json"]


def test_nothing_is_accounted_for_that_was_accepted(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    change = FileChange("a.txt", "modified", b"2\n", b"1\n", hunks=(reason(1, "FS001", path="a.txt"),))
    ledger = Ledger()
    (one,) = of_file(change)
    assert decided({"a.txt": change}, {one.id: ACCEPT}, ledger, open_project(tmp_path)) == {"a.txt": change}
    assert ledger.items() == []
    assert decided({"a.txt": change}, {one.id: Answer("edit", b"3\n")}, ledger, open_project(tmp_path))["a.txt"].data == b"3\n"
    (told,) = ledger.items()
    assert (told.rule, told.disposition, told.line, told.message) == (
        "FS001",
        Disposition.CONVERTED,
        1,
        "written as a person edited it in review",
    )
