"""Makes edits in a text: all of them at once, whichever rules they come from."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from converters.ir import Edit
from converters.project import SourceFile
from converters.python.edits import whole_span
from converters.python.module import Module, tree_of


def apply(text: str, edits: Sequence[Edit]) -> str:
    """The text with the edits made, last first. Raises `ValueError` where two of them replace the same text differently."""
    for edit in reversed(together(text, edits)):
        text = text[: edit.start] + edit.replacement + text[edit.end :]
    return text


def together(text: str, edits: Sequence[Edit]) -> list[Edit]:
    """The edits of one file as they are made, in the order of the text.

    Equal ones count once, what lies in a larger one goes with it, removals that overlap are one removal, and a block of Python
    from which every statement is removed keeps a `pass`.
    """
    unique = list({(edit.start, edit.end, edit.replacement): edit for edit in edits}.values())
    if unique and unique[0].file.endswith(".py"):
        unique = _with_passes(text, unique)
    outer = [_moved_out(text, edit, unique) for edit in unique]
    made: list[Edit] = []
    for edit in sorted((edit for edit in outer if edit is not None), key=lambda edit: (edit.start, edit.end)):
        before = made[-1] if made else None
        if before is None or edit.start >= before.end:
            made.append(edit)
        elif not edit.replacement and not before.replacement:
            made[-1] = before.model_copy(update={"end": max(before.end, edit.end)})
        else:
            raise ValueError(f"{edit.file}: the edits of {before.rule} and {edit.rule} overlap at {edit.start}")
    return made


def compiles(source: str | bytes) -> bool:
    """Whether Python compiles a source."""
    return why_not(source) is None


def why_not(source: str | bytes) -> SyntaxError | ValueError | None:
    """What Python says of a source that it does not compile."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "source", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        return error
    return None


def _moved_out(text: str, edit: Edit, edits: Sequence[Edit]) -> Edit | None:
    """The edit itself; None where a larger one replaces its text anyway. What is put in before the text that is removed stays."""
    for other in edits:
        if other is edit or not other.start <= edit.start or not edit.end <= other.end or other.end - other.start <= edit.end - edit.start:
            continue
        if edit.start < edit.end:
            return None
        if other.start < edit.start < other.end:
            if other.replacement or text[other.start : edit.start].strip():
                return None
            return edit.model_copy(update={"start": other.start, "end": other.start})
    return edit


def are_removed(module: Module, statements: Sequence[ast.stmt], edits: Sequence[Edit]) -> bool:
    """Whether edits take each of the statements out as a whole."""
    removals = [edit for edit in edits if edit.start < edit.end and not edit.replacement.strip()]
    return all(_cover(module, statement, removals) is not None for statement in statements)


def _with_passes(text: str, edits: list[Edit]) -> list[Edit]:
    """The edits, with `pass` for all that is removed from a block that would be left empty."""
    removals = [edit for edit in edits if edit.start < edit.end and not edit.replacement.strip()]
    module = _parsed(edits[0].file, text) if removals else None
    if module is None:
        return edits
    fillers = [
        removal.model_copy(update={"start": start, "end": end, "replacement": "pass"})
        for start, end, removal in _emptied(module, module.tree, removals)
    ]
    kept = [edit for edit in edits if edit not in removals or not any(_overlap(edit, filler) for filler in fillers)]
    return [*kept, *fillers]


def _overlap(one: Edit, other: Edit) -> bool:
    return one.start < other.end and other.start < one.end


def _parsed(path: str, text: str) -> Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Module(SourceFile(path, Path(path), len(text), False), text, tree_of(text, path))
    except (SyntaxError, ValueError):
        return None


def _emptied(module: Module, node: ast.AST, removals: Sequence[Edit]) -> Iterator[tuple[int, int, Edit]]:
    """(start, end, a removal) of every block below a node whose statements are all removed while its header stays."""
    for block in _blocks(node):
        covers = [_cover(module, statement, removals) for statement in block]
        first = covers[0]
        if not isinstance(node, ast.Module) and first is not None and all(cover is not None for cover in covers):
            start, end = whole_span(module, block[0])[0], module.span(block[-1])[1]
            if _only_comments(module.text[first.start : start]) and not module.text.startswith("elif", start):
                yield start, end, first
            continue
        for statement, cover in zip(block, covers, strict=True):
            if cover is None:
                yield from _emptied(module, statement, removals)


def _cover(module: Module, statement: ast.stmt, removals: Sequence[Edit]) -> Edit | None:
    """The removal that takes a whole statement out."""
    start, end = whole_span(module, statement)
    return next((edit for edit in removals if edit.start <= start and end <= edit.end), None)


def _only_comments(text: str) -> bool:
    return not re.sub(r"#[^\r\n]*", "", text).strip()


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list) and block:
            yield block
    for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield part.body
