"""A source tree as bytes: what is in it, within limits, never followed outside.

Text keeps its encoding, byte-order mark, line endings and missing final newline, so that an edit leaves every other byte alone.
"""

from __future__ import annotations

import codecs
import io
import os
import re
import stat
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from converters.errors import Unreadable

MAX_FILE = 2 * 1024 * 1024
"""Bytes of a file that is still parsed; larger ones are carried along unread."""
MAX_FILES = 50_000
MAX_DEPTH = 40
IGNORED_FOLDERS = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        "__pycache__",
        ".venv",
        "venv",
        "node_modules",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".tox",
        ".idea",
        ".vscode",
    }
)
SCRATCH = re.compile(r"\.fal-migrate\.\d+-")
"""Folders that `--in-place` makes in a project, and leaves there where it is killed."""
COG_FILES = ("cog.yaml", "cog.yml")
"""What files that describe a model for Cog are called."""
COG_TEMPLATES = ("cog.yaml.template", "cog.template.yaml", "cog.yaml.tmpl")
"""What files are called that a project completes to a cog.yaml before it builds."""
IGNORED_FILES = frozenset({".DS_Store", "Thumbs.db"})


@dataclass(frozen=True)
class Skipped:
    """A path that is not part of the project, and why."""

    path: str
    reason: str
    lost: bool = False
    """Whether it may hold what the project needs."""


@dataclass(frozen=True)
class SourceFile:
    """One file of the project. `path` is relative, with forward slashes."""

    path: str
    location: Path
    size: int
    executable: bool

    @cached_property
    def data(self) -> bytes:
        """The bytes of the file. Raises `Unreadable` where the system refuses."""
        try:
            return self.location.read_bytes()
        except OSError as error:
            raise Unreadable(f"cannot be read: {error.strerror}.", file=self.path, hint="Check its permissions.") from error

    def require_readable(self) -> None:
        """Raises `Unreadable` for a file that is only copied, and cannot be."""
        if not os.access(self.location, os.R_OK):
            raise Unreadable("cannot be read: Permission denied.", file=self.path, hint="Check its permissions.")

    @cached_property
    def encoding(self) -> str:
        """The declared encoding (byte-order mark or coding cookie, PEP 263), else UTF-8."""
        if self.data.startswith(codecs.BOM_UTF16_LE) or self.data.startswith(codecs.BOM_UTF16_BE):
            return "utf-16"
        if self.path.endswith(".py"):
            try:
                return tokenize.detect_encoding(io.BytesIO(self.data).readline)[0]
            except SyntaxError as error:
                if b"\0" not in self.data and not self.data.isascii() and "invalid or missing" in str(error):
                    return "utf-8"
                raise Unreadable(
                    f"{error.msg}.", file=self.path, line=1, hint="Correct the coding line or save the file as UTF-8."
                ) from error
        if self.data.startswith(codecs.BOM_UTF8):
            return "utf-8-sig"
        try:
            self.data.decode("utf-8")
        except UnicodeDecodeError:
            return "utf-8" if self.path.endswith(".py") else "latin-1"
        return "utf-8"

    @cached_property
    def text(self) -> str:
        """The decoded text with its line endings as they are. Raises `Unreadable` where the bytes do not fit the encoding."""
        try:
            return self.data.decode(self.encoding)
        except UnicodeDecodeError as error:
            line = self.data.count(b"\n", 0, error.start) + 1
            raise Unreadable(
                f"is not valid {self.encoding} (byte {error.start}).",
                file=self.path,
                line=line,
                hint="Declare its encoding in the first line (`# -*- coding: latin-1 -*-`) or save it as UTF-8.",
            ) from error

    @cached_property
    def readable(self) -> str:
        """The text as tools read it that heed a byte-order mark, as pip does, without the mark; other bytes are replaced."""
        encoding = "utf-16" if self.data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
        return self.data.decode(encoding, errors="replace")

    def encode(self, text: str) -> bytes:
        """Bytes of an edited text in the file's own encoding and with its byte-order mark."""
        return text.encode(self.encoding)

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    @property
    def folder(self) -> str:
        parent = str(PurePosixPath(self.path).parent)
        return "" if parent == "." else parent


@dataclass(frozen=True)
class Withheld:
    """A file that holds credentials, and which kind."""

    file: SourceFile
    what: str


@dataclass
class Project:
    """A folder that was opened for conversion."""

    root: Path
    files: dict[str, SourceFile] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    environment: frozenset[str] = frozenset()
    """Folders of an environment that was made in the project's own folder."""
    installed: list[str] = field(default_factory=list)
    """Folders of installed packages (`pip install --target`)."""
    withheld: dict[str, Withheld] = field(default_factory=dict)
    """Files that hold credentials, by path: they are in no output, and only what reads variables asks for them."""
    readings: dict[tuple[Any, ...], Any] = field(default_factory=dict, repr=False, compare=False)
    """What was read of its files, so that each is parsed once: by kind of reading and content. What it becomes shares them."""

    @property
    def name(self) -> str:
        return self.root.name

    def get(self, path: str) -> SourceFile | None:
        """The file at a relative path; None for a missing one and for a path that leaves the project."""
        normal = normalize(path)
        return self.files.get(normal) if normal is not None else None

    def variables_file(self, path: str) -> SourceFile | None:
        """A file of variables (`.env`), whether it goes along or holds credentials; None for a missing one."""
        normal = normalize(path)
        kept = self.withheld.get(normal) if normal is not None else None
        return kept.file if kept is not None else self.get(path)

    def withheld_files(self) -> list[SourceFile]:
        return [one.file for one in self.withheld.values()]

    def below(self, folder: str) -> Iterator[SourceFile]:
        """The files in a folder and its sub-folders ('' is the whole project)."""
        prefix = f"{folder}/" if folder else ""
        return (file for path, file in self.files.items() if path.startswith(prefix))

    def is_installed(self, path: str) -> bool:
        """Whether a file belongs to packages that were installed into the project: carried along, never somebody's own program."""
        return any(path.startswith(f"{folder}/") for folder in self.installed)

    def is_folder(self, path: str) -> bool:
        return path == "" or any(True for _ in self.below(path))


