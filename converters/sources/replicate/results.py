"""What the body of a predictor's method tells: whether each path answers, and whether JSON knows the results as they are."""

from __future__ import annotations

import ast

from converters.ir import InputSchema
from converters.python.module import assigned, own_nodes
from converters.python.unparsed import unparse
from converters.sources.replicate.media import results
from converters.sources.replicate.predictor import Method

TEXT_METHODS = frozenset(
    {"upper", "lower", "title", "capitalize", "strip", "lstrip", "rstrip", "replace", "join", "format", "removeprefix", "removesuffix",
     "isoformat", "strftime", "read_text", "hexdigest", "hex"}
)  # fmt: skip
"""Methods whose result is a string, whatever they are called on."""
CONVERSIONS = frozenset({"str", "int", "float", "bool", "len", "repr", "ascii", "chr", "ord", "hash", "id", "isinstance", "json.dumps"})
"""Functions whose result is a plain value of Python's own."""
DEPTH = 5


def always_answers(body: list[ast.stmt]) -> bool:
    """Whether no path leads past the last statement, where Python answers None by itself."""
    match body[-1]:
        case ast.Return() | ast.Raise():
            return True
        case ast.If(body=first, orelse=second):
            return bool(second) and always_answers(first) and always_answers(second)
        case ast.With(body=inner) | ast.AsyncWith(body=inner):
            return always_answers(inner)
        case ast.Try(finalbody=[_, *_] as last) if always_answers(last):
            return True
        case ast.Try(body=first, orelse=second, handlers=handlers):
            return always_answers(second or first) and all(always_answers(handler.body) for handler in handlers)
        case ast.While(test=ast.Constant(value=value)) as loop if value:
            return not any(isinstance(node, ast.Break) for node in own_nodes(loop))
        case ast.Match(cases=cases):
            return any(_takes_all(case) for case in cases) and all(always_answers(case.body) for case in cases)
    return False


def _takes_all(case: ast.match_case) -> bool:
    return case.guard is None and isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None


def may_answer_nothing(method: Method) -> bool:
    """Whether a path through the method gives None back: by a `return` without a value, or by its end."""
    nothing = any(
        isinstance(node, ast.Return) and (node.value is None or (isinstance(node.value, ast.Constant) and node.value.value is None))
        for node in own_nodes(method.node)
    )
    return nothing or not always_answers(method.node.body)


def is_json(method: Method, inputs: InputSchema) -> bool:
    """Whether every result is plainly a string, a number or a truth value of Python's own, of which JSON can be made as it is."""
    plain = {field.name for field in inputs.fields if field.annotation.split(" | ")[0] in ("str", "int", "float", "bool", "Number")}
    values = results(method)
    return bool(values) and all(_is_plain(method, value, plain, 0) for value in values)


def _is_plain(method: Method, node: ast.expr, plain: set[str], depth: int) -> bool:
    match node:
        case ast.JoinedStr() | ast.Compare(ops=[ast.Is() | ast.IsNot() | ast.In() | ast.NotIn()]) | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.Constant(value=value):
            return value is None or isinstance(value, str | int | float)
        case ast.Call(func=ast.Attribute(attr=name)) if name in TEXT_METHODS and _is_text(method, node.func, plain, depth):
            return True
        case ast.Call(func=function):
            return unparse(function) in CONVERSIONS
        case ast.BinOp(left=left, right=right):
            return _is_plain(method, left, plain, depth) and _is_plain(method, right, plain, depth)
        case ast.IfExp(body=first, orelse=second):
            return _is_plain(method, first, plain, depth) and _is_plain(method, second, plain, depth)
        case ast.BoolOp(values=values):
            return all(_is_plain(method, value, plain, depth) for value in values)
        case ast.Name(id=name):
            return _is_plain_name(method, name, plain, depth)
    return False


def _is_text(method: Method, function: ast.expr, plain: set[str], depth: int) -> bool:
    """Whether a method is called on a string; `.decode()`, `.isoformat()` and the like give one whatever they are called on."""
    assert isinstance(function, ast.Attribute)
    return function.attr in ("isoformat", "strftime", "read_text", "hexdigest", "hex") or _is_plain(method, function.value, plain, depth)


def _is_plain_name(method: Method, name: str, plain: set[str], depth: int) -> bool:
    """An input of a plain type, or a local name that only plain values are given to."""
    named = [node for node in own_nodes(method.node) if isinstance(node, ast.Name) and node.id == name]
    stores = [node for node in named if not isinstance(node.ctx, ast.Load)]
    values = [value for node in own_nodes(method.node) for target, value in assigned(node) if target == name]
    taken = any(argument.arg == name for argument in method.parameters)
    if depth > DEPTH or len(values) != len(stores) or (name not in plain if taken else not stores):
        return False
    return all(_is_plain(method, value, plain, depth + 1) for value in values)
