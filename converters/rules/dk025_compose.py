"""DK025: keys of the compose service."""

from __future__ import annotations

import re

from converters.ir import Disposition
from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import PIP, SERVER, SERVER_IMAGE, WORKER

KEYS: dict[str, tuple[Disposition, str]] = {
    "build": (Disposition.CONVERTED, "fal builds the same Dockerfile"),
    "image": (Disposition.CONVERTED, "fal builds or pulls the image itself"),
    "command": (Disposition.CONVERTED, "stands as the command of the app's image"),
    "entrypoint": (Disposition.CONVERTED, "stands as the entrypoint of the app's image"),
    "ports": (Disposition.CONVERTED, "fal exposes the container's port; the host's port has no part in it"),
    "expose": (Disposition.CONVERTED, "fal exposes the container's port"),
    "healthcheck": (Disposition.CONVERTED, "stands in `health_check`"),
    "deploy": (Disposition.CONVERTED, "the machine type stands for reserved devices, `max_concurrency` for replicas"),
    "runtime": (Disposition.CONVERTED, "a GPU machine type stands for it"),
    "gpus": (Disposition.CONVERTED, "a GPU machine type stands for it"),
    "stop_grace_period": (Disposition.CONVERTED, "stands in `termination_grace_period_seconds`"),
    "extends": (Disposition.CONVERTED, "what it takes over is read like the service's own keys"),
    "container_name": (Disposition.DROPPED, "runners have no names"),
    "hostname": (Disposition.DROPPED, "runners have no names"),
    "restart": (Disposition.DROPPED, "fal replaces runners that fail"),
    "networks": (Disposition.DROPPED, "a runner has no network of its own"),
    "labels": (Disposition.DROPPED, "labels speak to tools around the container"),
    "logging": (Disposition.DROPPED, "fal keeps what the server prints"),
    "tty": (Disposition.DROPPED, "a runner has no terminal"),
    "stdin_open": (Disposition.DROPPED, "a runner has no terminal"),
    "shm_size": (Disposition.DROPPED, "fal decides the size of shared memory"),
    "ipc": (Disposition.DROPPED, "fal decides the size of shared memory"),
    "ulimits": (Disposition.DROPPED, "fal sets the limits of a runner"),
    "pull_policy": (Disposition.DROPPED, "fal pulls the image for each version of the app"),
    "platform": (Disposition.DROPPED, "fal runs linux/amd64"),
    "profiles": (Disposition.DROPPED, "there are no profiles"),
    "develop": (Disposition.DROPPED, "it watches files while developing"),
    "scale": (Disposition.CONVERTED, "stands in `max_concurrency`"),
    "init": (Disposition.DROPPED, "fal stops the runner's processes"),
    "mem_limit": (Disposition.DROPPED, "the machine type sets the memory"),
    "cpus": (Disposition.DROPPED, "the machine type sets the processors"),
    "dns": (Disposition.DROPPED, "a runner uses fal's name servers"),
    "group_add": (Disposition.DROPPED, "groups of the host's devices mean nothing on a runner"),
    "cap_drop": (Disposition.DROPPED, "fal decides the capabilities of a runner"),
    "read_only": (Disposition.DROPPED, "a runner may write to its own disk"),
    "tmpfs": (Disposition.DROPPED, "a runner's own disk is not kept anyway"),
    "oom_kill_disable": (Disposition.DROPPED, "fal sets the limits of a runner"),
    "pids_limit": (Disposition.DROPPED, "fal sets the limits of a runner"),
    "mem_reservation": (Disposition.DROPPED, "the machine type sets the memory"),
    "memswap_limit": (Disposition.DROPPED, "the machine type sets the memory"),
    "cpu_count": (Disposition.DROPPED, "the machine type sets the processors"),
    "cpu_shares": (Disposition.DROPPED, "the machine type sets the processors"),
    "cpuset": (Disposition.DROPPED, "the machine type sets the processors"),
    "domainname": (Disposition.DROPPED, "runners have no names"),
    "mac_address": (Disposition.DROPPED, "a runner has no network of its own"),
    "dns_search": (Disposition.DROPPED, "a runner uses fal's name servers"),
    "dns_opt": (Disposition.DROPPED, "a runner uses fal's name servers"),
    "annotations": (Disposition.DROPPED, "annotations speak to tools around the container"),
    "attach": (Disposition.DROPPED, "fal keeps what the server prints"),
    "mem_swappiness": (Disposition.DROPPED, "the machine type sets the memory"),
    "cpu_quota": (Disposition.DROPPED, "the machine type sets the processors"),
    "cpu_period": (Disposition.DROPPED, "the machine type sets the processors"),
    "cpu_percent": (Disposition.DROPPED, "the machine type sets the processors"),
    "cpu_rt_runtime": (Disposition.DROPPED, "the machine type sets the processors"),
    "cpu_rt_period": (Disposition.DROPPED, "the machine type sets the processors"),
    "cpuset_cpus": (Disposition.DROPPED, "the machine type sets the processors"),
    "oom_score_adj": (Disposition.DROPPED, "fal sets the limits of a runner"),
    "cgroup_parent": (Disposition.DROPPED, "fal sets the limits of a runner"),
    "cgroup": (Disposition.DROPPED, "fal sets the limits of a runner"),
    "blkio_config": (Disposition.DROPPED, "fal sets the limits of a runner"),
    "storage_opt": (Disposition.DROPPED, "a runner's own disk is not kept anyway"),
    "uts": (Disposition.DROPPED, "runners have no names"),
    "isolation": (Disposition.DROPPED, "fal decides how runners are kept apart"),
    "userns_mode": (Disposition.DROPPED, "fal decides how runners are kept apart"),
    "credential_spec": (Disposition.DROPPED, "it speaks to Windows hosts"),
    "label_file": (Disposition.DROPPED, "labels speak to tools around the container"),
    "volume_driver": (Disposition.DROPPED, "each volume has an item of its own"),
    "pull_refresh_after": (Disposition.DROPPED, "fal pulls the image for each version of the app"),
    "stop_signal": (Disposition.DROPPED, "fal stops runners with SIGTERM"),
}
"""Key of a service -> what becomes of it, and why."""
UNSUPPORTED = {
    "privileged": "a runner has no privileges over its host: remove what needs them.",
    "cap_add": "a runner gets no further capabilities: remove what needs them.",
    "devices": "a runner has no devices but its GPU: remove what needs them.",
    "network_mode": "a runner has its own network: remove what needs the host's.",
    "security_opt": "a runner's security profile is fal's: remove what needs another.",
    "extra_hosts": "a runner cannot reach the host or name others: give the address in a variable.",
    "user": "fal runs the image's own USER: write USER into the Dockerfile.",
    "working_dir": "fal runs in the image's own WORKDIR: write WORKDIR into the Dockerfile.",
    "secrets": "make each a fal secret (`fal secrets set NAME=...`), which arrives as an environment variable.",
    "configs": "copy the file into the image.",
    "pid": "a runner has its own processes: remove what needs the host's.",
    "sysctls": "fal sets the kernel's parameters: remove what needs others.",
    "device_cgroup_rules": "a runner has no devices but its GPU: remove what needs them.",
    "volumes_from": "there are no other containers: COPY the files into the image.",
    "external_links": "there are no other containers: give the address in a variable.",
    "post_start": "put it into the image's start script.",
    "pre_stop": "put it into the image's start script, in a trap of SIGTERM.",
    "links": "there are no other containers: give the address in a variable.",
}
"""Key of a service that a person has to see to -> what to do."""

