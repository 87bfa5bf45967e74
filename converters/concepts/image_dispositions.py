"""What becomes of each line of a chosen Dockerfile: replaced by requirements, or kept in the image that fal builds."""

from __future__ import annotations

import re

from converters import rules
from converters.concepts import baked, storage, variables
from converters.containers import arguments, base_images
from converters.containers import packaging as docker
from converters.containers.commands import Step
from converters.containers.dockerfile_model import Instruction
from converters.containers.packaging import Packaging
from converters.credentials.recognize import is_secret
from converters.fal.runner import PRESET_VARIABLES
from converters.ir import App, Disposition, EnvVar, Origin, Scope
from converters.ledger import Construct, Ledger

DROPPED: dict[str, str] = {
    "LABEL": "labels describe the old image",
    "MAINTAINER": "labels describe the old image",
    "EXPOSE": "a queue worker has no port",
    "SHELL": "the build's shell has no part in a list of requirements",
    "STOPSIGNAL": "fal stops runners with SIGTERM",
    "USER": "fal decides which user a runner runs as",
    "VOLUME": "persistent files belong in /data",
    "HEALTHCHECK": "fal checks the app's own /health",
    "ARG": "the build argument has no part in a list of requirements",
    "ONBUILD": "it acts on images built from this one",
}
STEP_REASONS: dict[str, str] = {
    "tooling": "fal installs with its own pip and uv",
    "interpreter": "fal provides the interpreter that python_version names",
    "cleanup": "house-keeping of the image's layers and packages",
    "folders": "prepares folders, users or the shell of the image",
    "apt": "tools for a person at a shell",
}


def settle_requirements(packaging: Packaging, app: App, read_files: set[str], ledger: Ledger) -> None:
    """The Dockerfile gives way to `requirements`, `app_files` and lines of `setup()`."""
    base = base_images.describe(packaging.stage.base_image)
    for instruction, construct in packaging.instructions:
        keyword = instruction.keyword
        if keyword == "FROM":
            brings = f" and torch {base.torch} as a requirement" if base.torch else ""
            ledger.settle(
                construct,
                rules.DK001,
                Disposition.CONVERTED,
                f"the base image becomes python_version {app.environment.python_version.value}{brings}",
            )
        elif keyword in ("COPY", "ADD"):
            _copied(packaging, instruction, construct, read_files, ledger)
        elif keyword == "WORKDIR":
            ledger.settle(
                construct, rules.DK007, Disposition.CONVERTED, "the app's files stand in the runner's working directory as they did here"
            )
        elif keyword in ("CMD", "ENTRYPOINT"):
            ledger.settle(construct, rules.DK008, Disposition.CONVERTED, "fal starts the app; what the command loads is loaded in setup()")
        elif keyword in DROPPED:
            ledger.settle(construct, rules.DK009, Disposition.DROPPED, DROPPED[keyword])
    for _, step, construct in packaging.steps:
        if step.purpose == "pip":
            ledger.settle(construct, rules.DK002, Disposition.CONVERTED, "its packages stand in `requirements`")
        elif step.purpose in STEP_REASONS:
            ledger.settle(
                construct, rules.DK003 if step.purpose == "interpreter" else rules.DK004, Disposition.DROPPED, STEP_REASONS[step.purpose]
            )
    _variables(packaging, app, ledger)


def _copied(packaging: Packaging, instruction: Instruction, construct: Construct, read_files: set[str], ledger: Ledger) -> None:
    missing = _missing(packaging, instruction)
    if withheld := docker.withheld(packaging, instruction):
        ledger.settle(construct, rules.FS011, Disposition.MANUAL, withheld)
    elif missing:
        ledger.settle(
            construct,
            rules.DK016,
            Disposition.MANUAL,
            f"{', '.join(missing)} is not in the project: convert the folder that holds it, or add the file.",
        )
    elif any(name.rsplit("/", 1)[-1] in instruction.value for name in read_files):
        ledger.settle(construct, rules.DK006, Disposition.CONVERTED, "the requirement file is read into `requirements`")
    else:
        ledger.settle(construct, rules.DK006, Disposition.CONVERTED, "the files go along as `app_files`")


def _missing(packaging: Packaging, instruction: Instruction) -> list[str]:
    """Sources of a COPY line that are not there; a pattern may match nothing (`COPY pyproject.toml poetry.lock* ./`)."""
    return [source for source, line in packaging.layout.missing if line == instruction.line and not re.search(r"[*?\[]", source)]


