"""``--install``: apps in environments of their own."""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import httpx
import pytest
from fal.api.api import SERVE_REQUIREMENTS

from fal_runtime.environments import Environments
from fal_runtime.errors import InstallFailure

from . import wheels
from .conftest import Served

Write = Callable[..., Path]
Serve = Callable[..., Served]

PYPROJECT = """
    [tool.fal.apps.demo]
    ref = "app.py::Demo"
    [tool.fal.apps.broken]
    ref = "broken.py::Broken"
    [tool.fal.apps.container]
    ref = "container.py::Container"
"""

APP = """
    import fal
    from fal.toolkit import File
    from pydantic import BaseModel

    class Input(BaseModel):
        pass

    class Demo(fal.App, name="demo"):
        requirements = [["${PACKAGE}==1.0"], ["./own"]]

        @fal.endpoint("/")
        def run(self, input: Input) -> dict:
            import importlib.util, subprocess, sys
            import own, tiny
            said = subprocess.run(["python", "-c", "import tiny; print(tiny.VALUE)"], capture_output=True, text=True).stdout
            return {"tiny": tiny.VALUE, "own": own.VALUE, "said": said, "ours": importlib.util.find_spec("libcst") is not None,
                    "prefix": sys.prefix, "file": File.from_bytes(b"abc").url}
"""

BROKEN = """
    import fal

    class Broken(fal.App, name="broken"):
        requirements = ["tiny==9.0"]

        @fal.endpoint("/")
        def run(self) -> dict:
            return {}
"""

CONTAINER = """
    import fal
    from fal.container import ContainerImage

    class Container(fal.App, name="container", image=ContainerImage.from_dockerfile_str("FROM x")):
        @fal.endpoint("/")
        def run(self) -> dict:
            return {}
"""

#: Builds the wheel of a project with one module, without anything that would have to be installed for that.
BACKEND = """
    import zipfile

    def build_wheel(directory, config_settings=None, metadata_directory=None):
        info = "own-1.0.dist-info"
        with zipfile.ZipFile(f"{directory}/own-1.0-py3-none-any.whl", "w") as wheel:
            wheel.write("own.py")
            wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: own\\nVersion: 1.0\\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
            wheel.writestr(f"{info}/RECORD", "")
        return "own-1.0-py3-none-any.whl"
"""


