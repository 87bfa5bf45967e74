"""The smallest changes that take the platform's own lines out of the kept code."""

from __future__ import annotations

import ast
import itertools
import re

from converters import rules
from converters.concepts import storage
from converters.ir import Edit
from converters.python.code import Code
from converters.python.edits import first_line, in_loop, remove_row, remove_statement, replace, shared_names, whole_span
from converters.python.module import FunctionNode, Module, is_main_test, nodes
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
    edits = [_function_header(module, block, name, rule, reason)]
    edits += [remove_start(module, begin, rule, reason) for begin in starts]
    if block.orelse:
        behind, end = module.line_end(block.body[-1].end_lineno or first.lineno), module.line_end(block.end_lineno or first.lineno)
        gone = "a branch for when the file is not the program, which it was in the worker"
        edits.append(Edit(file=module.path, start=behind, end=end, replacement="", rule=rule, reason=gone))
    return edits


def main_block_to_true(module: Module, block: ast.If, starts: list[Start], rule: str, reason: str) -> list[Edit]:
    """`if __name__ == "__main__":` -> `if True:`, for a block that cannot be a function: importing the module loads what it loads."""
    return [replace(module, block.test, "True", rule, reason), *(remove_start(module, begin, rule, reason) for begin in starts)]


def _function_header(module: Module, block: ast.If, name: str, rule: str, reason: str) -> Edit:
    """`if ...:` -> `def name():` with the globals that the block sets, on the block's first line or on a line of their own."""
    start, first = module.span(block)[0], whole_span(module, block.body[0])[0]
    colon = _colon(module, block)
    shared = ", ".join(shared_names(module, block))
    if "\n" not in module.text[colon:first] and "\r" not in module.text[colon:first]:
        text = f"def {name}(): global {shared};" if shared else f"def {name}():"
        return Edit(file=module.path, start=start, end=colon + 1, replacement=text, rule=rule, reason=reason)
    if not shared:
        return Edit(file=module.path, start=start, end=colon + 1, replacement=f"def {name}():", rule=rule, reason=reason)
    end = _end_of_line(module.text, colon)
    indent = module.text[module.line_start(first_line(module, block.body[0])) : first]
    text = f"def {name}():{module.text[colon + 1 : end]}{module.newline}{indent}global {shared}"
    return Edit(file=module.path, start=start, end=end, replacement=text, rule=rule, reason=reason)


def _colon(module: Module, block: ast.If) -> int:
    """Where the header of a block ends: the colon behind its test, which may stand in parentheses and before comments."""
    at = module.span(block.test)[1]
    while module.text[at] != ":":
        at = _end_of_line(module.text, at) if module.text[at] == "#" else at + 1
    return at


def _end_of_line(text: str, at: int) -> int:
    return next((place for place in range(at, len(text)) if text[place] in "\r\n"), len(text))


def remove_start(module: Module, start: Start, rule: str, reason: str) -> Edit:
    """Delete a start call; a name that other code reads is bound still. A loop ends there, since the call never came back to it."""
    bound = "".join(f"{name} = " for name in _read_elsewhere(module, start.statement))
    left = [f"{bound}None"] if bound else []
    if in_loop(module, start.statement):
        left.append("break")
    if not left:
        return remove_statement(module, start.statement, rule, reason)
    return replace(module, start.statement, "; ".join(left), rule, reason)


def _read_elsewhere(module: Module, statement: ast.stmt) -> list[str]:
    """The names that a statement binds and others read, in the order of the statement."""
    own = {id(node): node for node in ast.walk(statement) if isinstance(node, ast.Name)}
    read = {node.id for node in nodes(module.tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in own}
    bound = [node.id for node in own.values() if isinstance(node.ctx, ast.Store)]
    return [name for name in dict.fromkeys(bound) if name in read]


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


def remove_behind(module: Module, found: list[ast.stmt], rule: str) -> list[Edit]:
    """Delete what is never reached."""
    return remove_row(module, found, rule, "RunPod's start() never came back to this line") if found else []


def is_main_as_true(module: Module, node: ast.AST, rule: str, reason: str) -> list[Edit]:
    """`__name__ == "__main__"` is `True` in larger conditions around a node and in blocks before it: on fal the file is imported."""
    tests = [parent.test for parent in module.ancestors(node) if isinstance(parent, ast.If) and not is_main_test(parent.test)]
    around = {node, *module.ancestors(node)}
    line = min(getattr(top, "lineno", 0) for top in module.tree.body if top in around)
    tests += [top.test for top in module.tree.body if isinstance(top, ast.If) and is_main_test(top.test) and top.lineno < line]
    compares = [inner for test in tests for inner in ast.walk(test) if isinstance(inner, ast.Compare) and is_main_test(inner)]
    return [replace(module, compare, "True", rule, reason) for compare in compares]


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
                        rule=rules.FS001,
                        reason=f"RunPod's network volume becomes the folder {storage.data_folder(app)} of fal's persistent /data",
                    )
                )
    return edits
