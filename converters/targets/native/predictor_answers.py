"""What a predictor returns or yields, as the response of its app."""

from __future__ import annotations

import libcst as cst

from converters.concepts.literals import string
from converters.ir import App
from converters.targets.app import field_name
from converters.targets.native.predictor_form import output_name, uploaded
from converters.targets.native.statements import source
from converters.targets.predictor_methods import encodes

LONG = 80
"""Letters of an answer whose value gets a line of its own."""


class _Own(cst.CSTTransformer):
    """Only the statements of the function itself, not those of functions in it."""

    def __init__(self, app: App) -> None:
        super().__init__()
        output = app.endpoints[0].output
        self.app = app
        self.field, self.wrap = (output.fields[0] if output.wrap else None), output.wrap
        self.media = self.field is not None and self.field.media is not None
        self.asynchronous = app.predictor is not None and app.predictor.kind in ("async", "async_generator")

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False


class Answers(_Own):
    """A `return` is answered; a long one gets a line for its value and one for the answer."""

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine | cst.FlattenSentinel[cst.SimpleStatementLine]:
        last = updated_node.body[-1]
        if not isinstance(last, cst.Return) or last.value is None:
            return updated_node
        value = source(last.value)
        answer = self._answer(last, value)
        if len(updated_node.body) > 1 or ("\n" not in value and len(source(answer)) < LONG):
            return updated_node.with_changes(body=[*updated_node.body[:-1], answer])
        named = cst.Assign([cst.AssignTarget(cst.Name("result"))], last.value)
        lines = updated_node.with_changes(body=[*updated_node.body[:-1], named])
        return cst.FlattenSentinel([lines, cst.SimpleStatementLine([self._answer(last, "result")])])

    def _answer(self, statement: cst.Return, value: str) -> cst.Return:
        if self.field is not None and self.media:
            many = f"[{uploaded(self.app, 'path')} for path in {value}]"
            made = f"{output_name(self.app)}({field_name(self.field.name)}={many if self.field.many else uploaded(self.app, value)})"
        else:
            encoded = f"encode({value})" if encodes(self.app) else value
            if encoded != value and self.asynchronous:
                encoded = f"await asyncio.to_thread(encode, {value})"
            made = f"JSONResponse({{{string(self.wrap)}: {encoded}}})" if self.wrap else f"JSONResponse({encoded})"
        return statement.with_changes(value=cst.parse_expression(made), whitespace_after_return=cst.SimpleWhitespace(" "))


class Yields(_Own):
    """Every value that is yielded is made ready for JSON."""

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.BaseStatement | cst.FlattenSentinel[cst.BaseStatement]:
        small = updated_node.body[-1]
        if not isinstance(small, cst.Expr) or not isinstance(small.value, cst.Yield) or small.value.value is None:
            return updated_node
        assert isinstance(small.value.value, cst.BaseExpression)
        value = source(small.value.value)
        if self.media:
            test = cst.parse_statement(f"if file := {uploaded(self.app, value)}:\n    yield file.model_dump()\n")
            before = [updated_node.with_changes(body=updated_node.body[:-1])] if len(updated_node.body) > 1 else []
            return cst.FlattenSentinel([*before, test.with_changes(leading_lines=() if before else updated_node.leading_lines)])
        if not encodes(self.app):
            return updated_node
        made = cst.parse_expression(f"encode({value})")
        return updated_node.with_changes(body=[*updated_node.body[:-1], small.with_changes(value=small.value.with_changes(value=made))])
