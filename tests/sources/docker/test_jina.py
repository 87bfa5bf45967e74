"""Jina flows: read where they listen, and written once more where they speak gRPC."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from converters.convert import convert
from converters.options import Options
from converters.outcome import Converted, NotConverted, Outcome
from tests.sources.docker.projects import project

FLOW = "jtype: Flow\nwith:\n  port: 5000  # of the gateway\nexecutors:\n  - name: a\n    protocol: grpc\n"
FLOW_IMAGE = 'FROM python:3.11\nCOPY . /app\nWORKDIR /app\nCMD ["jina", "flow", "--uses", "flow.yml"]\n'
PACKAGE_IMAGE = 'FROM python:3.11\nCOPY code /srv/code\nWORKDIR /srv\nRUN pip install ./code\nENTRYPOINT ["python", "-m", "acme"]\n'
LOADS = "import sys\nfrom jina import Flow\nname = sys.argv[1] if len(sys.argv) > 1 else 'own.yml'\nFlow.load_config(name).block()\n"


def converted(outcome: Outcome) -> tuple[int | None, list[str], dict[str, str]]:
    """(port, command, text of the files)."""
    assert isinstance(outcome, Converted), outcome
    server = outcome.application.apps[0].server
    assert server is not None
    return server.port, server.command, {one.path: one.data.decode() for one in outcome.files if one.data}


def test_the_flow_of_the_command_is_replaced_by_one_that_speaks_http(tmp_path: Path) -> None:
    project(tmp_path, Dockerfile=FLOW_IMAGE, flow_yml=FLOW)
    port, command, files = converted(convert(tmp_path, Options()))
    assert (port, command) == (5000, ["jina", "flow", "--uses", "http-flow.yml"])
    assert yaml.safe_load(files["http-flow.yml"]) == {**yaml.safe_load(FLOW), "with": {"port": 5000, "protocol": "http"}}
    assert files["flow.yml"] == FLOW and 'COPY ["http-flow.yml", "/app/http-flow.yml"]' in files["Dockerfile"]


def test_a_package_in_a_folder_that_is_installed_loads_its_flow(tmp_path: Path) -> None:
    project(tmp_path, Dockerfile=PACKAGE_IMAGE, code__setup_py="", code__acme__own_yml=FLOW)
    (tmp_path / "code/acme/__main__.py").write_text(LOADS)
    port, command, written = converted(convert(tmp_path, Options()))
    assert (port, command) == (5000, ["python", "-m", "acme", "http-flow.yml"])
    assert 'COPY ["http-flow.yml", "/srv/http-flow.yml"]' in written["Dockerfile"]


SECTIONS = {
    "the gateway's section": "jtype: Flow\ngateway:\n  protocol: grpc\n  port: 1\n",
    "a flow mapping": "jtype: Flow\nwith: {port: 1}\nexecutors: []\n",
    "a flow mapping with its protocol": "jtype: Flow\nwith: {protocol: GRPC, port: 1}\n",
    "Windows line ends": "jtype: Flow\r\nwith:\r\n  port: 1\r\n",
}


@pytest.mark.parametrize("flow", SECTIONS.values(), ids=SECTIONS.keys())
def test_only_the_protocol_of_the_gateway_changes(flow: str, tmp_path: Path) -> None:
    project(tmp_path, Dockerfile=FLOW_IMAGE)
    (tmp_path / "flow.yml").write_bytes(flow.encode())
    _, _, files = converted(convert(tmp_path, Options()))
    before, after = yaml.safe_load(flow), yaml.safe_load(files["http-flow.yml"])
    section = "gateway" if "gateway" in before else "with"
    assert after == {**before, section: {**before[section], "protocol": "http"}}


def test_a_flow_that_speaks_http_is_taken_as_it_is(tmp_path: Path) -> None:
    project(tmp_path, Dockerfile=FLOW_IMAGE, flow_yml=FLOW.replace("port: 5000", "port: 5000\n  protocol: http"))
    port, command, files = converted(convert(tmp_path, Options()))
    assert (port, command[-1]) == (5000, "flow.yml") and "http-flow.yml" not in files


REFUSED = {
    "a websocket": FLOW.replace("port: 5000", "port: 5000\n  protocol: websocket"),
    "a port that is free by chance": "jtype: Flow\nwith:\n  prefetch: 1\n",
    "a port of the environment": "jtype: Flow\nwith:\n  port: ${{ ENV.PORT }}\n",
    "no flow": "jtype: Executor\nwith:\n  port: 5000\n",
    "broken YAML": "jtype: [Flow\n",
}


@pytest.mark.parametrize("flow", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_speak_http_is_refused_with_its_place(flow: str, tmp_path: Path) -> None:
    project(tmp_path, Dockerfile=FLOW_IMAGE, flow_yml=flow)
    outcome = convert(tmp_path, Options())
    assert isinstance(outcome, NotConverted) and (outcome.file, outcome.line) == ("Dockerfile", 4)


def test_an_executor_alone_has_no_gateway(tmp_path: Path) -> None:
    project(tmp_path, Dockerfile=FLOW_IMAGE.replace('"flow"', '"executor"'), flow_yml=FLOW)
    assert isinstance(convert(tmp_path, Options()), NotConverted)
