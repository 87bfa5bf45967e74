"""Whole runs: the fixtures are equivalent to what they become, and each kind of seeded bug is found."""

from __future__ import annotations

import functools
import shutil
import types
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from converters.verify.certificate import Differing, Trial
from converters.verify.handler import HandlerStudy
from converters.verify.outcome import Fault, SideFailed
from converters.verify.requests import Request
from converters.verify.study import Study
from tests.needs import needs
from tests.verify.made import FIXTURES, Studied, digests, studied

needs("runpod", "cog")

DIFFERING = Differing(path="$", source="1", target="2")
Run = Callable[[str], Studied]
ALL = [
    *("runpod/text-tools", "runpod/story-stream", "runpod/sdxl", "runpod/upscaler", "runpod/poster-server"),
    *("replicate/blur", "replicate/tokens", "replicate/chat"),
]

VERSIONS = ("runpod/sdxl", "runpod/upscaler", "replicate/blur", "replicate/chat")
"""Those that are run under the lowest releases too."""

WHOLE = pytest.mark.whole
"""What another case shows too, of another kind or in another project."""
MARKS = {
    **dict.fromkeys(VERSIONS, (pytest.mark.versions,)),
    **dict.fromkeys(("runpod/story-stream", "replicate/tokens"), (WHOLE,)),
    "replicate/blur": (pytest.mark.versions, WHOLE),
}


