"""DK039: manifests of Kubernetes."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs
from converters.rules.samples import SERVER, SERVER_IMAGE

rule = Rule(
    code="DK039",
    title="Kubernetes manifests",
    safety="safe",
    explanation="""
    A manifest may say with which command, port, probes and replicas the image really runs; these are read as evidence, also those of
    the Service and the autoscaler that name it. Volumes of the cluster have no part on fal, which runs the app itself.
    Check settings that stand in a manifest of another environment.
    """,
    links=(
        "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/",
        fal_docs("documentation/deployment/scale-your-application"),
    ),
    cases=(
        Case(
            "a deployment of the server is named",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "k8s/api.yaml": """
                apiVersion: apps/v1
                kind: Deployment
                metadata:
                  name: api
                spec:
                  template:
                    spec:
                      containers:
                        - name: api
                          image: me/api:1
                          ports:
                            - containerPort: 8000
                """,
            },
        ),
        Case("a server without manifests has none", "untouched", {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}),
        Case(
            "a YAML file of the model is no manifest",
            "untouched",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE, "model/config.yaml": "kind: transformer\nlayers: 12"},
        ),
        Case(
            "a manifest of the server is evidence for it",
            "converted",
            {
                "main.py": """

                from fastapi import FastAPI

                app = FastAPI()


                @app.get("/health")
                def health():
                    return {"ok": True}


                @app.post("/run")
                def run(body: dict):
                    return body
                """,
                "Dockerfile": """

                FROM python:3.11-slim
                RUN pip install fastapi==0.115.0 uvicorn==0.30.0
                COPY main.py /app/main.py
                WORKDIR /app
                EXPOSE 8000
                CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]
                """,
                "k8s/api.yaml": """

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
                """,
            },
            seen=(Seen("converted", 1, "k8s/api.yaml"),),
        ),
    ),
)
