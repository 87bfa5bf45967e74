"""cog.yaml as a tree of values with their lines: read without constructing anything, and bounded."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from converters.errors import Unreadable
from converters.ir import Origin
from converters.ledger import Construct, Ledger
from converters.project import SourceFile

if TYPE_CHECKING:
    from yaml.nodes import Node

MAX_NODES = 20_000
MAX_DEPTH = 40
TRUE = frozenset({"true", "yes", "on", "y"})


@dataclass(frozen=True)
class Entry:
    """A value of the file. `text` is a scalar as it was written, so that a bare `3.10` stays 3.10."""

    value: Any
    origin: Origin
    text: str = ""

    def get(self, key: str) -> Entry | None:
        """The entry below a key of a mapping; None for other values and for an explicit null."""
        found = self.value.get(key) if isinstance(self.value, dict) else None
        return found if isinstance(found, Entry) and found.value is not None else None

    def items(self) -> list[Entry]:
        """The entries of a list; a scalar counts as a list of one."""
        if isinstance(self.value, list):
            return [item for item in self.value if item.value is not None]
        return [] if self.value is None or isinstance(self.value, dict) else [self]


@dataclass
class CogYaml:
    """One file: its entries and the construct of every key and list item."""

    file: SourceFile
    root: Entry
    constructs: dict[str, list[Construct]] = field(default_factory=dict)
    parts: tuple[Entry, ...] = ()
    """What was merged into `root`, where it is of several files."""

    @property
    def folder(self) -> str:
        return self.file.folder

    def find(self, path: str) -> Entry | None:
        """The entry at a dotted path such as `build.gpu`."""
        found: Entry | None = self.root
        for key in path.split("."):
            found = found.get(key) if found else None
        return found

    def strings(self, path: str) -> list[Entry]:
        """The list of strings at a path; [] where there is none."""
        found = self.find(path)
        return [item for item in found.items() if not isinstance(item.value, dict | list)] if found else []

    def flag(self, path: str) -> bool:
        found = self.find(path)
        return found is not None and (found.value is True or str(found.text).lower() in TRUE)


def read(file: SourceFile) -> CogYaml:
    """Parse a cog.yaml. Raises `Unreadable` with the line where it is no YAML, no mapping, or too large."""
    import yaml

    from converters.yaml_loader import Loader

    if file.size > 2**20:
        raise Unreadable("is larger than 1 MiB.", file=file.path, hint="A cog.yaml describes a build; move data out of it.")
    try:
        node = yaml.compose(file.text, Loader=Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Unreadable(f"is not valid YAML: {error.problem or error}.", file=file.path, line=line, hint="Correct it.") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise Unreadable(f"is not valid YAML: {error}.", file=file.path, line=1, hint="Correct it.") from error
    if node is None:
        raise Unreadable("is empty.", file=file.path, line=1, hint="A cog.yaml names at least `predict` or `run`.")
    root = _entry(node, file, [0], 0)
    if not isinstance(root.value, dict):
        raise Unreadable("is not a mapping.", file=file.path, line=root.origin.line, hint="A cog.yaml holds `build:` and `predict:`.")
    return CogYaml(file, root)


def merged(base: Entry, other: Entry) -> Entry:
    """Both as one, as `yq` merges with `*+`: mappings key by key, lists one after the other, of anything else the second."""
    if isinstance(base.value, dict) and isinstance(other.value, dict):
        both = {key: merged(entry, other.value[key]) if key in other.value else entry for key, entry in base.value.items()}
        return Entry({**other.value, **both}, base.origin)
    if isinstance(base.value, list) and isinstance(other.value, list):
        return Entry([*base.value, *other.value], base.origin)
    return other


def record(config: CogYaml, ledger: Ledger) -> None:
    """Enter every key of the file, and every item of its lists, into the ledger."""
    for path, entry in itertools.chain.from_iterable(_walk(root, "") for root in config.parts or (config.root,)):
        name = f"{path}: {entry.text}" if path.endswith("[]") else path
        construct = ledger.record("key", " ".join(name.split())[:200], entry.origin, offset=len(config.constructs.get(path, [])))
        config.constructs.setdefault(path, []).append(construct)


def _walk(entry: Entry, prefix: str) -> Iterator[tuple[str, Entry]]:
    if isinstance(entry.value, dict):
        for key, value in entry.value.items():
            path = f"{prefix}.{key}" if prefix else str(key)
            yield path, value
            yield from _walk(value, path)
    elif isinstance(entry.value, list):
        for item in entry.value:
            if not isinstance(item.value, dict | list):
                yield f"{prefix}[]", item
            yield from _walk(item, f"{prefix}[]")


def _entry(node: Node, file: SourceFile, seen: list[int], depth: int) -> Entry:
    from yaml.nodes import MappingNode, ScalarNode, SequenceNode

    seen[0] += 1
    line = node.start_mark.line + 1
    if seen[0] > MAX_NODES or depth > MAX_DEPTH:
        raise Unreadable("holds too many or too deeply nested values.", file=file.path, line=line, hint="Write them out without aliases.")
    origin = Origin(file=file.path, line=line, end_line=max(line, node.end_mark.line + (1 if node.end_mark.column else 0)))
    if isinstance(node, MappingNode):
        found: dict[str, Entry] = {}
        for key, value in node.value:
            name = str(key.value) if isinstance(key, ScalarNode) else "?"
            entry = _entry(value, file, seen, depth + 1)
            start = Origin(file=file.path, line=key.start_mark.line + 1, end_line=entry.origin.end_line)
            found[name] = Entry(entry.value, start, entry.text)
        return Entry(found, origin)
    if isinstance(node, SequenceNode):
        return Entry([_entry(item, file, seen, depth + 1) for item in node.value], origin)
    return Entry(_scalar(node.tag, str(node.value)), origin, str(node.value))


def _scalar(tag: str, text: str) -> Any:
    kind = tag.rsplit(":", 1)[-1]
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() in TRUE
    if kind == "int":
        try:
            return int(text.replace("_", ""), 0)
        except ValueError:
            return text
    return text
