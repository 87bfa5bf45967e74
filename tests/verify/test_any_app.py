"""Any app of fal is held against a source: by its own names, and with fal's own media types where the source has paths and texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.commands.verify import Request, certified
from converters.convert import convert
from converters.errors import MigrateError
from converters.ir import App
from converters.options import Options
from converters.outcome import Converted
from converters.verify.candidate import candidates
from converters.verify.certificate import Certificate
from tests.needs import needs
from tests.verify.made import FIXTURES

needs("runpod", "cog")

#: Text to image as fal's guide to RunPod writes it, under names of its own.
PAINTER = """
import fal
from fal.toolkit import Image
from pydantic import BaseModel, Field


class TextToImageInput(BaseModel):
    prompt: str = Field(description="What to paint")


class TextToImageOutput(BaseModel):
    image: Image


class StableDiffusion(fal.App, keep_alive=300, name="my-painter"):
    machine_type = "GPU-H100"
    requirements = ["torch", "diffusers"]

    def setup(self):
        import torch
        from diffusers import StableDiffusionXLPipeline

        name = "stabilityai/stable-diffusion-xl-base-1.0"
        self.pipe = StableDiffusionXLPipeline.from_pretrained(name, torch_dtype=torch.float16).to("cuda")

    @fal.endpoint("/")
    def generate(self, request: TextToImageInput) -> TextToImageOutput:
        image = self.pipe(request.prompt).images[0]
        return TextToImageOutput(image=Image.from_pil(image))
"""
FROM_PATH = PAINTER.replace(
    "return TextToImageOutput(image=Image.from_pil(image))",
    'image.save("/tmp/other.png")\n        return TextToImageOutput(image=Image.from_path("/tmp/other.png"))',
)
FROM_BYTES = PAINTER.replace("import fal\n", "import io\n\nimport fal\n", 1).replace(
    "return TextToImageOutput(image=Image.from_pil(image))",
    'buffer = io.BytesIO()\n        image.save(buffer, format="PNG")\n'
    '        return TextToImageOutput(image=Image.from_bytes(buffer.getvalue(), "png"))',
)
#: Fields of other names on both sides, a picture that is downloaded by fal's toolkit, and one that the source answers as base64.
TRACER_SOURCE = """
import base64
import io

import requests
import runpod
from PIL import Image
from tracer import Tracer

model = Tracer.load("small")


def handler(job):
    data = job["input"]
    picture = Image.open(io.BytesIO(requests.get(data["image_url"], timeout=30).content)).convert("RGB")
    buffer = io.BytesIO()
    model.trace(picture, strength=data.get("strength", 0.5)).save(buffer, format="PNG")
    return {"image_base64": base64.b64encode(buffer.getvalue()).decode()}


runpod.serverless.start({"handler": handler})
"""
TRACER = """
import fal
from fal.toolkit import Image
from pydantic import BaseModel


class Input(BaseModel):
    image: Image
    strength: float = 0.5


class Output(BaseModel):
    drawing: Image


class Tracing(fal.App):
    def setup(self):
        from tracer import Tracer

        self.model = Tracer.load("small")

    @fal.endpoint("/trace")
    def trace(self, input: Input) -> Output:
        return Output(drawing=Image.from_pil(self.model.trace(input.image.to_pil(), strength=input.strength)))
