"""The report for a person at a terminal: what was found, what it became and why, what is left to do, and what to run next."""

from __future__ import annotations

import base64
import io
import shlex
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from converters.escape import log, visible
from converters.fal.client import deployment
from converters.reports.json import (
    Document,
    examined,
    is_notable,
    is_open,
    is_open_code,
    is_suppressed,
    left_out,
    near,
    same_names,
    unit_name,
)
from converters.sources.registry import find
from converters.terminal import print_bytes, print_text, wants_colour

_SENTENCES = ("message", "hint", "why", "why_style")
WIDE = 100
"""Columns of a report that goes into a file or a pipe."""


@contextmanager
def printing() -> Iterator[Console]:
    """A console whose text goes to standard output at the end: colours on a terminal only, lines of a pipe never cut."""
    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else WIDE
    colours = wants_colour(sys.stdout)
    out = Console(
        file=io.StringIO(), width=width, force_terminal=colours, no_color=not colours, highlight=False, soft_wrap=not terminal, emoji=False
    )
    yield out
    print_text(log(out.file.getvalue()))  # type: ignore[attr-defined]


def print_project(document: Document) -> None:
    """Print the whole report of one conversion."""
    document = _legible(document)
    with printing() as out:
        _print_found(out, document)
        for line in _became(document):
            out.print(line)
        if document["apps"]:
            out.print(_apps(document))
        for line in [*_environments(document), *_left(document), *_counts(document), *_next(document)]:
            out.print(line)


def print_findings(document: Document) -> None:
    """Print what was found, and no more (`migrate inspect`)."""
    document = _legible(document)
    with printing() as out:
        _print_found(out, document)
        out.print(_apps(document))
        for line in _environments(document):
            out.print(line)


def print_batch(batch: Document) -> None:
    """Print one row per project and the sums."""
    batch = _legible(batch)
    table = Table(box=None, pad_edge=False)
    for title in ("exit", "status", "project", "platform", "by hand", "output or reason"):
        table.add_column(title, overflow="fold")
    for result in batch["results"]:
        table.add_row(*(Text(cell) for cell in _row(result)))
    with printing() as out:
        out.print(table)
        out.print(", ".join(f"{count} {status}" for status, count in batch["counts"].items() if count) or "nothing to convert")
        if batch.get("from_cache"):
            out.print(f"{batch['from_cache']} of them known from the cache, not converted again")
        for sentence in [*(sentence for _, sentence in examined(batch)), *left_out(batch), *same_names(batch)]:
            out.print(Text(sentence))
        for result in batch["results"]:
            for line in _left_of(result):
                out.print(Text(line))


def _left_of(result: Document) -> Iterator[str]:
    """What is left of one project of a batch, in the code first, each with its place."""
    items = sorted(filter(is_open, result["ledger"]["items"]), key=lambda item: not is_open_code(item))
    if items:
        yield f"\n{unit_name(result)}: {len(items)} left to do"
    for item in items:
        yield f"  {place(item)} {item['rule']} ({item['scope']})  {' '.join(item['message'].split())}"


def print_diffs(batch: Document) -> None:
    """Print the diff of each project of a batch, after the folder that it is for (`git apply --directory=FOLDER`)."""
    for result in batch["results"]:
        data = base64.b64decode(result["diff_base64"]) if result.get("diff_base64") else (result.get("diff") or "").encode()
        if data:
            print_text(f"{visible(near(result['source']['path']))}\n")
            print_bytes(data)


