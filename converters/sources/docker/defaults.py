"""Values that a program takes from flags, variables and defaults, read out of its code without running it.

Follows argparse, click, typer, pydantic settings, `os.environ`, plain assignments and call arguments over the files of a project.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from converters.containers.yaml_lines import load
from converters.ir import Origin
from converters.python.code import Code
from converters.python.constants import NotConstant, constant
from converters.python.module import FunctionNode, Module
from converters.python.startup import Startup

MAX_DEPTH = 12
ENVIRON_CALLS = frozenset({"os.environ.get", "os.getenv", "environ.get", "getenv"})
CASTS = frozenset({"int", "str", "float"})


@dataclass(frozen=True)
class Known:
    """A value, where it stands and what a person would set to change it."""

    value: Any
    origin: Origin
    how: str
    flag: str = ""
    env: str = ""


@dataclass
class Reader:
    """Reads values of one program. `arguments` follow the program's name, `env` is what its process sees."""

    code: Code
    modules: list[Module]
    arguments: tuple[str, ...]
    env: Mapping[str, str]
    _options: list[tuple[Module, ast.Call]] | None = field(default=None, repr=False)
    _steps: Iterator[int] = field(default_factory=itertools.count, repr=False)

    def value(self, module: Module, node: ast.expr, depth: int = 0) -> Known | None:
        """What an expression comes to; None where only running it could tell."""
        if depth > MAX_DEPTH:
            return None
        if depth == 0:
            self._steps = itertools.count()
        found = self._stated_value(module, node, depth)
        if found is not None:
            return found
        try:
            value, variable = self.computed(module, node, depth)
        except NotConstant:
            return None
        if not isinstance(value, str | int | float):
            return None
        how = "in the code" if not variable else f"{'' if self.env.get(variable) else 'default of '}variable {variable}"
        return Known(value, module.origin(node), how, env=variable)

    def computed(self, module: Module, node: ast.expr, depth: int = 0) -> tuple[Any, str]:
        """(value, the one variable of the environment that it depends on or '') of an expression. Raises `NotConstant`."""
        if depth == 0:
            self._steps = itertools.count()
        start = Startup(self.code, module, steps=self._steps, depth=depth, env=self.env, local=self._local, load_yaml=load)
        value = start.value(node)
        names = set(start.consulted)
        return value, names.pop() if len(names) == 1 else ""

    def _local(self, module: Module, node: ast.expr, depth: int) -> Any:
        """What the tree alone does not tell of a name or attribute. Raises `NotConstant`."""
        found = None
        if depth <= MAX_DEPTH and isinstance(node, ast.Name):
            found = self._variable(module, node, depth)
        elif depth <= MAX_DEPTH and isinstance(node, ast.Attribute):
            found = self._attribute(module, node, depth)
        if found is None:
            raise NotConstant(f"`{module.source(node)[:60]}`")
        return found.value

    def _stated_value(self, module: Module, node: ast.expr, depth: int) -> Known | None:
        """By the forms in which servers state their port and host: options, settings, variables."""
        if isinstance(node, ast.Call):
            return self._call(module, node, depth)
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            return next((found for part in node.values if (found := self.value(module, part, depth + 1)) and found.value), None)
        if isinstance(node, ast.IfExp):
            return self.value(module, node.body, depth + 1) or self.value(module, node.orelse, depth + 1)
        if isinstance(node, ast.Subscript):
            return self._subscript(module, node, depth)
        if isinstance(node, ast.Name):
            found = self._name(module, node, depth)
            if found is not None:
                return found
        elif isinstance(node, ast.Attribute):
            found = self._attribute(module, node, depth)
            if found is not None:
                return found
        return None

    def _call(self, module: Module, node: ast.Call, depth: int) -> Known | None:
        name = _source(node.func)
        if name in CASTS and len(node.args) == 1:
            return self.value(module, node.args[0], depth + 1)
        if (name in ENVIRON_CALLS or name.rsplit(".", 1)[-1] in ("getenv",)) and node.args:
            return self._environ(module, node.args[0], node.args[1] if len(node.args) > 1 else _keyword(node, "default"), depth)
        if name.rsplit(".", 1)[-1] in ("Option", "Argument", "Field") and (node.args or node.keywords):
            default = _keyword(node, "default") or (node.args[0] if node.args else None)
            envvar = _keyword(node, "envvar")
            if isinstance(envvar, ast.Constant) and isinstance(envvar.value, str):
                return self._environ(module, envvar, default, depth)
            return self.value(module, default, depth + 1) if default is not None else None
        if name.rsplit(".", 1)[-1] in ("config", "env", "int_env", "env_int", "get_env") and node.args:
            default = _keyword(node, "default") or (node.args[1] if len(node.args) > 1 else None)
            return self._environ(module, node.args[0], default, depth) if default is not None else None
        return None

    def _environ(self, module: Module, key: ast.expr, default: ast.expr | None, depth: int) -> Known | None:
        try:
            name = constant(self.code, module, key)
        except NotConstant:
            return None
        if not isinstance(name, str):
            return None
        if self.env.get(name):
            return Known(self.env[name], module.origin(key), f"variable {name}", env=name)
        found = self.value(module, default, depth + 1) if default is not None else None
        return Known(found.value, found.origin, f"default of variable {name}", env=name) if found else None

    def _subscript(self, module: Module, node: ast.Subscript, depth: int) -> Known | None:
        if _source(node.value) in ("os.environ", "environ"):
            return self._environ(module, node.slice, None, depth)
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            return self._option(node.slice.value, depth)
        return None

    def _name(self, module: Module, node: ast.Name, depth: int) -> Known | None:
        found = self._variable(module, node, depth)
        if found is not None:
            return found
        target = self.code.definition(module, node.id)
        if target is not None and isinstance(target.node, ast.expr):
            values = target.module.assignments.get(node.id, [target.node])
            return next((found for value in reversed(values) if (found := self.value(target.module, value, depth + 1))), None)
        return None

    def _variable(self, module: Module, node: ast.Name, depth: int) -> Known | None:
        """A variable or a parameter of the functions around a name."""
        for parent in module.ancestors(node):
            if not isinstance(parent, FunctionNode):
                continue
            local = [value for name, value in _assigned(parent) if name == node.id and not any(inner is node for inner in ast.walk(value))]
            if local:
                found = next((known for value in reversed(local) if (known := self.value(module, value, depth + 1))), None)
                if found:
                    return found
            if (parameter := _parameter(parent, node.id)) is not None:
                return self._parameter(module, parent, node.id, parameter[1], depth)
        return None

    def _parameter(self, module: Module, function: FunctionNode, name: str, default: ast.expr | None, depth: int) -> Known | None:
        """A parameter: its click or typer option, the arguments of a call of the function, its default."""
        stated = self._stated(f"--{name.replace('_', '-')}", module, function)
        for decorator in function.decorator_list:
            if isinstance(decorator, ast.Call) and _source(decorator.func).endswith(("option", "argument")):
                names = [one.value for one in decorator.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
                long = next((one for one in names if one.startswith("--")), "")
                if name in names or long.lstrip("-").split("/")[0].replace("-", "_") == name:
                    return self._declared(module, decorator, names, depth)
        if stated:
            return stated
        for caller, call in self._calls(function.name):
            argument = _argument(call, function, name)
            if argument is not None and (found := self.value(caller, argument, depth + 1)):
                return found
        if default is None:
            return None
        found = self.value(module, default, depth + 1)
        return Known(found.value, found.origin, found.how, f"--{name.replace('_', '-')}", found.env) if found else None

    def _stated(self, long: str, module: Module, node: ast.AST) -> Known | None:
        from converters.sources.docker.programs import flag

        value = flag(self.arguments, (long, long.replace("-", "_").replace("__", "--", 1)))
        return Known(value, module.origin(node), f"flag {long}", long) if value is not None else None

    def _declared(self, module: Module, call: ast.Call, names: list[str], depth: int) -> Known | None:
        """The value of an argparse, click or typer option: what the command line says, else its default."""
        from converters.sources.docker.programs import flag

        flags = tuple(one for one in names if one.startswith("-"))
        long = flags[0] if flags else ""
        value = flag(self.arguments, flags) if flags else None
        if value is not None:
            return Known(value, module.origin(call), f"flag {long}", long)
        envvar = _keyword(call, "envvar")
        if isinstance(envvar, ast.Constant) and isinstance(envvar.value, str) and self.env.get(envvar.value):
            return Known(self.env[envvar.value], module.origin(call), f"variable {envvar.value}", long, envvar.value)
        default = _keyword(call, "default")
        found = self.value(module, default, depth + 1) if default is not None else None
        return Known(found.value, found.origin, f"default of {long}" if not found.env else found.how, long, found.env) if found else None

    def _attribute(self, module: Module, node: ast.Attribute, depth: int) -> Known | None:
        found = self._option(node.attr, depth)
        if found:
            return found
        return self._setting(node.attr, depth)

    def _option(self, name: str, depth: int) -> Known | None:
        """An argparse argument whose destination is `name`."""
        if self._options is None:
            self._options = [
                (module, call)
                for module in self.modules
                if b"add_argument" in module.file.data
                for call in ast.walk(module.tree)
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "add_argument"
            ]
        for module, call in self._options:
            names = [one.value for one in call.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            dest = _keyword(call, "dest")
            destination = (
                dest.value if isinstance(dest, ast.Constant) else next((one for one in names if one.startswith("--")), "".join(names[:1]))
            )
            if str(destination).lstrip("-").replace("-", "_") == name and (found := self._declared(module, call, names, depth + 1)):
                return found
        return None

    def _setting(self, name: str, depth: int) -> Known | None:
        """A field of a settings class (pydantic-settings) or a dataclass."""
        for module in self.modules:
            if name.encode() not in module.file.data:
                continue
            for node in module.classes.values():
                bases = " ".join(_source(base) for base in node.bases)
                settings = "Settings" in bases
                if not settings and not any("dataclass" in _source(one) for one in node.decorator_list) and "BaseModel" not in bases:
                    continue
                for statement in node.body:
                    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.target.id == name:
                        return self._field(module, node, statement, name, depth, settings=settings)
        return None

    def _field(
        self, module: Module, node: ast.ClassDef, statement: ast.AnnAssign, name: str, depth: int, *, settings: bool
    ) -> Known | None:
        variable = (_env_prefix(node) + name).upper() if settings else ""
        alias = (
            _keyword(statement.value, "validation_alias") or _keyword(statement.value, "env")
            if isinstance(statement.value, ast.Call)
            else None
        )
        if isinstance(alias, ast.Constant) and isinstance(alias.value, str):
            variable = alias.value
        stated = self._stated(f"--{name.replace('_', '-')}", module, statement)
        if stated:
            return stated
        for known in (variable, variable.lower()):
            if known and self.env.get(known):
                return Known(self.env[known], module.origin(statement), f"variable {known}", env=known)
        found = self.value(module, statement.value, depth + 1) if statement.value is not None else None
        return Known(found.value, found.origin, f"default of setting {name}", f"--{name.replace('_', '-')}", variable) if found else None

    def _calls(self, name: str) -> Iterator[tuple[Module, ast.Call]]:
        for module in self.modules:
            if f"{name}(".encode() in module.file.data:
                for call in ast.walk(module.tree):
                    if isinstance(call, ast.Call) and _source(call.func).rsplit(".", 1)[-1] == name:
                        yield module, call


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """The value of a keyword argument."""
    return _keyword(call, name)


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _source(node: ast.AST) -> str:
    """A dotted name as written; the last attribute where the rest is no name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_source(node.value)}.{node.attr}"
    return _source(node.func) if isinstance(node, ast.Call) else ""


def dotted(node: ast.AST) -> str:
    """A dotted name as written."""
    return _source(node)


def _assigned(function: FunctionNode) -> Iterator[tuple[str, ast.expr]]:
    from converters.python.module import assigned, top_level

    for statement in top_level(function.body):
        yield from assigned(statement)


def _parameter(function: FunctionNode, name: str) -> tuple[ast.arg, ast.expr | None] | None:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    padded: list[ast.expr | None] = [*[None] * (len(positional) - len(arguments.defaults)), *arguments.defaults]
    pairs = [*zip(positional, padded, strict=True), *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    return next(((argument, default) for argument, default in pairs if argument.arg == name), None)


def _argument(call: ast.Call, function: FunctionNode, name: str) -> ast.expr | None:
    stated = _keyword(call, name)
    if stated is not None:
        return stated
    names = [argument.arg for argument in [*function.args.posonlyargs, *function.args.args]]
    index = names.index(name) if name in names else -1
    return call.args[index] if 0 <= index < len(call.args) and not any(isinstance(one, ast.Starred) for one in call.args) else None


def _env_prefix(node: ast.ClassDef) -> str:
    for inner in ast.walk(node):
        if isinstance(inner, ast.keyword) and inner.arg == "env_prefix" and isinstance(inner.value, ast.Constant):
            return str(inner.value.value)
        named = isinstance(inner, ast.Assign) and any(isinstance(one, ast.Name) and one.id == "env_prefix" for one in inner.targets)
        if named and isinstance(inner, ast.Assign) and isinstance(inner.value, ast.Constant):
            return str(inner.value.value)
    return ""


def joined(reader: Reader, module: Module, node: ast.expr, unknown: str = "") -> str:
    """A string of literal parts and readable values: f"0.0.0.0:{PORT}"; `unknown` stands for each part that cannot be read."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return joined(reader, module, node.left, unknown) + joined(reader, module, node.right, unknown)
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.FormattedValue) else part for part in node.values)
        return "".join(joined(reader, module, part, unknown) for part in parts)
    known = reader.value(module, node)
    return str(known.value) if known else unknown
