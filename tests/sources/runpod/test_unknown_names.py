"""Names that no release of the SDK has are nobody's to keep: each is left to a person by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted
from converters.sources.runpod.helpers import HELPERS

KNOWN = sorted({name for helper in HELPERS for name in helper.names if not name.endswith(".*")})


def dispositions(folder: Path, lines: list[str]) -> dict[str, tuple[str, str]]:
    """What becomes of each line of a worker, as (rule, disposition)."""
    folder.mkdir()
    body = "\n".join(f"    {line}" for line in lines)
    (folder / "handler.py").write_text(
        f"import runpod\n\n\ndef handler(job):\n{body}\n    return {{}}\n\n\nrunpod.serverless.start({{'handler': handler}})\n"
    )
    outcome = convert(folder, Options(style="keep"))
    assert isinstance(outcome, Converted)
    return {lines[item.line - 5]: (item.rule, item.disposition.value) for item in outcome.ledger.items() if 5 <= item.line < 5 + len(lines)}


def test_a_name_behind_any_that_is_known_is_not(tmp_path: Path) -> None:
    lines = [f"{name}.paint()" for name in KNOWN]
    found = dispositions(tmp_path / "worker", lines)
    assert {line: found[line] for line in lines} == dict.fromkeys(lines, ("ALL001", "manual"))


@pytest.mark.parametrize(
    "line",
    [
        "runpod.serverless.colour.log()",
        "runpod.colour.rp_upload.upload_image()",
        "runpod.serverless.utils.rp_cuda_graphs.capture()",
        "runpod.serverless.modules.rp_httpx.get()",
        "runpod.serverless.validate()",
    ],
)
def test_a_name_that_holds_one_that_is_known_is_not(tmp_path: Path, line: str) -> None:
    assert dispositions(tmp_path / "worker", [line]) == {line: ("ALL001", "manual")}


def test_what_is_known_stays(tmp_path: Path) -> None:
    lines = [f"{name}()" for name in KNOWN if name.count(".") > 3 or name.endswith(("get_version", "log.info"))]
    found = dispositions(tmp_path / "worker", lines)
    assert {disposition for _, disposition in found.values()} == {"kept"}
