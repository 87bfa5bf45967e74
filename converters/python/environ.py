"""Environment variables that the code reads."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache

from converters import rules
from converters.concepts import environment as environments
from converters.concepts import variables
from converters.ir import App, Disposition, EnvVar
from converters.ledger import Ledger
from converters.python.code import Code
from converters.python.demands import demanded_lists, is_demanded
from converters.python.guards import is_guarded, written
from converters.python.module import FunctionNode, Module, nodes
from converters.python.settings import settings_fields
from converters.python.unparsed import unparse


def code_variables(app: App, code: Code, closure: list[str], ledger: Ledger, stated: Iterable[str] = ()) -> None:
    """Secrets that the code reads from the environment, and variables that it cannot do without and nothing sets.

    `stated`: variables that the image sets.
    """
    known = {variable.name for variable in app.secrets}
    have = {variable.name for variable in app.environment.variables} | variables.COMMON | set(stated)
    modules = [module for path in closure if (module := code.module(path)) is not None]
    have |= {name for module in modules if b"environ" in module.file.data for node in nodes(module.tree) for name in written(node)}
    for path in closure:
        module = code.module(path)
        if module is None:
            continue
        for node, name, required in environment_reads(code, module):
            if variables.is_secret(name) and name not in known | variables.OF_WORKER:
                known.add(name)
                app.secrets.append(EnvVar(name=name, secret=True, origin=module.origin(node)))
                environments.secret_item(ledger, name, module.origin(node), f"the code reads the secret {name} from the environment")
            elif required and name not in known | have and not (variables.PLATFORM.match(name) or variables.LAUNCHED.match(name)):
                known.add(name)
                app.secrets.append(EnvVar(name=name, secret=True, origin=module.origin(node)))
                environments.missing_item(ledger, name, module.origin(node))
            elif variables.PLATFORM.match(name):
                ledger.note(
                    rules.ENV007,
                    Disposition.KEPT,
                    f"{name} is RunPod's own and is not set on fal: the code gets {'a KeyError' if required else 'its default'}",
                    module.origin(node),
                )


def environment_reads(code: Code, module: Module) -> Iterator[tuple[ast.AST, str, bool]]:
    """(where, name, whether a missing one raises) of every variable that a module reads.

    By `os.environ` and `os.getenv`, other names for them, fields of settings classes, and functions of the project that take the name.
    """
    aliases = _aliases(module.tree)
    yield from demanded_lists(module, aliases)
    readers = _libraries(module.tree)
    for node in nodes(module.tree):
        if isinstance(node, ast.Call) and (read_by := _by_library(node, readers)) is not None:
            yield node, *read_by
        elif isinstance(node, ast.ClassDef):
            yield from ((field.node, field.name, field.required) for field in settings_fields(node))
        elif (read := _read(node, aliases)) is not None:
            key, required = read
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield node, key.value, not is_guarded(module, node, key.value) if required else is_demanded(module, node)
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
            demands = _reader(code, module, node.func)
            if demands is not None:
                yield node, node.args[0].value, demands and len(node.args) + len(node.keywords) == 1


def without_default(module: Module, node: ast.AST) -> bool | None:
    """Whether a read of a variable gives None where it is not set; None where a function of the project decides that."""
    if not isinstance(node, ast.Call):
        return False
    if _read(node, _aliases(module.tree)) is None:
        return None if len(node.args) + len(node.keywords) == 1 else False
    given = [*node.args[1:2], *(keyword.value for keyword in node.keywords if keyword.arg == "default")]
    return all(isinstance(value, ast.Constant) and value.value is None for value in given)


def _libraries(tree: ast.Module) -> set[str]:
    """Names that read a variable when they are called: `config` of decouple, readers of environs' `Env`."""
    found: set[str] = set()
    for node in nodes(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "decouple":
            found |= {alias.asname or alias.name for alias in node.names if alias.name in ("config", "AutoConfig")}
        elif isinstance(node, ast.ImportFrom) and node.module == "environs":
            found |= {f"{alias.asname or alias.name}()" for alias in node.names if alias.name == "Env"}
        elif isinstance(node, ast.Import):
            found |= {f"{alias.asname or alias.name}.Env()" for alias in node.names if alias.name == "environs"}
    made = {name.removesuffix("()") for name in found if name.endswith("()")}
    for node in nodes(tree) if made else ():
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and unparse(node.value.func) in made:
            found |= {f"{target.id}." for target in node.targets if isinstance(target, ast.Name)}
    return found


READERS = frozenset(
    {"str", "int", "float", "bool", "list", "dict", "json", "url", "path", "decimal", "date", "datetime", "log_level", "enum"}
)
"""Methods of environs' `Env` that read a variable, and raise where it is missing and no default is given."""


def _by_library(call: ast.Call, readers: set[str]) -> tuple[str, bool] | None:
    """(the variable, whether a missing one raises) of a call of a library that reads it."""
    if not readers or not call.args or not isinstance(call.args[0], ast.Constant) or not isinstance(call.args[0].value, str):
        return None
    func = call.func
    of_env = (
        isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and f"{func.value.id}." in readers and func.attr in READERS
    )
    own = isinstance(func, ast.Name) and (func.id in readers or f"{func.id}." in readers)
    if not (of_env or own):
        return None
    return call.args[0].value, len(call.args) == 1 and not any(keyword.arg == "default" for keyword in call.keywords)


def _reader(code: Code, module: Module, func: ast.expr) -> bool | None:
    """Whether a function of the project whose first parameter is the name of a variable fails without it; None for any other function."""
    found = code.function(module, func)
    if found is None or not isinstance(found.node, FunctionNode) or not found.node.args.args:
        return None
    parameter = found.node.args.args[0].arg
    aliases = _aliases(found.module.tree)
    reads = [read for node in ast.walk(found.node) if (read := _read(node, aliases)) is not None]
    own = [required for key, required in reads if isinstance(key, ast.Name) and key.id == parameter]
    if not own:
        return None
    return any(own) or any(isinstance(node, ast.Raise) for node in ast.walk(found.node))


@lru_cache(maxsize=512)
def _aliases(tree: ast.AST) -> set[str]:
    """Names for `os.environ`: imported, assigned, or given unless something else is; `NAME()` for those of `os.getenv`."""
    found = {"environ"} | imported(tree, "environ")
    for node in nodes(tree):
        if isinstance(node, ast.Assign) and _is_environ(node.value, found):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.arguments):
            positional = [*node.posonlyargs, *node.args]
            pairs = [*zip(positional[len(positional) - len(node.defaults) :], node.defaults, strict=True)]
            pairs += [(name, value) for name, value in zip(node.kwonlyargs, node.kw_defaults, strict=True) if value is not None]
            found |= {name.arg for name, value in pairs if _is_environ(value, found)}
    return found | {f"{name}()" for name in imported(tree, "getenv")}


