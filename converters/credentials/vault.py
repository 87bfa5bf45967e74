"""The secret values of one conversion: where they stand, and what is written in their place."""

from __future__ import annotations

import ast
import contextlib
import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from converters.credentials.recognize import Dialect, Secret, dialect_of, find
from converters.python.module import nodes, tree_of
from converters.python.names import names_in

if TYPE_CHECKING:
    from converters.project import Project, SourceFile

SHORTEST = 5
"""Characters from which a value is looked for by itself; a shorter one is known by its surroundings only."""
CUT = 6
"""Characters of a value that a message may have cut off (`...`) and that are masked nevertheless."""
NO_TEXT = tuple(
    f".{ending}"
    for ending in (
        *("png", "jpg", "jpeg", "gif", "webp", "ico", "mp3", "mp4", "wav", "pdf", "woff", "woff2", "ttf"),
        *("zip", "gz", "tar", "whl", "so", "pt", "pth", "onnx", "safetensors", "bin"),
    )
)
"""Endings of files that are not read."""
_SEPARATOR = '", "'
"""Between the words of a command where they are looked at together, as a Dockerfile writes them."""


_BEFORE = (
    r"--?[\w-]*(?i:token|key|password|passwd|secret|credentials?)(?:[= ]|[\"']\s*,\s*)[\"']?"
    r"|\b\w*(?i:token|key|password|passwd|pwd|secret|credentials?)\w*[\"']?(?:\s*[=:]\s*|[ ])[\"']?|://[^\s:@/]*:"
)
"""What stands before a secret: an option, a name, the user of an address."""


@dataclass(frozen=True)
class Place:
    """A secret in a file of the input."""

    file: str
    line: int
    what: str
    name: str
    value: str