"""
RENAMED = "input.image_url=image  # fal's own type\noutput.image_base64=drawing\n"


def _judged(folder: Path, source: Path, app: str, contract: str) -> Certificate:
    (folder / "painting").mkdir(parents=True)
    (folder / "painting" / "app.py").write_text(app)
    (folder / "contract.txt").write_text(contract)
    outcome = convert(source, Options())
    assert isinstance(outcome, Converted), outcome
    request = Request(source, contract=folder / "contract.txt" if contract else None, source_sdk="own", seconds=8)
    (found,) = certified(request, outcome, folder / "painting" / "app.py", folder / "scratch")
    return found


def _tracer(folder: Path) -> Path:
    source = folder / "tracer-worker"
    source.mkdir()
    (source / "handler.py").write_text(TRACER_SOURCE)
    (source / "requirements.txt").write_text("runpod\nrequests\npillow\ntracer\n")
    return source


@pytest.mark.parametrize(
    ("app", "contract", "verdict", "why"),
    [
        pytest.param(PAINTER, "image_path=image", "equivalent", "", id="as the guide writes it"),
        pytest.param(FROM_PATH, "image_path=image", "equivalent", "", id="a file of another name", marks=pytest.mark.whole),
        pytest.param(FROM_BYTES, "image_path=image", "equivalent", "", id="bytes of a buffer", marks=pytest.mark.whole),
        pytest.param(PAINTER, "", "different", "$.image", id="a field of another name that nothing states", marks=pytest.mark.whole),
        pytest.param(PAINTER.replace("images[0]", "images[1]"), "image_path=image", "different", "$.image_path", id="another picture", marks=pytest.mark.whole),
        pytest.param(
            PAINTER.replace("self.pipe(request.prompt)", "self.pipe(request.prompt.upper())"),
            "image_path=image",
            "different",
            "calls[0]",
            id="another argument",
            marks=pytest.mark.whole,
        ),
    ],
)  # fmt: skip
@pytest.mark.whole
def test_an_app_that_a_person_wrote_is_judged_by_what_it_does(
    tmp_path: Path, scratch: Path, app: str, contract: str, verdict: str, why: str
) -> None:
    found = _judged(tmp_path, FIXTURES / "runpod" / "sdxl", app, contract)
    assert found.verdict == verdict, found.why
    assert why in found.why or any(one.path.startswith(why) for trial in found.trials for one in trial.differences), found.why


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ("", "", "equivalent"),
        pytest.param("strength: float = 0.5", "strength: float = 0.6", "different", id="another default", marks=pytest.mark.whole),
        pytest.param(
            "strength=input.strength)",
            "strength=input.strength.lost)",
            "different",
            id="an error of the app's own",
            marks=pytest.mark.whole,
        ),
    ],
)
@pytest.mark.whole
def test_pictures_pass_through_fal_s_toolkit(tmp_path: Path, scratch: Path, old: str, new: str, verdict: str) -> None:
    found = _judged(tmp_path, _tracer(tmp_path), TRACER.replace(old, new) if old else TRACER, RENAMED)
    assert found.verdict == verdict, [
        found.why,
        *((trial.about, trial.body, trial.differences) for trial in found.trials if not trial.same),
    ]
    assert any(trial.reached for trial in found.trials) != ("lost" in new)
    told = {trial.target.traceback[-1] for trial in found.trials if trial.target.traceback}
    assert told == ({"AttributeError: 'float' object has no attribute 'lost'"} if "lost" in new else set())


TAGGER_SOURCE = """
import runpod


def handler(job):
    data = job["input"]
    return {"text": data["text"].strip(), "tags": [tag.upper() for tag in data.get("tags"DEFAULT)]}


runpod.serverless.start({"handler": handler})
"""
TAGGER = """
import fal
from pydantic import BaseModel


class Body(BaseModel):
    text: str
    tags: list[str]DEFAULT


class Tagger(fal.App):
    @fal.endpoint("/")
    def run(self, body: Body) -> dict:
        return {"text": body.text.strip(), "tags": [tag.upper() for tag in body.tags]}
