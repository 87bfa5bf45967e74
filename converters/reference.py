"""The page docs/cli.md, from the commands themselves: `python -m converters.reference` writes it anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from typer.main import get_command

from converters.cli import app
from converters.default_command import DEFAULT
from converters.errors import ExitCode
from converters.escape import cell, code_cell

PAGE = Path(__file__).resolve().parents[1] / "docs" / "cli.md"
MEANING = {
    ExitCode.DONE: "done",
    ExitCode.WOULD_CHANGE: "`--check` or `status`: a run would change something",
    ExitCode.USAGE: "the command line does not fit",
    ExitCode.MANUAL: "done, and something is left to a person",
    ExitCode.UNSUPPORTED: "not supported",
    ExitCode.UNREADABLE: "a file cannot be read",
    ExitCode.DIFFERENT: "source and app are not equivalent",
    ExitCode.REHEARSAL_FAILED: "the image does not build, or the app does not start",
    ExitCode.BUG: "a fault of this program",
    ExitCode.INTERRUPTED: "interrupted",
}
HEAD = """\
# The command line

<!-- Written by `python -m converters.reference`. -->

`migrate` converts, checks, proves and serves. `migrate PATH` is `migrate convert PATH`. `--help` of each command says what stands here.
"""


def page() -> str:
    """The whole page."""
    commands: dict[str, Any] = getattr(get_command(app), "commands", {})
    parts = [HEAD, "\n".join(_codes()), *("\n".join(_command(name, command)) for name, command in commands.items())]
    return "\n".join(parts)


def _codes() -> Iterator[str]:
    yield from ("## Exit codes", "", "| code | |", "|---|---|")
    yield from (f"| {int(code)} | {MEANING[code]} |" for code in ExitCode)
    yield ""


def _command(name: str, command: Any) -> Iterator[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option" and not one.hidden]
    words = [_argument(one) for one in arguments]
    spelled = f"migrate {' '.join([name, *words])}"
    if name == DEFAULT:
        spelled = f"migrate {' '.join(words)}` or `{spelled}"
    yield from (f"## `migrate {name}`", "", f"`{spelled}`", "", _sentence(command.help or ""), "")
    rows = [*((_argument(one), one) for one in arguments), *((_option(one), one) for one in options)]
    if rows:
        yield from ("| | |", "|---|---|")
        yield from (f"| {code_cell(spelling)} | {cell(_sentence(one.help or ''))}{_default(one)} |" for spelling, one in rows)
        yield ""


def _argument(one: Any) -> str:
    name = str(one.metavar or one.name.upper()).strip("[]")
    many = "..." if one.nargs == -1 and not name.endswith("...") else ""
    return f"{name}{many}" if one.required else f"[{name}{many}]"


def _option(one: Any) -> str:
    names = ", ".join(sorted([*one.opts, *one.secondary_opts], key=len, reverse=True))
    if one.is_flag:
        return names
    annotation = one.type_descriptor.annotation
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return f"{names} {'|'.join(str(each.value) for each in annotation)}"
    return f"{names} {one.metavar or {str: 'TEXT', int: 'NUMBER', float: 'NUMBER'}.get(annotation, 'VALUE')}"


def _sentence(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _default(one: Any) -> str:
    """A default that is worth a word: one that is shown in `--help`."""
    shown = one.show_default if isinstance(getattr(one, "show_default", None), str) else ""
    value = getattr(one.default, "value", one.default)
    if not shown and one.show_default and isinstance(value, str | int | float) and not isinstance(value, bool):
        shown = str(value)
    return f" Default: {cell(shown)}." if shown else ""


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
