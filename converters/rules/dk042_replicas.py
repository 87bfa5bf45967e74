"""DK042: how many containers run."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import SERVER, SERVER_IMAGE

DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
spec:
  replicas: 4
  template:
    spec:
      containers:
        - name: api
          image: me/worker:1
"""
AUTOSCALER = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: api
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: api
  minReplicas: 2
  maxReplicas: 6
"""
COMPOSE = """
services:
  api:
    build: .
    deploy:
      replicas: 3
"""
IMAGE = {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}

rule = Rule(
    code="DK042",
    title="replicas become numbers of runners",
    safety="safe",
    expected="as many runners are kept as containers ran before (`min_concurrency`)",
    explanation="""
    An autoscaler's bounds become `min_concurrency` and `max_concurrency`; one runner is not kept, since fal starts it when a request
    comes. A fixed number of containers becomes `max_concurrency` alone: they all run all the time, and kept runners cost as they do.
    Set `min_concurrency` where a request must never wait for a start.
    """,
    links=(docker_docs("reference/compose-file/deploy/"), fal_docs("documentation/deployment/scale-your-application")),
    cases=(
        Case(
            "an autoscaler gives both bounds",
            "converted",
            {**IMAGE, "k8s/api.yaml": DEPLOYMENT, "k8s/hpa.yaml": AUTOSCALER},
            has={"pyproject.toml": ("min_concurrency = 2", "max_concurrency = 6")},
            seen=(Seen("converted", 11, "k8s/hpa.yaml", says="fal starts up to 6 runners, and keeps 2"),),
        ),
        Case(
            "a fixed number is an upper bound",
            "partial",
            {**IMAGE, "k8s/api.yaml": DEPLOYMENT},
            status="converted",
            has={"pyproject.toml": ("max_concurrency = 4",)},
            lacks={"pyproject.toml": ("min_concurrency",)},
        ),
        Case(
            "a compose service has replicas",
            "partial",
            {**IMAGE, "compose.yml": COMPOSE},
            status="converted",
            has={"pyproject.toml": ("max_concurrency = 3",)},
        ),
        Case("one container is what fal starts anyway", "untouched", {**IMAGE, "compose.yml": COMPOSE.replace("3", "1")}),
        Case(
            "the autoscaler of another workload is left alone",
            "untouched",
            {**IMAGE, "k8s/api.yaml": DEPLOYMENT.replace("4", "1"), "k8s/hpa.yaml": AUTOSCALER.replace("name: api", "name: web")},
        ),
    ),
)
