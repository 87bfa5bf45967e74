"""The `fal.App` of a Cog predictor in native style: one file as fal's guide writes it, made of the predictor's own methods.

libcst moves the statements, so that comments and formatting go along; what is heavy goes into `setup()`.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import libcst as cst

from converters.concepts.literals import string
from converters.ir import App, NativeSource
from converters.python.module import FunctionNode
from converters.targets import app as app_parts
from converters.targets.app import field_name
from converters.targets.predictor_methods import encodes, fetched, files

LONG = 80
"""Letters of a result that gets a line of its own."""
Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement


class Pieces:
    """The predictor's file cut into the parts of the app file."""

    def __init__(self, app: App, native: NativeSource) -> None:
        assert app.predictor is not None
        self.app = app
        self.predictor = app.predictor
        self.native = native
        self.module = cst.parse_module(native.text)
        rows = placed(self.module, native)
        self.statements = {place: [statement for at, statement in rows if at == place] for place in ("top", "setup", "handler")}
        class_ = self.statements["handler"][0]
        assert isinstance(class_, cst.ClassDef)
        self.methods = {part.name.value: part for part in class_.body.body if isinstance(part, cst.FunctionDef)}

    def imports(self) -> list[str]:
        """The import statements of the standard library."""
        return [_source(line).strip() for line in self.statements["top"] if _is_import(line)]

    def top(self) -> str:
        """Constants and functions, as they stand in the file."""
        found = [self._with_imports(statement) for statement in self.statements["top"] if not _is_import(statement)]
        return cst.Module(body=found, header=[line for line in self.module.header if line.comment]).code

    def setup(self) -> str:
        """What the module loads when it is imported, then what the predictor's own setup does."""
        own = self.methods.get("setup")
        doc, body = _parts(own) if own is not None else ([], [])
        heavy = [
            _after_blank_line(statement)
            if not _is_import(statement) and before is not None and _is_import(before)
            else _without_blank_lines(statement)
            for before, statement in itertools.pairwise([None, *self.statements["setup"]])
            if statement is not None
        ]
        variables = [app_parts.environment_line(one) for one in self.app.environment.variables if one.value is not None]
        lines = [cst.parse_statement(line) for line in variables]
        first = [*doc, *lines, *heavy]
        if first and body:
            body = [_after_blank_line(body[0]), *body[1:]] if heavy else body
        if not first and not body:
            return ""
        head = f"{'async ' if self.predictor.setup == 'async' else ''}def setup(self): pass"
        return _method(head, [*first, *body]).rstrip("\n")

    def others(self) -> list[str]:
        """The predictor's own further methods."""
        kept = [function for name, function in self.methods.items() if name not in ("setup", self.predictor.method)]
        return [_in_class([self._with_imports(function).with_changes(leading_lines=_comments(function))]) for function in kept]

    def endpoint(self) -> str:
        """The method that answers, with the request's fields for its parameters."""
        function = self.methods[self.predictor.method]
        doc, body = _parts(function)
        fields = self.app.endpoints[0].input.fields
        downloaded = {field.name for field in files(self.app)}
        rebound = _stored(function)
        renamed = {field.name: f"input.{field_name(field.name)}" for field in fields if field.name not in downloaded | rebound}
        body = _visited(body, _Answers(renamed, self.app))
        local = [f"{field.name} = input.{field_name(field.name)}" for field in fields if field.name in rebound - downloaded]
        asynchronous = self.predictor.kind == "async"
        local += fetched(self.app, asynchronous=asynchronous)
        contexts = [_source(decorator.decorator) for decorator in function.decorators]
        for context in reversed(contexts):
            body = [_with(context, body)]
        imports = self._imports_for(cst.IndentedBlock(body=body))
        body = [*map(cst.parse_statement, local), *body]
        body = [*imports, _after_blank_line(body[0]), *body[1:]] if imports else body
        if downloaded:
            body = [_with("tempfile.TemporaryDirectory() as folder", body)]
        head = f'@fal.endpoint("/")\n@failing_with_message\n{"async " if asynchronous else ""}def {self.app.endpoints[0].method}'
        return _method(f"{head}(self, input: Input) -> Output: pass", [*doc, *body])

    def _with_imports(self, statement: Statement) -> Statement:
        """A function with the imports that it needs in its body."""
        if not isinstance(statement, cst.FunctionDef):
            return statement
        needed = self._imports_for(statement.body)
        doc, body = _parts(statement)
        body = [*doc, *needed, _after_blank_line(body[0]), *body[1:]] if body else [*doc, *needed]
        return statement.with_changes(body=cst.IndentedBlock(body=body)) if needed else statement

    def _imports_for(self, node: cst.CSTNode) -> list[Statement]:
        used = _names(node)
        lines = dict.fromkeys(text for name, text in self.native.imports.items() if name in used)
        return [cst.parse_statement(line) for line in lines]


def placed(module: cst.Module, native: NativeSource) -> list[tuple[str, Statement]]:
    """(place, statement) in the order of the file; a decorated class or function is known by the line of its `def`."""
    import ast

    nodes = iter(ast.parse(native.text).body)
    return [(native.places[next(nodes).lineno], statement) for statement in module.body]


