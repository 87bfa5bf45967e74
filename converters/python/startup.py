"""Values that code comes to while it starts: constants with the process's environment, small functions, settings objects and files.

Interprets a few statements of functions and constructors over the tree; the project's code never runs.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from converters.errors import Unreadable
from converters.project import SourceFile
from converters.python.code import Found
from converters.python.constants import Evaluator, NotConstant
from converters.python.module import FunctionNode, Module, assigned

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ENVIRON_GET = frozenset({"os.environ.get", "os.getenv", "environ.get", "getenv", "os.environ.setdefault"})
ENVIRON = frozenset({"os.environ", "environ"})
LOADERS = frozenset({"load", "loads", "safe_load", "full_load"})
SUFFIXES = (".yaml", ".yml", ".json", ".toml")
MAX_DATA = 2**18
MAX_CALLS = 12


class _Unknown:
    """A value that was assigned and could not be read: an error only where it is used."""


UNKNOWN = _Unknown()


@dataclass
class Instance:
    """An object of a class of the project; `attributes` are what its constructor sets."""

    module: Module
    node: ast.ClassDef
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Text:
    """A file of the project that code opens."""

    file: SourceFile


@dataclass
class _Returned(Exception):
    value: Any


@dataclass
class Startup(Evaluator):
    """Evaluates expressions as the start of a process with `env` would come to them.

    `local` looks up what the tree alone does not tell: variables of functions, command-line options, fields of settings classes.
    `consulted` collects the environment variables that were looked at.
    """

    env: Mapping[str, str] = field(default_factory=dict)
    local: Callable[[Module, ast.expr, int], Any] | None = None
    """Returns the value of a name or attribute, at a depth of nesting. Raises `NotConstant`."""
    load_yaml: Callable[[SourceFile], Any] | None = None
    """Raises `Unreadable`."""
    consulted: list[str] = field(default_factory=list)
    calls: int = 0

    def inside(self, module: Module, names: Mapping[str, Any]) -> Startup:
        return replace(self, module=module, names=names, depth=self.depth + 1)

    def value(self, node: ast.expr) -> Any:
        """The value of an expression. Raises `NotConstant`."""
        found = super().value(node)
        if isinstance(found, _Unknown):
            raise NotConstant(f"`{self.module.source(node)[:60]}`")
        return found

    def _dict(self, node: ast.Dict) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                found.update(self.value(value))
            else:
                found[self.value(key)] = self._try(value)
        return found

    def _name(self, node: ast.Name) -> Any:
        if node.id in self.names:
            return self.names[node.id]
        if node.id == "__file__":
            return self.module.path
        opened = self._opened(node)
        if opened is not None:
            return opened
        if self.local is not None:
            try:
                return self.local(self.module, node, self.depth + 1)
            except NotConstant:
                pass
        found = self.code.definition(self.module, node.id)
        if found is None:
            return super()._name(node)
        if not isinstance(found.node, ast.expr):
            return found
        values = found.module.assignments.get(node.id, [found.node])
        return self.inside(found.module, {}).value(values[-1])

    def _opened(self, node: ast.Name) -> Any:
        """What `with open(...) as name` around the expression binds."""
        for parent in self.module.ancestors(node):
            for item in parent.items if isinstance(parent, ast.With) else ():
                if isinstance(item.optional_vars, ast.Name) and item.optional_vars.id == node.id:
                    return self.value(item.context_expr)
        return None

    def _attribute(self, node: ast.Attribute) -> Any:
        if isinstance(node.value, ast.Name) and node.value.id not in self.names:
            target = self.code.imported_module(self.module, node.value.id)
            if target is not None and node.attr in target.assignments:
                return self.inside(target, {}).value(target.assignments[node.attr][-1])
            if target is not None and (found := self.code.definition(target, node.attr)) is not None:
                return found if not isinstance(found.node, ast.expr) else self.inside(found.module, {}).value(found.node)
        try:
            owner = self.value(node.value)
        except NotConstant:
            owner = None
        if isinstance(owner, Instance):
            return self._member(owner, node)
        if isinstance(owner, Found) and isinstance(owner.node, ast.ClassDef):
            return self._class_member(owner.module, owner.node, node.attr)
        return self._elsewhere(node)

    def _elsewhere(self, node: ast.Attribute) -> Any:
        if self.local is None:
            raise NotConstant(f"`{self.module.source(node)}`")
        return self.local(self.module, node, self.depth + 1)

    def _member(self, owner: Instance, node: ast.Attribute) -> Any:
        if node.attr in owner.attributes:
            return owner.attributes[node.attr]
        for statement in owner.node.body:
            if isinstance(statement, FunctionNode) and statement.name == node.attr:
                if any(isinstance(one, ast.Name) and "property" in one.id for one in statement.decorator_list):
                    return self._run(owner.module, statement, {statement.args.args[0].arg: owner})
                return Found(owner.module, statement)
        try:
            return self._class_member(owner.module, owner.node, node.attr)
        except NotConstant:
            return self._elsewhere(node)

    def _class_member(self, module: Module, node: ast.ClassDef, name: str) -> Any:
        for statement in node.body:
            for target, value in assigned(statement):
                if target == name:
                    return self.inside(module, {}).value(value)
        raise NotConstant(f"`{node.name}.{name}`")

    def _subscript(self, node: ast.Subscript) -> Any:
        if _dotted(node.value) in ENVIRON:
            name = self.value(node.slice)
            return self._variable(name) if name in self.env else _missing(name)
        return super()._subscript(node)

    def _variable(self, name: Any) -> str | None:
        if isinstance(name, str):
            self.consulted.append(name)
        return self.env.get(name)

    def _call(self, node: ast.Call) -> Any:
        dotted = _dotted(node.func)
        if dotted in ENVIRON_GET and node.args:
            found = self._variable(self.value(node.args[0]))
            default = node.args[1] if len(node.args) > 1 else next((one.value for one in node.keywords if one.arg == "default"), None)
            return found if found is not None else self.value(default) if default is not None else None
        last = dotted.rsplit(".", 1)[-1]
        if last == "open" and (node.args or isinstance(node.func, ast.Attribute)):
            return self._open(node.args[0] if isinstance(node.func, ast.Name) else node.func.value)  # type: ignore[attr-defined]
        if last in ("read", "read_text", "read_bytes") and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            return self.value(owner) if last == "read" else self._open(owner)
        if last in LOADERS and node.args and isinstance(node.func, ast.Attribute):
            return self._parsed(self.value(node.args[0]))
        try:
            target = self.value(node.func)
        except NotConstant:
            target = None
        if isinstance(target, Found):
            return self._of_project(target, node)
        return super()._call(node)

    def _open(self, path: ast.expr) -> Text:
        """The file that an expression names: by the last text in it that ends like a file of data."""
        names = [one.value for one in ast.walk(path) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if not names or not any(name.endswith(SUFFIXES) for name in names):
            value = self.value(path)
            names = [value] if isinstance(value, str) else []
        name = next((name for name in reversed(names) if name.endswith(SUFFIXES)), "")
        plain = PurePosixPath(name).name
        files = self.code.project.files
        near = [f"{folder}/{tail}".strip("/") for folder in (self.module.file.folder, "") for tail in (name.lstrip("./"), plain)]
        found = next((path for path in near if plain and path in files), None)
        same = [path for path in files if plain and PurePosixPath(path).name == plain]
        if found is None and len(same) != 1:
            raise NotConstant(f"the file `{name}`")
        return Text(files[found or same[0]])

    def _parsed(self, source: Any) -> Any:
        """The content of a file of data. Raises `NotConstant`."""
        if not isinstance(source, Text) or source.file.size > MAX_DATA:
            raise NotConstant("a file that is not known")
        file = source.file
        try:
            if file.path.endswith(".toml"):
                return tomllib.loads(file.text)
            if file.path.endswith(".json"):
                return json.loads(file.data)
            return self.load_yaml(file) if self.load_yaml else None
        except (ValueError, Unreadable) as error:
            raise NotConstant(f"the file `{file.path}`") from error

    def _of_project(self, target: Found, node: ast.Call) -> Any:
        function = target.node
        if isinstance(function, ast.ClassDef):
            return self._construct(target.module, function, node)
        if not isinstance(function, FunctionNode):
            raise NotConstant(f"`{self.module.source(node)[:60]}`")
        bound: dict[str, Any] = {}
        owner = self.value(node.func.value) if isinstance(node.func, ast.Attribute) and _is_method(target) else None
        if isinstance(owner, Instance) and function.args.args:
            bound[function.args.args[0].arg] = owner
        return self._run(target.module, function, self._bound(function, node, target.module, bound))

    def _construct(self, module: Module, node: ast.ClassDef, call: ast.Call) -> Instance:
        made = Instance(module, node)
        start = next((one for one in node.body if isinstance(one, FunctionNode) and one.name == "__init__"), None)
        if start is None:
            made.attributes.update({one.arg: self._try(one.value) for one in call.keywords if one.arg})
        elif start.args.args:
            names = self._bound(start, call, module, {start.args.args[0].arg: made})
            self._run(module, start, names)
        return made

    def _bound(self, function: FunctionNode, call: ast.Call, module: Module, bound: dict[str, Any]) -> dict[str, Any]:
        """The parameters of a call; what cannot be read is `UNKNOWN`."""
        positional = [one.arg for one in [*function.args.posonlyargs, *function.args.args] if one.arg not in bound]
        names = [*positional, *(one.arg for one in function.args.kwonlyargs)]
        defaults = dict(zip(reversed(positional), reversed(function.args.defaults), strict=False))
        defaults |= {
            one.arg: value for one, value in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True) if value
        }  # fmt: skip
        result = dict(bound)
        result.update({name: self._try(value) for name, value in zip(positional, call.args, strict=False)})
        result.update({one.arg: self._try(one.value) for one in call.keywords if one.arg})
        for name in names:
            if name not in result:
                result[name] = self.inside(module, {})._try(defaults[name]) if name in defaults else UNKNOWN
        return result

    def _try(self, node: ast.expr) -> Any:
        try:
            return self.value(node)
        except NotConstant:
            return UNKNOWN

    def _run(self, module: Module, function: FunctionNode, names: dict[str, Any]) -> Any:
        """What a function returns. Raises `NotConstant` where a statement on the way decides by something unknown."""
        if self.calls > MAX_CALLS:
            raise NotConstant("calls that are nested too deeply")
        inner = self.inside(module, names)
        inner.calls += 1
        try:
            inner._body(function.body, names)
        except _Returned as result:
            return result.value
        return None

    def _body(self, body: list[ast.stmt], names: dict[str, Any]) -> None:
        for statement in body:
            if isinstance(statement, ast.Return):
                raise _Returned(self.value(statement.value) if statement.value is not None else None)
            if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
                self._assign(statement, names)
            elif isinstance(statement, ast.If):
                self._body(statement.body if self.value(statement.test) else statement.orelse, names)
            elif isinstance(statement, ast.Try):
                self._body([*statement.body, *statement.orelse, *statement.finalbody], names)
            elif isinstance(statement, ast.With):
                for item in statement.items:
                    if isinstance(item.optional_vars, ast.Name):
                        names[item.optional_vars.id] = self._try(item.context_expr)
                self._body(statement.body, names)
            elif not isinstance(
                statement, ast.Expr | ast.Pass | ast.Import | ast.ImportFrom | ast.Global | ast.Assert | FunctionNode | ast.ClassDef
            ):
                self._give_up(statement, names)

    def _assign(self, statement: ast.Assign | ast.AnnAssign, names: dict[str, Any]) -> None:
        value = self._try(statement.value) if statement.value is not None else None
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            if isinstance(target, ast.Name):
                names[target.id] = value
            elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
                owner = names.get(target.value.id)
                if isinstance(owner, Instance):
                    owner.attributes[target.attr] = value
            elif isinstance(target, ast.Subscript):
                self._give_up(statement, names)

    def _give_up(self, statement: ast.stmt, names: dict[str, Any]) -> None:
        """What a statement that is not followed may change is unknown from here on."""
        for node in ast.walk(statement):
            if isinstance(node, ast.Return):
                raise NotConstant(f"line {statement.lineno}")
            if isinstance(node, ast.Name) and node.id in names and not isinstance(names[node.id], Instance):
                names[node.id] = UNKNOWN
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and isinstance(node.ctx, ast.Store):
                owner = names.get(node.value.id)
                if isinstance(owner, Instance):
                    owner.attributes[node.attr] = UNKNOWN


def _missing(name: Any) -> Any:
    raise NotConstant(f"the variable {name}, which nothing sets")


def _is_method(target: Found) -> bool:
    return isinstance(target.module.parents.get(target.node), ast.ClassDef)


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return f"{_dotted(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else ""
