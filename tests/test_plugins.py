"""Rules and platforms of other packages, by a worked example that is installed as any package is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from converters import plugins
from converters.cli import answer
from converters.rules import Case, Seen
from converters.rules.own import Found, OwnRule, tried
from converters.sources import registry
from converters.testing import check

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

EXAMPLE = Path(__file__).parents[1] / "fixtures/plugins/acme"
WORKER = """import runpod

MODEL = "s3://acme-office/model.bin"
acme_vpn = None
acme_vpn.connect()


def handler(job):
    return {"text": MODEL + job["input"]["prompt"]}


runpod.serverless.start({"handler": handler})
"""


def install(folder: Path, name: str, points: dict[str, dict[str, str]]) -> None:
    """What an installer leaves of a package beside its modules."""
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    groups = (f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in named.items()) for group, named in points.items())
    (info / "entry_points.txt").write_text("\n".join(groups))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages; what is known of others is forgotten before and after."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    forget()
    yield tmp_path / "site"
    forget()


def forget() -> None:
    plugins.found.cache_clear()
    plugins._installed.cache_clear()
    registry._within.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "acme_fal"]:
        del sys.modules[name]


@pytest.fixture
def example(site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example, installed."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    install(site, project["name"], project["entry-points"])
    monkeypatch.syspath_prepend(str(EXAMPLE))
    return site


@pytest.fixture
def worker(tmp_path: Path) -> Path:
    (tmp_path / "worker").mkdir()
    (tmp_path / "worker/handler.py").write_text(WORKER)
    return tmp_path / "worker"


def test_an_installed_rule_is_applied_and_accounted_for(example: Path, worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer([str(worker), "--format", "json"]) == 3
    found = json.loads(capsys.readouterr().out)
    rows = {item["rule"]: (item["disposition"], item["line"]) for item in found["ledger"]["items"] if item["rule"].startswith("ACME")}
    assert rows == {"ACME001": ("converted", 3), "ACME002": ("manual", 5)}
    assert 'MODEL = "s3://acme-mirror/model.bin"' in (worker.with_name("worker-fal") / "handler.py").read_text()
    assert found["apps"][0]["why_style"] == "keep: ACME001 edits handler.py"
    assert "handler.py:5" in (worker.with_name("worker-fal") / "MIGRATION.md").read_text()


def test_an_installed_rule_is_explained_left_out_and_passed_over(example: Path, worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(["explain", "acme001"]) == 0
    assert "The bucket acme-office answers in the office's network alone" in capsys.readouterr().out
    assert answer([str(worker), "-q", "--skip", "ACME002"]) == 0
    assert answer([str(worker), "-q", "--force", "--skip", "ACME001", "--skip", "ACME002"]) == 3
    assert "s3://acme-office/" in (worker.with_name("worker-fal") / "handler.py").read_text()
    assert answer([str(worker), "-q", "--force", "--skip", "ACME003"]) == 2
    assert "Did you mean ACME00" in capsys.readouterr().err
    text = WORKER.replace("connect()", "connect()  # fal-migrate: ignore[ACME002] a network of fal's own")
    (worker / "handler.py").write_text(text.replace('model.bin"', 'model.bin"  # fal-migrate: ignore[ACME001] copied by hand'))
    assert answer([str(worker), "-q", "--force"]) == 0
    assert "s3://acme-office/" in (worker.with_name("worker-fal") / "handler.py").read_text()


def test_an_installed_platform_converts_and_ours_still_do(
    example: Path, worker: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "echo"
    root.mkdir()
    (root / "job.py").write_text('def answer(job):\n    return {"text": job["input"]["text"]}\n')
    (root / "acme.json").write_text('{"answer": "job:answer", "input": ["text"], "python": "3.11"}\n')
    assert answer([str(root)]) == 0
    assert "echo is a Jobs (Acme) project" in capsys.readouterr().out
    assert "class Echo(fal.App" in (tmp_path / "echo-fal/app.py").read_text()
    assert answer([str(worker), "-q", "--skip", "ACME002"]) == 0
    (tmp_path / "empty").mkdir()
    assert answer([str(tmp_path / "empty")]) == 4
    assert "an acme.json" in capsys.readouterr().err


def test_the_tests_of_the_example_pass_where_it_is_not_installed() -> None:
    program = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        "--rootdir",
        str(EXAMPLE),
        str(EXAMPLE / "tests"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLE), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(program, capture_output=True, text=True, cwd=EXAMPLE, env=environment, check=False)
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout


# What is wrong with a package is told


@pytest.mark.parametrize(
    ("group", "name", "value", "said"),
    [
        (plugins.RULES, "ACME001", "acme_other:rule", "of acme-other cannot be imported: ModuleNotFoundError"),
        (plugins.RULES, "ACME001", "os:sep", "is no OwnRule"),
        (plugins.RULES, "ACME009", "acme_fal.buckets:rule", "is the rule ACME001"),
        (plugins.RULES, "RP001", "acme_fal.buckets:rule", "is no code of a rule"),
        (plugins.PLATFORMS, "acme", "os:sep", "is no Platform"),
        (plugins.PLATFORMS, "other", "acme_fal.jobs:platform", "it is called acme"),
        (plugins.PLATFORMS, "docker", "converters.sources.docker:platform", "there is one of this name"),
    ],
)
def test_an_entry_point_that_leads_nowhere_is_refused(
    site: Path,
    worker: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    group: str,
    name: str,
    value: str,
    said: str,
) -> None:
    install(site, "acme-other", {group: {name: value}})
    monkeypatch.syspath_prepend(str(EXAMPLE))
    assert answer([str(worker), "-q"]) == 2
    told = capsys.readouterr().err
    assert said in told and f"{group} {name}" in told
    assert not worker.with_name("worker-fal").exists()


def test_two_packages_with_one_code_are_refused(example: Path, worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(example, "acme-other", {plugins.RULES: {"ACME001": "elsewhere:rule"}})
    assert answer([str(worker), "-q"]) == 2
    assert "is in two packages: " in capsys.readouterr().err


def own(look: object, *cases: Case) -> OwnRule:
    return OwnRule("TRIED001", "a rule", "manual", "It looks.", ("https://example.com",), cases, look=look)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("look", "said"),
    [
        (lambda project, application: 1 / 0, "the rule TRIED001 failed: ZeroDivisionError"),
        (lambda project, application: [Found("x", "nowhere.py", 1)], "no place of the project"),
        (lambda project, application: [Found("x", "handler.py", 0)], "no place of the project"),
        (lambda project, application: ["x"], "no place of the project"),
        (lambda project, application: [Found("x", "handler.py", 1, edits=((0, 10**6, ""),))], "edits what is not in handler.py"),
    ],
)
def test_a_rule_that_fails_is_named_and_nothing_is_written(
    site: Path, worker: Path, capsys: pytest.CaptureFixture[str], look: object, said: str
) -> None:
    with tried(own(look)):
        assert answer([str(worker), "-q"]) == 2
    assert said in capsys.readouterr().err
    assert not worker.with_name("worker-fal").exists()


# The harness


FILES = {"handler.py": dedent(WORKER)}


def always(project: object, application: object) -> list[Found]:
    return [Found("told", "handler.py", 1)]


UNTOUCHED = Case("nothing to tell", "untouched", {"handler.py": WORKER.replace("acme_vpn", "vpn")})


@pytest.mark.parametrize(
    ("look", "cases", "said"),
    [
        (always, (), "needs a case in which it acts"),
        (always, (Case("told", "partial", FILES),), "needs a case in which it acts"),
        (always, (Case("told", "partial", FILES), UNTOUCHED), r"\('TRIED001', 'handler.py'\)"),
        (lambda *_: [], (Case("told", "partial", FILES), UNTOUCHED), "is not named"),
        (always, (Case("told", "converted", FILES), UNTOUCHED), "told"),
        (always, (Case("told", "partial", FILES, status="converted"), UNTOUCHED), "Converted"),
        (always, (Case("told", "partial", FILES, seen=(Seen("manual", 2),)), UNTOUCHED), "'handler.py', 1, 'told'"),
        (always, (Case("told", "partial", FILES, has={"app.py": ("nowhere",)}), UNTOUCHED), "fal.App"),
        (always, (Case("told", "partial", FILES, lacks={"app.py": ("fal.App",)}), UNTOUCHED), "fal.App"),
    ],
)
def test_a_case_that_does_not_hold_fails(site: Path, look: object, cases: tuple[Case, ...], said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check(own(look, *cases))
