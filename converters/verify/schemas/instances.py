"""The smallest value of one JSON type within bounds."""

from __future__ import annotations

import itertools
import json
import math
import re
import string
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .cases import Case, Goal, goal
from .dialect import Schema

_TRIES = 200
_FEW = 4
_NOTHING = object()
_LONGEST = 10_000
"""Letters or items of the longest value that is made."""
_LETTERS = string.ascii_lowercase + string.digits + " " + string.ascii_uppercase


@dataclass(frozen=True)
class Found:
    """A value that is as demanded."""

    value: Any


@dataclass(frozen=True)
class Unclear:
    """Whether there is such a value is not known: the message says what for."""

    why: str


Result = Found | Unclear | None
"""None: there is no such value."""
Find = Callable[[Iterable[Goal]], Result]
Fits = Callable[[Any], bool]


def size(value: Any) -> tuple[int, str]:
    """What makes one value smaller than another: its length as JSON."""
    text = json.dumps(value, sort_keys=True)
    return len(text), text


def smallest(case: Case, find: Find, fits: Fits) -> Result:
    """The smallest value of a case. ``find`` gives the smallest value for goals, ``fits`` says whether a value is as demanded."""
    if case.values is not None or case.kind in ("null", "boolean"):
        values = case.values if case.values is not None else {"null": (None,), "boolean": (False, True)}[case.kind]
        return _first_of(fits, sorted(values, key=size))
    if case.kind == "number":
        return _number(case, fits)
    if case.kind == "string":
        return _text(case, fits)
    return best(_arrays(case, find) if case.kind == "array" else _objects(case, find))


def best(results: Iterable[Result]) -> Result:
    """The smallest value of several; where none is found, whether that is clear."""
    chosen: Result = None
    for result in results:
        if isinstance(result, Found):
            if not isinstance(chosen, Found) or size(result.value) < size(chosen.value):
                chosen = result
        elif chosen is None:
            chosen = result
    return chosen


def _first_of(fits: Fits, values: Iterable[Any], unclear: str = "") -> Result:
    """The smallest of the first values that fit; where none does, none exists, or ``unclear`` says what is not known."""
    few = itertools.islice((value for value in values if fits(value)), _FEW)
    found = min(few, key=size, default=_NOTHING)
    return Found(found) if found is not _NOTHING else Unclear(unclear) if unclear else None


def _number(case: Case, fits: Fits) -> Result:
    """A multiple, the closest to zero; or any number between the bounds, a whole one if there is one."""
    low, high = _limits(case, ("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum"))
    if low is not None and high is not None and low > high:
        return None
    steps = [_fraction(bound["multipleOf"]) for bound in case.bounds if "multipleOf" in bound]
    steps += [Fraction(1) for bound in case.bounds if "type" in bound]
    if not steps:
        return _first_of(
            fits, map(_as_json, _between(low, high)), "" if low == high is not None else "which numbers lie between the bounds"
        )
    step = _common(steps)
    unwanted = [_fraction(schema["multipleOf"]) for key, schema in case.broken if key == "multipleOf"]
    unwanted += [Fraction(1) for key, _ in case.broken if key == "type"]
    first, last = _whole(low, high, step)
    if any((step / other).denominator == 1 for other in unwanted) or (first is not None and last is not None and first > last):
        return None
    exhausted = first is not None and last is not None and last - first < _TRIES
    return _first_of(fits, (_as_json(number * step) for number in _outward(first, last)), "" if exhausted else "which multiples there are")


def _limits(case: Case, lower: Sequence[str], upper: Sequence[str]) -> tuple[Fraction | None, Fraction | None]:
    """The bounds of a number, of a length or of a count; whether a bound itself is allowed is not told."""
    low = [_fraction(bound[key]) for bound in case.bounds for key in lower if key in bound]
    high = [_fraction(bound[key]) for bound in case.bounds for key in upper if key in bound]
    low += [_fraction(schema[key]) for key, schema in case.broken if key in upper]
    high += [_fraction(schema[key]) for key, schema in case.broken if key in lower]
    return max(low, default=None), min(high, default=None)


def _fraction(number: float) -> Fraction:
    return Fraction(number) if abs(number) > 2**53 else Fraction(str(number))  # 0.1 is a tenth


def _as_json(number: Fraction) -> float | int:
    return number.numerator if number.denominator == 1 else float(number)


