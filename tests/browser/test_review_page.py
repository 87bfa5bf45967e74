"""The review page in Chromium: it opens at once and without an error, its links lead somewhere, and it fits every width."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from converters.cli import answer

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
LOADED = "performance.getEntriesByType('navigation')[0].duration"
WIDE = "document.documentElement.scrollWidth - innerWidth"
BROKEN = "[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.hash.slice(1)).filter(id => !document.getElementById(id))"
SECONDS = 2.0
"""Within which a page is there."""
SHOTS = os.environ.get("SCREENSHOTS", "")
"""A folder that keeps a picture of every view, to be looked at."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        folder = tmp_path_factory.mktemp("profile")
        context = playwright.chromium.launch_persistent_context(
            folder, executable_path="/usr/bin/chromium", args=list(FLAGS), headless=True, offline=True
        )
        yield context
        context.close()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A worker of 3000 lines whose handler reads 200 fields."""
    project = tmp_path_factory.mktemp("large") / "worker"
    project.mkdir()
    fields = "".join(f"    value_{number} = job['input']['field_{number}']\n" for number in range(200))
    helpers = "".join(f"\ndef helper_{number}(a):\n    return a + {number}\n\n" for number in range(560))
    handler = f"\ndef handler(job):\n{fields}    return {{'sum': value_0}}\n\n"
    (project / "handler.py").write_text(f"import runpod\n\n{helpers}{handler}\nrunpod.serverless.start({{'handler': handler}})\n")
    return project


def page_of(project: Path, folder: Path, capfd: pytest.CaptureFixture[str]) -> Path:
    capfd.readouterr()
    answer([str(project), "--check", "--format", "html"])
    page = folder / f"{project.name}.html"
    page.write_text(capfd.readouterr().out, "utf-8")
    return page


def opened(browser: Any, page: Path, width: int = 1100, scheme: str = "light") -> tuple[Any, list[str]]:
    """The page, and what its console says."""
    view, said = browser.new_page(), list[str]()
    view.on("console", lambda message: said.append(message.text))
    view.on("pageerror", lambda error: said.append(str(error)))
    view.set_viewport_size({"width": width, "height": 900})
    view.emulate_media(color_scheme=scheme)
    view.goto(page.as_uri())
    if SHOTS:
        view.screenshot(path=f"{SHOTS}/{page.stem}-{width}-{scheme}.png", full_page=True)
    return view, said


@pytest.mark.parametrize("project", ["runpod/sdxl", "runpod/text-tools", "replicate/hello", "docker/notes"])
@pytest.mark.parametrize("width", [400, 1600])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_fits_and_every_link_leads_somewhere(
    browser: Any, project: str, width: int, scheme: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    view, said = opened(browser, page_of(ROOT / "fixtures" / project, tmp_path, capfd), width, scheme)
    assert said == []
    assert view.evaluate(WIDE) <= 0
    assert view.locator("a[href^='#']").count() > 10
    assert view.evaluate(BROKEN) == []
    dark = view.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--link')").strip() == "#8ab4f8"
    assert dark == (scheme == "dark")
    view.close()


def test_the_page_of_a_large_project_is_there_at_once(browser: Any, large: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    page = page_of(large, tmp_path, capfd)
    view, said = opened(browser, page)
    assert view.locator("tr.equal, tr.delete, tr.insert").count() > 1500
    assert (said, view.evaluate(BROKEN)) == ([], [])
    assert view.evaluate(LOADED) / 1000 < SECONDS
    view.close()


def test_a_generated_line_leads_to_its_source_and_back(browser: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    view, _ = opened(browser, page_of(ROOT / "fixtures/runpod/sdxl", tmp_path, capfd))
    line = view.locator("tr", has_text="prompt = input.prompt")
    line.locator("a", has_text="handler.py:14").click()
    source = view.locator("tr:has(:target)")
    assert 'prompt = job["input"]["prompt"]' in source.inner_text()
    assert source.is_visible()  # the folded file has opened
    source.locator("a", has_text="app.py:65").click()
    assert "prompt = input.prompt" in view.locator("tr:has(:target)").inner_text()
    view.close()


def test_the_ledger_is_filtered_and_the_keys_move(browser: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    view, _ = opened(browser, page_of(ROOT / "fixtures/runpod/text-tools", tmp_path, capfd))
    rows = view.locator(".ledger tbody tr:visible")
    whole = rows.count()
    view.keyboard.press("/")
    view.keyboard.type("dockerfile copy")
    assert 0 < rows.count() < whole
    view.locator("[type=search]").fill("")
    view.locator("[type=checkbox][value=converted]").uncheck()
    assert 0 < rows.count() < whole
    view.locator("h1").click()
    view.keyboard.press("j")
    first = view.evaluate("document.activeElement.textContent")
    view.keyboard.press("j")
    assert view.evaluate("document.activeElement.textContent") != first
    view.keyboard.press("k")
    assert view.evaluate("document.activeElement.textContent") == first
    view.close()


def test_equal_lines_are_folded_until_they_are_asked_for(browser: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    view, _ = opened(browser, page_of(ROOT / "fixtures/runpod/text-tools", tmp_path, capfd))
    hidden = view.locator("td.left", has_text="MAX_LENGTH:").first
    assert not hidden.is_visible()
    view.get_by_role("button", name="equal lines").last.click()
    assert hidden.is_visible()
    view.close()


def test_nothing_of_a_project_runs_or_is_asked_for(browser: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    evil = "</script><script>window.forged=1</script><img src=https://example.com/x onerror='window.forged=1'>"
    project = tmp_path / "<img src=x onerror=window.forged=1>"
    project.mkdir()
    key = json.dumps(evil)
    lines = f"    '''{evil}'''\n    a = job['input'][{key}]\n    return {{{key}: a}}  # {evil}\n"
    (project / "handler.py").write_text(
        f"import runpod\n\n\ndef handler(job):\n{lines}\n\nrunpod.serverless.start({{'handler': handler}})\n"
    )
    (project / "Dockerfile").write_text(f"FROM python:3.11\nENV A={key}\nLABEL x={key}\n")
    page = tmp_path / "page.html"
    page.write_text(page_of(project, tmp_path, capfd).read_text("utf-8"), "utf-8")
    asked: list[str] = []
    browser.on("request", lambda request: asked.append(request.url))
    view, said = opened(browser, page)
    assert (view.evaluate("window.forged"), said) == (None, [])
    assert view.locator("img, iframe, object").count() == 0
    assert view.locator("script").count() == 1
    assert [url for url in asked if not url.startswith("file:")] == []
    view.close()
