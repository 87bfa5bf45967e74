"""The `fal.App` of a Cog predictor in native style: one file as fal's guide writes it, made of the predictor's own methods.

libcst moves the statements, so that comments and formatting go along; what is heavy goes into `setup()`.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Sequence

import libcst as cst

from converters.concepts.native import APP_IMPORTS
from converters.ir import App
from converters.native_plan import NativePredictor
from converters.python.scopes import Definition, Scopes
from converters.targets import predictor_methods
from converters.targets.app import field_name
from converters.targets.native.names import Annotations, Renames, bindings, names_of
from converters.targets.native.predictor_answers import Answers, Yields
from converters.targets.native.predictor_form import decorators, endpoint_name, output_name
from converters.targets.native.statements import (
    Statement,
    after_blank_line,
    comments,
    import_lines,
    imported,
    in_class,
    is_import,
    method,
    parts,
    source,
    stored,
    visited,
    with_body,
    within,
    without_blank_lines,
)
from converters.targets.predictor_methods import fetched, files

Block = cst.FunctionDef | cst.ClassDef


class PredictorPieces:
    """The predictor's file cut into the parts of the app file."""

    def __init__(self, app: App, native: NativePredictor) -> None:
        assert app.predictor is not None
        self.app = app
        self.predictor = app.predictor
        self.native = native
        self.module = cst.parse_module(native.text)
        self.annotations = Annotations(native.deferred, APP_IMPORTS)
        self.scopes = Scopes(native.text)
        nodes = ast.parse(native.text).body
        rows = [(native.places[node.lineno], node, statement) for node, statement in zip(nodes, self.module.body, strict=True)]
        self.statements = {place: [statement for at, _, statement in rows if at == place] for place in ("top", "setup", "handler")}
        self.reads = {node.name: self.scopes.reads(node) for _, node, _ in rows if isinstance(node, Definition)}
        self.definition = next(node for at, node, _ in rows if at == "handler")
        handler = self.statements["handler"][0]
        functions: list[cst.FunctionDef] = []
        if isinstance(handler, cst.ClassDef):
            assert isinstance(self.definition, ast.ClassDef)
            functions = [part for part in handler.body.body if isinstance(part, cst.FunctionDef)]
            self.reads |= {node.name: self.scopes.reads(node) for node in self.definition.body if isinstance(node, Definition)}
        elif isinstance(handler, cst.FunctionDef):
            functions = [handler]
        self.methods = {function.name.value: function for function in functions}
        self.method = self.predictor.method or self.predictor.name

    def imports(self) -> list[str]:
        """The import statements of the standard library."""
        return [*self.native.light, *(["from typing import TYPE_CHECKING"] if self.annotations.quoted else [])]

    def top(self) -> str:
        """Constants, functions and classes, as they stand in the file."""
        kept = [statement for statement in self.statements["top"] if not self._is_method(statement)]
        body = [self._moved(statement) for statement in kept]
        header = [*self._described(), *(line for line in self.module.header if line.comment)]
        return cst.Module(body=body, header=header).code.strip("\n")

    def above(self) -> list[str]:
        """The comments above the predictor."""
        return [line.comment.value for line in self.statements["handler"][0].leading_lines if line.comment]

    def _described(self) -> list[cst.EmptyLine]:
        """What the file says of itself, as comments: the app file's own docstring says what it is now."""
        rows = ast.get_docstring(ast.parse(self.native.text)) or ""
        texts = ["".join(letter for letter in row if letter.isprintable()).rstrip() for row in rows.splitlines()]
        return [cst.EmptyLine(comment=cst.Comment(f"# {text}".rstrip())) for text in texts]

    def for_types(self) -> str:
        """Imports that only annotations need. To be asked last."""
        if not self.annotations.quoted:
            return ""
        lines = import_lines(line for name in sorted(self.annotations.quoted) for line in self.native.statements.get(name, ()))
        return "\n".join(["if TYPE_CHECKING:", *(f"    {line}" for line in cst.Module(body=lines).code.splitlines())]) if lines else ""

    def attributes(self) -> list[str]:
        """The attributes of the predictor's class."""
        handler = self.statements["handler"][0]
        body = handler.body.body if isinstance(handler, cst.ClassDef) else []
        kept = [line for line in body if isinstance(line, cst.SimpleStatementLine) and isinstance(line.body[0], cst.Assign | cst.AnnAssign)]
        return [in_class([self._renamed(without_blank_lines(line))]).rstrip("\n") for line in kept]

    def setup(self) -> str:
        """What the module loads when it is imported, then what the predictor's own setup does."""
        own = self.methods.get("setup") if self.predictor.method else None
        doc, body = parts(own) if own is not None else ([], [])
        body = visited(body, Renames(self.native.names, bindings(own))) if own is not None and body else body
        prepared = predictor_methods.prepared(self.app, self.predictor, searches=self.native.searches)
        first = [cst.parse_statement(line) for line in prepared if line]
        last = [cst.parse_statement(predictor_methods.RUNNING_REQUESTS)] if self.native.cancels else []
        weights = [cst.parse_statement(predictor_methods.WEIGHTS)] if self.predictor.weights else []
        heavy = [self._renamed(statement) for statement in self.statements["setup"]]
        used = {name for statement in [*heavy, *body] if not is_import(statement) for name in names_of(statement)}
        heavy = [self._import(statement, used) if is_import(statement) else statement for statement in heavy]
        rows = [*first, *_spaced([*heavy, *weights])]
        if rows and body and (heavy or weights):
            body = [after_blank_line(body[0]), *body[1:]]
        body = [*doc, *rows, *body, *last]
        if not [*rows, *body[len(doc) :]] and not doc:
            return ""
        head = f"{'async ' if self.predictor.setup == 'async' else ''}def setup(self): pass"
        return method(head, body).rstrip("\n")

    def others(self) -> list[str]:
        """The predictor's further methods, and the functions that become methods."""
        kept = [function for name, function in self.methods.items() if name != "setup" or not self.predictor.method]
        if self.native.merged:
            kept = [function for function in kept if function.name.value != self.method]
        functions = [self._function(function) for function in kept]
        promoted = [statement for statement in self.statements["top"] if self._is_method(statement)]
        functions += [self._function(statement) for statement in promoted if isinstance(statement, cst.FunctionDef)]
        return [in_class([function.with_changes(leading_lines=comments(function))]) for function in functions]

    def endpoint(self) -> str:
        """The method that answers, with the request's fields for its parameters."""
        function = self.methods[self.method]
        doc, body = parts(function)
        fields = self.app.endpoints[0].input.fields
        downloaded = {field.name for field in files(self.app)}
        rebound = stored(function)
        inputs = {field.name: f"input.{field_name(field.name)}" for field in fields if field.name not in downloaded | rebound}
        fetched_as = {field.name: predictor_methods.variable(field) for field in files(self.app)}
        inputs |= {name: local for name, local in fetched_as.items() if name != local and name not in rebound}
        streams = self.predictor.kind in ("generator", "async_generator")
        body = visited(body, Renames({**self.native.names, **inputs}, bindings(function) - set(inputs)))
        body = visited(body, Yields(self.app) if streams else Answers(self.app))
        local = [f"{field.name} = input.{field_name(field.name)}" for field in fields if field.name in rebound - downloaded]
        asynchronous = self.predictor.kind in ("async", "async_generator")
        local += fetched(self.app, asynchronous=asynchronous)
        local += [f"{name} = {given}" for name, given in fetched_as.items() if name != given and name in rebound]
        for context in reversed(function.decorators):
            body = [within(source(context.decorator), body)]
        imports = self._imports_for(self.reads[self.method] | {name for part in function.decorators for name in names_of(part)})
        body = [*map(cst.parse_statement, local), *body]
        if downloaded:
            body = [within("tempfile.TemporaryDirectory() as folder", body)]
        body = [*imports, after_blank_line(body[0]), *body[1:]] if imports else body
        return method(f"{self._head()} pass", [*doc, *body])

    def _head(self) -> str:
        """The first lines of the method that the predictor's own becomes: the endpoint, or the generator of what it answers."""
        if self.predictor.kind in ("generator", "async_generator"):
            output = self.app.endpoints[0].output.fields[0]
            item = "dict" if output.media else output.annotation.removeprefix("list[").removesuffix("]")
            return predictor_methods.outputs_signature(self.app, item)
        word = "async def" if self.predictor.kind == "async" else "def"
        signature = f"{word} {endpoint_name(self.app)}(self, input: Input) -> {output_name(self.app)}:"
        return "\n".join([*decorators(self.app), signature])

    def _is_method(self, statement: cst.BaseStatement) -> bool:
        return isinstance(statement, cst.FunctionDef) and statement.name.value in self.native.methods

    def _renamed(self, statement: Statement) -> Statement:
        made = statement.visit(Renames(self.native.names))
        assert isinstance(made, Statement)
        return made

    def _moved(self, statement: Statement) -> Statement:
        """A definition or a constant at the top of the app file; its own name may be another there."""
        if isinstance(statement, cst.FunctionDef):
            statement = self._function(statement)
        elif isinstance(statement, cst.ClassDef):
            statement = self._class(statement)
        else:
            return self._renamed(statement)
        name = self.native.names.get(statement.name.value)
        return statement.with_changes(name=cst.Name(name)) if name is not None else statement

    def _class(self, class_: cst.ClassDef) -> cst.ClassDef:
        """A class whose methods import what they need."""
        reads = {node.name: self.scopes.reads(node) for node in self._methods_of(class_.name.value)}
        body = [self._function(part, reads[part.name.value]) if isinstance(part, cst.FunctionDef) else part for part in class_.body.body]
        made = class_.with_changes(body=class_.body.with_changes(body=body)).visit(Renames(self.native.names))
        assert isinstance(made, cst.ClassDef)
        return made

    def _methods_of(self, name: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        class_ = next(node for node in ast.parse(self.native.text).body if isinstance(node, ast.ClassDef) and node.name == name)
        return [node for node in class_.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]

    def _function(self, function: cst.FunctionDef, reads: set[str] | None = None) -> cst.FunctionDef:
        """A function with the names of the app, its contexts around its body, and the imports that it needs inside."""
        name = function.name.value
        contexts = self._contexts(function)
        reads = (self.reads[name] if reads is None else reads) | {used for part in contexts for used in names_of(part)}
        renamed = function.visit(Renames(self.native.names))
        assert isinstance(renamed, cst.FunctionDef)
        made = renamed.visit(self.annotations)
        assert isinstance(made, cst.FunctionDef)
        doc, body = parts(made)
        for context in reversed(made.decorators[len(made.decorators) - len(contexts) :]):
            body = [within(source(context.decorator), body)]
        needed = self._imports_for(reads)
        if contexts or (needed and body):
            body = [*doc, *needed, after_blank_line(body[0]), *body[1:]] if needed else [*doc, *body]
            made = with_body(made, body).with_changes(decorators=made.decorators[: len(made.decorators) - len(contexts)])
        if name == self.method and self.native.bare:
            made = _without_defaults(made)
        return _with_self(made) if name in self.native.methods or (name == self.method and not self.predictor.method) else made

    def _contexts(self, function: cst.FunctionDef) -> list[cst.Decorator]:
        """Decorators that need what is imported later stand around the body instead."""
        late = set(self.native.deferred)
        return [part for part in function.decorators if names_of(part) & late]

    def _imports_for(self, reads: set[str]) -> list[Statement]:
        return import_lines(line for name, lines in self.native.statements.items() if name in reads for line in lines)

    def _import(self, statement: Statement, used: set[str]) -> Statement:
        """An import in `setup()`; linters are told of names that only other methods use."""
        members = imported(statement)
        if set(members) <= used:
            return statement
        made = import_lines(members.values(), unused=set(members) - used)[0]
        return made.with_changes(leading_lines=statement.leading_lines)


def _with_self(function: cst.FunctionDef) -> cst.FunctionDef:
    parameters = function.params
    comma = cst.Comma(whitespace_after=function.whitespace_before_params)
    own = cst.Param(cst.Name("self"), comma=comma if "\n" in source(function.whitespace_before_params) else cst.MaybeSentinel.DEFAULT)
    if parameters.posonly_params:
        return function.with_changes(params=parameters.with_changes(posonly_params=[own, *parameters.posonly_params]))
    return function.with_changes(params=parameters.with_changes(params=[own, *parameters.params]))


def _without_defaults(function: cst.FunctionDef) -> cst.FunctionDef:
    """The function with parameters that all have to be given."""
    params = function.params
    named = {
        kind: [part.with_changes(default=None, equal=cst.MaybeSentinel.DEFAULT) for part in getattr(params, kind)]
        for kind in ("posonly_params", "params", "kwonly_params")
    }
    return function.with_changes(params=params.with_changes(**named))


def _spaced(statements: Sequence[Statement]) -> list[Statement]:
    """Statements without blank lines between them, but for one where imports end."""
    return [
        after_blank_line(statement)
        if before is not None and is_import(before) and not is_import(statement)
        else without_blank_lines(statement)
        for before, statement in itertools.pairwise([None, *statements])
        if statement is not None
    ]
