"""One Python file, parsed once: the tree, positions as character offsets, and what each top-level name is."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate

from converters.errors import Unreadable
from converters.ir import Origin
from converters.project import MAX_FILE, SourceFile

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_KEPT = 2**16
"""Characters of the longest program whose tree is kept."""
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Module:
    """A parsed file. `tree` positions count UTF-8 bytes in a line; `span` gives character offsets into `text`."""

    file: SourceFile
    text: str
    tree: ast.Module

    @property
    def path(self) -> str:
        return self.file.path

    @cached_property
    def lines(self) -> list[str]:
        """Lines as Python counts them, with their endings."""
        return _split_lines(self.text)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(len(line) for line in self.lines)]

    @cached_property
    def newline(self) -> str:
        """The line ending that the file uses."""
        return "\r\n" if "\r\n" in self.text else "\n"

    def offset(self, line: int, column: int) -> int:
        """Character offset of a 1-based line and a UTF-8 byte column."""
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        return self._starts[line - 1] + (column if text.isascii() else len(text.encode()[:column].decode(errors="ignore")))

    def line_start(self, line: int) -> int:
        return self._starts[line - 1]

    def line_end(self, line: int) -> int:
        """Offset behind the line's ending."""
        return self._starts[min(line, len(self.lines))]

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Character offsets of an expression or statement."""
        start, end = self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
        return start, end

    def line_at(self, offset: int) -> int:
        """The 1-based line of a character offset."""
        return bisect_right(self._starts, offset)

    def is_placed(self, node: ast.expr) -> bool:
        """Whether the text at a node's position reads as the node: before Python 3.12, positions in f-strings may be wrong."""
        try:
            found = ast.parse(f"({self.source(node)}\n)", mode="eval").body
        except (SyntaxError, ValueError):
            return False
        return ast.dump(found) == ast.dump(node)

    def source(self, node: ast.AST) -> str:
        start, end = self.span(node)
        return self.text[start:end]

    def origin(self, node: ast.AST) -> Origin:
        return Origin(file=self.path, line=node.lineno, end_line=node.end_lineno or node.lineno)  # type: ignore[attr-defined]

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """The node that holds each node."""
        return parents(self.tree)

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        return ancestors(self.tree, node)

    @cached_property
    def functions(self) -> dict[str, FunctionNode]:
        """Functions that a module-level name reaches, also below `if`, `try` and `with`."""
        return {node.name: node for node in top_level(self.tree.body) if isinstance(node, FunctionNode)}

    @cached_property
    def classes(self) -> dict[str, ast.ClassDef]:
        return {node.name: node for node in top_level(self.tree.body) if isinstance(node, ast.ClassDef)}

    @cached_property
    def assignments(self) -> dict[str, list[ast.expr]]:
        """Values that are assigned to a plain name at module level, in order."""
        found: dict[str, list[ast.expr]] = {}
        for node in top_level(self.tree.body):
            for name, value in assigned(node):
                found.setdefault(name, []).append(value)
        return found


def top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a body and of the `if`, `try`, `with`, `for` and `while` blocks in it, but not of functions and classes."""
    for node in body:
        yield node
        if isinstance(node, ast.ClassDef | FunctionNode):
            continue
        for name in ("body", "orelse", "finalbody"):
            yield from top_level(getattr(node, name, []))
        for handler in getattr(node, "handlers", []):
            yield from top_level(handler.body)
        for case in getattr(node, "cases", []):
            yield from top_level(case.body)


def assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """(name, value) of an assignment to a plain name, or of tuples of equal length."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value
            elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple) and len(target.elts) == len(node.value.elts):
                yield from (
                    (name.id, value) for name, value in zip(target.elts, node.value.elts, strict=True) if isinstance(name, ast.Name)
                )
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and isinstance(node.target, ast.Name) and node.value is not None:
        yield node.target.id, node.value


def is_main_test(test: ast.expr) -> bool:
    """True for `__name__ == "__main__"`, either way round."""
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
        return False
    sides = [test.left, test.comparators[0]]
    return any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides) and any(
        isinstance(side, ast.Constant) and side.value == "__main__" for side in sides
    )


def parse(file: SourceFile) -> Module:
    """Parse a file. Raises `Unreadable` with the line for a syntax error, NUL bytes and files that are too large."""
    if file.size > MAX_FILE:
        raise Unreadable(f"is larger than {MAX_FILE // 1024 // 1024} MiB.", file=file.path, hint="Move data out of the code.")
    text = file.text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = tree_of(text, file.path)
            _compiles(text)
    except SyntaxError as error:
        raise Unreadable(
            f"is not valid Python {sys.version_info.major}.{sys.version_info.minor}: {error.msg}.",
            file=file.path,
            line=error.lineno or 1,
            hint="Correct it; or, if it needs a newer Python, run this tool with that one.",
        ) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise Unreadable(f"cannot be parsed: {error}.", file=file.path, line=1, hint="Correct it, or leave it out.") from error
    return Module(file, text, tree)


def tree_of(text: str | bytes, path: str = "") -> ast.Module:
    """The tree of a program, which nobody changes: it is kept for a while. Raises what `ast.parse` raises.

    Files of another `path` have trees of their own, for nodes are told apart by their identity.
    """
    return _tree(text, path) if len(text) <= _KEPT else ast.parse(text)


@lru_cache(maxsize=256)
def _tree(text: str | bytes, path: str) -> ast.Module:
    return ast.parse(text)


@lru_cache(maxsize=256)
def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """A tree of `tree_of` or a module, as `ast.walk` gives it."""
    return tuple(ast.walk(tree))


@lru_cache(maxsize=256)
def parents(tree: ast.AST) -> dict[ast.AST, ast.AST]:
    """The node of a tree that holds each of its nodes."""
    return {child: parent for parent in nodes(tree) for child in ast.iter_child_nodes(parent)}


def ancestors(tree: ast.AST, node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a tree that hold a node, from the innermost one on."""
    above = parents(tree)
    while node in above:
        node = above[node]
        yield node


@lru_cache(maxsize=256)
def _compiles(text: str) -> bool:
    """True for a program that compiles: that refuses `await` outside of a coroutine, and an argument that comes twice."""
    compile(text, "source", "exec", dont_inherit=True)
    return True


def _split_lines(text: str) -> list[str]:
    """Split at \\n, \\r\\n and \\r only, as the Python tokenizer does (`str.splitlines` also splits at form feeds)."""
    return [match.group() for match in _LINE.finditer(text)]


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes below a node that are not inside another function or class."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, FunctionNode | ast.ClassDef | ast.Lambda):
            yield from own_nodes(child)
