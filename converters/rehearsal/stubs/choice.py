"""Which distributions are stubs: what is large, what needs a GPU, what reads the weights of models, and whatever requires one of these."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from email.parser import BytesHeaderParser

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement

from converters.python.gpu import CUDA_NAME, ONLY_ON_GPU

LARGE = 50_000_000
"""Bytes of a wheel above which it is not fetched."""
FRAMEWORKS = frozenset({"torch", "tensorflow", "jax", "jaxlib", "keras", "flax", "paddlepaddle", "mxnet"})
"""What models are built with. A library with an extra for one of them uses it where it is there."""
READS_MODELS = FRAMEWORKS | frozenset(
    {
        "torchvision", "torchaudio", "safetensors", "tokenizers", "sentencepiece", "tiktoken", "onnxruntime", "onnx", "ctranslate2",
        "llama-cpp-python", "gguf", "gptqmodel", "openvino", "tflite-runtime", "ai-edge-litert", "spacy", "nltk", "fasttext",
        "fasttext-wheel", "insightface", "dlib", "face-recognition-models", "mediapipe", "pyannote-audio", "piper-tts", "espeakng",
        "rapidocr-onnxruntime", "stable-diffusion-cpp-python", "pywhispercpp", "vosk", "ncnn", "hf-xet", "hf-transfer",
    }
)  # fmt: skip
"""What reads files of weights, which a rehearsal does not have."""
GPU_NAMES = ONLY_ON_GPU | frozenset({"cupy", "cuda-python", "numba-cuda", "apex", "causal-conv1d", "mamba-ssm", "tensorrt-cu12", "pynvml"})
REAL = frozenset(
    {
        "huggingface-hub", "fsspec", "gradio", "gradio-client", "fal", "fal-client", "isolate", "isolate-proto", "numpy", "scipy", "pandas",
        "pillow", "cmake", "ninja", "playwright", "pyarrow", "polars", "polars-runtime-32", "botocore", "grpcio", "streamlit", "ruff", "uv",
        "poetry", "runpod", "cog",
    }
)  # fmt: skip
"""What is installed really whatever its size and its extras: it serves, fetches or computes without weights."""
ENVIRONMENT = {
    "implementation_name": "cpython", "implementation_version": "3.11.0", "os_name": "posix", "platform_machine": "x86_64",
    "platform_release": "", "platform_system": "Linux", "platform_version": "", "platform_python_implementation": "CPython",
    "python_full_version": "3.11.0", "python_version": "3.11", "sys_platform": "linux", "extra": "",
}  # fmt: skip
"""Markers are evaluated for the middle of the supported Pythons: which one runs changes which packages come along, hardly ever theirs."""
_FOR_DEVELOPERS = re.compile(r"(?i)(dev|test|doc|lint|ci|qa|quality|style|typing|mypy|bench|example|notebook|build|tutorial)")
_AT_MOST = 300


@dataclass(frozen=True)
class Distribution:
    """A file that represents a distribution: its normalized name, its size in bytes (None: unknown) and its METADATA."""

    name: str
    size: int | None
    metadata: bytes


Find = Callable[[str], Awaitable["Distribution | None"]]
"""Finds the distribution of a name that would be installed."""


class Choice:
    """Decides, once per name, whether distributions are stubs. For one event loop."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._known: dict[str, str] = {}

    async def reason(self, distribution: Distribution) -> str:
        """Why a distribution is a stub ("670 MB", "requires torch, which is a stub"); '' for one that is installed really."""
        own = alone(distribution)
        if own or distribution.name in REAL:
            return own
        direct = list(required(distribution.metadata))
        for name in direct:
            if await self.is_stub(name):
                return f"requires {name}, which is a stub"
        return ""

    async def is_stub(self, name: str) -> bool:
        """Whether a normalized name, or what it requires, directly or not, is a stub by itself: breadth first, once per name."""
        parents: dict[str, str] = {name: ""}
        level = [name]
        while level and len(parents) < _AT_MOST:
            waiting = [each for each in level if each not in self._known]
            found = dict(zip(waiting, await asyncio.gather(*map(self._look, waiting)), strict=True))
            following: list[str] = []
            for each in level:
                if self._known.get(each) or (each in found and found[each] is None):
                    self._mark(each, parents)
                    return True
                following += [after for after in found.get(each) or () if parents.setdefault(after, each) == each and after not in level]
            level = [each for each in dict.fromkeys(following) if self._known.get(each) != ""]
        self._known |= dict.fromkeys(parents, "")
        return False

    def _mark(self, name: str, parents: dict[str, str]) -> None:
        self._known[name] = self._known.get(name) or name
        while name := parents[name]:
            self._known[name] = name

    async def _look(self, name: str) -> list[str] | None:
        """What the distribution of a name requires; None where it is a stub by itself."""
        if name in REAL:
            return []
        if by_name(name):
            return None
        found = await self._find(name)
        if found is None:
            return []
        return None if alone(found) else list(required(found.metadata))


def by_name(name: str) -> str:
    """Why a normalized name alone makes a stub; ''."""
    if name in REAL:
        return ""
    if name in GPU_NAMES or CUDA_NAME.match(name) or name.startswith("nvidia-"):
        return "needs a GPU"
    return "reads the weights of models" if name in READS_MODELS else ""


def alone(distribution: Distribution) -> str:
    """Why a distribution is a stub whatever it requires; ''."""
    if distribution.name in REAL:
        return ""
    known = by_name(distribution.name)
    if known:
        return known
    if distribution.size is not None and distribution.size > LARGE:
        return f"{distribution.size / 1e6:.0f} MB"
    framework = next((name for name in extras(distribution.metadata) if name in FRAMEWORKS), "")
    return f"uses {framework}, which is a stub" if framework else ""


def required(metadata: bytes) -> Iterator[str]:
    """The normalized names that METADATA requires on Linux x86-64 without extras."""
    for requirement in _requirements(metadata):
        if requirement.marker is None or _applies(requirement.marker):
            yield _normalized(requirement.name)


def extras(metadata: bytes) -> Iterator[str]:
    """The normalized names that METADATA requires with an extra that is not for its own developers."""
    provided = BytesHeaderParser().parsebytes(metadata).get_all("Provides-Extra") or ()
    offered = [str(name) for name in provided if not _FOR_DEVELOPERS.match(str(name))]
    for requirement in _requirements(metadata):
        marker = requirement.marker
        if marker is not None and not _applies(marker) and any(_applies(marker, name) for name in offered):
            yield _normalized(requirement.name)


def _applies(marker: Marker, extra: str = "") -> bool:
    return marker.evaluate({**ENVIRONMENT, "extra": extra})


def _requirements(metadata: bytes) -> Iterator[Requirement]:
    for text in BytesHeaderParser().parsebytes(metadata).get_all("Requires-Dist") or ():
        try:
            yield Requirement(str(text))
        except InvalidRequirement:  # of old releases; pip leaves such a release out, or fails by itself
            continue


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
