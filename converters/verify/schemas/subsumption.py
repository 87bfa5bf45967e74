"""Whether everything that one JSON Schema accepts is accepted by another, and if not, the smallest value that is not.

That is one question of satisfiability: is there a value for which the one schema holds and the other does not? The two goals are split
into cases (`cases.py`) for which the smallest value is made (`instances.py`); parts of arrays and objects are goals again. The smallest
value never holds, within itself, a value for the same goals, which would be smaller: that is where recursive schemas end.

What is found is shown to the `jsonschema` validator, with both schemas; where it does not agree, and where no case gives a clear
answer, nothing is claimed. Of the published libraries jsonsubschema 0.0.8 tells yes or no without a value and takes no recursive
schemas, and hypothesis-jsonschema 0.23.1 draws values without deciding anything.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, UnknownType, ValidationError, best_match
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from .cases import KINDS, Goal, cases, goal, read
from .dialect import UNTYPED, NotUnderstood, Schema, plain
from .instances import Found, Result, Unclear, best, smallest

_STEPS = 10_000
"""Cases and values that are looked at before it is given up."""


@dataclass(frozen=True)
class Outside:
    """A value that the one schema accepts and the other refuses.

    ``part``: what of it is refused, ``path``: where that stands, as a JSON path; ``why``: in words.
    """

    value: Any
    part: Any
    path: str
    why: str
    fields: tuple[str, ...] = ()
    """The keys of the value itself that are refused or missing."""


@dataclass(frozen=True)
class NotProven:
    """Neither is there such a value nor is it shown that there is none."""

    why: str


def first_outside(inner: Schema, outer: Schema) -> Outside | NotProven | None:
    """The smallest value that ``inner`` accepts and ``outer`` refuses; None where there is none, as is then proven."""
    try:
        with _understood():
            document = {"$defs": {"inner": plain(inner, "#/$defs/inner"), "outer": plain(outer, "#/$defs/outer")}}
            Draft202012Validator.check_schema(document)
            sides = document["$defs"]
            found = _Search(document).find([goal(sides["inner"], True), goal(sides["outer"], False)])
        if isinstance(found, Unclear):
            return NotProven(found.why)
        return found if found is None else misfit(found.value, outer)
    except (NotUnderstood, _TooMuch) as error:
        return NotProven(str(error))


def each_outside(inner: Schema, outer: Schema) -> Iterator[Outside | NotProven]:
    """The smallest value for each field that ``outer`` refuses something in: what was found once is then let pass."""
    while (found := first_outside(inner, outer)) is not None:
        yield found
        if isinstance(found, NotProven) or not found.fields:
            return
        outer = {
            **outer,
            "properties": {**outer.get("properties", {}), **dict.fromkeys(found.fields, True)},
            "required": [name for name in outer.get("required", []) if name not in found.fields],
        }


def misfit(value: Any, schema: Schema) -> Outside | None:
    """What of a value a schema refuses; None where it accepts it. Raises NotUnderstood."""
    with _understood():
        validator = Draft202012Validator(plain(schema, "#"))
        try:
            errors = list(validator.iter_errors(value))
        except (TypeError, UnknownType):
            Draft202012Validator.check_schema(validator.schema)
            raise
        first = min(errors, key=lambda error: (len(error.absolute_path), list(map(str, error.absolute_path))), default=None)
        error = first and best_match([first])  # of alternatives, the one that is missed the least
    return None if error is None else Outside(value, error.instance, error.json_path, _words(error), _fields(error, validator.schema))


@contextlib.contextmanager
def _understood() -> Iterator[None]:
    """Raises NotUnderstood for schemas that are none, refer to nothing or cannot be followed."""
    try:
        yield
    except Unresolvable as error:
        raise NotUnderstood(str(error)) from error
    except re.error as error:
        raise NotUnderstood(f"a pattern is no regular expression of Python's: {error}") from error
    except SchemaError as error:
        raise NotUnderstood(f"no JSON Schema: {error.message}") from error
    except RecursionError as error:
        raise NotUnderstood("the schemas are nested too deeply") from error


def _words(error: ValidationError) -> str:
    return error.message if len(error.message) <= 300 else f"{error.message[:300]}…"


def _fields(error: ValidationError, schema: Any) -> tuple[str, ...]:
    if error.absolute_path:
        return (str(error.absolute_path[0]),)
    missing = [name for name in schema.get("required", []) if isinstance(error.instance, dict) and name not in error.instance]
    return tuple(missing) if error.validator == "required" else ()


class _TooMuch(Exception):
    """There are too many cases."""


class _Search:
    """Looks for the smallest value for goals whose references are those of a document."""

    def __init__(self, document: Schema) -> None:
        self._validator = Draft202012Validator(document)
        self._resolver = Registry().with_resource("", DRAFT202012.create_resource(document)).resolver()
        self._known: dict[frozenset[Goal], Result] = {}
        self._open: dict[frozenset[Goal], int] = {}
        """The goals that values are being looked for, with how deep they are nested."""
        self._outermost = sys.maxsize
        """Of the open goals that were met again since the innermost of them was opened."""
        self._steps = 0

    def find(self, goals: Iterable[Goal]) -> Result:
        """The smallest value that meets all goals."""
        wanted = frozenset(goals)
        if wanted in self._known:
            return self._known[wanted]
        if wanted in self._open:
            self._outermost = min(self._outermost, self._open[wanted])
            return None
        depth = self._open[wanted] = len(self._open)
        before, self._outermost = self._outermost, sys.maxsize
        result = self._found(wanted)
        del self._open[wanted]
        if self._outermost >= depth:  # it does not depend on goals that are still open
            self._known[wanted] = result
            self._outermost = before
        else:
            self._outermost = min(before, self._outermost)
        return result

    def _found(self, goals: frozenset[Goal]) -> Result:
        if any(goal.holds and UNTYPED in _keywords(goal) for goal in goals) and not all(goal.holds for goal in goals):
            return Unclear("the schema declares nothing there")
        return best(self._checked(smallest(case, self.find, lambda value: self._fits(value, goals)), goals)
                    for kind in KINDS for case in cases(goals, kind, self._resolved, self._spend))  # fmt: skip

    def _checked(self, result: Result, goals: frozenset[Goal]) -> Result:
        self._spend()
        if isinstance(result, Found) and not self._fits(result.value, goals):
            return Unclear("keywords that are not solved for decide")
        return result

    def _fits(self, value: Any, goals: Iterable[Goal]) -> bool:
        return all(self._validator.evolve(schema=read(goal.text)).is_valid(value) == goal.holds for goal in goals)

    def _resolved(self, reference: str) -> Any:
        return self._resolver.lookup(reference).contents

    def _spend(self) -> None:
        self._steps += 1
        if self._steps > _STEPS:
            raise _TooMuch("there are too many cases")


def _keywords(goal: Goal) -> Any:
    schema = read(goal.text)
    return schema if isinstance(schema, dict) else ()
