"""The command line. Every command imports what it needs when it runs, so that `--help` and `--version` stay quick."""

from __future__ import annotations

import functools
import os
import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from converters import __version__
from converters.errors import ExitCode, MigrateError
from converters.reports.forms import formats

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


def _path(text: str) -> Path:
    """A path argument. An empty one is most often a variable of the shell that is not set, and never the current folder."""
    if not text.strip():
        raise typer.BadParameter("the path is empty.")
    return Path(text)


class Target(str, Enum):
    auto = "auto"
    app = "app"
    function = "function"
    pyproject = "pyproject"


class Style(str, Enum):
    auto = "auto"
    inline = "inline"
    keep = "keep"


class FailOn(str, Enum):
    manual = "manual"
    error = "error"
    never = "never"


if TYPE_CHECKING:

    class Format(str, Enum):
        """The values of `--format`: these, and a module of `reports/formats/` for each further one."""

        text = "text"
        json = "json"
else:
    Format = Enum("Format", {name: name for name in formats()}, type=str)


class SourceSdk(str, Enum):
    auto = "auto"
    own = "own"


class Certified(str, Enum):
    """Forms of a certificate."""

    text = "text"
    json = "json"
    markdown = "markdown"
    html = "html"


class Plain(str, Enum):
    text = "text"
    json = "json"


app = typer.Typer(
    cls=DefaultGroup,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Convert RunPod, Replicate (Cog) and Docker-server projects to fal Serverless. `migrate PATH` converts the project at PATH.",
)

Project = Annotated[
    Path, typer.Argument(metavar="PATH", help="Folder of the project, or an entry in it.", show_default=False, parser=_path)
]
TargetOption = Annotated[Target | None, typer.Option("--target", help="Form of the output; auto says why.", show_default="auto")]
StyleOption = Annotated[Style | None, typer.Option("--style", help="How a handler is carried over.", show_default="auto")]
IdiomaticOption = Annotated[bool | None, typer.Option("--idiomatic/--no-idiomatic", help="Use fal's own media types.", show_default=False)]
RealtimeOption = Annotated[bool | None, typer.Option("--realtime/--no-realtime", help="Stream over a websocket.", show_default=False)]
EndpointOption = Annotated[Path | None, typer.Option("--endpoint-config", metavar="FILE", help="Exported endpoint settings (JSON).")]
ImageOption = Annotated[
    Path | None, typer.Option("--image-config", metavar="FILE", help="Configuration of a ready image: `docker image inspect` (JSON).")
]
OpenApiOption = Annotated[str | None, typer.Option("--openapi", metavar="FILE|URL", help="OpenAPI document of the server.")]
SetOption = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting of the app; repeatable.")]
OnlyOption = Annotated[list[str] | None, typer.Option("--only", metavar="RULE", help="Apply this rule only; repeatable.")]
SkipOption = Annotated[list[str] | None, typer.Option("--skip", metavar="RULE", help="Leave this rule out; repeatable.")]
FailOnOption = Annotated[FailOn | None, typer.Option("--fail-on", help="error: exit 3 becomes 0; never: 3 and 4.", show_default="manual")]
ForceOption = Annotated[bool, typer.Option("--force", help="Renew an existing output; your edits stay.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
FormatOption = Annotated[Format | None, typer.Option("--format", help="Form of the report on standard output.", show_default="text")]


def _version(wanted: bool) -> None:
    if wanted:
        print(f"fal-migrate {__version__}")
        raise typer.Exit


@app.callback()
def group(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False) -> None:
    """Convert RunPod, Replicate (Cog) and Docker-server projects to fal Serverless. `migrate PATH` converts the project at PATH."""


RehearseOption = Annotated[
    bool, typer.Option("--rehearse", help="Build and start the result as fal would, on this machine; exit 7 where that fails.")
]
Unconfined = Annotated[
    bool, typer.Option("--unconfined", help="With verification: run the project's code even where this system cannot confine it.")
]


@app.command(DEFAULT)
def convert(
    path: Project,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="DIR", help="Folder to write.", show_default="PATH-fal")] = None,
    target: TargetOption = None,
    style: StyleOption = None,
    name: Annotated[str | None, typer.Option("--name", help="Name of the app.", show_default=False)] = None,
    idiomatic: IdiomaticOption = None,
    realtime: RealtimeOption = None,
    endpoint_config: EndpointOption = None,
    image_config: ImageOption = None,
    openapi: OpenApiOption = None,
    settings: SetOption = None,
    only: OnlyOption = None,
    skip: SkipOption = None,
    in_place: Annotated[bool, typer.Option("--in-place", help="Write into the project, which must be a clean git tree.")] = False,
    force: ForceOption = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print what would change as a diff and write nothing.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 where something would change.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Run source and result and compare them; exit 6 where they differ.")] = False,
    rehearse: RehearseOption = False,
    unconfined: Unconfined = False,
    fail_on: FailOnOption = None,
    format: FormatOption = None,
    quiet: QuietOption = False,
) -> int:
    """Convert the project at PATH (the default command: `migrate PATH`)."""
    from converters.commands.arguments import request_of
    from converters.commands.conversion import show
    from converters.commands.convert import perform

    request = request_of(
        path,
        output=output,
        target=_value(target),
        style=_value(style),
        name=name,
        idiomatic=idiomatic,
        realtime=realtime,
        endpoint_config=endpoint_config,
        image_config=image_config,
        openapi=openapi,
        settings=settings or [],
        only=only or [],
        skip=skip or [],
        in_place=in_place,
        force=force,
        diff=diff,
        check=check,
        verify=verify,
        rehearse=rehearse,
        unconfined=unconfined,
        fail_on=_value(fail_on),
        format=_value(format),
        quiet=quiet,
    )
    result = perform(request)
    show(result, request)
    return result.exit_code


