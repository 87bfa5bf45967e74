"""The app file of a worker that is kept: its model, its answers and what `setup()` calls."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from converters.convert import convert
from converters.ir import InputField, OutputField
from converters.options import Options
from converters.outcome import Converted
from converters.targets.app import SHADOWED, field_name, field_names

VALIDATE = "from runpod.serverless.utils.rp_validator import validate\n"
CHECKED = "    checked = validate(given, SCHEMA)\n    if 'errors' in checked:\n        return {'error': checked['errors']}\n    return checked['validated_input']\n"
SCHEMA = "SCHEMA = {'n': {'type': int, 'required': True}}\n"


def app_file(folder: Path, handler: str, options: str = "", entry: str = "handler.py") -> str:
    (folder / entry).write_text(f"import runpod\n{handler}\nrunpod.serverless.start({{'handler': handler{options}}})\n")
    outcome = convert(folder, Options(style="keep"))
    assert isinstance(outcome, Converted), outcome
    (app,) = outcome.application.apps
    (data,) = [change.data for change in outcome.files if change.path == app.app_file]
    assert data is not None
    ast.parse(data)
    return data.decode()


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ("worker.py", "        import worker  # loads"),
        ("match.py", "        import match  # loads"),
        ("my-worker.py", '        worker = importlib.import_module("my-worker")  # loads'),
        ("class.py", '        worker = importlib.import_module("class")  # loads'),
        ("True.py", '        worker = importlib.import_module("True")  # loads'),
    ],
)
def test_a_worker_is_imported_by_a_statement_that_can_name_it(tmp_path: Path, entry: str, line: str) -> None:
    assert line in app_file(tmp_path, "def handler(job):\n    return {}\n", entry=entry)


@pytest.mark.parametrize("name", ["prompt", "model_id", "num_steps", "naïve", "input", "self", "x1"])
def test_a_plain_key_is_the_name_of_its_field(name: str) -> None:
    assert field_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "max-tokens",
        "class",
        "",
        "9lives",
        "_private",
        "None",
        "with space",
        "model_config",
        "model_dump",
        "model_dump_json",
        *sorted(SHADOWED),
    ],
)
def test_another_key_gets_a_safe_name(name: str) -> None:
    made = field_name(name)
    assert made != name and made.isidentifier() and not made.startswith("_") and made not in SHADOWED
    assert field_name(made) == made


def test_two_keys_never_share_a_field() -> None:
    keys = ["max-tokens", "max_tokens", "max.tokens", "max_tokens_", "", "field"]
    names = field_names([OutputField(name=key, annotation="Any") for key in keys])
    assert len(set(names.values())) == len(keys)
    assert names["max_tokens"] == "max_tokens" and names["field"] == "field"
    assert field_names([InputField(name="a", annotation="int", required=True)]) == {"a": "a"}


@pytest.mark.parametrize(
    ("handler", "extra"),
    [
        pytest.param(
            f"{VALIDATE}{SCHEMA}def handler(job):\n    given = job['input']\n{CHECKED}", "forbid", id="a schema that is read whole"
        ),
        pytest.param(
            f"{VALIDATE}{SCHEMA}SCHEMA[make()] = {{}}\ndef handler(job):\n    given = job['input']\n{CHECKED}",
            "allow",
            id="a schema that grows by an item",
        ),
        pytest.param(
            f"{VALIDATE}{SCHEMA}SCHEMA.update(x)\ndef handler(job):\n    given = job['input']\n{CHECKED}",
            "allow",
            id="a schema that is updated",
        ),
        pytest.param(
            f"{VALIDATE}{SCHEMA}def handler(job):\n    given = job['input']\n    given.pop('m', 0)\n{CHECKED}",
            "forbid",
            id="a key that goes before the check",
        ),
        pytest.param(
            f"{VALIDATE}{SCHEMA}def handler(job):\n    given = job['input']\n    given['n'] = int(given['n'])\n{CHECKED}",
            "forbid",
            id="a key that is changed before the check",
        ),
        pytest.param(
            f"{VALIDATE}{SCHEMA}def handler(job):\n    given = job['input']\n    given.update(make())\n{CHECKED}",
            "allow",
            id="keys that only running code tells are changed before the check",
        ),
        pytest.param(
            f"{VALIDATE}{SCHEMA}OTHER = {{}}\nOTHER['m'] = 1\ndef handler(job):\n    given = job['input']\n{CHECKED}",
            "forbid",
            id="another dict that grows",
        ),
        pytest.param("def handler(job):\n    return job['input'].get('n')\n", "allow", id="no schema"),
    ],
)
def test_unknown_keys_are_refused_only_where_the_worker_refused_them(tmp_path: Path, handler: str, extra: str) -> None:
    assert f'extra="{extra}"' in app_file(tmp_path, handler)


@pytest.mark.parametrize(
    ("handler", "options", "retires"),
    [
        pytest.param("def handler(job):\n    return {'a': 1}\n", "", False, id="a plain result"),
        pytest.param("def handler(job):\n    return {'a': 1, 'refresh': True}\n", "", False, id="a key of a similar name"),
        pytest.param("def handler(job):\n    yield 1\n", ", 'return_aggregate_stream': True", False, id="a plain stream"),
        pytest.param("def handler(job):\n    yield {'refresh_worker': True}\n", "", False, id="a yielded flag, which RunPod does not read"),
        pytest.param("def handler(job):\n    return {'a': 1}\n", ", 'refresh_worker': False", False, id="the option turned off"),
        pytest.param(
            "import functools\n@functools.lru_cache\ndef handler(job):\n    return {'a': 1}\n",
            "",
            True,
            id="a decorator that may exchange the result",
        ),
        pytest.param("def handler(job):\n    return {'a': 1, 'refresh_worker': True}\n", "", True, id="a returned flag"),
        pytest.param("def handler(job):\n    return {'a': 1}\n", ", 'refresh_worker': True", True, id="the option"),
        pytest.param("def handler(job):\n    yield 1\n", ", 'refresh_worker': True", True, id="the option with a stream"),
        pytest.param(
            "async def handler(job):\n    yield 1\n",
            ", **{'refresh_worker': True}",
            True,
            id="the option spread in, with an asynchronous stream",
        ),
    ],
)
def test_runners_retire_where_workers_did(tmp_path: Path, handler: str, options: str, retires: bool) -> None:
    assert ("x-fal-stop-runner" in app_file(tmp_path, handler, options)) is retires


@pytest.mark.parametrize(
    ("option", "rule"),
    [("'refresh_worker': FLAG", "RP007"), ("'return_aggregate_stream': FLAG", "RP006")],
    ids=["whether to retire", "whether to aggregate"],
)
@pytest.mark.parametrize(("flag", "asked"), [("True", False), ("None", False), ("make()", True)], ids=["a constant", "nothing", "a call"])
def test_an_option_that_depends_on_running_code_is_left_to_a_person(tmp_path: Path, option: str, rule: str, flag: str, asked: bool) -> None:
    (tmp_path / "handler.py").write_text(
        f"import runpod\nFLAG = {flag}\ndef handler(job):\n    yield 1\nrunpod.serverless.start({{'handler': handler, {option}}})\n"
    )
    outcome = convert(tmp_path, Options())
    assert isinstance(outcome, Converted), outcome
    assert (rule in {item.rule for item in outcome.ledger.open_code_items()}) is asked
