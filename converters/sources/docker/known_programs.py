"""Where a known server program listens: by its flags, its variables, its configuration files and its defaults."""

from __future__ import annotations

import ast
import re

from converters.ir import Origin
from converters.python.module import FunctionNode, is_main_test
from converters.sources.docker import program_files, programs
from converters.sources.docker.addresses import address, split_bind
from converters.sources.docker.code_files import CodeFiles
from converters.sources.docker.defaults import Known, Reader
from converters.sources.docker.processes import Process, absolute
from converters.sources.docker.run_calls import DEFAULTS, MARKS, run_calls
from converters.sources.docker.serving import Listener, Unread

UNREAD = re.compile(r"\$\(|`|\$\{?\w+\[[@*]\]|\$[@*]|\$\{[@*]")
"""A word of a command that only the shell could come to; a plain `$NAME` that nothing sets is empty."""


def listener_of(files: CodeFiles, process: Process, match: programs.Match) -> Listener:
    """What a known program serves: by its flags, its variables, its configuration, then its defaults."""
    program = match.program
    listener = Listener(process, program.name, program=program, http=program.http)
    arguments = match.arguments
    listener.port_flag = program.ports[0] if program.ports else program.binds[0] if program.binds else ""
    listener.host_flag = program.hosts[0] if program.hosts else ""
    listener.port_env = program.port_env[0] if program.port_env else ""
    listener.host_env = program.host_env[0] if program.host_env else ""
    _from_flags(listener, arguments)
    _from_variables(listener)
    if program.application:
        _application(files, listener, arguments)
    if program.name == "TorchServe":
        _torchserve(files, listener, arguments)
    if program.name == "http.server":
        number = next((word for word in arguments if word.isdecimal()), None)
        listener.port = Known(number, process.origin, "argument") if number else None
    if program.name == "Ollama" and (address := process.env.get("OLLAMA_HOST")):
        _bind(listener, address, process.origin, "variable OLLAMA_HOST")
    _served_by_import(listener)
    program_files.read(files, listener, arguments)
    _unread_arguments(listener, arguments)
    if listener.port is None and program.port is not None and listener.unread_about("port") is None:
        listener.port = Known(program.port, process.origin, f"default of {program.name}")
    if listener.host is None and listener.unread_about("host") is None:
        wide = not program.loopback or (program.name == "gunicorn" and bool(process.env.get("PORT")))
        listener.host = Known("0.0.0.0" if wide else "127.0.0.1", process.origin, f"default of {program.name}")
    return listener


def _from_flags(listener: Listener, arguments: tuple[str, ...]) -> None:
    program, origin = listener.program, listener.process.origin
    assert program is not None
    for flag in program.binds:
        value = programs.flag(arguments, (flag,))
        if value is not None:
            _bind(listener, value, origin, f"flag {flag}")
    port = programs.flag(arguments, program.ports)
    if port is not None:
        listener.port = Known(port, origin, f"flag {program.ports[0]}", program.ports[0])
    host = programs.flag(arguments, program.hosts)
    if "--listen" in program.hosts and "--listen" in arguments and (host is None or host.startswith("-")):
        host = "0.0.0.0"  # these programs take --listen alone for all interfaces
    if host is not None:
        listener.host = Known(host, origin, f"flag {program.hosts[0]}", program.hosts[0])
    if program.name == "gunicorn" and (more := listener.process.env.get("GUNICORN_CMD_ARGS")) and listener.port is None:
        value = programs.flag(tuple(more.split()), program.binds)
        if value:
            _bind(listener, value, origin, "variable GUNICORN_CMD_ARGS")


def _bind(listener: Listener, value: str, origin: Origin, how: str) -> None:
    host, port = split_bind(value)
    if host:
        listener.host = Known(host, origin, how)
    if port:
        listener.port = Known(port, origin, how)


def _unread_arguments(listener: Listener, arguments: tuple[str, ...]) -> None:
    """Words that a command substitution or a list of the shell gives: any of them may be the port."""
    opaque = next((word for word in arguments if UNREAD.search(word)), "")
    if opaque:
        origin = listener.process.origin
        listener.unread += [Unread("port", opaque[:80], origin), Unread("host", opaque[:80], origin)]


def _from_variables(listener: Listener) -> None:
    program, env = listener.program, listener.process.env
    assert program is not None
    found = programs.variables(program, env)
    if found and listener.port is None:
        listener.port = Known(found[1], listener.process.origin, f"variable {found[0]}", env=found[0])
        if program.name == "gunicorn":
            listener.host = Known("0.0.0.0", listener.process.origin, f"variable {found[0]}")
    for name in program.host_env:
        if env.get(name) and listener.host is None:
            listener.host = Known(env[name], listener.process.origin, f"variable {name}", env=name)


