"""The commands over many projects, `batch` and `audit`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from converters.commands import options
from converters.commands.options import value_of
from converters.errors import ExitCode

Jobs = Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Projects at a time.", show_default="processors")]


def batch(
    paths: Annotated[list[Path], options.path_argument("PATH...", "Folders that hold projects.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Folder of outputs.", show_default="PATH-fal")
    ] = None,
    jobs: Jobs = None,
    timeout: Annotated[
        float | None,
        typer.Option("--timeout", min=0.1, metavar="SECONDS", help="Time limit of each project; 1800 with --rehearse.", show_default="60"),
    ] = None,
    shard: Annotated[str, typer.Option("--shard", metavar="I/N", help="Convert the I-th of N parts, from 1.")] = "1/1",
    resume: Annotated[bool, typer.Option("--resume", help="Leave out what an interrupted batch finished.")] = False,
    target: options.Target = None,
    style: options.Style = None,
    idiomatic: options.Idiomatic = None,
    settings: options.Set = None,
    only: options.Only = None,
    skip: options.Skip = None,
    force: options.Force = False,
    check: options.Check = False,
    rehearse: options.Rehearse = False,
    resolve: options.Resolve = False,
    fail_on: options.FailOn = None,
    format: options.Format = options.FormatChoice.text,
    quiet: options.Quiet = False,
) -> int:
    """Convert every project below the paths, each in a process of its own; the exit code is the greatest of all."""
    from converters.batch import BatchRequest, run_batch
    from converters.commands.arguments import shard_of
    from converters.reports import print_batch

    typed = {
        "target": value_of(target),
        "style": value_of(style),
        "idiomatic": idiomatic,
        "settings": settings or [],
        "only": only or [],
    }
    typed |= {"skip": skip or [], "force": force, "check": check, "fail_on": value_of(fail_on)}
    typed |= {name: True for name, asked in (("rehearse", rehearse), ("resolve", resolve)) if asked}
    count = jobs or os.cpu_count() or 1
    seconds = timeout or (1800.0 if rehearse else 60.0)
    made = run_batch(BatchRequest(tuple(paths), output, count, seconds, shard_of(shard), resume, quiet, typed))
    if not quiet or format is options.FormatChoice.json:
        print_batch(made, value_of(format))
    return int(made["exit_code"])


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
