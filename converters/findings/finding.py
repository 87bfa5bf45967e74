"""One finding, and its JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Document = dict[str, Any]
Scope = Literal["code", "deploy"]


@dataclass(frozen=True)
class Evidence:
    """What shows it, with its place; `file` is '' and `line` 0 for what stands in no file."""

    text: str
    file: str = ""
    line: int = 0


@dataclass(frozen=True)
class Finding:
    """Something that keeps a project from being done, as a program needs it to act."""

    id: str
    """The same for the same finding in the next run, whatever moved in the file: see `identity`."""
    rule: str
    """A rule's code; of what no rule speaks for, the command and the kind: `verify.outcome`, `rehearse.build`, `convert.unsupported`."""
    scope: Scope
    """`deploy`: nothing of the files changes; an account, a console or a volume does."""
    file: str
    """Relative to the folder of `place`; '' for a project as a whole."""
    line: int
    """1-based; 0 for a whole file."""
    place: Literal["source", "output", "app"]
    """Which folder holds `file`: the project that was converted, its conversion, or the fal project that was looked at."""
    about: str
    """The path, variable, package, setting or field that it is about; '' where nothing has a name."""
    observed: str
    expected: str
    """What holds where there is nothing to find."""
    todo: str
    """What to do, where `observed` does not say it; '' where nobody knows more than `expected`."""
    evidence: tuple[Evidence, ...]
    edit: str | None
    """A unified diff with which it is done, as `git apply` takes it in the folder `applies_in`; None where none is known."""
    applies_in: str | None
    documentation: tuple[str, ...]
    reproduce: str
    """The command that shows it again, for a shell."""

    def as_json(self) -> Document:
        """Plain data (`findings.schema.json`)."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}
