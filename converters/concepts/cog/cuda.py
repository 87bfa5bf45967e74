"""Which CUDA, torch index and base image belong together, by Cog's compatibility tables (`pkg/config/*_compatibility.json`, 0.22)."""

from __future__ import annotations

import re

TORCH_CUDA: dict[str, tuple[str, ...]] = {
    "1.11": ("10.2", "11.3"),
    "1.12": ("10.2", "11.3", "11.6"),
    "1.13": ("11.6", "11.7"),
    "2.0": ("11.7", "11.8"),
    **dict.fromkeys(("2.1", "2.2", "2.3"), ("11.8", "12.1")),
    **dict.fromkeys(("2.4", "2.5"), ("11.8", "12.1", "12.4")),
    "2.6": ("11.8", "12.4", "12.6"),
    "2.7": ("11.8", "12.6", "12.8"),
    "2.8": ("12.6", "12.8", "12.9"),
    "2.9": ("12.6", "12.8", "13.0"),
    "2.10": ("12.6", "12.8", "13.0"),
    "2.11": ("12.6", "12.8", "12.9", "13.0"),
}
"""Release of torch -> CUDA versions that its wheels come in."""
ON_PYPI: dict[str, str] = {
    "1.11": "10.2", "1.12": "10.2", "1.13": "11.7", "2.0": "11.7", "2.1": "12.1", "2.2": "12.1", "2.3": "12.1", "2.4": "12.1",
    "2.5": "12.4", "2.6": "12.4", "2.7": "12.6", "2.8": "12.8", "2.9": "12.8", "2.10": "12.8",
}  # fmt: skip
"""CUDA of the wheel that PyPI itself holds for Linux."""
VISION = {"0.12": "1.11", "0.13": "1.12", "0.14": "1.13", **{f"0.{minor + 15}": f"2.{minor}" for minor in range(12)}}
"""Release of torchvision -> release of torch."""
DEFAULT = "11.8"
"""What Cog takes where neither `cuda` nor torch nor TensorFlow says anything."""
IMAGES: dict[str, str] = {
    "11.0": "11.0.3-cudnn8-devel-ubuntu20.04",
    "11.1": "11.1.1-cudnn8-devel-ubuntu20.04",
    "11.2": "11.2.2-cudnn8-devel-ubuntu20.04",
    "11.3": "11.3.1-cudnn8-devel-ubuntu20.04",
    "11.4": "11.4.3-cudnn8-devel-ubuntu20.04",
    "11.5": "11.5.2-cudnn8-devel-ubuntu20.04",
    "11.6": "11.6.2-cudnn8-devel-ubuntu20.04",
    "11.7": "11.7.1-cudnn8-devel-ubuntu22.04",
    "11.8": "11.8.0-cudnn8-devel-ubuntu22.04",
    "12.0": "12.0.1-cudnn8-devel-ubuntu22.04",
    "12.1": "12.1.1-cudnn8-devel-ubuntu22.04",
    "12.2": "12.2.2-cudnn8-devel-ubuntu22.04",
    "12.3": "12.3.2-cudnn9-devel-ubuntu22.04",
    "12.4": "12.4.1-cudnn-devel-ubuntu22.04",
    "12.5": "12.5.1-cudnn-devel-ubuntu22.04",
    "12.6": "12.6.3-cudnn-devel-ubuntu24.04",
    "12.8": "12.8.1-cudnn-devel-ubuntu24.04",
    "12.9": "12.9.1-cudnn-devel-ubuntu24.04",
    "13.0": "13.0.3-cudnn-devel-ubuntu24.04",
}
"""CUDA -> tag of nvidia/cuda, the newest patch release and Ubuntu that Cog knows."""
FIRST_FOR_310: dict[str, str] = {
    "torch": "1.11.0", "torchvision": "0.12.0", "torchaudio": "0.11.0", "numpy": "1.21.2", "scipy": "1.7.2", "opencv-python": "4.5.4.58",
    "opencv-contrib-python": "4.5.4.58", "opencv-python-headless": "4.5.4.58", "tensorflow": "2.8.0", "tensorflow-gpu": "2.8.0",
    "scikit-image": "0.19.0", "scikit-learn": "1.0.2", "pandas": "1.3.3", "lmdb": "1.3.0", "h5py": "3.6.0", "matplotlib": "3.5.0",
}  # fmt: skip
"""The first release of a package that has wheels for Python 3.10."""


def release(version: str) -> str:
    """`2.4` of `2.4.1+cu121`."""
    match = re.match(r"(\d+\.\d+)", version)
    return match.group(1) if match else ""


def number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.split("+")[0])[:4])


def resolve(stated: str, torch: str) -> str:
    """The CUDA that Cog builds with: as stated, else the newest for the pinned torch, else Cog's default."""
    if stated:
        return ".".join(stated.split(".")[:2])
    found = TORCH_CUDA.get(release(torch), ())
    return found[-1] if found else DEFAULT


def index(package: str, version: str, cuda: str, *, gpu: bool) -> str:
    """The index that Cog adds for a pinned torch or torchvision; '' where PyPI holds that wheel, or Cog does not know the release."""
    torch = release(version) if package == "torch" else VISION.get(release(version), "")
    known = TORCH_CUDA.get(torch)
    if known is None:
        return ""
    if not gpu:
        return "https://download.pytorch.org/whl/cpu/"
    fitting = [one for one in known if number(one) <= number(cuda)]
    if not fitting or fitting[-1] == ON_PYPI.get(torch):
        return ""
    return f"https://download.pytorch.org/whl/cu{fitting[-1].replace('.', '')}/"


def image(cuda: str) -> tuple[str, str]:
    """(image, remark): the image for a CUDA version, or the nearest newer one that Cog knows."""
    wanted = release(cuda) or DEFAULT
    if wanted in IMAGES:
        return f"nvidia/cuda:{IMAGES[wanted]}", ""
    newer = next((known for known in IMAGES if number(known) >= number(wanted)), list(IMAGES)[-1])
    return f"nvidia/cuda:{IMAGES[newer]}", f"CUDA {wanted} has no image any more: {newer} is the nearest"
