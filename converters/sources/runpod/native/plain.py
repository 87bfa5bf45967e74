"""Expressions that may be evaluated where an app is deployed: they load nothing, and give the same everywhere."""

from __future__ import annotations

import ast
import builtins

from converters.python.unparsed import unparse

MAKERS = frozenset({"set", "frozenset", "range"})
"""Builtins that only make a value of others."""
STANDARD = frozenset({"re.compile", "logging.getLogger"})
"""Functions of the standard library that do so, and whose results can be pickled."""


def is_plain(node: ast.expr) -> bool:
    """Whether an expression is made of constants, names, lambdas, and calls that only make a value of these."""
    match node:
        case ast.Constant() | ast.Name() | ast.Lambda():
            return True
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts) | ast.BoolOp(values=parts) | ast.JoinedStr(values=parts):
            return all(map(is_plain, parts))
        case ast.Dict(keys=keys, values=values):
            return all(is_plain(part) for part in (*keys, *values) if part is not None)
        case ast.UnaryOp(operand=part) | ast.FormattedValue(value=part):
            return is_plain(part)
        case ast.BinOp(left=left, right=right) | ast.Subscript(value=left, slice=right):
            return is_plain(left) and is_plain(right)
        case ast.Call(func=function, args=arguments, keywords=keywords):
            parts = [*arguments, *(keyword.value for keyword in keywords)]
            return _makes_a_value(function) and all(map(is_plain, parts))
    return False


def _makes_a_value(function: ast.expr) -> bool:
    if isinstance(function, ast.Name):
        return function.id in MAKERS and hasattr(builtins, function.id)
    return unparse(function) in STANDARD