def imported(tree: ast.AST, name: str) -> set[str]:
    """Names that a module gives a part of `os` where it imports it: `from os import environ as env`."""
    froms = (node for node in nodes(tree) if isinstance(node, ast.ImportFrom) and node.module == "os" and not node.level)
    return {alias.asname or alias.name for node in froms for alias in node.names if alias.name == name}


def _is_environ(node: ast.expr, aliases: set[str]) -> bool:
    if isinstance(node, ast.IfExp):
        return _is_environ(node.body, aliases) or _is_environ(node.orelse, aliases)
    if isinstance(node, ast.BoolOp):
        return any(_is_environ(value, aliases) for value in node.values)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "copy" and not node.args:
        return _is_environ(node.func.value, aliases)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict" and len(node.args) == 1:
        return _is_environ(node.args[0], aliases)
    return (isinstance(node, ast.Attribute) and node.attr == "environ") or (isinstance(node, ast.Name) and node.id in aliases)


def _read(node: ast.AST, aliases: set[str]) -> tuple[ast.expr, bool] | None:
    """(the name's expression, whether a missing one raises) of `os.environ[X]`, `os.environ.get(X)`, `os.getenv(X)`."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _is_environ(node.value, aliases):
        return node.slice, True
    if isinstance(node, ast.Call) and node.args:
        func = node.func
        if isinstance(func, ast.Attribute) and ((func.attr == "get" and _is_environ(func.value, aliases)) or func.attr == "getenv"):
            return node.args[0], False
        if isinstance(func, ast.Name) and (func.id == "getenv" or f"{func.id}()" in aliases):
            return node.args[0], False
    return None
