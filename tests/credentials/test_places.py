"""No output holds a secret: every place where one can stand, in every form that is printed or written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from converters.cli import answer
from converters.convert import convert
from converters.options import Options
from converters.outcome import Outcome
from converters.reports import print_batch
from tests.credentials.places import PLACES, Place

FORMATS = ("text", "json", "markdown", "github", "sarif", "junit")


@pytest.fixture(autouse=True)
def converted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A project is converted once with the same options: what is looked at here is what commands print and write of it."""
    known: list[tuple[Path, Options, Outcome]] = []

    def converted(path: Path, options: Options) -> Outcome:
        found = next((made for root, same, made in known if (root, same) == (path, options)), None)
        if found is None:
            found = convert(path, options)
            known.append((path, options, found))
        return found

    monkeypatch.setattr("converters.convert.convert", converted)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize("name", PLACES)
def test_a_secret_is_in_no_output(name: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    place = PLACES[name]
    project = _lay_out(place, tmp_path / "work" / "project")
    for medium, arguments in _commands(place, project):
        answer(arguments)
        printed = capfdbinary.readouterr()
        for value in place.values:
            assert value.encode() not in printed.out + printed.err, f"{medium} shows {value}: {_around(printed.out + printed.err, value)}"
    for written in sorted(path for folder in tmp_path.glob("out*") for path in folder.rglob("*") if path.is_file()):
        kept = any(str(written).endswith(f"/{path}") for path in place.kept)
        for value in () if kept else place.values:
            assert value.encode() not in written.read_bytes(), f"{written} holds {value}: {_around(written.read_bytes(), value)}"


def test_a_batch_shows_no_secret(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    places = list(PLACES.values())[::4]
    for number, place in enumerate(places):
        _lay_out(place, tmp_path / "work" / f"project{number}")
    answer(["batch", str(tmp_path / "work"), "--output", str(tmp_path / "out"), "--format", "json"])
    printed = capfdbinary.readouterr()
    document = json.loads(printed.out)
    for form in ("text", "markdown", "github", "sarif", "junit"):
        print_batch(document, form)
    journal = (tmp_path / "out" / ".fal-migrate-batch.jsonl").read_bytes()
    shown = printed.out + printed.err + capfdbinary.readouterr().out + journal
    assert [value for place in places for value in place.values if value.encode() in shown] == []
    assert len(journal.splitlines()) >= len(places) - 2


@pytest.mark.parametrize("target", ["app", "function"])
@pytest.mark.parametrize("name", [name for name, place in PLACES.items() if "main.py" in place.files])
def test_the_other_forms_of_a_server_hold_no_secret(
    name: str, target: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    place = PLACES[name]
    project = _lay_out(place, tmp_path / "work" / "project")
    answer([str(project), "--output", str(tmp_path / "out"), "--target", target, *_options(place, project)])
    printed = capfdbinary.readouterr()
    texts = [path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file() and path.name not in place.kept]
    assert [value for value in place.values if any(value.encode() in text for text in [printed.out, printed.err, *texts])] == []


@pytest.mark.parametrize("name", [name for name, place in PLACES.items() if place.tells])
def test_what_is_written_names_the_variable(name: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    place = PLACES[name]
    project = _lay_out(place, tmp_path / "work" / "project")
    assert answer([str(project), "--output", str(tmp_path / "out"), *_options(place, project)]) in (0, 3)
    text = (tmp_path / "out" / "MIGRATION.md").read_text()
    assert [told for told in place.tells if told not in text] == []


@pytest.mark.parametrize("name", [name for name, place in PLACES.items() if place.kept and not place.calls])
def test_a_kept_file_keeps_its_bytes_and_nothing_claims_otherwise(
    name: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    place = PLACES[name]
    project = _lay_out(place, tmp_path / "work" / "project")
    answer(
        [str(project), "--output", str(tmp_path / "out"), "--style", "keep"]
        if "main.py" not in place.files
        else [str(project), "--output", str(tmp_path / "out")]
    )
    held = [path for path in place.kept if (tmp_path / "out" / path).exists()]
    assert held
    assert all(value in (tmp_path / "out" / held[0]).read_text() for value in place.values if value in place.texts[held[0]])
    assert "o value was copied" not in (tmp_path / "out" / "MIGRATION.md").read_text()


def _lay_out(place: Place, project: Path) -> Path:
    (project / ".git").mkdir(parents=True)  # where `explain` ends its search for a project
    for path, text in place.texts.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(text)
    return project


def _options(place: Place, project: Path) -> list[str]:
    options: list[str] = []
    for number, (option, text) in enumerate(place.arguments.items()):
        file = project.parent / f"option{number}.json"
        file.write_text(text)
        options += [option, text if option == "--set" else str(file)]
    return options


def _commands(place: Place, project: Path) -> Iterator[tuple[str, list[str]]]:
    """Every command that tells something about a project, in every form."""
    root, options, out = str(project), _options(place, project), project.parent.parent
    for form in FORMATS:
        yield form, [root, "--output", str(out / f"out-{form}"), "--format", form, *options]
    yield "--diff", [root, "--diff", *options]
    yield "--diff --format json", [root, "--diff", "--format", "json", *options]
    for form in ("text", "json"):
        yield f"inspect {form}", ["inspect", root, "--format", form]
    for path, line in _lines(place):
        yield f"explain {path}:{line}", ["explain", f"{project / path}:{line}"]
    if place.calls:
        yield "callers", ["callers", root, "--output", str(out / "out-callers"), "--map", "abc=acme/app"]
        yield "callers --diff", ["callers", root, "--diff", "--format", "json", "--map", "abc=acme/app"]


def _lines(place: Place) -> Iterator[tuple[str, int]]:
    """The lines that hold a secret."""
    for path, text in place.texts.items():
        for line, words in enumerate(text.splitlines(), 1):
            if any(value in words for value in place.values):
                yield path, line


def _around(data: bytes, value: str) -> str:
    at = data.find(value.encode())
    return data[max(0, at - 120) : at + 120].decode(errors="replace")


WORDS = ("hunter2", "opensesame", "Tr0ub4dor&3", "correcthorsebattery")


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize(
    "name", ["environment of compose as a list", "the command of compose as a list", "CMD of a worker", "a step of several lines"]
)
def test_a_password_may_be_any_word(name: str, word: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    place = PLACES[name]
    files = {path: text.replace(value, word) for path, text in place.files.items() for value in place.values}
    project = _lay_out(Place(files, (word,)), tmp_path / "work" / "project")
    answer([str(project), "--output", str(tmp_path / "out"), "--format", "json"])
    answer([str(project), "--diff"])
    answer(["inspect", str(project), "--format", "json"])
    printed = capfdbinary.readouterr()
    texts = [path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert [_around(text, word) for text in [printed.out, printed.err, *texts] if word.encode() in text] == []
