"""Writes accepted rewrites as edits, and keeps track of which names of the source are still read."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator, Sequence

from converters.callers.calls import indentation
from converters.callers.flow import Flow, Moved, Part, Rewrite
from converters.ir import Edit
from converters.python.edits import remove_row
from converters.python.module import Module

_PARENTHESIZED = (ast.Yield, ast.YieldFrom, ast.NamedExpr)


class Renderer:
    """The text of a module's nodes after the rewrites."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.module = flow.module
        self.rewrites = dict(flow.accepted())
        self.live: set[ast.AST] = set()
        """Nodes whose source is part of the new text, as far as rewrites touch it."""

    def text(self, node: ast.AST) -> str:
        rewrite = self.rewrites.get(node)
        if rewrite is None or rewrite.parts is None:
            return self._source(node)
        return "".join(self._part(part, node) for part in rewrite.parts)

    def _part(self, part: Part, node: ast.AST) -> str:
        if isinstance(part, str):
            return part
        if isinstance(part, Moved):
            first, *rest = self._moved(part.node).split("\n")
            return "\n".join([first, *(line[min(part.dedent, len(line) - len(line.lstrip())) :] for line in rest)])
        return self._source(part) if part is node else self._moved(part)

    def _moved(self, node: ast.expr) -> str:
        """The text of an expression at another place, which may want the parentheses that are not part of it."""
        return f"({self.text(node)})" if isinstance(node, _PARENTHESIZED) else self.text(node)

    def _source(self, node: ast.AST) -> str:
        """The source of a node in which rewritten nodes have their new text."""
        self.live.add(node)
        start, end = self.module.span(node)
        text, position = "", start
        for inner in self._inside(node):
            first, last = self.module.span(inner)
            text += self.module.text[position:first] + self.text(inner)
            position = last
        return text + self.module.text[position:end]

    def _inside(self, node: ast.AST) -> list[ast.AST]:
        """The outermost rewritten nodes in a node, in the order of the source; the others in it are read as they are."""
        found: list[ast.AST] = []
        queue = list(ast.iter_child_nodes(node))
        while queue:
            inner = queue.pop()
            if inner in self.rewrites:
                found.append(inner)
            else:
                self.live.add(inner)
                queue.extend(ast.iter_child_nodes(inner))
        return sorted(found, key=lambda inner: self.module.span(inner)[0])

    def edits(self) -> list[Edit]:
        """The edits of all rewrites; comments in text that goes away move above their statement."""
        found: list[Edit] = []
        for node, rewrite in self.rewrites.items():
            if isinstance(node, ast.stmt):
                found += removed(self.module, [node], rewrite.rule, rewrite.reason)
            elif not any(parent in self.rewrites for parent in self.module.ancestors(node)):
                found += self._replaced(node, rewrite)
        return found

    def _replaced(self, node: ast.AST, rewrite: Rewrite) -> Iterator[Edit]:
        start, end = self.module.span(node)
        text = self.text(node)
        if text == self.module.text[start:end]:
            return
        lost = [comment for comment in self._comments(start, end) if comment not in text]
        if lost:
            statement = next(parent for parent in (node, *self.module.ancestors(node)) if isinstance(parent, ast.stmt))
            at = self.module.line_start(statement.lineno)
            lines = "".join(f"{indentation(self.flow, statement.lineno)}{comment}{self.module.newline}" for comment in lost)
            yield Edit(
                file=self.module.path, start=at, end=at, replacement=lines, rule=rewrite.rule, reason="comments of the rewritten call"
            )
        yield Edit(
            file=self.module.path,
            start=start,
            end=end,
            replacement=text,
            rule=rewrite.rule,
            reason=rewrite.reason or "part of a rewritten call",
        )

    def _comments(self, start: int, end: int) -> list[str]:
        if "#" not in self.module.text[start:end]:
            return []
        tokens = tokenize.generate_tokens(io.StringIO(self.module.text).readline)
        comments = (
            (self.module.line_start(token.start[0]) + token.start[1], token.string) for token in tokens if token.type == tokenize.COMMENT
        )
        return [text for at, text in comments if start <= at < end]


def removed(module: Module, statements: Sequence[ast.stmt], rule: str, reason: str) -> list[Edit]:
    """The edits that remove statements; those that stand in a row on lines of their own go as one, with the blank lines around them."""
    rows: list[list[ast.stmt]] = []
    for node in sorted(statements, key=lambda node: node.lineno):
        if rows and _follows(module, rows[-1][-1], node):
            rows[-1].append(node)
        else:
            rows.append([node])
    return [edit for row in rows for edit in remove_row(module, row, rule, reason)]


def _follows(module: Module, before: ast.stmt, node: ast.stmt) -> bool:
    """Whether nothing stands between two statements of one block."""
    between = module.text[module.span(before)[1] : module.span(node)[0]]
    return module.parents[node] is module.parents[before] and not between.strip()
