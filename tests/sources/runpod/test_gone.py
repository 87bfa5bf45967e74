"""Old names of the SDK: kept with a release that has them, or put into present words."""

from __future__ import annotations

import ast
import importlib
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.sources.runpod.worker import app_of, converted, items_of, text_of

HANDLER = "def handler(job):\n    return {call}\n"
REPAIRED = [
    pytest.param("from runpod.serverless.utils import download", "download.download_input_objects([1])", id="a module"),
    pytest.param("from runpod.serverless.utils import download as d", "d.download_input_objects([1])", id="a module by another name"),
    pytest.param("import runpod.serverless.utils.download as d", "d.download_input_objects([1])", id="a dotted module"),
    pytest.param("from runpod.serverless.utils.download import download_input_objects", "download_input_objects([1])", id="a function"),
    pytest.param("from runpod.serverless.utils.download import download_input_objects as get", "get([1])", id="a function by another name"),
    pytest.param("from runpod.serverless.utils import rp_download", "rp_download.download_input_objects([1])", id="of a present module"),
    pytest.param("from runpod.serverless.utils.rp_download import download_input_objects", "download_input_objects([1])", id="a function of a present module"),
    pytest.param("import os", "runpod.serverless.utils.rp_download.download_input_objects([1])", id="by its whole name"),
    pytest.param("import os", "runpod.serverless.utils.download.download_input_objects([1])", id="by its whole old name"),
    pytest.param("from runpod.serverless.utils import upload", "upload.files('a', [])", id="files"),
    pytest.param("from runpod.serverless.utils.upload import upload_image, files", "upload_image('a', 'b') + files('a', [])", id="two functions"),
    pytest.param("from runpod.serverless.utils import upload", "upload.bucket_upload('a', [], {})", id="a bucket"),
    pytest.param("import os", "runpod.serverless.utils.upload.upload_image('a', 'b')", id="an upload by its whole name"),
    pytest.param("from runpod.serverless.utils import download, upload, rp_cleanup", "upload.files(download.download_input_objects([]), rp_cleanup.clean())", id="several"),
    pytest.param("from runpod.serverless.utils.rp_upload import file\nC = {}", "file('a', 'b', C)", id="a file"),
    pytest.param("from runpod.serverless.utils import rp_upload\nC = {}", "rp_upload.file('a', 'b', C)", id="a file of a module"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "call"), REPAIRED)
def test_an_old_name_becomes_one_that_the_present_sdk_has(tmp_path: Path, statement: str, call: str) -> None:
    outcome = converted(tmp_path, f"{statement}\n{HANDLER.format(call=call)}", requirements_txt="runpod\n")
    assert {item.disposition.value for item in items_of(outcome, "RP038")} == {"converted"}
    text = text_of(outcome, "handler.py")
    assert "download_input_objects" not in text
    for name in used_names(text):
        module, _, attribute = name.rpartition(".")
        assert find_spec(name) if is_module(name) else hasattr(importlib.import_module(module), attribute), (name, text)


def is_module(name: str) -> bool:
    return name.rpartition(".")[2].startswith("rp_")


def used_names(text: str) -> set[str]:
    """Full names of what a file uses of the SDK's helpers."""
    bound: dict[str, str] = {}
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("runpod"):
            bound |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            bound |= {
                alias.asname or alias.name.split(".")[0]: alias.name if alias.asname else alias.name.split(".")[0] for alias in node.names
            }
    found = set(bound.values())
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            head, _, rest = ast.unparse(node.func).partition(".")
            if bound.get(head, "").startswith("runpod"):
                found.add(f"{bound[head]}.{rest}" if rest else bound[head])
    return {name for name in found if name.startswith("runpod.serverless.utils")}


KEPT = [
    pytest.param("from runpod.serverless.utils import upload", "upload.files('a', [])", "runpod==0.8.4", id="0.8.4"),
    pytest.param("from runpod.serverless.utils import rp_download", "rp_download.download_input_objects([])", "runpod==0.9.0", id="0.9.0"),
    pytest.param("from runpod.serverless.utils import validator", "validator.validate(job['input'], {})", "runpod==0.7.6", id="0.7.6"),
]


@pytest.mark.parametrize(("statement", "call", "pin"), KEPT)
def test_a_pinned_release_that_has_the_name_keeps_it(tmp_path: Path, statement: str, call: str, pin: str) -> None:
    outcome = converted(tmp_path, f"{statement}\n{HANDLER.format(call=call)}", requirements_txt=f"{pin}\n")
    assert {item.disposition.value for item in items_of(outcome, "RP038")} == {"kept"}
    assert statement in text_of(outcome, "handler.py") and call in text_of(outcome, "handler.py")
    assert pin in [spec.value for spec in app_of(outcome).environment.requirements]


@pytest.mark.parametrize("stated", ["", "runpod\n", "runpod>=0.8\n"])
def test_the_old_validator_asks_for_its_last_release(tmp_path: Path, stated: str) -> None:
    call = "validator.validate(job['input'], {'a': {'type': int, 'required': False}})"
    text = f"from runpod.serverless.utils import validator\n{HANDLER.format(call=call)}"
    outcome = converted(tmp_path, text, **({"requirements_txt": stated} if stated else {}))
    assert "runpod==0.8.4" in [spec.value for spec in app_of(outcome).environment.requirements]
    assert not outcome.ledger.open_code_items()


def test_an_image_gets_the_release_too(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(
        'FROM nvidia/cuda:12.1.0-runtime-ubuntu22.04\nRUN apt-get update && apt-get install -y ffmpeg\nRUN pip install runpod\nCOPY handler.py /\nCMD ["python3", "/handler.py"]\n'
    )
    outcome = converted(tmp_path, f"from runpod.serverless.utils import validator\n{HANDLER.format(call='validator.validate({}, {})')}")
    assert "-m pip install --no-cache-dir fal runpod==0.8.4" in text_of(outcome, "Dockerfile")


LEFT = [
    pytest.param("from runpod.serverless.utils import download", "list(map(download.download_input_objects, [[]]))", "", id="handed on"),
    pytest.param("from runpod.serverless.utils import validator, rp_download", "validator.validate({}, rp_download.file('a'))", "", id="an old and a new name"),
    pytest.param("from runpod.serverless.utils import validator", "validator.validate({}, {})", "runpod==1.7.0", id="a pin that lacks it"),
    pytest.param("from runpod.serverless.modules.rp_metrics import metrics_collector", "metrics_collector.count", "", id="never released"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "call", "pin"), LEFT)
def test_what_has_no_present_word_is_left_with_the_release_that_had_it(tmp_path: Path, statement: str, call: str, pin: str) -> None:
    outcome = converted(tmp_path, f"{statement}\n{HANDLER.format(call=call)}", requirements_txt=f"{pin or 'runpod'}\n")
    left = [item for item in items_of(outcome, "RP038") if item.disposition.value == "manual"]
    assert left and all("is the last release that has it" in item.message or "no release has it" in item.message for item in left)


def test_a_call_that_only_feeds_metrics_goes(tmp_path: Path) -> None:
    body = "def handler(job):\n    for one in 'ab':\n        runpod.serverless.modules.rp_metrics.metrics_collector.update(\n            job_id=1)\n        yield one\n"
    outcome = converted(tmp_path, body)
    assert text_of(outcome, "handler.py") == "def handler(job):\n    for one in 'ab':\n        yield one\n"
    assert not outcome.ledger.open_code_items()
