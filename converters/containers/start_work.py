"""What a start script does at every start that belongs into the image: installs, compiles, downloads of models.

Only what runs for certain counts. A step that a test decides (`[ -f model.bin ] || wget ...`) is left alone, and so are small ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

from converters.containers import base_images
from converters.containers.dockerfile_model import Run
from converters.containers.shell import ShellCommand, expand, is_shell, split
from converters.ir import Origin
from converters.python import pip
from converters.python.gpu import CUDA_NAME, ONLY_ON_GPU

Kind = Literal["compiles", "installs", "downloads"]

COMPILED = frozenset(
    {
        "flash-attn", "flash-attn-3", "sageattention", "apex", "detectron2", "pytorch3d", "nvdiffrast", "tinycudann", "causal-conv1d",
        "mamba-ssm", "diff-gaussian-rasterization", "gsplat", "transformer-engine", "torch-scatter", "torch-sparse", "torch-cluster",
    }
)  # fmt: skip
"""Distributions that pip builds with a CUDA compiler where it is given no wheel."""
BIG = ONLY_ON_GPU | frozenset(
    {
        "torch", "torchvision", "torchaudio", "tensorflow", "jax", "jaxlib", "paddlepaddle", "paddlepaddle-gpu", "accelerate", "peft",
        "openai-whisper", "whisperx", "tts", "ultralytics", "sentence-transformers", "easyocr", "pyannote-audio", "audiocraft",
        "nemo-toolkit", "open-clip-torch", "timm", "demucs", "gfpgan", "realesrgan", "basicsr", "speechbrain", "trl",
    }
)  # fmt: skip
"""Distributions that are gigabytes, or require one that is."""
BRINGS_TORCH = frozenset({"torch", "torchvision", "torchaudio"})
MODEL_FILE = re.compile(
    r"\.(safetensors|ckpt|pth?|gguf|ggml|onnx|bin|h5"
    r"|tar|tar\.gz|tgz|zip|7z|pb|tflite|pkl|msgpack|npz)(\?|$)",
    re.IGNORECASE,
)
MODEL_HOST = re.compile(r"://(huggingface\.co/[^\s]+/resolve/|civitai\.com/api/download|drive\.google\.com/)", re.IGNORECASE)
SMALL_FILE = re.compile(r"\.(json|txt|ya?ml|md|py|sh|toml|cfg|ini|model|vocab|csv)(\?|$)", re.IGNORECASE)
CUDA_PACKAGE = re.compile(r"^(cuda|nvidia|libcudnn|libnvinfer|tensorrt|texlive)")
OPAQUE = re.compile(r"\b(conda|mamba|micromamba|poetry|pdm|pipenv|uv sync|setup\.py|git clone)\b")
"""Build steps of which reading does not tell what they install."""
LASTING = "/data"
KEEPS = re.compile(r"^(-nc|--no-clobber|-N|--timestamping|-c|--continue|--continue=true|-C|--conditional-get=true)$")
NOT_COMPILED = re.compile(r"SKIP_CUDA_BUILD=[\"']?(TRUE|1)", re.IGNORECASE)
WRAPPERS = frozenset({"exec", "nohup", "sudo", "env", "time", "command", "nice", "-E", "-H", "tini", "dumb-init", "--"})
LOOKS = frozenset({"[", "[[", "test", "which", "ls", "grep", "stat", "find", "type", "hash", "nvidia-smi"})
PYTHON = re.compile(r"^(.*/)?python[\d.]*$")
MAX_DEPTH = 4

Reader = Callable[[str], tuple[str, str] | None]
"""(path in the project, text) of a file by the path that a command names; None for one that is not known."""
Visit = Callable[[tuple[str, ...], Origin, Mapping[str, str]], Iterator["StartWork"]]
"""What a program that a script starts does itself."""


@dataclass(frozen=True)
class StartWork:
    """A step of a start. `text`: the command, shortened."""

    kind: Kind
    text: str
    origin: Origin


@dataclass(frozen=True)
class StartScript:
    """Shell text that runs at every start, and where it stands. `env`: the variables of the image."""

    text: str
    file: str
    line: int = 1
    env: Mapping[str, str] = field(default_factory=dict)
    inline: bool = False
    """Its lines are not those of the file: all of it stands at `line`."""


def of_script(script: StartScript, read: Reader, have: frozenset[str], visit: Visit, depth: int = 0) -> Iterator[StartWork]:
    """The steps of a script that run at every start. `have`: the distributions that the image has."""
    env = dict(script.env)
    guarded = False
    for command in _certain(split(script.text.replace("\r\n", "\n"), script.line)):
        if guarded and command.operator in ("&&", "||"):
            continue
        guarded = _decides(command.words)
        env.update({name: "".join(expand([value], env)) for name, value in command.assignments if value})
        if command.words[:1] == ("export",):
            pairs = (word.partition("=") for word in expand(command.raw_words[1:], env))
            env.update({name: value for name, sign, value in pairs if sign})
        words = unwrapped(tuple(expand(command.raw_words, env)))
        origin = Origin(file=script.file, line=script.line if script.inline else command.line)
        kind = None if command.unparsed else is_slow(words, env, read, have)
        if kind is not None:
            yield StartWork(kind, _short(command.text), origin)
        elif (inner := _inner(words)) and depth < MAX_DEPTH:
            yield from of_script(StartScript(inner, script.file, origin.line, env, inline=True), read, have, visit, depth + 1)
        elif words:
            yield from visit(words, origin, env)


def is_slow(words: tuple[str, ...], env: Mapping[str, str], read: Reader, have: frozenset[str]) -> Kind | None:
    """What a program does that takes long, None for anything else."""
    arguments = pip.arguments(words)
    if arguments is not None:
        return _pip(arguments, env, read, have)
    program, rest = (PurePosixPath(words[0]).name, words[1:]) if words else ("", ())
    if program in ("apt-get", "apt", "dnf", "yum", "apk"):
        return "installs" if "install" in rest and any(CUDA_PACKAGE.match(word) for word in rest) else None
    if program in ("conda", "mamba", "micromamba"):
        return "installs" if rest[:2] == ("env", "create") or (rest[:1] == ("install",) and _big(rest, have)) else None
    if PYTHON.match(program):
        return "compiles" if rest[:1] == ("setup.py",) and {"install", "develop", "build_ext", "bdist_wheel"} & {*rest} else None
    if (program, *rest[:1]) in (("cmake", "--build"), ("cargo", "build"), ("cargo", "install")):
        return "compiles"
    return "downloads" if _downloads(program, rest, env) else None


def _pip(arguments: tuple[str, ...], env: Mapping[str, str], read: Reader, have: frozenset[str]) -> Kind | None:
    found = pip.install(arguments, Origin(file="", line=1), read)
    specs = [text for text, _ in found.specs]
    names = {pip.name(text) for text in specs if ".whl" not in text} - {""}
    names |= {_of_address(text) for text in (*specs, *arguments) if re.search(r"git\+|\.tar\.gz", text)} - {""}
    missing = names - have
    if missing & COMPILED and not any(NOT_COMPILED.search(f"{name}={value}") for name, value in env.items()):
        return "compiles"
    big = {name for name in missing & (BIG - COMPILED) if not (have & BRINGS_TORCH and name not in ONLY_ON_GPU)}
    return "installs" if big or any(CUDA_NAME.match(name) for name in missing) else None


def _of_address(text: str) -> str:
    """The distribution that a repository's address most likely holds: its last part."""
    match = re.search(r"/([\w.-]+?)(?:\.git|\.tar\.gz)?(?:@[^/]*)?(?:#.*)?$", text)
    return re.sub(r"[-_.]+", "-", match[1].lower()).replace("flash-attention", "flash-attn") if match else ""


