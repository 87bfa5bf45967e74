"""What a handler does with a job and its input: every key that it reads, changes or validates, each with its place."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Literal

from converters.python.code import Code
from converters.python.module import Module

How = Literal["subscript", "get", "pop", "in", "needed", "set", "parameter"]
Path = tuple[ast.AST, ...]
"""The calls that lead from the handler to a place, and the place itself."""


def stands_before(one: Path, other: Path) -> bool:
    """Whether the handler comes to one place before it comes to the other, as the text has it."""
    for left, right in zip(one, other, strict=False):
        if left is not right:
            return _position(left) < _position(right)
    return False


def _position(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


@dataclass(frozen=True)
class Read:
    """One access to a key. `definite`: every request that gets here needs the key. `needed`: a request without it is turned away."""

    key: str
    how: How
    module: Module
    node: ast.AST
    default: ast.expr | None = None
    definite: bool = False
    coerced: str = ""
    annotation: str = ""
    path: Path = ()


@dataclass(frozen=True)
class Part:
    """An object inside the input: the value of `key`, or an item of the list that stands there."""

    key: str
    item: bool = False


@dataclass(frozen=True)
class PartChange:
    """A place where a key of a part is set or taken out; '' where only running code tells the key."""

    part: Part
    key: str
    path: Path


@dataclass(frozen=True)
class Validation:
    """A call of `rp_validator.validate` on the input, or on a part of it.

    `definite`: every request passes it; for a part, every request that has the part.
    """

    module: Module
    call: ast.Call
    schema: ast.expr
    definite: bool
    part: Part | None = None
    path: Path = ()
    answered: bool = False
    """What it finds wrong is answered as a result (`return {"errors": ...}`), which is no failure on RunPod."""

    def is_old(self, code: Code) -> bool:
        """Whether it is the validator of runpod 0.8.4 and before, which asks for no default."""
        return (code.dotted(self.module, self.call.func) or "").endswith(".utils.validator.validate")


@dataclass
class Flow:
    """Everything that happens to a job on its way through the handler."""

    reads: list[Read] = field(default_factory=list)
    envelope: list[Read] = field(default_factory=list)
    escapes: list[tuple[Module, ast.AST]] = field(default_factory=list)
    """Places where the whole input goes on to something that could not be followed."""
    job_escapes: list[tuple[Module, ast.AST]] = field(default_factory=list)
    validations: list[Validation] = field(default_factory=list)
    part_changes: list[PartChange] = field(default_factory=list)
    open_changes: list[Path] = field(default_factory=list)
    """Places where keys of the input are set or taken out that only running code tells."""
    followed: set[tuple[object, ...]] = field(default_factory=set)

    @property
    def mutated(self) -> bool:
        """Whether the worker changes the input itself."""
        return bool(self.open_changes) or any(read.how in ("set", "pop") for read in self.reads)
