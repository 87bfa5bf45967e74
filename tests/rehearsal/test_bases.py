"""What stands in for which image."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from converters.rehearsal.bases import SUITES, Bases, NotKnown, taken
from converters.rehearsal.bases.known import base
from converters.rehearsal.bases.managed import asked
from converters.rehearsal.bases.suites import _UBUNTU_KEYS
from converters.rehearsal.dockerfile import prepare


@pytest.mark.parametrize(
    ("image", "by", "differs"),
    [
        ("debian:bookworm-slim", "Debian 12 (bookworm)", ""),
        ("debian:12", "Debian 12 (bookworm)", ""),
        ("debian:12.5-slim", "Debian 12 (bookworm)", ""),
        ("debian", "Debian 13 (trixie)", ""),
        ("docker.io/library/ubuntu:22.04", "Ubuntu 22.04 (jammy)", ""),
        ("ubuntu:noble-20250101", "Ubuntu 24.04 (noble)", ""),
        ("python:3.11-slim-bookworm", "Debian 12 (bookworm) with Python 3.11", ""),
        ("python:3.11.5-slim", "Debian 12 (bookworm) with Python 3.11", ""),
        ("python:3.11.2-slim", "Debian 12 (bookworm) with Python 3.11", "stands in for Debian 11 (bullseye)"),
        ("python:3.11-slim", "Debian 13 (trixie) with Python 3.11 of Debian 12 (bookworm)", ""),
        ("python:3.10@sha256:" + "0" * 64, "Debian 13 (trixie) with Python 3.10 of Ubuntu 22.04 (jammy)", ""),
        ("python:3.12-bookworm", "Debian 13 (trixie) with Python 3.12 of Ubuntu 24.04 (noble)", "stands in for Debian 12 (bookworm)"),
        ("python", "Debian 13 (trixie) with Python 3.13", ""),
        ("python:3.7-slim-bullseye", "Debian 11 (bullseye) with Python 3.8 of Ubuntu 20.04 (focal)", "Python 3.8 stands in for 3.7"),
        ("nvidia/cuda:12.1.1-cudnn8-runtime-ubuntu22.04", "Ubuntu 22.04 (jammy) with the paths and variables of CUDA", "CUDA"),
        ("nvcr.io/nvidia/cuda:11.3.1-base-ubuntu20.04", "Ubuntu 20.04 (focal) with the paths and variables of CUDA", "CUDA"),
        ("nvidia/cuda:11.3.1-base-ubuntu18.04", "Ubuntu 20.04 (focal) with the paths", "stands in for Ubuntu 18.04"),
        ("pytorch/pytorch:2.1.0-cuda11.8-cudnn8-runtime", "Python 3.10 in /opt/conda, its PyTorch a stub", "stands in for Ubuntu 20.04"),
        (
            "pytorch/pytorch:2.4.1-cuda12.1-cudnn9-devel",
            "Ubuntu 24.04 (noble) with Python 3.11 in /opt/conda",
            "stands in for Ubuntu 22.04",
        ),
        ("runpod/pytorch:2.1.0-py3.10-cuda11.8.0-devel-ubuntu22.04", "Ubuntu 22.04 (jammy) with Python 3.10", "CUDA"),
        ("runpod/base:0.4.0-cuda11.8.0", "Ubuntu 24.04 (noble) with Python 3.11", "stands in for Ubuntu 22.04"),
        ("falai/base:3.11-12.1.0", "Debian 12 (bookworm) with Python 3.11 in /usr/local", "CUDA"),
        ("continuumio/miniconda3", "Debian 13 (trixie) with Python 3.12 in /opt/conda", "pip part"),
        ("ghcr.io/astral-sh/uv:latest", "uv from Python's index", ""),
        ("ghcr.io/astral-sh/uv:0.5.1", "uv from Python's index", ""),
        ("ghcr.io/astral-sh/uv:python3.11-bookworm-slim", "Debian 12 (bookworm) with Python 3.11 and uv", ""),
        ("node:20-bookworm-slim", "Debian 12 (bookworm) with its own Node.js", "own"),
    ],
)
def test_a_base_image_is_stood_in_for(image: str, by: str, differs: str) -> None:
    found = base(image)
    assert by in found.by
    assert differs in "; ".join(found.differs)
    assert bool(differs) == bool(found.differs)


@pytest.mark.parametrize(
    ("image", "why"),
    [
        ("python:3.11-alpine", "Debian's nor Ubuntu's"),
        ("alpine:3.19", "Debian's nor Ubuntu's"),
        ("nvidia/cuda:12.1.0-base-ubi8", "Debian's nor Ubuntu's"),
        ("vllm/vllm-openai:latest", "its server"),
        ("ghcr.io/huggingface/text-generation-inference:2.0", "its server"),
        ("debian:buster", "release buster"),
        ("ubuntu:16.04", "release 16.04"),
        ("someone/private:1", "not in the table"),
        ("registry.example.com/python-app:1", "not in the table"),
        ("mydebian:12", "not in the table"),
    ],
)
def test_nothing_stands_in_for_what_is_not_known(image: str, why: str) -> None:
    with pytest.raises(NotKnown, match=why):
        base(image)


@pytest.mark.parametrize(
    "image",
    ["python:3.11", "pytorch/pytorch:latest", "runpod/base:1", "falai/base", "uv", "golang:1.22", "rust", "r8.im/cog-base:python3.10"],
)
def test_a_stand_in_is_a_dockerfile_without_a_fault(image: str) -> None:
    found = base(image if image != "uv" else "ghcr.io/astral-sh/uv")
    prepared = prepare(found.text, {}, lambda reference, line: reference)
    assert not prepared.diagnostics
    used = {line.split()[1] for line in prepared.text.splitlines() if line.startswith("FROM ")}
    stages = {line.split()[3] for line in prepared.text.splitlines() if line.startswith("FROM ")}
    known = {f"localhost/rehearsal/suite:{suite.name}" for suite in found.suites} | {under.tag for under in found.upon} | {"scratch"}
    assert used - stages <= known


def test_a_stand_in_has_a_name_by_its_content() -> None:
    one, same, other = base("python:3.11-slim-bookworm"), base("docker.io/python:3.11-slim-bookworm"), base("python:3.11-bookworm")
    assert one.tag == same.tag != other.tag


def test_a_person_says_what_stands_in(tmp_path: Path) -> None:
    bases = Bases(tmp_path, {"mine:1": "jammy", "other:1": str(tmp_path), "wrong:1": "nothing-there"})
    assert bases.find("mine:1").by == "Ubuntu 22.04 (jammy)"
    assert bases.find("other:1").folder == tmp_path
    with pytest.raises(NotKnown, match="neither a directory nor one of focal, bullseye"):
        bases.find("wrong:1")


def test_ubuntu_s_key_is_the_one_that_signs_its_archive() -> None:
    """The fingerprint is published by Ubuntu; it is the digest of the first packet of the file (RFC 4880, 12.2)."""
    data = _UBUNTU_KEYS.read_bytes()
    size = int.from_bytes(data[1:3], "big")
    assert data[0] == 0x99
    assert hashlib.sha1(data[: 3 + size]).hexdigest().upper() == "F6ECB3762474EDA9D21B7022871920D1991BC93C"


def test_every_release_says_where_its_packages_are() -> None:
    assert SUITES["bookworm"].sources.splitlines()[2] == "deb http://deb.debian.org/debian-security bookworm-security main"
    assert "http://security.ubuntu.com/ubuntu jammy-security main restricted universe multiverse" in SUITES["jammy"].sources


@pytest.mark.parametrize(
    ("step", "minor"),
    [
        ("RUN uv venv --seed --python 3.10 /opt/venv", "3.10"),
        ("RUN curl x && uv python install 3.11", "3.11"),
        ("ENV UV_PYTHON=python3.12", "3.12"),
        ("RUN uv sync --frozen --python=3.11.4", "3.11"),
        ("RUN uv pip install numpy", ""),
        ("RUN apt-get install -y python3.10", ""),
        ("RUN uv venv && pip --python 3.9 list", ""),
    ],
)
def test_uv_is_asked_for_an_interpreter(step: str, minor: str) -> None:
    assert asked(f"FROM x\n{step}\n") == minor


def test_an_interpreter_for_uv_lies_on_a_release_that_runs_it(tmp_path: Path) -> None:
    bases, image = Bases(tmp_path), "nvidia/cuda:12.1.1-base-ubuntu22.04"
    same, later = (bases.find(image, f"RUN uv venv --python {minor}") for minor in ("3.10", "3.11"))
    assert [suite.name for suite in (*same.suites, *same.upon[0].suites)] == ["jammy", "jammy"]
    assert [suite.name for suite in (*later.suites, *later.upon[0].suites)] == ["bookworm", "noble"]
    assert "Ubuntu 24.04 (noble) stands in for Ubuntu 22.04 (jammy)" in later.differs[-1] and "repos/ubuntu2404/" in later.upon[0].text
    assert bases.find(image, "RUN uv venv") == bases.find(image)
    assert bases.find("python:3.11-slim", "RUN uv venv --python 3.10") == bases.find("python:3.11-slim")


_USED = """
FROM alpine/git:2.43.0 AS download
RUN apk add --no-cache wget && wget -O /model.bin https://files.example.com/model.bin
FROM someone/ffmpeg:7.1 AS ffmpeg
FROM someone/builder:1 AS builder
RUN make
FROM node:20-alpine AS page
RUN npm ci
FROM someone/app:1 AS under
RUN make
FROM under
COPY --from=download /model.bin /
COPY --from=ffmpeg /ffmpeg-7.1 /ffmpeg-7.1
COPY --from=ffmpeg /usr/lib/*.so /usr/lib/
COPY --from=someone/pages:2 /html/page.css /html/
COPY --from=ollama/ollama /bin/ollama /usr/bin/
COPY --from=someone/wheels /usr/lib/python3/dist-packages /packages
COPY --from=builder /out /out
COPY --from=page /dist /dist
"""


@pytest.mark.parametrize(
    ("image", "by", "made"),
    [
        ("alpine/git:2.43.0", "Debian 13 (trixie) with git, curl, wget and the installer of Alpine", "/sbin/apk"),
        ("node:20-alpine", "Debian 13 (trixie) with its own Node.js and the installer of Alpine", "/sbin/apk"),
        ("someone/ffmpeg:7.1", "files at the paths that the build copies out of it", "mkdir -p /ffmpeg-7.1"),
        ("someone/ffmpeg:7.1", "files at the paths that the build copies out of it", ": > /usr/lib/double.so"),
        ("someone/pages:2", "files at the paths that the build copies out of it", ": > /html/page.css"),
        ("ollama/ollama", "files at the paths that the build copies out of it", "Ollama is running"),
    ],
)
def test_an_image_of_which_only_files_are_taken_is_stood_in_for(tmp_path: Path, image: str, by: str, made: str) -> None:
    found = Bases(tmp_path).find(image, _USED, taken(_USED, {})[image])
    assert (found.by, made in found.text) == (by, True)
    assert found.differs
    assert not prepare(found.text, {}, lambda reference, line: reference).diagnostics


@pytest.mark.parametrize(
    ("image", "why"),
    [
        ("someone/builder:1", "not in the table"),
        ("someone/wheels", "what is copied out of it cannot be made up"),
        ("someone/app:1", "not in the table"),
    ],
)
def test_nothing_stands_in_for_what_commands_or_the_app_run_in(tmp_path: Path, image: str, why: str) -> None:
    uses = taken(_USED, {})
    assert (image in uses) == (image != "someone/app:1")
    with pytest.raises(NotKnown, match=why):
        Bases(tmp_path).find(image, _USED, uses.get(image))


def test_a_known_image_of_which_files_are_taken_is_stood_in_for_as_ever(tmp_path: Path) -> None:
    text = "FROM ghcr.io/astral-sh/uv:0.5.1 AS uv\nFROM python:3.11\nCOPY --from=uv /uv /bin/\n"
    use = taken(text, {})["ghcr.io/astral-sh/uv:0.5.1"]
    assert Bases(tmp_path).find("ghcr.io/astral-sh/uv:0.5.1", text, use) == base("ghcr.io/astral-sh/uv:0.5.1")
