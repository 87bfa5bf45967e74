"""The request model takes what the worker took, and says what it knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from runpod.serverless.utils.rp_validator import validate

from tests.sources.runpod.worker import VALIDATOR, converted, received, request_model, text_of

TRAIN = "TRAIN = {'url': {'type': str, 'required': True}, 'steps': {'type': int, 'required': False, 'default': 5}}\n"
FAILS = "    if 'errors' in checked:\n        return {'error': checked['errors']}\n"
NESTED = [
    pytest.param("    checked = validate(job['input']['train'], TRAIN)\n", True, id="a subscript"),
    pytest.param("    given = job['input']\n    checked = validate(given['train'], TRAIN)\n", True, id="a subscript of a name"),
    pytest.param("    part = job['input']['train']\n    checked = validate(part, TRAIN)\n", True, id="a name"),
    pytest.param("    given = job['input']\n    if 'train' not in given:\n        return {'error': 'missing'}\n    checked = validate(given['train'], TRAIN)\n", True, id="a guard that fails"),
    pytest.param("    given = job['input']\n    if 'train' not in given:\n        raise ValueError('missing')\n    checked = validate(given['train'], TRAIN)\n", True, id="a guard that raises"),
    pytest.param("    given = job['input']\n    checked = {}\n    if 'train' in given:\n        checked = validate(given['train'], TRAIN)\n", False, id="only where it is there"),
    pytest.param("    part = job['input'].get('train')\n    checked = {}\n    if part:\n        checked = validate(part, TRAIN)\n", False, id="get"),
    pytest.param("    part = job['input'].get('train')\n    checked = {}\n    if part is not None:\n        checked = validate(part, TRAIN)\n", False, id="get and a test for None"),
    pytest.param("    given = job['input']\n    if 'train' not in given:\n        return {'state': 'idle'}\n    checked = validate(given['train'], TRAIN)\n", False, id="a guard that answers"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "required"), NESTED)
def test_a_checked_object_of_the_input_becomes_a_model(tmp_path: Path, body: str, required: bool) -> None:
    outcome = converted(tmp_path, f"{VALIDATOR}{TRAIN}def handler(job):\n{body}{FAILS}    return checked")
    model = request_model(outcome)
    assert model.model_fields["train"].is_required() == required
    full = {"train": {"url": "a", "steps": 3}}
    assert received(model, full) == full
    assert received(model, {"train": {"url": "a"}, "more": 1}) == {"train": {"url": "a"}, "more": 1}
    if not required:
        assert received(model, {}) == {}
    schema = model.model_json_schema()["$defs"]["TrainInput"]
    assert schema["required"] == ["url"] and schema["properties"]["steps"]["type"] == "integer"


@pytest.mark.parametrize("train", [{}, {"url": 1}, {"url": "a", "steps": "3"}, {"url": "a", "other": 1}, "text"])
def test_what_the_validator_refuses_in_an_object_is_refused(tmp_path: Path, train: Any) -> None:
    outcome = converted(
        tmp_path, f"{VALIDATOR}{TRAIN}def handler(job):\n    checked = validate(job['input']['train'], TRAIN)\n{FAILS}    return 1"
    )
    with pytest.raises(ValidationError):
        request_model(outcome).model_validate({"train": train})


LOOPS = [
    "    for one in given['jobs']:\n        checked = validate(one, TRAIN)\n",
    "    for index, one in enumerate(given['jobs']):\n        checked = validate(one, TRAIN)\n",
    "    for index in range(len(given['jobs'])):\n        checked = validate(given['jobs'][index], TRAIN)\n",
]


@pytest.mark.parametrize("loop", LOOPS)
def test_checked_items_become_a_list_of_a_model(tmp_path: Path, loop: str) -> None:
    outcome = converted(
        tmp_path,
        f"{VALIDATOR}{TRAIN}def handler(job):\n    given = job['input']\n{loop}        if 'errors' in checked:\n            return {{'error': 1}}\n    return 1",
    )
    model = request_model(outcome)
    assert "jobs: list[JobsInput]" in text_of(outcome)
    full = {"jobs": [{"url": "a"}, {"url": "b", "steps": 1}]}
    assert received(model, full) == full


def test_an_object_that_is_changed_before_its_check_is_only_described(tmp_path: Path) -> None:
    body = "    part = job['input']['train']\n    part['url'] = part['url'].strip() if 'url' in part else 'a'\n    checked = validate(part, TRAIN)\n"
    model = request_model(converted(tmp_path, f"{VALIDATOR}{TRAIN}def handler(job):\n{body}{FAILS}    return 1"))
    assert received(model, {"train": {"steps": 2}}) == {"train": {"steps": 2}}
    assert received(model, {"train": {"url": 7, "other": 1}}) == {"train": {"url": 7, "other": 1}}


def test_an_object_in_a_validated_input_keeps_its_own_schema(tmp_path: Path) -> None:
    whole = "ALL = {'train': {'type': dict, 'required': True}, 'name': {'type': str, 'required': False, 'default': 'x'}}\n"
    body = "    checked = validate(job['input'], ALL)\n    inner = validate(job['input']['train'], TRAIN)\n"
    model = request_model(converted(tmp_path, f"{VALIDATOR}{TRAIN}{whole}def handler(job):\n{body}{FAILS}    return inner"))
    assert received(model, {"train": {"url": "a"}, "name": "b"}) == {"train": {"url": "a"}, "name": "b"}
    for request in ({"train": {"url": "a"}, "other": 1}, {"train": {}}, {}):
        with pytest.raises(ValidationError):
            model.model_validate(request)


# Findings of the validator that are an answer


ANSWERED = [
    pytest.param("    if 'errors' in checked:\n        return {'errors': checked['errors']}\n    return checked['validated_input']", id="under another key"),
    pytest.param("    if 'errors' in checked:\n        return checked\n    return 1", id="as they are"),
    pytest.param("    if checked.get('errors'):\n        return {'status': 'bad', 'why': checked.get('errors')}\n    return 1", id="with get"),
]  # fmt: skip
ONE = "ONE = {'n': {'type': int, 'required': True}}\n"


@pytest.mark.parametrize("rest", ANSWERED)
def test_a_request_whose_faults_are_an_answer_reaches_the_worker(tmp_path: Path, rest: str) -> None:
    outcome = converted(tmp_path, f"{VALIDATOR}{ONE}def handler(job):\n    checked = validate(job['input'], ONE)\n{rest}")
    model = request_model(outcome)
    for request in ({}, {"n": "text"}, {"n": 1, "other": 2}):
        assert received(model, request) == request
    assert "Integer, required" in str(model.model_fields["n"].description)


FAILED = [
    pytest.param(FAILS + "    return 1", id="an error"),
    pytest.param("    n = checked['validated_input']['n']\n    if 'errors' in checked:\n        return {'errors': checked['errors']}\n    return n", id="a look before"),
    pytest.param("    if 'errors' in checked:\n        raise ValueError(checked['errors'])\n    return checked['validated_input']", id="an exception"),
]  # fmt: skip


@pytest.mark.parametrize("rest", FAILED)
def test_a_request_whose_faults_fail_it_is_refused(tmp_path: Path, rest: str) -> None:
    model = request_model(converted(tmp_path, f"{VALIDATOR}{ONE}def handler(job):\n    checked = validate(job['input'], ONE)\n{rest}"))
    with pytest.raises(ValidationError):
        model.model_validate({"n": "text"})


# Numbers, and null


VALUES = [0, 3, -1, 2.0, 2.9, True, False, "3", "text", None, [], {}]
FIELDS = {
    "i": {"type": int, "required": False, "default": 1},
    "f": {"type": float, "required": False, "default": 0.5},
    "b": {"type": bool, "required": False, "default": False},
    "s": {"type": str, "required": False, "default": "a"},
    "n": {"type": int, "required": False, "default": None},
    "g": {"type": float, "required": False, "default": 4},
    "l": {"type": list, "required": False, "default": []},
    "d": {"type": dict, "required": False, "default": {}},
    "r": {"type": int, "required": False, "default": None, "constraints": lambda x: x is None or x < 3},
}
SOURCE = (
    "SCHEMA = {'i': {'type': int, 'required': False, 'default': 1}, 'f': {'type': float, 'required': False, 'default': 0.5},"
    " 'b': {'type': bool, 'required': False, 'default': False}, 's': {'type': str, 'required': False, 'default': 'a'},"
    " 'n': {'type': int, 'required': False, 'default': None}, 'g': {'type': float, 'required': False, 'default': 4},"
    " 'l': {'type': list, 'required': False, 'default': []}, 'd': {'type': dict, 'required': False, 'default': {}},"
    " 'r': {'type': int, 'required': False, 'default': None, 'constraints': lambda x: x is None or x < 3}}\n"
)


def test_every_value_that_the_real_validator_takes_is_taken_unchanged(tmp_path: Path) -> None:
    model = request_model(
        converted(tmp_path, f"{VALIDATOR}{SOURCE}def handler(job):\n    checked = validate(job['input'], SCHEMA)\n{FAILS}    return 1")
    )
    taken = [(key, value) for key in FIELDS for value in VALUES if is_taken({key: value})]
    assert len(taken) > 30
    for key, value in taken:
        got = received(model, {key: value})[key]
        assert got == value and (type(got) is type(value) or key in ("f", "g")), (key, value, got)


def is_taken(request: dict[str, Any]) -> bool:
    try:
        return "errors" not in validate(request, {name: dict(rules) for name, rules in FIELDS.items()})
    except TypeError:  # a constraint that cannot compare the value
        return False


@pytest.mark.parametrize("bound", ["x > 0", "0 < x <= 8"])
def test_bounds_of_a_whole_number_stand_in_the_document(tmp_path: Path, bound: str) -> None:
    schema = f"SCHEMA = {{'n': {{'type': int, 'required': True, 'constraints': lambda x: {bound}}}}}\n"
    model = request_model(
        converted(tmp_path, f"{VALIDATOR}{schema}def handler(job):\n    checked = validate(job['input'], SCHEMA)\n{FAILS}    return 1")
    )
    assert model.model_json_schema()["properties"]["n"]["exclusiveMinimum"] == 0
    assert received(model, {"n": True}) == {"n": True}
    with pytest.raises(ValidationError):
        model.model_validate({"n": 0})


@pytest.mark.parametrize(
    ("read", "kind"), [("int(given.get('n', 5))", "integer"), ("float(given['n'])", "number"), ("int(given['n'])", "integer")]
)
@pytest.mark.parametrize("value", [2, 2.9, True, "25", " 7 ", 10**30])
def test_a_number_that_the_code_converts_comes_in_every_form(tmp_path: Path, read: str, kind: str, value: Any) -> None:
    model = request_model(converted(tmp_path, f"def handler(job):\n    given = job['input']\n    return {read}"))
    got = received(model, {"n": value})["n"]
    assert got == value and type(got) is type(value)
    assert model.model_json_schema()["properties"]["n"]["type"] == kind


@pytest.mark.parametrize("read", ["given.get('x', 'a')", "given.get('x', 3)", "given.get('x', 0.5)", "given.get('x', [])", "given.get('x', False)", "given.get('x')"])  # fmt: skip
def test_null_for_a_key_with_a_default_reaches_the_code(tmp_path: Path, read: str) -> None:
    model = request_model(converted(tmp_path, f"def handler(job):\n    given = job['input']\n    return {read}"))
    assert received(model, {"x": None}) == {"x": None}
    assert received(model, {}) == {}


# What a request must have


REQUIRED = [
    pytest.param("    return given['a']", True, id="a subscript"),
    pytest.param("    return given.get('a')", False, id="get"),
    pytest.param("    if given.get('b'):\n        return given['a']\n    return 1", False, id="below a condition"),
    pytest.param("    if not given.get('b'):\n        return {'error': 'no b'}\n    return given['a']", True, id="behind a check that fails"),
    pytest.param("    if not given.get('b'):\n        return {'state': 'no b'}\n    return given['a']", False, id="behind a check that answers"),
    pytest.param("    if not given.get('b'):\n        raise ValueError\n    return given['a']", True, id="behind an exception"),
    pytest.param("    if not given.get('b'):\n        if given.get('c'):\n            return 1\n        return {'error': 'no b'}\n    return given['a']", False, id="behind a check that may answer"),
    pytest.param("    try:\n        return given['a']\n    except KeyError:\n        return {'error': 'no a'}", True, id="in a try that fails"),
    pytest.param("    try:\n        return given['a']\n    except KeyError:\n        return 1", False, id="in a try that answers"),
    pytest.param("    if 'a' not in given:\n        return {'error': 'no a'}\n    return given.get('a')", True, id="a guard and get"),
    pytest.param("    if 'a' not in given:\n        print('no a')\n    return given.get('a')", False, id="a guard that lets it pass"),
    pytest.param("    for one in given.get('b', []):\n        given['a']\n    return 1", False, id="in a loop"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "required"), REQUIRED)
def test_a_key_is_required_where_no_request_does_without_it(tmp_path: Path, body: str, required: bool) -> None:
    model = request_model(converted(tmp_path, f"def handler(job):\n    given = job['input']\n{body}"))
    assert model.model_fields["a"].is_required() == required


def test_an_error_that_a_generator_returns_is_no_failure(tmp_path: Path) -> None:
    body = "    if 'b' not in given:\n        return {'error': 'no b'}\n    yield given['a']"
    model = request_model(converted(tmp_path, f"def handler(job):\n    given = job['input']\n{body}"))
    assert not model.model_fields["a"].is_required()


CONVERSIONS = [
    pytest.param("int(given.get('steps', 20))", ["30", 30.0, True], [], id="int() at the read"),
    pytest.param("whole(given.get('steps', 20))", ["30", 30.0], [], id="int() in a function"),
    pytest.param("whole(value=given.get('steps', 20))", ["30"], [], id="int() in a function, by name"),
    pytest.param("bounded(given.get('steps', 20), 1, 50)", ["30", "many", None, []], [], id="a fallback in a function"),
    pytest.param("flag(given.get('steps', False))", ["yes", 1, None], [], id="str() in a function"),
    pytest.param("Tool().whole(given.get('steps', 20))", ["30"], [], id="int() in a method"),
    pytest.param("given.get('steps', 20)\n    steps = int(steps)", ["30"], [], id="int() of the name"),
    pytest.param(
        "given.get('steps', 20)\n    if isinstance(steps, str):\n        steps = int(steps)", ["30"], [], id="int() of a text alone"
    ),
    pytest.param("int(given.get('steps') or 20)", ["30", None, 0], [], id="int() of what is left after `or`"),
    pytest.param("given.get('steps', 20)", [30, None], ["30", 3.5], id="nothing converts it"),
    pytest.param("shown(given.get('steps', 20))", [30], ["30", 3.5], id="a function that converts nothing"),
    pytest.param("given.get('steps', 20)\n    print(str(steps))\n    steps = steps * 2", [30], [], id="text of it is shown"),
]
HELPERS = """
def whole(value):
    return int(value)

