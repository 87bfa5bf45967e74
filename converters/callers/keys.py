"""The key that a caller sends: fal_client reads FAL_KEY where RunPod's and Replicate's clients were given keys of theirs."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from converters import rules
from converters.callers.flow import Flow, Remark
from converters.python.code import Code
from converters.python.module import Module

RULE = rules.CL008
NAMES = frozenset({"RUNPOD_API_KEY", "RUNPOD_AI_API_KEY", "RUNPOD_TOKEN", "REPLICATE_API_TOKEN", "REPLICATE_API_KEY"})
LOOKUPS = frozenset({"os.getenv", "os.environ.get", "os.environ.pop", "os.environ.setdefault"})
PLAIN = ast.Name | ast.Attribute | ast.Constant | ast.Subscript


def no_longer_sent(flow: Flow, owner: ast.expr, key: ast.expr) -> None:
    """Say so where a key was handed over that is not read from the environment."""
    if not (isinstance(key, ast.Call | ast.Subscript) and (flow.code.dotted(flow.module, _read(key)) or "") in (*LOOKUPS, "os.environ")):
        what = "the key that is written here" if isinstance(key, ast.Constant) else f"`{flow.text((key,))}`"
        text = f"{what} is no longer sent: fal_client reads FAL_KEY, and `fal_client.SyncClient(key=...)` takes a key."
        flow.remarks.append(Remark(owner, RULE, text))


def _read(key: ast.Call | ast.Subscript) -> ast.expr:
    return key.func if isinstance(key, ast.Call) else key.value


def assignments(code: Code, module: Module) -> Iterator[ast.Assign]:
    """`runpod.api_key = ...`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and code.dotted(module, node.targets[0]) == "runpod.api_key":
            yield node


def does_nothing_else(code: Code, module: Module, value: ast.expr) -> bool:
    """Whether a key's value can go: it is read from somewhere, and nothing happens on the way."""
    if isinstance(value, ast.Call):
        return code.dotted(module, value.func) in LOOKUPS
    return isinstance(value, PLAIN)


def lookups(code: Code, module: Module) -> Iterator[ast.Constant]:
    """The names of keys in `os.environ["RUNPOD_API_KEY"]`, `os.getenv("RUNPOD_API_KEY")` and `"RUNPOD_API_KEY" in os.environ`."""
    for node in ast.walk(module.tree):
        match node:
            case ast.Subscript(value=value, slice=ast.Constant() as name) if code.dotted(module, value) == "os.environ":
                pass
            case ast.Compare(left=ast.Constant() as name, ops=[ast.In() | ast.NotIn()], comparators=[held]) if (
                code.dotted(module, held) == "os.environ"
            ):
                pass
            case ast.Call(func=function, args=[ast.Constant() as name, *_]) if code.dotted(module, function) in LOOKUPS:
                pass
            case _:
                continue
        if name.value in NAMES:
            yield name


def renamed(module: Module, name: ast.Constant) -> str:
    """`FAL_KEY` in the quotes of the literal that it takes the place of, which an f-string around it may demand."""
    text = module.source(name).replace(str(name.value), "FAL_KEY")
    return text if text[:1] in "\"'" and text[1:-1] == "FAL_KEY" else '"FAL_KEY"'
