"""The command line keeps its contract: exit codes, one document on standard output, messages of one or two lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from converters import __version__
from converters.cli import answer, main
from converters.commands.config import CHOICES, SYNONYMS, read_config
from converters.errors import MigrateError, Unreadable, UsageError
from converters.options import Options
from converters.outcome import Crashed, NotConverted, Outcome
from tests import made

ROOT = Path(__file__).parents[1]
Install = Callable[[Callable[[Path, Options], Outcome]], None]


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Stand in for the conversion."""

    def install(convert: Callable[[Path, Options], Outcome]) -> None:
        module = types.ModuleType("converters.convert")
        module.convert = convert  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "converters.convert", module)

    return install


@pytest.fixture
def worker(tmp_path: Path, install: Install) -> Path:
    """A project that converts without anything left to do."""
    root = made.source(tmp_path)
    install(lambda path, options: made.conversion(root))
    return root


@pytest.fixture
def partial(tmp_path: Path, install: Install) -> Path:
    """A project of which a manual item is left in the code."""
    root = made.source(tmp_path)
    install(lambda path, options: made.conversion(root, manual=True))
    return root


def run(*arguments: object) -> int:
    return int(answer([str(argument) for argument in arguments]))


# The default command


@pytest.mark.versions
def test_a_path_alone_converts(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(worker) == 0
    assert (worker.parent / "worker-fal/app.py").read_bytes() == made.APP
    assert "worker is a RunPod project" in capsys.readouterr().out


@pytest.mark.parametrize("order", [0, 1])
def test_options_may_stand_before_the_path(worker: Path, order: int, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--format", "json", "--check", worker]
    assert run(*(arguments if order else [worker, *arguments[:3]])) == 1
    assert json.loads(capsys.readouterr().out)["exit_code"] == 1


def test_a_path_called_like_a_command_is_written_with_a_dot(worker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(worker.parent)
    worker.rename(worker.with_name("run"))
    made.source(worker.parent)
    assert run("./run", "--output", "out") == 0


@pytest.mark.versions
def test_the_version_and_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out == f"fal-migrate {__version__}\n"
    assert run("--help") == 0
    shown = capsys.readouterr().out
    assert all(command in shown for command in ("convert", "callers", "inspect", "batch", "explain", "run", "exec", "verify"))
    assert "forecast" not in shown


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["convert", "--help"], ["batch", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    program = "import sys; from converters.cli import answer; answer(sys.argv[1:]); print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, cwd=ROOT, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    own_of_typer = {"pydantic"} if len(arguments) > 1 else set()
    assert loaded & {"libcst", "fal", "jinja2", "pydantic", "yaml", "tomlkit", "runpod", "cog"} <= own_of_typer


def test_main_always_ends_with_an_exit_code(worker: Path) -> None:
    with pytest.raises(SystemExit) as end:
        main([str(worker), "--quiet"])
    assert end.value.code == 0


# Exit codes


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param([], 3, id="manual items are left"),
        pytest.param(["--fail-on", "error"], 0, id="which --fail-on error forgives"),
        pytest.param(["--fail-on", "never"], 0, id="and --fail-on never too"),
        pytest.param(["--check"], 3, id="--check answers as the conversion would"),
        pytest.param(["--diff"], 3, id="and --diff too"),
        pytest.param(["--check", "--fail-on", "error"], 1, id="else something would change"),
    ],
)
def test_exit_codes_of_a_partial_conversion(partial: Path, arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(partial, *arguments, "--format", "json") == code
    document = json.loads(capsys.readouterr().out)
    assert (document["exit_code"], document["status"]) == (code, "partial")
    assert (partial.parent / "worker-fal").exists() == (not {"--check", "--diff"} & set(arguments))


@pytest.mark.parametrize(
    ("status", "arguments", "code"),
    [
        ("unsupported", [], 4),
        ("unsupported", ["--fail-on", "error"], 4),
        ("unsupported", ["--fail-on", "never"], 0),
        ("unsupported", ["--check"], 4),
        ("unreadable", [], 5),
        ("unreadable", ["--fail-on", "never"], 5),
        ("unreadable", ["--diff"], 5),
    ],
)
def test_exit_codes_where_nothing_is_converted(
    tmp_path: Path, install: Install, status: Any, arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    install(lambda path, options: NotConverted(path, status, "is odd.", "Mend it.", "handler.py", 3, "runpod"))
    assert run(tmp_path, *arguments) == code
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "handler.py:3: is odd. Mend it.\n")
    assert run(tmp_path, *arguments, "--format", "json") == code
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["exit_code"], document["source"]["platform"]) == (status, code, "runpod")


def test_nothing_to_change_is_zero(tmp_path: Path, install: Install) -> None:
    import dataclasses

    same = dataclasses.replace(made.converted(tmp_path), files=())
    install(lambda path, options: same)
    assert run(tmp_path, "--check") == run(tmp_path, "--diff") == 0


def test_a_bug_writes_a_report_and_shows_no_traceback(tmp_path: Path, install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    install(lambda path, options: Crashed(path, "KeyError: 'x'", "Traceback of ours"))
    assert run(tmp_path, "--format", "json") == 70
    shown = capsys.readouterr()
    report = Path(json.loads(shown.out)["report"])
    assert report.read_text() == "Traceback of ours"
    assert str(report) in shown.err
    assert "Traceback" not in shown.err


def test_a_bug_around_the_conversion_is_no_traceback_either(tmp_path: Path, install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(path: Path, options: Options) -> Outcome:
        raise ZeroDivisionError("oh")

    install(fail)
    assert run(tmp_path) == 70
    message = capsys.readouterr().err
    assert message.startswith("internal error: ZeroDivisionError: oh.")
    assert "ZeroDivisionError" in Path(message.split()[-1]).read_text()


def test_an_interrupt_is_130(tmp_path: Path, install: Install) -> None:
    def interrupt(path: Path, options: Options) -> Outcome:
        raise KeyboardInterrupt

    install(interrupt)
    assert run(tmp_path) == 130


# What standard output holds


@pytest.mark.versions
def test_json_is_one_document_even_where_the_output_is_refused(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(worker, "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["output"] == str(worker.parent / "worker-fal")
    assert run(worker, "--format", "json") == 2
    shown = capsys.readouterr()
    assert (json.loads(shown.out)["status"], json.loads(shown.out)["exit_code"]) == ("refused", 2)
    assert "exists already" in shown.err


def test_diff_is_the_diff_and_nothing_else(partial: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(partial, "--diff") == 3
    shown = capfdbinary.readouterr()
    subprocess.run(
        ["git", "apply"], input=shown.out, cwd=partial, check=True, env={**os.environ, "GIT_CEILING_DIRECTORIES": str(partial.parent)}
    )
    assert (partial / "app.py").read_bytes() == made.APP
    assert (partial / "handler.py").read_bytes() == made.KEPT
    assert shown.err == b"handler.py:5: Check, [what] this does: 100% by hand.\n"


def test_diff_in_json_is_a_field(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(worker, "--diff", "--format", "json") == 1
    document = json.loads(capsys.readouterr().out)
    assert document["diff"].startswith("# RP001 handler.py:8")
    assert document["output"] is None


def test_a_diff_that_is_no_text_is_base64(tmp_path: Path, install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    import base64
    import dataclasses

    from converters.outcome import FileChange

    latin = dataclasses.replace(made.converted(tmp_path), files=(FileChange("a.py", "added", b"# \xe9\n"),))
    install(lambda path, options: latin)
    assert run(tmp_path, "--diff", "--format", "json") == 1
    document = json.loads(capsys.readouterr().out)
    assert document["diff"] is None
    assert b"+# \xe9\n" in base64.b64decode(document["diff_base64"])


@pytest.mark.parametrize("format", ["text", "markdown", "github", "sarif", "junit"])
def test_quiet_prints_nothing(partial: Path, format: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(partial, "--quiet", "--format", format) == 3
    assert capsys.readouterr() == ("", "")


def test_conflicts_are_reported_and_are_exit_3(worker: Path, install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    import dataclasses

    from converters.outcome import FileChange

    assert run(worker, "-q") == 0
    place = worker.parent / "worker-fal"
    (place / "app.py").write_bytes(made.APP.replace(b"pass", b"mine"))
    other = dataclasses.replace(made.conversion(worker), files=(FileChange("app.py", "added", made.APP.replace(b"pass", b"ours")),))
    install(lambda path, options: other)
    assert run(worker, "--force", "--format", "json", "--fail-on", "never") == 3
    shown = capsys.readouterr()
    assert [conflict["path"] for conflict in json.loads(shown.out)["conflicts"]] == ["app.py"]
    assert "<<<<<<<" in shown.err
    for arguments in (["--force"], ["--force", "--fail-on", "never"], []):
        assert run(worker, *arguments) == 2
    assert capsys.readouterr().err.count("Nothing was written") == 2


def test_colours_are_for_terminals(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(worker, "--diff") == 1
    assert run(worker) == 0
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize("format", ["json", "text", "markdown"])
def test_a_reader_that_goes_away_is_no_error(tmp_path: Path, format: str) -> None:
    root = made.source(tmp_path)
    program = "import sys, types; from tests import made; from pathlib import Path; m = types.ModuleType('c'); m.convert = lambda p, o: made.conversion(Path(p)); sys.modules['converters.convert'] = m; from converters.cli import main; main()"
    command = f'{sys.executable} -c "{program}" {root} --check --format {format} | true; exit ${{PIPESTATUS[0]}}'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (1, "")


# Usage


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--foo"], "--foo", id="an unknown option"),
        pytest.param(["--target", "kubernetes"], "kubernetes", id="an unknown target"),
        pytest.param(["--format", "checkstyle"], "checkstyle", id="a format that is not there"),
        pytest.param(["--set", "novalue"], "KEY=VALUE", id="a setting without a value"),
        pytest.param(["--endpoint-config", "/nowhere.json"], "is no file", id="a missing endpoint file"),
        pytest.param(["--image-config", "/nowhere.json"], "is no file", id="a missing image configuration"),
        pytest.param(["--openapi", "/nowhere.json"], "is no file", id="a missing OpenAPI document"),
        pytest.param(["--openapi", "http://127.0.0.1:1/openapi.json"], "does not answer", id="an OpenAPI document that nobody serves"),
        pytest.param(["--in-place", "--output", "x"], "--in-place", id="two places to write to"),
        pytest.param(["--diff", "--check"], "--check", id="two dry runs"),
        pytest.param(["--output", "."], "holds the project", id="an output around the project"),
    ],
)
@pytest.mark.versions
def test_usage_errors_are_two_lines_at_most(
    worker: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(worker.parent)
    assert run(worker, *arguments) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert shown.err.count("\n") <= 2
    assert shown.out == ""


@pytest.mark.versions
def test_no_argument_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 2
    shown = capsys.readouterr()
    assert "Usage" in shown.out + shown.err


def test_in_place_needs_a_clean_tree(worker: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(worker.parent))
    assert run(worker, "--in-place") == 2
    assert "git tree" in capsys.readouterr().err


def test_run_without_the_runtime_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "fal_runtime.main", None)
    assert run("run", tmp_path) == 2
    assert 'pip install "fal-migrate[run]"' in capsys.readouterr().err


def test_run_passes_on_what_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, seen = types.ModuleType("fal_runtime.main"), {}

    def serve(path: Path, **options: Any) -> int:
        seen.update(options, path=path)
        return 5

    module.run = serve  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "fal_runtime.main", module)
    options = ["--port", "0", "--host", "0.0.0.0", "--owner", "me", "--env", "staging", "--install", "--scale-to-zero"]
    assert (
        run(
            "run",
            tmp_path,
            *options,
            "--key",
            "a:b",
            "--key",
            "c:d",
            "--allow-origin",
            "http://studio.example",
            "--allow-host",
            "studio",
            "--state",
            "state",
            "--data",
            "data",
            "--secrets",
            ".env",
            "--unconfined",
            "--reload",
        )
        == 5
    )
    assert seen == {
        "path": tmp_path,
        "port": 0,
        "host": "0.0.0.0",
        "owner": "me",
        "environment": "staging",
        "install": True,
        "keep_warm": False,
        "keys": ("a:b", "c:d"),
        "origins": ("http://studio.example",),
        "hosts": ("studio",),
        "engine": None,
        "state": Path("state"),
        "data": Path("data"),
        "secrets": Path(".env"),
        "capture_openapi": False,
        "unconfined": True,
        "reload": True,
    }


# [tool.fal-migrate]


def test_the_project_states_defaults_and_the_command_line_outranks_them(tmp_path: Path, install: Install) -> None:
    root = made.source(tmp_path)
    seen: list[Options] = []
    install(lambda path, options: (seen.append(options), made.conversion(root))[1])
    (root / "pyproject.toml").write_text(
        '[tool.fal-migrate]\nstyle = "keep"\nname = "stated"\nidiomatic = true\nskip = ["FS001"]\noutput = "../there"\nset = {keep_alive = 300}\n'
    )
    assert run(root, "-q") == 0
    assert (tmp_path / "there/app.py").exists()
    assert (
        run(root, "-q", "--name", "typed", "--no-idiomatic", "--set", "keep_alive=60", "--set", "regions=us-east", "-o", tmp_path / "out")
        == 0
    )
    stated, typed = seen
    assert (stated.style, stated.name, stated.idiomatic, stated.skip, stated.settings) == (
        "keep",
        "stated",
        True,
        ("FS001",),
        {"keep_alive": 300},
    )
    assert (typed.style, typed.name, typed.idiomatic, typed.settings) == (
        "keep",
        "typed",
        False,
        {"keep_alive": 60, "regions": ["us-east"]},
    )


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        pytest.param("[tool.fal-migrate]\ntypo = 1\n", UsageError, "unknown key 'typo'", id="an unknown key"),
        pytest.param("[tool.fal-migrate]\nforce = true\n", UsageError, "command line only", id="a key that a project may not set"),
        pytest.param('[tool.fal-migrate]\nstyle = "loud"\n', UsageError, "one of auto, native, keep", id="an unknown choice"),
        pytest.param("[tool.fal-migrate]\nonly = 3\n", UsageError, "list of rule codes", id="no list"),
        pytest.param('[tool.fal-migrate]\nidiomatic = "yes"\n', UsageError, "true or false", id="no flag"),
        pytest.param("[tool.fal-migrate]\nname = 3\n", UsageError, "a string", id="no string"),
        pytest.param('[tool.fal-migrate]\nendpoint-config = "\\u0000"\n', UsageError, "null characters", id="no path"),
        pytest.param('[tool.fal-migrate]\nset = "a"\n', UsageError, "table", id="no table of settings"),
        pytest.param("[tool.fal-migrate]\nset = {keep_alive = -5}\n", UsageError, "keep_alive is -5", id="an impossible setting"),
        pytest.param("[tool.fal-migrate]\nset = {keepalive = 5}\n", UsageError, "Did you mean keep_alive?", id="an unknown setting"),
        pytest.param('[tool.fal-migrate]\nskip = ["RP999"]\n', UsageError, "no rule has this code", id="an unknown rule"),
        pytest.param('tool.fal-migrate = "x"\n', UsageError, "no table", id="no table at all"),
        pytest.param('[tool.fal-migrate]\nendpoint-config = "../e.json"\n', UsageError, "leaves the project", id="a file outside"),
        pytest.param('[tool.fal-migrate]\nimage-config = "../i.json"\n', UsageError, "leaves the project", id="an image outside"),
        pytest.param("x = 1\n[tool\n", Unreadable, "pyproject.toml:2: is no valid TOML", id="broken TOML"),
        pytest.param("x = '\xe9'", Unreadable, "UTF-8", id="no UTF-8"),
    ],
)
def test_a_bad_configuration_names_its_file(tmp_path: Path, text: str, error: type[MigrateError], message: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text, "latin-1")
    with pytest.raises(error) as refusal:
        read_config(tmp_path)
    assert message in str(refusal.value)
    assert str(tmp_path / "pyproject.toml") in str(refusal.value)
    assert refusal.value.hint


def test_a_bad_configuration_is_one_document_too(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (worker / "pyproject.toml").write_text("[tool.fal-migrate]\ntypo = 1\n")
    assert run(worker, "--format", "json") == 2
    assert json.loads(capsys.readouterr().out)["status"] == "refused"
    (worker / "pyproject.toml").write_text("[tool")
    assert run(worker, "--format", "json") == 5
    assert json.loads(capsys.readouterr().out)["status"] == "unreadable"


@pytest.mark.parametrize(("stated", "typed"), [("inline", ""), ("native", ""), ("", "inline"), ("", "native"), ("keep", "inline")])
def test_inline_is_another_word_for_native(tmp_path: Path, install: Install, stated: str, typed: str) -> None:
    root = made.source(tmp_path)
    seen: list[Options] = []
    install(lambda path, options: (seen.append(options), made.conversion(root))[1])
    if stated:
        (root / "pyproject.toml").write_text(f'[tool.fal-migrate]\nstyle = "{stated}"\n')
    assert run(root, "-q", *(("--style", typed) if typed else ())) == 0
    assert [options.style for options in seen] == ["native"]


@pytest.mark.parametrize("text", ["", "[tool]\nother = 1\n", "[project]\nname = 'x'\n", "tool = 3\n"])
def test_a_project_without_the_table_states_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert read_config(tmp_path).values == {}
    assert read_config(tmp_path / "missing").values == {}


def test_the_choices_of_the_configuration_are_those_of_the_command_line() -> None:
    from converters.commands import options

    choices = (options.TargetChoice, options.StyleChoice, options.FailOnChoice, options.FormatChoice)
    classes = dict(zip(("target", "style", "fail-on", "format"), choices, strict=True))
    assert {key: tuple(one.value for one in choice if one.value not in SYNONYMS.get(key, ())) for key, choice in classes.items()} == CHOICES


# inspect, explain


@pytest.mark.versions
def test_inspect_shows_the_model(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("inspect", worker) == 0
    assert "runpod.serverless.start" in capsys.readouterr().out
    assert run("inspect", worker, "--format", "json") == 0
    model = json.loads(capsys.readouterr().out)
    assert (model["platform"], model["apps"][0]["handler"]["name"]) == ("runpod", "handler")
    assert not (worker.parent / "worker-fal").exists()


def test_inspect_of_nothing_says_so(tmp_path: Path, install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    install(lambda path, options: NotConverted(path, "unreadable", "does not exist.", "Give a folder.", str(path)))
    assert run("inspect", tmp_path / "x", "--format", "json") == 5
    assert json.loads(capsys.readouterr().out)["status"] == "unreadable"


def test_explain_tells_what_became_of_a_line(partial: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("explain", f"{partial}/handler.py:8") == 0
    assert capsys.readouterr().out.startswith("handler.py:8: converted by RP001 (safe): becomes the endpoint\n")
    assert run("explain", f"{partial}/handler.py:6") == 0
    assert "RP099" in capsys.readouterr().out
    assert run("explain", f"{partial}/handler.py:1") == 0
    assert "the line is changed by RP002" in capsys.readouterr().out
    assert run("explain", f"{partial}/handler.py:4") == 0
    assert "kept as it is" in capsys.readouterr().out
    assert run("explain", "elsewhere.py:1", "--project", partial) == 5


def test_explain_shows_control_characters_of_a_project(tmp_path: Path, install: Install, capsys: pytest.CaptureFixture[str]) -> None:
    root = made.source(tmp_path)
    (root / "\x1b[2J.py").write_text("x = 1\n")
    install(lambda path, options: made.conversion(root))
    assert run("explain", f"{root}/\x1b[2J.py:1") == 0
    assert capsys.readouterr().out.startswith("\\x1b[2J.py:1: the file is not part of the output")


@pytest.mark.parametrize("shard", ["0/2", "3/2", "x/2", "1", "1/0"])
def test_a_shard_counts_from_one(shard: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("batch", tmp_path, "--shard", shard) == 2
    assert "I/N" in capsys.readouterr().err


def test_closed_streams_are_no_bug(tmp_path: Path) -> None:
    command = f"{sys.executable} -m converters {tmp_path}/missing >&- 2>&-"
    assert subprocess.run(["bash", "-c", command], cwd=ROOT, check=False).returncode == 5


def test_a_name_that_the_system_refuses_is_no_bug(worker: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(worker, "--output", "x" * 5000) == 2
    assert "File name too long" in capsys.readouterr().err
    assert run("x" * 5000) == 5
    assert len(capsys.readouterr().err) < 400


def test_a_program_without_a_runtime_is_told_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("fal_runtime.redirect")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("fal_runtime.redirect._registry", lambda: tmp_path)
    assert answer(["exec", "--", "true"]) == 2
    assert "migrate run PATH" in capsys.readouterr().err
