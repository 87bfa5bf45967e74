"""pip: install commands and requirement files -> requirement lists."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from converters.ir import Origin

TOOLS = frozenset({"pip", "setuptools", "wheel", "uv", "virtualenv"})
"""What builds upgrade for their own sake, where a command names it without a version."""
INSTALLERS = frozenset({"pip", "uv", "virtualenv"})
"""What installs packages and is no part of what runs."""
INDEX_FLAGS = frozenset({"--index-url", "-i", "--extra-index-url", "--find-links", "-f"})
KEPT_FLAGS = frozenset({"--pre", "--no-deps", "--no-build-isolation", "--no-binary", "--only-binary", "--prefer-binary"})
VALUE_FLAGS = frozenset(
    {"--cache-dir", "--target", "-t", "--python", "-p", "--timeout", "--retries", "--trusted-host", "--root", "--prefix", "--proxy",
     "--progress-bar", "--resume-retries", "--index-strategy", "--torch-backend", "--python-version", "--platform",
     "--upgrade-strategy", "--default-timeout"}
)  # fmt: skip
LONG = {"-i": "--index-url", "-f": "--find-links"}
NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass
class Install:
    """What one `pip install` asks for. `flags` apply to all of it; `trouble` says what a requirement list cannot express."""

    specs: list[tuple[str, Origin]] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)


Reader = Callable[[str], tuple[str, str] | None]
"""Path in the image or beside a requirement file -> (path in the project, text); None where it is not in the project."""


def arguments(words: tuple[str, ...]) -> tuple[str, ...] | None:
    """The words after `install` of a pip command in any of its spellings; None for other commands."""
    rest = list(words)
    while rest and rest[0] in ("sudo", "env", "exec", "-H", "-E"):
        rest = rest[1:]
    if not rest:
        return None
    program = PurePosixPath(rest[0]).name
    if re.fullmatch(r"python[\d.]*|pypy[\d.]*", program) or rest[0].startswith("$"):
        flags = [word for word in rest[1:3] if word != "-u"]
        if flags[:2] == ["-m", "pip"] or (flags[:2] == ["-m", "uv"] and "pip" in rest):
            rest = rest[rest.index("pip") + 1 :]
        else:
            return None
    elif re.fullmatch(r"pip[\d.]*", program):
        rest = rest[1:]
    elif program == "uv" and len(rest) > 2 and rest[1] == "pip":
        rest = rest[2:]
    else:
        return None
    while rest and rest[0].startswith("-"):
        rest = rest[1:]
    return tuple(rest[1:]) if rest and rest[0] == "install" else None


def install(words: tuple[str, ...], origin: Origin, read: Reader) -> Install:
    """Read the arguments of a `pip install`."""
    found = Install()
    rest = list(words)
    while rest:
        word = rest.pop(0)
        flag, sign, value = word.partition("=")
        if word in ("-r", "--requirement", "-c", "--constraint") or (sign and flag in ("--requirement", "-r")):
            path = value if sign else (rest.pop(0) if rest else "")
            if word in ("-c", "--constraint"):
                found.trouble.append(f"the constraints file {path}")
            else:
                _file(path, found, read, 0)
        elif flag in INDEX_FLAGS:
            found.flags += [LONG.get(flag, flag), value if sign else (rest.pop(0) if rest else "")]
        elif word in ("-e", "--editable"):
            found.trouble.append(f"the editable install of {rest.pop(0) if rest else '?'}")
        elif flag in KEPT_FLAGS:
            if flag in ("--no-binary", "--only-binary"):
                found.flags += [flag, value if sign else (rest.pop(0) if rest else "")]
            elif flag == "--pre":
                found.flags.append(flag)
            elif flag in ("--no-deps", "--no-build-isolation"):
                found.trouble.append(f"`{flag}`")
        elif flag in VALUE_FLAGS:
            if not sign and rest:
                rest.pop(0)
        elif not word.startswith("-") and not is_upkeep(word):
            _spec(word, origin, found)
    return found


def is_upkeep(word: str) -> bool:
    """Whether an argument of `pip install` only keeps the tools of a build up to date: `setuptools`, and any version of pip."""
    return name(word) in INSTALLERS or (name(word) in TOOLS and re.sub(r"[-_.]+", "-", word).lower() == name(word))


def requirements_file(text: str, path: str, found: Install, read: Reader, depth: int = 0) -> None:
    """Add the lines of a requirement file: comments off, continuation lines joined, nested files followed."""
    pending, start = "", 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = re.sub(r"(^|\s)#.*$", "", raw).strip()
        start = start or number
        if line.endswith("\\"):
            pending += line[:-1] + " "
            continue
        line, pending = (pending + line).strip(), ""
        if line:
            _line(line, Origin(file=path, line=start, end_line=number), found, read, depth)
        start = 0


def _line(line: str, origin: Origin, found: Install, read: Reader, depth: int) -> None:
    flag, _, value = (
        re.sub(r"\s*=\s*", "=", line, count=1).replace("=", " ", 1).partition(" ") if line.startswith("--") else line.partition(" ")
    )
    value = value.strip()
    if line.startswith(("-r", "--requirement")):
        nested = value or line[2:].strip()
        _file(str(PurePosixPath(origin.file).parent / nested), found, read, depth + 1)
    elif flag in INDEX_FLAGS:
        found.flags += [LONG.get(flag, flag), value]
    elif line.startswith(("-c", "--constraint")):
        found.trouble.append(f"the constraints file {value}")
    elif line.startswith(("-e", "--editable")):
        found.trouble.append(f"the editable install of {value}")
    elif flag == "--pre":
        found.flags.append("--pre")
    elif not line.startswith("-"):
        _spec(re.sub(r"\s+--(hash|config-settings|global-option)[=\s]\S+", "", line).strip(), origin, found)


def _spec(text: str, origin: Origin, found: Install) -> None:
    if text.startswith((".", "/")) or (text.endswith((".whl", ".tar.gz", ".zip")) and "://" not in text):
        found.trouble.append(f"the local package {text}")
    elif "$" in text:
        found.trouble.append(f"`{text}`, which a variable decides")
    elif name(text) in INSTALLERS:
        return
    else:
        found.specs.append((_normal(text), origin))


def _normal(text: str) -> str:
    return re.sub(r"\s*(==|>=|<=|~=|!=|>|<)\s*", r"\1", text) if "://" not in text and ";" not in text else text


def name(spec: str) -> str:
    """The normalized project name of a requirement; '' for a bare URL."""
    match = NAME.match(spec.strip())
    return re.sub(r"[-_.]+", "-", match.group()).lower() if match and "://" not in spec.partition("@")[0] else ""


def pinned(spec: str) -> str:
    """The exact version of `name==version` ('' where it is not pinned)."""
    match = re.match(r"^[A-Za-z0-9._-]+(?:\[[^\]]*\])?\s*==\s*([^\s;,*]+)$", spec.split(";")[0].strip())
    return match.group(1) if match else ""


def _file(path: str, found: Install, read: Reader, depth: int) -> None:
    text = read(path) if depth < 6 else None
    if text is None:
        found.trouble.append(f"the requirement file {path}, which is not in the project")
    elif text[0] not in found.files:
        found.files.append(text[0])
        requirements_file(text[1], text[0], found, read, depth)
