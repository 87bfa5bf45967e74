"""What a base image already contains: its Python, its torch, and whether pip requirements can stand in for it.

Versions are read from the tag. Python of tags that do not name it: PyTorch's conda images (3.10 up to 2.3, 3.11 from 2.4 on), Ubuntu's
own interpreter (20.04 3.8, 22.04 3.10, 24.04 3.12), Debian's (11 3.9, 12 3.11), vLLM's images (3.12 from 0.6 on).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

UBUNTU = {"18.04": "3.6", "20.04": "3.8", "22.04": "3.10", "24.04": "3.12", "focal": "3.8", "jammy": "3.10", "noble": "3.12"}
DEBIAN = {"buster": "3.7", "10": "3.7", "bullseye": "3.9", "11": "3.9", "bookworm": "3.11", "12": "3.11"}
SYSTEMS = (
    "ubuntu|debian|alpine|fedora|rockylinux|almalinux|amazonlinux|busybox|scratch|miniconda3?|anaconda3?|miniforge3?|micromamba|uv|node"
)
"""Images of a system, an interpreter or a tool, by the last part of the name."""


WORKDIRS = ((re.compile(r"(^|/)tiangolo/(uvicorn-gunicorn|meinheld-gunicorn|uwsgi-nginx)"), "/app"),)
"""Images that a project's files are copied into by relative paths -> their own WORKDIR.
https://github.com/tiangolo/uvicorn-gunicorn-docker/blob/master/docker-images/python3.11.dockerfile."""


def workdir(reference: str) -> str:
    """The working directory that a base image is known to set; `/` for any other."""
    return next((folder for pattern, folder in WORKDIRS if pattern.search(reference)), "/")


@dataclass(frozen=True)
class BaseImage:
    """`plain`: nothing but an interpreter, CUDA or PyTorch, so that a list of requirements can replace it."""

    reference: str
    repository: str
    tag: str
    python: str = ""
    torch: str = ""
    gpu: bool = False
    plain: bool = False

    @property
    def unknown(self) -> bool:
        """Whether nothing tells what is in it: neither a system nor an interpreter alone."""
        return not self.plain and re.search(rf"(^|/)({SYSTEMS})$", self.repository) is None


def describe(reference: str) -> BaseImage:
    """Read an image reference; unknown repositories come back with nothing but their name and tag."""
    name = reference.split("@")[0]
    repository, _, tag = name.rpartition(":") if ":" in name.rsplit("/", 1)[-1] else (name, "", "latest")
    repository = re.sub(r"^(docker\.io/|index\.docker\.io/)?(library/)?", "", repository)
    gpu = bool(re.search(r"cuda|nvidia|gpu|rocm|\bcu1\d\d", f"{repository}:{tag}"))
    if repository == "python" or repository.endswith("/python"):
        return BaseImage(reference, repository, tag, _minor(tag), "", gpu, True)
    if repository == "nvidia/cuda" or repository.endswith("/nvidia/cuda"):
        return BaseImage(reference, repository, tag, _ubuntu(tag), "", True, True)
    if repository == "pytorch/pytorch":
        torch = match.group(1) if (match := re.match(r"(\d+\.\d+\.\d+)", tag)) else ""
        return BaseImage(reference, repository, tag, _conda_python(torch), torch, "cuda" in tag or not torch, True)
    if repository == "runpod/pytorch":
        return _runpod_pytorch(reference, repository, tag)
    if repository == "runpod/base":
        return BaseImage(reference, repository, tag, "", "", "cuda" in tag, True)
    if repository == "ubuntu":
        return BaseImage(reference, repository, tag, _ubuntu(f"ubuntu{tag}"), "", False, False)
    if repository == "debian":
        return BaseImage(reference, repository, tag, next((v for k, v in DEBIAN.items() if tag.startswith(k)), ""), "", False, False)
    if repository == "vllm/vllm-openai":
        return BaseImage(reference, repository, tag, _vllm_python(tag), "", True, False)
    return BaseImage(reference, repository, tag, _named_python(tag), "", gpu, False)


def torchvision_for(torch: str) -> str:
    """The torchvision release that belongs to a torch release (PyTorch's compatibility table); '' for an unknown one."""
    match = re.match(r"(\d+)\.(\d+)\.(\d+)", torch)
    if not match:
        return ""
    major, minor, patch = (int(part) for part in match.groups())
    if (major, minor) == (2, 0):
        return f"0.15.{patch + 1}"
    return f"0.{minor + 15 if major == 2 else minor + 1}.{patch}"


def _minor(tag: str) -> str:
    match = re.match(r"(\d+\.\d+)", tag)
    return match.group(1) if match else ""


def _named_python(tag: str) -> str:
    match = re.search(r"(?:py|python)-?(3)[.]?(\d{1,2})(?!\d)", tag)
    return f"{match.group(1)}.{match.group(2)}" if match else ""


def _ubuntu(tag: str) -> str:
    match = re.search(r"ubuntu-?(\d\d\.\d\d|focal|jammy|noble)", tag) or re.search(r"ubuntu(\d\d)(\d\d)", tag)
    if not match:
        return ""
    return UBUNTU.get(match.group(1) if match.lastindex == 1 else f"{match.group(1)}.{match.group(2)}", "")


def _conda_python(torch: str) -> str:
    match = re.match(r"(\d+)\.(\d+)", torch)
    if not match:
        return ""
    version = (int(match.group(1)), int(match.group(2)))
    if version >= (2, 4):
        return "3.11"
    return "3.10" if version >= (1, 13) else "3.7"


def _vllm_python(tag: str) -> str:
    """vLLM's own images have Python 3.12 from release 0.6 on; a tag that is no release does not tell."""
    match = re.match(r"v(\d+)\.(\d+)", tag)
    return "3.12" if match and (int(match[1]), int(match[2])) >= (0, 6) else ""


def _runpod_pytorch(reference: str, repository: str, tag: str) -> BaseImage:
    """`2.1.0-py3.10-cuda11.8.0-...`, `3.10-2.0.0-117`, or `0.7.0-cu1241-torch260-ubuntu2204`."""
    if match := re.match(r"(\d+\.\d+\.\d+)-py(3\.\d+)", tag):
        return BaseImage(reference, repository, tag, match.group(2), match.group(1), True, True)
    if match := re.match(r"(3\.\d+)-(\d+\.\d+\.\d+)", tag):
        return BaseImage(reference, repository, tag, match.group(1), match.group(2), True, True)
    if match := re.search(r"torch(\d)(\d+)(\d)(?!\d)", tag):
        return BaseImage(reference, repository, tag, _ubuntu(tag), ".".join(match.groups()), True, True)
    return BaseImage(reference, repository, tag, "", "", True, False)