def _served_by_import(listener: Listener) -> None:
    """A module that starts a server while it is imported never lets the program that imports it come to its own port.

    uvicorn and hypercorn import inside their event loop, where such a call fails; `flask run` makes `app.run()` do nothing.
    """
    module, code = listener.entry, listener.code
    if module is None or code is None or listener.framework not in ("fastapi run", "fastapi dev", "gunicorn"):
        return
    for call in run_calls(code, module) if MARKS.search(module.file.data) else ():
        above = list(module.ancestors(call.node))
        guarded = any(isinstance(one, ast.If) and is_main_test(one.test) for one in above)
        if guarded or any(isinstance(one, FunctionNode | ast.Lambda | ast.ClassDef) for one in above):
            continue
        found = address(Reader(code, listener.modules, (), listener.process.env), module, call)
        port, host = DEFAULTS.get(call.framework, (None, "127.0.0.1"))
        origin, default = module.origin(call.node), f"default of {call.framework}"
        known = found.port or (Known(port, origin, default) if port is not None and not found.unread else None)
        if known is not None:
            listener.port, listener.host = known, found.host or Known(host, origin, default)
            listener.port_flag = listener.host_flag = listener.port_env = listener.host_env = ""
            listener.framework = call.framework
        return


def _application(files: CodeFiles, listener: Listener, arguments: tuple[str, ...]) -> None:
    for word in arguments:
        if re.fullmatch(r"\w[\w.]*:[A-Za-z_][\w.]*(\(.*\))?", word) and not re.fullmatch(r"\w+:\d+", word):
            listener.application = word
    if not listener.application and (stated := listener.process.env.get("FLASK_APP")) and listener.framework == "flask run":
        listener.application = stated if ":" in stated else f"{stated.removesuffix('.py').replace('/', '.')}:app"
    if not listener.application and listener.framework in ("flask run", "quart run"):
        stated = programs.flag(arguments, ("--app", "-A"))
        name = stated.removesuffix(".py") if stated else next((one for one in ("app", "wsgi") if files.find(one, listener.process)), "app")
        listener.application = name if ":" in name else f"{name}:app"
    if not listener.application and listener.framework.startswith("fastapi"):
        listener.application = _fastapi_path(files, listener, arguments)
    if not listener.application and listener.framework == "uvicorn-gunicorn image":
        env = listener.process.env
        module = env.get("MODULE_NAME") or ("app.main" if files.find("app.main", listener.process) else "main")
        listener.application = f"{module}:{env.get('VARIABLE_NAME', 'app')}"
    module = listener.application.partition(":")[0]
    path = files.find(module, listener.process) if module else None
    if path:
        files.enter(listener, path)


def _fastapi_path(files: CodeFiles, listener: Listener, arguments: tuple[str, ...]) -> str:
    plain = [
        word
        for index, word in enumerate(arguments)
        if not word.startswith("-") and not (index and arguments[index - 1] in ("--port", "--host", "--workers", "--app"))
    ]
    name = programs.flag(arguments, ("--app",)) or "app"
    if plain:
        return f"{plain[0].removesuffix('.py').strip('./').replace('/', '.')}:{name}"
    for path, file in files.project.files.items():
        if path.endswith("pyproject.toml") and b"[tool.fastapi]" in file.data:
            found = re.search(rb"\[tool\.fastapi\][^\[]*?entrypoint\s*=\s*[\"']([\w.:]+)[\"']", file.data)
            if found:
                return found.group(1).decode()
    for module in ("main", "app", "api", "app.main", "app.app", "app.api"):
        if files.find(module, listener.process):
            return f"{module}:{name}"
    return ""


def _torchserve(files: CodeFiles, listener: Listener, arguments: tuple[str, ...]) -> None:
    stated = programs.flag(arguments, ("--ts-config",)) or "config.properties"
    path = absolute(stated, listener.process.workdir)
    source = files.layout.files.get(path) or files.near(stated)
    file = files.project.get(source) if source else None
    match = re.search(rb"^\s*inference_address\s*=\s*https?://([^:\s]+):(\d+)", file.data, re.MULTILINE) if file else None
    if file is not None and match:
        origin = Origin(file=file.path, line=file.data.count(b"\n", 0, match.start()) + 1)
        listener.host = Known(match.group(1).decode(), origin, "inference_address")
        listener.port = Known(match.group(2).decode(), origin, "inference_address")