def _variables(packaging: Packaging, app: App, ledger: Ledger) -> None:
    """ENV lines of a `requirements` environment: `setup()` sets what the code may read."""
    for name, constructs in packaging.variables.items():
        effective = packaging.stage.env.get(name)
        origin = Origin(file=constructs[-1].file, line=constructs[-1].line)
        value = storage.moved(effective.value, app) if effective else ""
        for construct in constructs:
            if effective is not None and is_secret(name, effective.value):
                _secret(app, name, value, origin, construct, ledger)
            elif effective is not None and name == "PYTHONPATH":
                ledger.settle(construct, rules.ENV006, Disposition.CONVERTED, "its folders are put on sys.path in setup()")
            elif why := _without_part(name, is_set=effective is not None):
                ledger.settle(construct, rules.ENV002, Disposition.DROPPED, why)
            elif place := _set_elsewhere(packaging, app, name):
                ledger.settle(
                    construct, rules.ENV001, Disposition.DROPPED, f"{place} sets {name}, which takes the place of the image's value"
                )
            else:
                _add(app, EnvVar(name=name, value=value, preset=name in PRESET_VARIABLES, origin=origin))
                preset = name in PRESET_VARIABLES
                how = "assigned in setup(), since fal sets it too" if preset else "set as a default in setup()"
                ledger.settle(construct, rules.ENV003 if preset else rules.ENV001, Disposition.CONVERTED, f"{name} is {how}")


def _without_part(name: str, *, is_set: bool) -> str:
    """Why a variable has no part in the app; '' where it has one."""
    if not is_set:
        return "set in a stage that the worker does not run in"
    if variables.BUILD_ONLY.match(name) or name == "PATH":
        return f"`{name}` steers the image's build or shell"
    return f"`{name}` steers RunPod's own worker" if variables.PLATFORM.match(name) else ""


def _secret(app: App, name: str, value: str, origin: Origin, construct: Construct, ledger: Ledger) -> None:
    if all(known.name != name for known in app.secrets):
        app.secrets.append(EnvVar(name=name, secret=True, origin=origin))
    where = "its value stands in the Dockerfile and is not copied; " if value else ""
    ledger.settle(
        construct,
        rules.ENV004,
        Disposition.MANUAL,
        f"{name} is a secret: {where}set it with `fal secrets set {name}=...`.",
        scope=Scope.DEPLOY,
    )


def _add(app: App, variable: EnvVar) -> None:
    app.environment.variables = [known for known in app.environment.variables if known.name != variable.name] + [variable]


def _set_elsewhere(packaging: Packaging, app: App, name: str) -> Origin | None:
    """Where a variable is set that is an ENV line's, too: an endpoint, a listing and a start script have the last word on RunPod."""
    return next(
        (
            known.origin
            for known in app.environment.variables
            if known.name == name and known.origin is not None and known.origin.file != packaging.file.path
        ),
        None,
    )


def settle_image(packaging: Packaging, app: App, ledger: Ledger) -> None:
    """The Dockerfile stays; only what starts the old worker goes."""
    for instruction, construct in packaging.instructions:
        if instruction.keyword in ("CMD", "ENTRYPOINT"):
            ledger.settle(construct, rules.DK008, Disposition.CONVERTED, "fal starts the app; what the command loads is loaded in setup()")
        elif instruction.keyword in ("COPY", "ADD"):
            missing = _missing(packaging, instruction)
            if withheld := docker.withheld(packaging, instruction):
                ledger.settle(construct, rules.FS011, Disposition.MANUAL, withheld)
            elif missing:
                ledger.settle(
                    construct,
                    rules.DK016,
                    Disposition.MANUAL,
                    f"{', '.join(missing)} is not in the project: the image cannot be built without it.",
                )
            else:
                ledger.settle(construct, rules.DK005, Disposition.KEPT, "stays in the image")
        elif instruction.keyword == "ARG":
            _argument(packaging, instruction, construct, app, ledger)
        elif instruction.keyword in ("FROM", "WORKDIR", "RUN", "ENV") or instruction.keyword in DROPPED:
            ledger.settle(construct, rules.DK005, Disposition.KEPT, "stays in the image")
    baked = False
    for _, step, construct in packaging.steps:
        baked = _step(app, step, construct, ledger) or baked
    for name, constructs in packaging.variables.items():
        for construct in constructs:
            _image_variable(packaging, app, name, construct, ledger)
    if baked:
        _baked_cache(packaging, app, ledger)


