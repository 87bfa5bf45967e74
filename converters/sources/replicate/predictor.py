"""The object that a cog.yaml names: a class or a function, its method, its setup, the classes it is derived from."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from converters.concepts.cog.cog_yaml import Entry
from converters.errors import Unreadable, Unsupported
from converters.ir import HandlerKind
from converters.python.arguments import only_as_a_script
from converters.python.code import Code
from converters.python.module import FunctionNode, Module, own_nodes, top_level

METHODS = ("run", "predict", "train")
TRAINING = ("train", "run", "predict")
"""What Cog calls for a training, the first of these that the class has."""
FALLBACK_NAMES = ("Runner", "Predictor")
"""What Cog looks for where the reference names no object."""


@dataclass(frozen=True)
class Method:
    """A method and the class that defines it."""

    module: Module
    owner: ast.ClassDef | None
    node: FunctionNode

    @property
    def asynchronous(self) -> bool:
        return isinstance(self.node, ast.AsyncFunctionDef)

    @property
    def parameters(self) -> list[ast.arg]:
        """Parameters that take an input: without `self`, `*args` and `**kwargs`."""
        arguments = self.node.args
        named = [*arguments.posonlyargs, *arguments.args]
        static = any(isinstance(d, ast.Name) and d.id in ("staticmethod", "classmethod") for d in self.node.decorator_list)
        skip = 1 if self.owner is not None and not (static and not _is_class_method(self.node)) else 0
        return [*named[skip:], *arguments.kwonlyargs]

    def default(self, name: str) -> ast.expr | None:
        arguments = self.node.args
        named = [*arguments.posonlyargs, *arguments.args]
        pairs = dict(zip([arg.arg for arg in named][len(named) - len(arguments.defaults) :], arguments.defaults, strict=True))
        pairs.update({arg.arg: value for arg, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value is not None})
        return pairs.get(name)


@dataclass
class Predictor:
    """What a reference such as `predict.py:Predictor` came to."""

    module: Module
    name: str
    node: ast.ClassDef | FunctionNode
    method: Method
    setup: Method | None = None
    healthcheck: Method | None = None
    chain: list[tuple[Module, ast.ClassDef]] = field(default_factory=list)
    """The class and the classes of the project it is derived from, nearest first."""

    @property
    def is_class(self) -> bool:
        return isinstance(self.node, ast.ClassDef)

    @property
    def kind(self) -> HandlerKind:
        return kind_of(self.method.node)

    @property
    def docstring(self) -> str:
        """What the method says of itself, else the class, in one line."""
        text = ast.get_docstring(self.method.node) or ast.get_docstring(self.node) or ""
        line = text.strip().splitlines()[0].strip() if text.strip() else ""
        return "" if line.lower().startswith(("run a single prediction", "load the model")) else line

    def find(self, name: str) -> Method | None:
        """A method by name, wherever in the chain it is defined."""
        return _find(self.chain, name)


def resolve(code: Code, folder: str, reference: Entry, methods: tuple[str, ...] = METHODS) -> Predictor:
    """Follow a reference to a function, or a class of which Cog calls the first of `methods` that there is.

    Raises `Unsupported` and `Unreadable` with the place of what is missing.
    """
    if not isinstance(reference.value, str):
        raise Unsupported(
            "does not name a predictor.",
            file=reference.origin.file,
            line=reference.origin.line,
            hint="Write the file and the class, as in `predict: predict.py:Predictor`.",
        )
    file, _, name = reference.value.strip().partition(":")
    path = locate(code, folder, file)
    if path is None:
        raise Unsupported(
            f"names {file}, which is not in the project.",
            file=reference.origin.file,
            line=reference.origin.line,
            hint="Add the file (it may be generated or live in a submodule), or correct the name.",
        )
    module = code.module(path)
    if module is None:
        raise code.problems.get(path) or Unreadable("cannot be read.", file=path)
    found = _definition(code, module, name)
    if found is None:
        raise Unsupported(
            f"defines no {name or ' or '.join(FALLBACK_NAMES)}.",
            file=path,
            line=1,
            hint=f"{reference.origin} refers to it.",
        )
    where, node = found
    if isinstance(node, FunctionNode):
        return Predictor(module, name or node.name, node, Method(where, None, node))
    chain = list(ancestry(code, where, node))
    method = next((one for name_ in methods if (one := _find(chain, name_)) is not None), None)
    if method is None:
        raise Unsupported("has neither a `run` nor a `predict` method.", file=where.path, line=node.lineno, hint="Cog calls one of them.")
    return Predictor(module, name or node.name, node, method, _find(chain, "setup"), _find(chain, "healthcheck"), chain)


def locate(code: Code, folder: str, file: str) -> str | None:
    """Path of a referenced file: beside the cog.yaml, else at the top of the project, whose root Cog may have been given."""
    name = file if file.endswith(".py") else file.replace(".", "/") + ".py"
    for candidate in (f"{folder}/{name}" if folder else name, name):
        found = code.project.get(candidate)
        if found is not None:
            return found.path
    return None


def kind_of(node: FunctionNode) -> HandlerKind:
    """How a function answers, by its body: the annotation may say otherwise, and Python goes by the body."""
    yields = any(isinstance(inner, ast.Yield | ast.YieldFrom) for inner in own_nodes(node))
    if isinstance(node, ast.AsyncFunctionDef):
        return "async_generator" if yields else "async"
    return "generator" if yields else "sync"


def ancestry(code: Code, module: Module, node: ast.ClassDef, depth: int = 0) -> Iterator[tuple[Module, ast.ClassDef]]:
    """A class and the project's own classes it is derived from, in the order in which attributes are looked up (roughly the MRO)."""
    yield module, node
    for base in node.bases if depth < 10 else ():
        found = code.function(module, base)
        if found is not None and isinstance(found.node, ast.ClassDef) and found.node is not node:
            yield from ancestry(code, found.module, found.node, depth + 1)


def _find(chain: list[tuple[Module, ast.ClassDef]], name: str) -> Method | None:
    for module, node in chain:
        for statement in top_level(node.body):
            if isinstance(statement, FunctionNode) and statement.name == name:
                return Method(module, node, statement)
    return None


def _definition(code: Code, module: Module, name: str) -> tuple[Module, ast.ClassDef | FunctionNode] | None:
    for candidate in [name] if name else FALLBACK_NAMES:
        found = code.definition(module, candidate)
        if found is not None and isinstance(found.node, ast.Name | ast.Attribute):
            found = code.function(found.module, found.node)
        if found is not None and isinstance(found.node, ast.ClassDef | FunctionNode) and not only_as_a_script(found.module, found.node):
            return found.module, found.node
    return None


def _is_class_method(node: FunctionNode) -> bool:
    return any(isinstance(decorator, ast.Name) and decorator.id == "classmethod" for decorator in node.decorator_list)
