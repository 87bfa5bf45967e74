"""The smallest changes that take the platform's own lines out of the kept code."""

from __future__ import annotations

import ast
import itertools
import re

from converters.concepts import storage
from converters.ir import Edit
from converters.python.code import Code
from converters.python.edits import in_loop, remove_statement, replace, shared_names
from converters.python.module import FunctionNode, Module, is_main_test
from converters.sources.runpod.sdk import Occurrence
from converters.sources.runpod.start import Start

BUSY_NAMES = ("load", "load_worker", "load_worker_state")


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
