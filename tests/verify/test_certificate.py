"""A certificate is JSON, and its views show what it says and run nothing of it."""

from __future__ import annotations

import hashlib
import html.parser
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from converters.verify.certificate import Answer, Breach, Certificate, Coverage, Differing, Rehearsed, Schemas, Trial, plain
from converters.verify.outcome import File, LocalPath, Outcome
from converters.verify.report import as_html, as_markdown, as_text, different

NASTY = "<script>document.title = 'run'</script><img src=x onerror=\"document.title='run'\">|`\n"
PNG = File(b"\x89PNG picture", "image/png")
DIGEST = hashlib.sha256(PNG.data).hexdigest()


def trial(number: int, *, same: bool = True, **more: Any) -> Trial:
    answer = Answer(kind="result", value={"a": 1}, calls=2)
    differences = [] if same else [Differing(path="$.a", source=f"1 {NASTY}", target="2")]
    values = {
        "kind": "example",
        "about": f"example {number}",
        "body": {"prompt": "a"},
        "reached": True,
        "source": answer,
        "target": answer,
        **more,
    }
    return Trial(number=number, same=same, differences=differences, **values)


def certificate(*trials: Trial, **more: Any) -> Certificate:
    values = {
        "app": "worker", "platform": "runpod", "source": "worker", "target": "worker-fal", "verdict": "equivalent", "why": "all alike",
        "seed": 0, "versions": {"python": "3.11.2", "fal": "1.83.0"}, "doubles": ["torch"], "coverage": [Coverage(file="handler.py", lines=4, source=3, target=2)],
    }  # fmt: skip
    return Certificate(trials=list(trials), **{**values, **more})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": [1, "b", None]}, {"a": [1, "b", None]}),
        ((1, 2), [1, 2]),
        (PNG, {"file": DIGEST, "bytes": 12, "media_type": "image/png", "begins": "iVBORyBwaWN0dXJl"}),
        (
            [LocalPath("/tmp/a.png", PNG)],
            [{"path": "/tmp/a.png", "file": DIGEST, "bytes": 12, "media_type": "image/png", "begins": "iVBORyBwaWN0dXJl"}],
        ),
        ({1: "a"}, {"1": "a"}),
        ("a" * 4000, "a" * 4000),
        ("a" * 4001, {"text": hashlib.sha256(b"a" * 4001).hexdigest(), "characters": 4001, "begins": "a" * 200}),
    ],
)
def test_values_as_json(value: Any, expected: Any) -> None:
    assert plain(value) == expected
    json.dumps(plain(value))


def test_a_certificate_is_read_back_as_it_was_written() -> None:
    answer = Answer.of(Outcome("result", {"image": PNG}, (PNG, "b"), True), 3)
    made = certificate(trial(1), trial(2, same=False), trial(3, source=answer))
    assert Certificate.model_validate_json(made.model_dump_json()) == made
    assert answer.model_dump()["chunks"] == [plain(PNG), "b"]


def test_proven_are_requests_that_were_alike_and_reached_a_model() -> None:
    assert certificate(trial(1), trial(2, reached=False), trial(3, same=False)).proven == 1


def test_the_smallest_difference_comes_first() -> None:
    made = certificate(trial(1), trial(2, same=False), trial(3, same=False, kind="shrunk"))
    assert [one.number for one in different(made)] == [3, 2]


def test_text_says_the_verdict_the_difference_and_what_is_not_proven() -> None:
    made = certificate(
        trial(1), trial(2, same=False), verdict="different", why="1 of 2", not_proven=["handler.py: line 4 ran on neither side"]
    )
    lines = as_text([made]).splitlines()
    assert lines[:4] == ["worker: different", "  1 of 2", "  2 requests in 0 s, seed 0", "  doubles for torch"]
    assert "    $.a" in lines
    assert "  handler.py: 3 of 4 lines ran in the source, 2 in the app" in lines
    assert lines[-1] == "  not proven: handler.py: line 4 ran on neither side"


def test_narrowed_requests_are_told() -> None:
    assert "refused by the app's types, though the source took it: example 1" in as_text([certificate(trial(1, narrowed=True))])


SCHEMAS = Schemas(
    source="openapi_schema.json (--schema)",
    refused=[Breach(value={"steps": 9}, path="$.steps", why="9 is greater than the maximum of 8")],
    changed=["seed: default 1 became 2"],
    takes_more=[Breach(value={}, path="$", why="'text' is a required property")],
)


def test_schemas_are_told_in_every_view() -> None:
    made = certificate(trial(1), schemas=SCHEMAS)
    lines = as_text([made]).splitlines()
    assert "  schemas compared with openapi_schema.json (--schema)" in lines
    assert '  the app refuses what the source takes: {"steps": 9} ($.steps: 9 is greater than the maximum of 8)' in lines
    assert "  no difference: the app takes more: {} ($: 'text' is a required property)" in lines
    for text in (as_markdown([made]), Page(as_html([made])).text):
        assert all(part in text for part in ("openapi_schema.json", '{"steps": 9}', "takes more", "seed: default 1 became 2"))


