"""Where a compiled program listens: the address in its Rust, Go or Java source, where the image builds it from the project."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from converters.containers.layout import layout
from converters.containers.packaging import Packaging
from converters.ir import Origin
from converters.project import Project, SourceFile
from converters.sources.docker.defaults import Known
from converters.sources.docker.listener import is_port
from converters.sources.docker.processes import Process
from converters.sources.docker.serving import Listener, Unread

MAX_FILES = 400
TESTS = re.compile(r"(^|/)(tests?|benches|examples?|testdata|vendor|target|node_modules)/|_test\.go$|(^|/)src/test/")
ADDRESS = r"[\"'`](?P<host>[\w.\[\]:-]*?):(?P<port>\d{2,5})[\"'`]"
RUST = (
    rf"\.?\bbind(?:_auto_h2c|_rustls\w*)?\(\s*&?{ADDRESS}",
    r"\bbind\(\s*&?\(\s*\"(?P<host>[\w.:]*)\"\s*,\s*(?P<port>\d{2,5})\s*\)",
    r"SocketAddr\w*::(?:from|new)\(\(?\s*\[(?P<quads>[\d,\s]+)\]\s*,\s*(?P<port>\d{2,5})\s*\)",
)
GO = (
    rf"\bListenAndServe(?:TLS)?\(\s*{ADDRESS}",
    rf"\bnet\.Listen\(\s*\"tcp\"\s*,\s*{ADDRESS}",
    rf"\.(?:Run|Start|Listen)\(\s*{ADDRESS}",
    rf"\bAddr\s*:\s*{ADDRESS}",
)
VARIABLE = re.compile(rb"\benv::var\w*\(|\bos\.(?:Getenv|LookupEnv)\(|\bflag\.(?:Int|String)\(|\bclap::")
"""By which the address that stands in the code may be another one."""
UNREAD_GO = (
    (rb"net/http", r"\bListenAndServe(?:TLS)?\(\s*(?P<said>[^,\n]+)"),
    (rb"gin-gonic/gin", r"\.Run(?:TLS)?\((?P<said>[^\n]*)\)"),
    (rb"labstack/echo", r"\.Start(?:TLS)?\((?P<said>[^\n]*)\)"),
    (rb"gofiber/fiber", r"\.Listen(?:TLS)?\((?P<said>[^\n]*)\)"),
)
"""(what a file imports, how it starts a server at an address that is no literal)."""
BEEGO = re.compile(rb"\bbeego/(v2/)?(server/web)?|astaxie/beego")
SPRING = re.compile(rb"spring-boot-starter-(web|webflux|actuator)\b|org\.springframework\.boot")
PROPERTY = re.compile(r"(?m)^\s*server\.port\s*[=:]\s*(?:\$\{(?P<name>\w+):)?(?P<port>\d{1,5})\}?\s*$")
YAML_PORT = re.compile(r"(?m)^server:\s*\n(?:[ \t]+[^\n]*\n)*?[ \t]+port:\s*(?:\$\{(?P<name>\w+):)?(?P<port>\d{1,5})\}?\s*$")


@dataclass(frozen=True)
class Language:
    """A compiled language: its name, how its files end, what builds it, and what says where a program of it listens."""

    name: str
    suffix: str
    builds: str
    patterns: tuple[str, ...]


LANGUAGES = (
    Language("Rust", ".rs", r"\bcargo\s+(?:\S+\s+)*?(?:build|install|chef)\b(?P<rest>[^\n;&|]*)", RUST),
    Language("Go", ".go", r"\bgo\s+(?:build|install)\b(?P<rest>[^\n;&|]*)", GO),
)


SUFFIXES = {one.name: one.suffix for one in LANGUAGES}
"""Language -> how its files end."""


def listener(project: Project, packaging: Packaging, process: Process) -> Listener | None:
    """What a program that the build compiles serves; None where nothing in its source says so, or two places say different things."""
    name = PurePosixPath(process.words[0]).name if process.words else ""
    if name == "java":
        return _spring(project, packaging, process) if "-jar" in process.words else None
    if not re.fullmatch(r"[\w.-]+", name) or name.endswith((".sh", ".py", ".js")):
        return None
    runs = "\n".join(run.script.replace("\\\n", " ") for stage in packaging.dockerfile.stages for run in stage.runs)
    for language in LANGUAGES:
        built = [match["rest"] for match in re.finditer(language.builds, runs)]
        found = _addresses(sources(project, packaging, language.suffix), language) if built else []
        if built and not found and language.name == "Go":
            return _unread_go(project, packaging, process)
        if found and (one := _agreed(found) or _agreed(_of_program(found, built, name))) is not None:
            host, port = one
            loopback = host in ("127.0.0.1", "localhost", "[::1]")
            place = Known("127.0.0.1" if loopback else "0.0.0.0", port.origin, "in the code")
            asks = VARIABLE.search(project.files[port.origin.file].data)
            return Listener(process, language.name, port=port, host=place, certain=asks is None)
    return None


def _unread_go(project: Project, packaging: Packaging, process: Process) -> Listener | None:
    """A server whose address is computed, or that a framework takes from its own configuration; None for no server."""
    for file in sources(project, packaging, ".go"):
        text = _code(file)
        if BEEGO.search(file.data) and (match := re.search(r"\b(?:beego|web)\.Run\(\s*\)", text)):
            return _beego(project, packaging, process, Origin(file=file.path, line=text.count("\n", 0, match.start()) + 1))
        for imported, pattern in UNREAD_GO:
            match = re.search(pattern, text) if imported in file.data else None
            if match is None:
                continue
            said, origin = match["said"].strip(), Origin(file=file.path, line=text.count("\n", 0, match.start()) + 1)
            if not said:
                port = process.env.get("PORT", "8080")
                return Listener(
                    process, "Go", port=Known(port, origin, "default of gin", env="PORT"), host=Known("0.0.0.0", origin, "default of gin")
                )
            return Listener(process, "Go", host=Known("0.0.0.0", origin, "in the code"), unread=[Unread("port", said[:80], origin)])
    return None


def _beego(project: Project, packaging: Packaging, process: Process, origin: Origin) -> Listener:
    """beego: `httpport` of the configuration beside the program, else 8080."""
    path = next((path for image, path in packaging.layout.files.items() if image.endswith("/conf/app.conf")), "")
    text = project.files[path].data.decode(errors="replace") if path else ""
    match = re.search(r"(?mi)^\s*httpport\s*=\s*(\d+)", text)
    if match is not None:
        origin = Origin(file=path, line=text.count("\n", 0, match.start(1)) + 1)
    port = Known(match[1], origin, "httpport") if match is not None else Known(8080, origin, "default of beego")
    return Listener(process, "Go", port=port, host=Known("0.0.0.0", origin, "default of beego"))


def _agreed(found: list[tuple[str, Known]]) -> tuple[str, Known] | None:
    """The address, where all places say the same port."""
    return found[0] if len({known.value for _, known in found}) == 1 else None


def _of_program(found: list[tuple[str, Known]], built: list[str], name: str) -> list[tuple[str, Known]]:
    """Addresses in the files that the build names, or whose file or folder has the program's name."""
    words = {word.strip("./") for text in built for word in text.split() if not word.startswith("-") and not word.startswith("/")}
    named = {word for word in words if "/" in word or word.endswith(".go")}
    inside = [one for one in found if any(_is_below(one[1].origin.file, word) for word in named)]
    return inside or [
        one for one in found if name in (PurePosixPath(one[1].origin.file).stem, PurePosixPath(one[1].origin.file).parent.name)
    ]


