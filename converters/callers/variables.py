"""Which assignments and which uses belong to one variable of a module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from converters.python.module import FunctionNode, Module

Scope = ast.AST
"""A module, a function, a lambda or a comprehension; a class for the attributes of its `self`."""
COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass(eq=False)
class Variable:
    """A name of a scope, or an attribute of `self` in a class."""

    name: str
    scope: Scope
    values: list[ast.expr] = field(default_factory=list)
    """What plain assignments give it."""
    elements_of: list[ast.expr] = field(default_factory=list)
    """What loops iterate over to give it."""
    entered: list[ast.expr] = field(default_factory=list)
    """What `with ... as` enters to give it."""
    loads: list[ast.expr] = field(default_factory=list)
    open: bool = False
    """It is also bound in a way that is not followed: a parameter, an unpacking, an import, `del`, `+=`."""

    @property
    def origins(self) -> list[ast.expr]:
        return [*self.values, *self.elements_of, *self.entered]


class Variables:
    """The variables of a module, by the nodes that bind or read them."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self._by_key: dict[tuple[Scope, str], Variable] = {}
        self._by_node: dict[ast.AST, Variable] = {}
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Name) or self._is_own_attribute(node):
                self._enter(node)  # type: ignore[arg-type]
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and node not in self._by_node:
                self._open_attribute(node.attr)

    def of(self, node: ast.AST) -> Variable | None:
        """The variable that a name or `self.attribute` stands for."""
        return self._by_node.get(node)

    def all(self) -> Iterator[Variable]:
        return iter(self._by_key.values())

    def _is_own_attribute(self, node: ast.AST) -> bool:
        if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"):
            return False
        parent = self.module.parents.get(node)
        called = isinstance(parent, ast.Call) and parent.func is node
        return not called and self._class(node) is not None

    def _class(self, node: ast.AST) -> ast.ClassDef | None:
        return next((parent for parent in self.module.ancestors(node) if isinstance(parent, ast.ClassDef)), None)

    def _enter(self, node: ast.Name | ast.Attribute) -> None:
        name = node.attr if isinstance(node, ast.Attribute) else node.id
        scope = self._class(node) if isinstance(node, ast.Attribute) else self.scope(node.id, node)
        assert scope is not None
        variable = self._by_key.setdefault((scope, name), Variable(name, scope))
        self._by_node[node] = variable
        if isinstance(node.ctx, ast.Load):
            variable.loads.append(node)
        else:
            self._bind(variable, node)
        if isinstance(node, ast.Name) and name in self._otherwise_bound.get(scope, ()):
            variable.open = True

    def _open_attribute(self, name: str) -> None:
        """`client.attribute` may be the attribute that a class sets on `self`."""
        for (scope, known), variable in self._by_key.items():
            if isinstance(scope, ast.ClassDef) and known == name:
                variable.open = True

    def _bind(self, variable: Variable, node: ast.expr) -> None:
        if isinstance(node, ast.Name) and self._in_class_body(node):
            variable.open = True
        match self.module.parents.get(node):
            case ast.Assign(targets=targets, value=value) if node in targets:
                variable.values.append(value)
            case ast.AnnAssign(value=value) if value is not None:
                variable.values.append(value)
            case ast.AnnAssign():
                pass
            case ast.NamedExpr(value=value):
                variable.values.append(value)
            case ast.For(target=target, iter=value) | ast.AsyncFor(target=target, iter=value) if target is node:
                variable.elements_of.append(value)
            case ast.comprehension(target=target, iter=value) if target is node:
                variable.elements_of.append(value)
            case ast.Tuple(elts=[_, second]) as pair if second is node and (value := self._enumerated(pair)):
                variable.elements_of.append(value)
            case ast.withitem(context_expr=value):
                variable.entered.append(value)
            case _:
                variable.open = True

    def _enumerated(self, pair: ast.Tuple) -> ast.expr | None:
        """What `for index, item in enumerate(X)` goes through."""
        match self.module.parents[pair]:
            case ast.For(target=target, iter=ast.Call(func=ast.Name(id="enumerate"), args=[value, *_])) if target is pair:
                return value
        return None

    def _in_class_body(self, node: ast.AST) -> bool:
        """Whether a binding makes an attribute of a class, which is read in ways that are not followed."""
        around = (parent for parent in self.module.ancestors(node) if isinstance(parent, FunctionNode | ast.Lambda | ast.ClassDef))
        return isinstance(next(around, None), ast.ClassDef)

    def scope(self, name: str, node: ast.AST) -> Scope:
        """The scope whose variable a name is at a node: the nearest one around it that binds it, else the module."""
        child = node
        for parent in self.module.ancestors(node):
            if self._belongs(parent, child) and name in self._bound.get(parent, ()):
                return parent
            child = parent
        return self.module.tree

    @staticmethod
    def _belongs(scope: ast.AST, child: ast.AST) -> bool:
        """Whether a child is evaluated inside a scope: decorators, defaults and annotations of a function are not."""
        if isinstance(scope, FunctionNode):
            return child in scope.body
        if isinstance(scope, ast.Lambda):
            return child is scope.body
        return isinstance(scope, COMPREHENSIONS)

    @cached_property
    def _bound(self) -> dict[Scope, set[str]]:
        """Names that each scope binds by any means."""
        bound: dict[Scope, set[str]] = {scope: set(names) for scope, names in self._otherwise_bound.items()}
        for node in ast.walk(self.module.tree):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                bound.setdefault(self._home(node), set()).add(node.id)
        for node in ast.walk(self.module.tree):
            if isinstance(node, ast.Global | ast.Nonlocal):
                bound.get(self._home(node), set()).difference_update(node.names)
        return bound

    @cached_property
    def _otherwise_bound(self) -> dict[Scope, set[str]]:
        """Names that parameters, definitions, imports and handlers bind."""
        bound: dict[Scope, set[str]] = {}
        for node in ast.walk(self.module.tree):
            match node:
                case ast.arg(arg=name):
                    names = [name]
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    names = [name]
                case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                    names = [(alias.asname or alias.name).split(".")[0] for alias in aliases]
                case ast.ExceptHandler(name=str(name)):
                    names = [name]
                case _:
                    continue
            bound.setdefault(self._home(node), set()).update(names)
        return bound

    def _home(self, node: ast.AST) -> Scope:
        """The scope in which a binding takes effect; the target of a comprehension stays in it."""
        child = node
        for parent in self.module.ancestors(node):
            if isinstance(parent, FunctionNode) and (child in parent.body or child is parent.args):
                return parent
            if isinstance(parent, ast.Lambda):
                return parent
            if isinstance(parent, COMPREHENSIONS) and isinstance(child, ast.comprehension) and node in ast.walk(child.target):
                return parent
            child = parent
        return self.module.tree