def _common(steps: Sequence[Fraction]) -> Fraction:
    """The smallest number of which every step is a divisor."""
    found = steps[0]
    for step in steps[1:]:
        found = Fraction(math.lcm(found.numerator, step.numerator), math.gcd(found.denominator, step.denominator))
    return found


def _whole(low: Fraction | None, high: Fraction | None, step: Fraction) -> tuple[int | None, int | None]:
    """How many steps the bounds are from zero."""
    return None if low is None else math.ceil(low / step), None if high is None else math.floor(high / step)


def _outward(first: int | None, last: int | None) -> Iterator[int]:
    """Whole numbers between two, from the closest to zero on."""
    start = first if first is not None and first > 0 else last if last is not None and last < 0 else 0
    for offset in range(_TRIES):
        for number in dict.fromkeys((start + offset, start - offset)):
            if (first is None or number >= first) and (last is None or number <= last):
                yield number


def _between(low: Fraction | None, high: Fraction | None) -> Iterator[Fraction]:
    """Numbers between two: whole ones first."""
    first, last = _whole(low, high, Fraction(1))
    yield from map(Fraction, itertools.islice(_outward(first, last), 20))
    start = low if low is not None else high - 1 if high is not None else Fraction(0)
    width = high - start if high is not None else Fraction(1)
    for parts in (1, 2, 10, 100):
        yield from (start + width * part / parts for part in range(parts + 1))


def _text(case: Case, fits: Fits) -> Result:
    """One letter as often as it must be; with a pattern, what hypothesis makes of it."""
    shortest, longest = _counts(case, "minLength", "maxLength")
    patterns = [bound["pattern"] for bound in case.bounds if "pattern" in bound]
    if shortest > longest or any(key == "pattern" and schema["pattern"] in patterns for key, schema in case.broken):
        return None
    if patterns:
        return _matching(patterns, fits)
    if shortest > _LONGEST:
        return Unclear(f"texts of {shortest} letters")
    texts = (letter * length for length in range(shortest, int(min(longest, shortest + 3)) + 1) for letter in (_LETTERS if length else "a"))
    asked = any(key == "pattern" for key, _ in case.broken)
    return _first_of(fits, texts, "which texts do not match a pattern" if asked else "" if longest == 0 else "which texts are left")


def _counts(case: Case, lower: str, upper: str) -> tuple[int, float]:
    """The least and the greatest length or number of items."""
    least = [bound[lower] for bound in case.bounds if lower in bound] + [schema[upper] + 1 for key, schema in case.broken if key == upper]
    most = [bound[upper] for bound in case.bounds if upper in bound] + [schema[lower] - 1 for key, schema in case.broken if key == lower]
    return max(least, default=0), min(most, default=math.inf)


