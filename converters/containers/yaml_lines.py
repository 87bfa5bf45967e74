"""YAML as plain values that know their lines. Tags that nobody knows keep the value; aliases cannot blow it up."""

from __future__ import annotations

from typing import Any

import yaml

from converters.errors import Unreadable
from converters.project import SourceFile
from converters.yaml_loader import Loader

MAX_NODES = 50_000
RESET = object()
"""The value of a key with compose's `!reset` tag."""


class Map(dict[str, Any]):
    """A mapping; `lines` holds the first and last line of every key with its value."""

    lines: dict[str, tuple[int, int]]


class Seq(list[Any]):
    """A sequence; `lines` holds the line of every item."""

    lines: list[int]


def load_all(file: SourceFile) -> list[Any]:
    """The documents of a file. Raises `Unreadable` with the line where it is no YAML."""
    try:
        nodes = list(yaml.compose_all(file.text, Loader=Loader))
        counter = [0]
        return [_value(node, counter) for node in nodes if node is not None]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        message = getattr(error, "problem", None) or "cannot be read"
        raise Unreadable(f"is no valid YAML: {message}.", file=file.path, line=mark.line + 1 if mark else 1, hint="Correct it.") from error
    except RecursionError as error:
        raise Unreadable("is nested too deeply.", file=file.path, line=1, hint="Simplify it.") from error


def load(file: SourceFile) -> Any:
    """The first document of a file, None for an empty one. Raises `Unreadable`."""
    found = load_all(file)
    return found[0] if found else None


def _value(node: yaml.Node, counter: list[int]) -> Any:
    counter[0] += 1
    if counter[0] > MAX_NODES:
        raise yaml.YAMLError("more nodes than any real file has")
    if node.tag == "!reset":
        return RESET
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, counter)
    if isinstance(node, yaml.SequenceNode):
        items = Seq(_value(child, counter) for child in node.value)
        items.lines = [child.start_mark.line + 1 for child in node.value]
        return items
    return _scalar(node)


def _mapping(node: yaml.MappingNode, counter: list[int]) -> Map:
    own, merged = Map(), Map()
    own.lines, merged.lines = {}, {}
    for key, value in node.value:
        if key.tag == "tag:yaml.org,2002:merge":
            found = _value(value, counter)
            for part in found if isinstance(found, Seq) else [found]:
                if isinstance(part, Map):
                    merged.update({name: item for name, item in part.items() if name not in merged})
                    merged.lines.update({name: line for name, line in part.lines.items() if name not in merged.lines})
            continue
        name = str(key.value)
        own[name] = _value(value, counter)
        own.lines[name] = (key.start_mark.line + 1, _last(value))
    result = Map({**merged, **own})
    result.lines = {**merged.lines, **own.lines}
    return result


def _last(node: yaml.Node) -> int:
    """The last line of a node; a block's end mark stands at the start of what follows."""
    if isinstance(node, yaml.CollectionNode) and node.value:
        child = node.value[-1][1] if isinstance(node, yaml.MappingNode) else node.value[-1]
        return max(node.start_mark.line + 1, _last(child))
    end: int = node.end_mark.line
    return max(int(node.start_mark.line) + 1, end + (1 if node.end_mark.column else 0))


def _scalar(node: yaml.Node) -> Any:
    if node.tag.startswith("!"):
        return str(node.value)
    loader = yaml.SafeLoader("")
    try:
        value = loader.construct_object(node)
    except (ValueError, yaml.YAMLError):
        return str(node.value)
    finally:
        loader.dispose()
    return value if isinstance(value, str | int | float | bool) or value is None else str(node.value)
