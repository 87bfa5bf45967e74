"""The command line. Every command imports what it needs when it runs, so that `--help` and `--version` stay quick."""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from converters import __version__, many
from converters.commands import brief, doctor, mcp, options, serve, skill
from converters.commands.options import value_of
from converters.default_command import DEFAULT, DefaultGroup
from converters.errors import ExitCode, MigrateError

app = typer.Typer(
    cls=DefaultGroup,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Convert RunPod, Replicate (Cog) and Docker-server projects to fal Serverless. `migrate PATH` converts the project at PATH.",
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"fal-migrate {__version__}")
        raise typer.Exit


@app.callback()
def group(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False) -> None:
    """Convert RunPod, Replicate (Cog) and Docker-server projects to fal Serverless. `migrate PATH` converts the project at PATH."""


@app.command(DEFAULT)
def convert(
    path: options.Project,
    output: options.Output = None,
    target: options.Target = None,
    style: options.Style = None,
    name: Annotated[str | None, typer.Option("--name", help="Name of the app.", show_default=False)] = None,
    idiomatic: options.Idiomatic = None,
    realtime: options.Realtime = None,
    endpoint_config: options.Endpoint = None,
    image_config: options.Image = None,
    openapi: options.OpenApi = None,
    settings: options.Set = None,
    only: options.Only = None,
    skip: options.Skip = None,
    in_place: options.InPlace = False,
    commit: options.Commit = False,
    force: options.Force = False,
    diff: options.Diff = False,
    check: options.Check = False,
    review: options.Review = False,
    plan: options.Plan = None,
    verify: Annotated[bool, typer.Option("--verify", help="Run source and result and compare them; exit 6 where they differ.")] = False,
    rehearse: options.Rehearse = False,
    resolve: options.Resolve = False,
    unconfined: options.Unconfined = False,
    fail_on: options.FailOn = None,
    format: options.Format = None,
    quiet: options.Quiet = False,
) -> int:
    """Convert the project at PATH (the default command: `migrate PATH`)."""
    from converters.commands.arguments import request_of
    from converters.commands.conversion import show
    from converters.commands.convert import perform

    request = request_of(
        path,
        output=output,
        target=value_of(target),
        style=value_of(style),
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
        commit=commit,
        force=force,
        diff=diff,
        check=check,
        review=review,
        plan=plan,
        verify=verify,
        rehearse=rehearse,
        resolve=resolve,
        unconfined=unconfined,
        fail_on=value_of(fail_on),
        format=value_of(format),
        quiet=quiet,
    )
    result = perform(request)
    show(result, request)
    return result.exit_code


@app.command()
def callers(
    path: Annotated[
        Path,
        options.path_argument("PATH", "Folder of programs that call RunPod or Replicate, or one."),
    ],
    map: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="ENDPOINT=owner/app[:FOLDER]",
            help="The fal app of an endpoint, a model or a server's address (http://HOST:PORT), and the folder that it was converted to; "
            "repeatable.",
        ),
    ] = None,
    private: Annotated[
        bool, typer.Option("--private", help="Files of results can be read by the account alone, not by their address.")
    ] = False,
    expire: Annotated[int | None, typer.Option("--expire", metavar="SECONDS", help="Files of results are deleted after that time.")] = None,
    output: options.Output = None,
    in_place: options.InPlace = False,
    force: options.Force = False,
    diff: options.Diff = False,
    check: options.Check = False,
    fail_on: options.FailOn = None,
    format: options.Format = None,
    quiet: options.Quiet = False,
) -> int:
    """Rewrite the calls of RunPod, Replicate and converted servers at PATH as calls of fal."""
    from converters.commands.arguments import request_of
    from converters.commands.callers import perform
    from converters.commands.conversion import show

    typed = {"output": output, "in_place": in_place, "force": force, "diff": diff, "check": check, "fail_on": value_of(fail_on)}
    request = request_of(path, format=value_of(format), quiet=quiet, **typed)
    result = perform(request, map or [], private=private, expire=expire)
    show(result, request)
    return result.exit_code