PLAIN = "services:\n  web:\n    build: .\n    ports: ['8000:8000']\n"
GPU = "    deploy: {resources: {reservations: {devices: [{driver: nvidia, count: 1, capabilities: [gpu]}]}}}\n"
HARMLESS_CAPABILITIES = frozenset({"SYS_NICE", "SYS_PTRACE", "SYS_RESOURCE", "IPC_LOCK"})
"""They are for priorities, debuggers, limits and locked memory, without which a server answers as well."""
GPU_DEVICE = re.compile(r"/dev/nvidia|nvidia\.com/gpu|/dev/dri\b")


def without_effect(key: str, value: object, *, gpu: bool) -> str:
    """Why a key that a person would have to see to asks for nothing that fal lacks, by its value; '' where it does.

    `gpu`: the app gets a GPU, which is what a privileged container or its devices are for then.
    """
    items = [str(item) for item in value] if isinstance(value, list) else [str(value)]
    if key in ("privileged", "cap_add", "devices", "security_opt") and (value is None or value is False or not items):
        return "it asks for nothing"
    if key == "privileged" and gpu:
        return "the container reaches the host's GPU by it; fal gives the runner its own"
    if key == "devices" and gpu and all(GPU_DEVICE.search(item) for item in items):
        return "fal gives the runner its GPU"
    if key == "cap_add" and all(item.upper().removeprefix("CAP_") in HARMLESS_CAPABILITIES for item in items):
        return "a server answers as well without them"
    if key == "security_opt" and all(re.match(r"(seccomp|apparmor|label|no-new-privileges)\b", item) for item in items):
        return "a runner's security profile is fal's"
    return "a runner has a network of its own" if key == "network_mode" and items[0] in ("bridge", "default") else ""