def _is_below(path: str, word: str) -> bool:
    return f"/{path}".endswith(f"/{word}") or f"/{word}/" in f"/{path}"


def sources(project: Project, packaging: Packaging, suffix: str) -> list[SourceFile]:
    """Source files that any stage of the build gets."""
    paths: dict[str, None] = {}
    for stage in packaging.dockerfile.stages:
        paths |= dict.fromkeys(layout(packaging.dockerfile, stage, project, packaging.context).files.values())
        for run in stage.runs:
            for mount in run.mounts:
                if mount.type == "bind" and mount.from_stage is None:
                    base = f"{packaging.context}/{(mount.source or '').strip('./')}".strip("/")
                    paths |= dict.fromkeys(file.path for file in project.below(base))
    named = [path for path in paths if path.endswith(suffix) and not TESTS.search(path)]
    return [project.files[path] for path in sorted(named)[:MAX_FILES] if path in project.files]


def _addresses(files: list[SourceFile], language: Language) -> list[tuple[str, Known]]:
    """(host, port) of every place that binds one."""
    found: list[tuple[str, Known]] = []
    for file in files:
        if file.size < 2**19:
            found += _in_text(file, _code(file), language)
    return found


def _code(file: SourceFile) -> str:
    """Without whole lines of comment."""
    return re.sub(r"(?m)^[ \t]*//.*$", lambda match: " " * len(match.group()), file.data.decode(errors="replace"))


def _in_text(file: SourceFile, text: str, language: Language) -> Iterator[tuple[str, Known]]:
    for pattern in language.patterns:
        for match in re.finditer(pattern, text):
            groups = match.groupdict()
            host = ".".join((groups.get("quads") or "").replace(" ", "").split(",")) or groups.get("host") or ""
            if is_port(match["port"]):
                origin = Origin(file=file.path, line=text.count("\n", 0, match.start("port")) + 1)
                yield host, Known(match["port"], origin, "in the code")


def _spring(project: Project, packaging: Packaging, process: Process) -> Listener | None:
    """Spring Boot: `server.port` of its properties, else 8080."""
    below = [file for file in project.below(packaging.context) if not TESTS.search(file.path)]
    builds = [file for file in below if file.name in ("pom.xml", "build.gradle", "build.gradle.kts") and SPRING.search(file.data)]
    if not builds:
        return None
    for file in below:
        if not re.fullmatch(r"application\.(properties|ya?ml)", file.name) or file.size > 2**18:
            continue
        text = file.data.decode(errors="replace")
        match = (PROPERTY if file.name.endswith(".properties") else YAML_PORT).search(text)
        if match is not None and is_port(match["port"]):
            origin = Origin(file=file.path, line=text.count("\n", 0, match.start("port")) + 1)
            given = process.env.get(match["name"] or "") or process.env.get("SERVER_PORT")
            if given:
                return _java(process, Known(given, process.origin, f"variable {match['name'] or 'SERVER_PORT'}"))
            return _java(process, Known(match["port"], origin, "server.port", env=match["name"] or "SERVER_PORT"))
    if given := process.env.get("SERVER_PORT"):
        return _java(process, Known(given, process.origin, "variable SERVER_PORT", env="SERVER_PORT"))
    return _java(process, Known(8080, Origin(file=builds[0].path, line=1), "default of Spring Boot", env="SERVER_PORT"))


def _java(process: Process, port: Known) -> Listener:
    return Listener(process, "Spring Boot", port=port, host=Known("0.0.0.0", port.origin, "default of Spring Boot"))
