"""What the expressions of one function stand for: the job, its input, a part of the input, the outcome of a validation."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from converters.python.code import Code
from converters.python.module import Module
from converters.sources.runpod.calls import all_nodes, assignments, callee, passed_to, returned_parameter
from converters.sources.runpod.handler import Callable
from converters.sources.runpod.job_reads import Part

COPIES = frozenset({"dict", "copy.copy", "copy.deepcopy"})


@dataclass
class Names:
    """What local names stand for inside one function."""

    job: set[str] = field(default_factory=set)
    input: set[str] = field(default_factory=set)
    checked: set[str] = field(default_factory=set)
    """Names for what `validate` returned."""
    parts: dict[str, Part] = field(default_factory=dict)


@dataclass
class Roles:
    """The names of one function, and with them its expressions."""

    code: Code
    module: Module
    function: Callable
    names: Names
    passing: dict[ast.Call, bool] = field(default_factory=dict)
    bound: dict[str, dict[tuple[int, int], str]] = field(default_factory=dict)
    """What a name stands for from a place on: one name may hold the input first, then the outcome of its check."""

    def __post_init__(self) -> None:
        """Grow the sets until nothing is added: names assigned from the job, its input, or a validation of it."""
        before = -1
        names = self.names
        for role, known in (("job", names.job), ("input", names.input)):
            for name in known:
                self.bound[name] = {(0, 0): role}
        while before != (before := len(names.parts) + sum(map(len, self.bound.values()))):
            for node in all_nodes(self.function):
                for target, value in assignments(node):
                    if self.is_input(value):
                        self._bind(target, value, "input", names.input)
                    elif self.is_job(value):
                        self._bind(target, value, "job", names.job)
                    elif self.is_validation(value):
                        self._bind(target, value, "checked", names.checked)
                    elif (part := self.part_of(value)) is not None:
                        names.parts.setdefault(target, part)
                if isinstance(node, ast.For):
                    self._bind_item(node)

    def _bind(self, name: str, value: ast.expr, role: str, known: set[str]) -> None:
        known.add(name)
        self.bound.setdefault(name, {})[(value.end_lineno or value.lineno, value.end_col_offset or 0)] = role

    def _stands_for(self, node: ast.Name, role: str, known: set[str]) -> bool:
        """Whether a name has a role where it stands: the one that it was given last before."""
        if node.id not in known or not isinstance(node.ctx, ast.Load):
            return False
        given = self.bound.get(node.id, {})
        before = [place for place in given if place < (node.lineno, node.col_offset)]
        return not before or given[max(before)] == role

    def _bind_item(self, loop: ast.For) -> None:
        """`for request in job_input["requests"]`, with or without `enumerate`."""
        values, target = loop.iter, loop.target
        if isinstance(values, ast.Call) and isinstance(values.func, ast.Name) and values.func.id == "enumerate" and values.args:
            values = values.args[0]
            target = target.elts[1] if isinstance(target, ast.Tuple) and len(target.elts) == 2 else target
        part = self.part_of(values)
        if part is not None and not part.item and isinstance(target, ast.Name):
            self.names.parts.setdefault(target.id, Part(part.key, item=True))

    def is_job(self, node: ast.AST) -> bool:
        """Whether an expression is a name for the whole job."""
        return isinstance(node, ast.Name) and self._stands_for(node, "job", self.names.job)

    def is_input(self, node: ast.AST) -> bool:
        """Whether an expression is the input of the job, or a copy of it."""
        if isinstance(node, ast.Name):
            return self._stands_for(node, "input", self.names.input)
        if isinstance(node, ast.Subscript):
            key = text(node.slice)
            return (key == "input" and self.is_job(node.value)) or (key == "validated_input" and self.is_checked(node.value))
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            return self.is_input(node.values[0])
        if isinstance(node, ast.IfExp):
            return self.is_input(node.body)
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                owner, key = node.func.value, text(node.args[0]) if node.args else None
                if node.func.attr in ("get", "pop") and key == "input" and self.is_job(owner):
                    return True
                if node.func.attr == "get" and key == "validated_input" and self.is_checked(owner):
                    return True
                if node.func.attr == "copy" and not node.args:
                    return self.is_input(owner)
            name = node.func.id if isinstance(node.func, ast.Name) else self.code.dotted(self.module, node.func) or ""
            copied = name in COPIES and len(node.args) == 1 and not node.keywords and self.is_input(node.args[0])
            return copied or self.passes(node)
        return False

    def passes(self, call: ast.Call) -> bool:
        """Whether a call of a function of the project hands the input back that it was given."""
        arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
        if not any(self.is_input(argument) for argument in arguments):
            return False
        if call not in self.passing:
            self.passing[call] = False  # until it is known, for functions that call themselves
            target = callee(self.code, self.module, call.func, self.function)
            parameter = returned_parameter(target[0]) if target else None
            self.passing[call] = target is not None and any(
                self.is_input(argument) and passed_to(target[0], call, self.module.parents[argument], argument, target[2]) == parameter
                for argument in arguments
                if parameter
            )
        return self.passing[call]

    def part_of(self, node: ast.AST) -> Part | None:
        """The part of the input that an expression is: `job_input["train"]`, `job_input.get("train", {})`, a name for it, an item."""
        if isinstance(node, ast.Name):
            return self.names.parts.get(node.id)
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            return self.part_of(node.values[0])
        if isinstance(node, ast.Subscript):
            if self.is_input(node.value):
                key = text(node.slice)
                return Part(key) if key is not None else None
            found = self.part_of(node.value)
            return Part(found.key, item=True) if found and not found.item and text(node.slice) is None else None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and self.is_input(node.func.value):
            key = text(node.args[0]) if node.args and node.func.attr in ("get", "pop", "setdefault") else None
            return Part(key) if key is not None else None
        return None

    def validated_part(self, call: ast.Call) -> Part | None:
        """The part of the input that a call of `validate` checks."""
        return self.part_of(call.args[0]) if len(call.args) > 1 and self._calls_validate(call) else None

    def has_part(self, statement: ast.If | ast.For, part: Part) -> bool | None:
        """Whether the body of a statement runs for a request that has the part (`if "train" in job_input`); None where that is open."""
        if isinstance(statement, ast.For):
            values = statement.iter
            if isinstance(values, ast.Call) and isinstance(values.func, ast.Name) and values.func.id == "enumerate" and values.args:
                values = values.args[0]
            found = self.part_of(values)
            return True if found is not None and found.key == part.key else None
        test, runs = statement.test, True
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            test, runs = test.operand, False
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            operator, right = test.ops[0], test.comparators[0]
            runs ^= isinstance(operator, ast.NotIn | ast.Is)
            if isinstance(operator, ast.In | ast.NotIn):
                return runs if text(test.left) == part.key and self.is_input(right) else None
            none = isinstance(right, ast.Constant) and right.value is None
            test = test.left if none and isinstance(operator, ast.Is | ast.IsNot) else test
        found = self.part_of(test)
        return runs if found is not None and found.key == part.key else None

    def is_checked(self, node: ast.AST) -> bool:
        """Whether an expression is the outcome of a validation of the input."""
        return (isinstance(node, ast.Name) and self._stands_for(node, "checked", self.names.checked)) or self.is_validation(node)

    def is_validation(self, node: ast.AST) -> bool:
        """Whether an expression is a call of `validate` on the whole input."""
        return isinstance(node, ast.Call) and bool(node.args) and self.is_input(node.args[0]) and self._calls_validate(node)

    def _calls_validate(self, call: ast.Call) -> bool:
        dotted = self.code.dotted(self.module, call.func) or ""
        return dotted.startswith("runpod.") and dotted.endswith("validate")

    def inside_input(self, node: ast.AST) -> bool:
        """An operand of an expression that is itself the input, such as `job_input` in `job_input or {}`."""
        parent = self.module.parents.get(node)
        if isinstance(parent, ast.Attribute):
            parent = self.module.parents.get(parent)
        passed = isinstance(parent, ast.Call) and self.passes(parent)
        return parent is not None and isinstance(parent, ast.expr) and not passed and self.is_input(parent)


def text(node: ast.AST | None) -> str | None:
    """The string that an expression is, or None."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
