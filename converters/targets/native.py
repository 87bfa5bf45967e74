"""The `fal.App` of a worker in native style: one file as fal's guide writes it, made of the worker's own statements.

libcst moves the statements, so that comments and formatting go along; what is heavy goes into `setup()`.
"""

from __future__ import annotations

import ast
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import libcst as cst

from converters.concepts.literals import source_of, string
from converters.ir import App, NativeSource, OutputField
from converters.targets import app as app_parts
from converters.targets import imports
from converters.targets.templating import render

if TYPE_CHECKING:
    from collections.abc import Sequence

Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement
MEDIA = {"image": "Image", "video": "Video", "audio": "Audio", "file": "File"}


def emit(app: App) -> str:
    """The app file. `app.native` holds the worker's file and the plan for it."""
    assert app.native is not None
    pieces = _Pieces(app, app.native)
    endpoint = app.endpoints[0]
    config = app_parts.input_config(app)[0].replace('extra="allow", ', "")  # the endpoint reads its fields by name
    setup = pieces.setup()
    body = render(
        "native.py.j2",
        app=app,
        title=pieces.title(),
        imports="@IMPORTS@",
        top=pieces.top(),
        aliases=app_parts.aliases(app),
        input_config=config if endpoint.input.fields else "",
        input_note="",
        fields=app_parts.input_fields(endpoint.input.fields),
        outputs=[app_parts.output_field(field.model_copy(update={"name": pieces.output_name(field)})) for field in endpoint.output.fields],
        settings=[app_parts.setting(setting) for setting in app.settings],
        image_arguments=app_parts.image_arguments(app),
        requirements=app_parts.requirements(app),
        app_files=[path for path in app_parts.app_files(app) if path != PurePosixPath(app.entry).name],
        variables=[app_parts.environment_line(variable) for variable in app.environment.variables if variable.value is not None],
        setup=setup,
        path=string(endpoint.path),
        signature=pieces.signature(),
        body=pieces.body(),
        asynchronous=app.handler is not None and app.handler.kind == "async",
    )
    return app_parts.tidy(imports.complete(body))


class _Pieces:
    """The worker's file cut into the parts of the app file."""

    def __init__(self, app: App, native: NativeSource) -> None:
        self.app = app
        self.native = native
        self.module = cst.parse_module(native.text)
        self.tree = ast.parse(native.text)
        self.statements = self._by_line()

    def _by_line(self) -> list[tuple[str, Statement]]:
        """(place, statement) in order; a line of several statements counts once."""
        rows: list[tuple[str, Statement]] = []
        nodes = iter(self.tree.body)
        for statement in self.module.body:
            count = len(statement.body) if isinstance(statement, cst.SimpleStatementLine) else 1
            parts = [next(nodes) for _ in range(count)]
            rows.append((self.native.places[parts[0].lineno], statement))
        return rows

    def title(self) -> str:
        summary = self.app.endpoints[0].summary.rstrip(".") or self.app.class_name
        return f"{summary} (RunPod worker `{PurePosixPath(self.app.entry).name}`, served by fal)."

    def top(self) -> str:
        """Light imports, constants and functions, as they stand in the worker."""
        found = [self._function(statement) for place, statement in self.statements if place == "top"]
        return cst.Module(body=found, header=[line for line in self.module.header if line.comment]).code

    def _function(self, statement: Statement) -> Statement:
        """A helper with the imports that it needs in its body."""
        if not isinstance(statement, cst.FunctionDef):
            return statement
        needed = self._imports_for(statement)
        return statement.with_changes(body=_with_first(statement.body, needed)) if needed else statement

    def _imports_for(self, node: cst.CSTNode) -> list[cst.SimpleStatementLine]:
        used = {name.value for name in _names(node)}
        lines = dict.fromkeys(text for name, text in self.native.imports.items() if name in used)
        parsed = [cst.parse_statement(line) for line in lines]
        return [line for line in parsed if isinstance(line, cst.SimpleStatementLine)]

    def setup(self) -> str:
        """What is loaded, in the worker's order."""
        renamed = [statement.visit(_Rename(self.native.loaded)) for place, statement in self.statements if place == "setup"]
        kept = [statement for statement in renamed if isinstance(statement, cst.SimpleStatementLine)]
        if not kept:
            return ""
        first = kept[0].with_changes(leading_lines=[line for line in kept[0].leading_lines if line.comment])
        return _indented([first, *kept[1:]])

    def output_name(self, field: OutputField) -> str:
        return app_parts.idiomatic_name(field) if self.app.idiomatic else field.name

    def signature(self) -> str:
        handler = self.app.handler
        word = "async def" if handler is not None and handler.kind == "async" else "def"
        endpoint = self.app.endpoints[0]
        returned = "Output" if endpoint.output.fields else endpoint.output.annotation
        return f"{word} {endpoint.method}(self, input: Input) -> {returned}:"

    def body(self) -> str:
        """The handler's body with the input's fields, the app's attributes, and results as models."""
        function = next(statement for place, statement in self.statements if place == "handler")
        assert isinstance(function, cst.FunctionDef)
        rewritten = function.visit(_Handler(self.native, self.app))
        assert isinstance(rewritten, cst.FunctionDef)
        return _indented([*self._imports_for(function.body), *_statements(rewritten.body)])