@pytest.mark.time_limit(300)
@pytest.mark.whole
def test_apps_run_with_their_requirements_and_without_ours(
    project: Write, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = tmp_path / "index"
    index.mkdir()
    wheels.pack(["fal", *SERVE_REQUIREMENTS], index)
    wheels.made("tiny", "1.0", index, "VALUE = 'one'\n")
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(index), "XDG_CACHE_HOME": str(tmp_path / "cache")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")  # without uv
    (tmp_path / "secrets").write_text("PACKAGE=tiny\n")
    root = project(
        pyproject_toml=PYPROJECT, app_py=APP, broken_py=BROKEN, container_py=CONTAINER, own__own_py="VALUE = 1", own__backend_py=BACKEND
    )
    (root / "own" / "pyproject.toml").write_text('[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n')
    served = serve(root, "--install", "--secrets", str(tmp_path / "secrets"))
    served.line("^demo: http://", timeout=240)  # pip takes its time on a busy machine
    answer = served.post("demo", {}).json()
    assert httpx.get(answer.pop("file")).content == b"abc"
    [environment] = [place.parent for place in (tmp_path / "cache/fal-runtime/environments").glob("*/complete")]
    assert answer == {"tiny": "one", "own": 1, "said": "one\n", "ours": False, "prefix": str(environment)}
    served.line(r"^error: broken: the requirements cannot be installed: ERROR: No matching distribution found for tiny==9\.0")
    served.line(r"^\[broken\] ERROR: Could not find a version that satisfies the requirement tiny==9\.0")
    served.line(r"^container: nothing is installed for it: what its image installs must be installed here")
    assert served.post("container", {}).status_code == 200


FAL = f"fal=={version('fal')}"


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """A ``uv`` that only notes what it is asked for; the function returns that, and forgets it."""
    log, program = tmp_path / "environments/packages/own/log", tmp_path / "bin/uv"
    program.parent.mkdir()
    program.write_text(
        textwrap.dedent(
            """\
            #!/bin/sh
            echo "$@" >> "${UV_CACHE_DIR%/uv}/log"
            case "$*" in
                venv*) shift 4; mkdir -p "$1/bin"; sleep 0.2 ;;
                *cut-off*) kill -9 $$ ;;
                *impossible*) echo "error: No solution found"; echo "  cause: Because there is no impossible"; echo; exit 1 ;;
            esac
            """
        )
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")

    def asked() -> list[str]:
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return [line.rpartition("python ")[2] if line.startswith("pip") else line.partition(" ")[0] for line in lines]

    return asked


def test_layers_are_installed_in_order_and_fal_last(tmp_path: Path, uv: Callable[[], list[str]]) -> None:
    environments = Environments(tmp_path / "environments", {"TOKEN": "s3cret"})
    layers = [["--extra-index-url", "https://x:${TOKEN}@y", "a==1"], [], ["b", "c==${UNKNOWN}"]]
    python = asyncio.run(environments.python(layers, print))
    assert python.parent.is_dir()
    installed = ["--extra-index-url https://x:s3cret@y a==1", "b c==${UNKNOWN}", FAL]
    assert uv() == ["venv", *installed]


def test_an_environment_is_made_once(tmp_path: Path, uv: Callable[[], list[str]]) -> None:
    async def three() -> list[Path]:
        first, second = (Environments(tmp_path / "environments", {}) for _ in range(2))
        asked = [first.python([["a"]], print), first.python([["a"]], print), second.python([["a"]], print)]
        return await asyncio.gather(*asked)

    assert len(set(asyncio.run(three()))) == 1
    assert uv() == ["venv", "a", FAL]
    again = Environments(tmp_path / "environments", {})
    assert asyncio.run(again.python([["a"]], print)) != asyncio.run(again.python([["b"]], print))
    assert uv() == ["venv", "b", FAL]


def test_a_project_on_the_disk_is_installed_anew(tmp_path: Path, uv: Callable[[], list[str]]) -> None:
    environments = Environments(tmp_path / "environments", {})
    for requirement in (f"{tmp_path}[extra]", str(tmp_path), str(tmp_path)):
        asyncio.run(environments.python([[requirement]], print))
        assert uv() == ["venv", requirement, FAL]


def test_projects_share_no_downloads(tmp_path: Path, uv: Callable[[], list[str]]) -> None:
    (tmp_path / "link").symlink_to("one")
    for projects in ([tmp_path / "one"], [tmp_path / "two"], [tmp_path / "link"], []):
        asyncio.run(Environments(tmp_path / "environments", {}, projects).make([[f"a=={len(projects)}{projects}"]], print))
    caches = [place.parent.name for place in (tmp_path / "environments/packages").glob("*/log")]
    assert len(caches) == 3 and "own" in caches, "one for each project, and one for what belongs to none"


@pytest.mark.parametrize(("requirement", "message"), [("impossible", "cause: Because there is no impossible"), ("cut-off", "no output")])
def test_what_failed_is_tried_again(tmp_path: Path, uv: Callable[[], list[str]], requirement: str, message: str) -> None:
    environments = Environments(tmp_path / "environments", {})
    for _ in range(2):
        with pytest.raises(InstallFailure, match=f"the requirements cannot be installed: {message}"):
            asyncio.run(environments.python([[requirement]], print))
        assert uv() == ["venv", requirement]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InstallFailure, match=r"file/\w+ cannot be made: (File exists|Not a directory)"):
        asyncio.run(Environments(tmp_path / "file", {}).python([["a"]], print))
