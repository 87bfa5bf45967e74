"""The Dockerfile of a server for fal's builder: what fal's client cannot read is written in a way that it can; nothing else changes.

The client collects the files of COPY and ADD lines by itself (`fal.container.DockerfileParser`, fal 1.83): it does not see bind mounts,
variables in sources, a `--from` that is not the first flag, a build context other than the folder of pyproject.toml, or a target.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from converters import rules
from converters.containers import images
from converters.containers.dockerfile_model import Copy, Instruction, Stage
from converters.containers.layout import named_sources
from converters.containers.packaging import Packaging
from converters.escape import docker_list, docker_value
from converters.ir import App, Edit, EnvVar
from converters.ledger import Ledger
from converters.project import Project
from converters.targets import image_secrets

STAGE = "fal-context"
SAFE = re.compile(r"[\w./:@%+,=-]+")


@dataclass
class Draft:
    """The Dockerfile in the making."""

    found: Packaging
    app: App
    text: str
    edits: list[Edit]

    def offset(self, byte: int) -> int:
        return len(self.found.file.data[:byte].decode(self.found.dockerfile.encoding, errors="replace"))

    def replace(self, instruction: Instruction, line: str, rule: str, reason: str) -> None:
        """Put other text in the place of an instruction, heredocs left alone."""
        start, end = self.offset(instruction.start), self.offset(instruction.end)
        body = self.text[start:end]
        newline = "\r\n" if body.endswith("\r\n") else "\n" if body.endswith("\n") else ""
        self.edits.append(Edit(file=self.found.file.path, start=start, end=end, replacement=line + newline, rule=rule, reason=reason))


def edits(project: Project, app: App, variables: list[EnvVar], last: list[str], ledger: Ledger) -> list[Edit]:
    """The edits of the app's Dockerfile. `variables` are baked into it, `last` are lines for its end."""
    server, path = app.server, app.environment.dockerfile
    if server is None or path is None:
        return []
    found = images.read(
        project, project.files[path], context=app.environment.context, arguments=app.environment.build_args, target=server.target or None
    )
    if found is None:
        return []
    draft = Draft(found, app, found.file.data.decode(found.dockerfile.encoding, errors="replace"), [])
    mounted: list[str] = []
    copies = {(copy.line, copy.end_line): copy for stage in found.dockerfile.stages for copy in stage.copies}
    for instruction in found.dockerfile.instructions:
        if instruction.keyword in ("COPY", "ADD") and (copy := copies.get((instruction.line, instruction.end_line))):
            _copy(draft, instruction, copy, named_sources(project, found.context, copy))
        elif instruction.keyword == "RUN":
            mounted += _mounts(draft, instruction)
    draft.edits += image_secrets.edits(found, app, ledger, draft.edits)
    _end(draft, variables, mounted, last)
    return draft.edits


def _copy(draft: Draft, instruction: Instruction, copy: Copy, named: list[str] | None) -> None:
    """`--from` first; local sources expanded and seen from the folder of pyproject.toml."""
    flags = list(instruction.flags)
    if copy.from_stage is not None:
        ordered = sorted(flags, key=lambda flag: not flag.startswith("--from="))
        if ordered != flags:
            line = f"{instruction.keyword} {' '.join(ordered)} {_joined(instruction.value)}"
            draft.replace(instruction, line, rules.DK028, "fal's client knows `COPY --from` only with --from first")
        return
    context = draft.found.context
    if instruction.heredocs or not copy.sources:
        return
    expanded = any("$" in word for word in instruction.value.split()[: len(copy.sources)])
    if not context and not expanded and not named:
        return
    written = named or copy.sources
    sources = [source if "://" in source or source.startswith("git@") else _inside(context, source) for source in written]
    words = [*sources, copy.dest if expanded or instruction.value.rstrip().endswith("]") else instruction.value.split()[-1]]
    if all(SAFE.fullmatch(word) or re.fullmatch(r"[\w./*?\[\]{}$:-]+", word) for word in words):
        body = " ".join(words)
    else:
        body = docker_list(words)
    line = " ".join(part for part in (instruction.keyword, *flags, body) if part)
    if named and not context and not expanded:
        draft.replace(instruction, line, rules.DK028, "fal's client does not expand patterns")
        return
    reason = "the build context on fal is the folder of pyproject.toml" if context else "fal's client does not expand variables in sources"
    draft.replace(instruction, line, rules.DK028, reason)


