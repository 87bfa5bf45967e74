"""The command `migrate doctor`."""

from __future__ import annotations

import platform
from enum import Enum
from typing import Annotated

import typer

from converters import __version__
from converters.errors import ExitCode


class DoctorChoice(str, Enum):
    text = "text"
    json = "json"


def doctor(
    format: Annotated[DoctorChoice, typer.Option("--format", help="Form of the answer.")] = DoctorChoice.text,
) -> int:
    """Tell what is installed, what that enables, and whether fal, runpod or cog are newer than what was measured."""
    from converters.doctor.freshness import measured, stale
    from converters.doctor.tools import tools
    from converters.reports.json import render
    from converters.terminal import print_text

    known = measured()
    found, old = list(tools()), list(stale(known))
    if format is DoctorChoice.json:
        document = {
            "version": 1,
            "exit_code": int(ExitCode.DONE),
            "fal_migrate": __version__,
            "python": platform.python_version(),
            "system": platform.system(),
            "tools": [
                {"name": one.tool.name, "release": one.release, "enables": one.tool.enables, "install": one.tool.install} for one in found
            ],
            "measured": [
                {"name": one.distribution, "release": one.release, "on": one.on, "installed": one.installed, "facts": one.facts}
                for one in known
            ],
            "warnings": [one.message for one in old],
        }
        print_text(render(document))
        return ExitCode.DONE
    width = max(len(one.tool.name) for one in found)
    lines = [f"fal-migrate {__version__}, Python {platform.python_version()} on {platform.system()}", ""]
    for one in found:
        state = one.release if one.is_installed else f"not installed: {one.tool.install}"
        lines.append(f"{'+' if one.is_installed else '-'} {one.tool.name:{width}}  {one.tool.enables}: {state}")
    lines += ["", "Facts were measured with " + ", ".join(f"{one.distribution} {one.release} ({one.on})" for one in known) + "."]
    lines += [f"warning: {one.message}" for one in old]
    print_text("\n".join(lines) + "\n")
    return ExitCode.DONE