@app.command()
def callers(
    path: Annotated[
        Path,
        typer.Argument(metavar="PATH", help="Folder of programs that call RunPod or Replicate, or one.", show_default=False, parser=_path),
    ],
    map: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="ENDPOINT=owner/app[:FOLDER]",
            help="The fal app of an endpoint, and the folder that it was converted to; repeatable.",
        ),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="DIR", help="Folder to write.", show_default="PATH-fal")] = None,
    in_place: Annotated[bool, typer.Option("--in-place", help="Write into the project, which must be a clean git tree.")] = False,
    force: ForceOption = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print what would change as a diff and write nothing.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 where something would change.")] = False,
    fail_on: FailOnOption = None,
    format: FormatOption = None,
    quiet: QuietOption = False,
) -> int:
    """Rewrite the calls of RunPod and Replicate at PATH as calls of fal_client."""
    from converters.commands.arguments import request_of
    from converters.commands.callers import perform
    from converters.commands.conversion import show

    typed = {"output": output, "in_place": in_place, "force": force, "diff": diff, "check": check, "fail_on": _value(fail_on)}
    request = request_of(path, format=_value(format), quiet=quiet, **typed)
    result = perform(request, map or [])
    show(result, request)
    return result.exit_code


@app.command()
def inspect(path: Project, format: Annotated[Plain, typer.Option("--format", help="Form of the answer.")] = Plain.text) -> int:
    """Show what was found in the project at PATH, without converting it."""
    from converters.commands.inspect import inspect_project

    return inspect_project(path, format.value)


