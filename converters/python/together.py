"""Releases that install beside each other and do not work together, and the bound that keeps one of them back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from converters.python import pip

CACHED_DOWNLOAD = {"diffusers": "0.29.0", "sentence-transformers": "2.3.0"}
"""Distribution -> its first release that does not import `cached_download` of huggingface_hub. Read in the wheels of diffusers 0.21.4 to
0.28.2 and 0.29.0 and in the sources of sentence-transformers 2.2.2 and 2.3.0."""
HUB = "0.26.0"
"""The first release of huggingface_hub without `cached_download` (https://github.com/huggingface/huggingface_hub/releases/tag/v0.26.0)."""
LATER_HUBS = ("0.26.0", "0.30.0", "0.36.0", "1.31.0")
BEFORE_HUB = "0.25.2"
USE_AUTH_TOKEN = {"pyannote-audio": "4.0.0", "speechbrain": "1.1.0"}
"""Distribution -> its first release that does not hand `use_auth_token` on to huggingface_hub. Read in the wheels of pyannote.audio 3.1.1
to 3.4.0 and speechbrain 0.5.16 to 1.1.0."""
HUB_1 = "1.0.0"
"""The first release of huggingface_hub that takes no `use_auth_token` (https://github.com/huggingface/huggingface_hub/releases/tag/v1.0.0);
0.36.0 still takes it for `token` (its `utils/_validators.py`)."""
BEFORE_HUB_1 = "0.36.0"
BEFORE_TRANSFORMERS = ("4.30.2", "4.40.2", "4.48.3")
BEYOND_TRANSFORMERS = "4.49.0"
"""The first release of transformers that wants huggingface_hub 0.26.0 or newer (its metadata)."""


@dataclass(frozen=True)
class Newest:
    """The newest release of transformers for a Python, and the first PyTorch that it works with: with an older one it is as if there
    were none (`is_torch_available` in src/transformers/utils/import_utils.py)."""

    release: str
    torch: str


TRANSFORMERS = {
    "3.9": Newest("4.57.6", "2.1.0"),
    "3.10": Newest("5.20.2", "2.6.0"),
    "3.11": Newest("5.24.0", "2.6.0"),
    "3.12": Newest("5.24.0", "2.6.0"),
    "3.13": Newest("5.24.0", "2.6.0"),
}
"""Python -> what pip takes on 2026-12-01 where nothing keeps it back; what comes later needs no older PyTorch."""
LAST_OF_INDEX = {"cu116": "1.13.1", "cu117": "2.0.1", "cu118": "2.7.1", "cu121": "2.5.1", "cu124": "2.6.0"}
"""Index of https://download.pytorch.org/whl that gets no more releases -> the last PyTorch there."""
KEPT_BACK = (("2.1.0", "<5", "4.57.6"), ("0", "<4.50", "4.49.0"))
"""The first PyTorch of which a bound of transformers is right, that bound, and a release that it leaves: 4.57.6 works with 2.1.0, and
4.49.0 looks at no release."""
_NEUTRAL = """
accelerate addict aiohttp albumentations anthropic anyio av azure-storage-blob basicsr boto3 botocore cachetools click clip-interrogator
cloudinary cog controlnet-aux ctranslate2 datasets decord diffusers easydict einops facexlib fal fastapi faster-whisper ffmpeg
ffmpeg-python filelock fire flask ftfy gfpgan google-auth google-cloud-storage gunicorn hf-transfer httpcore httpx huggingface-hub imageio
imageio- insightface invisible-watermark jinja2 librosa loguru lpips matplotlib mediapipe minio moviepy ninja nltk numpy omegaconf
onnxruntime onnxruntime-gpu open-clip-torch openai opencv-contrib-python opencv-contrib-python-headless opencv-python
opencv-python-headless orjson packaging pandas peft pillow pillow-heif pip prometheus-client protobuf psutil psycopg2-binary
pyannote-audio pycocotools pydantic pydantic-settings pydub pymongo pymysql python-dateutil python-dotenv python-multipart pytz pywavelets
pyyaml realesrgan redis regex rembg requests rich runpod safetensors scenedetect scikit-image scikit-learn scipy segment-anything
sentence-transformers sentencepiece sentry-sdk setuptools shapely six sniffio soundfile spandrel speechbrain sqids sqlalchemy supabase
supervision tenacity tensorboard tifffile tiktoken timm toml torch torchaudio torchtext torchvision tqdm transformers trimesh typer
ultralytics urllib3 uvicorn websocket-client websockets wheel yapf yt-dlp
"""
NEUTRAL = frozenset(_NEUTRAL.split())
"""Distributions of which no release keeps transformers or huggingface_hub back, or wants another PyTorch, but as said below."""


NUMPY_2 = "2.3.0"
"""The first PyTorch that is built for NumPy 2; with it `Tensor.numpy()` of an older one raises `Numpy is not available`
(https://github.com/pytorch/pytorch/releases/tag/v2.3.0)."""
NUMPY_1 = {"pyannote-audio": "3.3.1"}
"""Distribution -> its first release that does not read `np.NaN`, which NumPy 2 has no more. Read in the wheels of 3.1.1 to 3.4.0."""
WANTS_NUMPY_2 = "4.12.0"
"""The first release of opencv-python that takes no NumPy before 2 (its metadata)."""


@dataclass(frozen=True)
class Bound:
    """What keeps a distribution back, since a requirement does not work with what pip takes without."""

    of: str
    """The requirement, as it is written, that is told of."""
    used: tuple[str, ...]
    """Import names of what somebody has to use to notice."""
    kept: str
    """Distribution that is kept back."""
    bound: str
    why: str
    fits: bool = True
    """Whether the other requirements take what the bound leaves."""


def bounds(requirements: Sequence[str], torch: str, python: str) -> Iterator[Bound]:
    """The bounds that a list of requirements lacks; none where a package is in it that may keep one of the two back itself.

    `torch`: the release of PyTorch that is installed, '' where pip chooses it. What cannot be read lacks nothing.
    """
    stated = {_name(text): text for text in requirements}
    twice = [name for name in (*CACHED_DOWNLOAD, "transformers", "huggingface-hub") if len({*_all(name, requirements)}) > 1]
    if "" not in stated and not twice:
        yield from _hub(stated)
        yield from _hub_1(stated)
        yield from _transformers(stated, torch, python)
        yield from _numpy(stated, torch)


def _name(text: str) -> str:
    """The distribution that a requirement is of, as a repository's address tells it where no name does; '' where nothing does."""
    address = re.match(r"(?:git|hg|svn)\+[^#\s]*/([\w.-]+?)(?:\.git)?(?:@[^#]*)?(?:#.*?\begg=([\w.-]+).*)?$", text)
    return pip.name(text) or (pip.name(address[2] or address[1]) if address is not None else "")


def _all(name: str, requirements: Sequence[str]) -> list[str]:
    return [text for text in requirements if pip.name(text) == name]


def _hub(stated: Mapping[str, str]) -> Iterator[Bound]:
    hub, tokens = stated.get("huggingface-hub", ""), stated.get("transformers", "")
    if stated.keys() - NEUTRAL - {"xformers", "bitsandbytes"} or pip.pinned(tokens).startswith("4.34"):
        return  # transformers 4.34 wants a tokenizers that keeps huggingface_hub back
    if hub and (is_below(hub, HUB) or not any(takes(hub, one) for one in (*LATER_HUBS, pip.pinned(hub)))):
        return
    fits = (not hub or takes(hub, BEFORE_HUB)) and (not tokens or any(takes(tokens, one) for one in BEFORE_TRANSFORMERS))
    fits = fits or (is_below(tokens, BEYOND_TRANSFORMERS) and not hub)
    for name, first in CACHED_DOWNLOAD.items():
        if name in stated and is_below(stated[name], first):
            why = f"`{stated[name]}` imports `cached_download`, which huggingface_hub has no more since {HUB}"
            yield Bound(stated[name], (name.replace("-", "_"),), "huggingface_hub", f"<{HUB}", why, fits)


def _hub_1(stated: Mapping[str, str]) -> Iterator[Bound]:
    """What hands on a keyword that huggingface_hub takes no more. Of a package that keeps it back itself, the bound changes nothing."""
    hub = stated.get("huggingface-hub", "")
    if hub and (is_below(hub, HUB_1) or not any(takes(hub, one) for one in (LATER_HUBS[-1], pip.pinned(hub)))):
        return
    fits = (not hub or takes(hub, BEFORE_HUB_1)) and not is_from(stated.get("transformers", ""), "5")
    for name, first in USE_AUTH_TOKEN.items():
        if name in stated and is_below(stated[name], first):
            why = f"`{stated[name]}` hands `use_auth_token` on to huggingface_hub, which takes it no more since {HUB_1}"
            yield Bound(stated[name], ("pyannote", "speechbrain"), "huggingface_hub", f"<{HUB_1}", why, fits)


def _transformers(stated: Mapping[str, str], torch: str, python: str) -> Iterator[Bound]:
    text, newest = stated.get("transformers", ""), TRANSFORMERS.get(python)
    installed = version(torch)
    if not text or newest is None or installed is None or stated.keys() - NEUTRAL or installed >= Version(newest.torch):
        return
    hub = stated.get("huggingface-hub", "")
    if not takes(text, newest.release) or (hub and not takes(hub, LATER_HUBS[-1])):
        return
    bound, release = next((bound, release) for first, bound, release in KEPT_BACK if installed >= Version(first))
    why = (
        f"the newest `transformers` for Python {python} ({newest.release}) works with PyTorch {newest.torch} or newer alone, while "
        f"{installed} is installed"
    )
    yield Bound(
        text,
        ("transformers", "diffusers", "sentence_transformers"),
        "transformers",
        bound,
        why,
        takes(text, release) and (not hub or takes(hub, "0.36.0")),
    )


def _numpy(stated: Mapping[str, str], torch: str) -> Iterator[Bound]:
    installed, numpy = version(torch), stated.get("numpy", "")
    old = next((stated[name] for name, first in NUMPY_1.items() if name in stated and is_below(stated[name], first)), "")
    if old and not version(pip.pinned(numpy)) and (not numpy or takes(numpy, "2.0.2")):
        yield Bound(old, ("pyannote",), "numpy", "<2", f"`{old}` reads `np.NaN`, which NumPy 2 has no more", True)
        return
    if installed is None or installed >= Version(NUMPY_2) or stated.keys() - NEUTRAL - {"xformers", "bitsandbytes", "compel"}:
        return
    if numpy and (version(pip.pinned(numpy)) or not takes(numpy, "2.0.2")):
        return
    wanting = [
        name
        for name in stated
        if name.startswith("opencv-") and (one := version(pip.pinned(stated[name]))) and one >= Version(WANTS_NUMPY_2)
    ]
    why = f"PyTorch {installed} is built for NumPy 1, and hands nothing to NumPy 2"
    yield Bound(stated["torch"], ("numpy", "diffusers"), "numpy", "<2", why, not wanting)


def of_index(torch: str, flags: Sequence[str]) -> str:
    """The release of PyTorch that an index gives which is asked instead of the usual one, and gets no more; '' for another."""
    line = " ".join(flags)
    match = re.search(r"--index-url[ =]https://download\.pytorch\.org/whl/(cu\d+)", line)
    release = LAST_OF_INDEX.get(match[1], "") if match is not None and "--extra-index-url" not in line else ""
    return release if takes(torch, release) else ""


def version(text: str) -> Version | None:
    """A release without what stands behind `+`; None where it is none."""
    try:
        return Version(text.split("+")[0])
    except InvalidVersion:
        return None


def is_below(text: str, release: str) -> bool:
    """Whether a requirement is pinned to a release before another."""
    pinned = version(pip.pinned(text))
    return pinned is not None and pinned < Version(release)


def is_from(text: str, release: str) -> bool:
    """Whether a requirement is pinned to a release or a later one."""
    pinned = version(pip.pinned(text))
    return pinned is not None and pinned >= Version(release)


def takes(text: str, release: str) -> bool:
    """Whether a requirement takes a release; False where either cannot be read."""
    match = re.match(r"[\w.-]+(?:\[[^\]]*\])?\s*(?:([<>=!~][^;]*)|;|$)", text)
    try:
        return match is not None and bool(release) and SpecifierSet(match[1] or "").contains(release)
    except (InvalidSpecifier, InvalidVersion):
        return False
