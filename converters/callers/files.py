"""Files in requests and results: fal takes the address of an uploaded file where Replicate's client took an opened one."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from converters.callers.flow import DISPLAY, LOGGING, Flow, Part

_IN_MEMORY = frozenset({"io.BytesIO", "io.StringIO", "tempfile.SpooledTemporaryFile"})


def handles(flow: Flow, body: ast.expr) -> Iterator[ast.expr]:
    """The opened files in an input: `open(...)` in it, and names that hold nothing else."""
    for inner in _values(flow, body):
        if _opens(inner) or (isinstance(inner, ast.Name) and _holds(flow, inner, _opens)):
            yield inner


def uploaded(handle: ast.expr) -> tuple[Part, ...]:
    """What stands for an opened file: its upload."""
    place: tuple[Part, ...] = (handle.args[0],) if isinstance(handle, ast.Call) else (handle, ".name")
    return ("fal_client.upload_file(", *place, ")")


def in_memory(flow: Flow, body: ast.expr) -> ast.expr | None:
    """A file in an input that has no name on the disk."""

    def is_made(node: ast.expr) -> bool:
        return isinstance(node, ast.Call) and (flow.code.dotted(flow.module, node.func) or "") in _IN_MEMORY

    return next((one for one in _values(flow, body) if is_made(one) or (isinstance(one, ast.Name) and _holds(flow, one, is_made))), None)


def goes_on(parent: ast.AST) -> bool:
    """Whether a value is handed to code that may take it for a file: returned, kept, or an argument of the program's own."""
    match parent:
        case ast.Return() | ast.Yield() | ast.Dict() | ast.List() | ast.Tuple():
            return True
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript(), *_]):
            return True
        case ast.keyword(arg=name):
            return name not in ("file", "end", "sep")
        case ast.Call(func=ast.Name(id=name)):
            return name not in (*DISPLAY, "len", "isinstance", "type", "list", "bool", "enumerate", "iter", "next", "int", "float")
        case ast.Call(func=ast.Attribute(attr=name)):
            return name not in (*LOGGING, "join", "append", "extend", "loads", "dumps", "write")
    return False


def _opens(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call):
        return False
    return isinstance(node.func, ast.Name) and node.func.id == "open" and bool(node.args)


def _holds(flow: Flow, name: ast.Name, is_made: Callable[[ast.expr], bool]) -> bool:
    """Whether all that a variable is given is such a file."""
    variable = flow.variables.of(name)
    return variable is not None and not variable.open and bool(variable.origins) and all(is_made(one) for one in variable.origins)


def _values(flow: Flow, body: ast.expr) -> Iterator[ast.expr]:
    """What an input is made of: in place, under a name, and what is put into it there."""
    given = [body]
    variable = flow.variables.of(body)
    if variable is not None and not variable.open:
        given += variable.values
        for load in variable.loads:
            place = flow.module.parents[load]
            outer = flow.module.parents[place]
            if isinstance(place, ast.Subscript) and isinstance(outer, ast.Assign) and place in outer.targets:
                given.append(outer.value)
    for root in given:
        yield from _expressions(root)


def _expressions(node: ast.expr) -> Iterator[ast.expr]:
    """The items of a mapping or list, however deep."""
    match node:
        case ast.Dict(values=items) | ast.List(elts=items) | ast.Tuple(elts=items):
            for item in items:
                yield from _expressions(item)
        case ast.IfExp(body=first, orelse=second):
            yield from _expressions(first)
            yield from _expressions(second)
        case _:
            yield node