def bounded(value, low, high):
    try:
        value = int(float(value))
    except Exception:
        return low
    return max(low, min(high, value))

def flag(value):
    return str(value).lower() in ("1", "yes")

def shown(value):
    return value + 1

class Tool:
    def whole(self, value):
        return int(value)
"""


@pytest.mark.parametrize(("value", "taken", "refused"), CONVERSIONS)
def test_a_field_takes_whatever_the_worker_converts(tmp_path: Path, value: str, taken: list[Any], refused: list[Any]) -> None:
    body = f"    given = job['input']\n    steps = {value}\n    return {{'steps': steps}}\n"
    model = request_model(converted(tmp_path, f"{HELPERS}def handler(job):\n{body}"))
    for sent in taken:
        assert received(model, {"steps": sent}) == {"steps": sent}
    for sent in refused:
        with pytest.raises(ValidationError):
            model.model_validate({"steps": sent})


CHANGES = [
    pytest.param("given['count'] = given.pop('batch', 1)", {"prompt": "a", "batch": 3}, True, id="another name"),
    pytest.param("given.setdefault('count', 2)", {"prompt": "a", "count": "many"}, True, id="setdefault"),
    pytest.param("given.update(count=2)", {"prompt": "a", "count": "many"}, True, id="update"),
    pytest.param("renamed(given)", {"prompt": "a", "batch": 3}, True, id="in a function"),
    pytest.param("given.update(OTHERS)", {"count": 1}, False, id="keys that only running code tells"),
    pytest.param("given[KEY] = 1", {"count": 1}, False, id="a key that only running code tells"),
]
COUNTED = """
import os
OTHERS, KEY = dict(os.environ), os.environ.get("KEY", "prompt")
SCHEMA = {"prompt": {"type": str, "required": True}, "count": {"type": int, "required": False, "default": 1}}