@app.command()
def verify(
    path: Project,
    target: Annotated[
        Path | None,
        typer.Argument(
            metavar="[TARGET]",
            help="The converted project, or any app of fal: a folder or a file.py[::Class].",
            show_default="a fresh conversion",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the requests that are drawn.")] = 0,
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="Time for the requests of each app.")] = 60,
    double: Annotated[
        list[str] | None, typer.Option("--double", metavar="PACKAGE", help="Replace this package though it is installed.")
    ] = None,
    source_python: Annotated[
        Path | None,
        typer.Option(
            "--source-python",
            metavar="PATH",
            help="Run the source side with this Python, such as that of an environment with the project's release of cog or runpod.",
            show_default="one with the release that the project asks for",
        ),
    ] = None,
    source_sdk: Annotated[
        SourceSdk | None,
        typer.Option(
            "--source-sdk",
            help="auto: the release of cog or runpod that the project asks for, in an environment made for it; own: this one's.",
            envvar="FAL_MIGRATE_SOURCE_SDK",
            show_default="auto",
        ),
    ] = None,
    schema: Annotated[Path | None, typer.Option("--schema", metavar="FILE", help="Cog's own openapi_schema.json.")] = None,
    app: Annotated[
        str,
        typer.Option("--app", metavar="NAME", help="The app of TARGET that is meant.", show_default="the source's name, or the only one"),
    ] = "",
    contract: Annotated[
        Path | None,
        typer.Option("--contract", metavar="FILE", help="Which fields of the app stand for fields of the source: SOURCE=APP, one a line."),
    ] = None,
    replay: Annotated[Path | None, typer.Option("--replay", metavar="FILE", help="Send the requests of this certificate.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the certificate as JSON.")] = None,
    unconfined: Unconfined = False,
    format: Annotated[Certified, typer.Option("--format", help="Form of the answer.")] = Certified.text,
) -> int:
    """Show that a converted project, or another app of fal, does what the project at PATH does: both run with doubles; exit 6 if not."""
    from converters.commands.arguments import stated_options
    from converters.commands.verify import Request, verify_project

    request = Request(
        path,
        target,
        seed,
        seconds,
        tuple(double or ()),
        schema,
        replay,
        source_python,
        (source_sdk or SourceSdk.auto).value,
        app=app,
        contract=contract,
        output=output,
        format=format.value,
        unconfined=unconfined,
    )
    return verify_project(request, stated_options(path))


@app.command()
def rehearse(
    path: Annotated[
        Path,
        typer.Argument(metavar="OUT", help="Folder of a fal project, or a file app.py[::Class].", show_default=False, parser=_path),
    ],
    apps: Annotated[list[str] | None, typer.Option("--app", metavar="NAME", help="Rehearse this app only; repeatable.")] = None,
    engine: Annotated[
        str | None,
        typer.Option("--engine", metavar="NAME", help="What builds images and starts them.", show_default="buildah"),
    ] = None,
    base: Annotated[
        list[str] | None,
        typer.Option("--base", metavar="IMAGE=FOLDER|SUITE", help="What stands in for a base image; repeatable."),
    ] = None,
    real_bases: Annotated[bool, typer.Option("--real-bases", help="Pull base images from their registries.")] = False,
    cache: Annotated[Path | None, typer.Option("--cache", metavar="DIR", help="Folder of stand-ins, layers and packages.")] = None,
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="Time for the start of each app.")] = 180,
    clean: Annotated[bool, typer.Option("--clean", help="Remove what rehearsals have stored, and stop.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the result as JSON.")] = None,
    format: Annotated[Certified, typer.Option("--format", help="Form of the answer.")] = Certified.text,
    quiet: QuietOption = False,
) -> int:
    """Build the image of the fal project at OUT and start its app as fal would, on this machine; exit 7 where that fails."""
    from converters.commands import rehearse as command

    request = command.Request(
        path,
        tuple(apps or ()),
        engine or "",
        tuple(base or ()),
        real_bases,
        cache,
        seconds,
        output,
        format.value,
        quiet,
    )
    return command.clean(request) if clean else command.rehearse_project(request)


@app.command()
def check(
    path: Annotated[Path, typer.Argument(metavar="APP", help="Folder of a fal project.", show_default=False, parser=_path)],
    format: Annotated[Plain, typer.Option("--format", help="Form of the answer.")] = Plain.text,
) -> int:
    """Look through the fal project at APP for what would not build, start or answer on fal; exit 3 where something is found."""
    from converters.commands.check import check_project

    return check_project(path, format.value)


