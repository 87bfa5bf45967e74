"""Manifests: ports by Services, numbers of runners by replicas and autoscalers."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.convert import convert
from converters.ir import App
from converters.options import Options
from converters.outcome import Converted
from tests.sources.docker.projects import project

IMAGE = 'FROM python:3.11\nCOPY serve /serve\nCMD ["/serve"]\n'
POD = """
  template:
    metadata:
      labels: {app: speech, tier: api}
    spec:
      containers:
        - name: speech
          image: acme/speech:1
          ports:
            - {containerPort: 7001, name: grpc}
            - {containerPort: 7002, name: web}
"""
DEPLOYMENT = f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: speech}}\nspec:\n  replicas: REPLICAS{POD}"
SERVICE = (
    "apiVersion: v1\nkind: Service\nmetadata: {name: front}\nspec:\n  selector: {app: speech}\n"
    "  ports:\n    - {port: 80, targetPort: web}\n"
)
AUTOSCALER = (
    "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec:\n"
    "  scaleTargetRef: {kind: Deployment, name: speech}\n  minReplicas: LOW\n  maxReplicas: HIGH\n"
)


def app(folder: Path, deployment: str = DEPLOYMENT, **files: str) -> App:
    project(folder / "speech", Dockerfile=IMAGE, serve="x", k8s__deployment_yaml=deployment.replace("REPLICAS", "1"), **files)
    outcome = convert(folder / "speech", Options())
    assert isinstance(outcome, Converted), outcome
    assert not [item for item in outcome.ledger.items() if item.rule == "ALL001"]
    return outcome.application.apps[0]


def port(made: App) -> int | None:
    assert made.server is not None
    return made.server.port


def numbers(made: App) -> dict[str, int]:
    return {one.name: one.value for one in made.settings if one.name.endswith("_concurrency")}


def test_the_service_tells_which_of_several_ports_is_the_servers(tmp_path: Path) -> None:
    assert port(app(tmp_path / "without")) == 7001
    assert port(app(tmp_path / "with", k8s__service_yaml=SERVICE)) == 7002
    assert port(app(tmp_path / "number", k8s__service_yaml=SERVICE.replace("targetPort: web", "targetPort: 7002"))) == 7002


@pytest.mark.parametrize(
    "change", [("app: speech", "app: other"), ("selector: {app: speech}", "selector: {}"), ("kind: Service", "kind: Ingress")]
)
def test_the_service_of_another_workload_says_nothing(change: tuple[str, str], tmp_path: Path) -> None:
    assert port(app(tmp_path, k8s__service_yaml=SERVICE.replace(*change))) == 7001


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        ("2", "6", {"min_concurrency": 2, "max_concurrency": 6}),
        ("1", "3", {"max_concurrency": 3}),
        ("0", "3", {"max_concurrency": 3}),
        ("1", "1", {}),
        ("1", "'{{ .Values.most }}'", {}),
    ],
)
def test_an_autoscaler_bounds_the_runners(low: str, high: str, expected: dict[str, int], tmp_path: Path) -> None:
    assert numbers(app(tmp_path, k8s__hpa_yaml=AUTOSCALER.replace("LOW", low).replace("HIGH", high))) == expected


def test_an_autoscaler_overrides_the_number_of_the_deployment(tmp_path: Path) -> None:
    four = DEPLOYMENT.replace("REPLICAS", "4")
    assert numbers(app(tmp_path / "fixed", four)) == {"max_concurrency": 4}
    scaled = app(tmp_path / "scaled", four, k8s__hpa_yaml=AUTOSCALER.replace("LOW", "2").replace("HIGH", "3"))
    assert numbers(scaled) == {"min_concurrency": 2, "max_concurrency": 3}


@pytest.mark.parametrize(
    ("compose", "expected"),
    [
        ("services: {speech: {build: ., ports: ['80:80'], deploy: {replicas: 3}}}", {"max_concurrency": 3}),
        ("services: {speech: {build: ., ports: ['80:80'], scale: 2}}", {"max_concurrency": 2}),
        ("services: {speech: {build: ., ports: ['80:80'], deploy: {replicas: 0}}}", {}),
        ("services: {speech: {build: ., ports: ['80:80'], deploy: {replicas: '${N}'}}}", {}),
    ],
)
def test_replicas_of_a_service(compose: str, expected: dict[str, int], tmp_path: Path) -> None:
    project(tmp_path, Dockerfile=IMAGE, serve="x", compose_yml=compose)
    outcome = convert(tmp_path, Options())
    assert isinstance(outcome, Converted), outcome
    assert numbers(outcome.application.apps[0]) == expected


def test_the_command_of_a_manifest_belongs_to_the_image_that_it_names(tmp_path: Path) -> None:
    serve = DEPLOYMENT.replace("REPLICAS", "1").replace(
        "image: acme/speech:1", 'image: acme/speech:1\n          command: ["uvicorn", "main:app"]'
    )
    compose = "services:\n  ready: {image: acme/other:1, ports: ['8501:8501']}\n"
    project(tmp_path / "speech", compose_yml=compose, k8s__deployment_yaml=serve)
    outcome = convert(tmp_path / "speech", Options())
    assert isinstance(outcome, Converted), outcome
    server = outcome.application.apps[0].server
    assert server is not None and (server.image, server.port, server.command) == ("acme/other:1", 8501, [])
