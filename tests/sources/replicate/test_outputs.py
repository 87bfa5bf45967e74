"""Outputs of a predictor: files by what the code writes, models, streams, and annotations that the body contradicts."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.outcome import Converted
from tests.sources.replicate.project import app, converted, items, manual, text, write

HEAD = "from typing import *\nimport tempfile\nfrom cog import BaseModel, BasePredictor, ConcatenateIterator, Input, Path\n"


def outcome_of(tmp_path: Path, signature: str, body: str, before: str = "") -> Converted:
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    return converted(write(tmp_path / "p", f"{HEAD}{before}\n\nclass Predictor(BasePredictor):\n    {signature}\n{lines}"))


@pytest.mark.parametrize(
    ("returns", "body", "field"),
    [
        pytest.param("Path", "return Path('/tmp/a.png')", "image: Image", id="a picture"),
        pytest.param("Path", "p = tempfile.mkdtemp() + '/v.mp4'\nreturn Path(p)", "video: Video", id="a video by way of a name"),
        pytest.param("Path", "return Path('x.wav')", "audio: Audio", id="sound"),
        pytest.param("Path", "return Path('x.zip')", "file: File", id="an archive"),
        pytest.param("Path", "return Path(a)", "file: File", id="nothing says what it is"),
        pytest.param("Path", "if a:\n    return None\nreturn Path('a.png')", "image: Image | None = None", id="nothing, sometimes"),
        pytest.param("List[Path]", "return [Path(f'{i}.png') for i in range(3)]", "images: list[Image]", id="pictures"),
        pytest.param("str", "return a", "output: str", id="text"),
        pytest.param("dict", "return {}", "output: dict[str, Any]", id="a mapping"),
        pytest.param("List[List[float]]", "return []", "output: list[list[float]]", id="numbers"),
        pytest.param("Any", "return a", "output: Any", id="anything"),
    ],
)
def test_a_result_is_a_field_of_output(tmp_path: Path, returns: str, body: str, field: str) -> None:
    outcome = outcome_of(tmp_path, f"def predict(self, a: str) -> {returns}:", body)
    assert f"class Output(BaseModel):\n    {field}\n" in text(outcome, "app.py")
    assert not manual(outcome)


def test_choices_of_an_input_tell_what_is_written(tmp_path: Path) -> None:
    outcome = outcome_of(tmp_path, "def predict(self, fmt: str = Input(choices=['webp', 'png'])) -> Path:", "return Path(f'out.{fmt}')")
    assert "image: Image" in text(outcome, "app.py")


def test_a_model_keeps_its_fields_and_may_leave_optional_ones_out(tmp_path: Path) -> None:
    before = "class Output(BaseModel):\n    text: str\n    extra: Optional[str]\n    file: Optional[Path]\n"
    outcome = outcome_of(tmp_path, "def predict(self, a: str) -> Output:", "return Output(text=a)", before)
    assert "    text: str\n    extra: str | None = None\n    file: File | None = None\n" in text(outcome, "app.py")
    assert "class Output(BaseModel):\n    text: str\n    extra: Optional[str] = None\n" in text(outcome, "predict.py")


@pytest.mark.parametrize("returns", ["Iterator[str]", "ConcatenateIterator[str]", "Generator[str, None, None]"])
def test_an_iterator_is_a_stream_and_a_list(tmp_path: Path, returns: str) -> None:
    outcome = outcome_of(tmp_path, f"def predict(self, a: str) -> {returns}:", "yield a")
    made = text(outcome, "app.py")
    assert '@fal.endpoint("/stream")' in made
    assert "output: list[str]" in made
    assert 'media_type="text/event-stream"' in made


def test_the_body_wins_over_the_annotation(tmp_path: Path) -> None:
    outcome = outcome_of(tmp_path, "def predict(self, a: str) -> List[Path]:", "yield Path('a.png')")
    assert app(outcome).predictor.kind == "generator"
    assert "yields" in items(outcome, "RC015")[0].message


def test_an_async_generator_with_a_synchronous_annotation_is_async(tmp_path: Path) -> None:
    outcome = outcome_of(tmp_path, "async def predict(self, a: str) -> ConcatenateIterator[str]:", "yield a")
    assert "async for value in self.predictor.predict" in text(outcome, "app.py")
    assert items(outcome, "RC015")


def test_an_agreeing_annotation_is_no_remark(tmp_path: Path) -> None:
    assert not items(outcome_of(tmp_path, "def predict(self, a: str) -> str:", "return a"), "RC015")
