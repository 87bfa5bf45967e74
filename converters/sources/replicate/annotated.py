"""Cog's names in annotations, where Python asks nothing of them: they go, or another type takes their place."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from converters import rules
from converters.ir import Disposition, Edit
from converters.python.module import FunctionNode, Module
from converters.sources.replicate.sdk import is_cog

if TYPE_CHECKING:
    from converters.sources.replicate.edited_file import File
    from converters.sources.replicate.sdk import Use

ANNOTATED = frozenset({"typing.Annotated", "typing_extensions.Annotated"})
REASON = "an annotation, which changes nothing when the code runs"


def annotation_nodes(module: Module) -> Iterator[ast.expr]:
    """Every annotation of a module: of parameters, results and variables."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            yield node.annotation
        elif isinstance(node, FunctionNode) and node.returns is not None:
            yield node.returns


def is_annotation(module: Module, node: ast.AST) -> bool:
    """Whether a node is an annotation, or stands inside of one."""
    inside = {id(node), *(id(parent) for parent in module.ancestors(node))}
    return any(id(annotation) in inside for annotation in annotation_nodes(module))


def forget(file: File, use: Use, rule: str) -> bool:
    """Put `object` in the place of a name that is only an annotation; False where it is more."""
    if use.call is not None or not is_annotation(file.module, use.node):
        return False
    file.replace(use.node, "object", rule, REASON)
    file.settle(use, rule, Disposition.CONVERTED, f"`{use.dotted}` is an annotation here, and becomes `object`")
    return True


def opaque(file: File, use: Use) -> bool:
    """`Annotated[T, Opaque]` -> `T`; False where the marker stands elsewhere."""
    parent = file.module.parents.get(use.node)
    holder = file.module.parents.get(parent) if isinstance(parent, ast.Tuple) else None
    if not (isinstance(parent, ast.Tuple) and isinstance(holder, ast.Subscript) and use.node in parent.elts[1:]):
        return False
    if file.code.dotted(file.module, holder.value) not in ANNOTATED:
        return False
    gone = [
        (file.module.span(before)[1], file.module.span(mark)[1]) for before, mark in itertools.pairwise(parent.elts) if mark is use.node
    ]
    if len(parent.elts) == 2:
        first, whole = file.module.span(parent.elts[0]), file.module.span(holder)
        gone = [(whole[0], first[0]), (first[1], whole[1])]
    reason = "app.py's request model takes the object as it is"
    file.edits += [
        Edit(file=file.module.path, start=start, end=end, replacement="", rule=rules.RC042, reason=reason) for start, end in gone
    ]
    file.settle(
        use, rules.RC042, Disposition.CONVERTED, "`Opaque` goes: app.py's request model takes the JSON object and hands it on as it is"
    )
    return True


def strings(file: File, moved: Mapping[str, tuple[str, str, str]], plain: Collection[str]) -> None:
    """Names in annotations that are written as strings: `moved` ones are imported from elsewhere, `plain` ones become `object`."""
    bound = {name: found.dotted for name, found in file.code.imports(file.module).items() if found.level == 0 and is_cog(found.dotted)}
    for annotation in annotation_nodes(file.module):
        for node in ast.walk(annotation):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named = {name: bound[name].rpartition(".")[2] for name in re.findall(r"[A-Za-z_]\w*", node.value) if name in bound}
                file.imports.update({name: moved[short][:2] for name, short in named.items() if short in moved})
                _replaced(file, node, [name for name, short in named.items() if short in plain])


def _replaced(file: File, node: ast.Constant, names: list[str]) -> None:
    if names:
        text = re.sub(rf"\b({'|'.join(names)})\b", "object", file.module.source(node))
        file.replace(node, text, rules.RC004, REASON)
