"""An audit as text, Markdown, CSV, JSON and as a page of its own."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from converters.escape import csv_cell, html_log, log, one_line, visible
from converters.reports.json import Document, left_out
from converters.reports.json import render as as_json
from converters.targets.templating import environment

SHOWN = 12
"""Rows of each table of the text: the other forms show all."""
NAMED = 3
COLUMNS = ("name", "platform", "outcome", "status", "apps", "machines", "environments", "code", "deploy", "hours", "why")


def as_text(audit: Document) -> str:
    """What a person reads on a terminal."""
    return "".join(f"{one_line(line)}\n" for line in _text(audit))


def _text(audit: Document) -> Iterator[str]:
    yield f"{audit['units']} units: {_listed(audit['platforms'])}"
    yield f"  {_listed(audit['outcomes'])} ({ready_share(audit):.0%} without work in the code)"
    yield f"  about {audit['hours']:g} hours of work, {basis(audit)}"
    for title in ("machines", "environments", "pythons", "styles"):
        yield f"  {title}: {_listed(audit[title]) or 'none'}"
    for scope, title in (("code", "To do in the code"), ("deploy", "To set at deployment")):
        yield from _table(title, [_task(task) for task in audit["tasks"] if task["scope"] == scope])
    yield from _table("Not known to any rule", [f"{row['count']:5} {row['kind']} {row['name']}" for row in audit["unknown"]])
    yield from _table("Secrets", [f"{row['name']}: {_few(row['projects'])}" for row in audit["secrets"]])
    yield from _table("Registries", [f"{row['registry']}: {_few(row['images'])}" for row in audit["registries"]])
    yield from _table("Projects", [_row(project) for project in audit["projects"]], len(audit["projects"]))
    yield from (("", *left_out(audit)) if audit["left_out"] else ())


def _table(title: str, rows: Sequence[str], shown: int = SHOWN) -> Iterator[str]:
    if rows:
        yield from ("", f"{title} ({len(rows)})", *(f"  {row}" for row in rows[:shown]))
    if len(rows) > shown:
        yield f"  and {len(rows) - shown} more"


def _few(names: Sequence[str]) -> str:
    """The first of a list, and how many more there are."""
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + rest


def _task(task: Document) -> str:
    example = task["example"]
    where = f"{example['project']}: {example['file']}:{example['line']}"
    return f"{task['count']:5} {task['rule']} {task['title']}, in {len(task['projects'])} ({where})"


def _row(project: Document) -> str:
    left = ", ".join(f"{project[name]} {said}" for name, said in (("code", "in the code"), ("deploy", "at deployment")) if project[name])
    return f"{project['outcome']:13} {project['name']}: {project['why'] or left or 'nothing left to do'}"


def as_markdown(audit: Document) -> str:
    """A page for an issue or a job summary."""
    return log(visible(environment().get_template("audit.md.j2").render(**_shown_of(audit)), "\n"))


def as_html(audit: Document) -> str:
    """A page of its own, without anything from elsewhere."""
    return html_log(environment(html=True).get_template("audit.html.j2").render(**_shown_of(audit)))


def as_csv(audit: Document) -> str:
    """A row for each project, for a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([csv_cell(_cell(project[name])) for name in COLUMNS] for project in audit["projects"])
    return text.getvalue()


def _cell(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)


def _shown_of(audit: Document) -> dict[str, Any]:
    return {"audit": audit, "share": ready_share(audit), "basis": basis(audit), "left_out": left_out(audit), "listed": _listed}


def ready_share(audit: Document) -> float:
    """The share of units that convert with nothing left to do in the code; 1 for none at all."""
    return audit["outcomes"]["ready"] / audit["units"] if audit["units"] else 1.0


def basis(audit: Document) -> str:
    """What the hours rest on."""
    minutes = audit["minutes"]
    return (
        f"assumed: {minutes['review']} minutes to review a unit, {minutes['code']} for an item in the code, {minutes['deploy']} for one at"
        " deployment, nothing for what is not converted"
    )


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


VIEWS: dict[str, Callable[[Document], str]] = {
    "text": as_text,
    "json": as_json,
    "markdown": as_markdown,
    "csv": as_csv,
    "html": as_html,
}
"""The values of `--format`."""
