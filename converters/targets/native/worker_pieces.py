"""A worker's file cut into the parts of the app file."""

from __future__ import annotations

import ast
from collections.abc import Iterable

import libcst as cst

from converters.concepts.native import contexts
from converters.ir import App, OutputField
from converters.native_plan import NativeWorker
from converters.python.module import FunctionNode
from converters.python.statement_names import local_names
from converters.targets import app as app_parts
from converters.targets import methods, preparation
from converters.targets.native.names import Renames, read_names
from converters.targets.native.statements import (
    Statement,
    import_lines,
    imported,
    imports_of,
    indented,
    is_global,
    is_import,
    is_text,
    parts,
    source,
    statement,
    statements,
    with_body,
    with_docstring,
    with_first,
    with_one_blank_line,
    within,
    without_blank_lines,
)
from converters.targets.native.worker_handler import Handler


class WorkerPieces:
    """The parts, as source for the template."""

    def __init__(self, app: App, native: NativeWorker) -> None:
        self.app = app
        self.native = native
        self.module = cst.parse_module(native.text)
        self.tree = ast.parse(native.text)
        self.names = {name: f"self.{name}" for name in (*native.loaded, *native.methods)}
        self.heavy = {*self.names, *native.imports}
        self.statements = self._by_line()

    def _by_line(self) -> list[tuple[str, Statement]]:
        """(place, statement) in order; a line of several statements counts once."""
        rows: list[tuple[str, Statement]] = []
        nodes = iter(self.tree.body)
        for each in self.module.body:
            count = len(each.body) if isinstance(each, cst.SimpleStatementLine) else 1
            parts = [next(nodes) for _ in range(count)]
            rows.append((self.native.places[parts[0].lineno], each))
        return rows

    def _at(self, place: str) -> list[Statement]:
        return [each for where, each in self.statements if where == place]

    def own_imports(self) -> list[str]:
        """The worker's imports from the standard library."""
        return [source(each.with_changes(leading_lines=[])) for each in self._at("import")]

    def top(self) -> str:
        """Constants, classes and functions, as they stand in the worker."""
        found = [self._definition(each) for each in self._at("top")]
        return cst.Module(
            body=found, header=[line for line in self.module.header if line.comment and not line.comment.value.startswith("#!")]
        ).code

    def _definition(self, each: Statement) -> Statement:
        """A function or class with the imports that its functions need in their bodies, and without annotations of what these bring."""
        if isinstance(each, cst.FunctionDef):
            return self._function(opened(each))
        if isinstance(each, cst.ClassDef):
            body = [self._function(opened(inner)) if isinstance(inner, cst.FunctionDef) else inner for inner in statements(each.body)]
            return each.with_changes(body=cst.IndentedBlock(body=body)) if read_names(each) & set(self.native.imports) else each
        return each

    def _function(self, function: cst.FunctionDef) -> cst.FunctionDef:
        needed = self._imports_for(function.body, hidden=_locals(function))
        bare = function.visit(_WithoutAnnotations(self.heavy))
        assert isinstance(bare, cst.FunctionDef)
        return bare.with_changes(body=with_first(bare.body, needed))

    def _imports_for(self, *nodes: cst.CSTNode, hidden: Iterable[str] = ()) -> list[Statement]:
        return imports_of(read_names(*nodes) - set(hidden), self.native.imports)

    def setup(self) -> str:
        """What is loaded, in the worker's order, behind what RunPod or the image did before."""
        lines = [statement(line) for line in preparation.lines(self.app, modules=self.native.siblings)]
        rename = Renames(self.names)
        body: list[Statement] = []
        loading = [each for where, each in self.statements if where in ("setup", "load")]
        used = read_names(*(each for each in loading if not is_import(each)))
        for each in loading:
            if isinstance(each, cst.FunctionDef):
                body += [part for part in statements(each.body) if isinstance(part, Statement) and not (is_text(part) or is_global(part))]
            elif is_import(each):
                body += self._imported(each, used)
            else:
                body.append(each)
        moved = [part for each in body if isinstance(part := each.visit(rename), Statement)]
        moved = [without_blank_lines(each) if number == 0 else with_one_blank_line(each) for number, each in enumerate(moved)]
        return indented([*lines, *moved], 2) if lines or moved else ""

    def _imported(self, each: Statement, used: set[str]) -> list[Statement]:
        """An import statement with the names that `setup()` itself uses; else whole, for its module is loaded here."""
        bound = imported(each)
        wanted = [text for name, text in bound.items() if name in used]
        first, *rest = import_lines(wanted or bound.values(), unused=() if wanted else bound)
        return [first.with_changes(leading_lines=each.leading_lines), *rest]

    def methods(self) -> list[str]:
        """Functions that use what is loaded."""
        found = []
        for each in self._at("method"):
            assert isinstance(each, cst.FunctionDef)
            each = opened(each)
            own = cst.Param(cst.Name("self"))
            if each.params.posonly_params:
                first = own.with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")))
                parameters = each.params.with_changes(posonly_params=[first, *each.params.posonly_params])
            else:
                parameters = each.params.with_changes(params=[own, *each.params.params])
            body = each.body.visit(Renames(self.names, _locals(each)))
            assert isinstance(body, cst.BaseSuite)
            function = self._function(each.with_changes(params=parameters, body=with_docstring(body)))
            found.append(indented([without_blank_lines(function)], 1))
        return found

    def output_name(self, field: OutputField) -> str:
        return app_parts.idiomatic_name(field) if self.app.idiomatic else field.name

    def signature(self) -> str:
        handler, endpoint = self.app.handler, self.app.endpoints[0]
        word = "async def" if handler is not None and handler.kind == "async" else "def"
        returned = "Output" if endpoint.output.fields else endpoint.output.annotation
        if self.native.answers:
            returned = methods.annotation(self.app, endpoint)
        return f"{word} {endpoint.method}(self, input: Input) -> {returned}:"

    def body(self) -> str:
        """The handler's body with the input's fields, the app's attributes, and results as models."""
        (function,) = self._at("handler")
        assert isinstance(function, cst.FunctionDef)
        hidden = _locals(function)
        left = opened(function.with_changes(body=cst.IndentedBlock(body=self._without_validator(function))))
        rewritten = left.visit(Handler(self.native, self.app, self.names, methods.dump(self.app)))
        assert isinstance(rewritten, cst.FunctionDef)
        first: list[cst.BaseStatement] = [*self._imports_for(left.body, hidden=hidden)]
        if self.native.reads == "job":
            first += [statement(line.replace("job = ", f"{self.native.job} = ", 1)) for line in methods.job(self.app)]
        return indented(statements(with_first(with_docstring(rewritten.body), first)), 2)

    def _without_validator(self, function: cst.FunctionDef) -> list[cst.BaseStatement]:
        """The handler's statements but for those that the model takes the place of."""
        named = [node for node in self.tree.body if getattr(node, "name", "") == function.name.value]
        rows = iter(named[-1].body)  # type: ignore[attr-defined]
        left: list[cst.BaseStatement] = []
        for each in statements(function.body):
            parts = [next(rows) for _ in range(len(each.body) if isinstance(each, cst.SimpleStatementLine) else 1)]
            if parts[0].lineno not in self.native.gone:
                left.append(each)
            elif parts[0].lineno == max(self.native.gone) and self.native.validated_whole:
                line = statement(f"{self.native.validated} = {methods.dump(self.app, unset=True)}")
                left.append(line.with_changes(leading_lines=each.leading_lines))
        return left


