"""Addresses of RunPod's and Replicate's HTTP APIs, read out of the expressions that put them together."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from converters.callers.applications import application, literal
from converters.callers.flow import Flow, Part
from converters.python.module import FunctionNode

RUNPOD = "api.runpod.ai"
REPLICATE = "api.replicate.com"
DEEPEST = 6
"""How many names are followed from an address to where its beginning stands."""
_PIECE = r"[^/?#\0]+|\0\d+\0"
ENDPOINT = re.compile(rf"https?://api\.runpod\.ai/v[12]/(?P<endpoint>{_PIECE})(?:/(?P<operation>{_PIECE}))?(?:/(?P<request>{_PIECE}))?/?")
_MARK = re.compile(r"\0(\d+)\0")


@dataclass(frozen=True)
class Address:
    """An address of RunPod's API: the endpoint, what is asked of it, and of which request. Nodes where they are not literal."""

    endpoint: str | ast.expr
    operation: str | ast.expr
    request: str | ast.expr


def runpod_address(flow: Flow, node: ast.expr) -> Address | None:
    """The address that an expression makes, None where it is no endpoint of RunPod's API."""
    text, nodes = _flat(pieces(flow, node))
    found = ENDPOINT.fullmatch(text)
    if found is None:
        return None
    return Address(*(_read(found[name] or "", nodes) for name in ("endpoint", "operation", "request")))


def mentions(flow: Flow, node: ast.expr, host: str) -> bool:
    """Whether an expression makes an address on a host."""
    return host in _flat(pieces(flow, node))[0]


def pieces(flow: Flow, node: ast.expr, depth: int = 0) -> list[str | ast.expr]:
    """The literal and computed pieces of a text; names of texts are followed where they have a single value."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=values):
            return [piece for value in values for piece in pieces(flow, value, depth)]
        case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
            return pieces(flow, value, depth)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return pieces(flow, left, depth) + pieces(flow, right, depth)
        case ast.Name() | ast.Attribute():
            variable = flow.variables.of(node)
            if variable is not None and not variable.open and len(variable.origins) == len(variable.values) == 1 and depth < DEEPEST:
                found = pieces(flow, variable.values[0], depth + 1)
                if any(isinstance(piece, str) and "://" in piece for piece in found):
                    return found
    return [node]


def application_parts(flow: Flow, owner: ast.expr, node: ast.expr, endpoint: str | ast.expr) -> tuple[Part, ...] | None:
    """The parts that name the app of an address; None where what names the endpoint cannot be reached from the call."""
    if isinstance(endpoint, str):
        return (literal(flow, owner, endpoint),)
    if _reaches(flow, endpoint, owner):
        return application(flow, owner, endpoint)
    holder = _prefix(flow, node)
    if holder is None:
        return None
    flow.prefix_uses.setdefault(flow.variables.of(holder), {})[holder] = (owner, endpoint)  # type: ignore[arg-type]
    return (holder,)


def _prefix(flow: Flow, node: ast.expr) -> ast.expr | None:
    """The attribute in an address that holds its beginning, such as `self.base_url`."""
    candidates = [inner for inner in ast.walk(node) if isinstance(inner, ast.Attribute) and flow.variables.of(inner)]
    for inner in candidates:
        if ENDPOINT.fullmatch(_flat(pieces(flow, inner))[0]):
            return inner
    return None


def _reaches(flow: Flow, endpoint: ast.expr, owner: ast.AST) -> bool:
    """Whether the names of an expression mean the same at the call."""
    for inner in ast.walk(endpoint):
        if isinstance(inner, ast.Name) and inner.id != "self":
            variable = flow.variables.of(inner)
            if variable is None or variable.scope is not flow.variables.scope(inner.id, owner):
                return False
        elif isinstance(inner, ast.Name):
            function = next((parent for parent in flow.module.ancestors(owner) if isinstance(parent, FunctionNode)), None)
            if function is None or not function.args.args or function.args.args[0].arg != "self":
                return False
    return True


def _flat(found: list[str | ast.expr]) -> tuple[str, list[ast.expr]]:
    """One text in which a mark stands for each computed piece."""
    nodes: list[ast.expr] = []
    text = ""
    for piece in found:
        if isinstance(piece, str):
            text += piece.replace("\0", "")
        else:
            text += f"\0{len(nodes)}\0"
            nodes.append(piece)
    return text, nodes


def _read(text: str, nodes: list[ast.expr]) -> str | ast.expr:
    mark = _MARK.fullmatch(text)
    return nodes[int(mark[1])] if mark else text