@app.command()
def explain(
    subject: Annotated[str, typer.Argument(metavar="RULE|FILE:LINE", help="A rule's code, or a line of a project.", show_default=False)],
    project: Annotated[Path | None, typer.Option("--project", help="Project of the line.", show_default="its folder")] = None,
) -> int:
    """Explain a rule, or what becomes of a line of a project and why."""
    from converters.commands.explain import explain_line, explain_rule

    file, colon, line = subject.rpartition(":")
    return explain_line(Path(file), int(line), project) if colon and line.isdecimal() else explain_rule(subject)


@app.command()
def run(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Folder of a fal project.", show_default=False, parser=_path)],
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8080,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    owner: Annotated[str, typer.Option("--owner", help="First part of the address of every app.")] = "local",
    environment: Annotated[
        str | None, typer.Option("--env", metavar="NAME", help="fal environment: apps are called APP--NAME.", show_default="main")
    ] = None,
    install: Annotated[bool, typer.Option("--install", help="Give each app a virtual environment with its requirements.")] = False,
    data: Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Folder that stands for /data.")] = None,
    state: Annotated[Path | None, typer.Option("--state", metavar="DIR", help="Folder of the queue and of returned files.")] = None,
    secrets: Annotated[Path | None, typer.Option("--secrets", metavar="FILE", help="Secrets, one NAME=VALUE a line.")] = None,
    capture_openapi: Annotated[
        bool, typer.Option("--capture-openapi", help="Write the server's OpenAPI document to PATH/openapi.json and stop.")
    ] = False,
    keys: Annotated[
        list[str] | None, typer.Option("--key", metavar="ID:SECRET", help="A key that callers of apps that are not public must have.")
    ] = None,
    scale_to_zero: Annotated[bool, typer.Option("--scale-to-zero", help="Let idle runners go, as on the platform.")] = False,
    unconfined: Annotated[bool, typer.Option("--unconfined", help="Let apps see and change all files that you can.")] = False,
) -> int:
    """Serve the apps of the fal project at PATH on this machine."""
    try:
        from fal_runtime.main import run as serve
    except ModuleNotFoundError as error:
        hint = 'Install it: pip install "fal-migrate[run]".'
        raise MigrateError(f"the runtime is not installed (no module {error.name!r}).", hint=hint) from error
    return int(
        serve(
            path,
            port=port,
            unconfined=unconfined,
            host=host,
            owner=owner,
            environment=environment,
            install=install,
            data=data,
            state=state,
            secrets=secrets,
            keys=keys or (),
            keep_warm=not scale_to_zero,
            capture_openapi=capture_openapi,
        )
    )