def _matching(patterns: Sequence[str], fits: Fits) -> Result:
    from hypothesis import HealthCheck, find, settings, strategies
    from hypothesis.errors import HypothesisException

    once = settings(max_examples=_TRIES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    try:
        return Found(find(strategies.from_regex(patterns[0]), fits, settings=once))
    except (HypothesisException, re.error):
        return Unclear(f"which texts match {' and '.join(patterns)}")


def _arrays(case: Case, find: Find) -> Iterator[Result]:
    """For every choice of the positions at which items are wrong or repeated, the shortest array."""
    least, most = _counts(case, "minItems", "maxItems")
    wrong = [(key, schema) for key, schema in case.broken if key in ("prefixItems", "items")]
    repeated = any(key == "uniqueItems" and schema[key] for key, schema in case.broken)
    distinct = any(bound.get("uniqueItems") for bound in case.bounds)
    prefixes = [len(schema.get("prefixItems", [])) for schema in (*case.bounds, *(schema for _, schema in wrong))]
    reach = max(prefixes, default=0) + len(wrong) + 2 * repeated + 1
    places: list[list[tuple[int, Schema]]] = [
        [(at, schema) for at in (range(len(schema[key])) if key == "prefixItems" else range(len(schema.get("prefixItems", [])), reach))]
        for key, schema in wrong
    ]
    pairs: list[tuple[int, ...]] = list(itertools.combinations(range(reach), 2)) if repeated else [()]
    for chosen, pair in itertools.product(itertools.product(*places), pairs):
        length = max([least, *(at + 1 for at, _ in chosen), *(at + 1 for at in pair)])
        if length > most or (repeated and distinct):
            continue
        if length > _LONGEST:
            yield Unclear(f"arrays of {length} items")
            continue
        demands = [[goal(_item(bound, at), True) for bound in case.bounds] for at in range(length)]
        for at, schema in chosen:
            demands[at].append(goal(_item(schema, at), False))
        for at in pair:
            demands[at] = [demand for other in pair for demand in demands[other]]
        yield _array(demands, find, distinct=distinct)


def _item(schema: Schema, at: int) -> Any:
    """What a schema says of the item at a position."""
    prefix = schema.get("prefixItems", [])
    return prefix[at] if at < len(prefix) else schema.get("items", True)


def _array(demands: Sequence[Sequence[Goal]], find: Find, *, distinct: bool) -> Result:
    items: list[Any] = []
    for demand in demands:
        others = [goal({"enum": items}, False)] if distinct and items else []
        found = find([*demand, *others])
        if not isinstance(found, Found):
            return Unclear("which items are left") if found is None and others else found
        items.append(found.value)
    return Found(items)


def _objects(case: Case, find: Find) -> Iterator[Result]:
    """For every choice of the keys that are missing, wrong or too many, the smallest object."""
    least, most = _counts(case, "minProperties", "maxProperties")
    schemas = [*case.bounds, *(schema for _, schema in case.broken)]
    named = list(dict.fromkeys(name for schema in schemas for name in (*schema.get("properties", {}), *schema.get("required", []))))
    fresh = [name for name in (letter * times for times in (1, 2, 3) for letter in _LETTERS[:36]) if name not in named]
    required = dict.fromkeys(name for bound in case.bounds for name in bound.get("required", []))
    broken = [(key, schema) for key, schema in case.broken if key not in ("minProperties", "maxProperties")]
    for chosen in itertools.product(*(list(_ways(key, schema, [*named, *fresh[: len(broken)]])) for key, schema in broken)):
        absent = {name for name, demand in chosen if demand is None}
        if absent & (required.keys() | {name for name, demand in chosen if demand is not None}):
            continue
        demands: dict[str, list[Goal]] = {name: [] for name in required}
        for name, demand in chosen:
            if demand is not None:
                demands.setdefault(name, []).append(demand)
        yield _object(case, demands, [name for name in (*named, *fresh) if name not in absent], (least, most), find)
    if any("patternProperties" in schema and key in ("patternProperties", "additionalProperties") for key, schema in broken):
        yield Unclear("which keys match a pattern")


def _ways(key: str, schema: Schema, names: Sequence[str]) -> Iterator[tuple[str, Goal | None]]:
    """How a keyword can be broken: by a key that is there though something else is demanded of it, or (None) by one that is not."""
    match key:
        case "required":
            yield from ((name, None) for name in schema[key])
        case "properties":
            yield from ((name, goal(part, False)) for name, part in schema[key].items())
        case "patternProperties":
            yield from ((name, goal(part, False)) for name in names for pattern, part in schema[key].items() if re.search(pattern, name))
        case "additionalProperties":
            yield from ((name, goal(schema[key], False)) for name in names if not _declared(schema, name))


def _declared(schema: Schema, name: str) -> list[Any]:
    """What `properties` and `patternProperties` say of a key."""
    found = [part for pattern, part in schema.get("patternProperties", {}).items() if re.search(pattern, name)]
    return [schema["properties"][name], *found] if name in schema.get("properties", {}) else found


def _object(case: Case, demands: dict[str, list[Goal]], names: Sequence[str], count: tuple[int, float], find: Find) -> Result:
    """The smallest object with the demanded keys, and as many others as there must be."""
    least, most = count
    if len(demands) > most:
        return None
    values: dict[str, Any] = {}
    for name, demand in demands.items():
        found = find([*demand, *_of_key(case, name)])
        if not isinstance(found, Found):
            return found
        values[name] = found.value
    more = [(name, find(_of_key(case, name))) for name in names if name not in values] if len(values) < least else []
    possible = sorted(((name, found.value) for name, found in more if isinstance(found, Found)), key=size)
    values.update(possible[: max(least - len(values), 0)])
    if len(values) >= least:
        return Found(values)
    unknown = any("patternProperties" in bound for bound in case.bounds) or any(isinstance(found, Unclear) for _, found in more)
    return Unclear("which other keys there may be") if unknown or (more and more[-1][1] is not None) else None


def _of_key(case: Case, name: str) -> list[Goal]:
    parts = [_declared(bound, name) or [bound.get("additionalProperties", True)] for bound in case.bounds]
    return [goal(part, True) for some in parts for part in some]
