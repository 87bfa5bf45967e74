"""What Cog does around a prediction: setup, weights, health, metrics, cancelling, files that vanish."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sources.replicate.project import converted, items, manual, text, write

HEAD = "import tempfile\nfrom typing import *\nfrom cog import BasePredictor, CancelationException, Path, current_scope\n\n\nclass Predictor(BasePredictor):\n"


def made(tmp_path: Path, body: str, head: str = HEAD):  # type: ignore[no-untyped-def]
    return converted(write(tmp_path / "p", head + "".join(f"    {line}\n" if line else "\n" for line in body.splitlines())))


@pytest.mark.parametrize(
    ("setup", "line"),
    [
        pytest.param("def setup(self): ...", "        self.predictor.setup()\n", id="plain"),
        pytest.param("async def setup(self): ...", "        await self.predictor.setup()\n", id="async"),
        pytest.param("def setup(self, weights=None): ...", 'self.predictor.setup(weights=os.environ.get("COG_WEIGHTS"))', id="weights"),
        pytest.param("def setup(self, compile=True): ...", "        self.predictor.setup()\n", id="another argument"),
    ],
)
def test_setup_is_called_as_cog_calls_it(tmp_path: Path, setup: str, line: str) -> None:
    assert line in text(made(tmp_path, f"{setup}\ndef predict(self, a: str) -> str:\n    return a"), "app.py")


def test_without_setup_nothing_is_called(tmp_path: Path) -> None:
    assert ".setup(" not in text(made(tmp_path, "def predict(self, a: str) -> str:\n    return a"), "app.py")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("current_scope().record_metric('n', 1)", "print(\"metric\", 'n', 1)", id="the scope's metric"),
        pytest.param("self.record_metric('n', 1, mode='incr')", "print(\"metric\", 'n', 1)", id="the predictor's metric"),
        pytest.param("self.log('x')", "print('x')", id="the log of the alphas"),
        pytest.param("print('x')", "print('x')", id="no metric at all"),
    ],
)
def test_metrics_become_lines_of_the_log(tmp_path: Path, before: str, after: str) -> None:
    outcome = made(tmp_path, f"def predict(self, a: str) -> str:\n    {before}\n    return a")
    assert f"        {after}\n" in text(outcome, "predict.py")
    assert not manual(outcome)


def test_a_method_of_the_same_name_is_the_projects_own(tmp_path: Path) -> None:
    outcome = made(tmp_path, "def log(self, x): ...\n\ndef predict(self, a: str) -> str:\n    self.log(a)\n    return a")
    assert "self.log(a)" in text(outcome, "predict.py")


def test_the_context_of_a_request_is_left_to_a_person(tmp_path: Path) -> None:
    outcome = made(tmp_path, "def predict(self, a: str) -> dict:\n    return current_scope().context")
    assert "context" in manual(outcome)[0]


def test_a_healthcheck_is_served(tmp_path: Path) -> None:
    outcome = made(tmp_path, "def healthcheck(self) -> bool:\n    return True\n\ndef predict(self, a: str) -> str:\n    return a")
    assert "health_check=fal.HealthCheck()" in text(outcome, "app.py")


def test_a_cancelled_request_raises_in_the_prediction(tmp_path: Path) -> None:
    body = "def predict(self, a: str) -> str:\n    try:\n        return a\n    except CancelationException:\n        raise"
    outcome = made(tmp_path, body)
    assert '@fal.endpoint("/cancel")' in text(outcome, "app.py")
    assert "class CancelationException(BaseException):" in text(outcome, "predict.py")


@pytest.mark.parametrize(
    ("word", "result", "line"),
    [
        pytest.param("def", "return a", '    @fal.endpoint("/cancel")\n', id="one answer"),
        pytest.param("def", "yield a", '    @fal.endpoint("/cancel")\n', id="a stream that is collected"),
        pytest.param("async def", "return a", "", id="asynchronous code has no thread of its own"),
    ],
)
def test_code_that_never_asks_is_stopped_all_the_same(tmp_path: Path, word: str, result: str, line: str) -> None:
    outcome = made(tmp_path, f"{word} predict(self, a: str) -> str:\n    {result}")
    assert (line in text(outcome, "app.py")) if line else ("/cancel" not in text(outcome, "app.py"))
    assert ("goes on to its end" in text(outcome, "MIGRATION.md")) == (not line)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("with tempfile.TemporaryDirectory() as d:\n    return Path(d) / 'a.png'", True, id="returned from inside"),
        pytest.param("with tempfile.TemporaryDirectory() as d:\n    p = Path(d) / 'a.png'\n    return p", True, id="by way of a name"),
        pytest.param("with tempfile.TemporaryDirectory(delete=False) as d:\n    return Path(d) / 'a.png'", False, id="a folder that stays"),
        pytest.param("d = tempfile.mkdtemp()\nreturn Path(d) / 'a.png'", False, id="no with"),
        pytest.param("with tempfile.TemporaryDirectory() as d:\n    pass\nreturn Path('b.png')", False, id="another file"),
        pytest.param(
            "with tempfile.TemporaryDirectory() as d:\n    q = Path(d) / 'a'\n    t = q.read_text()\n    return t",
            False,
            id="what was read",
        ),
        pytest.param("with tempfile.NamedTemporaryFile() as f:\n    return Path(f.name)", True, id="a file that deletes itself"),
        pytest.param("with tempfile.NamedTemporaryFile(delete=False) as f:\n    return Path(f.name)", False, id="a file that stays"),
    ],
)
def test_a_file_that_vanishes_is_named(tmp_path: Path, body: str, expected: bool) -> None:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    assert bool(items(made(tmp_path, f"def predict(self, a: str) -> Path:\n{lines}"), "RC016")) is expected


@pytest.mark.parametrize("name", ["ext.pipelines", "server.http"])
def test_what_has_no_counterpart_stays_and_is_named(tmp_path: Path, name: str) -> None:
    outcome = made(
        tmp_path,
        "def predict(self, a: str) -> str:\n    return str(thing)",
        f"from cog.{name} import thing\nfrom cog import BasePredictor\n\n\nclass Predictor(BasePredictor):\n",
    )
    assert f"from cog.{name} import thing" in text(outcome, "predict.py")
    assert '"cog"' in text(outcome, "app.py")
    assert manual(outcome)
