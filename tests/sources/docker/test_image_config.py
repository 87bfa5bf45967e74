"""Configurations of ready images: Docker's and the OCI's form, alone and with compose services."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from converters.convert import convert
from converters.errors import UsageError
from converters.ir import Disposition
from converters.options import Options
from converters.outcome import Converted, NotConverted
from converters.sources.docker.image_config import plain
from tests.sources.docker.projects import project

CONFIG: dict[str, Any] = {
    "Cmd": ["uvicorn", "speech:app", "--host", "0.0.0.0"],
    "Entrypoint": ["tini", "--"],
    "Env": ["PYTHON_VERSION=3.11.9", "UVICORN_PORT=9001", "HF_TOKEN=hf_real", "EMPTY="],
    "ExposedPorts": {"9001/tcp": {}, "53/udp": {}},
    "WorkingDir": "/srv",
    "User": "app",
    "Healthcheck": {"Test": ["CMD-SHELL", "curl -f http://localhost:9001/ready"], "Timeout": 5_000_000_000, "Retries": 4},
    "StopSignal": "SIGINT",
    "Labels": {"a": "b"},
    "Volumes": {"/models": {}},
}
DOCKER = [{"Id": "sha256:1", "RepoTags": ["acme/speech:1"], "Architecture": "amd64", "Config": CONFIG}]
OCI = {"architecture": "amd64", "os": "linux", "config": CONFIG, "rootfs": {"type": "layers", "diff_ids": []}}
COMPOSE = "services:\n  speech:\n    image: acme/speech:1\n    environment: {UVICORN_PORT: '7000'}\n  other:\n    image: acme/other\n    command: [uvicorn, 'x:y']\n"


def made(folder: Path, config: Any, *, settings: dict[str, Any] | None = None, target: str = "auto", **files: str) -> Converted:
    path = folder / "image.json"
    path.write_text(config if isinstance(config, str) else json.dumps(config, indent=1))
    project(folder / "p", **(files or {"README": "x"}))
    outcome = convert(folder / "p", Options(image_config=path, settings=settings or {}, target=target))  # type: ignore[arg-type]
    assert isinstance(outcome, Converted), outcome
    return outcome


def pyproject(outcome: Converted) -> str:
    return next(one.data.decode() for one in outcome.files if one.path == "pyproject.toml" and one.data)


@pytest.mark.parametrize(("config", "settings"), [(DOCKER, {}), (OCI, {"image": "acme/speech:1"})], ids=["docker", "skopeo"])
def test_a_ready_image_says_how_it_is_reached(config: Any, settings: dict[str, Any], tmp_path: Path) -> None:
    app = made(tmp_path, config, settings=settings).application.apps[0]
    server = app.server
    assert server is not None
    assert (server.image, server.port, server.health_path, server.python) == ("acme/speech:1", 9001, "/ready", "3.11")
    assert server.command == ["tini", "--", "uvicorn", "speech:app", "--host", "0.0.0.0"]
    assert (server.entrypoint, server.cmd, server.workdir, server.user) == (None, None, "/srv", "app")
    assert server.health == {"timeout_seconds": 5, "failure_threshold": 4}
    assert [one.name for one in app.secrets] == ["HF_TOKEN"]


def test_every_key_has_a_disposition_and_no_secret_is_shown(tmp_path: Path) -> None:
    outcome = made(tmp_path, DOCKER)
    items = outcome.ledger.items()
    assert not [item for item in items if item.rule == "ALL001"]
    named = {item.name for item in items if item.file == "image.json"}
    assert {*CONFIG.keys() - {"Env"}, "HF_TOKEN", "EMPTY", "Id", "RepoTags", "Architecture"} <= named
    volume = next(item for item in items if item.name == "Volumes")
    assert volume.disposition is Disposition.MANUAL and "/models" in volume.message
    assert all(b"hf_real" not in (one.data or b"") for one in outcome.files) and "hf_real" not in outcome.ledger.model_dump_json()


def test_findings_name_the_line_of_the_file(tmp_path: Path) -> None:
    outcome = made(tmp_path, DOCKER)
    text = (tmp_path / "image.json").read_text().splitlines()
    server = outcome.application.apps[0].server
    assert server is not None
    for subject, word in (("command", "Entrypoint"), ("health", "Healthcheck")):
        finding = next(one for one in server.findings if one.subject == subject and one.origin)
        assert finding.origin is not None and finding.origin.file == "image.json" and word in text[finding.origin.line - 1]


def test_a_service_that_runs_the_image_lays_its_settings_over_it(tmp_path: Path) -> None:
    outcome = made(tmp_path, DOCKER, compose_yml=COMPOSE)
    server = outcome.application.apps[0].server
    assert server is not None and server.port == 7000
    assert [item.name for item in outcome.ledger.items() if item.kind == "service"] == ["other"]


def test_a_loopback_of_the_image_is_opened_by_its_command(tmp_path: Path) -> None:
    config = [{**DOCKER[0], "Config": {**CONFIG, "Cmd": ["uvicorn", "speech:app"]}}]
    assert 'cmd = ["uvicorn", "speech:app", "--host", "0.0.0.0"]' in pyproject(made(tmp_path, config))


@pytest.mark.parametrize("target", ["function", "app"])
def test_the_other_targets_take_the_image_too(target: str, tmp_path: Path) -> None:
    outcome = made(tmp_path, DOCKER, target=target)
    texts = {one.path: one.data.decode() for one in outcome.files if one.data}
    assert "FROM acme/speech:1" in "".join(texts.values()) and "app.py" in texts


def test_an_image_without_a_command_has_only_its_port(tmp_path: Path) -> None:
    config = [{"RepoTags": ["acme/speech:1"], "Config": {"ExposedPorts": {"80/tcp": {}}}}]
    server = made(tmp_path, config).application.apps[0].server
    assert server is not None and server.port == 80


BROKEN = {
    "no JSON": ("{", "is not valid JSON"),
    "a list of numbers": ("[1]", "is no configuration of an image"),
    "skopeo without --config": ('{"Name": "x", "Env": []}', "is no configuration of an image"),
    "a command that is a text": ('{"RepoTags": ["a/b"], "Config": {\n"Cmd": "run"}}', "`Cmd` is str and no list"),
    "deep nesting": ("[" * 100_000, "is not valid JSON"),
}


@pytest.mark.parametrize(("text", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_no_configuration_is_named(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "image.json").write_text(text)
    project(tmp_path / "p", README="x")
    outcome = convert(tmp_path / "p", Options(image_config=tmp_path / "image.json"))
    assert isinstance(outcome, NotConverted) and outcome.status == "unreadable" and message in outcome.message
    assert outcome.line == (2 if "Cmd" in text else 1)


@pytest.mark.parametrize(("text", "message"), [("[{}, {}]", "2 images"), (json.dumps(OCI), "without a name")])
def test_an_image_that_cannot_be_told_is_asked_for(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "image.json").write_text(text)
    project(tmp_path / "p", README="x")
    with pytest.raises(UsageError, match=message):
        convert(tmp_path / "p", Options(image_config=tmp_path / "image.json"))


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("acme/x", "docker.io/acme/x:latest"),
        ("docker.io/library/nginx:1", "docker.io/library/nginx:1"),
        ("localhost/x:1", "localhost/x:1"),
        ("reg.acme.com:5000/x@sha256:0", "reg.acme.com:5000/x:latest"),
    ],
)
def test_names_are_completed_as_docker_does(reference: str, expected: str) -> None:
    assert plain(reference) == expected
