"""The pages for people: what is made from the program is up to date, and every link leads somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from converters.errors import ExitCode
from converters.reference import MEANING, PAGE, page

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("skills/**/*.md")])
LINK = re.compile(r"(?<!!)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)|!\[[^\]]*\]\(([^()\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)


def links(text: str) -> Iterator[str]:
    """The targets of links and pictures, but for those in code."""
    for match in LINK.finditer(re.sub(r"`[^`\n]*`", lambda code: "x" * len(code[0]), FENCE.sub("", text))):
        yield unquote(match[1] or match[2])


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    found: dict[str, int] = {}
    made = set()
    for heading in re.findall(r"^#{1,6}\s+(.+?)\s*#*$", FENCE.sub("", text), re.MULTILINE):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        count = found.setdefault(name, 0)
        made.add(f"{name}-{count}" if count else name)
        found[name] += 1
    return made


def broken(path: Path) -> list[str]:
    """The links of a page that lead nowhere."""
    found = []
    for target in links(path.read_text("utf-8")):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        name, _, anchor = target.partition("#")
        place = (path.parent / name).resolve() if name else path
        if (
            not place.exists()
            or not place.is_relative_to(ROOT)
            or (anchor and place.suffix == ".md" and anchor not in anchors(place.read_text("utf-8")))
        ):
            found.append(target)
    return found


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(path: Path) -> None:
    assert broken(path) == []


def test_a_link_that_leads_nowhere_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    (tmp_path / "a.md").write_text(
        "# One two\n\n[a](#one-two) [b](#three) [c](b.md) [d](../x) `[e](f)`\n\n```\n[g](h)\n```\n[i](https://x)\n"
    )
    assert broken(tmp_path / "a.md") == ["#three", "b.md", "../x"]


def test_the_reference_of_the_command_line_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "write it anew: python -m converters.reference"
    assert set(MEANING) == set(ExitCode)
