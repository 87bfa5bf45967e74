"""FAL002: a value of a field that is no text."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR, WORKER


def _worker(default: str) -> dict[str, str]:
    return {"handler.py": WORKER.replace('job["input"]["prompt"]', f'job["input"].get("prompt", {default})')}


def _predictor(arguments: str) -> dict[str, str]:
    return {"cog.yaml": COG, "predict.py": PREDICTOR.replace('description="Text"', arguments)}


rule = Rule(
    code="FAL002",
    title="a value of a field that is no text",
    safety="manual",
    expected="every text of the schema is valid Unicode",
    explanation="""
    A Python string may hold half a surrogate pair (`"\\ud800"`), which has no UTF-8: neither JSON nor pydantic takes it, so an app with
    such a default, choice or description does not start. U+FFFD, the sign for a character that could not be read, stands in its place.
    Write the text that is meant.
    """,
    links=(cog_docs("python"), fal_docs("documentation/development/handle-inputs-and-outputs")),
    cases=(
        Case("a default of a worker", "partial", _worker(r'"a\ud800"'),
             seen=(Seen("manual", 5, says="`prompt` has a default, a choice"),), has={"app.py": (r'"a\ufffd"',)}, status="partial"),
        Case("a default of a predictor", "partial", _predictor(r'default="\udfff"'),
             seen=(Seen("manual", 5, "predict.py"),), status="partial"),
        Case("a choice of a predictor", "partial", _predictor(r'default="a", choices=["a", "\ud83d"]'),
             seen=(Seen("manual", 5, "predict.py"),), status="partial"),
        Case("a description of a predictor", "partial", _predictor(r'description="\ud83d"'),
             seen=(Seen("manual", 5, "predict.py"),), status="partial"),
        Case("a whole pair is a text", "untouched", _worker(r'"\U0001f600"')),
        Case("a backslash before letters is a text", "untouched", _worker(r'"\\ud800"')),
        Case("letters beyond ASCII are a text", "untouched", _predictor('default="Zürich"')),
        Case("a string that no field holds", "untouched",
             {"handler.py": WORKER.replace("import runpod", "import runpod\n\nHALF = '\\ud800'")}),
    ),
)  # fmt: skip
