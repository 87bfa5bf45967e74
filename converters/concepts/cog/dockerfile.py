"""The Dockerfile that Cog would build from a cog.yaml, without Cog itself, and with what fal needs installed last."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from converters.escape import comment, docker_shell, docker_value

if TYPE_CHECKING:
    from converters.concepts.cog.build import Build
    from converters.concepts.cog.cog_yaml import CogYaml
    from converters.concepts.cog.steps import RunStep
    from converters.ir import EnvVar

WORKDIR = "/src"
SITE_PACKAGES = re.compile(r"(/root/\.pyenv/versions/[\w.]+|/usr/local)/lib/python[\d.]+/(site|dist)-packages")
"""Where Cog's own images had the packages of pip."""
VENV = "/opt/venv"
APT = "RUN apt-get update -qq && apt-get install -qqy --no-install-recommends {packages} && rm -rf /var/lib/apt/lists/*"


def text(build: Build, config: CogYaml) -> str:
    """The whole Dockerfile."""
    from converters.concepts.cog import cuda

    image, remark = cuda.image(build.cuda) if build.gpu else (f"python:{build.python.value}-slim-bookworm", "")
    blocks = [
        comment(f"# What Cog built from {config.file.name}, without Cog{f' ({remark})' if remark else ''}"),
        f"FROM {image}",
        "ENV DEBIAN_FRONTEND=noninteractive PYTHONUNBUFFERED=1",
        _apt(build, image),
        *(_python(build) if build.gpu else []),
        *_constraints(build),
        *_environment(build),
        *_packages(build, config),
        *(line for step in build.steps for line in _step(step, build)),
        f"WORKDIR {WORKDIR}",
        f"COPY . {WORKDIR}",
        "# fal needs its own packages in the image, installed last",
        "RUN python -m pip install --no-cache-dir fal",
    ]
    return "\n".join(block for block in blocks if block) + "\n"


def _apt(build: Build, image: str) -> str:
    """Tools that Cog's base images hold, the project's own packages, and what it silently relies on."""
    wanted = ["ca-certificates", "curl", "git", "build-essential", *build.system, *build.implied]
    noble = "ubuntu24.04" in image
    names = [{"libglib2.0-0": "libglib2.0-0t64"}.get(name, name) if noble else name for name in wanted]
    return APT.format(packages=" ".join(dict.fromkeys(docker_shell(name) for name in names)))


def _python(build: Build) -> list[str]:
    """The CUDA images hold no Python of the wanted version; Cog, too, takes it from uv.

    Up to 3.11 a Python came with a pip before 24.1, and what is pinned for it may have metadata that later ones refuse (`torch>=1.8.*`).
    """
    made = f"RUN uv venv --seed --python {build.python.value} {VENV}"
    if tuple(map(int, build.python.value.split(".")[:2])) < (3, 12):
        made += f" && uv pip install --python {VENV}/bin/python 'pip<24.1'"
    return ["COPY --from=ghcr.io/astral-sh/uv:0.9.26 /uv /usr/local/bin/uv", made, f"ENV PATH={VENV}/bin:$PATH"]


def _constraints(build: Build) -> list[str]:
    """Releases without a wheel whose `setup.py` imports `pkg_resources` built when the project did, with the setuptools of that day.

    Up to pip 25.2 PIP_CONSTRAINT counts for what builds, from 25.3 on PIP_BUILD_CONSTRAINT (https://pip.pypa.io/en/stable/news/#v25-3).
    """
    installs = pip_line(build) or any(step.purpose not in ("cog", "pip-off") and "pip" in step.command for step in build.steps)
    if not installs or any(_wants_newer(spec.value) for spec in build.packages.specs):
        return []
    file = "/etc/build-constraints.txt"
    return [
        "# setup.py of older releases imports pkg_resources, which setuptools has no more since release 82",
        f"RUN echo 'setuptools<81' > {file}",
        f"ENV PIP_CONSTRAINT={file} PIP_BUILD_CONSTRAINT={file} UV_BUILD_CONSTRAINT={file}",
    ]


def _wants_newer(requirement: str) -> bool:
    """Whether it asks for a setuptools of release 81 or newer."""
    stated = re.match(r"setuptools\s*(==|>=|>|~=)\s*(\d+)", requirement.strip())
    return stated is not None and int(stated[2]) >= 81


def _environment(build: Build) -> list[str]:
    return [f"ENV {variable.name}={docker_value(variable.value or '')}" for variable in build.variables if _is_baked(variable)]


def _is_baked(variable: EnvVar) -> bool:
    """Whether a variable stands in the image; `setup()` sets one whose value ENV cannot hold."""
    return not variable.secret and (variable.value or "").isprintable()


def _packages(build: Build, config: CogYaml) -> list[str]:
    """One pip install for what cog.yaml or its requirements file lists."""
    return [line] if (line := pip_line(build)) else []


def pip_line(build: Build) -> str:
    """`RUN python -m pip install ...` for the listed packages; '' where there are none."""
    steps = {(step.entry.origin.file, step.entry.origin.line) for step in build.every_step}
    listed = [spec for spec in build.packages.specs if spec.origin is None or (spec.origin.file, spec.origin.line) not in steps]
    layer = build.packages.layers[0] if build.packages.layers and listed else []
    words = [
        *_joined([part for part in layer if part not in {spec.value for spec in listed}]),
        *(docker_shell(spec.value) for spec in listed),
    ]
    return "RUN python -m pip install --no-cache-dir \\\n    " + " \\\n    ".join(words) if listed else ""


def _joined(flags: list[str]) -> list[str]:
    """`--extra-index-url URL` as one word of the list."""
    found: list[str] = []
    for part in flags:
        if part.startswith("--") or not found:
            found.append(part)
        else:
            found[-1] += f" {docker_shell(part)}"
    return found


def _step(step: RunStep, build: Build) -> list[str]:
    if step.purpose in ("cog", "pip-off") or not step.command:
        return []
    command = SITE_PACKAGES.sub(f"{VENV}/lib/python{build.python.value}/site-packages", step.command) if build.gpu else step.command
    command = re.sub(r"\s+--break-system-packages\b", "", command)
    flags = " ".join([*(flag for flag in step.flags if flag.startswith(("--mount=type=cache", "--mount=type=secret"))), *step.mounts])
    return [f"RUN {flags + ' ' if flags else ''}{' '.join(command.splitlines())}"]
