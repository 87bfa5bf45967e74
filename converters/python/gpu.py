"""What code and packages say about a GPU: for one, against one, or nothing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from converters.ir import Origin
from converters.python import pip
from converters.python.module import FunctionNode, Module, ancestors, nodes
from converters.python.unparsed import unparse

Weight = Literal["demands", "suggests", "denies"]
ONLY_ON_GPU = frozenset(
    {
        "vllm", "xformers", "triton", "flash-attn", "flash-attn-3", "sageattention", "bitsandbytes", "auto-gptq", "autoawq",
        "exllamav2", "onnxruntime-gpu", "tensorflow-gpu", "tensorrt", "tensorrt-llm", "nvidia-tensorrt", "deepspeed", "nvdiffrast",
        "pycuda", "sglang", "lmdeploy", "gsplat", "nunchaku", "spconv-cu120",
    }
)  # fmt: skip
"""Distributions that do nothing without an NVIDIA GPU."""
CUDA_NAME = re.compile(
    r"^(cupy-cuda|nvidia-(cuda|cublas|cudnn|nvjitlink|cufft|curand|cusolver|cusparse|nccl)|pytorch3d-cu|spconv-cu|paddlepaddle-gpu"
    r"|mxnet-cu|jax-cuda)"
)
USES_GPU = frozenset(
    {
        "torch", "diffusers", "transformers", "tensorflow", "jax", "faster-whisper", "openai-whisper", "tts",
        "bitsandbytes", "ultralytics", "whisperx", "insightface", "accelerate", "peft", "sentence-transformers", "llama-cpp-python",
        "ctranslate2", "audiocraft", "demucs", "rembg", "gfpgan", "realesrgan", "basicsr", "facexlib", "kokoro", "f5-tts",
        "chatterbox-tts", "nemo-toolkit", "speechbrain", "pyannote-audio", "easyocr", "paddleocr", "open-clip-torch", "timm",
        "segment-anything",
    }
)  # fmt: skip
"""Distributions that are run on a GPU where there is one."""
OF_SYSTEM = frozenset({"tensorflow", "tensorflow-gpu", "onnxruntime-gpu", "paddlepaddle-gpu", "ctranslate2", "faster-whisper"})
"""Distributions that load CUDA's libraries from the system: no requirement of theirs brings them."""
IMPORTS = {
    "whisper": "openai-whisper",
    "faster_whisper": "faster-whisper",
    "TTS": "tts",
    "llama_cpp": "llama-cpp-python",
    "flash_attn": "flash-attn",
}
OF_DEVICE = frozenset({"synchronize", "CUDAGraph", "graph", "get_device_capability", "current_stream", "Stream"})
"""Functions and classes of `torch.cuda` that raise where there is no device (https://pytorch.org/docs/stable/cuda.html)."""
CPU_INDEX = re.compile(r"/whl/cpu\b|/cpu/?$")
CUDA_INDEX = re.compile(r"/whl/(nightly/)?cu\d\d|/cu\d{3}\b")
CPU_ONLY = frozenset({"tensorflow-cpu", "faiss-cpu", "intel-extension-for-pytorch", "onnxruntime-openvino"})
VARIABLES = re.compile(r"^(NVIDIA_(VISIBLE_DEVICES|DRIVER_CAPABILITIES|REQUIRE_CUDA)|CUDA_(HOME|VERSION|VISIBLE_DEVICES))$")


def needs_system(spec: str, options: Iterable[str] = ()) -> bool:
    """Whether a requirement runs on a GPU only with the CUDA libraries of the system. `options`: those of the pip command."""
    name = pip.name(spec)
    if name == "llama-cpp-python":
        return CUDA_INDEX.search(spec) is not None or any(CUDA_INDEX.search(option) for option in options)
    return name in OF_SYSTEM and "[and-cuda" not in spec


@dataclass(frozen=True)
class Evidence:
    """`demands`: it does not run without a GPU; `suggests`: it uses one where there is one; `denies`: it cannot use one."""

    weight: Weight
    why: str
    origin: Origin | None = None


def of_packages(specs: Iterable[tuple[str, Origin | None]], flags: Iterable[tuple[str, Origin | None]] = ()) -> Iterator[Evidence]:
    """What requirements and the indexes they come from say."""
    for text, origin in specs:
        name = pip.name(text)
        local = re.search(r"\+(cpu|cu\d+)\b", text)
        if local is not None:
            yield Evidence("denies" if local[1] == "cpu" else "demands", f"the requirement {text}", origin)
        elif name in ONLY_ON_GPU or CUDA_NAME.match(name) or "and-cuda" in text:
            yield Evidence("demands", f"the requirement {text}", origin)
        elif name in CPU_ONLY:
            yield Evidence("denies", f"the requirement {text}", origin)
        elif name in USES_GPU:
            yield Evidence("suggests", f"the requirement {text}", origin)
    for text, origin in flags:
        if CPU_INDEX.search(text):
            yield Evidence("denies", f"the index {text} of builds without CUDA", origin)
        elif CUDA_INDEX.search(text):
            yield Evidence("demands", f"the index {text} of builds for CUDA", origin)