@dataclass
class Vault:
    """Nothing in it is ever printed but names and places."""

    places: list[Place] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """Value -> the variable that stands for it."""
    words: frozenset[str] = frozenset()
    """Values that the project's own code and folders have as names: elsewhere they are those names, and no secret."""

    def read(self, file: str, text: str, dialect: Dialect) -> None:
        """Take in what one text holds."""
        for secret in find(text, dialect):
            self._add(secret, file, text.count("\n", 0, secret.start) + 1)

    def _add(self, secret: Secret, file: str, line: int) -> None:
        self.places.append(Place(file, line, secret.what, secret.name, secret.value))
        if secret.value not in self.names or secret.named:
            self.names[secret.value] = secret.name
        self.__dict__.pop("_pattern", None)
        self.__dict__.pop("_cuts", None)
        self.__dict__.pop("_words", None)

    def mask(self, text: str, dialect: Dialect = Dialect.PROSE) -> str:
        """The text with `${NAME}` in the place of every secret of the input, and of whatever else has the shape of one."""
        if self._pattern is not None:
            text = self._pattern.sub(lambda match: self._reference(match.group()), text)
            text = self._uncut(text) if dialect is Dialect.PROSE else text
        if self._words is not None:
            text = self._words.sub(lambda match: f"{match['before']}${{{self.names[match['value']]}}}", text)
        for secret in reversed(find(text, dialect)):
            text = text[: secret.start] + f"${{{self.names.get(secret.value, secret.name)}}}" + text[secret.end :]
        return text

    def masked(self, value: Any) -> Any:
        """Plain data (of JSON, of a model) with every text masked."""
        if isinstance(value, str):
            return self.mask(value)
        if isinstance(value, dict):
            return {self.masked(key): self.masked(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return self.mask_words(list(value)) if is_command(value) else [self.masked(item) for item in value]
        return value

    def masked_report(self, document: dict[str, Any]) -> dict[str, Any]:
        """A report with every text masked but the paths, which say where things stand."""
        paths = ("output", "file", "files", "report")
        masked = {key: value if key in paths else self.masked(value) for key, value in document.items()}
        return {**masked, "source": {**masked["source"], "path": document["source"]["path"], "entry": document["source"]["entry"]}}

    def mask_words(self, words: list[str]) -> list[str]:
        """The words of a command: an option names the word that follows it."""
        joined = self.mask(_SEPARATOR.join(words), Dialect.CONFIG).split(_SEPARATOR)
        return [self.mask(word) for word in joined] if len(joined) == len(words) else [self.mask(word) for word in words]

    def found_in_code(self, text: str) -> Iterator[tuple[int, str, str]]:
        return self.found_in(text, Dialect.CODE)

    def found_in(self, text: str, dialect: Dialect) -> Iterator[tuple[int, str, str]]:
        """(line, what, variable) of every secret in a text, each line and variable once."""
        spans = [(one.start, one.what, self.names.get(one.value, one.name)) for one in find(text, dialect)]
        if self._pattern is not None:
            known = {start for start, _, _ in spans}
            spans += [
                (match.start(), "a value that is a secret elsewhere", self._variants[match.group()])
                for match in self._pattern.finditer(text)
                if match.start() not in known
            ]
        seen: set[tuple[int, str]] = set()
        for start, what, name in sorted(spans):
            line = text.count("\n", 0, start) + 1
            if (line, name) not in seen:
                seen.add((line, name))
                yield line, what, name

    def _stands_alone(self, value: str) -> bool:
        return is_distinctive(value) and value not in self.words

    @cached_property
    def _variants(self) -> dict[str, str]:
        """The values that are looked for by themselves, also as JSON, HTML and addresses write them."""
        found: dict[str, str] = {}
        for value, name in self.names.items():
            if self._stands_alone(value):
                for one in (
                    value,
                    json.dumps(value)[1:-1],
                    json.dumps(value, ensure_ascii=False)[1:-1],
                    html.escape(value),
                    unquote(value),
                    value.replace("$$", "$"),
                ):
                    found.setdefault(one, name)
        return found

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        self.__dict__.pop("_variants", None)
        values = sorted(self._variants, key=len, reverse=True)
        return re.compile("|".join(map(_bounded, values))) if values else None

    @cached_property
    def _words(self) -> re.Pattern[str] | None:
        """Values that may be any word, where they stand behind the name of a secret, an option or a user."""
        values = sorted({value for value in self.names if len(value) >= 2 and not self._stands_alone(value)}, key=len, reverse=True)
        if not values:
            return None
        return re.compile(rf"(?P<before>{_BEFORE})(?P<value>{'|'.join(map(re.escape, values))})(?![A-Za-z0-9])")

    @cached_property
    def _cuts(self) -> re.Pattern[str] | None:
        starts = sorted({re.escape(value[:CUT]) for value in self._variants if len(value) > CUT + 3})
        return re.compile("|".join(starts)) if starts else None

    def _reference(self, value: str) -> str:
        return f"${{{self._variants[value]}}}"

    def _uncut(self, text: str) -> str:
        """Beginnings of secrets where a message was cut to a length; a single word is no message."""
        if not any(map(str.isspace, text)):
            return text
        for match in reversed(list(self._cuts.finditer(text)) if self._cuts else []):
            for value, name in self._variants.items():
                if value.startswith(match.group()):
                    end = match.start() + _shared(value, text[match.start() :])
                    if end == len(text) or text[end:].startswith(("...", "…", "`", " ...", "\n")):
                        text = text[: match.start()] + f"${{{name}}}" + text[end:]
                        break
        return text


def is_command(value: Any) -> bool:
    """Whether a list holds the words of a command, of which one tells about the next."""
    return isinstance(value, list | tuple) and all(type(item) is str for item in value) and any(item.startswith("-") for item in value)


def is_distinctive(value: str) -> bool:
    """Whether a value is one by itself, and no word that may stand anywhere (`postgres`)."""
    if len(value) < SHORTEST:
        return False
    plain = value.isalpha() and (value.islower() or value.isupper() or value.istitle())
    mixed = bool(re.search(r"\d", value) and re.search(r"[A-Za-z]", value))
    return len(value) >= 16 or (mixed if len(value) < 8 else not plain and not value.isdigit())


def collect(project: Project, further: Iterable[tuple[str, str]] = ()) -> Vault:
    """Every secret of a project, in files that go along and in those that are left out; `further`: (name, text) of other inputs."""
    vault = Vault()
    for file in [*project.files.values(), *project.withheld_files()]:
        text = text_of(file)
        if text is not None:
            vault.read(file.path, text, Dialect.CREDENTIALS if file.path in project.withheld else dialect_of(file.path))
    for name, text in further:
        vault.read(name, text, Dialect.CONFIG)
    vault.words = frozenset(_names(project, vault.names))
    return vault


def _names(project: Project, values: Iterable[str]) -> Iterator[str]:
    """Those of the values that are paths of the project, or names in its Python."""
    paths = {part for path in project.files for part in (path, *path.split("/"))}
    asked = {value for value in values if is_distinctive(value)}
    yield from asked & paths
    asked = {value for value in asked if value.isidentifier()}
    for file in project.files.values() if asked else ():
        if file.path.endswith(".py") and any(value in (text_of(file) or "") for value in asked):
            with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
                tree = nodes(tree_of(file.data, file.path))
                yield from asked & {name for node in tree for name in names_in(node)}
                yield from asked & {node.attr for node in tree if isinstance(node, ast.Attribute)}


def text_of(file: SourceFile) -> str | None:
    """The text of a file; None for one that is no text or too large to be read."""
    from converters.errors import Unreadable
    from converters.project import MAX_FILE

    if file.size > MAX_FILE or file.path.lower().endswith(NO_TEXT):
        return None
    try:
        if file.encoding == "utf-16":
            return file.text
        return None if b"\0" in file.data[:8192] else file.text
    except Unreadable:
        return None if b"\0" in _bytes(file)[:8192] else _bytes(file).decode("latin-1")


def _bytes(file: SourceFile) -> bytes:
    from converters.errors import Unreadable

    try:
        return file.data
    except Unreadable:
        return b""


def _bounded(value: str) -> str:
    escaped = re.escape(value)
    return rf"(?<![A-Za-z0-9]){escaped}(?![A-Za-z0-9])" if len(value) < 16 else escaped


def _shared(value: str, text: str) -> int:
    return next((index for index, (one, other) in enumerate(zip(value, text, strict=False)) if one != other), min(len(value), len(text)))