"""


@pytest.mark.whole
@pytest.mark.parametrize(
    ("read", "declared", "app", "verdict"),
    [
        pytest.param(", []", " = []", TAGGER, "equivalent", id="a list whose items are declared"),
        pytest.param("", "", TAGGER, "equivalent", id="demanded where the source fails without it"),
        pytest.param(", []", "", TAGGER, "different", id="demanded where the source does without it"),
        pytest.param(
            ", []", " = []", TAGGER.replace("tag.upper() for", "tag.lower() for"), "different", id="another item, of an optional list"
        ),
    ],
)
def test_a_list_may_be_declared_as_the_source_takes_it(
    tmp_path: Path, scratch: Path, read: str, declared: str, app: str, verdict: str
) -> None:
    source = tmp_path / "tagger-worker"
    source.mkdir()
    (source / "handler.py").write_text(TAGGER_SOURCE.replace("DEFAULT", read))
    (source / "requirements.txt").write_text("runpod\n")
    assert (found := _judged(tmp_path, source, app.replace("DEFAULT", declared), "")).verdict == verdict, found.why


COG = PAINTER.replace(
    'Field(description="What to paint")', 'Field(description="Text prompt")\n    steps: int = Field(default=30, ge=1, le=100)'
).replace("self.pipe(request.prompt)", "self.pipe(request.prompt, num_inference_steps=request.steps)")


@pytest.mark.whole
@pytest.mark.parametrize(
    ("app", "verdict"),
    [
        pytest.param(COG, "equivalent", id="as the guide writes it"),
        pytest.param(COG.replace("default=30", "default=28"), "different", id="another default"),
        pytest.param(COG.replace(", num_inference_steps=request.steps", ""), "different", id="an argument left out"),
    ],
)
def test_an_output_of_cog_has_the_name_that_the_contract_states(tmp_path: Path, scratch: Path, app: str, verdict: str) -> None:
    found = _judged(tmp_path, FIXTURES / "replicate" / "sdxl", app, "output=image")
    assert found.verdict == verdict, found.why


TABLE = '[tool.fal.apps.{}]\nref = "app.py::StableDiffusion"\n'
SECOND = PAINTER + "\n\nclass Second(fal.App):\n    pass\n"


@pytest.mark.parametrize(
    ("files", "target", "named", "expected"),
    [
        ({"app.py": PAINTER}, "app.py", "", ("my-painter", "app.py")),
        ({"app.py": SECOND}, "app.py::Second", "", ("second", "app.py")),
        ({"app.py": PAINTER}, "", "", ("my-painter", "app.py")),
        ({"src/paint.py": PAINTER}, "", "", ("my-painter", "src/paint.py")),
        ({"app.py": SECOND}, "", "Second", ("Second", "app.py")),
        ({"app.py": PAINTER, "pyproject.toml": TABLE.format("anything")}, "", "", ("anything", "app.py")),
        ({"app.py": PAINTER, "pyproject.toml": TABLE.format("one") + TABLE.format("two")}, "", "two", ("two", "app.py")),
        ({"app.py": PAINTER, "pyproject.toml": TABLE.format("sdxl") + TABLE.format("two")}, "", "", ("sdxl", "app.py")),
        ({"app.py": PAINTER, "pyproject.toml": '[project]\nname = "x"\n'}, "", "", ("my-painter", "app.py")),
    ],
)  # fmt: skip
def test_an_app_is_found_wherever_it_stands(
    tmp_path: Path, files: dict[str, str], target: str, named: str, expected: tuple[str, str]
) -> None:
    folder = _laid_out(tmp_path / "painting", files)
    before = {path.name for path in folder.rglob("*")}
    (found,) = candidates(folder / target if target else folder, _apps(), named=named, scratch=tmp_path / "scratch")
    assert (found.name, found.file) == expected
    assert f"[tool.fal.apps.{found.name}]" in (found.folder / "pyproject.toml").read_text()
    assert {path.name for path in folder.rglob("*")} == before


@pytest.mark.parametrize(
    ("files", "target", "named", "said"),
    [
        ({"app.py": SECOND}, "", "", "holds 2 apps. Name one: app.py::Second, app.py::StableDiffusion."),
        ({"app.py": "import fal\n"}, "", "", "holds no fal app."),
        ({"app.py": PAINTER}, "missing.py", "", "does not exist."),
        ({"app.txt": PAINTER}, "app.txt", "", "is no fal app."),
        ({"app.py": PAINTER, "pyproject.toml": TABLE.format("one") + TABLE.format("two")}, "", "", "say which with --app NAME."),
        ({"app.py": PAINTER, "pyproject.toml": TABLE.format("one")}, "", "two", "--app two: there is no such app. It has one."),
        ({"app.py": PAINTER, "pyproject.toml": "[tool"}, "", "", "cannot be read"),
    ],
)  # fmt: skip
def test_what_is_no_single_app_is_said(tmp_path: Path, files: dict[str, str], target: str, named: str, said: str) -> None:
    folder = _laid_out(tmp_path / "painting", files)
    with pytest.raises(MigrateError) as refused:
        candidates(folder / target if target else folder, _apps(), named=named, scratch=tmp_path / "scratch")
    assert said in str(refused.value)


def _apps() -> list[App]:
    outcome = convert(FIXTURES / "runpod" / "sdxl", Options())
    assert isinstance(outcome, Converted)
    return outcome.application.apps


def _laid_out(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder
