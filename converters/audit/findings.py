"""The audit of a batch: everything is counted in the documents of its projects, nothing is read again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from converters import rules
from converters.audit import images
from converters.ir import Disposition
from converters.reports.json import Document, is_open, is_open_code, unit_name

VERSION = 1
MINUTES = {"review": 20, "code": 30, "deploy": 5}
"""What a person needs for a unit's review, an item in the code, an item at deployment. Assumed, not measured: the report says so."""
OUTCOMES = {"converted": "ready", "partial": "partly"}
"""Status of a conversion -> what it means here; any other is `not converted`."""
NOT_CONVERTED = "not converted"


def audited(batch: Document) -> Document:
    """The document of an audit (`audit.schema.json`) from that of a batch which wrote nothing."""
    results = batch["results"]
    apps = [app for result in results for app in result["apps"]]
    projects = [_project(result) for result in results]
    return {
        "version": VERSION,
        "units": len(results),
        "platforms": _counted(result["source"]["platform"] or "unknown" for result in results),
        "outcomes": {name: sum(project["outcome"] == name for project in projects) for name in (*OUTCOMES.values(), NOT_CONVERTED)},
        "hours": round(sum(project["hours"] or 0 for project in projects), 1),
        "minutes": MINUTES,
        "machines": _counted(_machine(app) for app in apps),
        "environments": _counted(app["environment"]["kind"] for app in apps),
        "pythons": _counted(app["environment"]["python_version"] or "not stated" for app in apps),
        "styles": _counted(app["style"] or app["target"] for app in apps),
        "rules": _rules(results),
        "unknown": _unknown(results),
        "tasks": _tasks(results),
        "secrets": _secrets(results),
        "registries": images.registries(results),
        "projects": projects,
        "left_out": batch["left_out"],
    }


def _counted(names: Iterable[str]) -> dict[str, int]:
    """Counts, the greatest first."""
    return dict(sorted(Counter(names).items(), key=lambda pair: (-pair[1], pair[0])))


def _machine(app: Document) -> str:
    machine = app["machine_type"]
    name = " or ".join(machine) if isinstance(machine, list) else machine or "not stated"
    return f"{app['num_gpus']} x {name}" if (app["num_gpus"] or 0) > 1 else str(name)


def _project(result: Document) -> Document:
    items = result["ledger"]["items"]
    code, manual = sum(map(is_open_code, items)), sum(map(is_open, items))
    outcome = OUTCOMES.get(result["status"], NOT_CONVERTED)
    minutes = MINUTES["review"] + code * MINUTES["code"] + (manual - code) * MINUTES["deploy"]
    return {
        "name": unit_name(result),
        "platform": result["source"]["platform"],
        "outcome": outcome,
        "status": result["status"],
        "why": f"{result['message'] or ''} {result['hint'] or ''}".strip(),
        "apps": [app["name"] for app in result["apps"]],
        "machines": sorted({_machine(app) for app in result["apps"]}),
        "environments": sorted({app["environment"]["kind"] for app in result["apps"]}),
        "code": code,
        "deploy": manual - code,
        "hours": None if outcome == NOT_CONVERTED else round(minutes / 60, 2),
    }


def _items(results: Sequence[Document]) -> Iterator[tuple[str, Document]]:
    return ((unit_name(result), item) for result in results for item in result["ledger"]["items"])


def _rules(results: Sequence[Document]) -> list[Document]:
    """Each rule that was at work, with what became of the constructs that it accounts for; the busiest first."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    projects: dict[str, set[str]] = defaultdict(set)
    for project, item in _items(results):
        counts[item["rule"]][item["disposition"]] += 1
        projects[item["rule"]].add(project)
    found = [
        {
            "rule": code,
            "title": title_of(code),
            "projects": len(projects[code]),
            **{disposition.value: counts[code][disposition.value] for disposition in Disposition},
        }
        for code in counts
    ]
    return sorted(found, key=lambda row: (-counts[row["rule"]].total(), row["rule"]))


def title_of(code: str) -> str:
    """What a rule is about; '' for a code that no rule has."""
    rule = rules.find(code)
    return rule.title if rule else ""


def _unknown(results: Sequence[Document]) -> list[Document]:
    """Constructs that no rule knows, each once."""
    places: dict[tuple[str, str], list[tuple[str, Document]]] = defaultdict(list)
    for project, item in _items(results):
        if item["rule"] == rules.ALL001:
            places[item["kind"], item["name"]].append((project, item))
    return [
        {"kind": kind, "name": name, "count": len(found), "projects": _projects(found), "example": _example(*found[0])}
        for (kind, name), found in sorted(places.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    ]


def _tasks(results: Sequence[Document]) -> list[Document]:
    """What is left for a person, by rule: first in the code, then at deployment, the most frequent first."""
    found: dict[tuple[str, str], list[tuple[str, Document]]] = defaultdict(list)
    for project, item in _items(results):
        if is_open(item):
            found[item["scope"], item["rule"]].append((project, item))
    ordered = sorted(found.items(), key=lambda pair: (pair[0][0], -len(pair[1]), pair[0][1]))
    return [
        {
            "rule": rule,
            "title": title_of(rule),
            "scope": scope,
            "count": len(items),
            "projects": _projects(items),
            "example": _example(*items[0]),
        }
        for (scope, rule), items in ordered
    ]


def _secrets(results: Sequence[Document]) -> list[Document]:
    """A secret belongs to the account: two projects that mean different values need two names."""
    found: dict[str, set[str]] = defaultdict(set)
    for result in results:
        for app in result["apps"]:
            for name in app["secrets"]:
                found[name].add(unit_name(result))
    return [{"name": name, "projects": sorted(projects)} for name, projects in sorted(found.items())]


def _projects(found: Sequence[tuple[str, Any]]) -> list[str]:
    return sorted({project for project, _ in found})


def _example(project: str, item: Document) -> Document:
    return {"project": project, "file": item["file"], "line": item["line"], "message": item["message"]}
