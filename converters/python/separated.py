"""A module's statements, each on lines of its own: what can be moved one by one."""

from __future__ import annotations

import ast

from converters.python.module import tree_of


def separated(text: str) -> str:
    """The text with one statement a line at module level, one module an `import`, and line feeds only, as Python reads every line end.

    Raises what `ast.parse` raises.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    body = tree_of(text).body
    for before, statement in reversed([*zip([None, *body], body, strict=False)]):
        if isinstance(statement, ast.Import) and len(statement.names) > 1:
            made = "\n".join(f"import {_alias(alias)}" for alias in statement.names)
            _replace(lines, statement, made)
        if before is not None and before.end_lineno == statement.lineno:
            row = statement.lineno - 1
            data = lines[row].encode()
            first = data[: before.end_col_offset].decode()
            lines[row] = f"{first}\n{data[statement.col_offset :].decode()}"
    return "\n".join(lines)


def _alias(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def _replace(lines: list[str], node: ast.stmt, made: str) -> None:
    """Put a text in the place of a statement; what stands beside it on its lines stays."""
    assert node.end_lineno is not None and node.end_col_offset is not None
    first, last = node.lineno - 1, node.end_lineno - 1
    head = lines[first].encode()[: node.col_offset].decode()
    tail = lines[last].encode()[node.end_col_offset :].decode()
    lines[first : last + 1] = [f"{head}{made}{tail}"]
