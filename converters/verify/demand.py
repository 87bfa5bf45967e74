"""Environment variables that a project demands in words of its own, so that it can be started: an error names them."""

from __future__ import annotations

import re

_ASSIGNED = re.compile(r"\b([A-Z][A-Z0-9]*_[A-Z0-9_]+)=([\w./:-]+)")
_NAMED = re.compile(r"\b(?:[Ss]et|[Pp]rovide|[Mm]issing|[Rr]equired?)\b[^.;]{0,40}?\b([A-Z][A-Z0-9]*_[A-Z0-9_]+)\b(?!=)([^.;]*)")
_MISSED = re.compile(
    r"\b([A-Z][A-Z0-9]*_[A-Z0-9_]+)\b([^.;]{0,60}?)\b(?:(?:not|n't)(?: been)? (?:set|defined|configured|found|provided|specified|given)"
    r"|unset|undefined|required|must be \w+|missing|empty)\b"
)
_KEY = re.compile(r"(?:KeyError: |\berror )['\"]+([A-Z][A-Z0-9_]*[A-Z0-9])['\"]")
"""What ``os.environ[NAME]`` says of a variable that is not there, as an exception and as the message of one."""
_ARCHIVE, _ADDRESS = "http://files.example/weights.tar", "http://files.example"
DOUBLE = "double"
"""The value of a variable of which nothing tells a kind."""
_REFUSED = ("FAL_", "LD_", "PYTHON")
_KINDS = (
    (re.compile(r"_PORT$"), "8000"),
    (re.compile(r"_(URL|URI|ENDPOINT|HOST)$"), _ADDRESS),
    (re.compile(r"_(DIR|DIRECTORY|PATH|FOLDER|ROOT|HOME)$"), "/tmp"),
)


def demanded(message: str, sources: str) -> dict[str, str]:
    """Values for the variables that ``message`` asks for and that ``sources`` (the project's code) reads.

    ``Set NAME=1`` says the value; of what is an address, a folder, a number or a tar archive, one is made up; anything else is the text
    "double". What the platform, the loader of programs and Python itself read is not theirs to demand.
    """
    found = dict(_ASSIGNED.findall(message))
    for name, about in (*_NAMED.findall(message), *_MISSED.findall(message)):
        found.setdefault(name, made_up(name, sources, about))
    for name in _KEY.findall(message):
        if re.search(rf"""environ\s*\[\s*["']{name}["']""", sources):
            found.setdefault(name, made_up(name, sources))
    names = [name for name in found if not name.startswith(_REFUSED) and re.search(rf"""["']{name}["']""", sources)]
    return {name: found[name] for name in names}


def made_up(name: str, sources: str, about: str = "") -> str:
    """A value of the kind that the name, what is said ``about`` it, and the code that reads it tell."""
    if re.search(r"(?i)\burl|tarball|weights", f"{name} {about}"):
        return _ARCHIVE
    reads = re.search(rf"""(int|float|json\.loads)\(\s*(?:os\.)?(?:environ\[|environ\.get\(|getenv\()\s*["']{name}["']""", sources)
    if reads:
        return "{}" if reads[1] == "json.loads" else "1"
    return next((value for kind, value in _KINDS if kind.search(name)), DOUBLE)
