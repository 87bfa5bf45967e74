"""Nothing is written of which Python refuses a file that it should take: that is a bug, and told as one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from converters.cli import answer
from converters.compiled import DoesNotCompile, NameNotDefined, must_compile
from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted, Crashed, FileChange
from converters.project import open_project
from converters.targets import worker
from converters.targets.native import worker as native

WORKER = "import runpod\n\n\ndef handler(job):\n    return job\n\n\nrunpod.serverless.start({'handler': handler})\n"
NATIVE = WORKER.replace("return job", "return {'n': job['input'].get('n', 1)}")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(FileChange("app.py", "added", b"def f(:\n"), id="an added file"),
        pytest.param(FileChange("a.py", "modified", b"if x:\n", b"if x:\n    y\n"), id="a modified file"),
        pytest.param(FileChange("a.py", "added", b"x = '\0'\n"), id="NUL bytes"),
        pytest.param(FileChange("a.py", "added", b"# coding: ascii\nx = '\xe9'\n"), id="another encoding than it declares"),
    ],
)
def test_a_file_that_python_refuses_is_our_bug(change: FileChange) -> None:
    with pytest.raises(DoesNotCompile, match=change.path):
        must_compile([FileChange("b.py", "added", b"x = 1\n"), change])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(FileChange("a.py", "added", b"x = 1\n"), id="right Python"),
        pytest.param(FileChange("a.py", "added", b"x = '\\d'\n"), id="what Python only warns of"),
        pytest.param(FileChange("a.py", "modified", b"if y:\n", b"if x:\n"), id="a source that it refuses as well"),
        pytest.param(FileChange("a.py", "modified", b"print(x)\n", b"print(x)\nexec('x = 1')\n"), id="a source whose names cannot be told"),
        pytest.param(FileChange("a.py", "copied", b"if x:\n", b"if x:\n"), id="a copy"),
        pytest.param(FileChange("a.py", "removed", None), id="a removal"),
        pytest.param(FileChange("a.txt", "added", b"if x:\n"), id="another kind of file"),
    ],
)
def test_what_is_right_passes(change: FileChange) -> None:
    must_compile([change])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("x = y\n", 1, id="at the top"),
        pytest.param("def f():\n    return y\n", 2, id="in a function"),
        pytest.param("class A:\n    x: y = 1\n", 2, id="an annotation"),
        pytest.param("class A:\n    def f(self):\n        return [y for x in (1,)]\n", 3, id="in a comprehension of a method"),
        pytest.param("@y\ndef f():\n    pass\n", 1, id="a decorator"),
        pytest.param("class A:\n    y = 1\n    def f(self):\n        return y\n", 4, id="a name of the class around a method"),
        pytest.param("def g():\n    y = 1\ndef f():\n    return y\n", 4, id="a name of another function"),
        pytest.param("y.attribute = 1\n", 1, id="the owner of an attribute"),
    ],
)
def test_a_name_that_nothing_defines_is_our_bug(text: str, line: int) -> None:
    with pytest.raises(NameNotDefined, match=rf"^app.py:{line} .*`y`"):
        must_compile([FileChange("app.py", "added", text.encode())])
    with pytest.raises(NameNotDefined):
        must_compile([FileChange("app.py", "modified", text.encode(), b"x = 1\n")])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("import y\nx = y\n", id="imported"),
        pytest.param("import y.z\nx = y\n", id="a package with a module of it"),
        pytest.param("from a import b as y\nx = y\n", id="imported under it"),
        pytest.param("def f():\n    return y\ny = 1\n", id="defined below"),
        pytest.param("def f():\n    global y\n    y = 1\ndef g():\n    return y\n", id="made a global by a function"),
        pytest.param("def f():\n    global y\n    from m import y\ndef g():\n    return y\n", id="made a global by an import"),
        pytest.param("try:\n    import y\nexcept ImportError:\n    y = None\nx = y\n", id="imported where it can be"),
        pytest.param("for y in range(3):\n    x = y\n", id="of a loop"),
        pytest.param("with open('a') as y:\n    x = y\n", id="of a with statement"),
        pytest.param("try:\n    x = 1\nexcept OSError as y:\n    print(y)\n", id="of an except clause"),
        pytest.param("x = [y for y in (1, 2)]\n", id="of a comprehension"),
        pytest.param("x = (lambda y: y)(1)\n", id="of a lambda"),
        pytest.param("if (y := 1):\n    x = y\n", id="of an assignment expression"),
        pytest.param("def f():\n    y = 1\n    def g():\n        return y\n    return g\n", id="of the function around it"),
        pytest.param("match [1]:\n    case [y]:\n        x = y\n", id="of a pattern"),
        pytest.param("class y:\n    def f(self) -> 'y':\n        return y()\n", id="a class in itself"),
        pytest.param("class A:\n    def f(self):\n        return __class__, super().f\n", id="what Python gives a method"),
        pytest.param("class A:\n    y = 1\n    x = y\n    z = __qualname__\n", id="of the class's own body"),
        pytest.param("from a import *\nx = y\n", id="that a star may bring"),
        pytest.param("globals()['y'] = 1\nx = y\n", id="that code may write into the module"),
        pytest.param("print(__file__, __name__, __doc__, reveal := len)\n", id="that Python brings"),
        pytest.param("x: 'y' = 1\n", id="in quotes"),
        pytest.param("def top(y):\n    z = y\n    return z\n", id="of a function by the name of the compiler's own table"),
    ],
)
def test_a_name_that_may_be_defined_passes(text: str) -> None:
    must_compile([FileChange("app.py", "added", text.encode())])


def test_a_name_that_the_source_does_not_define_either_is_its_own(tmp_path: Path) -> None:
    (tmp_path / "handler.py").write_text("def handler(job):\n    return time.time(), y\n")
    made = FileChange("app.py", "added", b"def generate(self):\n    return time.time(), y\n")
    with pytest.raises(NameNotDefined):
        must_compile([made])
    must_compile([made], open_project(tmp_path))
    must_compile([FileChange("a.py", "modified", b"x = y + 1\n", b"x = y\n")])


@pytest.mark.parametrize("options", [[], ["--force"], ["--check"]])
def test_nothing_is_written_and_the_report_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    monkeypatch.setattr(worker, "emit", lambda app: f"class {app.class_name}(:\n")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    project, output = tmp_path / "project", tmp_path / "out"
    project.mkdir()
    (project / "handler.py").write_text(WORKER)
    code = answer([str(project), "--output", str(output), "--style", "keep", "--format", "json", *options])
    document = json.loads(capsys.readouterr().out)
    assert (code, document["status"]) == (70, "crashed")
    assert not output.exists() and sorted(path.name for path in project.iterdir()) == ["handler.py"]
    assert "Traceback" in Path(document["report"]).read_text()


def test_a_name_in_the_place_of_one_that_the_source_does_not_define_is_its_own() -> None:
    source = b"class A:\n    from cog import BaseModel\nclass B(BaseModel):\n    pass\n"
    must_compile([FileChange("app.py", "modified", b"@dataclass\nclass B:\n    pass\n", source)])
    with pytest.raises(NameNotDefined):
        must_compile([FileChange("app.py", "modified", b"@dataclass\nclass B(BaseModel):\n    pass\n", source)])


@pytest.mark.parametrize(
    ("made", "fault"),
    [
        pytest.param("class A(:\n", "Python refuses it", id="no Python"),
        pytest.param("x = y\n", "the name `y`, which nothing defines", id="a name that is not defined"),
    ],
)
def test_a_native_form_that_does_not_hold_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: str, fault: str) -> None:
    """What is written natively is then written as it is kept, and the report says why."""
    (tmp_path / "handler.py").write_text(NATIVE)
    assert [app.style for app in converted(tmp_path, Options()).application.apps] == ["native"]
    monkeypatch.setattr(native, "emit", lambda app: made)
    outcome = converted(tmp_path, Options())
    (app,) = outcome.application.apps
    assert (app.style, outcome.not_native) == ("keep", app.why_style.removeprefix("keep: its native form does not hold, since "))
    assert fault in outcome.not_native and app.why_style in "".join(str(change.data) for change in outcome.files)


def test_a_native_form_that_was_asked_for_is_not_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "handler.py").write_text(NATIVE)
    monkeypatch.setattr(native, "emit", lambda app: "class A(:\n")
    assert isinstance(convert(tmp_path, Options(style="native")), Crashed)


def converted(folder: Path, options: Options) -> Converted:
    outcome = convert(folder, options)
    assert isinstance(outcome, Converted), outcome
    return outcome