@app.command("exec", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def execute(
    command: Annotated[
        list[str], typer.Argument(metavar="-- COMMAND...", help="A program that calls fal, unmodified.", show_default=False)
    ],
    port: Annotated[int | None, typer.Option("--port", min=1, max=65535, help="Port of `migrate run`.", show_default="the last")] = None,
) -> int:
    """Run a program with its fal_client redirected to a running `migrate run`."""
    try:
        from fal_runtime.errors import RuntimeFailure
        from fal_runtime.redirect import execute as redirected
    except ModuleNotFoundError as error:
        hint = 'Install it: pip install "fal-migrate[run]".'
        raise MigrateError(f"the runtime is not installed (no module {error.name!r}).", hint=hint) from error
    try:
        return int(redirected(command, port=port))
    except RuntimeFailure as error:
        raise MigrateError(f"{error}.") from error


@app.command()
def batch(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Folders that hold projects.", show_default=False, parser=_path)],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Folder of outputs.", show_default="PATH-fal")
    ] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Projects at a time.", show_default="processors")] = None,
    timeout: Annotated[
        float | None,
        typer.Option("--timeout", min=0.1, metavar="SECONDS", help="Time limit of each project; 1800 with --rehearse.", show_default="60"),
    ] = None,
    shard: Annotated[str, typer.Option("--shard", metavar="I/N", help="Convert the I-th of N parts, from 1.")] = "1/1",
    resume: Annotated[bool, typer.Option("--resume", help="Leave out what an interrupted batch finished.")] = False,
    target: TargetOption = None,
    style: StyleOption = None,
    idiomatic: IdiomaticOption = None,
    settings: SetOption = None,
    only: OnlyOption = None,
    skip: SkipOption = None,
    force: ForceOption = False,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 where something would change.")] = False,
    rehearse: RehearseOption = False,
    fail_on: FailOnOption = None,
    format: FormatOption = Format.text,
    quiet: QuietOption = False,
) -> int:
    """Convert every project below the paths, each in a process of its own; the exit code is the greatest of all."""
    from converters.batch import BatchRequest, run_batch
    from converters.commands.arguments import shard_of
    from converters.reports import print_batch

    typed = {"target": _value(target), "style": _value(style), "idiomatic": idiomatic, "settings": settings or [], "only": only or []}
    typed |= {"skip": skip or [], "force": force, "check": check, "fail_on": _value(fail_on)}
    typed |= {"rehearse": True} if rehearse else {}
    count = jobs or os.cpu_count() or 1
    seconds = timeout or (1800.0 if rehearse else 60.0)
    made = run_batch(BatchRequest(tuple(paths), output, count, seconds, shard_of(shard), resume, quiet, typed))
    if not quiet or format is Format.json:
        print_batch(made, _value(format))
    return int(made["exit_code"])


def _value(choice: Enum | None) -> Any:
    return choice.value if choice else None


def main(arguments: list[str] | None = None) -> NoReturn:
    """The program `migrate`: always ends with an exit code of `ExitCode`."""
    from converters.terminal import prepare

    prepare()
    raise SystemExit(int(answer(sys.argv[1:] if arguments is None else arguments)))


def answer(arguments: list[str]) -> int:
    """Run one command line and return its exit code, whatever happens."""
    from converters.terminal import print_error

    try:
        code = _program()(arguments or ["--help"], prog_name="migrate", standalone_mode=False)
    except MigrateError as error:
        print_error(str(error))
        return error.code
    except (KeyboardInterrupt, typer.Abort):
        return ExitCode.INTERRUPTED
    except Exception as error:
        return _usage(error) if hasattr(error, "format_message") else _bug(error, arguments)
    if not isinstance(code, int):
        raise AssertionError(f"command {arguments[:1]} failed to end with an exit code")
    return code if arguments else ExitCode.USAGE


@functools.cache
def _program() -> Any:
    """The commands with their options, read from the functions above once: that takes as long as a small conversion."""
    return typer.main.get_command(app)


def _usage(error: Any) -> int:
    """A command line that the parser refuses (click's exceptions, which differ in class by version of typer)."""
    from converters.terminal import print_error

    if message := error.format_message():
        print_error(f"migrate: {message} See `migrate --help`.".replace("\n", " "))
    return ExitCode.USAGE


def _bug(error: Exception, arguments: list[str]) -> int:
    import traceback

    from converters.credentials.recognize import Dialect
    from converters.credentials.vault import Vault
    from converters.terminal import print_error, save_report

    vault = Vault()
    vault.read("", " ".join(arguments), Dialect.CONFIG)
    head = f"fal-migrate {__version__}, Python {sys.version}\nmigrate {' '.join(arguments)}\n\n"
    report = save_report(vault.mask(head + "".join(traceback.format_exception(error)), Dialect.CONFIG))
    print_error(f"internal error: {vault.mask(f'{type(error).__name__}: {error}')}. The report for an issue is in {report}")
    return ExitCode.BUG


if __name__ == "__main__":
    main()
