"""The build of a cog.yaml as fal's environment: a list of requirements where that says it all, else an image as Cog builds it."""

from __future__ import annotations

import re

from converters.concepts.cog import cuda, devices, dockerfile, packages, steps
from converters.concepts.cog.build import Build
from converters.concepts.cog.cog_yaml import CogYaml, Entry
from converters.concepts.cog.pget import Downloads
from converters.concepts.cog.steps import RunStep
from converters.concepts.environment import DEFAULT_PYTHON
from converters.containers.releases import OF_THE_HOST
from converters.credentials.recognize import is_secret
from converters.errors import Unreadable
from converters.escape import is_variable, visible
from converters.fal.runner import PRESET_VARIABLES
from converters.ir import Environment, EnvVar, Origin, Value
from converters.project import Project
from converters.provenance import Certainty
from converters.python import gpu
from converters.python.code import Code

TOOLS = frozenset(
    {"git", "wget", "curl", "zip", "unzip", "build-essential", "gcc", "g++", "make", "pkg-config", "ca-certificates", "vim", "nano", "htop",
     "tmux", "less", "jq"}
)  # fmt: skip
"""System packages that only a build or a person at a shell needs; a list of requirements comes without a build of its own."""
LIBRARIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"^opencv-(contrib-)?python$|^controlnet-aux$|^basicsr$|^facexlib$|^gfpgan$|^realesrgan$", ("libgl1", "libglib2.0-0")),
    (r"^(ffmpeg-python|moviepy|openai-whisper|whisperx|pydub|audiocraft)$", ("ffmpeg",)),
    (r"^(librosa|soundfile)$", ("libsndfile1",)),
    (r"^pycairo$", ("libcairo2-dev", "pkg-config")),
)
"""Packages -> system libraries of Cog's base image that they silently rely on."""
PROGRAMS = ("ffmpeg", "ffprobe", "git", "wget", "curl", "sox", "unzip")
"""Programs of Cog's base image that code may start."""
BUILD_PROGRAMS = {
    **{name: name for name in ("wget", "curl", "unzip", "zip", "cmake", "git", "ffmpeg", "sox", "zstd")},
    **dict.fromkeys(("make", "gcc", "g++", "cc", "c++"), "build-essential"),
    "ffprobe": "ffmpeg",
    "xz": "xz-utils",
}
"""Programs that build steps start and Cog's base image holds -> the package that brings them."""


RENAMED = {
    "libgl1-mesa-glx": "libgl1",
    "libgl1-mesa-dri": "libgl1-mesa-dri",
    "libegl1-mesa": "libegl1",
    "libgles2-mesa": "libgles2",
    "python-dev": "python3-dev",
    "libjasper-dev": "",
    **dict.fromkeys(OF_THE_HOST, ""),
    "ttf-mscorefonts-installer": "ttf-mscorefonts-installer",
}
"""Names that Debian 12 and Ubuntu 24.04 no longer know, and the packages that took their place ('': nothing did)."""


def read(project: Project, config: CogYaml, code: Code, closure: list[str], entries: list[str]) -> Build:
    """Read `build` and decide nothing yet, but for the GPU: code that runs on CUDA alone gets one. `entries`: the predictor's own files."""
    gpu = config.flag("build.gpu")
    silent = config.find("build.gpu") is None
    demand = None if gpu else devices.demanded(code, entries, closure if silent else [])
    gpu = gpu or demand is not None
    found = packages.read(project, config)
    stated = config.find("build.cuda")
    build = Build(
        python=python_version(config),
        gpu=gpu,
        cuda=cuda.resolve(stated.text if stated else "", found.version("torch")),
        packages=found,
        steps=steps.read(config),
        demand=demand,
        variables=_variables(config),
    )
    build.every_step = list(build.steps)
    packages.add_indexes(found, build.cuda, gpu=gpu)
    packages.add_steps(found, build.steps)
    _system(config, build)
    _implied(code, closure, build)
    return build


def decide(config: CogYaml, code: Code, closure: list[str], build: Build, fetched: Downloads) -> None:
    """Collect the reasons for an image, once it is known whether the code still needs pget."""
    if fetched.left:
        module, line = fetched.left[0]
        build.reasons.append(("the code starts pget", Origin(file=module.path, line=line)))
    else:
        build.steps = [step for step in build.steps if step.purpose != "pget"]
    for item in (config.find("weights") or Entry([], config.root.origin)).items():
        target = item.get("target")
        if _asks_hub(item) and "huggingface-hub" not in build.packages.names():
            build.packages.specs.append(Value(value="huggingface-hub", origin=item.origin, note="fetches the weights"))
            build.packages.layers.append(["huggingface-hub"])
        if target is not None and target.text.startswith("/"):
            build.reasons.append((f"weights are expected at {target.text}", target.origin))
    _reasons(config, code, closure, build)


def environment(build: Build, config: CogYaml, path: str) -> Environment:
    """The environment of the app; `path`: where a Dockerfile would stand."""
    image = bool(build.reasons)
    why = f"image: {build.reasons[0][0]} ({build.reasons[0][1]})" if image else "requirements: cog.yaml asks for Python packages only"
    layers = build.packages.layers
    return Environment(
        kind="image" if image else "requirements",
        requirements=[] if image else build.packages.specs,
        layers=[] if image else _merged(layers),
        dockerfile=path if image else None,
        build_secrets={name: value for step in build.steps for name, value in step.build_secrets.items()} if image else {},
        context=config.folder,
        python_version=build.python,
        variables=[one for one in build.variables if not image or one.preset or not (one.value or "").isprintable()],
        workdir=dockerfile.WORKDIR if image else "",
        why=why,
    )


