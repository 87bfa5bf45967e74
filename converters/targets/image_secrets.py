"""The secrets of a Dockerfile that stays: no value in it, and the build steps that need one get it as a build secret.

fal hands a fal secret to a build by `secrets={"NAME": "$NAME"}` of the image; a step reads it where it mounts it
(https://docs.docker.com/build/building/secrets/). ARG and ENV stay readable in every image that is built.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from converters import rules
from converters.containers.dockerfile_model import Instruction
from converters.containers.dockerfile_words import pairs
from converters.containers.packaging import Packaging
from converters.credentials.recognize import Dialect, Secret, find, is_secret
from converters.credentials.withhold import add_secret, expanding
from converters.ir import App, Disposition, Edit, Origin, Scope
from converters.ledger import Ledger

RULE = rules.ENV021
SCRIPT = (
    r"\b(python[\d.]*|bash|sh)\s+(-\w+\s+)*[\w./-]+\.(py|sh)\b|(\s|^)\.?/[\w./-]+\.(py|sh)\b"
    r"|\bpython[\d.]*\s+(-\w+\s+)*(-c|-m\s+(?!pip))"
)
"""A program of the project's own, or one written in the step."""
READERS = (
    (re.compile(r"HF_|HUGGING"), re.compile(rf"download|from_pretrained|load_dataset|hugging_?face|\bhf\s|{SCRIPT}", re.IGNORECASE)),
    (re.compile(r"GIT|BITBUCKET"), re.compile(rf"git\s+clone|git\+|{SCRIPT}")),
    (re.compile(r"PYPI|PIP_|INDEX"), re.compile(r"\bpip[\d.]*\s+(install|download)|\buv\s")),
    (re.compile(r"NPM"), re.compile(r"\b(npm|yarn|pnpm)\s")),
    (re.compile(r""), re.compile(SCRIPT)),
)
"""Steps that read a variable of their environment without naming it, by the variable: the first row that fits it decides."""


def edits(packaging: Packaging, app: App, ledger: Ledger, taken: list[Edit]) -> list[Edit]:
    """Edits that take the values out; `taken` are others of the same file, whose places are left to them."""
    found: list[Edit] = []
    names = secret_names(packaging)
    for instruction in packaging.dockerfile.instructions:
        start, end = _offset(packaging, instruction.start), _offset(packaging, instruction.end)
        if any(edit.start < end and start < edit.end for edit in taken):
            continue
        text = packaging.file.data[instruction.start : instruction.end].decode(packaging.dockerfile.encoding, errors="replace")
        if instruction.keyword in ("ENV", "ARG"):
            found += _values(packaging, instruction, text, start)
        elif instruction.keyword == "RUN" and (step := _step(packaging, instruction, text, names)) is not None:
            new, needed = step
            for name in needed:
                _needed(app, name, packaging.origin(instruction.line), ledger)
            reason = f"{', '.join(needed)} reaches this step as a build secret"
            found.append(Edit(file=packaging.file.path, start=start, end=end, replacement=new, rule=RULE, reason=reason))
    return found


def secret_names(packaging: Packaging) -> list[str]:
    """ARG and ENV of the Dockerfile that are secrets, by name or by value."""
    found: dict[str, None] = {}
    for instruction in packaging.dockerfile.instructions:
        if instruction.keyword in ("ENV", "ARG"):
            found |= dict.fromkeys(name for name, value in assignments(instruction) if is_secret(name, value))
    return list(found)


def assignments(instruction: Instruction) -> list[tuple[str, str]]:
    """(name, value) of an ENV or ARG line; the value is '' where there is none."""
    from converters.containers.expansion import WordError

    if instruction.keyword == "ARG":
        words = [word.partition("=") for word in instruction.value.split()]
        return [(name, value.strip("\"'")) for name, _, value in words]
    try:
        return [(name, value.strip("\"'")) for _, name, value in pairs(instruction.value, instruction.escape)]
    except WordError:
        return []


def _offset(packaging: Packaging, byte: int) -> int:
    return len(packaging.file.data[:byte].decode(packaging.dockerfile.encoding, errors="replace"))


def _values(packaging: Packaging, instruction: Instruction, text: str, base: int) -> Iterator[Edit]:
    """An empty value in an ENV line, none in an ARG line."""
    for name, value in assignments(instruction):
        if not is_secret(name, value):
            continue
        match = re.search(rf"(?:(?<=\s)|^){re.escape(name)}(?P<sign>=|[ \t]+)(?P<value>\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s\\]*)", text)
        if match is None or not match.group("value").strip("\"'"):
            continue
        argument = instruction.keyword == "ARG"
        start, end = base + match.start("sign" if argument else "value"), base + match.end("value")
        reason = f"{name} is a secret: its value does not belong in an image"
        yield Edit(file=packaging.file.path, start=start, end=end, replacement="" if argument else '""', rule=rules.ENV004, reason=reason)


def _step(packaging: Packaging, instruction: Instruction, text: str, names: list[str]) -> tuple[str, list[str]] | None:
    """The step with its secrets mounted, and their names; None where it needs none or is of a form that cannot be changed."""
    secrets = find(text, Dialect.CONFIG)
    used = [name for name in names if re.search(rf"\$\{{?{re.escape(name)}\b", text)]
    exported = _exported(packaging, instruction)
    used += [name for name in names if name in exported and name not in used and _reads(name, text)]
    needed = list(dict.fromkeys([*(secret.name for secret in secrets), *used]))
    head = re.match(r"\s*RUN[ \t]+(?P<flags>(?:--\S+[ \t]+)*)", text, re.IGNORECASE)
    if not needed or head is None or instruction.heredocs or instruction.value.lstrip().startswith("["):
        return None
    if all(f"id={name}" in text for name in needed):
        return None
    body = expanding(_replaced(text[head.end() :], head.end(), secrets), "")
    mounts = "".join(f"--mount=type=secret,id={name} " for name in needed)
    exports = "".join(f'export {name}="$(cat /run/secrets/{name})" && {instruction.escape}\n    ' for name in needed)
    return text[: head.end()] + mounts + exports + body, needed


def _reads(name: str, text: str) -> bool:
    return next(step for names, step in READERS if names.search(name)).search(text) is not None


def _replaced(body: str, offset: int, secrets: Sequence[Secret]) -> str:
    for secret in reversed(secrets):
        body = body[: secret.start - offset] + f"${{{secret.name}}}" + body[secret.end - offset :]
    return body


def _exported(packaging: Packaging, instruction: Instruction) -> set[str]:
    """Variables that are in the environment of a step: ARG and ENV above it in its stage."""
    above = [one for one in packaging.dockerfile.instructions if one.stage == instruction.stage and one.line < instruction.line]
    return {name for one in above if one.keyword in ("ARG", "ENV") for name, _ in assignments(one)}


def _needed(app: App, name: str, origin: Origin, ledger: Ledger) -> None:
    if name in app.environment.build_secrets:
        return
    app.environment.build_secrets[name] = f"${name}"
    add_secret(app, name, origin)
    message = f"the build needs the secret {name}: the image gets it as a build secret; set it with `fal secrets set {name}=...`."
    ledger.note(RULE, Disposition.MANUAL, message, origin, scope=Scope.DEPLOY)
