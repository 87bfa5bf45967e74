"""The command that is meant where none is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from typer.core import TyperGroup

DEFAULT = "convert"


class DefaultGroup(TyperGroup):
    """`migrate PATH` means `migrate convert PATH`; a path called like a command is written `./run`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        own = {"--help", "-h", "--version", *self.commands}
        if args and args[0] not in own:
            if len(args) > 1 and not args[0].startswith("-"):
                _refuse_misspelt(args[0])
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)


def _refuse_misspelt(word: str) -> None:
    """`migrate verfy PATH` is refused as what it is, not as two paths. Raises `Unreadable`."""
    from difflib import get_close_matches

    from converters.path_hints import COMMANDS, missing

    if get_close_matches(word, COMMANDS, n=1, cutoff=0.7) and not Path(word).exists():
        raise missing(Path(word))