class _Renames(cst.CSTTransformer):
    """Names become other expressions; attribute names, keywords and parameters stay."""

    def __init__(self, names: Mapping[str, str]) -> None:
        super().__init__()
        self.names = names

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:
        text = self.names.get(original_node.value)
        if text is None:
            return updated_node
        made = cst.parse_expression(text)
        return made.with_changes(lpar=[*updated_node.lpar, *made.lpar], rpar=[*made.rpar, *updated_node.rpar])

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.Attribute:
        return updated_node.with_changes(attr=original_node.attr)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        return updated_node.with_changes(keyword=original_node.keyword)


class _Answers(_Renames):
    """Results as the response of the app."""

    def __init__(self, names: Mapping[str, str], app: App) -> None:
        super().__init__(names)
        output = app.endpoints[0].output
        self.field, self.wrap = output.fields[0], output.wrap
        self.asynchronous = app.predictor is not None and app.predictor.kind == "async"
        self.encodes = encodes(app)

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine | cst.FlattenSentinel[cst.SimpleStatementLine]:
        """A `return` is answered; a long one gets a line for its value and one for the answer."""
        last = updated_node.body[-1]
        if not isinstance(last, cst.Return) or last.value is None:
            return updated_node
        value = _source(last.value)
        if len(updated_node.body) > 1 or len(value) < LONG:
            return updated_node.with_changes(body=[*updated_node.body[:-1], self._answer(last, value)])
        named = cst.Assign([cst.AssignTarget(cst.Name("result"))], last.value)
        return cst.FlattenSentinel([updated_node.with_changes(body=[named]), cst.SimpleStatementLine([self._answer(last, "result")])])

    def _answer(self, statement: cst.Return, value: str) -> cst.Return:
        if self.field.media:
            kind, name = self.field.media.title(), field_name(self.field.name)
            upload = "await asyncio.to_thread(upload, {0}, {1})" if self.asynchronous else "upload({0}, {1})"
            many = f"[{upload.format('path', kind)} for path in {value}]"
            made = f"Output({name}={many if self.field.many else upload.format(value, kind)})"
        else:
            made = f"JSONResponse({{{string(self.wrap)}: {f'encode({value})' if self.encodes else value}}})"
        return statement.with_changes(value=cst.parse_expression(made), whitespace_after_return=cst.SimpleWhitespace(" "))


def _parts(function: cst.FunctionDef) -> tuple[list[Statement], list[Statement]]:
    """The docstring, and the statements behind it."""
    if not isinstance(function.body, cst.IndentedBlock):
        line = cst.SimpleStatementLine(body=list(function.body.body))  # type: ignore[arg-type]
        return [], [line]
    body = [part for part in function.body.body if isinstance(part, Statement)]
    at = 1 if function.get_docstring() is not None else 0
    return body[:at], body[at:]


def _with(context: str, body: Sequence[Statement]) -> cst.With:
    made = cst.parse_statement(f"with {context}: pass")
    assert isinstance(made, cst.With)
    return made.with_changes(body=cst.IndentedBlock(body=[_without_blank_lines(body[0]), *body[1:]]))


def _visited(body: Sequence[Statement], visitor: cst.CSTTransformer) -> list[Statement]:
    block = cst.IndentedBlock(body=list(body)).visit(visitor)
    assert isinstance(block, cst.IndentedBlock)
    return [statement for statement in block.body if isinstance(statement, Statement)]


def _stored(function: cst.FunctionDef) -> set[str]:
    """Names that a function gives a value, or deletes."""
    import ast
    import textwrap

    tree = ast.parse(textwrap.dedent(_source(function)))
    assert isinstance(tree.body[0], FunctionNode)
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}


def _names(node: cst.CSTNode) -> set[str]:
    found: set[str] = set()

    class Visitor(cst.CSTVisitor):
        def visit_Name(self, node: cst.Name) -> None:
            found.add(node.value)

    node.visit(Visitor())
    return found


def _is_import(statement: Statement) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and isinstance(statement.body[0], cst.Import | cst.ImportFrom)


def _comments(statement: Statement) -> list[cst.EmptyLine]:
    return [line for line in statement.leading_lines if line.comment]


def _without_blank_lines(statement: Statement) -> Statement:
    return statement.with_changes(leading_lines=_comments(statement))


def _after_blank_line(statement: Statement) -> Statement:
    return statement.with_changes(leading_lines=[cst.EmptyLine(indent=False), *_comments(statement)])


def _method(head: str, body: Sequence[Statement]) -> str:
    """Source of a method, indented for its class."""
    function = cst.parse_statement(head)
    assert isinstance(function, cst.FunctionDef)
    first = [_without_blank_lines(body[0]), *body[1:]]
    return _in_class([function.with_changes(body=cst.IndentedBlock(body=first))])


def _in_class(body: Sequence[Statement]) -> str:
    holder = cst.parse_statement("class A: pass")
    assert isinstance(holder, cst.ClassDef)
    return cst.Module(body=[holder.with_changes(body=cst.IndentedBlock(body=list(body)))]).code.split("\n", 1)[1].rstrip("\n") + "\n"


def _source(node: cst.CSTNode) -> str:
    return cst.Module(body=[]).code_for_node(node)
