"""What an installer sees of the machine: its configuration with what that names, and what requirements name within the project."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from fal_runtime.errors import InstallFailure
from fal_runtime.installers import Installers

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a shell command as an installer; returns what it prints. HOME is ``home`` and the project ``project``."""
    for name in ("home/.config/pip", "home/.pip", "home/.ssh", "project", "other", "cache/mine", "place"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "home/.ssh/id").write_text("canary")
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)

    def start(script: str, *words: str) -> str:
        lines: list[str] = []
        installers = Installers(tmp_path / "cache/packages", [tmp_path / "project"])
        command = ["/bin/sh", "-c", f"{script}\nexit 0", "sh", *words]
        asyncio.run(installers.run(command, lines.append, "failed", place=tmp_path / "place"))
        return "\n".join(lines)

    if start(f"cat {tmp_path}/home/.ssh/id").endswith("canary"):
        pytest.skip("this machine confines nothing")
    return start


@pytest.mark.parametrize("place", [".config/pip/pip.conf", ".config/uv/uv.toml", ".pip/pip.conf"])
def test_the_user_s_configuration_is_there_alone(run: Run, tmp_path: Path, place: str) -> None:
    (tmp_path / "home" / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "home" / place).write_text("[global]\nindex-url = https://x\n")
    assert "index-url" in run(f'cat "$HOME/{place}"; echo changed > "$HOME/{place}"')
    assert (tmp_path / "home" / place).read_text().startswith("[global]")
    assert run('cat "$HOME/.ssh/id" || ls -A "$HOME"').endswith(place.partition("/")[0])


def test_a_configuration_elsewhere_is_found(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "other"))
    (tmp_path / "other/pip").mkdir()
    (tmp_path / "other/pip/pip.conf").write_text("elsewhere")
    assert run('cat "${XDG_CONFIG_HOME:-$HOME/.config}/pip/pip.conf"') == "elsewhere"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cert = OTHER/file", True),
        ("find-links =\n    https://x/simple\n    OTHER", True),
        ("extra-index-url = https://x file://OTHER/simple", True),
        ('index-url = "file://OTHER/simple"', True),
        ("# cert = OTHER/file", False),
        ("; cert = OTHER/file", False),
        ("index-url = https://x/OTHER", False),
        ("", False),
    ],
)
def test_files_that_the_configuration_names_are_shown(run: Run, tmp_path: Path, text: str, shown: bool) -> None:
    (tmp_path / "other/simple").mkdir()
    (tmp_path / "other/file").write_text("named")
    (tmp_path / "home/.config/pip/pip.conf").write_text(text.replace("OTHER", str(tmp_path / "other")))
    assert ("named" in run(f"cat {tmp_path}/other/file")) == shown


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("PIP_FIND_LINKS", "OTHER", True),
        ("SSL_CERT_FILE", "OTHER/file", True),
        ("UV_CONSTRAINT", "OTHER/file", True),
        ("PIP_CACHE_DIR", "OTHER", False),
        ("PIP_LOG", "OTHER/file", False),
        ("VIRTUAL_ENV", "OTHER", False),
        ("AWS_CONFIG_FILE", "OTHER/file", False),
    ],
)
def test_files_that_its_variables_name_are_shown(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, shown: bool
) -> None:
    (tmp_path / "other/file").write_text("named")
    monkeypatch.setenv(name, value.replace("OTHER", str(tmp_path / "other")))
    assert ("named" in run(f"cat {tmp_path}/other/file")) == shown


@pytest.mark.parametrize(
    ("name", "passed"),
    [
        ("PIP_INDEX_URL", True),
        ("UV_INDEX_URL", True),
        ("HTTPS_PROXY", True),
        ("CUDA_HOME", True),
        ("AWS_SECRET_ACCESS_KEY", False),
        ("HF_TOKEN", False),
        ("SSH_AUTH_SOCK", False),
        ("PYTHONPATH", False),
        ("LD_PRELOAD", False),
        ("XPIP_X", False),
    ],
)
def test_variables_of_installers_and_of_the_machine_are_passed_on(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, passed: bool
) -> None:
    monkeypatch.setenv(name, "/value")
    assert (run("env").splitlines().count(f"{name}=/value") == 1) == passed


@pytest.mark.parametrize(
    ("requirement", "shown"),
    [
        ("PROJECT/a.whl", True),
        ("a @ file://PROJECT/a.whl", True),
        ("--find-links=PROJECT", True),
        ("OTHER/a.whl", False),
        ("a @ file://OTHER/a.whl", False),
        ("PROJECT/../other/a.whl", False),
        ("PROJECT/link", False),
    ],
)
def test_requirements_name_files_within_the_project_alone(run: Run, tmp_path: Path, requirement: str, shown: bool) -> None:
    for name in ("project", "other"):
        (tmp_path / name / "a.whl").write_text("named")
    (tmp_path / "project/link").symlink_to(tmp_path / "other/a.whl")
    word = requirement.replace("PROJECT", str(tmp_path / "project")).replace("OTHER", str(tmp_path / "other"))
    assert ("named" in run(f"cd {tmp_path}; cat project/a.whl other/a.whl", word)) == shown


@pytest.mark.parametrize("extras", ["", "[extra]"])
def test_a_directory_of_the_project_is_built_from_a_copy(run: Run, tmp_path: Path, extras: str) -> None:
    own = tmp_path / "project/own"
    own.mkdir()
    (own / "setup.py").write_text("text\n")
    said = run('folder="${1%\\[*}"; echo "${1#$folder}"; cat "$folder/setup.py"; touch "$folder/built" && echo written', f"{own}{extras}")
    assert said.split() == [*([extras] if extras else []), "text", "written"]
    assert [path.name for path in own.iterdir()] == ["setup.py"]


@pytest.mark.parametrize("place", ["home/.bashrc", "project/x", "other/x", "cache/x", "x"])
def test_nothing_is_written_but_the_environment(run: Run, tmp_path: Path, place: str) -> None:
    run(f"mkdir -p {tmp_path}/{Path(place).parent}; echo x > {tmp_path}/{place}; echo x > {tmp_path}/place/x")
    assert (tmp_path / "place/x").read_text() == "x\n"
    assert not (tmp_path / place).exists()


@pytest.mark.parametrize(("script", "reason"), [("echo one; echo 'ERROR: two'; echo three; false", "ERROR: two"), ("exit 3", "no output")])
def test_a_failure_says_why(tmp_path: Path, script: str, reason: str) -> None:
    words: Sequence[str] = ["/bin/sh", "-c", script]
    with pytest.raises(InstallFailure, match=f"^failed: {reason}$"):
        asyncio.run(Installers(tmp_path / "cache").run(words, lambda line: None, "failed", place=tmp_path / "place"))
