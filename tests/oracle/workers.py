"""Workers that run on a CPU, with requests for each; the oracle tests send them to both platforms."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "runpod"
Outcome = tuple[str, Any]
"""("result", output) or ("error", message)."""


@dataclass(frozen=True)
class Request:
    """`production` is what a worker on RunPod posts where the SDK's local server gives something else (`why` says what)."""

    name: str
    input: dict[str, Any]
    production: Outcome | None = None
    why: str = ""


@dataclass(frozen=True)
class Worker:
    """A worker of `fixtures/runpod`, or one of a few lines (`files`)."""

    name: str
    requests: tuple[Request, ...]
    files: dict[str, str] = field(default_factory=dict)
    entry: str = "handler.py"
    arguments: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


LISTS = "the local server fails on errors that are no strings"
EMPTY = "the local server fails on an empty result"
STREAMS = "the local server lists the values of every generator, and goes on behind an error"

VALIDATED = """
import runpod
from runpod.serverless.utils.rp_validator import validate

SCHEMA = {
    "prompt": {"type": str, "required": True},
    "steps": {"type": int, "required": False, "default": 4, "constraints": lambda steps: 0 < steps < 10},
    "scale": {"type": float, "required": False, "default": 1},
    "size": {"type": int, "required": True, "constraints": lambda size: size in (256, 512)},
}


def handler(job):
    checked = validate(job["input"], SCHEMA)
    if "errors" in checked:
        raise ValueError("; ".join(checked["errors"]))
    return checked["validated_input"]


runpod.serverless.start({"handler": handler})
"""

RESULTS = """
import runpod

RESULTS = {
    "text": "plain", "number": 3, "yes": True, "list": [1, {"error": "inside"}], "nothing": None, "empty": {},
    "error": {"error": "boom"}, "more": {"error": "boom", "foo": 1}, "errors": {"error": ["a", "b"]}, "mapping": {"error": {"code": 1}},
    "falsy": {"error": "", "a": 1}, "refresh": {"refresh_worker": True, "a": 1}, "plural": {"errors": ["x"]}, "status": {"status": "error"},
}


def handler(job):
    name = job["input"]["name"]
    if name == "raise":
        raise RuntimeError("CUDA out of memory")
    value = RESULTS[name]
    return dict(value) if isinstance(value, dict) else value


if __name__ == "__main__":
    runpod.serverless.start({"handler": handler})
"""

SPREAD = """
import runpod


def render(prompt, steps=4, *, scale: float = 1.5):
    return {"prompt": prompt, "steps": steps, "scale": scale}


runpod.serverless.start({"handler": lambda job: render(**job["input"])})
"""

MUTATING = """
import runpod

STATE = {"jobs": 0}


class Service:
    def __init__(self):
        self.sizes = {"small": 1, "large": 2}

    def __call__(self, job):
        given = job["input"]
        if "width" not in given and "size" in given:
            given["width"] = self.sizes[given.pop("size")]
        given.setdefault("tags", []).append("seen")
        return {"given": given, "unset": sorted({"width", "height", "tags"} - set(given))}


service = Service()

if __name__ == "__main__":
    STATE["loaded"] = True
    runpod.serverless.start({"handler": service})
"""

NAMES = """
import runpod


def handler(job):
    given = job["input"]
    return {
        "json": given.get("json", 1),
        "class": given.get("class"),
        "max-tokens": given.get("max-tokens", 16),
        "model_config": given.get("model_config", "auto"),
        "int": given.get("int", 2),
        "found": sorted(given),
    }


runpod.serverless.start({"handler": handler})
"""

NATIVE = """
# Counts letters.
import runpod

GREETING = "hello {}"
table = dict(a=1, b=2)


def shout(text):
    return f"{text.upper()!r:>8}"


def handler(job):
    \"\"\"Greet somebody.\"\"\"
    name = job["input"]["name"]  # who
    if not name:
        return {"error": f"no {'name'} given"}
    known = [letter for letter in ("x", "y")] if job["input"].get("shadow", False) else sorted(table)
    return {
        "text": GREETING.format(name),
        "loud": shout(name),
        "known": known,
    }


runpod.serverless.start({"handler": handler})
"""

ASYNC_STREAM = """
import asyncio

import runpod


async def handler(job):
    for index in range(job["input"].get("count", 2)):
        await asyncio.sleep(0)
        yield {"index": index, "text": "line\\nbreak"}
    if job["input"].get("fail"):
        raise RuntimeError("late")


runpod.serverless.start({"handler": handler})
"""