def _inside(context: str, source: str) -> str:
    plain = source.lstrip("/").removeprefix("./")
    if plain in ("", "."):
        return f"{context}/" if context else "."
    return f"{context}/{plain}" if context else plain


def _mounts(draft: Draft, instruction: Instruction) -> list[str]:
    """Sources of bind mounts, as paths from the folder of pyproject.toml; their mounts are changed where the context moves."""
    found: list[str] = []
    context = draft.found.context
    changed = False
    flags = []
    for flag in instruction.flags:
        options = dict(part.partition("=")[::2] for part in flag.partition("=")[2].split(","))
        local = flag.startswith("--mount=") and options.get("type", "bind") == "bind" and "from" not in options
        if not local:
            flags.append(flag)
            continue
        source = options.get("source", options.get("src", "."))
        found.append(_inside(context, source))
        if context:
            others = [part for part in flag.partition("=")[2].split(",") if not part.startswith(("source=", "src="))]
            flag = "--mount=" + ",".join([*others, f"source={_inside(context, source).rstrip('/')}"])
            changed = True
        flags.append(flag)
    if changed and not instruction.heredocs:
        start = draft.offset(instruction.start)
        old = draft.text[start : draft.offset(instruction.end)]
        new = old
        for before, after in zip(instruction.flags, flags, strict=True):
            new = new.replace(before, after, 1)
        draft.edits.append(
            Edit(
                file=draft.found.file.path,
                start=start,
                end=start + len(old),
                replacement=new,
                rule=rules.DK029,
                reason="the build context on fal is the folder of pyproject.toml",
            )
        )
    return found


def _joined(value: str) -> str:
    return " ".join(value.split())


def _end(draft: Draft, variables: list[EnvVar], mounted: list[str], last: list[str]) -> None:
    """What goes to the end: a stage that names mounted files, the target, baked variables, packages of fal."""
    found = draft.found
    newline = "\r\n" if "\r\n" in draft.text else "\n"
    lines: list[str] = []
    stage = found.stage
    is_last = stage is found.dockerfile.stages[-1]
    if mounted:
        lines += ["# never built: it names the bind-mounted files, which fal uploads for COPY lines only", f"FROM scratch AS {STAGE}"]
        lines += [f"COPY {' '.join(sorted(set(mounted)))} /{STAGE}/"]
    if mounted or not is_last:
        lines.append(f"FROM {_named(draft, stage)}")
    lines += [f"ENV {variable.name}={docker_value(variable.value or '')}" for variable in variables]
    lines += last
    if not lines:
        return
    reason = (
        "the image is this target of the Dockerfile"
        if not is_last
        else "fal's image has no table of variables: they are set here"
        if variables
        else "what fal needs comes last"
    )
    rule = rules.DK027 if not is_last else rules.ENV001 if variables else rules.DK029
    lead = "" if draft.text.endswith("\n") or not draft.text else newline
    addition = lead + newline + newline.join(lines) + newline
    size = len(draft.text)
    cut = re.search(r"\\[ \t]*[\r\n\s]*\Z", draft.text)
    if cut:  # a backslash at the end would take our lines into the last instruction
        draft.edits.append(
            Edit(
                file=found.file.path,
                start=cut.start(),
                end=size,
                replacement=newline * 2 + addition.lstrip("\r\n"),
                rule=rule,
                reason=reason,
            )
        )
        return
    draft.edits.append(Edit(file=found.file.path, start=size, end=size, replacement=addition, rule=rule, reason=reason))


def _named(draft: Draft, stage: Stage) -> str:
    """The name of a stage; one without a name gets one."""
    if stage.name:
        return stage.name
    instruction = next(one for one in draft.found.dockerfile.instructions if one.keyword == "FROM" and one.line == stage.line)
    name = "fal-server"
    draft.replace(
        instruction,
        " ".join(["FROM", *instruction.flags, instruction.value.split()[0], "AS", name]),
        rules.DK027,
        "the stage is named below",
    )
    return name
