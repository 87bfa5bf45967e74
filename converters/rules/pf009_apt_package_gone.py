"""PF009: a package that the base image's release of Debian or Ubuntu does not have."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import IMAGE, SERVER, SERVER_IMAGE, WORKER


def _worker(base: str, install: str) -> dict[str, str]:
    return {"handler.py": WORKER, "Dockerfile": IMAGE.replace("python:3.11-slim", base).replace("ffmpeg", install)}


rule = Rule(
    code="PF009",
    title="an apt package that the base image's release no longer has",
    safety="manual",
    expected="every package that apt installs is one of the base image's release",
    explanation="""
    A tag such as `python:3.10` names no release of Debian, and is built on each newest one: Debian 13 since August 2025. Packages that
    were renamed or removed since the Dockerfile was written end the build. The same where the tag names a release that never had them.
    Write the name that the package has today, or name the older release in the tag (`python:3.10-bookworm`).
    """,
    links=(docker_docs("build/building/best-practices/"), fal_docs("documentation/development/use-custom-container-image")),
    cases=(
        Case("a base that moved on lacks a package, whose new name is told", "partial", _worker("python:3.10", "libgl1-mesa-glx"),
             seen=(Seen("manual", 2, "Dockerfile", says="is no package of python:3.10, which is Debian 13 (trixie) now, so"),
                   Seen("manual", 2, "Dockerfile", says="write `libgl1`.")), status="partial"),
        Case("a package that nothing replaces is to be taken out", "partial",
             _worker("python:3.12-slim", "software-properties-common git ffmpeg"),
             seen=(Seen("manual", 2, "Dockerfile", says="so that the build ends here: take it out."),), status="partial"),
        Case("a server's image is built the same way", "partial",
             {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.replace("RUN", "RUN apt-get -y install libatlas-base-dev\nRUN")},
             seen=(Seen("manual", 2, "Dockerfile", says="write `libopenblas-dev`."),), status="partial"),
        Case("a release that is named and never had it", "partial", _worker("python:3.11-bookworm", "openjdk-11-jre-headless"),
             seen=(Seen("manual", 2, "Dockerfile", says="write `default-jre-headless`."),), status="partial"),
        Case("a release of Ubuntu that is named", "partial",
             _worker("nvidia/cuda:12.6.0-runtime-ubuntu24.04", "python3-pip libgl1-mesa-glx"),
             seen=(Seen("manual", 2, "Dockerfile", says="is no package of Ubuntu 24.04, which"),), status="partial"),
        Case("a stage that is copied from is built, too", "partial",
             {"handler.py": WORKER, "Dockerfile": "FROM python:3.11 AS build\nRUN apt-get install -y libjasper-dev\n"
              + IMAGE.lstrip().replace("COPY", "COPY --from=build /opt /opt\nCOPY")},
             seen=(Seen("manual", 2, "Dockerfile"),), status="partial"),
        Case("an older release that the tag names has it", "untouched", _worker("python:3.10-bullseye", "libgl1-mesa-glx")),
        Case("a release that the tag names has it still", "untouched", _worker("python:3.10-slim-bookworm", "libgl1-mesa-glx libncurses5")),
        Case("a tag of a patch release stays where it was built", "untouched", _worker("python:3.10.6", "libgl1-mesa-glx")),
        Case("a Python that is no longer built stays at its release", "untouched",
             {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.replace("3.11-slim", "3.8-slim").replace(
                 "RUN", "RUN apt-get update && apt-get -y install libgl1-mesa-glx\nRUN")}),
        Case("an image whose release is not known", "untouched", _worker("acme/base:py3.11", "libgl1-mesa-glx")),
        Case("a name that the newest release provides", "untouched", _worker("python:3.10", "libglib2.0-0 libasound2 libsm6")),
        Case("packages of another source", "untouched", _worker(
            "python:3.10", "curl && echo deb x >> /etc/apt/sources.list && apt-get install -y libgl1-mesa-glx")),
        Case("a build that goes on without it", "untouched", _worker("python:3.10", "ffmpeg; apt-get install -y libgl1-mesa-glx || true")),
    ),
)  # fmt: skip
