"""The release of its SDK that the source side runs under: what the project asks for, what can be had, and what is said about it."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from converters.cli import answer
from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted
from converters.project import open_project
from converters.sources.registry import named, platforms
from converters.verify.certificate import Certificate
from converters.verify.interpreter import Interpreter, inspected
from converters.verify.sdk import SourceSdk, Wanted, candidates, lacks_names, misfit, share, stated
from tests.needs import needs
from tests.verify.made import FIXTURES

needs("runpod", "cog")

OWN = inspected().releases
SDKS = {platform.sdk.package: platform.sdk for platform in platforms() if platform.sdk is not None}


@pytest.mark.parametrize(
    ("name", "files", "wanted"),
    [
        ("runpod", {"requirements.txt": "torch\nrunpod==1.7.9\n"}, ("==1.7.9", "requirements.txt:2")),
        ("runpod", {"requirements.txt": "runpod ~= 1.7.0  # the SDK\n"}, ("~=1.7.0", "requirements.txt:1")),
        ("runpod", {"requirements.txt": "RunPod>=1.7, <2\n"}, ("<2,>=1.7", "requirements.txt:1")),
        ("runpod", {"Dockerfile": "FROM python\nRUN pip install 'runpod==1.6.2' torch==2.1.0\n"}, ("==1.6.2", "Dockerfile:2")),
        ("runpod", {"pyproject.toml": '[project]\ndependencies = ["runpod[cli]==1.7.1"]\n'}, ("==1.7.1", "pyproject.toml:2")),
        (
            "runpod",
            {"requirements.txt": "runpod==1.3.0\n", "src/requirements.txt": "runpod==1.7.9\n"},
            ("==1.7.9", "src/requirements.txt:1"),
        ),
        ("cog", {"cog.yaml": "build:\n  sdk_version: '0.16.12'\n"}, ("==0.16.12", "cog.yaml:2")),
        ("cog", {"requirements.txt": "cog==0.10.0a18\n"}, ("==0.10.0a18", "requirements.txt:1")),
        ("runpod", {"requirements.txt": "runpod\n"}, None),
        ("runpod", {"requirements.txt": "# runpod==1.7.9\n"}, None),
        ("runpod", {"requirements.txt": "my-runpod==1.7.9\nrunpod-tools==3\nrunpod_x==2\n"}, None),
        ("runpod", {"requirements.txt": "runpod @ git+https://example.com/runpod.git@v1.7.9\n"}, None),
        ("runpod", {"requirements.txt": "runpod==$VERSION\n"}, None),
        ("runpod", {"README.md": "pip install runpod==1.7.9\n", "handler.py": "# runpod==1.7.9\n"}, None),
        ("cog", {"requirements.txt": "cogs==1.0\nrecog==2\n", "cog.yaml": "build:\n  python_version: '3.11'\n"}, None),
        ("cog", {"requirements.txt": "runpod==1.7.9\n"}, None),
    ],
)
def test_the_release_is_that_of_the_nearest_requirements(
    name: str, files: dict[str, str], wanted: tuple[str, str] | None, tmp_path: Path
) -> None:
    for path, text in {**files, "src/handler.py": ""}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert stated(open_project(tmp_path), SDKS[name], "src/handler.py") == (wanted and Wanted(*wanted))


@pytest.mark.parametrize(
    ("specifier", "exact"), [("==1.7.9", True), ("===1.7.9", True), ("==1.7.*", False), ("~=1.7", False), (">=1,<2", False)]
)
def test_only_one_release_fits_an_exact_specifier(specifier: str, exact: bool) -> None:
    assert Wanted(specifier, "").is_exact is exact


# --- with an installer that asks no index

INSTALLER = """\
#!{python} -IS
import json, os, pathlib, re, sys, venv
state = json.loads(pathlib.Path(os.environ["UV_STATE"]).read_text())
arguments = sys.argv[1:]
with pathlib.Path(os.environ["UV_CACHE_DIR"] + ".log").open("a") as log:
    log.write(" ".join(arguments) + chr(10))
if arguments[0] == "venv":
    venv.create(arguments[-1], with_pip=False, symlinks=True)
elif state.get("offline"):
    sys.exit("error: Failed to fetch\\n  cause: dns error")
elif arguments[-1] not in state:
    sys.exit("error: No solution found when resolving dependencies\\n  cause: there is no version of " + arguments[-1])
