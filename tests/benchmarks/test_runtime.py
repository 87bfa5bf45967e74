"""The command line of the runtime's figures."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import runtime

NAMES = ["gateway", "cold", "queue", "jobs", "memory"]


@pytest.mark.parametrize(("arguments", "names"), [([], NAMES), (["jobs", "cold"], ["jobs", "cold"])])
def test_what_is_named_runs_and_all_where_nothing_is(arguments: list[str], names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def noted(name: str) -> None:
        def run(folder: Path) -> None:
            ran.append(name)

        monkeypatch.setattr(runtime, name, run)

    for name in NAMES:
        noted(name)
    monkeypatch.setattr(sys, "argv", ["runtime", *arguments])
    runtime.main()
    assert ran == names


@pytest.mark.parametrize(("argument", "code"), [("--help", 0), ("none", 2)])
def test_help_and_other_names_end_it(argument: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["runtime", argument])
    with pytest.raises(SystemExit) as end:
        runtime.main()
    assert end.value.code == code
    shown = capsys.readouterr()
    assert all(name in shown.out + shown.err for name in NAMES)
