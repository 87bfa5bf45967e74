"""The command `migrate mcp`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from converters.commands import options
from converters.errors import UsageError


def mcp(
    output: Annotated[Path, options.path_argument("OUT", "Folder below which outputs are written, the only one.")],
    root: Annotated[
        Path, typer.Option("--root", metavar="DIR", help="Folder below which projects are read.", show_default="the current one")
    ] = Path(),
) -> int:
    """Serve the Model Context Protocol on standard input and output, for programs that edit code: convert, check, verify as tools."""
    try:
        import anyio

        from converters.mcp.server import serve
    except ImportError as error:
        raise UsageError(f"`migrate mcp` needs the package `mcp` ({error}).", hint="Install it: pip install 'fal-migrate[mcp]'.") from error
    from converters.mcp.places import Outside, places

    try:
        allowed = places(root, output)
    except Outside as error:
        raise UsageError(str(error)) from error
    return anyio.run(serve, allowed)
