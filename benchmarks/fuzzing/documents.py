"""Documents that hold every key that is read, as values of Python: what JSON and YAML inputs are made from."""

from __future__ import annotations

from typing import Any

COG: dict[str, Any] = {
    "build": {
        "gpu": True,
        "cuda": "12.1",
        "cudnn": "8",
        "python_version": "3.11",
        "python_packages": ["torch==2.1.0", "diffusers"],
        "python_requirements": "requirements.txt",
        "system_packages": ["ffmpeg", "libgl1"],
        "pre_install": ["echo hi"],
        "run": [
            "curl -o /x https://example.com/x",
            {"command": "pip install x", "mounts": [{"type": "secret", "id": "a", "target": "/b"}]},
        ],
        "sdk_version": "0.16.0",
    },
    "image": "r8.im/owner/name",
    "predict": "predict.py:Predictor",
    "train": "predict.py:train",
    "concurrency": {"max": 4},
    "environment": ["A=b", "HF_HOME=/src/cache"],
    "weights": [{"name": "m", "target": "/src/weights", "source": {"uri": "hf://a/b", "include": ["*"], "exclude": []}}],
}
HUB: dict[str, Any] = {
    "title": "Upscaler",
    "description": "Upscale pictures.",
    "type": "serverless",
    "category": "image",
    "iconUrl": "https://example.com/i.png",
    "config": {
        "runsOn": "GPU",
        "containerDiskInGb": 20,
        "gpuIds": "AMPERE_24,AMPERE_80,-NVIDIA L4",
        "gpuCount": 1,
        "allowedCudaVersions": ["12.4"],
        "presets": [{"name": "p", "defaults": {"A": 1}}],
        "env": [
            {"key": "TILE", "input": {"name": "T", "type": "number", "default": 512, "min": 1, "max": 9, "advanced": True}},
            {"key": "MODEL", "input": {"name": "M", "type": "huggingface", "default": "a/b", "required": True}},
            {"key": "MODE", "input": {"type": "string", "options": [{"label": "a", "value": "b"}]}},
            {"key": "PLAIN", "value": "x"},
        ],
    },
}
TESTS: dict[str, Any] = {
    "tests": [{"name": "twice", "input": {"prompt": "x", "steps": 4}, "timeout": 60000}],
    "config": {"gpuTypeId": "NVIDIA L4", "gpuCount": 1, "env": [{"key": "A", "value": "b"}], "allowedCudaVersions": ["12.4"]},
}
TEST_INPUT: dict[str, Any] = {"id": "local", "input": {"prompt": "x", "steps": 3, "nested": {"a": [1, 2.5, None]}, "flag": True}}
ENDPOINT: dict[str, Any] = {
    "id": "abc",
    "name": "worker -fb",
    "workersMin": 0,
    "workersMax": 3,
    "idleTimeout": 5,
    "executionTimeoutMs": 600000,
    "scalerType": "QUEUE_DELAY",
    "scalerValue": 4,
    "gpuIds": "AMPERE_80,ADA_24",
    "gpuTypeIds": ["NVIDIA A100 80GB PCIe"],
    "gpuCount": 1,
    "vcpuCount": 4,
    "locations": "US-CA-1,EU-RO-1",
    "dataCenterIds": ["US-TX-3"],
    "networkVolumeId": "vol",
    "networkVolumeIds": ["vol"],
    "flashboot": True,
    "allowedCudaVersions": ["12.1"],
    "env": {"A": "b", "HF_TOKEN": "x"},
    "template": {
        "id": "t",
        "imageName": "owner/image:1",
        "env": [{"key": "MODEL", "value": "x"}],
        "containerDiskInGb": 20,
        "dockerArgs": "python -u handler.py",
        "dockerStartCmd": ["python", "handler.py"],
        "dockerEntrypoint": [],
        "volumeMountPath": "/runpod-volume",
        "ports": "8000/http",
    },
}
IMAGE_CONFIG: list[dict[str, Any]] = [
    {
        "Id": "sha256:00",
        "RepoTags": ["owner/server:1"],
        "RepoDigests": ["owner/server@sha256:00"],
        "Architecture": "amd64",
        "Os": "linux",
        "Config": {
            "Cmd": ["python", "-m", "uvicorn", "main:app", "--port", "8000"],
            "Entrypoint": ["/entry.sh"],
            "Env": ["PATH=/usr/bin", "PYTHON_VERSION=3.11.9", "PORT=8000"],
            "ExposedPorts": {"8000/tcp": {}, "9000/udp": {}},
            "WorkingDir": "/app",
            "User": "1000",
            "Volumes": {"/data": {}},
            "Labels": {"a": "b"},
            "StopSignal": "SIGINT",
            "Shell": ["/bin/bash", "-c"],
            "Healthcheck": {
                "Test": ["CMD", "curl", "localhost:8000/health"],
                "Interval": 30000000000,
                "Timeout": 4000000000,
                "StartPeriod": 0,
                "Retries": 3,
            },
        },
    }
]
OPENAPI: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "T", "version": "1"},
    "servers": [{"url": "http://localhost:8000/v1"}],
    "security": [{"key": []}],
    "paths": {
        "/generate/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}],
            "post": {
                "operationId": "generate",
                "summary": "Make",
                "tags": ["a"],
                "parameters": [
                    {"name": "q", "in": "query", "schema": {"type": "string", "default": "a", "enum": ["a", "b"]}},
                    {"$ref": "#/components/parameters/P"},
                ],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Body"}, "example": {"prompt": "a"}},
                        "multipart/form-data": {
                            "schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
                        },
                    },
                },
                "responses": {
                    "200": {
                        "description": "ok",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Tree"}}, "text/event-stream": {}},
                    },
                    "default": {"description": "x"},
                },
            },
        },
        "/health": {"get": {"responses": {"200": {"description": "ok"}}}},
    },
    "components": {
        "parameters": {"P": {"name": "X-Name", "in": "header", "schema": {"type": ["string", "null"]}}},
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
        "schemas": {
            "Body": {
                "type": "object",
                "required": ["prompt"],
                "additionalProperties": False,
                "properties": {
                    "prompt": {"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^a+$", "description": "What"},
                    "steps": {"anyOf": [{"type": "integer", "minimum": 1, "exclusiveMaximum": 50}, {"type": "null"}], "default": 4},
                    "mode": {"allOf": [{"$ref": "#/components/schemas/Mode"}], "default": "a"},
                    "size": {
                        "type": "array",
                        "items": {"type": "number"},
                        "minItems": 2,
                        "maxItems": 2,
                        "prefixItems": [{"type": "number"}],
                    },
                    "more": {
                        "oneOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "boolean"}}],
                        "discriminator": {"propertyName": "x"},
                    },
                    "class": {"const": "x"},
                    "a-b": {"type": "string", "format": "date-time"},
                },
            },
            "Mode": {"type": "string", "enum": ["a", "b", 1, None]},
            "Tree": {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}}},
        },
    },
}
COMPOSE: dict[str, Any] = {
    "version": "3.8",
    "x-common": {"restart": "always"},
    "services": {
        "api": {
            "build": {"context": ".", "dockerfile": "Dockerfile", "target": "base", "args": {"VERSION": "2"}},
            "image": "${REGISTRY:-example}/api:latest",
            "command": ["python", "server.py", "--port", "8000"],
            "entrypoint": "./start.sh --loud",
            "environment": {"PORT": "8000", "KEY": "${KEY:?needed}", "EMPTY": None},
            "env_file": [".env", {"path": "other.env", "required": False}],
            "ports": ["${P:-9000}:8000", {"target": 8000, "published": "80", "protocol": "tcp"}, "8001-8002:8001-8002"],
            "expose": ["8000"],
            "volumes": ["hub:/root/.cache", "./out:/app/out:ro", {"type": "bind", "source": ".", "target": "/x"}],
            "depends_on": {"cache": {"condition": "service_healthy"}},
            "healthcheck": {
                "test": ["CMD", "curl", "-f", "http://localhost:8000/health"],
                "interval": "30s",
                "start_period": "1m",
                "retries": 4,
            },
            "deploy": {
                "replicas": 2,
                "resources": {
                    "reservations": {"devices": [{"driver": "nvidia", "count": "all", "capabilities": ["gpu"], "device_ids": ["0"]}]}
                },
            },
            "runtime": "nvidia",
            "gpus": "all",
            "extends": {"file": "docker-compose.yml", "service": "cache"},
            "working_dir": "/app",
            "user": "1000",
            "labels": ["a=b"],
            "stop_grace_period": "20s",
            "shm_size": "2gb",
            "networks": ["default"],
            "profiles": ["gpu"],
        },
        "cache": {"image": "redis:7", "ports": ["6379:6379"]},
    },
    "volumes": {"hub": None},
}
MANIFESTS: list[dict[str, Any]] = [
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "api", "labels": {"app": "api"}},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "api"}},
            "template": {
                "metadata": {"labels": {"app": "api"}},
                "spec": {
                    "imagePullSecrets": [{"name": "s"}],
                    "containers": [
                        {
                            "name": "api",
                            "image": "example/api:1",
                            "command": ["./start.sh"],
                            "args": ["--port", "8000"],
                            "env": [{"name": "A", "value": "b"}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
                            "ports": [{"name": "http", "containerPort": 8000}],
                            "readinessProbe": {"httpGet": {"path": "/health", "port": "http"}, "periodSeconds": 5, "failureThreshold": 3},
                            "livenessProbe": {"tcpSocket": {"port": 8000}},
                            "resources": {"limits": {"nvidia.com/gpu": 1, "memory": "8Gi"}, "requests": {"cpu": "500m"}},
                            "volumeMounts": [{"name": "d", "mountPath": "/data"}],
                        }
                    ],
                },
            },
        },
    },
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "api"},
        "spec": {"selector": {"app": "api"}, "ports": [{"port": 80, "targetPort": "http"}]},
    },
    {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "api"},
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "api"}, "minReplicas": 1, "maxReplicas": 4},
    },
]
