"""The handler's body as the endpoint's: fields of the request for reads of the input, attributes of the app, results as the model."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping

import libcst as cst

from converters.concepts.literals import source_of
from converters.ir import App
from converters.native_plan import NativeWorker
from converters.targets import app as app_parts
from converters.targets.native.names import Renames
from converters.targets.native.statements import calls, source

MEDIA = {"image": "Image", "video": "Video", "audio": "Audio", "file": "File"}
REQUEST_ID = "self.current_request.request_id"


class Handler(Renames):
    """Rewrites the handler's statements. `dump` is the source of the request as the dict that the worker received."""

    def __init__(self, native: NativeWorker, app: App, names: Mapping[str, str], dump: str) -> None:
        super().__init__(names)
        self.native = native
        self.dump = dump
        self.fields = app_parts.field_names(app.endpoints[0].input.fields)
        self.outputs = {field.name: field for field in app.endpoints[0].output.fields}
        self.idiomatic = app.idiomatic
        self.saved: dict[str, str] = {}
        """Path as written -> name of the picture that is saved there."""

        self.depth = 0
        """How many functions lie around a statement: only the handler's own results are answers."""

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        """Find `picture.save(path)` before the results are reached."""
        self.depth += 1
        for call in calls(node) if self.idiomatic else ():
            if (
                isinstance(call.func, cst.Attribute)
                and call.func.attr.value == "save"
                and isinstance(call.func.value, cst.Name)
                and call.args
            ):
                self.saved[source(call.args[0].value)] = call.func.value.value

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.BaseStatement:
        self.depth -= 1
        return super().leave_FunctionDef(original_node, updated_node)

    def _is_needless_save(self, statement: cst.BaseSmallStatement) -> bool:
        """A picture that is answered from memory need not be saved."""
        call = statement.value if isinstance(statement, cst.Expr) else None
        if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Attribute) or call.func.attr.value != "save" or not call.args:
            return False
        return source(call.args[0].value) in self.saved

    def _is_input(self, node: cst.BaseExpression) -> bool:
        if isinstance(node, cst.Name):
            return node.value in self.native.aliases
        if isinstance(node, cst.Subscript):
            return isinstance(node.value, cst.Name) and node.value.value == self.native.job and key_of(node) == "input"
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "get" and node.args:
            owner, key = node.func.value, text_of(node.args[0].value)
            return isinstance(owner, cst.Name) and owner.value == self.native.job and key == "input"
        return False

    def leave_Subscript(self, original_node: cst.Subscript, updated_node: cst.Subscript) -> cst.BaseExpression:
        read = self._read(original_node, original_node.value, key_of(original_node))
        return instead(updated_node, read) if read is not None else updated_node

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:
        function = original_node.func
        if isinstance(function, cst.Attribute) and function.attr.value == "get" and original_node.args:
            read = self._read(original_node, function.value, text_of(original_node.args[0].value))
            return instead(updated_node, read) if read is not None else updated_node
        return updated_node

    def _read(self, node: cst.BaseExpression, owner: cst.BaseExpression, key: str | None) -> cst.BaseExpression | None:
        """What takes the place of a read of a key; None where it is no read of the request."""
        native = self.native
        if key is None:
            return None
        if native.validated and not native.validated_whole and isinstance(owner, cst.Name) and owner.value == native.validated:
            return cst.Attribute(cst.Name("input"), cst.Name(self.fields[key]))
        if native.reads == "fields" and self._is_input(owner):
            return cst.Attribute(cst.Name("input"), cst.Name(self.fields[key]))
        if native.reads == "input" and self._is_input(node):
            return cst.parse_expression(self.dump)
        if native.reads != "job" and key == "id" and isinstance(owner, cst.Name) and owner.value == native.job:
            return cst.parse_expression(REQUEST_ID)
        return None

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.BaseStatement | cst.RemovalSentinel:
        return updated_node if updated_node.body else cst.RemoveFromParent()

    def leave_Assign(self, original_node: cst.Assign, updated_node: cst.Assign) -> cst.BaseSmallStatement | cst.RemovalSentinel:
        """Another name for the request's input goes: its reads are fields."""
        return cst.RemoveFromParent() if self.native.reads == "fields" and self._is_input(original_node.value) else updated_node

    def leave_Expr(self, original_node: cst.Expr, updated_node: cst.Expr) -> cst.BaseSmallStatement | cst.RemovalSentinel:
        return cst.RemoveFromParent() if self._is_needless_save(original_node) else updated_node

    def leave_Return(self, original_node: cst.Return, updated_node: cst.Return) -> cst.BaseSmallStatement:
        value = updated_node.value
        if self.native.answers or self.depth > 1 or not isinstance(value, cst.Dict):
            return updated_node
        pairs = [(text_of(element.key), element.value) for element in value.elements if isinstance(element, cst.DictElement)]
        if [key for key, _ in pairs] == ["error"]:
            code = source(pairs[0][1])
            return cst.Raise(cst.parse_expression(f"HTTPException(500, detail={code})"))
        space = updated_node.whitespace_after_return if value.lpar else cst.SimpleWhitespace(" ")  # `return{` needs none, a name does
        return updated_node.with_changes(value=self._output(value), whitespace_after_return=space)

    def _output(self, value: cst.Dict) -> cst.Call:
        """`{"a": 1}` as `Output(a=1)`, laid out as the dict was."""
        arguments = []
        equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
        for element in value.elements:
            assert isinstance(element, cst.DictElement)
            key = text_of(element.key) or ""
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
        code = source(value)
        if output.media == "image" and code in self.saved:
            return cst.parse_expression(f"Image.from_pil({self.saved[code]})")
        path = text_of(value)
        guessed = _content_type(path) if path else None
        content_type = source_of(guessed) if guessed else f"mimetypes.guess_type({code})[0]"
        return cst.parse_expression(f"{MEDIA[output.media]}.from_path({code}, content_type={content_type})")


def _content_type(path: str) -> str | None:
    return mimetypes.guess_type(path)[0]


def instead(old: cst.BaseExpression, new: cst.BaseExpression) -> cst.BaseExpression:
    """The new expression in the parentheses of the old one: a keyword may stand directly before these, and a comment in them."""
    return new.with_changes(lpar=old.lpar, rpar=old.rpar)


def text_of(node: cst.BaseExpression | None) -> str | None:
    """The value of a string; None for anything else."""
    if isinstance(node, cst.SimpleString | cst.ConcatenatedString):
        value = node.evaluated_value
        return value if isinstance(value, str) else None
    return None


def key_of(node: cst.Subscript) -> str | None:
    """The string that a subscript asks for."""
    if len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Index):
        return text_of(node.slice[0].slice.value)
    return None
