"""Names in moved code: what becomes another expression, and annotations of names that are imported later."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence

import libcst as cst

from converters.python.module import FunctionNode
from converters.python.names import names_in
from converters.targets.native.statements import source


class Renames(cst.CSTTransformer):
    """Names become other expressions where they are looked up outside of every function in between.

    ``hidden``: names that the code around has for itself. Attribute names, keywords and parameters stay.
    """

    def __init__(self, names: Mapping[str, str], hidden: Collection[str] = ()) -> None:
        super().__init__()
        self.names = names
        self.hidden: list[set[str]] = [set(hidden)]
        self._first: set[int] = set()
        self._held: list[set[str]] = []
        self._quotes: list[str] = []

    def visit_FormattedString(self, node: cst.FormattedString) -> None:
        self._quotes.append(node.quote[0])

    def leave_FormattedString(self, original_node: cst.FormattedString, updated_node: cst.FormattedString) -> cst.BaseExpression:
        self._quotes.pop()
        return updated_node

    def visit_FunctionDef_body(self, node: cst.FunctionDef) -> None:
        self.hidden.append(bindings(node))

    def leave_FunctionDef_body(self, node: cst.FunctionDef) -> None:
        self.hidden.pop()

    def visit_Lambda_body(self, node: cst.Lambda) -> None:
        self.hidden.append(bindings(node))

    def leave_Lambda_body(self, node: cst.Lambda) -> None:
        self.hidden.pop()

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.BaseComp):
            self.hidden.append(_targets(node.for_in))
            self._first.add(id(node.for_in))
        return super().on_visit(node)

    def on_leave(
        self, original_node: cst.CSTNodeT, updated_node: cst.CSTNodeT
    ) -> cst.CSTNodeT | cst.RemovalSentinel | cst.FlattenSentinel[cst.CSTNodeT]:
        if isinstance(original_node, cst.BaseComp):
            self.hidden.pop()
        return super().on_leave(original_node, updated_node)

    def visit_CompFor_iter(self, node: cst.CompFor) -> None:
        if id(node) in self._first:  # its values are looked up around the comprehension
            self._held.append(self.hidden[-1])
            self.hidden[-1] = set()

    def leave_CompFor_iter(self, node: cst.CompFor) -> None:
        if id(node) in self._first:
            self.hidden[-1] = self._held.pop()

    def visit_Import(self, node: cst.Import) -> bool:
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:
        return False

    def visit_Global(self, node: cst.Global) -> bool:
        return False

    def leave_Global(self, original_node: cst.Global, updated_node: cst.Global) -> cst.Global | cst.RemovalSentinel:
        kept = [item for item in updated_node.names if item.name.value not in self.names]
        if not kept:
            return cst.RemoveFromParent()
        return updated_node.with_changes(names=[*kept[:-1], kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)])

    def leave_TrailingWhitespace(
        self, original_node: cst.TrailingWhitespace, updated_node: cst.TrailingWhitespace
    ) -> cst.TrailingWhitespace:
        """A line that goes on in an empty one ends: the empty one need not come along."""
        joined = "\\" in updated_node.whitespace.value
        return updated_node.with_changes(whitespace=cst.SimpleWhitespace("")) if joined else updated_node

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:
        text = self.names.get(original_node.value)
        if text is None or any(original_node.value in names for names in self.hidden):
            return updated_node
        if '"' in self._quotes:  # before Python 3.12, an f-string's own quotes end it wherever they stand
            text = text.replace('"', "'")
        made = cst.parse_expression(text)
        return made.with_changes(lpar=[*updated_node.lpar, *made.lpar], rpar=[*made.rpar, *updated_node.rpar])

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.BaseExpression:
        return updated_node.with_changes(attr=original_node.attr)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        return updated_node.with_changes(keyword=original_node.keyword)

    def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> cst.Param:
        return updated_node.with_changes(name=original_node.name)

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.BaseStatement:
        return updated_node.with_changes(name=original_node.name)

    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.BaseStatement:
        return updated_node.with_changes(name=original_node.name)


class Annotations(cst.CSTTransformer):
    """Annotations of parameters and results whose names are imported later are quoted, or left out where the app has the name itself."""

    def __init__(self, deferred: Collection[str], taken: Collection[str]) -> None:
        super().__init__()
        self.deferred, self.taken = set(deferred), set(taken)
        self.quoted: set[str] = set()

    def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> cst.Param:
        made = self._made(updated_node.annotation)
        if made is None and updated_node.annotation is not None and updated_node.default is not None:
            tight = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
            return updated_node.with_changes(annotation=None, equal=tight)
        return updated_node.with_changes(annotation=made)

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.BaseStatement:
        return updated_node.with_changes(returns=self._made(updated_node.returns))

    def _made(self, annotation: cst.Annotation | None) -> cst.Annotation | None:
        used = names_of(annotation) & self.deferred if annotation is not None else set()
        if annotation is None or not used:
            return annotation
        text = source(annotation.annotation)
        if used & self.taken or '"' in text or "\\" in text or "\n" in text:
            return None
        self.quoted |= used
        return annotation.with_changes(annotation=cst.SimpleString(f'"{text}"'))


def bindings(node: cst.FunctionDef | cst.Lambda) -> set[str]:
    """The names that a function has for itself: parameters and what it gives a value, but for what it declares global or nonlocal."""
    parsed = ast.parse(f"({source(node)})" if isinstance(node, cst.Lambda) else source(node)).body[0]
    function = parsed.value if isinstance(parsed, ast.Expr) else parsed
    assert isinstance(function, FunctionNode | ast.Lambda)
    found = {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
    outside: set[str] = set()
    body: Sequence[ast.AST] = [function.body] if isinstance(function, ast.Lambda) else function.body
    for statement in body:
        for inner in _own(statement):
            if isinstance(inner, ast.Global | ast.Nonlocal):
                outside |= set(inner.names)
            elif not (isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load)):
                found |= set(names_in(inner))
    return found - outside


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function that bind names in it: not those inside of other functions, nor the targets of comprehensions."""
    yield node
    if isinstance(node, FunctionNode | ast.ClassDef | ast.Lambda):
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(node, ast.comprehension) and child is node.target:
            continue
        yield from _own(child)


def _targets(for_in: cst.CompFor) -> set[str]:
    found = names_of(for_in.target)
    return found | (_targets(for_in.inner_for_in) if for_in.inner_for_in is not None else set())


def read_names(*nodes: cst.CSTNode) -> set[str]:
    """The names that nodes read or bind; attributes and keywords are none."""
    found: set[str] = set()

    class Visitor(cst.CSTVisitor):
        def visit_Name(self, node: cst.Name) -> None:
            found.add(node.value)

        def visit_Attribute(self, node: cst.Attribute) -> bool:
            node.value.visit(self)
            return False

        def visit_Arg(self, node: cst.Arg) -> bool:
            node.value.visit(self)
            return False

    for node in nodes:
        node.visit(Visitor())
    return found


def names_of(node: cst.CSTNode) -> set[str]:
    """Every name in a piece of code, whatever it is there."""
    found: set[str] = set()

    class Visitor(cst.CSTVisitor):
        def visit_Name(self, node: cst.Name) -> None:
            found.add(node.value)

    node.visit(Visitor())
    return found
