"""What a rule is: its code and meaning for a person, and the cases that show it at work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Literal

from converters.options import Options

if TYPE_CHECKING:
    from converters.resolver import Resolution

Level = Literal["safe", "idiomatic", "manual"]
Kind = Literal["converted", "untouched", "partial"]


@dataclass(frozen=True)
class Seen:
    """A ledger item that a case expects; `rule` is the case's own rule where it is left out."""

    disposition: Literal["converted", "kept", "dropped", "manual"]
    line: int
    file: str = "handler.py"
    rule: str = ""
    says: str = ""
    """Part of its message."""
    name: str = ""
    """The name of the construct that it accounts for; '' for any."""


@dataclass(frozen=True)
class Case:
    """A tiny project and what becomes of it.

    `converted`: the rule acts and leaves nothing to do; `partial`: it leaves a `manual` item; `untouched`: it says nothing and
    changes nothing (in the files that `within` names, where it is given).
    """

    id: str
    """A sentence: given this project, this is what comes out."""
    kind: Kind
    files: Mapping[str, str]
    """Texts by path, indented as it suits the rule's file; `project` takes the indentation off."""
    symlinks: Mapping[str, str] = field(default_factory=dict)
    """Symbolic links of the project: path -> target."""
    seen: tuple[Seen, ...] = ()
    has: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Texts that a file of the output contains."""
    lacks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Texts that a file of the output does not contain."""
    why: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Parts of `RULE: reason` of the changes that a review shows in a file of the output."""
    within: tuple[str, ...] = ()
    """Files of the project that an untouched case is about; none stands for all of them."""
    status: Literal["", "converted", "partial", "unsupported", "unreadable"] = ""
    """Outcome of the whole conversion; '' for any in which there is an output."""
    style: Literal["auto", "native", "keep"] = "auto"
    target: Literal["auto", "app", "function", "pyproject"] = "auto"
    realtime: bool = False
    apps: Mapping[str, str] | None = None
    """What `migrate callers` is given by `--map`; None for a case of `migrate PATH`."""
    endpoint: str = ""
    """What `--endpoint-config` is given: the JSON of an exported endpoint."""
    image: str = ""
    """What `--image-config` is given: the JSON of `docker image inspect`."""
    refuses: Mapping[str, str] | None = None
    """Asked with `--resolve`: what the resolver says of lists that hold a text, '' where it cannot tell; None without the option."""
    idiomatic: bool = False
    in_place: bool = False

    def options(self, folder: Path) -> Options:
        """The options of the case, their files written below `folder`."""
        endpoint, image = folder / "endpoint.json", folder / "image.json"
        for path, text in ((endpoint, self.endpoint), (image, self.image)):
            if text:
                path.write_text(text)
        return Options(
            style=self.style,
            target=self.target,
            idiomatic=self.idiomatic,
            in_place=self.in_place,
            resolve=self._resolve if self.refuses is not None else None,
            realtime=self.realtime,
            endpoint_config=endpoint if self.endpoint else None,
            image_config=image if self.image else None,
        )

    def _resolve(self, requirements: Sequence[str], flags: Sequence[str], python: str) -> Resolution:
        from converters.resolver import Resolution

        said = next((said for text, said in (self.refuses or {}).items() if text in " ".join(requirements)), None)
        return Resolution() if said is None else Resolution(conflict=said) if said else Resolution(unknown="the index was not reached")

    @property
    def project(self) -> dict[str, str]:
        """The files as they stand on disk: no common indentation, first line first, one newline at the end."""
        return {path: dedent(text).lstrip("\n").rstrip() + "\n" for path, text in self.files.items()}


@dataclass(frozen=True)
class Rule:
    """One rule. Front ends and targets hold its logic and cite its code; nothing of the conversion happens here."""

    code: str
    title: str
    safety: Level
    explanation: str
    """What happens, why that is equivalent, and what to check: two to five sentences."""
    links: tuple[str, ...]
    """The source platform's documentation page, then fal's."""
    cases: tuple[Case, ...]
    expected: str = ""
    """What holds where nothing of this rule is left to do, in one clause; '' for a rule that never asks for anything."""
    guide: tuple[str, ...] = ()
    """Rows of fal's migration guides that it covers, such as `RunPod 6`."""


def runpod_docs(page: str) -> str:
    """Address of a page of RunPod's documentation."""
    return f"https://docs.runpod.io/{page}"


def fal_docs(page: str) -> str:
    """Address of a page of fal's documentation."""
    return f"https://fal.ai/docs/{page}"


def cog_docs(page: str) -> str:
    """Address of a page of Cog's documentation."""
    return f"https://cog.run/{page}/"


def docker_docs(page: str) -> str:
    """Address of a page of Docker's documentation."""
    return f"https://docs.docker.com/{page}"