WORKERS = (
    Worker(
        "text-tools",
        (
            Request("counts words", {"text": "a bee sees a sea"}),
            Request("dispatches on a field", {"text": "A Bee", "action": "slug", "separator": "_"}),
            Request("converts a number in a string", {"text": "one two two", "action": "keywords", "limit": "1"}),
            Request("returns an error", {"text": "a" * 10_001}),
            Request("raises", {"text": "a", "action": "nothing"}),
            Request("lacks a key", {}),
        ),
    ),
    Worker(
        "embeddings",
        (
            Request("embeds", {"texts": ["a", "b"]}),
            Request("returns an error for an empty list", {"texts": []}),
            Request("returns an error where the key is missing", {}),
        ),
        environment={"DIMENSIONS": "6"},
    ),
    Worker(
        "story-stream",
        (
            Request("aggregates what it yields", {"count": 3}),
            Request("aggregates the default", {}),
            Request("fails on a yielded error", {"count": 99}, ("error", "the story has only 8 words"), STREAMS),
        ),
    ),
    Worker(
        "tts-flags",
        (
            Request("speaks with the voice of the start command", {"text": "hey", "speed": 2.0}),
            Request("takes an int for a float", {"text": "hey", "speed": 2}),
            Request(
                "refuses what the schema refuses", {"text": 3}, ("error", ["text should be <class 'str'> type, not <class 'int'>."]), LISTS
            ),
            Request(
                "refuses unknown keys", {"text": "a", "tone": 1}, ("error", ["Unexpected input. tone is not a valid input option."]), LISTS
            ),
        ),
        entry="serve.py",
        arguments=("--voice=amber", "--rate", "22050"),
    ),
    Worker(
        "validated",
        (
            Request("fills in the defaults", {"prompt": "a", "size": 256}),
            Request("skips the check of a value of the default's type", {"prompt": "a", "size": 512, "steps": 99}),
            Request("makes an int a float", {"prompt": "a", "size": 256, "scale": 2.5}),
            Request("enforces the choices of a required field", {"prompt": "a", "size": 300}),
            Request("refuses another type", {"prompt": "a", "size": 256, "steps": "4"}),
            Request("misses a required field", {"size": 256}),
        ),
        {"handler.py": VALIDATED},
    ),
    Worker(
        "results",
        (
            *(
                Request(f"returns {name}", {"name": name})
                for name in ("text", "number", "yes", "list", "nothing", "error", "more", "falsy", "refresh", "plural", "status", "raise")
            ),
            Request("returns an empty dict", {"name": "empty"}, ("result", {}), EMPTY),
            Request("returns a list of errors", {"name": "errors"}, ("error", ["a", "b"]), LISTS),
            Request("returns an error that is a dict", {"name": "mapping"}, ("error", {"code": 1}), LISTS),
        ),
        {"handler.py": RESULTS},
    ),
    Worker(
        "spread",
        (
            Request("takes its defaults from the signature", {"prompt": "a"}),
            Request("passes every key on", {"prompt": "a", "steps": 9, "scale": 2}),
            Request("refuses a key that is no parameter", {"prompt": "a", "tone": 1}),
            Request("misses a parameter", {"steps": 1}),
        ),
        {"handler.py": SPREAD},
    ),
    Worker(
        "mutating",
        (
            Request("changes the mapping that it is given", {"size": "large", "height": 3}),
            Request("sees unset keys as unset", {}),
            Request("keeps keys that it does not know", {"width": 1, "extra": {"a": [1]}, "tags": ["x"]}),
            Request("keeps nothing of the request before", {}),
        ),
        {"handler.py": MUTATING},
    ),
    Worker(
        "names",
        (
            Request("takes keys that are no names", {"max-tokens": 3, "class": "x", "json": 5}),
            Request("takes keys that pydantic uses", {"model_config": "own", "int": 7}),
            Request("leaves them out", {}),
        ),
        {"handler.py": NAMES},
    ),
    Worker(
        "native",
        (
            Request("greets", {"name": "bob"}),
            Request("greets with an option", {"name": "ann", "shadow": True}),
            Request("returns an error", {"name": ""}),
            Request("lacks the name", {}),
        ),
        {"handler.py": NATIVE},
    ),
    Worker(
        "async-stream",
        (
            Request("answers [] without aggregation", {"count": 3}, ("result", []), STREAMS),
            Request("fails with the message of a late exception", {"fail": True}, ("error", "late"), STREAMS),
        ),
        {"handler.py": ASYNC_STREAM},
    ),
)
