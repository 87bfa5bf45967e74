"""What a person has passed over: comments, `--skip`, the project's configuration. It stays in every report, and is no longer left to do."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from converters.cli import answer
from converters.commands.config import read_config
from converters.commands.config_lines import line_of
from converters.errors import UsageError
from converters.ignores import comments
from converters.project import open_project
from converters.reports.json import published_schema

OPEN = 'runpod.serverless.start({"handler": handler, "colour": "green"})'
WORKER = f'import runpod\n\n\ndef handler(job):\n    return {{"text": job["input"]["prompt"]}}\n\n\n{OPEN}'
PLAIN = WORKER.replace(', "colour": "green"', "")
IGNORE = "# fal-migrate: ignore[ALL001] a colour of ours"


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def project(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / "p" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "p" / name).write_text(text)
    return folder / "p"


def document(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    answer([*map(str, arguments), "--format", "json"])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    Draft202012Validator(published_schema()).validate(found)
    return found


def items(found: dict[str, Any], rule: str) -> list[dict[str, Any]]:
    return [item for item in found["ledger"]["items"] if item["rule"] == rule]


# Which lines a comment speaks for


@pytest.mark.parametrize(
    ("name", "text", "spoken"),
    [
        pytest.param("a.py", "f(1)  # fal-migrate: ignore[RP001] x\n", [(1, 1, 1)], id="its line"),
        pytest.param("a.py", "f(\n    1,\n)  # fal-migrate: ignore[RP001] x\n", [(3, 1, 3)], id="the statement that ends there"),
        pytest.param("a.py", "f(\n    1,  # fal-migrate: ignore[RP001] x\n    2,\n)\n", [(2, 2, 2)], id="one line of a statement"),
        pytest.param("a.py", "if x:\n    # fal-migrate: ignore[RP001] x\n    # more\n\n    f(1)\n", [(2, 5, 5)], id="the next code"),
        pytest.param("a.py", "# fal-migrate: ignore[RP001] x\n", [(1, 1, 1)], id="nothing follows"),
        pytest.param("a.py", 'A = "# fal-migrate: ignore[RP001] x"\n"""\n# fal-migrate: ignore[RP001] x\n"""\n', [], id="texts"),
        pytest.param("a.py", "if (:\n# fal-migrate: ignore[RP001] x\nf(1)\n", [(2, 3, 3)], id="no Python"),
        pytest.param("cog.yaml", "build:\n  gpu: true  # fal-migrate: ignore[RP001] x\n", [(2, 2, 2)], id="a key"),
        pytest.param("cog.yaml", "# fal-migrate: ignore[RP001] x\n\n# more\nbuild: 1\n", [(1, 4, 4)], id="the next key"),
        pytest.param("cog.yaml", 'a: "b # fal-migrate: ignore[RP001] x"\nc: |\n  # fal-migrate: ignore[RP001] x\n', [], id="scalars"),
        pytest.param("cog.yaml", "a: b# fal-migrate: ignore[RP001] x\n", [], id="no blank before it"),
        pytest.param("Dockerfile", "# fal-migrate: ignore[RP001] x\nRUN a && \\\n  b\nRUN c\n", [(1, 2, 3)], id="an instruction"),
        pytest.param("Dockerfile", "RUN a && \\\n# fal-migrate: ignore[RP001] x\n  b && \\\n  c\n", [(2, 3, 3)], id="a line of one"),
        pytest.param("Dockerfile", "RUN echo # fal-migrate: ignore[RP001] x\n", [], id="an argument of Docker's"),
        pytest.param("requirements.txt", "# fal-migrate: ignore[RP001] x\na==1\n", [(1, 2, 2)], id="a requirement"),
        pytest.param("data.json", '{"a": "# fal-migrate: ignore[RP001] x"}\n', [], id="a file without comments"),
        pytest.param("a.py", "x = 1  # fal-migrate: ignored\n", [], id="another word"),
    ],
)
def test_a_comment_speaks_for_lines(tmp_path: Path, name: str, text: str, spoken: list[tuple[int, int, int]]) -> None:
    found = comments(open_project(project(tmp_path, {name: text})))
    assert [(one.at, one.first, one.last) for one in found] == spoken
    assert all((one.rules, one.reason, one.by) == (("RP001",), "x", "comment") for one in found)


def test_a_comment_names_several_rules_and_a_reason_after_a_dash(tmp_path: Path) -> None:
    (one,) = comments(open_project(project(tmp_path, {"a.py": "f(1)  #fal-migrate: ignore [ rp001, FS001 ] -- it is: ours\n"})))
    assert (one.rules, one.reason) == (("RP001", "FS001"), "it is: ours")


# What that comes to


