"""DK041: the configuration of a ready image."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import SERVER, SERVER_IMAGE

CONFIG = """
[
  {
    "RepoTags": ["ghcr.io/acme/speech:1.2"],
    "Architecture": "amd64",
    "Config": {
      "Cmd": ["uvicorn", "speech.main:app", "--host", "0.0.0.0"],
      "Env": ["UVICORN_PORT=9001"],
      "ExposedPorts": {"9001/tcp": {}},
      "Healthcheck": {"Test": ["CMD", "curl", "-f", "http://localhost:9001/ready"]}
    }
  }
]
""".lstrip()
COMPOSE = "services:\n  speech:\n    image: ghcr.io/acme/speech:1.2\n    environment:\n      UVICORN_PORT: 9002\n"

KEPT = {
    "Cmd": "the image starts it as it did",
    "Entrypoint": "the image starts it as it did",
    "WorkingDir": "the image's own",
    "User": "the image's own",
    "Shell": "the image's own",
}
CONVERTED = {"ExposedPorts": "the port stands in `exposed_port`", "Healthcheck": "fal asks the same path by `health_check`"}
DROPPED = {
    "StopSignal": "fal stops runners with SIGTERM, then with SIGKILL",
    "Labels": "labels speak to tools around the image",
    **dict.fromkeys(
        (
            *("Hostname", "Domainname", "AttachStdin", "AttachStdout", "AttachStderr", "Tty", "OpenStdin", "StdinOnce", "Image"),
            *("MacAddress", "NetworkDisabled", "OnBuild", "StopTimeout", "ArgsEscaped", "Memory", "MemorySwap", "CpuShares"),
        ),
        "has no part in what the image starts",
    ),
}
"""Key of the configuration -> what becomes of it."""
AROUND = frozenset(
    (
        *("Id", "RepoTags", "RepoDigests", "Parent", "Comment", "Created", "Container", "ContainerConfig", "DockerVersion", "Author"),
        *("Architecture", "Variant", "Os", "OsVersion", "OsFeatures", "Size", "VirtualSize", "GraphDriver", "RootFS", "Metadata"),
        *("Descriptor", "Manifests", "Identity", "Platform", "Digest", "Annotations", "ManifestType", "User", "History", "NamesHistory"),
        *("HealthCheck", "Healthcheck", "Version", "Labels"),
        *("created", "author", "architecture", "variant", "os", "os.version", "os.features", "rootfs", "history"),
        *("id", "parent", "comment", "container", "container_config", "docker_version", "throwaway", "moby.buildkit.buildinfo.v1"),
    )
)
"""Keys beside the configuration, as docker, podman and the OCI specification write them: how the image was built and stored."""

rule = Rule(
    code="DK041",
    title="the configuration of a ready image",
    safety="safe",
    expected="the image is built for linux/amd64",
    explanation="""
    An image that is not built here does not say what it starts. With `--image-config FILE`, the output of `docker image inspect` or
    `skopeo inspect --config`, its entrypoint, command, variables, ports and health check are read like those of a Dockerfile; the app
    takes the image by its name, and compose services that run it lay their own settings over it.
    Give the configuration of the image for linux/amd64.
    """,
    links=(docker_docs("reference/cli/docker/image/inspect/"), fal_docs("documentation/development/migrate-external-docker-server")),
    cases=(
        Case(
            "a ready image is a source by itself",
            "converted",
            {"README.md": "speech\n"},
            image=CONFIG,
            has={"pyproject.toml": ('image = "ghcr.io/acme/speech:1.2"', "exposed_port = 9001", 'path = "/ready"')},
        ),
        Case(
            "a service's variables lie over those of the image",
            "converted",
            {"compose.yml": COMPOSE},
            image=CONFIG,
            has={"pyproject.toml": ("exposed_port = 9002",)},
        ),
        Case(
            "an image for another processor is named",
            "partial",
            {"README.md": "speech\n"},
            image=CONFIG.replace("amd64", "arm64"),
            status="partial",
        ),
        Case("a Dockerfile of the project needs none", "untouched", {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}),
        Case("a JSON file of the project is none", "untouched", {"main.py": SERVER, "Dockerfile": SERVER_IMAGE, "image.json": CONFIG}),
        Case(
            "keys that are empty or arrange a container have no part",
            "converted",
            {
                "compose.yaml": """
                services:
                  web:
                    image: acme/web:1
                    ports: ["8000:8000"]
                """,
            },
            seen=(
                Seen("dropped", 3, "image.json"),
                Seen("kept", 5, "image.json"),
                Seen("dropped", 8, "image.json"),
                Seen("dropped", 9, "image.json"),
                Seen("converted", 10, "image.json"),
            ),
            image="""
                {
                 "architecture": "amd64",
                 "config": {
                  "Cmd": [
                   "serve"
                  ],
                  "Entrypoint": [],
                  "Hostname": "a1b2",
                  "ExposedPorts": {
                   "8000/tcp": {}
                  },
                  "Env": [
                   "LEVEL=info",
                   "HF_TOKEN=hf_abcdefghijklmnopqrstuvwxyzabcdefgh"
                  ],
                  "Volumes": {
                   "/results": {}
                  }
                 }
                }
                """,
        ),
        Case(
            "an image for another processor is named, and its command gives way to an open one",
            "partial",
            {
                "compose.yaml": """
                services:
                  web:
                    image: acme/web:1
                    ports: ["8000:8000"]
                """,
            },
            seen=(
                Seen("manual", 3, "image.json"),
                Seen("dropped", 3, "image.json"),
                Seen("dropped", 4, "image.json"),
                Seen("converted", 6, "image.json"),
                Seen("converted", 12, "image.json"),
                Seen("manual", 3, "compose.yaml", "DK030", "acme/web:1 is pulled with a login"),
            ),
            image="""
                {
                 "Architecture": "arm64",
                 "Id": "sha256:1",
                 "Config": {
                  "Cmd": [
                   "uvicorn",
                   "main:app",
                   "--port",
                   "8000"
                  ],
                  "ExposedPorts": {
                   "8000/tcp": {}
                  },
                  "Env": [
                   "LEVEL=info"
                  ]
                 }
                }
                """,
        ),
    ),
)
