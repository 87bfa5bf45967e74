"""The smallest changes that take the platform's own lines out of the kept code."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

from converters.concepts import storage
from converters.ir import Edit
from converters.python.code import Code
from converters.python.module import FunctionNode, Module
from converters.sources.runpod.handler import own_nodes
from converters.sources.runpod.sdk import Occurrence
from converters.sources.runpod.start import Start, is_main_test

BUSY_NAMES = ("load", "load_worker", "load_worker_state")


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


def remove_imports(module: Module, node: ast.Import | ast.ImportFrom, unused: list[Occurrence], rule: str, reason: str) -> list[Edit]:
    """Take names out of an import statement, or the whole statement where none is left."""
    gone = {id(occurrence.imported.alias) for occurrence in unused if occurrence.imported}
    kept = [alias for alias in node.names if id(alias) not in gone]
    if not kept:
        return [remove_statement(module, node, rule, reason)]
    edits: list[Edit] = []
    for index, alias in enumerate(node.names):
        if id(alias) not in gone:
            continue
        later = node.names[index + 1 :]
        if later:
            start, end = module.span(alias)[0], module.span(later[0])[0]
        else:
            start, end = module.span(kept[-1])[1], module.span(alias)[1]
        edits = [edit for edit in edits if edit.start < start] if not later else edits
        edits.append(Edit(file=module.path, start=start, end=end, replacement="", rule=rule, reason=reason))
    return edits


def main_block_to_function(module: Module, block: ast.If, starts: list[Start], name: str, rule: str, reason: str) -> list[Edit]:
    """`if __name__ == "__main__":` becomes a function that `setup()` calls; names that other code reads become globals."""
    first = block.body[0]
    start, _ = module.span(block)
    colon = module.text.index(":", module.span(block.test)[1])
    shared = shared_names(module, block)
    indent = module.text[module.line_start(first.lineno) : module.span(first)[0]]
    edits = [Edit(file=module.path, start=start, end=colon + 1, replacement=f"def {name}():", rule=rule, reason=reason)]
    if shared:
        at = module.line_start(_first_line(module, first))
        edits.append(
            Edit(
                file=module.path,
                start=at,
                end=at,
                replacement=f"{indent}global {', '.join(shared)}{module.newline}",
                rule=rule,
                reason=reason,
            )
        )
    edits += [remove_start(module, begin, rule, reason) for begin in starts]
    if block.orelse:
        behind, end = module.line_end(block.body[-1].end_lineno or first.lineno), module.line_end(block.end_lineno or first.lineno)
        gone = "a branch for when the file is not the program, which it was in the worker"
        edits.append(Edit(file=module.path, start=behind, end=end, replacement="", rule=rule, reason=gone))
    return edits


def remove_start(module: Module, start: Start, rule: str, reason: str) -> Edit:
    """Delete a start call. A loop around it ends there, since the call never came back to it."""
    if in_loop(module, start.statement):
        return replace(module, start.statement, "break", rule, reason)
    return remove_statement(module, start.statement, rule, reason)


def never_reached(module: Module, start: Start) -> list[ast.stmt]:
    """The statements right behind a start call in its block, which a worker never comes to, up to the first definition or import."""
    parent = module.parents.get(start.statement)
    for name in ("body", "orelse", "finalbody"):
        block = getattr(parent, name, None)
        if isinstance(block, list) and start.statement in block:
            found = list(itertools.takewhile(_passing, block[block.index(start.statement) + 1 :]))
            return found if found and found[0].lineno != start.statement.end_lineno else []
    return []


def _passing(node: ast.stmt) -> bool:
    """Whether a statement binds no name that code elsewhere could use."""
    lasting = FunctionNode | ast.ClassDef | ast.Import | ast.ImportFrom | ast.Global | ast.Assign | ast.AnnAssign
    return not any(isinstance(inner, lasting) for inner in ast.walk(node))


def remove_behind(module: Module, start: Start, found: list[ast.stmt], rule: str) -> list[Edit]:
    """Delete what is never reached; `pass` where nothing else is left in the block."""
    if not found:
        return []
    first, last = module.line_start(found[0].lineno), module.line_end(found[-1].end_lineno or found[-1].lineno)
    parent = module.parents.get(start.statement)
    alone = not isinstance(parent, ast.Module) and any(
        getattr(parent, name, None) == [start.statement, *found] for name in ("body", "orelse", "finalbody")
    )
    indent = module.text[first : module.span(found[0])[0]]
    text = f"{indent}pass{module.newline}" if alone else ""
    reason = "RunPod's start() never came back to this line"
    return [Edit(file=module.path, start=first, end=last, replacement=text, rule=rule, reason=reason)]


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


def is_main_as_true(module: Module, node: ast.AST, rule: str, reason: str) -> list[Edit]:
    """`__name__ == "__main__"` is `True` in larger conditions around a node and in blocks before it: on fal the file is imported."""
    tests = [parent.test for parent in module.ancestors(node) if isinstance(parent, ast.If) and not is_main_test(parent.test)]
    around = {node, *module.ancestors(node)}
    line = min(getattr(top, "lineno", 0) for top in module.tree.body if top in around)
    tests += [top.test for top in module.tree.body if isinstance(top, ast.If) and is_main_test(top.test) and top.lineno < line]
    compares = [inner for test in tests for inner in ast.walk(test) if isinstance(inner, ast.Compare) and is_main_test(inner)]
    return [replace(module, compare, "True", rule, reason) for compare in compares]


def _first_line(module: Module, node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min([int(node.lineno), *(int(decorator.lineno) for decorator in decorators)])


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


def volume_paths(code: Code, module: Module, app: str) -> list[Edit]:
    """Paths on the network volume, wherever a string of the code names them."""
    if storage.VOLUME not in module.text:
        return []
    edits: list[Edit] = []
    strings = [
        node
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and storage.VOLUME in node.value
    ]
    seen: set[int] = set()
    for node in strings:
        holder: ast.AST = node
        while isinstance(parent := module.parents.get(holder), ast.JoinedStr | ast.FormattedValue):
            holder = parent
        if isinstance(module.parents.get(holder), ast.Expr):
            continue
        start, end = module.span(holder)
        for match in re.finditer(rf"(?<![\w.}}-]){storage.VOLUME}(?=[/\"'\s:{{]|$)", module.text[start:end]):
            at = start + match.start()
            if at not in seen:
                seen.add(at)
                edits.append(
                    Edit(
                        file=module.path,
                        start=at,
                        end=at + len(storage.VOLUME),
                        replacement=storage.data_folder(app),
                        rule="FS001",
                        reason=f"RunPod's network volume becomes the folder {storage.data_folder(app)} of fal's persistent /data",
                    )
                )
    return edits


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