def handler(job):
    given = job["input"]
    %s
    checked = validate(given, SCHEMA)
    if "errors" in checked:
        return {"error": checked["errors"]}
    given = checked["validated_input"]
    given["later"] = 1
    return given

def renamed(values):
    values["count"] = values.pop("batch", 1)
"""


@pytest.mark.parametrize(("change", "sent", "required"), CHANGES)
def test_keys_that_are_changed_before_their_check_alone_are_open(tmp_path: Path, change: str, sent: dict[str, Any], required: bool) -> None:
    model = request_model(converted(tmp_path, VALIDATOR + COUNTED % change))
    assert received(model, sent) == sent
    assert model.model_fields["prompt"].is_required() == required
    assert not {"errors", "validated_input", "later"} & set(model.model_fields)
    if required:
        with pytest.raises(ValidationError):
            model.model_validate({**sent, "unknown": 1})


@pytest.mark.parametrize("later", ["given['count'] = 5", "given.pop('count')", "renamed(given)"])
def test_what_is_changed_after_its_check_was_checked(tmp_path: Path, later: str) -> None:
    text = (COUNTED % "pass").replace('given["later"] = 1', later)
    model = request_model(converted(tmp_path, VALIDATOR + text))
    assert model.model_fields["prompt"].is_required()
    with pytest.raises(ValidationError):
        model.model_validate({"prompt": "a", "count": "many"})