@pytest.mark.parametrize(
    ("rehearsal", "said"),
    [
        (Rehearsed(verdict="answered"), "answered"),
        (Rehearsed(verdict="failed", why="it ended", place="app.py:3"), "failed: app.py:3: it ended"),
        (Rehearsed(verdict="not rehearsed", why="acme/x is not known"), "not rehearsed: acme/x is not known"),
    ],
)
def test_a_rehearsal_is_told_in_every_view(rehearsal: Rehearsed, said: str) -> None:
    one = certificate(rehearsal=rehearsal)
    assert f"  rehearsed: {said}\n" in as_text([one])
    assert f"| rehearsed | {said} |" in as_markdown([one])
    assert f"Rehearsed: {said}" in as_html([one])
    assert not any("ehearsed" in view([certificate()]) for view in (as_text, as_markdown, as_html))


def test_a_refused_request_comes_first() -> None:
    assert SCHEMAS.different == 'the app refuses what the source takes: {"steps": 9} ($.steps: 9 is greater than the maximum of 8)'
    assert Schemas(source="", changed=["a", "b"]).different == "the input is not the source's: a; b"
    assert Schemas(source="", takes_more=SCHEMAS.takes_more).different == ""


def test_a_certificate_from_before_schemas_is_read() -> None:
    older = certificate(trial(1)).model_dump(mode="json")
    del older["schemas"]
    assert Certificate.model_validate(older).schemas is None
    assert "not compared" in as_markdown([Certificate.model_validate(older)])


def nasty() -> Certificate:
    """Everything that a project can put into a certificate is markup."""
    return certificate(
        trial(1, same=False, about=NASTY, body={NASTY: NASTY}), app=NASTY, source=NASTY, why=NASTY, doubles=[NASTY],
        coverage=[Coverage(file=NASTY, lines=1, source=1, target=1)], not_proven=[NASTY], verdict="different",
        schemas=Schemas(source=NASTY, refused=[Breach(value=NASTY, path=NASTY, why=NASTY)], changed=[NASTY]),
    )  # fmt: skip


class Page(html.parser.HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_shows_markup_of_a_project_as_text() -> None:
    page = Page(as_html([nasty()]))
    assert not {"script", "img"} & set(page.elements)
    assert page.text.count("<script>document.title = 'run'</script>") >= 8
    assert page.elements.count("h1") == 1


def test_html_takes_nothing_from_elsewhere() -> None:
    text = as_html([certificate(trial(1))])
    assert not {"link", "script", "img", "iframe"} & set(Page(text).elements)
    assert "http" not in text and "url(" not in text


def test_html_tells_every_request() -> None:
    page = Page(as_html([certificate(trial(1), trial(2, same=False), trial(3, narrowed=True))]))
    assert page.elements.count("tr") == 3 + 1 + 1 + 1
    assert all(text in page.text for text in ("alike, proven", "$.a", "refused by type", "python 3.11.2, fal 1.83.0", "handler.py"))


FORGED = "\x1b]0;title\x07\x1b[2J\x9b2J\nworker: equivalent\n# worker: equivalent"


def forged() -> Certificate:
    """Everything that a project can put into a certificate moves the cursor and begins lines of its own."""
    differing = Differing(path=FORGED, source=FORGED, target=FORGED)
    return certificate(
        trial(1, about=FORGED, body={FORGED: FORGED}, narrowed=True, printed=differing),
        trial(2, same=False, about=FORGED).model_copy(update={"differences": [differing]}),
        app=FORGED, why=FORGED, doubles=[FORGED], coverage=[Coverage(file=FORGED, lines=1, source=1, target=1)], not_proven=[FORGED],
        loading=[differing], verdict="different",
        schemas=Schemas(source=FORGED, refused=[Breach(value=FORGED, path=FORGED, why=FORGED)], changed=[FORGED]),
    )  # fmt: skip


@pytest.mark.parametrize("view", [as_text, as_markdown, as_html])
def test_control_characters_of_a_project_are_not_obeyed(view: Callable[[list[Certificate]], str]) -> None:
    text = view([forged()])
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    if view is not as_html:
        assert not [line for line in text.splitlines() if line in ("worker: equivalent", "# worker: equivalent")]


def test_code_of_a_project_stays_code_in_markdown() -> None:
    made = certificate(
        trial(1, same=False, body="a ` b <img>"), schemas=Schemas(source="", refused=[Breach(value="a ` b", path="", why="")])
    )
    assert '`` "a ` b <img>" ``' in as_markdown([made])
    assert '`` "a ` b" ``' in as_markdown([made])


def test_a_browser_shows_the_page_and_runs_nothing(tmp_path: Path) -> None:
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
    if browser is None:
        pytest.skip("no Chromium on this machine")
    page = tmp_path / "certificate.html"
    page.write_text(as_html([nasty()]), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    options += ["--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    done = subprocess.run([browser, *options, page.as_uri()], capture_output=True, text=True, timeout=60, check=True)
    assert "<title>Equivalence certificate</title>" in done.stdout
    assert "&lt;script&gt;" in done.stdout


def test_markdown_tables_survive_what_a_project_says() -> None:
    text = as_markdown([nasty()])
    rows = [line for line in text.splitlines() if line.startswith("|")]
    columns = [line.replace("\\|", "").count("|") for line in rows]
    assert set(columns) == {3, 5}
    assert "# " in text and "## Differences" in text