def of_variables(names: Iterable[tuple[str, Origin | None]]) -> Iterator[Evidence]:
    """What variables of an image say."""
    for name, origin in names:
        if VARIABLES.match(name):
            yield Evidence("demands", f"the variable {name}", origin)


def of_module(module: Module, only: Iterable[ast.AST] | None = None) -> Iterator[Evidence]:
    """What the code of a module, or `only` these nodes of it, say: a CUDA device without another way, packages that use a GPU."""
    constants = constants_of(module.tree)
    for node in nodes(module.tree) if only is None else only:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for name in _imported(node):
                distribution = IMPORTS.get(name, name.replace("_", "-").lower())
                if distribution in ONLY_ON_GPU | USES_GPU:
                    yield Evidence("suggests", f"the code imports {name}", module.origin(node))
        elif isinstance(node, ast.Call) and (device := device_of(node, constants)) and not _has_another_way(module.tree, node):
            yield Evidence("demands", f"{device} in the code", module.origin(node))


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [(node.module or "").split(".")[0]] if not node.level else []
    return [alias.name.split(".")[0] for alias in node.names]


@lru_cache(maxsize=64)
def constants_of(tree: ast.Module) -> Mapping[str, ast.expr]:
    """Names of a module, its functions and `self` -> what they are assigned, where that is said once and not under a condition."""
    found: dict[str, list[ast.expr]] = {}
    for node in nodes(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name | ast.Attribute):
                    found.setdefault(unparse(target), []).append(node.value)
        elif isinstance(node, ast.arg):
            found.setdefault(node.arg, []).extend((node, node))  # type: ignore[arg-type]
    return {name: values[0] for name, values in found.items() if len(values) == 1 and not _has_another_way(tree, values[0])}


def device_of(call: ast.Call, constants: Mapping[str, ast.expr]) -> str:
    """What a call asks of CUDA, as written: `.to("cuda")`, `.cuda()`, `device="cuda"`, `torch.cuda.synchronize()`; '' for nothing."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id if isinstance(call.func, ast.Name) else ""
    if name == "cuda" and isinstance(call.func, ast.Attribute) and not call.args:
        return "`.cuda()`"
    if name in OF_DEVICE and isinstance(call.func, ast.Attribute) and unparse(call.func.value) == "torch.cuda":
        return f"`torch.cuda.{name}()`"
    if name == "device" and len(call.args) > 1 and not isinstance(call.args[1], ast.Constant):
        return ""  # the rank of a process that a launcher started
    if name in ("to", "device", "set_device", "set_default_device") and call.args and (text := _cuda(call.args[0], constants)):
        return f'`.to("{text}")`' if name == "to" else f'`device("{text}")`'
    for keyword in call.keywords:
        if keyword.arg in ("device", "device_map", "map_location") and (text := _cuda(keyword.value, constants)):
            return f'`{keyword.arg}="{text}"`'
        if keyword.arg == "device" and name == "pipeline" and isinstance(keyword.value, ast.Constant) and type(keyword.value.value) is int:
            return f"`device={keyword.value.value}`" if keyword.value.value >= 0 else ""
    return ""


def _cuda(node: ast.expr, constants: Mapping[str, ast.expr]) -> str:
    if isinstance(node, ast.Name | ast.Attribute):
        node = constants.get(unparse(node), node)
    if isinstance(node, ast.Call) and unparse(node.func) == "torch.device" and node.args:
        node = node.args[0]
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"cuda(:\d+)?", node.value):
        return node.value
    return ""


def _has_another_way(tree: ast.Module, node: ast.AST) -> bool:
    """Whether the code asks for CUDA first, or goes on where it fails."""
    child = node
    for above in ancestors(tree, node):
        if isinstance(above, ast.If | ast.IfExp) and re.search(r"cuda|gpu|device", unparse(above.test), re.IGNORECASE):
            return True
        if isinstance(above, ast.Try) and child in above.body and above.handlers and not any(map(_raises, above.handlers)):
            return True
        if isinstance(above, FunctionNode) and above.name == "cuda":
            return True  # what an object does once somebody moves it there
        child = above
    return False


def _raises(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(part, ast.Raise) for part in ast.walk(handler))


def decide(found: Iterable[Evidence]) -> tuple[Evidence | None, list[Evidence]]:
    """(the evidence that decides, None where there is none; what speaks against it).

    What demands a GPU wins over everything: a machine without one would not run it. What denies one wins over what only suggests it.
    """
    every = list(found)
    for weight in ("demands", "denies", "suggests"):
        chosen = next((one for one in every if one.weight == weight), None)
        if chosen is not None:
            opposite = ("denies",) if weight == "demands" else ("suggests",) if weight == "denies" else ()
            return chosen, [one for one in every if one.weight in opposite]
    return None, []
