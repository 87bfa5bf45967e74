"""Twelve apps with a slip each are repaired by a loop that reads nothing but JSON, in at most five rounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.repairs import MOST, TABLE, Loop
from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted
from converters.output import write
from tests.findings.projects import BROKEN, Broken, app, image
from tests.fixtures import ROOT

TOKENS, TEXT, NOTES, SDXL = ROOT / "replicate/tokens", ROOT / "runpod/text-tools", ROOT / "docker/notes", ROOT / "runpod/sdxl"
SEVERAL = Broken(
    "several slips in one file",
    "PF009",
    {
        "app.py": app(setup="import pydantic"),
        "notes.md": "hello\n",
        "Dockerfile": image("RUN apt-get update && apt-get install -y libgl1-mesa-glx\nRUN pip install pydantic==1.10.13\nCOPY notes.md ."),
    },
)
Damage = Callable[[Path], None]


def swap(file: str, old: str, new: str) -> Damage:
    """A text in a file becomes another one."""

    def damage(app: Path) -> None:
        text = (app / file).read_text()
        assert text.count(old) == 1, text
        (app / file).write_text(text.replace(old, new))

    return damage


def lose(file: str) -> Damage:
    return lambda app: (app / file).unlink()


@dataclass(frozen=True)
class Case:
    """A conversion of `source` that is damaged. `verified`: only running both sides shows it."""

    source: Path
    damage: Damage
    verified: bool = False


CASES = {
    "a swapped field": Case(TOKENS, swap("app.py", '{"output": list', '{"outputs": list'), verified=True),
    "a lost error": Case(TOKENS, swap("app.py", "    @failing_with_message\n", ""), verified=True),
    "a default that changed": Case(TOKENS, swap("app.py", 'default="short"', 'default="long"'), verified=True),
    "a wrong port": Case(NOTES, swap("pyproject.toml", "exposed_port = 8798", "exposed_port = 8799"), verified=True),
    "a module that was lost": Case(TEXT, lose("stopwords.py")),
    "a machine without a GPU": Case(SDXL, swap("app.py", '"GPU-A100"', '"S"')),
}
OWN = {
    "an import that was lost": Broken(
        "an import that was lost", "PF011", {"app.py": app('machine_type = "S"', "self.names = json.loads('[]')")}
    ),
    "a pin that conflicts": BROKEN[2],
    "an apt package that is gone": BROKEN[1],
    "a file that is not sent": BROKEN[7],
    "a wait that is too long": next(one for one in BROKEN if one.rule == "PF050"),
    "several slips in one file": SEVERAL,
}


def written(source: Path, folder: Path) -> Path:
    outcome = convert(source, Options())
    assert isinstance(outcome, Converted), outcome
    return Path(write(outcome, folder / "out", known=False).path)


def contents(app: Path) -> dict[str, bytes]:
    return {path.relative_to(app).as_posix(): path.read_bytes() for path in app.rglob("*") if path.is_file()}


def test_there_are_ten_and_more() -> None:
    assert len({*CASES, *OWN}) == 12


@pytest.mark.parametrize("name", OWN)
def test_an_app_of_somebody_is_repaired(name: str, tmp_path: Path) -> None:
    loop = Loop(OWN[name].written(tmp_path))
    assert loop.run() == 0
    assert 1 <= len(loop.log) <= MOST
    assert sum(map(len, loop.log)) == (3 if OWN[name] is SEVERAL else 1)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.verified])
def test_a_conversion_is_repaired(name: str, tmp_path: Path) -> None:
    case, app = CASES[name], written(CASES[name].source, tmp_path)
    before = contents(app)
    case.damage(app)
    loop = Loop(app, case.source, verifies=False)
    assert (loop.run(), len(loop.log)) == (0, 1)
    assert contents(app) == before


@pytest.mark.whole
@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.verified])
def test_a_conversion_is_repaired_until_it_does_what_its_source_does(name: str, tmp_path: Path) -> None:
    pytest.importorskip("runpod")
    pytest.importorskip("cog")
    case, app = CASES[name], written(CASES[name].source, tmp_path)
    before = contents(app)
    case.damage(app)
    loop = Loop(app, case.source, seconds=6)
    assert (loop.run(), len(loop.log)) == (0, 1)
    assert contents(app) == before


def test_a_loop_that_can_do_nothing_stops(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(app('machine_type = "S"', 'open("a.txt")'))
    loop = Loop(tmp_path)
    assert (loop.run(), loop.log) == (3, [])


def test_a_loop_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often something can be done that does not help."""
    (tmp_path / "app.py").write_text(app('machine_type = "S"', 'open("a.txt")'))
    monkeypatch.setitem(TABLE, "missing-file", lambda task, loop: True)
    loop = Loop(tmp_path)
    assert (loop.run(), len(loop.log)) == (3, MOST)