def _asks_hub(item: Entry) -> bool:
    source = item.get("source")
    entries = source.value if source is not None and isinstance(source.value, list) else [source] if source is not None else []
    return any((uri := one.get("uri")) is not None and uri.text.startswith("hf://") for one in entries)


def _merged(layers: list[list[str]]) -> list[list[str]]:
    """Consecutive layers without options in one; [] where no layer has options, since a flat list then says the same."""
    merged: list[list[str]] = []
    for layer in layers:
        plain = not any(part.startswith("--") for part in layer)
        if merged and plain and not any(part.startswith("--") for part in merged[-1]):
            merged[-1] += [part for part in layer if part not in merged[-1]]
        else:
            merged.append(list(layer))
    return merged if any(part.startswith("--") for layer in merged for part in layer) else []


def python_version(config: CogYaml) -> Value[str]:
    entry = config.find("build.python_version")
    match = re.match(r"\s*(\d+\.\d+)", entry.text) if entry else None
    if entry is None or match is None:
        return Value(value=DEFAULT_PYTHON, certainty=Certainty.ASSUMED, note="cog.yaml names no Python version")
    return Value(value=match.group(1), origin=entry.origin)


def _variables(config: CogYaml) -> list[EnvVar]:
    """`environment:` of the file: `NAME=value` items."""
    found = []
    for entry in config.strings("environment"):
        name, _, value = entry.text.partition("=")
        if not is_variable(name.strip()):
            continue  # said where the key is accounted for
        secret = is_secret(name.strip(), value)
        found.append(
            EnvVar(name=name.strip(), value=None if secret else value, secret=secret, preset=name in PRESET_VARIABLES, origin=entry.origin)
        )
    return found


def _system(config: CogYaml, build: Build) -> None:
    for entry in config.strings("build.system_packages"):
        words = [word for word in entry.text.split() if not word.startswith("-")]
        if hidden := next((word for word in words if not word.isprintable()), ""):
            why = f"names the package `{visible(hidden)}`, which cannot be one."
            raise Unreadable(why, file=entry.origin.file, line=entry.origin.line, hint="Correct it.")
        for word in words:
            now = RENAMED.get(word, word)
            if now != word:
                build.renamed[word] = now
            if now and now not in build.system:
                build.system.append(now)
        needed = [word for word in words if word not in TOOLS]
        if needed:
            build.reasons.append((f"it installs the system package {needed[0]}", entry.origin))


def _implied(code: Code, closure: list[str], build: Build) -> None:
    """System packages that are in Cog's base image and nowhere in the file, though packages or the code need them."""
    for pattern, needed in LIBRARIES:
        for name in sorted(build.packages.names()):
            if re.match(pattern, name):
                for package in needed:
                    if package not in build.system:
                        build.implied.setdefault(package, f"{name} needs it")
    text = "\n".join(code.project.files[path].text for path in closure if path in code.project.files)
    for program in PROGRAMS:
        package = "ffmpeg" if program == "ffprobe" else program
        if (
            package not in build.system
            and re.search(rf"[\"']{program}[\"' ]", text)
            and re.search(r"\b(subprocess|os\.system|Popen|run\()", text)
        ):
            build.implied.setdefault(package, f"the code starts {program}")
    for step in build.steps:
        for program, package in BUILD_PROGRAMS.items():
            if package not in build.system and re.search(rf"(?<![\w./-]){re.escape(program)}(?![\w./-])", step.command):
                build.implied.setdefault(package, f"`{program}` of `run`")
    if any("git+" in spec.value for spec in build.packages.specs) and "git" not in build.system:
        build.implied.setdefault("git", "pip installs from a git repository")


def _reasons(config: CogYaml, code: Code, closure: list[str], build: Build) -> None:
    for step in build.steps:
        text = " ".join(step.command.split())
        short = text[:60] + ("..." if len(text) > 60 else "")
        if step.purpose == "image" or (step.purpose == "pip" and (step.has_environment or _mixed(step))):
            build.reasons.append((f"the build runs `{short}`", step.entry.origin))
    for trouble, origin in build.packages.trouble:
        build.reasons.append((f"pip installs {trouble}", origin))
    for package, why in build.implied.items():
        if package not in TOOLS and not why.endswith("of `run`"):
            origin = (config.find("build") or config.root).origin
            build.reasons.append((f"{why} ({package}), which Cog's base image holds", Origin(file=origin.file, line=origin.line)))
    for path in closure:
        module = code.module(path)
        if module is not None and (
            line := next((n for n, text in enumerate(module.lines, 1) if re.search(r"[\"'](/src/|/src[\"'])", text)), 0)
        ):
            build.reasons.append(("the code names paths below /src", Origin(file=path, line=line)))
    for spec in build.packages.specs:
        if build.gpu and gpu.needs_system(spec.value):
            build.reasons.append(
                (f"{spec.value} needs the CUDA libraries of the system", spec.origin or Origin(file=config.file.path, line=1))
            )


def _mixed(step: RunStep) -> bool:
    """Whether a step does more than install packages."""
    from converters.containers import commands
    from converters.containers.shell import split

    return any(commands.classify(simple).purpose not in ("pip", "tooling", "cleanup") for simple in split(step.command))
