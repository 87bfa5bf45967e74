"""The tools of the server: our commands, with typed arguments, for what lies below its root."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import anyio
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from converters import __version__
from converters.errors import ExitCode
from converters.mcp.commands import Commands
from converters.mcp.places import Outside, Places
from converters.mcp.results import ADDRESS, Results

READS = ToolAnnotations(readOnlyHint=True, openWorldHint=False)
ASKS = ToolAnnotations(readOnlyHint=True, openWorldHint=True)
"""Of what installs releases of packages, which indexes and registries are asked for."""
WRITES = ToolAnnotations(readOnlyHint=False, destructiveHint=False, idempotentHint=True, openWorldHint=False)
INSTRUCTIONS = (
    "Converts RunPod, Replicate (Cog) and Docker-server projects to fal Serverless, and proves the result. Order: inspect, convert, brief; "
    "then edit, check, verify and, where an engine is installed, rehearse, until the exit code is 0. Exit codes: 0 done, 1 would change "
    "something, 2 usage, 3 something is left, 4 not supported, 5 not readable, 6 not equivalent, 7 does not build or start, 70 a fault of "
    "this program. Never weaken a check or invent a secret to reach 0."
)
Project = Annotated[str, Field(description="Folder of the project, or an entry in it, below the server's root.")]
App = Annotated[str, Field(description="Folder of a fal project, or file.py::Class, below the server's root or its output folder.")]
Name = Annotated[str, Field(description="Name of the folder to write, in the server's output folder.")]


def server(places: Places, commands: Commands) -> MCPServer:
    """A server for these places, which runs commands."""
    made = MCPServer("fal-migrate", version=__version__, instructions=INSTRUCTIONS, log_level="WARNING")
    results = Results()

    async def told(context: Context, arguments: Sequence[str]) -> dict[str, Any]:
        async def progress(seconds: float, what: str) -> None:
            await context.report_progress(seconds, message=what)

        return results.of(await commands.run(arguments, progress))

    @made.resource(ADDRESS, name="result", description="A long answer of a tool, whole.", mime_type="application/json")
    def result(number: str) -> str:
        if not number.isdigit() or int(number) not in results.texts:
            raise ValueError(f"There is no result {number}: only the latest are kept.")
        return results.read(int(number))

    @made.tool(annotations=READS)
    async def inspect(context: Context, path: Project) -> dict[str, Any]:
        """What was found in a project: platform, apps, inputs, environment, variables. Nothing is converted and no code of it runs."""
        return await told(context, ["inspect", _taken(places.read, path), "--format", "json"])

    @made.tool(annotations=WRITES)
    async def convert(
        context: Context,
        path: Project,
        name: Name,
        target: Annotated[Literal["auto", "app", "function", "pyproject"], Field(description="What is written.")] = "auto",
        style: Annotated[Literal["auto", "native", "keep"], Field(description="How the code is carried over.")] = "auto",
        settings: Annotated[dict[str, str] | None, Field(description="Settings of the app, as `--set` takes them.")] = None,
        renew: Annotated[bool, Field(description="Renew an output that is there; edits in it stay.")] = False,
    ) -> dict[str, Any]:
        """Convert a project into a folder of the output. No code of the project runs, and the project is not touched."""
        arguments = ["convert", _taken(places.read, path), "--output", _taken(places.write, name), "--format", "json"]
        arguments += [*(["--target", target] if target != "auto" else []), *(["--style", style] if style != "auto" else [])]
        arguments += [part for key, value in sorted((settings or {}).items()) for part in ("--set", f"{key}={value}")]
        return await told(context, [*arguments, *(["--force"] if renew else [])])

    @made.tool(annotations=READS)
    async def brief(context: Context, app: App) -> dict[str, Any]:
        """What is left in a fal project as tasks: goal, files that may be touched, facts, and the command that shows that it is done."""
        return await told(context, ["brief", _taken(places.app, app), "--format", "json"])

    @made.tool(annotations=READS)
    async def check(context: Context, app: App) -> dict[str, Any]:
        """What would not build, start or answer on fal, in any fal project, by reading alone."""
        return await told(context, ["check", _taken(places.app, app), "--format", "json"])

    @made.tool(annotations=ASKS)
    async def verify(
        context: Context, path: Project, app: App, seconds: Annotated[float, Field(ge=1, le=600, description="Time for each app.")] = 60
    ) -> dict[str, Any]:
        """Run a project and an app beside each other, confined and with doubles for models, and compare what they answer."""
        arguments = [_taken(places.read, path), _taken(places.app, app), "--seconds", str(seconds)]
        return await told(context, ["verify", *arguments, "--format", "json"])

    @made.tool(annotations=ASKS)
    async def rehearse(context: Context, app: App) -> dict[str, Any]:
        """Build the image of an app and start it as fal would, confined, on this machine."""
        return await told(context, ["rehearse", _taken(places.app, app), "--format", "json"])

    @made.tool(annotations=WRITES)
    async def callers(
        context: Context,
        path: Project,
        name: Name,
        apps: Annotated[
            dict[str, str] | None,
            Field(description="Endpoint or model -> owner/app, or owner/app:FOLDER."),
        ] = None,
    ) -> dict[str, Any]:
        """Rewrite programs that call RunPod, Replicate or a converted server, into a folder of the output."""
        arguments = ["callers", _taken(places.read, path), "--output", _taken(places.write, name), "--force", "--format", "json"]
        for endpoint, app in sorted((apps or {}).items()):
            arguments += ["--map", f"{endpoint}={_taken(places.mapped, app)}"]
        return await told(context, arguments)

    @made.tool(annotations=READS)
    async def explain(
        context: Context,
        rule: Annotated[str, Field(description="A rule's code, such as RP007; empty for a line.", pattern=r"^([A-Z]{2,3}\d{3})?$")] = "",
        path: Annotated[str, Field(description="Folder of the project of a line, below the server's root.")] = "",
        file: Annotated[str, Field(description="File of the line, from that folder.")] = "",
        line: Annotated[int, Field(ge=1, description="The line, from 1.")] = 1,
    ) -> dict[str, Any]:
        """What a rule means, with an example and links; or what becomes of a line of a project and why."""
        if bool(rule) == bool(path and file):
            raise ToolError("Give a rule, or a path and a file with its line.")
        if rule:
            return await told(context, ["explain", rule])
        place = f"{_taken(places.read, f'{path}/{file}')}:{line}"
        return await told(context, ["explain", place, "--project", _taken(places.read, path)])

    return made


async def serve(places: Places) -> int:
    """Serve on standard input and output until the client leaves, or SIGINT or SIGTERM comes: no command outlives the server."""
    commands = Commands()
    async with anyio.create_task_group() as group:
        group.start_soon(_until_signalled, commands)
        await server(places, commands).run_stdio_async()
        group.cancel_scope.cancel()
    return ExitCode.DONE


async def _until_signalled(commands: Commands) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            await commands.stop()
            os._exit(ExitCode.INTERRUPTED)  # a thread reads standard input, which nothing but its end interrupts


def _taken(place: Any, text: str) -> str:
    """A path as the places take it. Raises `ToolError` with the sentence for one outside."""
    try:
        return str(place(text))
    except Outside as error:
        raise ToolError(str(error)) from error