else:
    name = re.match("[a-z]+", arguments[-1])[0]
    site = next(pathlib.Path(arguments[arguments.index("--python") + 1]).parents[1].glob("lib/python*/site-packages"))
    info = site / (name + "-" + state[arguments[-1]] + ".dist-info")
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: " + name + "\\nVersion: " + state[arguments[-1]] + "\\n")
    if name == "runpod":  # the real one takes a second to import
        (site / "runpod/serverless").mkdir(parents=True)
        (site / "runpod/serverless/__init__.py").touch()
        (site / "runpod/__init__.py").write_text("import no_such_module_anywhere" * (state.get("broken") == arguments[-1]))
"""


@dataclass
class Index:
    """What the installer finds: requirement -> the release that it installs."""

    folder: Path
    log: Path
    announced: list[str] = field(default_factory=list)

    def serve(self, releases: dict[str, str]) -> None:
        (self.folder / "state.json").write_text(json.dumps(releases))

    def installs(self) -> list[str]:
        """What was asked for since the last time."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return [line.split()[-1] for line in lines if line.startswith("pip")]

    @contextlib.contextmanager
    def announce(self, text: str) -> Iterator[None]:
        self.announced.append(text)
        yield


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "uv"
    program.write_text(INSTALLER.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("UV_STATE", str(folder / "state.json"))
    return Index(folder, tmp_path / "environments/packages/own/uv.log")


def found(index: Index, requirement: str, tmp_path: Path, most: int | None = 1) -> list[SourceSdk]:
    """The interpreters that a worker with this requirement may have, the best first."""
    project = tmp_path / "worker"
    project.mkdir(exist_ok=True)
    (project / "handler.py").write_text(
        'import runpod\n\n\ndef handler(job):\n    return 1\n\n\nrunpod.serverless.start({"handler": handler})\n'
    )
    (project / "requirements.txt").write_text(requirement + "\n")
    outcome = convert(project, Options())
    assert isinstance(outcome, Converted)
    (app,) = outcome.application.apps
    return list(
        itertools.islice(candidates(open_project(project), named("runpod").sdk, app, tmp_path / "environments", index.announce), most)
    )


def test_the_release_that_is_asked_for_comes_first_then_the_newest_then_ours(index: Index, tmp_path: Path) -> None:
    index.serve({"runpod==1.7.9": "1.7.9", "runpod": "99.0"})
    sdks = found(index, "runpod==1.7.9", tmp_path, most=None)
    assert [sdk.told for sdk in sdks] == [
        "runpod 1.7.9, as requirements.txt:1 asks, in an environment of its own",
        "runpod 99.0, the newest, in an environment of its own",
        f"runpod {OWN['runpod']} of this environment",
    ]
    assert [inspected(sdk.python).releases["runpod"] for sdk in sdks] == ["1.7.9", "99.0", OWN["runpod"]]
    assert index.announced == [f"making an environment with {name} for the source side" for name in ("runpod==1.7.9", "runpod")]


def test_releases_before_names_went_away_come_last(index: Index, tmp_path: Path) -> None:
    index.serve({"runpod": "99.0", "runpod==0.9": "0.9"})
    project = tmp_path / "worker"
    found(index, "torch", tmp_path)
    sdk = replace(SDKS["runpod"], earlier=("0.10", "0.9"))
    outcome = convert(project, Options())
    assert isinstance(outcome, Converted)
    made = candidates(open_project(project), sdk, outcome.application.apps[0], tmp_path / "environments", index.announce)
    assert [(one.told, one.is_earlier) for one in made][2:] == [("runpod 0.9, in an environment of its own", True)]


@pytest.mark.parametrize(
    ("why", "expected"),
    [
        ("ImportError: cannot import name 'Weights' from 'cog.types' (/a/cog/types.py)", True),
        ("AttributeError: module 'cog' has no attribute 'Predictor'", True),
        ("ModuleNotFoundError: No module named 'cog.files'", True),
        ("ImportError: cannot import name 'load' from 'cognition' (/a.py)", False),
        ("ImportError: cannot import name 'pipeline' from 'transformers' (/a.py)", False),
        ("TypeError: predict() takes 1 positional argument", False),
    ],
)
def test_earlier_releases_are_tried_only_for_names_of_the_sdk(why: str, expected: bool) -> None:
    assert lacks_names(why, SDKS["cog"]) is expected


def test_an_environment_is_made_once_and_told_of_once(index: Index, tmp_path: Path) -> None:
    index.serve({"runpod~=1.7": "1.7.13", "runpod": "99.0"})
    first = found(index, "runpod~=1.7", tmp_path)
    assert index.installs() == ["runpod~=1.7"]
    index.announced.clear()
    assert found(index, "runpod~=1.7", tmp_path) == first
    assert (index.installs(), index.announced) == ([], [])


def test_ours_is_taken_at_once_where_it_is_the_one_that_is_asked_for(index: Index, tmp_path: Path) -> None:
    index.serve({"runpod": OWN["runpod"]})
    first, *_ = found(index, f"runpod=={OWN['runpod']}", tmp_path)
    assert first == SourceSdk(Path(sys.executable), f"runpod {OWN['runpod']}, as requirements.txt:1 asks")


def test_both_sides_have_the_same_packages_beside_the_sdk(index: Index, tmp_path: Path) -> None:
    index.serve({"runpod": "99.0"})
    first, *_ = found(index, "torch", tmp_path)
    assert inspected(first.python).packages >= inspected().packages


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"runpod": "99.0"}, "there is no version of runpod==1.7.9"),
        ({"runpod": "99.0", "runpod==1.7.9": "1.7.9", "broken": "runpod==1.7.9"}, "what was installed does not run: ModuleNotFoundError"),
    ],
)
@pytest.mark.whole
def test_a_release_that_cannot_be_had_or_does_not_run_gives_way_to_the_newest(
    state: dict[str, str], reason: str, index: Index, tmp_path: Path
) -> None:
    index.serve(state)
    first, *_ = found(index, "runpod==1.7.9", tmp_path)
    assert first.told.startswith("runpod 99.0, the newest, in an environment of its own (runpod==1.7.9: ")
    assert reason in first.told


