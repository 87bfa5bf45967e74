"""The review page says everything that a reviewer needs, in the order of what matters."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from converters.cli import answer
from converters.errors import ExitCode
from converters.outcome import NotConverted
from converters.reports.formats.html import form, render_review
from converters.reports.json import Document, document
from converters.review.changes import changes
from tests import made
from tests.verify.test_certificate import certificate

FAILURE = {
    "what": "RUN pip install x",
    "why": "no module named `x`",
    "todo": "Add it.",
    "output": ["a", "b"],
    "place": None,
    "source": None,
}
REHEARSAL = {"app": "worker", "verdict": "failed", "failure": FAILURE, "skipped": "", "requests": [], "stood_in": [], "not_rehearsed": []}


class Page(HTMLParser):
    """The ids, the links inside the page, and every address outside of it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: set[str] = set()
        self.outside: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids += [values["id"] or ""] if "id" in values else []
        href = values.get("href") or ""
        if href.startswith("#"):
            self.links.add(href[1:])
        elif tag != "a":
            self.outside |= {value for value in (href, values.get("src")) if value}


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    outcome = made.converted(tmp_path, manual=True)
    told: Document = document(outcome, ExitCode.MANUAL, output=tmp_path / "worker-fal")
    verified = [certificate().model_dump(mode="json"), certificate(app="other", verdict="different", why="1 of 2").model_dump(mode="json")]
    return render_review({**told, "certificates": verified, "rehearsals": [REHEARSAL]}, changes(outcome))


def test_every_id_is_there_once_and_nothing_is_loaded(page: str) -> None:
    found = Page(page)
    assert len(found.ids) == len(set(found.ids))
    assert found.links <= set(found.ids)
    assert found.outside == set()
    assert "url(" not in page


def test_differences_come_first(page: str) -> None:
    places = [page.index(text) for text in ("other is different", "worker failed", "Left to do</h2>", "Changes</h2>", "Ledger</h2>")]
    assert places == sorted(places)
    assert page.index("<summary>other: ") < page.index("<summary>worker: ")


def test_what_is_left_is_a_list_to_tick_with_the_commands(page: str) -> None:
    ticks = re.findall(r'<input type="checkbox" aria-label="done">(.*?)</label>', page, re.DOTALL)
    told = [unescape(re.sub("<.*?>", "", one)) for one in ticks]
    assert "RP099" in told[0]
    assert "handler.py:5" in told[0]
    assert "fal secrets set HF_TOKEN=..." in told[1]
    assert "migrate verify worker worker-fal" in told
    assert any(one.startswith("cd worker-fal && ") and one.endswith("fal deploy worker") for one in told)


def test_a_differing_part_of_a_line_is_marked(tmp_path: Path) -> None:
    root = made.source(tmp_path)
    whole = made.conversion(root)
    after = made.HANDLER.replace(b"['prompt']", b"['text']")
    change = made.FileChange("handler.py", "modified", after, before=made.HANDLER)
    outcome = type(whole)(root, whole.application, whole.ledger, (change,))
    text = render_review(document(outcome, 0), changes(outcome))
    assert "&#39;][&#39;<mark>prompt</mark>&#39;]}" in text
    assert "&#39;][&#39;<mark>text</mark>&#39;]}" in text


def test_what_was_not_converted_says_why(tmp_path: Path) -> None:
    told = document(NotConverted(tmp_path, "unreadable", "is <odd>.", "Mend `it`.", "a.py", 3), ExitCode.UNREADABLE)
    text = form.render(told)
    assert "is &lt;odd&gt;.</strong> Mend <code>it</code>." in text
    assert (
        form.render_batch({"results": [told, told], "same_names": [], "left_out": [{"path": "x", "why": "a cache"}]}).count("&lt;odd&gt;")
        == 2
    )


def test_the_command_prints_the_page_and_writes_nothing_when_dry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "worker"
    root.mkdir()
    (root / "handler.py").write_bytes(made.HANDLER)
    assert answer([str(root), "--diff", "--format", "html"]) == ExitCode.WOULD_CHANGE
    text = capsys.readouterr().out
    assert text.startswith("<!doctype html>")
    assert 'class="diff"' in text
    assert [entry.name for entry in tmp_path.iterdir()] == ["worker"]
