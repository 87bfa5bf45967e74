"""Stand-ins for images of CUDA and PyTorch: their paths, variables and interpreters; nothing that a GPU needs is in them."""

from __future__ import annotations

import re

from converters.containers.base_images import describe, torchvision_for
from converters.rehearsal.bases.languages import conda_program
from converters.rehearsal.bases.made import (
    SUITE_IMAGE,
    Base,
    NotKnown,
    Reference,
    collected,
    differences,
    installed,
    placed,
    python_of,
    run,
    runs_on,
    suite_in,
)
from converters.rehearsal.bases.suites import SUITES, Suite

_NO_CUDA = "no library or program of CUDA is in it"
_OLD = {"ubuntu18.04": "focal", "ubuntu1804": "focal"}
_USUAL = ("build-essential", "ca-certificates", "curl", "ffmpeg", "git", "libgl1", "libglib2.0-0", "unzip", "vim", "wget", "zip")


def _suite(tag: str, default: str = "jammy") -> tuple[Suite, tuple[str, ...]]:
    if (found := suite_in(tag)) is not None:
        return found, ()
    if re.search(r"ubi\d|rocky|centos|amzn", tag):
        raise NotKnown("its packages are neither Debian's nor Ubuntu's")
    if (old := next((name for word, name in _OLD.items() if word in tag), None)) is not None:
        return SUITES[old], (f"{SUITES[old].title} stands in for Ubuntu 18.04",)
    return SUITES[default], ()


def _cuda_version(tag: str) -> str:
    if match := re.search(r"cu(?:da)?-?(\d+\.\d+(?:\.\d+)?)", tag) or re.match(r"(\d+\.\d+(?:\.\d+)?)-", tag):
        return match.group(1)
    return f"{match.group(1)}.{match.group(2)}" if (match := re.search(r"cu(\d\d)(\d)", tag)) else "12.1"


def _cuda_steps(tag: str, suite: Suite) -> str:
    """The folders and variables of CUDA's images, and the repository that they install from."""
    version = _cuda_version(tag)
    short = ".".join(version.split(".")[:2])
    folder = f"/usr/local/cuda-{short}"
    lines = [f"mkdir -p {folder}/bin {folder}/lib64/stubs {folder}/include && ln -s {folder} /usr/local/cuda"]
    if suite.distribution == "ubuntu":
        name = f"ubuntu{suite.version.replace('.', '')}"
        source = f"deb [trusted=yes] https://developer.download.nvidia.com/compute/cuda/repos/{name}/x86_64 /"
        lines.append(f"echo '{source}' > /etc/apt/sources.list.d/cuda-{name}-x86_64.list")
    text = run(" && ".join(lines))
    text += f"ENV CUDA_VERSION={version} NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility"
    text += " PATH=/usr/local/nvidia/bin:/usr/local/cuda/bin:$PATH LD_LIBRARY_PATH=/usr/local/nvidia/lib:/usr/local/nvidia/lib64\n"
    return text


def cuda(image: Reference) -> Base:
    """CUDA's images: Ubuntu without an interpreter."""
    suite, differs = _suite(image.tag, "noble")
    packages = ["ca-certificates", "gnupg", *(["build-essential"] if "devel" in image.tag else [])]
    text = f"FROM {SUITE_IMAGE}:{suite.name}\n" + installed(*packages) + _cuda_steps(image.tag, suite)
    if "devel" in image.tag:
        text += "ENV LIBRARY_PATH=/usr/local/cuda/lib64/stubs\n"
    return Base(image.reference, text, (suite,), by=f"{suite.title} with the paths and variables of CUDA", differs=(*differs, _NO_CUDA))


def _torch(torch: str, pip: str, *, audio: bool = True) -> str:
    """A step that installs PyTorch, whose large distributions are stubs."""
    if not torch:
        return run(f"{pip} install -q --no-cache-dir torch torchvision torchaudio numpy")
    vision = torchvision_for(torch)
    names = [f"torch=={torch}", *([f"torchvision=={vision}"] if vision else []), *([f"torchaudio=={torch}"] if audio else [])]
    return run(f"{pip} install -q --no-cache-dir {' '.join(names)} numpy pillow pyyaml requests tqdm")


def _with_torch(image: Reference, prefix: str, *, default: str, packages: tuple[str, ...], end: str) -> Base:
    """A release with CUDA's variables, a Python below a prefix, and PyTorch in it."""
    known = describe(image.reference)
    wanted, differs = _suite(image.tag, default)
    minor = known.python or wanted.python
    source = python_of(minor)
    target = runs_on(source, wanted)
    text = (
        collected(source) + f"FROM {SUITE_IMAGE}:{target.name}\n" + installed(*packages) + _cuda_steps(image.tag, target) + placed(prefix)
    )
    text += f"ENV PATH={prefix}/bin:$PATH\n" if prefix != "/usr/local" else ""
    text += _torch(known.torch, f"{prefix}/bin/python -m pip") + end
    told = f"{target.title} with Python {source.python} in {prefix}, its PyTorch a stub"
    found = (*differs, *differences(minor, source, wanted, target), _NO_CUDA)
    return Base(image.reference, text, tuple(dict.fromkeys((source, target))), by=told, differs=found)


