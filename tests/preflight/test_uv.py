"""What uv is asked, and what is made of its answers: `--resolve` (DESIGN section 11)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from converters.cli import answer
from converters.preflight import uv
from converters.resolver import Resolution

CONFLICT = """error: No solution found when resolving dependencies
  cause: Because torch==2.1.0 depends on
         sympy>=1 and you require sympy==0.1, we can conclude that your requirements are unsatisfiable.

hint: nobody reads this
"""
DRAWN = """  × No solution found when resolving dependencies:
  ╰─▶ Because x was not found in the package registry and you require x, we can conclude that your requirements are unsatisfiable.
"""
UNREACHED = "error: Request failed after 3 retries\n  cause: Failed to fetch: https://wheels.example/torch/\n"
SOURCE = """error: No solution found when resolving dependencies
  cause: Because antlr==4.8 has no usable wheels, we can conclude that your requirements are unsatisfiable.

hint: Wheels are required for `antlr` because building from source is disabled for all packages (i.e., with `--no-build`)
"""
Asked = list[tuple[list[str], list[str], list[str]]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[list[str], list[str], list[str]], str]], Asked]:
    """Puts a function in uv's place: (lines, flags, packages left out) -> what uv prints. The questions are recorded."""

    def put(said: Callable[[list[str], list[str], list[str]], str]) -> Asked:
        questions: Asked = []

        def refusal(lines: Sequence[str], flags: Sequence[str], python: str, without: Sequence[str]) -> str:
            questions.append((list(lines), list(flags), list(without)))
            return said(*questions[-1])

        monkeypatch.setattr(uv, "_refusal", refusal)
        return questions

    return put


def test_a_list_that_fits_together_is_no_finding(asked: Callable[..., Asked]) -> None:
    questions = asked(lambda lines, flags, without: "")
    assert uv.resolve(["torch==2.1.0", "numpy"], ["--pre"], "3.10") == Resolution()
    assert questions == [(["torch==2.1.0", "numpy"], ["--prerelease", "allow"], [])]


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        (
            CONFLICT,
            "Because torch==2.1.0 depends on sympy>=1 and you require sympy==0.1, we can conclude that your requirements are unsatisfiable.",
        ),
        (
            DRAWN,
            "Because x was not found in the package registry and you require x, we can conclude that your requirements are unsatisfiable.",
        ),
    ],
)
def test_a_conflict_is_told_in_one_line(asked: Callable[..., Asked], printed: str, reason: str) -> None:
    asked(lambda lines, flags, without: printed)
    assert uv.resolve(["x"], [], "3.10") == Resolution(conflict=reason)


def test_a_package_without_wheels_is_left_out_and_said(asked: Callable[..., Asked]) -> None:
    questions = asked(lambda lines, flags, without: "" if "antlr" in without else SOURCE)
    assert uv.resolve(["omegaconf"], [], "3.10") == Resolution(aside=("antlr",))
    assert [without for _, _, without in questions] == [[], ["antlr"]]


def test_an_index_that_is_not_reached_is_left_out_with_what_only_it_has(asked: Callable[..., Asked]) -> None:
    questions = asked(lambda lines, flags, without: UNREACHED if flags else "")
    flags = ["--extra-index-url https://wheels.example"]
    assert uv.resolve(["torch==2.1.0+cu121"], flags, "3.10") == Resolution(aside=("https://wheels.example",))
    assert [(lines, flags) for lines, flags, _ in questions] == [
        (["torch==2.1.0+cu121"], ["--extra-index-url", "https://wheels.example"]),
        (["torch==2.1.0"], []),
    ]


def test_a_conflict_of_the_public_index_alone_is_none(asked: Callable[..., Asked]) -> None:
    asked(lambda lines, flags, without: UNREACHED if flags else CONFLICT)
    made = uv.resolve(["torch==2.1.0+cu121"], ["--index-url", "https://wheels.example"], "3.10")
    assert (made.conflict, "Failed to fetch" in made.unknown) == ("", True)


def test_no_index_at_all_is_not_known(asked: Callable[..., Asked]) -> None:
    asked(lambda lines, flags, without: UNREACHED)
    assert uv.resolve(["torch"], [], "3.10").unknown


def test_addresses_are_left_out(asked: Callable[..., Asked]) -> None:
    questions = asked(lambda lines, flags, without: "")
    address = "tool @ git+https://code.example/tool"
    assert uv.resolve([address, "numpy"], [], "3.10") == Resolution(aside=(address,))
    assert questions[0][0] == ["numpy"]


def test_without_uv_the_option_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(uv.shutil, "which", lambda name: None)
    monkeypatch.setattr(uv.importlib.util, "find_spec", lambda name: None)
    (tmp_path / "handler.py").write_text("import runpod\n")
    assert answer([str(tmp_path), "--resolve"]) == 2
    assert "pip install uv" in capsys.readouterr().err


@pytest.mark.parametrize("source", ["", SOURCE], ids=["wheels", "a package without wheels"])
@pytest.mark.parametrize(("pin", "code", "rule"), [("pydantic==1.10.13", 3, "PF032"), ("pydantic>=2", 0, ""), ("sympy==0.1", 3, "PF033")])
def test_check_asks_for_every_app(
    asked: Callable[..., Asked], source: str, pin: str, code: int, rule: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A list that fits together but for what serves the app gives way; one that does not even do so by itself fails the build."""
    conflict = {"pydantic==1.10.13", "pydantic>=2"}
    asked(
        lambda lines, flags, without: (
            source if source and not without else CONFLICT if "sympy==0.1" in lines or conflict <= {*lines} else ""
        )
    )
    app = (
        f"import fal\n\n\nclass Echo(fal.App):\n    requirements = ['torch', '{pin}']\n    secrets = []\n    machine_type = 'M'\n"
        "    python_version = '3.11'\n\n    @fal.endpoint('/')\n    def run(self) -> dict:\n        return {}\n"
    )
    (tmp_path / "app.py").write_text(app)
    assert answer(["check", str(tmp_path), "--resolve"]) == code
    printed = capsys.readouterr().out
    assert rule in printed and ("nothing found" in printed) == (code == 0)


@pytest.mark.network
@pytest.mark.parametrize(
    ("requirements", "python", "conflict", "aside"),
    [
        (["pydantic==2.7.0", "httpx"], "3.10", "", ()),
        (["pydantic==2.7.0", "pydantic-core==2.0.0"], "3.10", "pydantic-core", ()),
        (["omegaconf==2.1.0"], "3.10", "", ("antlr4-python3-runtime",)),
        (["numpy==2.3.0"], "3.10", "", ("numpy",)),
    ],
)
def test_what_uv_itself_says(requirements: list[str], python: str, conflict: str, aside: tuple[str, ...]) -> None:
    made = uv.resolve(requirements, [], python)
    assert (conflict in made.conflict, bool(made.conflict), made.aside, made.unknown) == (True, bool(conflict), aside, "")
