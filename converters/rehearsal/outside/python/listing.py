"""What an index says of a project: its files, in the forms of the simple repository API (PEP 503, 691)."""

from __future__ import annotations

import functools
import html
import json
import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from packaging.tags import Tag
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, canonicalize_name, parse_sdist_filename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from converters.rehearsal.outside.hosts import PYPI_FILES

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "text/html"
ACCEPTED = f"{JSON}, application/vnd.pypi.simple.v1+html;q=0.2, {HTML};q=0.01"
OWN_PATH = "/rehearsal/"
"""Where files lie whose own address is on another host, or that no index has."""


@dataclass(frozen=True)
class File:
    """A file of a project. ``url``: where the real one is; ``size`` in bytes, None where the index does not say.

    ``shown``: its name inside, where it has another one (a local version that no reachable index has).
    """

    project: str
    name: str
    url: str
    requires_python: str = ""
    size: int | None = None
    yanked: str | bool = False
    uploaded: str = ""
    sha256: str = ""
    shown: str = ""

    @property
    def label(self) -> str:
        """The name under which the file is listed."""
        return self.shown or self.name

    @property
    def is_wheel(self) -> bool:
        """Whether it is listed as a wheel."""
        return self.label.endswith(".whl")

    @property
    def version(self) -> Version | None:
        """The version that the listed name states; None for a name of another kind."""
        return version_of(self.label)

    @property
    def address(self) -> str:
        """Where processes inside find it."""
        if self.url.startswith(f"https://{PYPI_FILES}/") and not self.shown:
            return self.url
        return f"https://{PYPI_FILES}{OWN_PATH}{self.project}/{urllib.parse.quote(self.label)}"


@functools.lru_cache(maxsize=65536)
def version_of(name: str) -> Version | None:
    """The version in the name of a wheel or source distribution."""
    try:
        return parse_wheel_filename(name)[1] if name.endswith(".whl") else parse_sdist_filename(name)[1]
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return None


@functools.lru_cache(maxsize=65536)
def tags_of(name: str) -> frozenset[Tag]:
    """The tags of a wheel; none for another file."""
    try:
        return parse_wheel_filename(name)[3]
    except (InvalidWheelFilename, InvalidVersion):
        return frozenset()


def project_of(name: str) -> str:
    """The normalized project name in the name of a wheel or source distribution; '' for another file."""
    try:
        return str(parse_wheel_filename(name)[0] if name.endswith(".whl") else parse_sdist_filename(name)[0])
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return ""


def parse(data: bytes, project: str, base: str) -> list[File]:
    """The files of an index page, JSON or HTML, which was found at ``base``: all but the wheels for other systems than Linux x86-64."""
    if data.lstrip()[:1] == b"{":
        entries = (entry for entry in json.loads(data).get("files", ()) if _is_usable(str(entry["filename"])))
        return [_of_json(entry, project, base) for entry in entries]
    reader = _Anchors()
    reader.feed(data.decode(errors="replace"))
    found = (_of_anchor(attributes, project, base) for attributes in reader.found if attributes.get("href"))
    return [file for file in found if _is_usable(file.name)]


def _is_usable(name: str) -> bool:
    return not name.endswith((".whl", ".exe", ".egg", ".msi", ".dmg", ".rpm")) or is_for_linux(name)


def page(files: Iterable[File], project: str, accept: str) -> tuple[str, str]:
    """(media type, text) of the index page of a project, in the form that is accepted.

    Files have no hashes: those of stubs are not those of the real ones.
    """
    if JSON in accept:
        entries = [_entry(file) for file in files]
        versions = sorted({str(file.version) for file in files if file.version is not None})
        return JSON, json.dumps({"meta": {"api-version": "1.1"}, "name": project, "versions": versions, "files": entries})
    anchors = "".join(f"<a {_attributes(file)}>{html.escape(file.label)}</a><br>\n" for file in files)
    return HTML, f"<!DOCTYPE html><html><head><title>Links for {html.escape(project)}</title></head><body>\n{anchors}</body></html>\n"


def is_for_linux(name: str) -> bool:
    """Whether a wheel can be installed on Linux x86-64, whatever the interpreter."""
    platforms = name.removesuffix(".whl").rpartition("-")[2].split(".")
    return name.endswith(".whl") and any(each == "any" or ("linux" in each and each.endswith("x86_64")) for each in platforms)


def _of_json(entry: dict[str, Any], project: str, base: str) -> File:
    return File(
        project=project,
        name=str(entry["filename"]),
        url=str(entry["url"]) if "://" in entry["url"] else urllib.parse.urljoin(base, str(entry["url"])),
        requires_python=str(entry.get("requires-python") or ""),
        size=entry.get("size"),
        yanked=entry.get("yanked") or False,
        uploaded=str(entry.get("upload-time") or ""),
        sha256=str((entry.get("hashes") or {}).get("sha256", "")),
    )


def _of_anchor(attributes: dict[str, str], project: str, base: str) -> File:
    url, _, fragment = urllib.parse.urljoin(base, attributes["href"]).partition("#")
    sha256 = fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else ""
    name = urllib.parse.unquote(urllib.parse.urlsplit(url).path.rpartition("/")[2])
    yanked = attributes["data-yanked"] or True if "data-yanked" in attributes else False
    return File(
        project=project, name=name, url=url, requires_python=attributes.get("data-requires-python", ""), yanked=yanked, sha256=sha256
    )


def _entry(file: File) -> dict[str, Any]:
    entry: dict[str, Any] = {"filename": file.label, "url": file.address, "hashes": {}, "yanked": file.yanked}
    if file.requires_python:
        entry["requires-python"] = file.requires_python
    if file.uploaded:
        entry["upload-time"] = file.uploaded
    if file.is_wheel:
        entry["core-metadata"] = entry["data-dist-info-metadata"] = True
    return entry


def _attributes(file: File) -> str:
    made = [f'href="{html.escape(file.address)}"']
    if file.requires_python:
        made.append(f'data-requires-python="{html.escape(file.requires_python)}"')
    if file.yanked:
        made.append(f'data-yanked="{html.escape("" if file.yanked is True else file.yanked)}"')
    if file.is_wheel:
        made.append('data-core-metadata="true" data-dist-info-metadata="true"')
    return " ".join(made)


class _Anchors(HTMLParser):
    """The attributes of the anchors of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append({name: value or "" for name, value in attrs})


def normalized(name: str) -> str:
    """The normalized form of a project's name (PEP 503)."""
    return str(canonicalize_name(name))