def _indented(statements: Sequence[cst.BaseStatement]) -> str:
    """Source of statements in a block that is indented twice."""
    inner = cst.parse_module("class A:\n    def f(self):\n        pass\n")
    holder = inner.body[0]
    assert isinstance(holder, cst.ClassDef)
    function = holder.body.body[0]
    assert isinstance(function, cst.FunctionDef)
    made = function.with_changes(body=cst.IndentedBlock(body=list(statements)))
    text = cst.Module(body=[holder.with_changes(body=holder.body.with_changes(body=[made]))]).code
    return text.split("def f(self):\n", 1)[1].rstrip("\n")


def _statements(body: cst.BaseSuite) -> list[cst.BaseStatement]:
    """The statements of a function; those that share its line come on a line of their own."""
    if isinstance(body, cst.IndentedBlock):
        return list(body.body)
    assert isinstance(body, cst.SimpleStatementSuite)
    return [cst.SimpleStatementLine(body=body.body, trailing_whitespace=body.trailing_whitespace)]


def _with_first(body: cst.BaseSuite, lines: Sequence[cst.SimpleStatementLine]) -> cst.BaseSuite:
    """A function body with lines before its first statement, behind a docstring."""
    if not isinstance(body, cst.IndentedBlock):
        return body
    statements = list(body.body)
    first = statements[0]
    is_text = (
        isinstance(first, cst.SimpleStatementLine)
        and isinstance(first.body[0], cst.Expr)
        and isinstance(first.body[0].value, cst.SimpleString)
    )
    at = 1 if is_text else 0
    return body.with_changes(body=[*statements[:at], *lines, *statements[at:]])


def _source(node: cst.CSTNode) -> str:
    return cst.Module(body=[]).code_for_node(node)


def _calls(node: cst.CSTNode) -> list[cst.Call]:
    found: list[cst.Call] = []

    class Visitor(cst.CSTVisitor):
        def visit_Call(self, node: cst.Call) -> None:
            found.append(node)

    node.visit(Visitor())
    return found


def _names(node: cst.CSTNode) -> list[cst.Name]:
    found: list[cst.Name] = []

    class Visitor(cst.CSTVisitor):
        def visit_Name(self, node: cst.Name) -> None:
            found.append(node)

    node.visit(Visitor())
    return found


class _Rename(cst.CSTTransformer):
    """Loaded names become attributes of the app; attribute names, keywords and imports stay."""

    def __init__(self, loaded: Sequence[str]) -> None:
        super().__init__()
        self.loaded = frozenset(loaded)

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:
        if original_node.value in self.loaded:
            return _instead(updated_node, cst.Attribute(cst.Name("self"), cst.Name(updated_node.value)))
        return updated_node

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.BaseExpression:
        return updated_node.with_changes(attr=original_node.attr)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        return updated_node.with_changes(keyword=original_node.keyword)

    def visit_ImportAlias(self, node: cst.ImportAlias) -> bool:
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        return False


def _instead(old: cst.BaseExpression, new: cst.BaseExpression) -> cst.BaseExpression:
    """The new expression in the parentheses of the old one: a keyword may stand directly before these, and a comment in them."""
    return new.with_changes(lpar=old.lpar, rpar=old.rpar)