@pytest.fixture(scope="module")
def run(scratch: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The study of a fixture, run when it is first asked for."""
    return functools.cache(lambda name: studied(FIXTURES / name, tmp_path_factory.mktemp("study")))


@pytest.mark.parametrize("name", [pytest.param(name, marks=MARKS.get(name, ())) for name in ALL])
@pytest.mark.whole
def test_fixtures_are_equivalent(run: Run, name: str) -> None:
    found = run(name)
    assert found.certificate.verdict == "equivalent", found.certificate.why
    assert found.certificate.proven > 0
    assert not [trial for trial in found.certificate.trials if trial.differences and not trial.narrowed]


@pytest.mark.parametrize("name", ALL)
@pytest.mark.whole
def test_neither_tree_is_written_to(run: Run, name: str) -> None:
    found = run(name)
    assert (digests(found.source), digests(found.written)) == found.before


def test_models_that_are_not_there_are_doubled_and_their_calls_compared(run: Run) -> None:
    found = run("runpod/sdxl").certificate
    assert found.doubles == ["diffusers", "torch"]
    reached = [trial for trial in found.trials if trial.reached]
    assert reached and all(trial.source.calls == trial.target.calls > 0 for trial in reached)
    assert reached[0].source.value["image_path"]["file"] == reached[0].target.value["image_path"]["file"]


@pytest.mark.parametrize("name", ["runpod/story-stream", "replicate/tokens"])
def test_streams_are_compared_chunk_by_chunk(run: Run, name: str) -> None:
    trials = [trial for trial in run(name).certificate.trials if trial.stream]
    assert any(trial.reached and len(trial.source.chunks or []) > 1 and trial.source.chunks == trial.target.chunks for trial in trials)


def test_errors_are_outcomes(run: Run) -> None:
    kinds = {(trial.source.kind, trial.target.kind) for trial in run("runpod/text-tools").certificate.trials}
    assert {("result", "result"), ("error", "error")} <= kinds


def test_what_is_not_proven_is_said(run: Run) -> None:
    assert any("--schema FILE" in text for text in run("replicate/blur").certificate.not_proven)


@pytest.mark.parametrize(("name", "file"), [("replicate/blur", "run.py"), ("replicate/tokens", "predict.py")])
def test_lines_are_traced_where_a_server_runs_them_in_threads_of_its_own(run: Run, name: str, file: str) -> None:
    (part,) = (part for part in run(name).certificate.coverage if part.file == file)
    assert part.source == part.lines
    assert not part.target  # the file has dissolved into the app's


def test_what_one_side_may_refuse_is_sent_last(run: Run) -> None:
    trials = [trial for trial in run("replicate/blur").certificate.trials if trial.kind != "shrunk"]
    own = [at for at, trial in enumerate(trials) if "file:///" in str(trial.body)]
    assert own and all(trials[at].kind == "mistyped" or at in own for at in range(own[0], len(trials)))


def test_kept_files_have_their_coverage(run: Run) -> None:
    parts = {part.file: part for part in run("runpod/text-tools").certificate.coverage}
    assert parts["stopwords.py"].source == parts["stopwords.py"].target == parts["stopwords.py"].lines
    assert 0 < parts["handler.py"].source <= parts["handler.py"].lines


SHARED = """self.texts = input.texts
        await asyncio.get_running_loop().run_in_executor(None, __import__("threading").Event().wait, 0.8)
        texts = self.texts"""


@pytest.mark.parametrize(
    ("name", "file", "old", "new", "path"),
    [
        pytest.param("runpod/text-tools", "handler.py", '"limit", 5', '"limit", 6', "$.keywords", id="a wrong default", marks=WHOLE),
        pytest.param("runpod/text-tools", "handler.py", 'get("separator", "-")', 'get("action", "-")', "$.slug", id="a swapped field", marks=WHOLE),
        pytest.param("runpod/text-tools", "handler.py", 'raise ValueError(f"unknown', 'return dict(a=f"unknown', "outcome", id="a lost error"),
        pytest.param("runpod/sdxl", "app.py", "self.model(prompt)", "self.model()", "calls[0]", id="a dropped argument"),
        pytest.param("runpod/sdxl", "app.py", "image = self.model(", "self.model('warm'); image = self.model(", "calls[0]", id="an extra call", marks=WHOLE),
        pytest.param("runpod/story-stream", "handler.py", "in range(count)", "in reversed(range(count))", "", id="a reordered stream"),
        pytest.param("runpod/upscaler", "src/app.py", "if isinstance(result, dict)", "if not isinstance(result, dict)", "outcome", id="an error that only a failing model shows"),
        pytest.param("runpod/upscaler", "src/app.py", 'os.environ.setdefault("TILE_SIZE", "512")', "pass", "variables.TILE_SIZE", id="a variable that is not set"),
        pytest.param("replicate/chat", "app.py", "asyncio.sleep(input.pause)", "asyncio.sleep(0)", "pauses", id="an argument that only changes how long it takes"),
        pytest.param("replicate/chat", "app.py", "await asyncio.sleep(input.pause)", "asyncio.sleep(input.pause)", "pauses", id="a missing await"),
        pytest.param("runpod/embeddings", "app.py", "texts = input.texts", SHARED, "$[", id="a value that requests at the same time share"),
        pytest.param("runpod/poster-server", "app.py", "        answer.raise_for_status()\n", "", "$", id="an error that only a failing service shows"),
        pytest.param("runpod/poster-server", "app.py", "X-Job", "X-Order", "calls[", id="another header to a service"),
        pytest.param("runpod/poster-server", "app.py", "timeout=60,", "", "calls[", id="no timeout for a service"),
        pytest.param("replicate/blur", "app.py", 'if kind == "data":', 'if kind != "data":', "effects", id="a file that loses its kind", marks=WHOLE),
        pytest.param("replicate/blur", "app.py", 'raise ValueError("neither', 'print("neither', "$", id="a file of the machine is read"),
    ],
)  # fmt: skip
def test_a_seeded_bug_is_found(run: Run, tmp_path: Path, name: str, file: str, old: str, new: str, path: str) -> None:
    found = run(name)
    differing = found.study.first_difference(found.with_bug(file, old, new, tmp_path))
    assert isinstance(differing, Trial), differing
    assert any(difference.path.startswith(path) for difference in differing.differences), differing.differences


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        pytest.param("runpod/sdxl", "prompt: str", "prompt: int", "the app refuses what the source takes: {\"prompt\": \"\"} ($.prompt: '' is not of type 'integer')", id="another type", marks=WHOLE),
        pytest.param("replicate/blur", "le=20", "le=10", "the app refuses what the source takes: {\"photo\": \"\", \"radius\": 11} ($.radius: 11 is greater than the maximum of 10.0)", id="a tighter bound"),
        pytest.param("replicate/tokens", 'Literal["short", "long"]', 'Literal["short"]', "the app refuses what the source takes: {\"prompt\": \"\", \"length\": \"long\"} ($.length: 'short' was expected)", id="a choice less", marks=WHOLE),
        pytest.param("replicate/tokens", "fail_after: int | None = None", "fail_after: int | None", "the app refuses what the source takes: {\"prompt\": \"\"} ($: 'fail_after' is a required property)", id="required", marks=WHOLE),
        pytest.param("replicate/tokens", "output: list[str]", "output: list[int]", "the app may answer what the source's schema does not allow: [0] ($[0]: 0 is not of type 'string')", id="another output"),
        pytest.param("replicate/chat", "pause: Number = Field(default=0.0", "pause: Number = Field(default=1.0", "the input is not the source's: pause: default 0.0 became 1.0", id="another default"),
    ],
)  # fmt: skip
def test_a_bug_in_the_schema_is_found_before_any_request(run: Run, tmp_path: Path, name: str, old: str, new: str, said: str) -> None:
    found = run(name)
    differing = found.study.first_difference(found.with_bug("app.py", old, new, tmp_path))
    assert differing == said


@pytest.mark.parametrize("name", ALL)
def test_schemas_of_fixtures_are_alike_both_ways(run: Run, name: str) -> None:
    schemas = run(name).certificate.schemas
    assert schemas is not None and schemas.source == "what the converter read in the code"
    assert (list(schemas.breaches), schemas.changed, schemas.not_proven) == ([], [], [])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param("torch_dtype=torch.float16,", "", "torch_dtype=torch.float16", id="another argument", marks=WHOLE),
        pytest.param(
            "import torch\n", "import torch\n\n        torch.set_grad_enabled(False)\n", "torch.set_grad_enabled(False)", id="one more"
        ),
    ],
)
def test_calls_while_loading_are_compared(run: Run, tmp_path: Path, old: str, new: str, said: str) -> None:
    found = run("runpod/sdxl")
    assert found.study.loaded and not found.certificate.loading
    differing = found.study.first_difference(found.with_bug("app.py", old, new, tmp_path))
    assert isinstance(differing, str) and differing.startswith("loading[0]: ") and said in differing


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param('subprocess.run(["bash", "start.sh"], check=True)', "pass", "loading[0]: 'bash' 'start.sh' became", id="left out"),
        pytest.param(", check=True", "", "a start command that fails: no worker starts became the app starts", id="starts though it fails"),
        pytest.param(
            "        self.wait_for_printer()", "        pass", "loading[1]: GET http://127.0.0.1:7070/ready", id="what it waits for"
        ),
        pytest.param('"bash", "start.sh"', '"bash", "stop.sh"', "returned non-zero exit status 127", id="another script"),
    ],
)
@WHOLE
def test_what_the_container_starts_before_the_worker_is_compared(run: Run, tmp_path: Path, old: str, new: str, said: str) -> None:
    found = run("runpod/poster-server")
    differing = found.study.first_difference(found.with_bug("app.py", old, new, tmp_path))
    assert isinstance(differing, str) and said in differing


def test_another_app_of_the_project_is_not_started(tmp_path: Path, scratch: Path) -> None:
    shutil.copytree(FIXTURES / "replicate/trainable", tmp_path / "trainable")
    train = tmp_path / "trainable" / "train.py"
    train.write_text(train.read_text() + "\nraise RuntimeError('only for training')\n")
    found = studied(tmp_path / "trainable", tmp_path, seconds=2).certificate
    assert found.verdict == "equivalent", found.why


def test_a_difference_counts_though_a_side_fails_later(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    study = replace(run("runpod/text-tools").study, trials=[], asked=[])

    def ask(self: Study, sides: object) -> None:
        self.trials.append(run("runpod/text-tools").certificate.trials[0].model_copy(update={"same": False, "differences": [DIFFERING]}))
        raise SideFailed("it is gone")

    monkeypatch.setattr(HandlerStudy, "_ask_everything", ask)
    certificate = study.run()
    assert (certificate.verdict, certificate.why.rpartition("; ")[2]) == ("different", "then it is gone")


def test_calls_fail_too_where_there_is_but_one_request(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    study = run("runpod/sdxl").study
    calls = [Fault(call=1), Fault(call=2)]
    source = types.SimpleNamespace(ran_new_lines=lambda number: number == 1, fallible_calls=lambda number: calls)
    monkeypatch.setattr(HandlerStudy, "_made", lambda self: [Request("plausible", "no fields", {})])
    monkeypatch.setattr(HandlerStudy, "_varied", lambda self, telling, number: iter(()))
    sent = [request for request, _ in study._requests(types.SimpleNamespace(observations=[source]), streams=False)]  # type: ignore[arg-type]
    assert [request.kind for request in sent] == ["plausible", "fault", "fault"]


def test_a_conversion_that_does_not_start_is_told(run: Run, tmp_path: Path) -> None:
    found = run("runpod/text-tools")
    differing = found.study.first_difference(found.with_bug("handler.py", "MAX_LENGTH = 10_000", "MAX_LENGTH = 1 / 0", tmp_path))
    assert isinstance(differing, str) and "ZeroDivisionError" in differing


@pytest.mark.parametrize("name", ALL)
def test_nothing_is_left_behind(run: Run, name: str, scratch: Path) -> None:
    run(name)
    assert not list(scratch.glob("verify-*"))
    assert not processes_of(scratch)


def processes_of(folder: Path) -> list[str]:
    """Processes that were told of a folder in their environment or command line."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
        except OSError:
            continue
        if f"{folder}/verify-".encode() in told:
            found.append(told.decode(errors="replace"))
    return found
