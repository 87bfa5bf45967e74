"""What lies where fal mounts its own storage, and paths of another platform's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from converters import rules
from converters.concepts.variables import CACHES
from converters.containers.dockerfile_model import Run
from converters.ir import Scope
from converters.preflight.deployment import Deployment
from converters.preflight.finding import Finding
from converters.preflight.runner import Built
from converters.project import MAX_FILE

DATA = "/data"
VOLUME = re.compile(rb"/runpod-volume\b")
FILLS = re.compile(r"snapshot_download|from_pretrained|huggingface-cli|hf_hub_download|hf download")
TEXTS = (".yaml", ".yml", ".json", ".toml", ".ini", ".cfg", ".conf", ".sh", ".env", ".properties", ".xml", ".txt")


def check(deployment: Deployment) -> Iterator[Finding]:
    """PF040: image contents below /data. PF041: a cache that does not last. PF042: a path of RunPod's volume in a shipped file."""
    mounts = deployment.program.value("data_mounts", [DATA])
    if deployment.image is not None and isinstance(mounts, list) and DATA in mounts:
        yield from _hidden(deployment.image)
        if deployment.program.kind == "server":
            yield from _caches(deployment.image)
    yield from _volume(deployment)


def _hidden(image: Built) -> Iterator[Finding]:
    for copy in image.stage.copies:
        if copy.dest.rstrip("/") == DATA or copy.dest.startswith(f"{DATA}/"):
            message = f"the image has files in {copy.dest}, over which fal mounts its persistent storage {DATA}: put them elsewhere."
            yield Finding(image.image.file, image.line_of(copy.line), rules.PF040, message, about=copy.dest.rstrip("/"))
            return
    if f"{image.stage.workdir}/".startswith(f"{DATA}/") and image.stage.workdir_line is not None:
        message = (
            f"the image's working directory is {image.stage.workdir}, over which fal mounts its persistent storage {DATA}: write another."
        )
        yield Finding(image.image.file, image.line_of(image.stage.workdir_line), rules.PF040, message, about=image.stage.workdir)
        return
    for run in image.runs:
        if place := _made_below_data(run):
            message = f"the build makes {place}, over which fal mounts its persistent storage {DATA}: put it elsewhere."
            yield Finding(image.image.file, image.line_of(run.line), rules.PF040, message, about=place)
            return


def _made_below_data(run: Run) -> str:
    """The first path below /data that a build step may write; '' for none. What is only removed or linked to is not."""
    for outer in run.commands():
        for command in (outer, *outer.inner):
            words = command.words
            if words and PurePosixPath(words[0]).name in ("rm", "rmdir", "ls", "mkdir", "chmod", "chown", "echo", "test", "[", "export"):
                words = ()
            if words[:1] == ("ln",):  # a link that leads to /data is how files get there at run time
                words = words[-1:]
            for word in (*words[1:], *(re.sub(r"^\d*&?>+\|?\s*", "", text) for text in command.redirects)):
                place = word.partition("=")[2] if word.startswith("-") else word
                if place.startswith(f"{DATA}/"):
                    return place
            if found := re.search(r"""[\"'](/data/[\w./-]+)""", command.text) if words else None:
                return found[1]
    if (
        run.workdir
        and f"{run.workdir}/".startswith(f"{DATA}/")
        and any(c.words[:1] in (("git",), ("wget",), ("curl",)) for c in run.commands())
    ):
        return run.workdir
    return ""


def _caches(image: Built) -> Iterator[Finding]:
    """A server's image may keep its own cache folder, which is empty on every new runner unless the build fills it."""
    scripts = " ".join(run.script for run in image.runs)
    for name, value in image.stage.env.items():
        elsewhere = value.value.startswith("/") and not f"{value.value}/".startswith(f"{DATA}/")
        if name in CACHES and elsewhere and not FILLS.search(scripts):
            message = f"{name}={value.value} does not last on a runner, so each new one downloads again: set it below {DATA}."
            yield Finding(image.image.file, image.line_of(value.line), rules.PF041, message, about=name, scope=Scope.DEPLOY)


def _volume(deployment: Deployment) -> Iterator[Finding]:
    for path in sorted(set(deployment.runner.files.values())):
        file = deployment.project.files.get(path)
        if file is None or not path.endswith(TEXTS) or file.size > MAX_FILE or b"/runpod-volume" not in file.data:
            continue
        for number, line in enumerate(file.data.splitlines(), 1):
            if VOLUME.search(line) and not line.lstrip().startswith((b"#", b"//", b";")):
                message = (
                    f"{path} names /runpod-volume, which fal does not have: write the folder below {DATA} that holds the volume's files."
                )
                yield Finding(path, number, rules.PF042, message, about=f"{path}:{number}")
                break