class _Handler(_Rename):
    """The handler's body: reads of the input, loaded names, results."""

    def __init__(self, native: NativeSource, app: App) -> None:
        super().__init__(native.loaded)
        self.native = native
        self.names = app_parts.field_names(app.endpoints[0].input.fields)
        self.outputs = {field.name: field for field in app.endpoints[0].output.fields}
        self.idiomatic = app.idiomatic
        self.saved: dict[str, str] = {}
        """Path as written -> name of the picture that is saved there."""

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        """Find `picture.save(path)` before the results are reached."""
        for call in _calls(node) if self.idiomatic else ():
            if (
                isinstance(call.func, cst.Attribute)
                and call.func.attr.value == "save"
                and isinstance(call.func.value, cst.Name)
                and call.args
            ):
                self.saved[_source(call.args[0].value)] = call.func.value.value

    def _is_needless_save(self, statement: cst.BaseSmallStatement) -> bool:
        """A picture that is answered from memory need not be saved."""
        call = statement.value if isinstance(statement, cst.Expr) else None
        if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute) or call.func.attr.value != "save" or not call.args:
            return False
        return _source(call.args[0].value) in self.saved

    def _is_input(self, node: cst.BaseExpression) -> bool:
        if isinstance(node, cst.Name):
            return node.value in self.native.aliases
        if isinstance(node, cst.Subscript):
            return isinstance(node.value, cst.Name) and node.value.value == self.native.job and _key(node) == "input"
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "get" and node.args:
            return (
                isinstance(node.func.value, cst.Name) and node.func.value.value == self.native.job and _text(node.args[0].value) == "input"
            )
        return False

    def leave_Subscript(self, original_node: cst.Subscript, updated_node: cst.Subscript) -> cst.BaseExpression:
        key = _key(original_node)
        if key is not None and self._is_input(original_node.value):
            return _instead(updated_node, cst.Attribute(cst.Name("input"), cst.Name(self.names[key])))
        if key == "id" and isinstance(original_node.value, cst.Name) and original_node.value.value == self.native.job:
            return _instead(updated_node, cst.parse_expression("self.current_request.request_id"))
        return updated_node

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        function = original_node.func
        if isinstance(function, cst.Attribute) and function.attr.value == "get" and original_node.args:
            key = _text(original_node.args[0].value)
            if key is not None and self._is_input(function.value):
                return _instead(updated_node, cst.Attribute(cst.Name("input"), cst.Name(self.names[key])))
            if key == "id" and isinstance(function.value, cst.Name) and function.value.value == self.native.job:
                return _instead(updated_node, cst.parse_expression("self.current_request.request_id"))
        return updated_node

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.BaseStatement | cst.RemovalSentinel:
        first = original_node.body[0]
        if isinstance(first, cst.Assign) and len(original_node.body) == 1 and self._is_input(first.value):
            return cst.RemoveFromParent()
        if len(original_node.body) == 1 and self._is_needless_save(first):
            return cst.RemoveFromParent()
        return updated_node

    def leave_Return(self, original_node: cst.Return, updated_node: cst.Return) -> cst.BaseSmallStatement:
        value = updated_node.value
        if not isinstance(value, cst.Dict):
            return updated_node
        pairs = [(_text(element.key), element.value) for element in value.elements if isinstance(element, cst.DictElement)]
        if [key for key, _ in pairs] == ["error"]:
            code = _source(pairs[0][1])
            return cst.Raise(cst.parse_expression(f"HTTPException(500, detail={code})"))
        return updated_node.with_changes(value=self._output(value))

    def _output(self, value: cst.Dict) -> cst.Call:
        """`{"a": 1}` as `Output(a=1)`, laid out as the dict was."""
        arguments = []
        equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
        for element in value.elements:
            assert isinstance(element, cst.DictElement)
            key = _text(element.key) or ""
            comma = element.comma if isinstance(element.comma, cst.Comma) else cst.MaybeSentinel.DEFAULT
            output = self.outputs.get(key)
            name = app_parts.idiomatic_name(output) if self.idiomatic and output else key
            arguments.append(cst.Arg(self._media(key, element.value), keyword=cst.Name(name), equal=equal, comma=comma))
        before = value.lbrace.whitespace_after
        if not arguments[-1].comma or isinstance(arguments[-1].comma, cst.MaybeSentinel):
            last = arguments[-1].with_changes(whitespace_after_arg=value.rbrace.whitespace_before)
            arguments[-1] = last
        return cst.Call(cst.Name("Output"), arguments, whitespace_before_args=before, lpar=value.lpar, rpar=value.rpar)

    def _media(self, key: str, value: cst.BaseExpression) -> cst.BaseExpression:
        """A path that the handler wrote is uploaded under its own content type."""
        output = self.outputs.get(key)
        if output is None or output.media is None:
            return value
        code = _source(value)
        if output.media == "image" and code in self.saved:
            return cst.parse_expression(f"Image.from_pil({self.saved[code]})")
        path = _text(value)
        guessed = _content_type(path) if path else None
        content_type = source_of(guessed) if guessed else f"mimetypes.guess_type({code})[0]"
        return cst.parse_expression(f"{MEDIA[output.media]}.from_path({code}, content_type={content_type})")


def _content_type(path: str) -> str | None:
    import mimetypes

    return mimetypes.guess_type(path)[0]


def _key(node: cst.Subscript) -> str | None:
    if len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Index):
        return _text(node.slice[0].slice.value)
    return None


def _text(node: cst.BaseExpression | None) -> str | None:
    if isinstance(node, cst.SimpleString | cst.ConcatenatedString):
        value = node.evaluated_value
        return value if isinstance(value, str) else None
    return None
