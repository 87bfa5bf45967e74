"""Every row of the RunPod page of fal's migration guide is covered by a rule and shown by a case or a fixture."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted
from converters.rules import Case, find
from tests.rules.projects import run

FIXTURES = Path(__file__).parents[2] / "fixtures/runpod"
ENDPOINT = "scaling, machine and limits of an exported endpoint are written"

SHOWN = [
    (1, "handler(job) -> @fal.endpoint", "RP003", "the keys that the handler reads become fields of the input", '@fal.endpoint("/")'),
    (2, "runpod.serverless.start -> class MyApp(fal.App)", "RP002", "a start call at module level is taken out", "class Worker(fal.App"),
    (
        3,
        'job["input"] -> Pydantic Input model',
        "RP003",
        "the keys that the handler reads become fields of the input",
        "class Input(BaseModel):",
    ),
    (4, "return result -> return Output", "RP003", "the keys that the handler reads become fields of the input", "-> Output:"),
    (5, "yield -> StreamingResponse", "RP006", "an aggregated generator answers with the list and streams", "StreamingResponse("),
    (6, "module-level model loading -> setup()", "RP005", "a block that loads a model becomes a function", "def setup(self):"),
    (7, "refresh_worker -> x-fal-stop-runner", "RP007", "refresh_worker in the configuration retires every runner", "x-fal-stop-runner"),
    (9, "Dockerfile -> requirements", "DK002", "packages and requirement files are listed with their pins", "requirements = ["),
    (9, "Dockerfile -> ContainerImage", "DK005", "a Dockerfile with a system package stays", "ContainerImage.from_dockerfile("),
    (14, "max workers -> max_concurrency", "RP051", ENDPOINT, "max_concurrency = 5"),
    (15, "min workers -> min_concurrency", "RP051", ENDPOINT, "min_concurrency = 1"),
    (16, "idle timeout -> keep_alive", "RP051", ENDPOINT, "keep_alive = 0"),
    (17, "concurrency per worker -> max_multiplexing", "RP010", "a constant number is written", "max_multiplexing = 4"),
]
IN_OTHER_FILES = [
    (11, "/run -> fal_client.submit()", "CL002", "a job that is submitted and asked for becomes a handle", "client.py", "fal_client.submit("),
    (12, "/runsync -> fal_client.subscribe()", "CL001", "a call that waits becomes subscribe", "client.py", "fal_client.subscribe("),
    (13, "/stream -> fal_client.stream()", "CL003", "a job that is only streamed becomes a stream", "client.py", "fal_client.stream("),
    (8, "progress_update() -> print()", "RP008", "a progress report is printed", "handler.py", 'print("half way")'),
    (10, "Docker Hub deployment -> fal deploy", "FAL001", "an app can be deployed by its name", "MIGRATION.md", "fal deploy worker"),
    (18, "network volumes -> /data", "FS001", "paths on the volume move below data", "handler.py", '"/data/worker/models"'),
    (19, "environment variables -> fal secrets set", "ENV004", "a token that the code reads is listed with its command", "MIGRATION.md", "fal secrets set HF_TOKEN="),
]  # fmt: skip


def case_of(code: str, name: str) -> Case:
    rule = find(code)
    assert rule is not None
    return next(case for case in rule.cases if case.id == name)


@pytest.mark.parametrize(("row", "what", "code", "name", "text"), SHOWN, ids=[f"row {row[0]}: {row[1]}" for row in SHOWN])
def test_a_row_of_the_guide_is_shown_in_the_app_file(tmp_path: Path, row: int, what: str, code: str, name: str, text: str) -> None:
    assert text in run(tmp_path, case_of(code, name)).texts["app.py"], what


@pytest.mark.parametrize(
    ("row", "what", "code", "name", "path", "text"), IN_OTHER_FILES, ids=[f"row {row[0]}: {row[1]}" for row in IN_OTHER_FILES]
)
def test_a_row_of_the_guide_is_shown_in_another_file(
    tmp_path: Path, row: int, what: str, code: str, name: str, path: str, text: str
) -> None:
    assert text in run(tmp_path, case_of(code, name)).texts[path], what


def test_every_row_is_shown() -> None:
    assert {row[0] for row in SHOWN} | {row[0] for row in IN_OTHER_FILES} == set(range(1, 20))


def test_every_shown_row_is_named_by_its_rule() -> None:
    for row, _, code, *_ in [*SHOWN, *IN_OTHER_FILES]:
        rule = find(code)
        assert rule is not None and f"RunPod {row}" in rule.guide, (row, code)


@pytest.mark.parametrize(
    ("row", "code", "name", "text"),
    [
        (8, "CL010", "a model that is run becomes a request that is waited for", "fal_client.subscribe("),
        (9, "CL014", "a webhook of a prediction becomes an option of the call", "webhook_url="),
    ],
)
def test_a_row_of_the_replicate_page_about_callers_is_shown(tmp_path: Path, row: int, code: str, name: str, text: str) -> None:
    rule = find(code)
    assert rule is not None and f"Replicate {row}" in rule.guide
    assert text in run(tmp_path, case_of(code, name)).texts["client.py"]


def test_the_example_of_the_guide_reads_like_the_guide() -> None:
    """Rows 1 to 4, 6 and 9 together: the guide's own worker, a fixture, in native style."""
    outcome = convert(FIXTURES / "sdxl", Options())
    assert isinstance(outcome, Converted)
    app = next(change.data.decode() for change in outcome.files if change.path == "app.py" and change.data)
    for text in ("class Input(BaseModel):", "prompt: str", "def setup(self):", "self.model = StableDiffusionXLPipeline.from_pretrained("):
        assert text in app
    for text in ('@fal.endpoint("/")', "requirements = [", "torch==2.1.0"):
        assert text in app
    assert "import runpod" not in app and "serverless.start" not in app
