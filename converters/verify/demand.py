"""Environment variables that a project demands in words of its own, so that it can be started: an error names them."""

from __future__ import annotations

import re

_ASSIGNED = re.compile(r"\b([A-Z][A-Z0-9]*_[A-Z0-9_]+)=([\w./:-]+)")
_NAMED = re.compile(r"\b(?:[Ss]et|[Pp]rovide|[Mm]issing|[Rr]equired?)\b[^.;]{0,40}?\b([A-Z][A-Z0-9]*_[A-Z0-9_]+)\b(?!=)([^.;]*)")
_ARCHIVE = "http://files.example/weights.tar"
_REFUSED = ("FAL_", "LD_", "PYTHON")


def demanded(message: str, sources: str) -> dict[str, str]:
    """Values for the variables that ``message`` asks for and that ``sources`` (the project's code) reads.

    ``Set NAME=1`` says the value; of what is an address or a tar archive, one is made up; anything else is the text "double".
    What the platform, the loader of programs and Python itself read is not theirs to demand.
    """
    found = dict(_ASSIGNED.findall(message))
    for name, about in _NAMED.findall(message):
        found.setdefault(name, _ARCHIVE if re.search(r"(?i)\burl|tarball|weights", f"{name} {about}") else "double")
    names = [name for name in found if not name.startswith(_REFUSED) and re.search(rf"""["']{name}["']""", sources)]
    return {name: found[name] for name in names}
