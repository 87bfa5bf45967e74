"""Ten apps that a person could have written for the sample projects are judged as an expert judges them."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.commands.verify import Request, certified
from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted
from tests.verify.hand_written import APPS, HandWritten
from tests.verify.made import FIXTURES

pytest.importorskip("runpod")
pytest.importorskip("cog")
pytestmark = pytest.mark.whole


def test_there_are_ten_and_some_of_each_kind() -> None:
    assert len(APPS) == 10
    assert sum(app.is_equivalent for app in APPS) == 4


@pytest.mark.parametrize("one", APPS, ids=[app.name for app in APPS])
def test_an_app_is_judged_as_an_expert_judges_it(tmp_path: Path, scratch: Path, one: HandWritten) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "service.py").write_text(one.text)
    (tmp_path / "contract.txt").write_text(one.contract)
    source = FIXTURES / one.source
    outcome = convert(source, Options())
    assert isinstance(outcome, Converted), outcome
    request = Request(source, contract=tmp_path / "contract.txt" if one.contract else None, source_sdk="own", seconds=8)
    (found,) = certified(request, outcome, tmp_path / "own" / "service.py", tmp_path / "scratch")
    differing = [(trial.about, difference) for trial in found.trials for difference in trial.differences]
    assert found.verdict == ("equivalent" if one.is_equivalent else "different"), (found.why, differing[:3], found.schemas)
    if one.shows:
        assert any(difference.path.startswith(one.shows) for _, difference in differing), (found.why, differing[:5])
