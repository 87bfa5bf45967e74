"""Addresses of RunPod's and Replicate's HTTP APIs, read out of the expressions that put them together."""

from __future__ import annotations

import ast
import re
import string
from dataclasses import dataclass

from converters.callers.applications import application, literal
from converters.callers.flow import Flow, Part
from converters.python.module import FunctionNode

RUNPOD = "api.runpod.ai"
REPLICATE = "api.replicate.com"
DEEPEST = 6
"""How many names are followed from an address to where its beginning stands."""
_PIECE = r"[^/?#\0]+|\0\d+\0"
ENDPOINT = re.compile(
    rf"https?://api\.runpod\.ai/v[12]/(?P<endpoint>{_PIECE})(?:/(?P<operation>{_PIECE}))?(?:/(?P<request>{_PIECE}))?/?(?:\?wait=(?:{_PIECE}))?"
)
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
        case ast.BinOp(op=ast.Mod(), left=ast.Constant(value=str(template)), right=right):
            return _filled(flow, template.split("%s"), right.elts if isinstance(right, ast.Tuple) else [right], depth) or [node]
        case ast.Call(func=ast.Attribute(attr="rstrip" | "strip", value=inner), args=[ast.Constant(value="/")]):
            return _without_slash(pieces(flow, inner, depth))
        case ast.Call(func=ast.Attribute(attr="join", value=ast.Constant(value="/")), args=[ast.List(elts=items) | ast.Tuple(elts=items)]):
            return [piece for at, item in enumerate(items) for piece in ((["/"] if at else []) + pieces(flow, item, depth))]
        case ast.Call(func=ast.Attribute(attr="format", value=template)):
            return _formatted(flow, node, template, depth) or [node]
        case ast.Name() | ast.Attribute():
            variable = flow.variables.of(node)
            if variable is not None and not variable.open and len(variable.origins) == len(variable.values) == 1 and depth < DEEPEST:
                found = pieces(flow, variable.values[0], depth + 1)
                if any(isinstance(piece, str) and "://" in piece for piece in found):
                    return found
    return [node]


def _filled(flow: Flow, texts: list[str], values: list[ast.expr], depth: int) -> list[str | ast.expr]:
    """The pieces of a template whose gaps the values fill, in their order; none where their number is another."""
    if len(texts) != len(values) + 1 or any("%" in text for text in texts):
        return []
    return [*(piece for text, value in zip(texts, values, strict=False) for piece in (text, *pieces(flow, value, depth))), texts[-1]]


def _formatted(flow: Flow, node: ast.Call, template: ast.expr, depth: int) -> list[str | ast.expr]:
    """The pieces of `"https://{host}/{id}".format(...)`; none where a gap is filled in another way."""
    text, nodes = _flat(pieces(flow, template, depth))
    named = {keyword.arg: keyword.value for keyword in node.keywords}
    found: list[str | ast.expr] = []
    try:
        gaps = list(string.Formatter().parse(text))
    except ValueError:
        return []
    for at, (before, name, spec, conversion) in enumerate(gaps):
        found.append(before)
        if name is None:
            continue
        number = int(name) if name.isdigit() else at if not name else -1
        value = node.args[number] if 0 <= number < len(node.args) else named.get(name)
        if nodes or spec or conversion or value is None or isinstance(value, ast.Starred):
            return []
        found += pieces(flow, value, depth)
    return found


def _without_slash(found: list[str | ast.expr]) -> list[str | ast.expr]:
    """Pieces without a slash at their end, which nobody writes at both ends of an address."""
    last = found[-1] if found else ""
    return [*found[:-1], last.rstrip("/")] if isinstance(last, str) else found


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
    return _unquoted(nodes[int(mark[1])]) if mark else text


def _unquoted(node: ast.expr) -> ast.expr:
    """What `quote(id, safe="")` is given: a slash in it parts the app from its owner."""
    match node:
        case ast.Call(func=ast.Name(id="quote") | ast.Attribute(attr="quote"), args=[inner, *_]):
            return inner
    return node
