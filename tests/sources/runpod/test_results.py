"""What a handler answers, read from its returns: keys, kinds, errors, files."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.ir import OutputSchema
from converters.sources.runpod.results import output_schema, results
from tests.python.code import code, module


def schema(folder: Path, main: str) -> OutputSchema:
    project = code(folder, main=main)
    found = module(project)
    return output_schema(results(project, found, found.functions["handler"]))


FIELDS = [
    pytest.param("return {'a': 'x', 'n': len(job)}", {"a": "str", "n": "int"}, id="a dict"),
    pytest.param("if job:\n        return {'a': 'x'}\n    return {'a': 'y', 'b': 1}", {"a": "str", "b": "int | None"}, id="two dicts"),
    pytest.param("made = {'a': 1}\n    made['b'] = 2\n    return made", {"a": "int", "b": "int | None"}, id="a key that is added"),
    pytest.param("return {'a': 1} if job else {'a': 'x'}", {"a": "int | str"}, id="a condition"),
    pytest.param("return other(job)", {"z": "bool"}, id="of another function"),
    pytest.param("if not job:\n        return {'error': 'none'}\n    return {'a': f'{job}'}", {"a": "str"}, id="beside an error"),
    pytest.param("return {'a': make(job), 'b': [1], 'c': {'d': 1}}", {"a": "Any", "b": "list[Any]", "c": "dict[str, Any]"}, id="kinds"),
]  # fmt: skip
OTHER = "\n\ndef other(job):\n    return {'z': True}\n"


@pytest.mark.parametrize(("body", "expected"), FIELDS)
def test_the_keys_of_results_are_fields(tmp_path: Path, body: str, expected: dict[str, str]) -> None:
    made = schema(tmp_path, f"def handler(job):\n    {body}\n{OTHER}")
    assert {field.name: field.annotation + (" | None" if field.optional else "") for field in made.fields} == expected
    assert not made.opaque and made.annotation == "Output"


PLAIN = [("return 'a'", "str"), ("return [1]", "list[Any]"), ("return None", "None"), ("pass", "None"), ("return 1 if job else 'a'", "int | str")]  # fmt: skip


@pytest.mark.parametrize(("body", "annotation"), PLAIN)
def test_a_result_that_is_no_dict_has_its_own_kind(tmp_path: Path, body: str, annotation: str) -> None:
    assert schema(tmp_path, f"def handler(job):\n    {body}\n").annotation == annotation


OPAQUE = [
    "return make(job)",
    "return {**job}",
    "made = {}\n    made.update(job)\n    return made",
    "return {job['k']: 1}",
    "made, other = job\n    return made",
]


@pytest.mark.parametrize("body", OPAQUE)
def test_a_result_that_only_runs_tell_is_looked_at_when_it_comes(tmp_path: Path, body: str) -> None:
    made = schema(tmp_path, f"def handler(job):\n    {body}\n")
    assert made.opaque and made.annotation == "Any"


def test_a_decorator_that_may_exchange_the_result_makes_it_unknown(tmp_path: Path) -> None:
    assert schema(tmp_path, "def handler(job):\n    return {'a': 1}\n").opaque is False
    assert schema(tmp_path, "@wrap\ndef handler(job):\n    return {'a': 1}\n").opaque is True
    assert schema(tmp_path, "import torch\n@torch.inference_mode()\ndef handler(job):\n    return {'a': 1}\n").opaque is False


FLAGS = [
    ("return {'error': 'x'}", True, False),
    ("return {'error': 'x', 'refresh_worker': True}", True, True),
    ("made = {'a': 1}\n    made['refresh_worker'] = True\n    return made", False, True),
    ("return {'errors': ['x']}", False, False),
    ("return {'status': 'error'}", False, False),
]


@pytest.mark.parametrize(("body", "errors", "refresh"), FLAGS)
def test_what_runpod_reads_from_a_result_is_known(tmp_path: Path, body: str, errors: bool, refresh: bool) -> None:
    made = schema(tmp_path, f"def handler(job):\n    {body}\n")
    assert (made.errors, made.refresh) == (errors, refresh)
    assert "refresh_worker" not in [field.name for field in made.fields]


FILES = [
    pytest.param("image.save('/tmp/a.png')\n    return {'path': '/tmp/a.png'}", "image", id="a constant"),
    pytest.param("path = f'/tmp/{job}.mp4'\n    export_to_video(job, path)\n    return {'path': path}", "video", id="a name"),
    pytest.param("with open('/tmp/a.bin', 'wb') as file:\n        file.write(b'')\n    return {'path': '/tmp/a.bin'}", "file", id="an open file"),
    pytest.param("return {'path': '/tmp/a.png'}", None, id="a file that nobody writes"),
    pytest.param("image.save('/tmp/a.png')\n    return {'path': 'https://example.com/a.png'}", None, id="an address"),
    pytest.param("open('/tmp/a.txt').read()\n    return {'path': '/tmp/a.txt'}", None, id="a file that is read"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "media"), FILES)
def test_a_file_that_the_handler_writes_is_told_from_text(tmp_path: Path, body: str, media: str | None) -> None:
    (field,) = schema(tmp_path, f"def handler(job):\n    {body}\n").fields
    assert field.media == media
