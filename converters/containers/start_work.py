"""What a start script does at every start that belongs into the image: installs, compiles, downloads of models.

Only what runs for certain is told. A step that a test decides (`[ -f model.bin ] || wget ...`) may take its time, and small ones do not.
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
FETCHERS = frozenset({"wget", "curl", "aria2c", "pget", "gdown", "axel"})
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
    told: bool = True
    """It happens at every start; otherwise only where a test says so, or once, into a folder that lasts."""


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
    """The slow steps of a script. `have`: the distributions that the image has."""
    env = dict(script.env)
    commands = split(script.text.replace("\r\n", "\n"), script.line)
    fetching = _fetching(commands)
    guarded = False
    for command, certain in _reached(commands):
        certain &= not (guarded and command.operator in ("&&", "||"))
        guarded = _decides(command.words) or (guarded and not certain)
        env.update({name: "".join(expand([value], env)) for name, value in command.assignments if value and certain})
        if command.words[:1] == ("export",):
            pairs = (word.partition("=") for word in expand(command.raw_words[1:], env))
            env.update({name: value for name, sign, value in pairs if sign})
        words = unwrapped(tuple(expand(command.raw_words, env)))
        origin = Origin(file=script.file, line=script.line if script.inline else command.line)
        if words[:1] and words[0] in fetching:
            words, certain = ("wget", *words[1:]), certain and fetching[words[0]]
        kind = None if command.unparsed else is_slow(words, env, read, have)
        if kind is not None:
            if certain or kind == "downloads":
                yield StartWork(kind, _short(command.text), origin, certain and not (kind == "downloads" and _is_kept(words, env)))
        elif certain and (inner := _inner(words)) and depth < MAX_DEPTH:
            yield from of_script(StartScript(inner, script.file, origin.line, env, inline=True), read, have, visit, depth + 1)
        elif certain and words:
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
    """Whether a command fetches a model, wherever to."""
    if program in ("hf", "huggingface-cli") and rest[:1] == ("download",):
        named = _value(rest, ("--local-dir", "--cache-dir"))
        plain = [word for word in rest[2:] if not word.startswith("-") and word != named]
        return not (plain and all(SMALL_FILE.search(word) for word in plain))
    if program == "ollama":
        return rest[:1] == ("pull",)
    if program == "git":
        models = any(re.match(r"https?://huggingface\.co/(?!spaces/)[\w.-]+/[\w.-]+", word) for word in rest)
        return rest[:1] == ("clone",) and models
    if program in FETCHERS:
        if program == "curl" and not any(re.match(r"-\w*[oO]$|--output$|--remote-name$", word) for word in rest):
            return False
        addresses = [word for word in rest if "://" in word]
        named_so = any(MODEL_FILE.search(word) or (MODEL_HOST.search(word) and not SMALL_FILE.search(word)) for word in addresses)
        return named_so or program == "gdown"
    return False


def _is_kept(words: tuple[str, ...], env: Mapping[str, str]) -> bool:
    """Whether a download lands where it outlives the runner, and is not fetched again."""
    program, rest = PurePosixPath(words[0]).name, words[1:]
    if program in ("hf", "huggingface-cli"):
        place = _value(rest, ("--local-dir", "--cache-dir"))
        return not place or lasts(place)
    if program == "ollama":
        return lasts(env.get("OLLAMA_MODELS", ""))
    if program == "git":
        return lasts(rest[-1])
    place = next((word for word in rest if word.startswith("/")), "") or _value(rest, ("-P", "-O", "-o", "-d", "--output", "--dir"))
    return lasts(place) and any(KEEPS.match(word) for word in rest)


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


def _reached(commands: tuple[ShellCommand, ...]) -> Iterator[tuple[ShellCommand, bool]]:
    """The commands that may run, and whether they do whatever tests say. Bodies of functions that nothing calls do not run."""
    called = {word for command in commands for one in (command, *command.inner) for word in one.words[:1]}
    for command in commands:
        if not command.compound:
            yield command, True
        elif (name := _function(command.text)) is None or name in called:
            yield from ((one, not one.arms) for one in command.inner)


def _fetching(commands: tuple[ShellCommand, ...]) -> dict[str, bool]:
    """Functions that fetch the address which they are given -> whether they always do."""
    found: dict[str, bool] = {}
    for command in commands:
        name = _function(command.text) if command.compound else None
        fetching = [one for one in command.inner if one.words and PurePosixPath(one.words[0]).name in FETCHERS and "$" in one.text]
        if name is not None and fetching:
            found[name] = not fetching[0].arms and fetching[0].operator not in ("&&", "||")
    return found


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
