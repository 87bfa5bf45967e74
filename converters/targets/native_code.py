"""Statements of libcst as the app file has them: methods, contexts, imports inside functions."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

import libcst as cst

from converters.python.module import FunctionNode
from converters.targets.native_names import source

Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement
WIDTH = 100


def parts(function: cst.FunctionDef) -> tuple[list[Statement], list[Statement]]:
    """The docstring, and the statements behind it."""
    if not isinstance(function.body, cst.IndentedBlock):
        body: list[Statement] = [
            cst.SimpleStatementLine([small.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)])
            for small in function.body.body
            if isinstance(small, cst.BaseSmallStatement)
        ]
    else:
        body = [part for part in function.body.body if isinstance(part, Statement)]
    at = 1 if function.get_docstring() is not None else 0
    return body[:at], body[at:]


def with_body(function: cst.FunctionDef, body: Sequence[Statement]) -> cst.FunctionDef:
    """The function with another body; comments at its end stay."""
    footer = function.body.footer if isinstance(function.body, cst.IndentedBlock) else ()
    return function.with_changes(body=cst.IndentedBlock(body=list(body), footer=footer))


def within(context: str, body: Sequence[Statement]) -> cst.With:
    made = cst.parse_statement(f"with {context}: pass")
    assert isinstance(made, cst.With)
    return made.with_changes(body=cst.IndentedBlock(body=[without_blank_lines(body[0]), *body[1:]]))


def visited(body: Sequence[Statement], visitor: cst.CSTTransformer) -> list[Statement]:
    block = cst.IndentedBlock(body=list(body)).visit(visitor)
    assert isinstance(block, cst.IndentedBlock)
    return [statement for statement in block.body if isinstance(statement, Statement)]


def stored(function: cst.FunctionDef) -> set[str]:
    """Names that a function gives a value, or deletes."""
    tree = ast.parse(source(function))
    assert isinstance(tree.body[0], FunctionNode)
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}


def import_lines(statements: Iterable[str], *, unused: Iterable[str] = ()) -> list[Statement]:
    """Import statements with one name each as few lines as they need, in their order; of `unused` names linters shall not complain."""
    grouped: dict[str, list[str]] = {}
    for statement in dict.fromkeys(statements):
        head, _, name = statement.rpartition(" import ")
        grouped.setdefault(head or statement, []).append(name) if head else grouped.setdefault(statement, [])
    silent = set(unused)
    found: list[Statement] = []
    for head, members in grouped.items():
        line = f"{head} import {', '.join(members)}" if members else head
        last = [member.rpartition(" as ")[2] for member in members or [head.removeprefix("import ")]]
        bound = {name.partition(".")[0] for name in last}
        note = "  # noqa: F401" if bound & silent else ""
        if len(line) > WIDTH - 8:
            line = f"{head} import ({note}\n" + "".join(f"    {member},\n" for member in members) + ")"
            note = ""
        found.append(cst.parse_statement(line + note))
    return found


def is_import(statement: cst.CSTNode) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and isinstance(statement.body[0], cst.Import | cst.ImportFrom)


def comments(statement: Statement) -> list[cst.EmptyLine]:
    return [line for line in statement.leading_lines if line.comment]


def without_blank_lines(statement: Statement) -> Statement:
    return statement.with_changes(leading_lines=comments(statement))


def after_blank_line(statement: Statement) -> Statement:
    return statement.with_changes(leading_lines=[cst.EmptyLine(indent=False), *comments(statement)])


def method(head: str, body: Sequence[Statement]) -> str:
    """Source of a method, indented for its class."""
    function = cst.parse_statement(head)
    assert isinstance(function, cst.FunctionDef)
    first = [without_blank_lines(body[0]), *body[1:]]
    return in_class([function.with_changes(body=cst.IndentedBlock(body=first))])


def in_class(body: Sequence[cst.BaseStatement]) -> str:
    holder = cst.parse_statement("class A: pass")
    assert isinstance(holder, cst.ClassDef)
    return cst.Module(body=[holder.with_changes(body=cst.IndentedBlock(body=list(body)))]).code.split("\n", 1)[1].rstrip("\n") + "\n"
