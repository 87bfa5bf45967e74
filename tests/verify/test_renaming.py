"""What a contract file says, and what becomes of requests and answers by it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from converters.errors import Unreadable
from converters.verify.outcome import File, LocalPath, Outcome
from converters.verify.renaming import Renaming, read

PICTURE = File(b"\x89PNG picture", "image/png")
ENCODED = base64.b64encode(PICTURE.data).decode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("image_path=image\n", Renaming("", {"image_path": "image"}, {"image_path": "image"})),
        ("input.image = image_url # a comment\noutput.image=picture\n", Renaming("", {"image": "image_url"}, {"image": "picture"})),
        ("/generate\n\n# nothing else\n", Renaming("/generate", {}, {})),
        ("inputs.text=prompt\n", Renaming("", {"inputs.text": "prompt"}, {"inputs.text": "prompt"})),
        ('{"path": "/x", "input": {"a": "b"}, "output": {"c": "d"}, "version": 1}', Renaming("/x", {"a": "b"}, {"c": "d"})),
        ("", Renaming()),
    ],
)
def test_a_contract_is_pairs_or_a_document(tmp_path: Path, text: str, expected: Renaming) -> None:
    (tmp_path / "contract").write_text(text)
    assert read(tmp_path / "contract") == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image_path\n", "contract:1: 'image_path' is no pair of fields."),
        ("a=b\na=\n", "contract:2: 'a=' is no pair of fields."),
        ("a=b\na=c\n", "contract:2: 'a=c' is no pair of fields."),
        ("{", "is no contract."),
        ('{"input": 1}', "is no contract."),
        (None, "cannot be read: No such file or directory."),
    ],
)
def test_what_is_no_contract_is_told_with_its_line(tmp_path: Path, text: str | None, said: str) -> None:
    if text is not None:
        (tmp_path / "contract").write_text(text)
    with pytest.raises(Unreadable) as refused:
        read(tmp_path / "contract")
    assert said in str(refused.value)


def test_requests_and_answers_bear_each_side_s_names() -> None:
    renaming = Renaming("", {"image": "image_url"}, {"image_path": "image"})
    assert renaming.asked({"image": "x", "steps": 1}) == {"image_url": "x", "steps": 1}
    assert renaming.answered({"image": PICTURE, "seed": 2}) == {"image_path": PICTURE, "seed": 2}
    assert renaming.asked(["image"]) == ["image"]
    assert renaming.answered("image") == "image"


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        pytest.param({"image": ENCODED}, {"image": PICTURE}, {"image": File(PICTURE.data)}, id="base64"),
        pytest.param({"image": f"data:image/png;base64,{ENCODED}"}, {"image": PICTURE}, {"image": File(PICTURE.data)}, id="a data URL"),
        pytest.param(ENCODED, PICTURE, File(PICTURE.data), id="the whole answer"),
        pytest.param({"image": ENCODED}, {"image": ENCODED}, {"image": ENCODED}, id="a text on both sides"),
        pytest.param({"image": "a cat"}, {"image": PICTURE}, {"image": "a cat"}, id="no base64"),
        pytest.param({"other": ENCODED}, {"other": PICTURE}, {"other": ENCODED}, id="a field that the contract does not name"),
        pytest.param({"image": LocalPath("/tmp/x", PICTURE)}, {"image": PICTURE}, {"image": LocalPath("/tmp/x", PICTURE)}, id="a path"),
    ],
)
def test_a_text_is_the_file_that_it_holds_where_the_app_answers_one(source: Any, target: Any, expected: Any) -> None:
    renaming = Renaming(output={"image": "image", "output": "image"})
    assert renaming.aligned(Outcome("result", source), Outcome("result", target)).value == expected
    failed = Outcome("error", ENCODED)
    assert renaming.aligned(failed, Outcome("result", target)) is failed
