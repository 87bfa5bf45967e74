"""The configuration files of server programs that set their address: gunicorn, hypercorn, uWSGI, vLLM and Streamlit."""

from __future__ import annotations

import configparser
import sys
from collections.abc import Callable
from typing import Any

from converters.containers.yaml_lines import load
from converters.errors import Unreadable
from converters.ir import Origin
from converters.project import SourceFile
from converters.python.code import Code
from converters.python.module import Module
from converters.sources.docker import programs
from converters.sources.docker.addresses import bind_text, split_bind
from converters.sources.docker.code_files import CodeFiles
from converters.sources.docker.defaults import Known, Reader
from converters.sources.docker.listener import is_port
from converters.sources.docker.processes import absolute
from converters.sources.docker.serving import Listener, Unread

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FLAGS = {
    "gunicorn": ("-c", "--config"),
    "hypercorn": ("-c", "--config"),
    "uwsgi": ("--ini", "--yaml", "--json", "--xml"),
    "vLLM": ("--config",),
}
"""Program -> the flags that name its configuration file."""
STANDARD = {"gunicorn": ("gunicorn.conf.py",), "streamlit": (".streamlit/config.toml",)}
"""Files that a program reads from its working directory by itself."""


def read(files: CodeFiles, listener: Listener, arguments: tuple[str, ...]) -> None:
    """What a configuration file says about the address; a file that is named and cannot be read is a statement that was not read."""
    program = listener.framework
    variable = program == "gunicorn" and listener.port is not None and listener.port.env == "PORT"  # a file wins over it
    if (listener.port is not None and not variable) or (program not in FLAGS and program not in STANDARD):
        return
    stated = programs.flag(arguments, FLAGS.get(program, ()))
    if program == "uwsgi" and not stated:
        stated = next((word for word in arguments if word.endswith((".ini", ".yaml", ".yml"))), None)
    file = _file(files, listener, stated or "") if stated else _standard(files, listener)
    if file is not None and (reader := READERS.get(file.name.rpartition(".")[2])) is not None and reader(files, listener, file):
        return
    if stated:
        origin = listener.process.origin if file is None else Origin(file=file.path, line=1)
        listener.port = listener.host = None
        listener.unread += [Unread("port", stated, origin), Unread("host", stated, origin)]


def _file(files: CodeFiles, listener: Listener, stated: str) -> SourceFile | None:
    name = stated.removeprefix("file:")
    if stated.startswith("python:"):
        path = files.find(stated.removeprefix("python:"), listener.process)
        return files.project.get(path) if path else None
    source = files.layout.files.get(absolute(name, listener.process.workdir)) or files.near_script(name) or files.near(name)
    return files.project.get(source) if source else None


def _standard(files: CodeFiles, listener: Listener) -> SourceFile | None:
    for name in STANDARD.get(listener.framework, ()):
        source = files.layout.files.get(absolute(name, listener.process.workdir))
        if source is not None:
            return files.project.get(source)
    return None


def _bind(listener: Listener, value: str, origin: Origin, how: str) -> None:
    host, port = split_bind(value)
    if is_port(port):
        listener.port = Known(port, origin, how)
    if host and "$" not in host:
        listener.host = Known(host, origin, how)


def _python(files: CodeFiles, listener: Listener, file: SourceFile) -> bool:
    """A configuration that is Python: `bind = ...`. True where it says all that there is to say."""
    module = files.module(file.path)
    if module is None:
        return False
    values = module.assignments.get("bind", [])
    if not values:
        return not _computed_names(module)
    reader = Reader(Code(files.project), [module], listener.process.words[1:], listener.process.env)
    text, origin = bind_text(reader, module, values[-1]), module.origin(values[-1])
    if not text or not is_port(split_bind(text)[1] or "8000"):
        source = " ".join(module.source(values[-1]).split())[:80]
        listener.unread += [Unread("port", source, origin), Unread("host", source, origin)]
        listener.port = listener.host = None
        return True
    _bind(listener, text, origin, f"{listener.framework}'s configuration file")
    return True


def _computed_names(module: Module) -> bool:
    """Whether names may be set in a way that assignments do not show."""
    return b"globals()" in module.file.data or b"import *" in module.file.data


def _ini(files: CodeFiles, listener: Listener, file: SourceFile) -> bool:
    """uWSGI's `http` and `http-socket`; `socket` alone speaks to a proxy in front."""
    parser = configparser.ConfigParser(strict=False, interpolation=None, allow_no_value=True)
    try:
        parser.read_string(file.text)
    except configparser.Error:
        return False
    section = parser["uwsgi"] if parser.has_section("uwsgi") else {}
    for key in ("http", "http-socket", "http11-socket"):
        if value := section.get(key):
            line = next((number for number, text in enumerate(file.text.splitlines(), 1) if text.strip().startswith(key)), 1)
            _bind(listener, value, Origin(file=file.path, line=line), f"`{key}` of uWSGI's configuration")
            return listener.port is not None
    return True


def _toml(files: CodeFiles, listener: Listener, file: SourceFile) -> bool:
    """hypercorn's `bind`, Streamlit's `server.port` and `server.address`."""
    try:
        document = tomllib.loads(file.text)
    except ValueError:
        return False
    return _table(listener, document, file)


def _yaml(files: CodeFiles, listener: Listener, file: SourceFile) -> bool:
    """vLLM's `port` and `host`."""
    try:
        document = load(file)
    except Unreadable:
        return False
    return _table(listener, document, file) if isinstance(document, dict) else False


def _table(listener: Listener, document: dict[str, Any], file: SourceFile) -> bool:
    server = document.get("server") if listener.framework == "streamlit" else document
    keys = server if isinstance(server, dict) else {}
    bind = keys.get("bind")
    first = bind[0] if isinstance(bind, list) and bind else bind
    origin = Origin(file=file.path, line=_line(file, "bind" if first else "port"))
    if isinstance(first, str):
        _bind(listener, first, origin, f"{listener.framework}'s configuration file")
    if is_port(keys.get("port")):
        listener.port = Known(keys["port"], origin, f"{listener.framework}'s configuration file")
    if isinstance(host := keys.get("host", keys.get("address")), str):
        listener.host = Known(host, origin, f"{listener.framework}'s configuration file")
    return True


def _line(file: SourceFile, key: str) -> int:
    return next((number for number, text in enumerate(file.text.splitlines(), 1) if text.strip().startswith(key)), 1)


READERS: dict[str, Callable[[CodeFiles, Listener, SourceFile], bool]] = {
    "py": _python,
    "ini": _ini,
    "toml": _toml,
    "yaml": _yaml,
    "yml": _yaml,
}
"""Ending of a configuration file -> what reads it; True where nothing about the address was left unread."""