rule = Rule(
    code="DK025",
    title="keys of a compose service",
    safety="safe",
    expected="the server runs without privileges, devices and networks of its host",
    explanation="""
    A compose file says how the image is started: build, command, ports, variables, volumes, devices. Each key of the chosen service is
    accounted for; those that only arrange containers on one machine (names, networks, restarts) have no part on fal.
    Check the services beside it.
    """,
    links=(docker_docs("reference/compose-file/services/"), fal_docs("documentation/development/migrate-external-docker-server")),
    cases=(
        Case(
            "the service's keys are accounted for one by one",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  api:
                    build: .
                    ports: ["8000:8000"]
                """,
            },
            seen=(Seen("converted", 3, "compose.yaml"), Seen("converted", 4, "compose.yaml")),
        ),
        Case("a server without compose has no such keys", "untouched", {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}),
        Case(
            "the compose file of a queue worker is not its packaging",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": PIP, "docker-compose.yml": "services:\n  api:\n    build: ."},
        ),
        Case(
            "a key that compose alone understands, one that needs a person and variables are each told apart",
            "partial",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  web:
                    build: .
                    ports: ["8000:8000"]
                    privileged: true
                    x-team: vision
                    environment:
                      LEVEL: info
                    volumes: ["cache:/cache"]
                volumes:
                  cache: {}
                """,
            },
            seen=(
                Seen("converted", 3, "compose.yaml"),
                Seen("converted", 4, "compose.yaml"),
                Seen("manual", 5, "compose.yaml"),
                Seen("dropped", 6, "compose.yaml"),
                Seen("converted", 7, "compose.yaml"),
                Seen("converted", 9, "compose.yaml"),
            ),
        ),
        *(
            Case(
                f"{what} asks for nothing that fal lacks",
                "converted",
                {"main.py": SERVER, "Dockerfile": SERVER_IMAGE, "compose.yaml": PLAIN + f"    {key}\n" + GPU},
                seen=(Seen("dropped", 5, "compose.yaml"),),
                status="converted",
            )
            for what, key in {
                "a privileged container with a GPU": "privileged: true",
                "a device that is a GPU": "devices: [/dev/nvidia0]",
                "the network of the compose file": "network_mode: bridge",
                "a capability for priorities": "cap_add: [SYS_NICE]",
                "a profile that is switched off": "security_opt: ['seccomp:unconfined']",
            }.items()
        ),
        *(
            Case(
                f"{what} is left to a person",
                "partial",
                {"main.py": SERVER, "Dockerfile": SERVER_IMAGE, "compose.yaml": PLAIN + f"    {key}\n"},
                seen=(Seen("manual", 5, "compose.yaml"),),
                status="partial",
            )
            for what, key in {
                "a privileged container without a GPU": "privileged: true",
                "a camera": "devices: [/dev/video0]",
                "the host's network": "network_mode: host",
                "a capability over the network": "cap_add: [NET_ADMIN]",
            }.items()
        ),
        Case(
            "variables of a file beside the project are read like the others",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "web.env": "LEVEL=info\n",
                "compose.yaml": """
                services:
                  web:
                    build: .
                    ports: ["8000:8000"]
                    env_file: web.env
                """,
            },
            seen=(
                Seen("converted", 3, "compose.yaml"),
                Seen("converted", 4, "compose.yaml"),
                Seen("converted", 5, "compose.yaml"),
            ),
        ),
        Case(
            "a folder and a user that are the image's own need no one",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  web:
                    build: .
                    ports: ["8000:8000"]
                    working_dir: /app/
                    user: root
                """,
            },
            seen=(Seen("converted", 5, "compose.yaml"), Seen("converted", 6, "compose.yaml")),
        ),
        Case(
            "a service that reserves several GPUs gets as many",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  web:
                    build: .
                    ports: ["8000:8000"]
                    deploy:
                      resources:
                        reservations:
                          devices:
                            - driver: nvidia
                              count: 2
                              capabilities: [gpu]
                """,
            },
            seen=(Seen("converted", 5, "compose.yaml"),),
            has={"pyproject.toml": ("num_gpus = 2 # compose.yaml:9",)},
        ),
    ),
)