@app.command()
def inspect(path: options.Project, format: options.Plain = options.PlainChoice.text) -> int:
    """Show what was found in the project at PATH, without converting it."""
    from converters.commands.inspect import inspect_project

    return inspect_project(path, format.value)


@app.command()
def verify(
    path: options.Project,
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
        options.SourceSdkChoice | None,
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
    live: Annotated[
        str,
        typer.Option(
            "--live",
            metavar="OLD_URL",
            help="Compare this endpoint with the deployed app owner/app, which PATH names then.",
            show_default=False,
        ),
    ] = "",
    requests: Annotated[Path | None, typer.Option("--requests", metavar="FILE", help="Recorded requests for --live, JSON a line.")] = None,
    rate: Annotated[float, typer.Option("--rate", min=0.01, max=100, help="Requests a second of --live.")] = 1.0,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Recorded requests that --live sends.")] = 20,
    yes: Annotated[bool, typer.Option("--yes", help="Send requests with --live that may change something.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the certificate as JSON.")] = None,
    unconfined: options.Unconfined = False,
    format: options.Certified = options.CertifiedChoice.text,
) -> int:
    """Show that a converted project, or another app of fal, does what the project at PATH does: both run with doubles; exit 6 if not."""
    from converters.commands.arguments import stated_options
    from converters.commands.verify import Request, verify_project

    if live:
        from converters.commands import live as command
        from converters.errors import UsageError

        if requests is None:
            raise UsageError("--live needs requests to send.", hint="Give them with --requests FILE.")
        asked = command.Request(live, command.typed(path), requests, target, contract, rate, limit, seconds, yes, output, format.value)
        return command.perform(asked)
    request = Request(
        path,
        target,
        seed,
        seconds,
        tuple(double or ()),
        schema,
        replay,
        source_python,
        (source_sdk or options.SourceSdkChoice.auto).value,
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
        options.path_argument("OUT", "Folder of a fal project, or a file app.py[::Class]."),
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
    format: options.Certified = options.CertifiedChoice.text,
    quiet: options.Quiet = False,
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
    path: Annotated[Path, options.path_argument("APP", "Folder of a fal project.")],
    resolve: options.Resolve = False,
    finding: Annotated[
        str,
        typer.Option(
            "--finding", metavar="ID", help="Look for this finding of the JSON alone; exit 0 where it is gone.", show_default=False
        ),
    ] = "",
    format: options.Plain = options.PlainChoice.text,
) -> int:
    """Look through the fal project at APP for what would not build, start or answer on fal; exit 3 where something is found."""
    from converters.commands.check import check_project

    return check_project(path, format.value, resolve=resolve, finding=finding)


@app.command()
def status(
    path: Annotated[Path, options.path_argument("OUT", "Folder that `migrate PATH` wrote.")],
    source: Annotated[
        Path | None, typer.Option("--source", metavar="PATH", help="Where the source is now.", show_default="as it was")
    ] = None,
    format: options.Plain = options.PlainChoice.text,
) -> int:
    """Tell what changed since OUT was written: its source, this program, or OUT by hand; exit 1 where a run would change it."""
    from converters.commands.status import show_status

    return show_status(path, source, format.value)


@app.command()
def explain(
    subject: Annotated[str, typer.Argument(metavar="RULE|FILE:LINE", help="A rule's code, or a line of a project.", show_default=False)],
    project: Annotated[Path | None, typer.Option("--project", help="Project of the line.", show_default="its folder")] = None,
) -> int:
    """Explain a rule, or what becomes of a line of a project and why."""
    from converters.commands.explain import explain_line, explain_rule

    file, colon, line = subject.rpartition(":")
    return explain_line(Path(file), int(line), project) if colon and line.isdecimal() else explain_rule(subject)


app.command()(brief.brief)
app.command()(mcp.mcp)
app.command()(skill.skill)
app.command()(doctor.doctor)
app.command()(serve.run)
app.command("exec", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})(serve.execute)


app.command()(many.batch)
app.command()(many.audit)


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
        if hasattr(error, "format_message"):
            return _usage(error)
        from converters.bug_report import report_bug

        return report_bug(error, arguments)
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


if __name__ == "__main__":
    main()