def normalize(path: str) -> str | None:
    """A relative path without `.` and `..`; None where it leaves the project."""
    parts: list[str] = []
    for part in PurePosixPath(path.replace("\\", "/").lstrip("/")).parts:
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def environment_of(folder: Path) -> str:
    """What kind of environment a folder is, in words, whatever it is called; '' for any other folder."""
    try:
        if (folder / "pyvenv.cfg").is_file():
            return "a virtual environment"
        if (folder / "conda-meta").is_dir():
            return "a conda environment"
    except OSError:
        return ""
    return ""


def parts_of_environment(folder: Path) -> frozenset[str]:
    """The folders that an environment made in `folder`, as relative paths; whatever else stands there is somebody's own."""
    if not environment_of(folder):
        return frozenset()
    found = {"conda-meta", *(name for name in ("bin", "Scripts") if any((folder / name).glob("[Pp]ython*")))}
    for pattern in ("lib/python*", "lib64", "lib/site-packages", "Lib/site-packages", "include/python*", "pkgs", "envs"):
        found |= {path.relative_to(folder).as_posix() for path in folder.glob(pattern)}
    return frozenset(found)


def holds_packages(names: Iterable[str]) -> bool:
    """Whether the entries of a folder are those of installed packages."""
    return any(name.endswith(".dist-info") for name in names)


def open_project(root: Path) -> Project:
    """Read the tree below `root` (a folder, or a file: then its folder).

    Raises `Unreadable` for a missing or forbidden folder and for one with more than `MAX_FILES` files.
    """
    if not root.exists():
        from converters.path_hints import missing

        raise missing(root)
    folder = (root if root.is_dir() else root.parent).resolve()
    project = Project(root=folder, environment=parts_of_environment(folder))
    _walk(project, folder, 0)
    _withhold(project)
    return project


def _withhold(project: Project) -> None:
    """Set the credential files apart, also those that a link gives another name."""
    from converters.credentials.files import withheld

    for path, file in list(project.files.items()):
        what = withheld(file)
        target = project.links.get(path)
        if not what and target is not None:
            what = withheld(SourceFile(target, file.location, file.size, file.executable))
        if what:
            project.withheld[path] = Withheld(project.files.pop(path), what)


def _walk(project: Project, folder: Path, depth: int) -> None:
    relative = folder.relative_to(project.root).as_posix()
    if depth > MAX_DEPTH:
        project.skipped.append(Skipped(relative, f"folders nested deeper than {MAX_DEPTH}"))
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        if depth == 0:
            raise Unreadable(f"cannot be read: {error.strerror}.", file=str(folder), hint="Check its permissions.") from error
        project.skipped.append(Skipped(relative, f"cannot be read: {error.strerror}", lost=True))
        return
    if depth and holds_packages(entry.name for entry in entries):
        project.installed.append(relative)
    for entry in entries:
        _enter(project, entry, depth)


def _enter(project: Project, entry: os.DirEntry[str], depth: int) -> None:
    path = Path(entry.path)
    relative = path.relative_to(project.root).as_posix()
    try:
        entry.name.encode()
    except UnicodeEncodeError:
        project.skipped.append(Skipped(readable(relative), "its name is not UTF-8, so no file of the output can name it", lost=True))
        return
    try:
        _enter_named(project, entry, path, relative, depth)
    except OSError as error:
        project.skipped.append(Skipped(relative, f"cannot be read: {error.strerror}", lost=True))


def readable(path: str) -> str:
    """A path as it may stand in a report: bytes that are not UTF-8 are shown as `\\xff`."""
    return os.fsencode(path).decode(errors="backslashreplace")


def _enter_named(project: Project, entry: os.DirEntry[str], path: Path, relative: str, depth: int) -> None:
    if entry.is_symlink():
        try:
            target = path.resolve(strict=True)
        except (OSError, RuntimeError):
            target = path
        if target == path or not target.exists():
            project.skipped.append(Skipped(relative, "a symbolic link to nothing"))
            return
        if not target.is_relative_to(project.root):
            project.skipped.append(Skipped(relative, "a symbolic link that leaves the project"))
            return
        project.links[relative] = target.relative_to(project.root).as_posix()
        if target.is_dir():
            project.skipped.append(Skipped(relative, f"a symbolic link to the folder {project.links[relative] or '.'}"))
            return
    if entry.is_dir(follow_symlinks=False):
        if entry.name in IGNORED_FOLDERS or SCRATCH.match(entry.name):
            return
        environment = "a part of an environment" if relative in project.environment else environment_of(path)
        if environment:
            project.skipped.append(Skipped(relative, environment))
        else:
            _walk(project, path, depth + 1)
        return
    if entry.name in IGNORED_FILES or entry.name.endswith((".pyc", ".pyo")):
        return
    status = entry.stat()
    if not stat.S_ISREG(status.st_mode):
        project.skipped.append(Skipped(relative, "neither a file nor a folder"))
        return
    if len(project.files) >= MAX_FILES:
        raise Unreadable(f"holds more than {MAX_FILES} files.", file=str(project.root), hint="Give the folder of one project.")
    project.files[relative] = SourceFile(relative, path, status.st_size, bool(status.st_mode & stat.S_IXUSR))
