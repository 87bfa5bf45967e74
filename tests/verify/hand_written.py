"""Apps for the sample projects as an engineer writes them from fal's guide, with names and a layout of their own: right ones, and slips."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HandWritten:
    """`old` and `new`: what is changed of the app, mostly a slip that makes it wrong; `shows`: the beginning of the path at which an expert expects the difference."""

    name: str
    source: str
    app: str
    contract: str = ""
    old: str = ""
    new: str = ""
    shows: str = ""
    is_right: bool = False
    """The change takes nothing from a caller."""

    @property
    def is_equivalent(self) -> bool:
        """What an expert says."""
        return not self.old or self.is_right

    @property
    def text(self) -> str:
        """The app as it is judged."""
        assert self.app.count(self.old) == 1 if self.old else True
        return self.app.replace(self.old, self.new) if self.old else self.app


TEXT = """
import re
import unicodedata
from collections import Counter

import fal
from fastapi import HTTPException
from pydantic import BaseModel, Field

STOPWORDS = {"a", "an", "and", "by", "in", "is", "it", "of", "on", "or", "the", "to"}
LIMIT = 10_000


class TextRequest(BaseModel):
    text: str
    action: str = "count"
    separator: str = "-"
    limit: int = Field(default=5)


class TextTools(fal.App, name="text-service", keep_alive=300):
    machine_type = "S"
    max_multiplexing = 4

    @fal.endpoint("/")
    def run(self, request: TextRequest) -> dict:
        if len(request.text) > LIMIT:
            raise HTTPException(status_code=422, detail=f"text is longer than {LIMIT} characters")
        if request.action == "slug":
            return {"slug": self._slug(request.text, request.separator)}
        if request.action == "keywords":
            return {"keywords": self._keywords(request.text, request.limit)}
        if request.action == "count":
            return {"words": len(request.text.split()), "characters": len(request.text)}
        raise HTTPException(status_code=400, detail=f"unknown action: {request.action}")

    def _slug(self, text: str, separator: str) -> str:
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
        return re.sub(r"[^a-z0-9]+", separator, plain).strip(separator)

    def _keywords(self, text: str, limit: int) -> list:
        counts = Counter(word for word in re.findall(r"[a-z]+", text.lower()) if word not in STOPWORDS)
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        return [{"word": word, "count": counts[word]} for word in ranked[:limit]]
"""
HELLO = """
from typing import Literal

import fal
from fastapi import HTTPException
from pydantic import BaseModel, Field


class Greeting(BaseModel):
    name: str = Field(description="Whom to greet", max_length=40)
    times: int = Field(default=1, ge=1, le=5, description="How often")
    mood: Literal["calm", "glad"] = "calm"
    seed: int | None = None


class Answer(BaseModel):
    text: str


class Greeter(fal.App, name="greeter"):
    machine_type = "S"

    def setup(self):
        self.word = "hello"

    @fal.endpoint("/")
    def greet(self, greeting: Greeting) -> Answer:
        if greeting.name == "nobody":
            raise HTTPException(422, detail="there is nobody to greet")
        sign = "!" if greeting.mood == "glad" else "."
        text = " ".join([f"{self.word} {greeting.name}{sign}"] * greeting.times)
        return Answer(text=text if greeting.seed is None else f"{text} #{greeting.seed}")
"""
GUESTBOOK = """
import fal
from pydantic import BaseModel


class Visit(BaseModel):
    name: str
    polite: bool = True
    lines: int = 1


class Entry(BaseModel):
    text: str
    html: str
    number: int


class GuestBook(fal.App, name="visitors"):
    machine_type = "S"
    requirements = ["markupsafe==3.0.4"]

    @fal.endpoint("/")
    def write(self, visit: Visit) -> Entry:
        from markupsafe import escape

        first = f"Dear {visit.name}," if visit.polite else f"Hi {visit.name}!"
        text = "\\n".join([first] + ["Thank you."] * visit.lines)
        return Entry(text=text, html=str(escape(text)), number=len(text))
"""

APPS = [
    HandWritten("text tools", "runpod/text-tools", TEXT),
    HandWritten("text tools that find ten keywords", "runpod/text-tools", TEXT, old="default=5", new="default=10"),
    HandWritten("text tools that measure a stripped text", "runpod/text-tools", TEXT, old="len(request.text)}", new="len(request.text.strip())}", shows="$.characters"),
    HandWritten("text tools that count bytes", "runpod/text-tools", TEXT, old="len(request.text)}", new="len(request.text.encode())}", shows="$.characters"),
    HandWritten("a greeting", "replicate/hello", HELLO, "output=text"),
    HandWritten("a greeting that forgets the seed 0", "replicate/hello", HELLO, "output=text", old="greeting.seed is None", new="not greeting.seed", shows="$"),
    HandWritten("a greeting of four times at most", "replicate/hello", HELLO, "output=text", old="le=5", new="le=4"),
    HandWritten("a greeting that takes longer names", "replicate/hello", HELLO, "output=text", old=", max_length=40", new="", is_right=True),
    HandWritten("a guest book", "replicate/guestbook", GUESTBOOK),
    HandWritten("a guest book that does not escape", "replicate/guestbook", GUESTBOOK, old="html=str(escape(text))", new="html=text", shows="$.html"),
]  # fmt: skip