def _legible(value: Any) -> Any:
    """A document whose texts no terminal obeys."""
    if isinstance(value, dict):
        return {_legible(key): _legible(_on_one_line(item) if key in _SENTENCES else item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_legible(item) for item in value]
    return visible(value) if isinstance(value, str) else value


def _on_one_line(value: Any) -> Any:
    """A sentence as one line; under the names of sentences, a schema has properties."""
    return " ".join(value.split()) if isinstance(value, str) else value


def _row(result: Document) -> tuple[str, ...]:
    source = result["source"]
    count = sum(map(is_open_code, result["ledger"]["items"]))
    return (
        str(result["exit_code"]),
        result["status"],
        unit_name(result),
        source["platform"] or "",
        str(count or ""),
        near(result["output"]) if result["output"] else f"{result['message'] or ''} {result['hint'] or ''}".strip(),
    )


def _print_found(out: Console, document: Document) -> None:
    source = document["source"]
    what = f"is a {_platform(source['platform'])} project" if document["apps"] else f"calls {_platform(source['platform'])}"
    out.print(f"[bold]{escape(Path(source['path']).name)}[/bold] {what}")
    for one in source["evidence"]:
        out.print(Text(f"  {one['file']}:{one['line']}  {one['why']}", style="dim"))


def _platform(name: str | None) -> str:
    platform = find(name or "")
    return platform.label if platform else "unknown"


def _became(document: Document) -> Iterator[str]:
    for app in document["apps"]:
        style = f", style {app['style']}" if app["style"] else ""
        yield f"[green]→[/green] [bold]{escape(app['name'])}[/bold]: {app['target']}{style}"
        for why in filter(None, (app["why"], app["why_style"])):
            yield f"  [dim]{escape(why)}[/dim]"


def _apps(document: Document) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("app", "machine", "endpoint", "input", "output"):
        table.add_column(title, overflow="fold")
    for app in document["apps"]:
        machine = f"{app['num_gpus']} × {_one(app['machine_type'])}" if (app["num_gpus"] or 0) > 1 else _one(app["machine_type"])
        for number, endpoint in enumerate(app["endpoints"] or [None]):
            first = (app["name"], machine) if number == 0 else ("", "")
            table.add_row(*(Text(cell) for cell in (*first, *_endpoint(endpoint))))
    return table


def _one(machine: object) -> str:
    return " or ".join(map(str, machine)) if isinstance(machine, list) else str(machine or "not stated")


def _endpoint(endpoint: Document | None) -> tuple[str, str, str]:
    if endpoint is None:
        return ("", "", "")
    kind = "" if endpoint["kind"] == "unary" else f" ({endpoint['kind']})"
    return endpoint["path"] + kind, fields(endpoint["input_schema"]), fields(endpoint["output_schema"])


def fields(schema: Document) -> str:
    """The keys of an object schema, optional ones with a question mark; else its type."""
    properties, required = schema.get("properties"), schema.get("required", [])
    if properties:
        return ", ".join(name if name in required else f"{name}?" for name in properties)
    return str(schema.get("type", "anything"))


def _environments(document: Document) -> Iterator[str]:
    for app in document["apps"]:
        environment = app["environment"]
        python = f"Python {environment['python_version']}, " if environment["python_version"] else ""
        yield f"environment: {python}{escape(_contents(environment))}"
        if environment["why"]:
            yield f"  [dim]{escape(environment['why'])}[/dim]"
        if guessed := assumed(app):
            yield f"assumed: {escape('; '.join(guessed))}"
        if app["secrets"]:
            yield f"secrets to set: {escape(', '.join(app['secrets']))}"


def assumed(app: Document) -> list[str]:
    """What nothing in the project says of an app, and no row tells to look up: `python 3.11 (nothing names a version)`."""
    return [
        f"{one['subject']} {_one(one['value'])} ({one['evidence'][0]['text']})" if one["evidence"] else f"{one['subject']} {one['value']}"
        for one in app["decisions"]
        if one["certainty"] == "assumed" and not one["rule"]
    ]


def _contents(environment: Document) -> str:
    if environment["kind"] == "image":
        return f"image from {environment['dockerfile']}" if environment["dockerfile"] else "a ready image"
    count = len(environment["requirements"])
    return "1 requirement" if count == 1 else f"{count} requirements"


def _left(document: Document) -> Iterator[str]:
    items = document["ledger"]["items"]
    code = [item for item in items if is_open_code(item)]
    deploy = [item for item in items if is_open(item) and not is_open_code(item)]
    yield from _section("[bold yellow]Left to do in the code[/bold yellow]", code)
    yield from _section("[bold]To set at deployment[/bold]", deploy)
    yield from _section("[bold]What changes[/bold]", filter(is_notable, items))
    yield from _section("[bold]Passed over[/bold]", ({**item, "message": suppression(item)} for item in filter(is_suppressed, items)))


def _section(title: str, items: Iterable[Document]) -> Iterator[str]:
    rows = list(items)
    if rows:
        yield f"\n{title} ({len(rows)})"
    for item in rows:
        yield f"  [cyan]{escape(place(item))}[/cyan] {escape(item['rule'])}  {escape(' '.join(item['message'].split()))}"


def suppression(item: Document) -> str:
    """What is passed over, and why."""
    return f"{item['message']} (suppressed: {item['suppressed']['reason']})"


def place(item: Document) -> str:
    """`file:line` of a ledger item."""
    return f"{item['file']}:{item['line']}" if item["line"] else str(item["file"])


def _counts(document: Document) -> Iterator[str]:
    counts = document["ledger"]["counts"]
    suppressed = sum(map(is_suppressed, document["ledger"]["items"]))
    counted = ", ".join(f"{counts[name]} {name}" for name in ("converted", "kept", "dropped", "manual"))
    yield f"\naccounted for: {counted}{f', {suppressed} of them suppressed' if suppressed else ''}"


def _next(document: Document) -> Iterator[str]:
    if not document["output"]:
        return
    guide = any(file["path"] == "MIGRATION.md" for file in document["files"])
    yield f"\nwritten to {escape(_output(document))}{' (start with MIGRATION.md)' if guide else ''}"
    yield from (f"  {escape(command)}" for command in next_commands(document))


def _output(document: Document) -> str:
    return shlex.quote(near(document["output"]))


def next_commands(document: Document) -> list[str]:
    """What to run next, of a conversion that was written."""
    return list(_commands(document)) if document["output"] and document["apps"] else []


def _commands(document: Document) -> Iterator[str]:
    output, source = _output(document), Path(document["source"]["path"])
    if Path(document["output"]) != source:
        source /= document["source"]["entry"] or ""
        yield f"migrate verify {shlex.quote(near(str(source)))} {output}"
    yield f"migrate rehearse {output}"
    yield f"migrate run {output}"
    for app in document["apps"]:
        python = app["environment"]["python_version"] if app["target"] != "pyproject" else None
        yield f"cd {output} && {deployment(app['name'], python or '')}"
    if _is_called(document):
        maps = (f"--map {shlex.quote(f'OLD=OWNER/{one}:' + near(document['output']))}" for one in (app["name"] for app in document["apps"]))
        yield f"migrate callers CALLERS {' '.join(maps)}"


def _is_called(document: Document) -> bool:
    """Whether programs call the platform in ways that `migrate callers` rewrites."""
    platform = find(document["source"]["platform"] or "")
    return platform is not None and (platform.caller is not None or any(app["server"] for app in document["apps"]))
