"""The table of base images: what stands in for each, as a Dockerfile upon releases of Debian and Ubuntu or upon other stand-ins."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NoReturn

from converters.rehearsal.bases import accelerated, languages
from converters.rehearsal.bases.made import SUITE_IMAGE, Base, NotKnown, Reference, installed, of_suite, read_reference, suite_in
from converters.rehearsal.bases.suites import SUITES

_CURRENT = {"debian": "trixie", "ubuntu": "noble"}
_WORDS = ("latest", "stable", "stable-slim", "rolling", "slim")


def base(reference: str) -> Base:
    """What stands in for an image. Raises NotKnown."""
    image = read_reference(reference)
    for pattern, make in _TABLE:
        if re.fullmatch(pattern, image.repository):
            return make(image)
    raise NotKnown("it is not in the table of base images")


def _distribution(image: Reference) -> Base:
    name = "ubuntu" if image.repository.endswith("ubuntu") else "debian"
    words = image.tag.split("-")
    suite = SUITES[_CURRENT[name]] if image.tag in _WORDS else suite_in(image.tag, name)
    if suite is None:
        raise NotKnown(f"release {words[0]} of {name} is not in the table of releases")
    return of_suite(image.reference, suite)


def _build_tools(image: Reference) -> Base:
    suite = suite_in(image.tag) or SUITES["trixie"]
    text = f"FROM {SUITE_IMAGE}:{suite.name}\n" + installed(*languages.BUILD_TOOLS)
    return Base(
        image.reference, text, suites=(suite,), by=f"{suite.title} with the usual build tools", differs=("fewer development packages",)
    )


def _server(image: Reference) -> NoReturn:
    raise NotKnown("its server is what the image is: nothing can stand in for it")


def _other_libc(image: Reference) -> NoReturn:
    raise NotKnown("its packages are neither Debian's nor Ubuntu's")


_TABLE: tuple[tuple[str, Callable[[Reference], Base]], ...] = (
    (r"debian|ubuntu|(public\.ecr\.aws|mirror\.gcr\.io)/.*/?(debian|ubuntu)", _distribution),
    (r"buildpack-deps", _build_tools),
    (r"python|.*/library/python|circleci/python|cimg/python", languages.python),
    (r"(ghcr\.io/)?astral-sh/uv|astral/uv", languages.uv),
    (r"node|.*/library/node", languages.node),
    (r"golang|rust", languages.compiled),
    (r"continuumio/(miniconda3|anaconda3)|condaforge/(miniforge3|mambaforge)|mambaorg/micromamba", languages.conda),
    (r"(nvcr\.io/)?nvidia/cuda", accelerated.cuda),
    (r"pytorch/pytorch", accelerated.pytorch),
    (r"nvcr\.io/nvidia/pytorch", accelerated.ngc_pytorch),
    (r"runpod/(pytorch|stable-diffusion)", accelerated.runpod_pytorch),
    (r"runpod/base", accelerated.runpod_base),
    (r"falai/base", accelerated.falai),
    (r"huggingface/transformers-pytorch-gpu", accelerated.transformers),
    (r"r8\.im/cog-base", accelerated.cog_base),
    (r"(vllm|lmsysorg|ollama|zeyugao|sglang|openmmlab)/.*", _server),
    (r"ghcr\.io/(huggingface|ggml-org|ggerganov|abetlen|mudler|open-webui)/.*", _server),
    (r"nvcr\.io/(nim|nvidia/(tritonserver|tensorrt.*|nemo))(/.*)?", _server),
    (r"alpine|busybox|.*/alpine|amazonlinux|fedora|centos|rockylinux.*|almalinux.*|archlinux.*|opensuse/.*|redhat/.*", _other_libc),
)
