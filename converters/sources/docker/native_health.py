"""Health routes in the source of a Go or Rust server, where no group or prefix stands in front of its paths."""

from __future__ import annotations

import re
from collections.abc import Iterator

from converters.ir import Finding, Origin
from converters.project import Project
from converters.sources.docker import health, native_code
from converters.sources.docker.candidate import Candidate

ROUTES = {
    "Go": r"\.(?:HandleFunc|Handle|GET|Get)\(\s*\"(?:GET )?(?P<path>/[\w/-]+)\"",
    "Rust": r"(?:\.route\(\s*|#\[get\(\s*)\"(?P<path>/[\w/-]+)\"",
}
PREFIXED = re.compile(rb"\.(Group|Route|PathPrefix|Mount|nest|scope|mount)\(|StripPrefix|web::scope|#\[post\([^)]*\"/health")
"""What puts something before the paths of routes, wherever they stand. axum's `route` and chi's `Route` differ by their case."""
MAX_SIZE = 2**18


def routes(project: Project, candidate: Candidate) -> Iterator[tuple[str, Finding]]:
    """(path, evidence) of the routes that are called like a health check, by the order of such names."""
    listener, packaging = candidate.listener, candidate.packaging
    if listener is None or packaging is None or listener.framework not in ROUTES:
        return
    files = [one for one in native_code.sources(project, packaging, native_code.SUFFIXES[listener.framework]) if one.size < MAX_SIZE]
    if any(PREFIXED.search(file.data) for file in files):
        return
    found: dict[str, Origin] = {}
    for file in files:
        text = re.sub(r"(?m)^[ \t]*//.*$", lambda match: " " * len(match.group()), file.data.decode(errors="replace"))
        for match in re.finditer(ROUTES[listener.framework], text):
            found.setdefault(match["path"], Origin(file=file.path, line=text.count("\n", 0, match.start("path")) + 1))
    for path in health.NAMES:
        if path in found:
            yield path, health.derived(path, "a health route", found[path])