def opened(function: cst.FunctionDef) -> cst.FunctionDef:
    """A function with the decorators that are contexts around its body, where what they need can be imported."""
    (tree,) = ast.parse(source(function.with_changes(leading_lines=[], lines_after_decorators=[]))).body
    assert isinstance(tree, FunctionNode)
    kept = len(function.decorators) - len(contexts(tree))
    if kept == len(function.decorators):
        return function
    doc, body = parts(function)
    for context in reversed(function.decorators[kept:]):
        body = [within(source(context.decorator), body)] if body else body
    return with_body(function, [*doc, *body]).with_changes(decorators=function.decorators[:kept])


def _locals(function: cst.FunctionDef) -> set[str]:
    return local_names(source(function.with_changes(leading_lines=[], lines_after_decorators=[])))


class _WithoutAnnotations(cst.CSTTransformer):
    """Annotations that name what the file imports or loads only later are left out: they are evaluated where the function is defined."""

    def __init__(self, absent: set[str]) -> None:
        super().__init__()
        self.absent = absent

    def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> cst.Param:
        if original_node.annotation is not None and read_names(original_node.annotation) & self.absent:
            return updated_node.with_changes(annotation=None)
        return updated_node

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        if original_node.returns is not None and read_names(original_node.returns) & self.absent:
            return updated_node.with_changes(returns=None)
        return updated_node