def test_a_suppressed_item_stays_and_is_no_longer_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = project(tmp_path, {"handler.py": f"{WORKER}\n"})
    before = document(capsys, root, "-o", tmp_path / "before")
    (root / "handler.py").write_text(f"{WORKER}  {IGNORE}\n")
    after = document(capsys, root, "-o", tmp_path / "after")
    assert (before["exit_code"], before["status"], after["exit_code"], after["status"]) == (3, "partial", 0, "converted")
    assert before["ledger"]["counts"] == after["ledger"]["counts"]
    (was,), (now,) = items(before, "ALL001"), items(after, "ALL001")
    assert was["suppressed"] is None
    assert now == {**was, "suppressed": {"reason": "a colour of ours", "by": "comment"}}


@pytest.mark.parametrize("format", ["text", "markdown", "html"])
def test_reports_tell_what_is_passed_over(tmp_path: Path, capsys: pytest.CaptureFixture[str], format: str) -> None:
    root = project(tmp_path, {"handler.py": f"{WORKER}  {IGNORE}\n"})
    assert answer([str(root), "--format", format]) == 0
    told = capsys.readouterr().out
    assert "Passed over" in told and "a colour of ours" in told
    assert "Left to do in the code" not in told


def test_what_is_passed_over_before_the_guide_is_written_is_in_it(tmp_path: Path) -> None:
    root = project(
        tmp_path,
        {"helpers.py": "", "handler.py": f"from helpers import colour  # fal-migrate: ignore[PF003] baked in the base\n{WORKER}\n"},
    )
    assert answer([str(root), "-q"]) == 3
    guide = (tmp_path / "p-fal/MIGRATION.md").read_text()
    assert "since: baked in the base" in guide.partition("### Passed over")[2].partition("\n###")[0]
    assert "PF003" not in guide.partition("### Passed over")[0]


def test_code_scanning_shows_it_as_suppressed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = project(tmp_path, {"handler.py": f"{WORKER}  {IGNORE}\n"})
    assert answer([str(root), "--format", "sarif", "--skip", "RP050"]) == 0
    results = {one["ruleId"]: one for one in json.loads(capsys.readouterr().out)["runs"][0]["results"]}
    assert results["ALL001"]["suppressions"] == [{"kind": "inSource", "justification": "a colour of ours"}]
    assert results["RP050"]["suppressions"] == [{"kind": "external", "justification": "left out with --skip"}]
    assert "suppressions" not in results["ENV010"]


VOLUME = dedent("""
    import runpod

    MODELS = "/runpod-volume/models"
    CACHE = "/runpod-volume/cache"{}


    def handler(job):
        return {{"text": MODELS + CACHE + job["input"]["prompt"]}}


    runpod.serverless.start({{"handler": handler}})
    """).lstrip()


@pytest.mark.parametrize("style", ["auto", "keep"])
def test_an_edit_that_is_ignored_is_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str], style: str) -> None:
    root = project(tmp_path, {"handler.py": VOLUME.format("  # fal-migrate: ignore[FS001] another mount")})
    found = document(capsys, root, "--style", style)
    text = (tmp_path / "p-fal/handler.py").read_text()
    assert 'MODELS = "/data/p/models"' in text and 'CACHE = "/runpod-volume/cache"' in text
    assert (found["exit_code"], found["style"]) == (0, "keep")
    made, left = items(found, "FS001")
    assert (made["line"], made["disposition"], made["suppressed"]) == (3, "converted", None)
    assert (left["line"], left["disposition"], left["suppressed"]["reason"]) == (4, "manual", "another mount")


def test_a_native_form_is_not_written_over_a_rule_that_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = project(tmp_path, {"handler.py": VOLUME.format("")})
    assert document(capsys, root, "-o", tmp_path / "all")["style"] == "native"
    left = document(capsys, root, "--skip", "FS001", "-o", tmp_path / "left")
    assert (left["style"], left["exit_code"]) == ("keep", 3)
    assert "/runpod-volume/models" in (tmp_path / "left/handler.py").read_text()
    assert answer([str(root), "--skip", "FS001", "--style", "native", "--force"]) == 2
    assert "FS001 is left out" in capsys.readouterr().err


# --skip, --only


def test_a_rule_that_only_tells_is_left_out_and_the_output_is_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = project(tmp_path, {"helpers.py": "", "handler.py": f"from helpers import colour\n{PLAIN}\n"})
    before = document(capsys, root, "-o", tmp_path / "before")
    after = document(capsys, root, "-o", tmp_path / "after", "--skip", "pf003")
    assert (before["exit_code"], after["exit_code"]) == (3, 0)
    assert [one["suppressed"] for one in items(after, "PF003")] == [{"reason": "left out with --skip", "by": "option"}]
    assert (tmp_path / "before/app.py").read_bytes() == (tmp_path / "after/app.py").read_bytes()