def test_without_network_ours_takes_its_place_and_nothing_else_is_asked_for(index: Index, tmp_path: Path) -> None:
    index.serve({"offline": "yes"})
    (only,) = found(index, "runpod==1.7.9", tmp_path, most=None)
    assert only.python == Path(sys.executable)
    assert only.told.startswith(f"runpod {OWN['runpod']} of this environment (runpod==1.7.9: the requirements cannot be installed: ")
    assert index.installs() == ["runpod==1.7.9"]
    assert "takes its place" in index.announced[-1] and "--source-sdk own" in index.announced[-1]


def aged(tmp_path: Path, days: int) -> None:
    """Every environment was made so many days ago."""
    for record in (tmp_path / "environments").glob("source-*.json"):
        document = json.loads(record.read_text())
        record.write_text(json.dumps({**document, "made": (datetime.date.today() - datetime.timedelta(days=days)).isoformat()}))


@pytest.mark.parametrize(
    ("requirement", "days", "asked"),
    [
        ("torch", 8, ["runpod"]),
        ("torch", 6, []),
        pytest.param("runpod>=1", 8, ["runpod>=1"], marks=pytest.mark.whole),
        ("runpod==1.7.9", 400, []),
    ],
)
@pytest.mark.whole
def test_what_several_releases_fit_is_looked_up_anew_after_a_week(
    requirement: str, days: int, asked: list[str], index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.serve({requirement: "1.7.9", "runpod": "99.0"})
    found(index, requirement, tmp_path)
    index.installs()
    aged(tmp_path, days)
    monkeypatch.setattr("converters.verify.sdk._edition", lambda day: f"{day}, later")
    found(index, requirement, tmp_path)
    assert index.installs() == asked


def test_without_network_an_old_environment_is_still_used(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index.serve({"runpod": "99.0"})
    before, *_ = found(index, "torch", tmp_path)
    aged(tmp_path, 100)
    monkeypatch.setattr("converters.verify.sdk._edition", lambda day: f"{day}, later")
    index.serve({"offline": "yes"})
    after, *_ = found(index, "torch", tmp_path)
    assert after == before


@pytest.mark.whole
def test_environments_that_are_out_of_use_are_removed(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index.serve({"runpod": "99.0"})
    made = []
    for edition in "abc":
        monkeypatch.setattr("converters.verify.sdk._edition", lambda day, edition=edition: edition)
        made.append(found(index, "torch", tmp_path)[0].python.parents[1])
        aged(tmp_path, 8)
    assert [place.exists() for place in made] == [False, True, True]


@pytest.mark.parametrize("installer", ["uv", pytest.param("pip", marks=pytest.mark.whole)])
def test_the_folder_of_the_project_has_no_part_in_it(installer: str, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "worker"
    project.mkdir()
    for name in ("venv", "pip", "ensurepip", "json", "runpod"):
        (project / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write(__name__)\n")
    monkeypatch.chdir(project)
    index.serve({"runpod": "99.0"})
    if installer == "pip":
        monkeypatch.setenv("PATH", "/usr/bin:/bin")
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    found(index, "torch", tmp_path)
    assert not (tmp_path / "ran").exists()


# --- the SDK beside the converted app, and what is said


@pytest.mark.parametrize(("text", "shared"), [("VALUE = 1\n", True), ("import no_such_module_anywhere\n", False)])
def test_the_app_gets_the_source_s_release_where_it_runs(text: str, shared: bool, tmp_path: Path) -> None:
    package = tmp_path / "there/runpod"
    (package / "serverless").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "serverless/__init__.py").write_text(text)
    info = tmp_path / "there/runpod-1.7.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: runpod\nVersion: 1.7.9\n")
    folder = tmp_path / "here"
    folder.mkdir()
    interpreter = Interpreter(Path(sys.executable), "3.11.7", folders=(str(tmp_path / "elsewhere"), str(tmp_path / "there")))
    assert share(interpreter, SDKS["runpod"], folder) is shared
    assert (folder / "runpod-1.7.9.dist-info/METADATA").is_file()
    assert not share(Interpreter(Path(sys.executable), "3.11.7"), SDKS["runpod"], tmp_path / "nothing")


@pytest.mark.parametrize(
    ("verdict", "why", "said"),
    [
        ("not proven", "the source does not start: x: ImportError: cannot import name 'BaseRunner'", "ImportError: cannot import name 'BaseRunner'"),
        ("not proven", "the source does not start: AttributeError: no attribute 'start'", "AttributeError: no attribute 'start'"),
        ("not proven", "the source does not start: cog 0.4.3 cannot be run here: give it", "cog 0.4.3 cannot be run here"),
        ("not proven", "the source does not start: KeyError: 'MODEL'", ""),
        ("not proven", "the source does not start: no job was asked for within 40 s", ""),
        ("not proven", "no request reached a model", ""),
        ("different", "the source does not start: ImportError: x", ""),
        ("equivalent", "", ""),
    ],
)  # fmt: skip
def test_another_release_is_tried_only_where_this_one_lacks_something(verdict: str, why: str, said: str) -> None:
    certificate = Certificate(app="a", platform="runpod", source="s", target="t", verdict=verdict, why=why, seed=0, versions={}, doubles=[])  # type: ignore[arg-type]
    assert misfit(certificate) == said


@pytest.mark.whole
def test_the_certificate_names_the_release_and_the_terminal_its_making(
    index: Index, scratch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    index.serve({"cog": "99.0"})
    index.log = tmp_path / "cache/fal-runtime/environments/packages/own/uv.log"
    monkeypatch.setenv("FAL_MIGRATE_SOURCE_SDK", "auto")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert answer(["verify", str(FIXTURES / "replicate/tokens"), "--seconds", "5", "--format", "json"]) == 0
    printed = capsys.readouterr()
    (certificate,) = json.loads(printed.out)["certificates"]
    assert certificate["verdict"] == "equivalent", certificate["why"]
    assert certificate["sdk"] == "cog 99.0, the newest, in an environment of its own"
    assert certificate["versions"]["source cog"] == "99.0"
    assert printed.err == "tokens: making an environment with cog for the source side\n"
    assert index.installs() == ["cog"]


@pytest.mark.whole
def test_own_asks_for_no_environment(
    index: Index, scratch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    index.serve({"cog": "99.0"})
    index.log = tmp_path / "cache/fal-runtime/environments/packages/own/uv.log"
    monkeypatch.setenv("FAL_MIGRATE_SOURCE_SDK", "auto")
    assert answer(["verify", str(FIXTURES / "replicate/tokens"), "--seconds", "2", "--format", "json", "--source-sdk", "own"]) == 0
    printed = capsys.readouterr()
    (certificate,) = json.loads(printed.out)["certificates"]
    assert (certificate["sdk"], printed.err, index.installs()) == ("", "", [])
