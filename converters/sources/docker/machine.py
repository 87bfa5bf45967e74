"""The machine of a server: whether it needs a GPU, by reserved devices, manifests, the base image and what the image installs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from converters import rules
from converters.concepts.machine import assume
from converters.containers.base_images import BaseImage
from converters.given_server import GivenServer
from converters.ir import App, Origin, Setting
from converters.ledger import Ledger
from converters.project import Project
from converters.python import gpu
from converters.sources.docker import gpu_evidence, official_images
from converters.sources.docker.candidate import Candidate

if TYPE_CHECKING:
    from converters.sources.docker.analysis import Reading


def choose(project: Project, reading: Reading, app: App, base: BaseImage, server: GivenServer | None, ledger: Ledger) -> None:
    """The machine is always written; nothing in a Docker project says how much memory the GPU must have."""
    candidate = reading.candidate
    service, found = candidate.service, candidate.packaging
    origin = found.origin(found.stage.line) if found else candidate.start.origin
    known, why, without = official_images.official(candidate.base), "", ""
    place: Origin | None = None
    if service is not None and service.gpus:
        origin, why = Origin(file=service.file.path, line=service.gpu_line or 1), f"service {service.name} reserves a GPU"
        if service.gpus > 1:
            app.settings.append(Setting(name="num_gpus", value=service.gpus, origin=origin))
    elif reading.workload is not None and reading.workload.gpus:
        origin, why = reading.workload.origin, "the manifest asks for nvidia.com/gpu"
    elif server is not None and server.gpu is not None:
        origin, why = server.gpu, f"{server.what} says that it runs on a GPU"
    elif known is not None:
        why = f"the image {candidate.base} is made for a GPU" if known.asks_for_gpu(candidate.base) else ""
    elif base.gpu and "rocm" not in candidate.base:
        why = f"the base image {candidate.base}"
    elif line := _gpu_line(candidate):
        origin, why = Origin(file=candidate.file, line=line), "the Dockerfile installs CUDA" if found else "the image holds CUDA"
    else:
        decided, _ = gpu.decide(gpu_evidence.of_server(project, candidate))
        if decided is not None and decided.weight == "demands":
            origin, why = decided.origin or origin, decided.why
        elif decided is not None:
            place, aside = decided.origin or origin, f"nothing asks for a GPU, and {decided.why}"
            without = f"{aside}, which uses one where there is one" if decided.weight == "suggests" else aside
    message = "{machine} is assumed ({why}): choose the machine by the memory that the model needs."
    assume(app, ledger, rule=rules.DK037, gpu=why, why=without, message=message, place=place or origin, origin=origin if why else None)
    app.settings.insert(0, app.settings.pop())  # the machine comes first


def _gpu_line(candidate: Candidate) -> int:
    stage = candidate.stage
    if stage is None:
        return 0
    for name, value in stage.env.items():
        if name in ("NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES", "CUDA_HOME", "CUDA_VERSION"):
            return value.line
    return next(
        (
            run.line
            for run in stage.runs
            if re.search(
                r"/whl/cu\d\d|cuda-nvcc|cuda-toolkit|onnxruntime-gpu|tensorflow\[and-cuda\]|pytorch-cuda|\bcudatoolkit\b", run.script
            )
        ),
        0,
    )