def _argument(packaging: Packaging, instruction: Instruction, construct: Construct, app: App, ledger: Ledger) -> None:
    """A build argument; one without a value gets an empty place in the app's `build_args`, unless it is a secret."""
    name = instruction.value.split("=")[0].strip()
    known = packaging.stage.args.get(name) or packaging.dockerfile.args.get(name)
    given = (known is not None and known.value is not None) or "=" in instruction.value
    secret = is_secret(name, known.value if known else None)
    if (given and not secret) or name.startswith(("TARGET", "BUILD")):
        ledger.settle(construct, rules.DK005, Disposition.KEPT, "stays in the image")
        return
    used = [one.line for one in packaging.dockerfile.instructions if re.search(rf"\$\{{?{re.escape(name)}\b", one.value)]
    where = f" (used in line {', '.join(map(str, used))})" if used else ""
    if secret:
        message = f"ARG {name} is a secret of the build{where}: set it with `fal secrets set {name}=...`; steps get it as a build secret."
    else:
        app.environment.build_args.setdefault(name, "")
        message = f"ARG {name} was given at build time{where}: fill in its value in `build_args` of {app.app_file}."
    needed = not secret and arguments.is_needed(packaging.dockerfile, name)
    ledger.settle(construct, rules.DK014, Disposition.MANUAL, message, scope=Scope.CODE if needed else Scope.DEPLOY)


def _step(app: App, step: Step, construct: Construct, ledger: Ledger) -> bool:
    """Settle a build command; True where it may bake model files."""
    if baked.bakes(step):
        origin = Origin(file=construct.file, line=construct.line, end_line=construct.end_line)
        app.weights.append(baked.weights(step.command.text, origin))
        ledger.settle(construct, rules.FS003, Disposition.KEPT, "what this build step fetches stays baked in the image")
        return True
    ledger.settle(construct, rules.DK005, Disposition.KEPT, "stays in the image")
    return False


def _image_variable(packaging: Packaging, app: App, name: str, construct: Construct, ledger: Ledger) -> None:
    effective = packaging.stage.env.get(name)
    origin = Origin(file=construct.file, line=construct.line)
    if is_secret(name, effective.value if effective else None):
        _secret(app, name, effective.value if effective else "", origin, construct, ledger)
    elif effective is not None and (
        (name in PRESET_VARIABLES or storage.on_volume(effective.value)) and not _set_elsewhere(packaging, app, name)
    ):
        _add(app, EnvVar(name=name, value=storage.moved(effective.value, app), preset=True, origin=origin))
        why = "fal sets it too" if name in PRESET_VARIABLES else "the volume moves to /data"
        ledger.settle(construct, rules.ENV003, Disposition.CONVERTED, f"{name} is assigned in setup(), since {why}")
    else:
        ledger.settle(construct, rules.ENV001, Disposition.KEPT, f"{name} is set in the image")


def _baked_cache(packaging: Packaging, app: App, ledger: Ledger) -> None:
    """A Hugging Face cache under the home folder is invisible on fal, which points HF_HOME at /data."""
    if variables.CACHES & packaging.stage.env.keys():
        return
    filling = (construct for _, step, construct in packaging.steps if baked.bakes(step) and _fills_cache(step.command.text))
    first = next(filling, None)
    if first is None:
        return
    origin = Origin(file=first.file, line=first.line, end_line=first.end_line)
    home = "/root" if packaging.stage.user in (None, "root", "0") else f"/home/{packaging.stage.user}"
    variable = EnvVar(name="HF_HOME", value=f"{home}/.cache/huggingface", preset=True, origin=origin)
    _add(app, variable)
    ledger.note(
        rules.FS004,
        Disposition.CONVERTED,
        f"models that the build caches under {home}/.cache would be invisible, since fal sets HF_HOME: setup() points it back there",
        origin,
    )


HUB = re.compile(r"\b(transformers|diffusers|huggingface_hub|faster_whisper|sentence_transformers|hf|huggingface-cli)\b")


def _fills_cache(command: str) -> bool:
    """Whether a command may fetch models into the hub's cache, and names no folder of its own for them."""
    elsewhere = re.search(r"\b(local|cache)[-_](dir|folder)\b", command) is not None and ".cache/huggingface" not in command
    return (HUB.search(command) is not None or ".py" in command) and not elsewhere