def _big(words: Iterable[str], have: frozenset[str]) -> bool:
    return any(word.partition("=")[0] in ("pytorch", "cudatoolkit", "tensorflow-gpu", "cuda") and "torch" not in have for word in words)


def _downloads(program: str, rest: tuple[str, ...], env: Mapping[str, str]) -> bool:
    if program in ("hf", "huggingface-cli") and rest[:1] == ("download",):
        place = _value(rest, ("--local-dir", "--cache-dir"))
        plain = [word for word in rest[2:] if not word.startswith("-") and word != place]
        return bool(place) and not lasts(place) and not (plain and all(SMALL_FILE.search(word) for word in plain))
    if program == "ollama":
        return rest[:1] == ("pull",) and not lasts(env.get("OLLAMA_MODELS", ""))
    if program == "git":
        models = any(re.match(r"https?://huggingface\.co/(?!spaces/)[\w.-]+/[\w.-]+", word) for word in rest)
        return rest[:1] == ("clone",) and models and not lasts(rest[-1])
    if program in ("wget", "curl", "aria2c", "pget", "gdown", "axel"):
        place = next((word for word in rest if word.startswith("/")), "") or _value(rest, ("-P", "-O", "-o", "-d", "--output", "--dir"))
        if program == "curl" and not ({"-o", "-O", "--output", "--remote-name", "-LO", "-OL", "-Lo", "-fsSLo", "-LJO"} & {*rest}):
            return False
        if lasts(place) and any(KEEPS.match(word) for word in rest):
            return False
        addresses = [word for word in rest if "://" in word]
        named = any(MODEL_FILE.search(word) or (MODEL_HOST.search(word) and not SMALL_FILE.search(word)) for word in addresses)
        return named or program == "gdown"
    return False


