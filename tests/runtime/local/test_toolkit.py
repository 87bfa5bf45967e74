"""Files and values of fal.toolkit, in programs and in apps: kept on this machine."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from .conftest import Running

FILES = """
    import json
    import tempfile
    import PIL.Image
    from pathlib import Path
    from fal.toolkit import File, Image, KVStore
    store = KVStore("numbers")
    store.set("one", "1", ttl=60)
    answers = [store.get("one"), store.get("two")]
    for repository in ("fal_v3", "fal", "cdn"):
        answers.append(File.from_bytes(b"abc", file_name="a.txt", repository=repository).url)
    answers.append(Image.from_pil(PIL.Image.new("RGB", (2, 2)), repository="fal").url)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a-file").write_bytes(b"abc")
        answers.append(File.from_path(f"{folder}/a-file").url)
"""


def check_files(answers: list[Any], port: str) -> None:
    assert answers[:2] == ["1", None]
    assert [url.partition("/files/")[0] for url in answers[2:]] == [f"http://127.0.0.1:{port}"] * 5


@pytest.mark.whole
def test_files_and_values_of_the_toolkit(fal: Running) -> None:
    pytest.importorskip("PIL")
    check_files(fal.python(textwrap.dedent(FILES) + "print(json.dumps(answers))"), fal.port)


def test_files_and_values_of_the_toolkit_in_an_app(fal: Running) -> None:
    pytest.importorskip("PIL")
    check_files(fal.in_app(textwrap.dedent(FILES) + "return answers"), fal.port)