@pytest.mark.parametrize(
    ("option", "rule", "said"),
    [
        ("--skip", "ALL001", "never passed over as a whole"),
        ("--skip", "RP002", "does not work without this rule"),
        ("--only", "PF003", "changes nothing"),
    ],
)
def test_other_rules_are_not_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, rule: str, said: str) -> None:
    assert answer([str(project(tmp_path, {"handler.py": WORKER})), option, rule]) == 2
    assert said in capsys.readouterr().err


# [tool.fal-migrate]


CONFIGURED = '[project]\nname = "p"\n\n[[tool.fal-migrate.ignore]]\nrules = ["all001"]\nfile = "{}"\nreason = "a colour of ours"\n'


def test_the_configuration_speaks_for_files_without_comments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {"handler.py": PLAIN, ".runpod/hub.json": '{"config": {"colour": "green"}}'}
    root = project(tmp_path, {**files, "pyproject.toml": CONFIGURED.format(".runpod/hub.json")})
    (item,) = items(document(capsys, root), "ALL001")
    assert item["suppressed"] == {"reason": "a colour of ours", "by": "configuration"}


def test_an_entry_that_speaks_for_nothing_is_told_where_it_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = project(tmp_path, {"handler.py": f"{WORKER}\n", "pyproject.toml": CONFIGURED.format("other.py")})
    found = document(capsys, root)
    (told,) = items(found, "ALL002")
    assert (told["file"], told["line"], told["disposition"], told["notable"]) == ("pyproject.toml", 4, "kept", True)
    assert found["exit_code"] == 3


TABLE = '[project]\nname = "p"\n\n[tool.fal-migrate]\nname = "p"\n'


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (f"{TABLE}tragte = 'app'\n", 6, "Did you mean 'target'?"),
        (f"{TABLE}fail_on = 'never'\n", 6, "Did you mean 'fail-on'?"),
        (f"{TABLE}zzz = 1\n", 6, "Known are: "),
        (f"{TABLE}skip = ['RP99']\n", 6, "no rule has this code"),
        (f"{TABLE}set = {{keep_alive = -5}}\n", 6, "keep_alive is -5"),
        (f"{TABLE}[tool.fal-migrate.set]\nregions = ['us-east']\nkeep_alive = -5\n", 8, "keep_alive is -5"),
        ("[tool]\nfal-migrate.target = 'loud'\n", 2, "Give one of auto"),
        ("[tool]\nfal-migrate = {target = 'loud'}\n", 2, "Give one of auto"),
        (f"{TABLE}[[tool.fal-migrate.ignore]]\nrules = ['RP001']\n", 6, "gives no reason"),
        (f"{TABLE}[[tool.fal-migrate.ignore]]\nrules = ['RP001']\nreason = ' '\n", 6, "gives no reason"),
        (f"{TABLE}[[tool.fal-migrate.ignore]]\nreason = 'x'\n", 6, "names no rules"),
        (f"{TABLE}[[tool.fal-migrate.ignore]]\nrules = ['RP999']\nreason = 'x'\n", 6, "no rule has this code"),
        (f"{TABLE}[[tool.fal-migrate.ignore]]\nrules = ['ALL001']\nreason = 'x'\n", 6, "Name a file"),
        (f"{TABLE}[[tool.fal-migrate.ignore]]\nrules = ['RP001']\nreason = 'x'\nfile = 1\n", 6, "path of a file"),
        (
            f"{TABLE}[[tool.fal-migrate.ignore]]\nrules = ['RP001']\nreason = 'x'\n[[tool.fal-migrate.ignore]]\nrule = 'x'\n",
            9,
            "Did you mean 'rules'?",
        ),
        (f"{TABLE}ignore = 'RP001'\n", 6, "tables of their own"),
    ],
)
def test_what_is_wrong_with_the_configuration_has_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(UsageError) as refusal:
        read_config(tmp_path)
    assert said in str(refusal.value)
    assert (refusal.value.file, refusal.value.line) == (str(tmp_path / "pyproject.toml"), line)


def test_a_key_of_another_table_is_not_taken_for_ours() -> None:
    assert line_of("[tool.other]\nstyle = 1\n[tool.fal-migrate]\nstyle = 2\n", "style") == 4
    assert line_of("style = 1\n", "style") == 0


# Many projects


def test_a_batch_heeds_comments_and_its_cache_tells_them_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, cache = project(tmp_path, {"handler.py": f"{WORKER}\n"}), tmp_path / "cache"
    codes = []
    for end, output in (("", "one"), (f"  {IGNORE}", "two"), (f"  {IGNORE}", "three")):
        (root / "handler.py").write_text(f"{WORKER}{end}\n")
        codes.append(answer(["batch", str(root), "-o", str(tmp_path / output), "--cache", str(cache), "--jobs", "1", "--format", "json"]))
        found = json.loads(capsys.readouterr().out)
    assert codes == [3, 0, 0]
    assert found["from_cache"] == 1
    assert items(found["results"][0], "ALL001")[0]["suppressed"]["reason"] == "a colour of ours"
