"""The last look at an output before it is written: no file that we made or edited holds a secret of the input.

Every value that was recognised anywhere is searched in every text. In generated files it gives way to its variable; in kept files,
which stay the user's to the byte, it is named, so that a person can move it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from converters import rules
from converters.credentials.recognize import Dialect, dialect_of
from converters.credentials.vault import NO_TEXT, Vault
from converters.ir import App, Disposition, EnvVar, Origin, Scope
from converters.ledger import Ledger
from converters.outcome import FileChange, Hunk
from converters.project import MAX_FILE

KEPT, REPLACED = rules.ENV020, rules.ENV021
DESCRIPTIONS = re.compile(
    r"(^|/)((docker-)?compose([.\-_][\w.\-]+)?\.ya?ml|cog\.ya?ml|\.runpod/[^/]+\.json|(\w+\.)?dockerfile(\.[\w-]+)?|containerfile|\.gitlab-ci\.yml)$"
    r"|(^|/)(\.github/workflows|\.circleci)/"
)
UNREAD = ("LABEL", "HEALTHCHECK", "MAINTAINER")
"""Instructions that nothing on fal reads."""
_BLANK = re.compile(r"^(?P<head>[ \t]*(?:ARG|ENV)[ \t]+(?P<name>\w+))(?:=|[ \t]+)[\"']?\$\{(?P=name)\}[\"']?[ \t]*$", re.MULTILINE)


@dataclass
class Sealed:
    """What the check came to. `literals`: (file, line, variable) of values in kept files."""

    files: dict[str, FileChange]
    literals: list[tuple[str, int, str]] = field(default_factory=list)


def seal(
    files: dict[str, FileChange], dockerfiles: set[str], apps: list[App], vault: Vault, ledger: Ledger, *, in_place: bool = False
) -> Sealed:
    """Check all files of an output; `dockerfiles` are those that an app is built from, of which the output holds a copy of ours.

    Files that only describe how another platform runs the project are masked like ours, but not in the user's own tree (`in_place`).
    """
    sealed = Sealed({})
    for path, change in files.items():
        text = _text(change)
        if text is None:
            sealed.files[path] = change
        elif change.action == "added" or path in dockerfiles or (not in_place and describes(path, text)):
            sealed.files[path] = _generated(change, text, apps, vault, ledger, change.action == "added" or path in dockerfiles)
        else:
            sealed.files[path] = _edited(change, text, vault)
            sealed.literals += _kept(change, text, vault, ledger)
    return sealed


def is_dockerfile(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return "dockerfile" in name or "containerfile" in name


def describes(path: str, text: str) -> bool:
    """Whether a file tells another platform how to run the project: no app reads it (compose, Cog, RunPod's hub, Kubernetes, CI)."""
    manifest = path.endswith((".yaml", ".yml")) and re.search(r"(?m)^apiVersion:\s*\S", text) and re.search(r"(?m)^kind:\s*\S", text)
    return bool(manifest or DESCRIPTIONS.search(path.lower()))


def _text(change: FileChange) -> str | None:
    if change.data is None or change.action == "removed" or len(change.data) > MAX_FILE or change.path.lower().endswith(NO_TEXT):
        return None
    if b"\0" in change.data[:8192]:
        return None
    return change.data.decode("utf-8", errors="surrogateescape")


def _generated(change: FileChange, text: str, apps: list[App], vault: Vault, ledger: Ledger, is_built: bool) -> FileChange:
    dialect = dialect_of(change.path) if change.path.endswith((".py", ".toml")) else Dialect.CONFIG
    masked = vault.mask(text, dialect)
    if masked == text:
        return change
    masked = _BLANK.sub(lambda match: match["head"] if match["head"].lstrip().upper().startswith("ARG") else f'{match["head"]}=""', masked)
    hunks = list(change.hunks)
    before = text.split("\n")
    for number, words in enumerate(masked.split("\n"), 1):
        if number <= len(before) and words != before[number - 1]:
            names = ", ".join(dict.fromkeys(re.findall(r"\$\{(\w+)\}", words))) or "the variable"
            hunks.append(Hunk(number, number, REPLACED, f"{names} stands for a secret", f"{change.path}:{number}"))
    described = describes(change.path, text) and not is_built
    for line, _, name in vault.found_in(text, dialect):
        _announce(change, before[line - 1], name, line, [] if described else apps, ledger, described)
    action = "modified" if change.action == "copied" else change.action
    return replace(change, action=action, data=masked.encode("utf-8", errors="surrogateescape"), hunks=tuple(hunks))


def _announce(change: FileChange, words: str, name: str, line: int, apps: list[App], ledger: Ledger, described: bool) -> None:
    """The item of a value that stood in a file of ours, by what reads its line."""
    place, instruction = Origin(file=change.path, line=line), words.lstrip().upper().partition(" ")[0]
    if described or (is_dockerfile(change.path) and (instruction in UNREAD or instruction.startswith("#"))):
        ledger.note(REPLACED, Disposition.CONVERTED, f"the secret that stood here is left out: ${{{name}}} names it", place)
        return
    known = bool(apps) and all(any(one.name == name for one in app.secrets) for app in apps)
    if known and instruction in ("CMD", "ENTRYPOINT", "ENV", "ARG"):
        return
    for app in apps:
        if all(one.name != name for one in app.secrets):
            app.secrets.append(EnvVar(name=name, secret=True, origin=place))
    gets_it = instruction in ("ENV", "ARG", "CMD", "ENTRYPOINT") or change.path.endswith(".toml")
    message = f"a secret stood here: the output holds ${{{name}}} in its place; set it with `fal secrets set {name}=...`"
    message += "." if gets_it else ", and see that this line gets it."
    ledger.note(REPLACED, Disposition.MANUAL, message, place, scope=Scope.DEPLOY if gets_it else Scope.CODE)


def _edited(change: FileChange, text: str, vault: Vault) -> FileChange:
    """A kept file into which an edit of ours brought a value that it did not hold before: the value is masked."""
    if change.action != "modified" or change.before is None:
        return change
    before = change.before.decode("utf-8", errors="surrogateescape")
    fresh = [value for value in vault.names if value in text and text.count(value) > before.count(value)]
    for value in fresh:
        start = text.index(value) if value not in before else text.rindex(value)
        text = text[:start] + f"${{{vault.names[value]}}}" + text[start + len(value) :]
    return replace(change, data=text.encode("utf-8", errors="surrogateescape")) if fresh else change


def _kept(change: FileChange, text: str, vault: Vault, ledger: Ledger) -> Iterator[tuple[str, int, str]]:
    """Where a file of the user holds a value. Lines are those of the source."""
    source = change.before.decode("utf-8", errors="surrogateescape") if change.before is not None else text
    for line, what, name in vault.found_in(source, dialect_of(change.path)):
        yield change.path, line, name
        message = (
            f"holds {what} in plain text, and the file goes along as it is: set it with `fal secrets set {name}=...`, "
            f"read it by {_how(change.path, name)} here, and replace the old value, which the repository has given away."
        )
        ledger.note(KEPT, Disposition.MANUAL, message, Origin(file=change.path, line=line), scope=Scope.DEPLOY)


def _how(path: str, name: str) -> str:
    if path.endswith((".py", ".ipynb")):
        return f'`os.environ["{name}"]`'
    if path.endswith((".js", ".ts", ".mjs", ".cjs", ".jsx", ".tsx")):
        return f"`process.env.{name}`"
    return f"`${name}`"


def names_of(literals: Iterable[tuple[str, int, str]]) -> list[str]:
    """`file:line` of each literal, for a sentence."""
    return [f"{file}:{line}" for file, line, _ in literals]