def pytorch(image: Reference) -> Base:
    """PyTorch's own images: conda's prefix first on PATH, WORKDIR /workspace."""
    torch = describe(image.reference).torch
    default = "focal" if torch and tuple(map(int, torch.split(".")[:2])) < (2, 2) else "jammy"
    packages = ("ca-certificates", "libjpeg-dev", "libpng-dev", *(("build-essential", "git", "curl") if "devel" in image.tag else ()))
    end = conda_program("/opt/conda") + "ENV LANG=C.UTF-8\nWORKDIR /workspace\n"
    return _with_torch(image, "/opt/conda", default=default, packages=packages, end=end)


def ngc_pytorch(image: Reference) -> Base:
    """NVIDIA's PyTorch images, by their month: Ubuntu 24.04 with Python 3.12 from 24.11 on."""
    month = tuple(map(int, match.groups())) if (match := re.match(r"(\d\d)\.(\d\d)", image.tag)) else (99, 1)
    minor, name = ("3.12", "noble") if month >= (24, 11) else ("3.10", "jammy") if month >= (23, 4) else ("3.8", "focal")
    return _plain(image, minor, SUITES[name], _USUAL, _torch("", "python -m pip") + "WORKDIR /workspace\n", "its PyTorch a stub")


def runpod_pytorch(image: Reference) -> Base:
    """RunPod's images: Python first on PATH, the usual programs, JupyterLab, a start script that keeps the container alive."""
    packages = (*_USUAL, "nginx", "openssh-server", "rsync")
    end = run("/usr/local/bin/python -m pip install -q --no-cache-dir jupyterlab ipywidgets && mkdir /workspace") + _start()
    return _with_torch(image, "/usr/local", default="jammy", packages=packages, end=end)


def runpod_base(image: Reference) -> Base:
    """RunPod's base: several interpreters, of which one is `python`."""
    suite, _ = _suite(image.tag)
    return _plain(image, "3.11" if suite.name != "noble" else "3.12", suite, _USUAL, _start(), "with one Python alone")


def falai(image: Reference) -> Base:
    """fal's own base, `falai/base:PYTHON-CUDA`, whose user is not root."""
    match = re.match(r"(3\.\d+)-(\d+\.\d+)", image.tag)
    minor = match.group(1) if match else "3.11"
    end = run("useradd -m -u 1000 user") + "USER user\n"
    under = Reference(image.reference, image.repository, f"cuda{match.group(2)}" if match else "cuda12.1")
    return _plain(under, minor, SUITES["bookworm"], ("ca-certificates", "curl", "git"), end, "its release and user are assumed")


def transformers(image: Reference) -> Base:
    """Hugging Face's images."""
    end = _torch("", "python -m pip") + run("python -m pip install -q --no-cache-dir transformers accelerate datasets")
    return _plain(image, "3.10", SUITES["jammy"], _USUAL, end, "its PyTorch a stub")


def cog_base(image: Reference) -> Base:
    """Cog's base: CUDA, a Python, and PyTorch where the tag names it."""
    minor = match.group(1) if (match := re.search(r"python(3\.\d+)", image.tag)) else "3.11"
    torch = match.group(1) if (match := re.search(r"torch(\d+\.\d+\.\d+)", image.tag)) else ""
    end = _torch(torch, "python -m pip") if torch else ""
    return _plain(
        image, minor, SUITES["jammy"], (*_USUAL, "ninja-build", "rsync"), end + "WORKDIR /src\n", "its PyTorch a stub" if torch else ""
    )


def _plain(image: Reference, minor: str, wanted: Suite, packages: tuple[str, ...], end: str, told: str) -> Base:
    source = python_of(minor)
    target = runs_on(source, wanted)
    text = (
        collected(source) + f"FROM {SUITE_IMAGE}:{target.name}\n" + installed(*packages) + _cuda_steps(image.tag, target) + placed() + end
    )
    by = f"{target.title} with Python {source.python} in /usr/local" + (f", {told}" if told else "")
    return Base(
        image.reference,
        text,
        tuple(dict.fromkeys((source, target))),
        by=by,
        differs=(*differences(minor, source, wanted, target), _NO_CUDA),
    )


def _start() -> str:
    start = "#!/bin/bash\\nexec sleep infinity\\n"
    return run(f"printf '{start}' > /start.sh && chmod 755 /start.sh") + 'CMD ["/start.sh"]\n'
