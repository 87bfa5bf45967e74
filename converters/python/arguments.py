"""Code that reads the command line it was started with, which on fal is the runner's own."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from converters.ir import Origin
from converters.python.code import Code
from converters.python.module import Module, is_main_test

PARSERS = frozenset({"parse_args", "parse_known_args"})
"""Methods of argparse that read `sys.argv` where they get no arguments."""


def first_read(code: Code, files: Iterable[str]) -> Origin | None:
    """The first place that reads `sys.argv` or parses it, outside of `if __name__ == "__main__"`; None where there is none."""
    for path in files:
        module = code.module(path)
        if module is None or not (b"argv" in module.file.data or b"parse_" in module.file.data):
            continue
        for node in ast.walk(module.tree):
            if _reads(code, module, node) and not only_as_a_script(module, node):
                return module.origin(node)
    return None


def _reads(code: Code, module: Module, node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
        return code.dotted(module, node) == "sys.argv"
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in PARSERS
        and not node.args
        and not any(keyword.arg == "args" for keyword in node.keywords)
    )


def only_as_a_script(module: Module, node: ast.AST) -> bool:
    """Whether code stands in a `__main__` block, which an import passes over."""
    return any(isinstance(parent, ast.If) and is_main_test(parent.test) for parent in module.ancestors(node))