def _value(words: tuple[str, ...], flags: tuple[str, ...]) -> str:
    for index, word in enumerate(words):
        flag, sign, value = word.partition("=")
        if flag in flags:
            return value if sign else words[index + 1] if index + 1 < len(words) else ""
    return ""


def installed(base: str, runs: Iterable[Run], read: Reader) -> frozenset[str]:
    """Names of the distributions that an image has before it starts; where reading does not tell, all that are big."""
    described = base_images.describe(base)
    found = set(BRINGS_TORCH) if described.torch or "torch" in described.repository else set()
    if described.unknown or not described.repository:
        return BIG - COMPILED
    for run in runs:
        if OPAQUE.search(run.script):
            return (BIG - COMPILED) | found
        for outer in run.commands():
            for command in (outer, *outer.inner):
                arguments = pip.arguments(command.words)
                if arguments is not None:
                    found |= {pip.name(text) for text, _ in pip.install(arguments, Origin(file="", line=1), read).specs}
    return frozenset(found - {""})


def lasts(place: str) -> bool:
    """Whether files at a path outlive the runner."""
    return place.rstrip("/") == LASTING or place.startswith(f"{LASTING}/")


def _certain(commands: tuple[ShellCommand, ...]) -> Iterator[ShellCommand]:
    """The commands that run whatever tests say: not those in the arms of an `if` or `case`, nor in functions that nothing calls."""
    called = {word for command in commands for one in (command, *command.inner) for word in one.words[:1]}
    for command in commands:
        if not command.compound:
            yield command
        elif (name := _function(command.text)) is None or name in called:
            yield from (one for one in command.inner if not one.arms)


def _function(text: str) -> str | None:
    """The name of a function that a compound command defines."""
    match = re.match(r"(?:function\s+([\w-]+)|([\w-]+)\s*\(\s*\))", text)
    return (match[1] or match[2]) if match else None


def _decides(words: tuple[str, ...]) -> bool:
    """Whether a command only finds something out, so that what is joined to it with `&&` or `||` runs now and then."""
    plain = unwrapped(words)
    if not plain:
        return False
    asks = plain[:2] in (("pip", "show"), ("pip3", "show")) or "-v" in words[1:2]
    return PurePosixPath(plain[0]).name in LOOKS or asks or (PYTHON.match(plain[0]) is not None and plain[1:2] == ("-c",))


def unwrapped(words: tuple[str, ...]) -> tuple[str, ...]:
    while words and (words[0] in WRAPPERS or re.match(r"^\w+=", words[0])):
        words = words[1:]
    return words


def _inner(words: tuple[str, ...]) -> str:
    """The text of `bash -c TEXT`."""
    return words[2] if len(words) > 2 and is_shell(words[:1]) and re.fullmatch(r"-[a-z]*c", words[1]) else ""


def _short(text: str) -> str:
    plain = " ".join(text.replace("\\\n", " ").split())
    return plain if len(plain) <= 90 else f"{plain[:89]}…"
