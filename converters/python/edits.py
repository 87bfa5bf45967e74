"""Edits of Python source text: the smallest changes that take statements out or put others in, and how they are made."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

from converters.ir import Edit
from converters.python.module import FunctionNode, Module, own_nodes


def remove_statement(module: Module, node: ast.stmt, rule: str, reason: str) -> Edit:
    """Delete the lines of a statement, or replace it with `pass` where a block or line would be left without one."""
    start, end = module.span(node)
    first, last = module.line_start(node.lineno), module.line_end(node.end_lineno or node.lineno)
    alone = not module.text[first:start].strip() and module.text[end:last].strip() in ("", ";")
    if _only_statement(module, node) or not alone:
        return Edit(file=module.path, start=start, end=end, replacement="pass", rule=rule, reason=reason)
    first, last = _with_blank_lines(module.text, first, last)
    return Edit(file=module.path, start=first, end=last, replacement="", rule=rule, reason=reason)


def remove_row(module: Module, row: Sequence[ast.stmt], rule: str, reason: str) -> list[Edit]:
    """Delete statements of one block that follow each other; one by one where they share lines or are all of their block."""
    first, last = module.line_start(row[0].lineno), module.line_end(row[-1].end_lineno or row[-1].lineno)
    alone = not module.text[first : module.span(row[0])[0]].strip() and not module.text[module.span(row[-1])[1] : last].strip()
    block = next(block for block in _blocks(module.parents[row[0]]) if row[0] in block)
    if len(row) == 1 or not alone or (len(block) == len(row) and not isinstance(module.parents[row[0]], ast.Module)):
        return [remove_statement(module, node, rule, reason) for node in row]
    first, last = _with_blank_lines(module.text, first, last)
    return [Edit(file=module.path, start=first, end=last, replacement="", rule=rule, reason=reason)]


def _blocks(parent: ast.AST) -> Iterator[list[ast.stmt]]:
    return (block for name in ("body", "orelse", "finalbody") if isinstance(block := getattr(parent, name, None), list))


def _with_blank_lines(text: str, first: int, last: int) -> tuple[int, int]:
    """Grow a range of lines so that its removal does not pile up blank lines or leave any at the end of the file."""
    before = re.search(r"(?:[ \t]*\r?\n)*\Z", text[:first])
    after = re.match(r"(?:[ \t]*\r?\n)*", text[last:])
    blank_before = text[before.start() : first].count("\n") - bool(text[: before.start()].strip()) if before else 0
    blank_after = after.group().count("\n") if after else 0
    if not text[last:].strip():
        kept = len(text[:first].rstrip())
        ending = re.match(r"[ \t]*(\r?\n)?", text[kept:])
        return kept + (ending.end() if ending and kept else 0), len(text)
    if not text[:first].strip() or blank_before >= blank_after:
        return first, last + (after.end() if after and (blank_before or not text[:first].strip()) else 0)
    kept = len(text[:first].rstrip())
    ending = re.match(r"[ \t]*\r?\n", text[kept:])
    return (kept + ending.end() if ending and blank_before else first), last


def _only_statement(module: Module, node: ast.stmt) -> bool:
    parent = module.parents.get(node)
    if parent is None or isinstance(parent, ast.Module):
        return False
    for name in ("body", "orelse", "finalbody"):
        block = getattr(parent, name, None)
        if isinstance(block, list) and node in block:
            return len(block) == 1
    return False


def replace(module: Module, node: ast.AST, text: str, rule: str, reason: str) -> Edit:
    start, end = module.span(node)
    return Edit(file=module.path, start=start, end=end, replacement=text, rule=rule, reason=reason)


def in_loop(module: Module, node: ast.stmt) -> bool:
    """Whether a statement stands in the body of a loop of its own function."""
    child: ast.AST = node
    for parent in module.ancestors(node):
        if isinstance(parent, FunctionNode | ast.ClassDef):
            return False
        if isinstance(parent, ast.For | ast.AsyncFor | ast.While) and any(child is statement for statement in parent.body):
            return True
        child = parent
    return False


def assignment(module: Module, name: str, node: ast.expr) -> str:
    """`name = expression`, in parentheses where the expression needs them to stand on a line of its own."""
    return f"{name} = {grouped(module.source(node), node)}"


def grouped(source: str, node: ast.expr) -> str:
    """The source of an expression as it may stand behind `=` or `return`."""
    return f"({source})" if "\n" in source or isinstance(node, ast.NamedExpr) else source


def shared_names(module: Module, block: ast.If) -> list[str]:
    """Names bound in the block that code outside it reads."""
    bound: dict[str, None] = {}
    for node in own_nodes(block):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.setdefault(node.id)
        elif isinstance(node, FunctionNode | ast.ClassDef):
            bound.setdefault(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                bound.setdefault((alias.asname or alias.name).split(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.setdefault(node.name)
    inside = set(ast.walk(block))
    read = {node.id for node in ast.walk(module.tree) if isinstance(node, ast.Name) and node not in inside}
    return [name for name in bound if name in read]


def unused_name(module: Module, wanted: Iterable[str]) -> str:
    """The first of the names that the module does not use."""
    used = {node.id for node in ast.walk(module.tree) if isinstance(node, ast.Name)} | set(module.functions) | set(module.classes)
    used |= {argument.arg for argument in ast.walk(module.tree) if isinstance(argument, ast.arg)}
    for name in wanted:
        if name not in used:
            return name
    return f"{next(iter(wanted))}_for_fal"


def apply(text: str, edits: list[Edit]) -> str:
    """The text with the edits made, last first. Raises `ValueError` where two overlap."""
    ordered = sorted((edit for edit in edits if not any(_inside(edit, other) for other in edits)), key=lambda edit: (edit.start, edit.end))
    for before, after in itertools.pairwise(ordered):
        if after.start < before.end:
            raise ValueError(f"{before.file}: the edits of {before.rule} and {after.rule} overlap at {after.start}")
    for edit in reversed(ordered):
        text = text[: edit.start] + edit.replacement + text[edit.end :]
    return text


def _inside(edit: Edit, other: Edit) -> bool:
    """Whether an edit touches text that a larger one replaces anyway."""
    return (
        other is not edit
        and other.start <= edit.start
        and edit.end <= other.end
        and (other.end - other.start) > (edit.end - edit.start)
        and edit.start < other.end
    )
