"""The commands over many projects, `batch` and `audit`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from converters.commands import options
from converters.commands.options import value_of
from converters.errors import ExitCode, UsageError

_MEMORY = 4096
"""MB for each project of a batch."""

Jobs = Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Projects at a time.", show_default="processors")]


def batch(
    paths: Annotated[list[Path] | None, options.path_argument("PATH...", "Folders that hold projects.")] = None,
    projects: Annotated[
        Path | None, typer.Option("--projects", metavar="FILE", help="A list of further paths, one a line.", show_default=False)
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Folder of outputs.", show_default="PATH-fal")
    ] = None,
    jobs: Jobs = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout",
            min=0.1,
            metavar="SECONDS",
            help="Time limit of each project; 1800 with --rehearse, 900 with --verify.",
            show_default="60",
        ),
    ] = None,
    memory: Annotated[
        int | None,
        typer.Option(
            "--memory", min=256, metavar="MB", help="Memory of each project; no limit with --verify or --rehearse.", show_default="4096"
        ),
    ] = None,
    only_changed: Annotated[
        str, typer.Option("--only-changed", metavar="REF", help="Leave out projects in which nothing differs from this commit of git.")
    ] = "",
    endpoint_config_dir: Annotated[
        Path | None,
        typer.Option("--endpoint-config-dir", metavar="DIR", help="Exported endpoint settings: PROJECT.json each.", show_default=False),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option("--cache", metavar="DIR", help="Take what the same project came to before from there, and keep what is new."),
    ] = None,
    dask: Annotated[
        str, typer.Option("--dask", metavar="ADDRESS", help="Convert on this Dask cluster, whose workers need this program, but no disk.")
    ] = "",
    shard: Annotated[str, typer.Option("--shard", metavar="I/N", help="Convert the I-th of N parts, from 1.")] = "1/1",
    resume: Annotated[bool, typer.Option("--resume", help="Leave out what an interrupted batch finished.")] = False,
    target: options.Target = None,
    style: options.Style = None,
    idiomatic: options.Idiomatic = None,
    settings: options.Set = None,
    only: options.Only = None,
    skip: options.Skip = None,
    force: options.Force = False,
    diff: options.Diff = False,
    check: options.Check = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Run source and result of each and compare them; exit 6 where they differ.")
    ] = False,
    rehearse: options.Rehearse = False,
    unconfined: options.Unconfined = False,
    resolve: options.Resolve = False,
    fail_on: options.FailOn = None,
    format: options.Format = options.FormatChoice.text,
    quiet: options.Quiet = False,
) -> int:
    """Convert every project below the paths, each in a process of its own; the exit code is the greatest of all."""
    from converters.batch import BatchRequest, run_batch
    from converters.commands.arguments import shard_of
    from converters.reports import print_batch
    from converters.reports.text import print_diffs

    typed = {
        "target": value_of(target),
        "style": value_of(style),
        "idiomatic": idiomatic,
        "settings": settings or [],
        "only": only or [],
    }
    typed |= {"skip": skip or [], "force": force, "diff": diff, "check": check, "fail_on": value_of(fail_on)}
    typed |= {
        name: True
        for name, asked in (("verify", verify), ("rehearse", rehearse), ("resolve", resolve), ("unconfined", unconfined))
        if asked
    }
    count = jobs or os.cpu_count() or 1
    seconds = timeout or (1800.0 if rehearse else 900.0 if verify else 60.0)
    if dask and (verify or rehearse or resolve):
        raise UsageError("--dask converts, and does nothing else.", hint="Give it without --verify, --rehearse and --resolve.")
    bound = memory or (None if rehearse or verify else _MEMORY)
    request = BatchRequest(
        _paths(paths, projects),
        output,
        count,
        seconds,
        shard_of(shard),
        resume,
        quiet,
        bound * 2**20 if bound else None,
        only_changed,
        endpoint_config_dir,
        cache,
        dask,
        typed,
    )
    made = run_batch(request)
    if diff and format is options.FormatChoice.text:
        print_diffs(made)
    elif not quiet or format is options.FormatChoice.json:
        print_batch(made, value_of(format))
    return int(made["exit_code"])


def _paths(paths: list[Path] | None, projects: Path | None) -> tuple[Path, ...]:
    """The paths that are typed, then those of the list."""
    from converters.batch.selection import listed

    found = (*(paths or ()), *(listed(projects) if projects else ()))
    if not found:
        raise UsageError("no path is given.", hint="Give folders that hold projects, or a list of them with --projects FILE.")
    return found


def audit(
    paths: Annotated[list[Path], options.path_argument("PATH...", "Folders that hold projects.")],
    jobs: Jobs = None,
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, metavar="SECONDS", help="Time limit of each project.")] = 60.0,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the audit there, too, as JSON.", show_default=False)
    ] = None,
    format: Annotated[options.AuditChoice, typer.Option("--format", help="Form of the audit.")] = options.AuditChoice.text,
    quiet: options.Quiet = False,
) -> int:
    """Say what converting every project below the paths would come to: what is known, what is left, secrets, machines, effort."""
    from converters.audit import report
    from converters.audit.findings import audited
    from converters.batch import BatchRequest, run_batch
    from converters.commands.beside import write_document
    from converters.terminal import print_text

    typed: dict[str, Any] = {"settings": [], "only": [], "skip": [], "check": True}
    batch = run_batch(BatchRequest(tuple(paths), None, jobs or os.cpu_count() or 1, timeout, quiet=quiet, typed=typed))
    made = audited(batch)
    write_document(report.VIEWS["json"](made), output)
    if not quiet:
        print_text(report.VIEWS[value_of(format)](made))
    return batch["exit_code"] if batch["exit_code"] == ExitCode.INTERRUPTED else ExitCode.DONE
