"""Environment variables that the code reads."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from converters.concepts import environment as environments
from converters.concepts import variables
from converters.ir import App, Disposition, EnvVar
from converters.ledger import Ledger
from converters.python.code import Code
from converters.python.settings import settings_fields


def code_variables(app: App, code: Code, closure: list[str], ledger: Ledger, stated: Iterable[str] = ()) -> None:
    """Secrets that the code reads from the environment, and variables that it cannot do without and nothing sets.

    `stated`: variables that the image sets.
    """
    known = {variable.name for variable in app.secrets}
    have = {variable.name for variable in app.environment.variables} | variables.COMMON | set(stated)
    for path in closure:
        module = code.module(path)
        reads = [read for node in ast.walk(module.tree) for read in _environment_reads(node)] if module else []
        for node, name, required in reads:
            if module is None or not name:
                continue
            if variables.is_secret(name) and name not in known:
                known.add(name)
                app.secrets.append(EnvVar(name=name, secret=True, origin=module.origin(node)))
                environments.secret_item(ledger, name, module.origin(node), f"the code reads the secret {name} from the environment")
            elif required and name not in known | have and not variables.PLATFORM.match(name):
                known.add(name)
                app.secrets.append(EnvVar(name=name, secret=True, origin=module.origin(node)))
                environments.missing_item(ledger, name, module.origin(node))
            elif variables.PLATFORM.match(name):
                ledger.note(
                    "ENV007",
                    Disposition.KEPT,
                    f"{name} is RunPod's own and is not set on fal: the code gets {'a KeyError' if required else 'its default'}",
                    module.origin(node),
                )


def _environment_reads(node: ast.AST) -> list[tuple[ast.AST, str, bool]]:
    """(where, name, whether a missing one raises) of every variable that a node reads, fields of settings classes among them."""
    if isinstance(node, ast.ClassDef):
        return [(field.node, field.name, field.required) for field in settings_fields(node)]
    name, required = _environment_read(node)
    return [(node, name, required)] if name else []


def _environment_read(node: ast.AST) -> tuple[str, bool]:
    """(name, whether a missing one raises) of `os.environ["X"]`, `os.environ.get("X")`, `os.getenv("X")`."""
    if (
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Load)
        and _ends_with(node.value, "environ")
        and isinstance(node.slice, ast.Constant)
    ):
        return (str(node.slice.value), True)
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
        func = node.func
        if isinstance(func, ast.Attribute) and ((func.attr == "get" and _ends_with(func.value, "environ")) or func.attr == "getenv"):
            return node.args[0].value, False
        if isinstance(func, ast.Name) and func.id == "getenv":
            return node.args[0].value, False
    return "", False


def _ends_with(node: ast.expr, name: str) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == name) or (isinstance(node, ast.Name) and node.id == name)
