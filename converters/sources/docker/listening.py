"""Where a process listens: by its flags, its variables, its code, and the defaults of the program that it runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from converters.ir import Origin
from converters.project import MAX_FILE, Project
from converters.python.code import Code
from converters.python.module import Module
from converters.sources.docker import programs
from converters.sources.docker.defaults import Known, Reader, dotted, keyword
from converters.sources.docker.installed import console_scripts, package_script, read_javascript
from converters.sources.docker.layout import Layout
from converters.sources.docker.processes import Process, absolute

MAX_CLOSURE = 300
RUN_CALLS: dict[str, tuple[int, int, str]] = {
    "uvicorn.run": (-1, -1, "uvicorn"),
    "uvicorn.Config": (-1, -1, "uvicorn"),
    "run_app": (-1, -1, "aiohttp"),
    "run_simple": (0, 1, "werkzeug"),
    "make_server": (0, 1, "wsgiref"),
    "TCPSite": (1, 2, "aiohttp"),
    "hypercorn.run": (-1, -1, "hypercorn"),
    "serve_forever": (-1, -1, "server"),
}
"""Call -> (position of host, position of port, framework); -1: a keyword only."""
METHODS = {"run": "app", "launch": "gradio", "listen": "tornado", "start": "server", "mount_gradio_app": "gradio"}
SERVERS = ("HTTPServer", "ThreadingHTTPServer", "TCPServer", "ThreadingTCPServer", "WSGIServer")
MARKS = re.compile(
    rb"uvicorn\.|\.run\(|\.launch\(|run_app|HTTPServer|TCPServer|serve\(|make_server|TCPSite|run_simple|\.listen\(|WSGIServer|bind"
)


@dataclass
class Listener:
    """A process that serves HTTP (or may): the port and host with what says so, and the application behind it."""

    process: Process
    framework: str
    port: Known | None = None
    host: Known | None = None
    program: programs.Program | None = None
    application: str = ""
    """`module:attribute` of an ASGI or WSGI application."""
    code: Code | None = None
    entry: Module | None = None
    entries: list[str] = field(default_factory=list)
    """Files of the project from which the code is read."""
    closures: dict[tuple[str, ...], list[Module]] = field(default_factory=dict, repr=False)
    http: bool = True
    certain: bool = True
    """False for a port that is no more than a program's default which configuration elsewhere may change."""
    scripts: list[tuple[str, str]] = field(default_factory=list, repr=False)
    """(path, text) of JavaScript files of the program."""
    port_flag: str = ""
    host_flag: str = ""
    port_env: str = ""
    host_env: str = ""

    @property
    def modules(self) -> list[Module]:
        """The code of the program, nearest first."""
        key = (*(self.code.roots if self.code else ()), "", *self.entries)
        if key not in self.closures:
            found = [module for path in self.entries for module in (closure(self.code, path) if self.code else [])]
            self.closures[key] = list({module.path: module for module in found}.values())
        return self.closures[key]

    @property
    def loopback(self) -> bool:
        host = str(self.host.value) if self.host else ""
        return host in ("127.0.0.1", "localhost", "::1", "[::1]")


@dataclass
class Shared:
    """What all images of a project have in common: parsed modules, closures, installed commands."""

    project: Project
    modules: dict[str, Module | None] = field(default_factory=dict)
    closures: dict[tuple[str, ...], list[Module]] = field(default_factory=dict)
    codes: dict[tuple[str, ...], Code] = field(default_factory=dict)
    scripts: dict[str, str] | None = None

    def console_scripts(self) -> dict[str, str]:
        if self.scripts is None:
            self.scripts = console_scripts(self.project)
        return self.scripts

    def code(self, roots: tuple[str, ...]) -> Code:
        return self.codes.setdefault(roots, Code(self.project, roots, self.modules))


class Listening:
    """Reads listeners of one image."""

    def __init__(self, project: Project, layout: Layout, context: str, shared: Shared | None = None) -> None:
        self.project = project
        self.layout = layout
        self.context = context
        self.shared = shared or Shared(project)

    def listener(self, process: Process) -> Listener | None:
        """What a process serves; None for a program that is no server as far as can be seen."""
        match = programs.recognise(process.words)
        if match is not None:
            return self._known(process, match)
        name = PurePosixPath(process.words[0]).name
        if programs.PYTHON.match(name) or process.words[0].endswith(".py"):
            return self._python(process)
        if name in ("node", "nodejs", "npm", "yarn", "pnpm", "npx", "bun", "deno", "ts-node", "tsx"):
            return self._node(process)
        return self._console_script(process, name)

    def _known(self, process: Process, match: programs.Match) -> Listener:
        program = match.program
        listener = Listener(process, program.name, program=program, http=program.http)
        arguments = match.arguments
        listener.port_flag = program.ports[0] if program.ports else program.binds[0] if program.binds else ""
        listener.host_flag = program.hosts[0] if program.hosts else ""
        listener.port_env = program.port_env[0] if program.port_env else ""
        listener.host_env = program.host_env[0] if program.host_env else ""
        self._from_flags(listener, arguments)
        self._from_variables(listener)
        if program.application:
            self._application(listener, arguments)
        if program.name == "gunicorn":
            self._gunicorn_config(listener, arguments)
        if program.name == "TorchServe":
            self._torchserve(listener, arguments)
        if program.name == "http.server":
            number = next((word for word in arguments if word.isdecimal()), None)
            listener.port = Known(number, process.origin, "argument") if number else None
        if program.name == "Ollama" and (address := process.env.get("OLLAMA_HOST")):
            self._bind(listener, address, process.origin, "variable OLLAMA_HOST")
        if listener.port is None and program.port is not None:
            listener.port = Known(program.port, process.origin, f"default of {program.name}")
            listener.certain = program.name not in ("gunicorn", "uwsgi") or not _configured_elsewhere(arguments)
        if listener.host is None:
            wide = not program.loopback or (program.name == "gunicorn" and bool(process.env.get("PORT")))
            listener.host = Known("0.0.0.0" if wide else "127.0.0.1", process.origin, f"default of {program.name}")
        return listener

    def _from_flags(self, listener: Listener, arguments: tuple[str, ...]) -> None:
        program, origin = listener.program, listener.process.origin
        assert program is not None
        for flag in program.binds:
            value = programs.flag(arguments, (flag,))
            if value is not None:
                self._bind(listener, value, origin, f"flag {flag}")
        port = programs.flag(arguments, program.ports)
        if port is not None:
            listener.port = Known(port, origin, f"flag {program.ports[0]}", program.ports[0])
        host = programs.flag(arguments, program.hosts)
        if host is not None:
            listener.host = Known(host, origin, f"flag {program.hosts[0]}", program.hosts[0])
        if program.name == "gunicorn" and (more := listener.process.env.get("GUNICORN_CMD_ARGS")) and listener.port is None:
            value = programs.flag(tuple(more.split()), program.binds)
            if value:
                self._bind(listener, value, origin, "variable GUNICORN_CMD_ARGS")

    def _bind(self, listener: Listener, value: str, origin: Origin, how: str) -> None:
        """`host:port`, `:port`, `host`, `[::]:port`, `tcp://...`."""
        value = re.sub(r"^\w+://", "", value)
        host, colon, port = value.rpartition(":") if not value.endswith("]") else (value, "", "")
        if not colon:
            host, port = (value, "") if not value.isdecimal() else ("", value)
        if host or colon:
            listener.host = Known(host.strip("[]") or "0.0.0.0", origin, how)
        if port:
            listener.port = Known(port, origin, how)

    def _from_variables(self, listener: Listener) -> None:
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

    def _application(self, listener: Listener, arguments: tuple[str, ...]) -> None:
        for word in arguments:
            if re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*(\(.*\))?", word) and not re.fullmatch(r"\w+:\d+", word):
                listener.application = word
        if not listener.application and (stated := listener.process.env.get("FLASK_APP")) and listener.framework == "flask run":
            listener.application = stated if ":" in stated else f"{stated.removesuffix('.py').replace('/', '.')}:app"
        if not listener.application and listener.framework in ("flask run", "quart run"):
            stated = programs.flag(arguments, ("--app", "-A"))
            name = (
                stated.removesuffix(".py") if stated else next((one for one in ("app", "wsgi") if self.find(one, listener.process)), "app")
            )
            listener.application = name if ":" in name else f"{name}:app"
        if not listener.application and listener.framework.startswith("fastapi"):
            listener.application = self._fastapi_path(listener, arguments)
        if not listener.application and listener.framework == "uvicorn-gunicorn image":
            env = listener.process.env
            module = env.get("MODULE_NAME") or ("app.main" if self.find("app.main", listener.process) else "main")
            listener.application = f"{module}:{env.get('VARIABLE_NAME', 'app')}"
        module = listener.application.partition(":")[0]
        path = self.find(module, listener.process) if module else None
        if path:
            self._enter(listener, path)

    def _fastapi_path(self, listener: Listener, arguments: tuple[str, ...]) -> str:
        plain = [
            word
            for index, word in enumerate(arguments)
            if not word.startswith("-") and not (index and arguments[index - 1] in ("--port", "--host", "--workers", "--app"))
        ]
        name = programs.flag(arguments, ("--app",)) or "app"
        if plain:
            return f"{plain[0].removesuffix('.py').strip('./').replace('/', '.')}:{name}"
        for path, file in self.project.files.items():
            if path.endswith("pyproject.toml") and b"[tool.fastapi]" in file.data:
                found = re.search(rb"\[tool\.fastapi\][^\[]*?entrypoint\s*=\s*[\"']([\w.:]+)[\"']", file.data)
                if found:
                    return found.group(1).decode()
        for module in ("main", "app", "api", "app.main", "app.app", "app.api"):
            if self.find(module, listener.process):
                return f"{module}:{name}"
        return ""

    def _gunicorn_config(self, listener: Listener, arguments: tuple[str, ...]) -> None:
        stated = programs.flag(arguments, ("-c", "--config"))
        path = absolute((stated or "gunicorn.conf.py").removeprefix("python:").removeprefix("file:"), listener.process.workdir)
        source = self.layout.files.get(path) or (self._near(stated) if stated else None)
        module = self._module(source) if source and source.endswith(".py") else None
        if module is None or listener.port is not None:
            return
        reader = Reader(Code(self.project), [module], arguments, listener.process.env)
        for value in module.assignments.get("bind", [])[-1:]:
            known = reader.value(module, value)
            text = str(known.value) if known else _joined(reader, module, value)
            if text:
                self._bind(listener, text, module.origin(value), "gunicorn's configuration file")

    def _torchserve(self, listener: Listener, arguments: tuple[str, ...]) -> None:
        stated = programs.flag(arguments, ("--ts-config",)) or "config.properties"
        path = absolute(stated, listener.process.workdir)
        source = self.layout.files.get(path) or self._near(stated)
        file = self.project.get(source) if source else None
        match = re.search(rb"^\s*inference_address\s*=\s*https?://([^:\s]+):(\d+)", file.data, re.MULTILINE) if file else None
        if file is not None and match:
            origin = Origin(file=file.path, line=file.data.count(b"\n", 0, match.start()) + 1)
            listener.host = Known(match.group(1).decode(), origin, "inference_address")
            listener.port = Known(match.group(2).decode(), origin, "inference_address")

    def _near(self, name: str) -> str | None:
        tail = PurePosixPath(name).name
        found = [path for path in self.layout.files.values() if PurePosixPath(path).name == tail]
        return found[0] if found else None

    def _python(self, process: Process) -> Listener | None:
        words = process.words if not process.words[0].endswith(".py") else ("python", *process.words)
        rest = list(words[1:])
        while rest:
            word = rest.pop(0)
            if word == "-m" and rest:
                module = rest.pop(0)
                path = self.find(module, process) if "$" not in module else None
                return self._code(process, path, tuple(rest), module) if path else None
            if word == "-c":
                return None
            if word in programs.PYTHON_VALUE_FLAGS and rest:
                rest.pop(0)
            elif not word.startswith("-"):
                path = self.layout.files.get(absolute(word, process.workdir)) or self._near_script(word)
                return self._code(process, path, tuple(rest), word) if path else None
        return None

    def _near_script(self, word: str) -> str | None:
        """A script by its last path segments, where the file did not come by COPY (a volume, a clone of the project itself)."""
        for base in (self.context, ""):
            path = f"{base}/{word.lstrip('./')}".strip("/")
            if path in self.project.files:
                return path
        return None

    def _console_script(self, process: Process, name: str) -> Listener | None:
        entry = self.shared.console_scripts().get(name)
        path = self.find(entry, process) if entry else None
        return self._code(process, path, process.words[1:], name) if path else None

    def _enter(self, listener: Listener, path: str) -> None:
        code = self.shared.code(tuple(dict.fromkeys(self._roots(path, listener.process))))
        listener.code, listener.entry = code, code.module(path)
        listener.entries, listener.closures = [path], self.shared.closures

    def _roots(self, path: str, process: Process) -> Iterator[str]:
        for folder in (process.workdir, *process.env.get("PYTHONPATH", "").split(":")):
            yield from (project for image, project in self.layout.folders if folder and image.rstrip("/") == folder.rstrip("/"))
        folder = str(PurePosixPath(path).parent)
        while folder not in (".", "") and f"{folder}/__init__.py" in self.project.files:
            folder = str(PurePosixPath(folder).parent)
        yield "" if folder == "." else folder
        yield from (self.context, f"{self.context}/src".strip("/"))

    def find(self, module: str, process: Process) -> str | None:
        """The file of an importable module of the project: below the working directory, then anywhere."""
        relative = module.replace(".", "/").strip("/")
        if not relative:
            return None
        tails = (f"{relative}.py", f"{relative}/__main__.py", f"{relative}/__init__.py")
        for base in (process.workdir, *process.env.get("PYTHONPATH", "").split(":")):
            for tail in tails:
                source = self.layout.files.get(absolute(tail, base or "/"))
                if source:
                    return source
        for base in dict.fromkeys((self.context, f"{self.context}/src".strip("/"), "", "src")):
            for tail in tails:
                path = f"{base}/{tail}".strip("/")
                if path in self.project.files:
                    return path
        if "/" in relative:
            for tail in tails:
                found = sorted((path for path in self.project.files if path.endswith("/" + tail)), key=len)
                if found:
                    return found[0]
        return None

    def _module(self, path: str | None) -> Module | None:
        return Code(self.project).module(path) if path else None

    def _code(self, process: Process, path: str, arguments: tuple[str, ...], label: str) -> Listener | None:
        """A program of the project: what its code passes to the server that it starts."""
        listener = Listener(process, label)
        self._enter(listener, path)
        if listener.code is None or listener.entry is None:
            return None
        reader = Reader(listener.code, listener.modules, arguments, process.env)
        best: tuple[int, Module, ast.Call, str] | None = None
        for rank, module in enumerate(listener.modules):
            if not MARKS.search(module.file.data):
                continue
            for call, framework, host, port in run_calls(listener.code, module):
                known = reader.value(module, port) if port is not None else None
                score = (0 if known else 2) + (0 if module is listener.entry else 1) + (1 if port is None else 0)
                if best is None or score < best[0]:
                    best = (score, module, call, framework)
                    listener.framework = framework
                    listener.port = known if known and _is_port(known.value) else None
                    listener.host = reader.value(module, host) if host is not None else None
            if best is not None and best[0] == 0 and rank > 20:
                break
        if best is None:
            if _grpc(listener):
                listener.framework, listener.http = "gRPC", False
                return listener
            return self._silent(listener)
        self._fill(listener, reader, best[1], best[2])
        return listener

    def _silent(self, listener: Listener) -> Listener | None:
        """Code of the project in which no server call was found."""
        listener.http, listener.certain = True, False
        listener.framework = ""
        return listener

    def _fill(self, listener: Listener, reader: Reader, module: Module, call: ast.Call) -> None:
        """Defaults of the framework where the call states no port or host, and what would change them."""
        defaults = {
            "uvicorn": (8000, "127.0.0.1"),
            "flask": (5000, "127.0.0.1"),
            "gradio": (7860, "127.0.0.1"),
            "aiohttp": (8080, "0.0.0.0"),
            "quart": (5000, "127.0.0.1"),
            "app": (None, "127.0.0.1"),
            "sanic": (8000, "127.0.0.1"),
            "bottle": (8080, "127.0.0.1"),
            "hypercorn": (8000, "127.0.0.1"),
            "litserve": (8000, "0.0.0.0"),
            "fastmcp": (8000, "127.0.0.1"),
            "waitress": (8080, "0.0.0.0"),
            "dash": (8050, "127.0.0.1"),
            "nicegui": (8080, "0.0.0.0"),
        }
        port, host = defaults.get(listener.framework, (None, "0.0.0.0"))
        env, origin = listener.process.env, module.origin(call)
        named = {"gradio": ("GRADIO_SERVER_PORT", "GRADIO_SERVER_NAME"), "flask": ("", ""), "uvicorn": ("", "")}.get(
            listener.framework, ("", "")
        )
        if listener.port is None and env.get(named[0]):
            listener.port = Known(env[named[0]], listener.process.origin, f"variable {named[0]}", env=named[0])
        if listener.host is None and env.get(named[1]):
            listener.host = Known(env[named[1]], listener.process.origin, f"variable {named[1]}", env=named[1])
        if listener.port is None and port is not None and not _has_port(call):
            listener.port = Known(port, origin, f"default of {listener.framework}")
        elif listener.port is None and port is not None:
            listener.port, listener.certain = Known(port, origin, f"default of {listener.framework}"), False
        if listener.host is None and not _has_host(call):
            listener.host = Known(host, origin, f"default of {listener.framework}")
        listener.port_flag = listener.port.flag if listener.port else ""
        listener.port_env = (listener.port.env if listener.port else "") or named[0]
        listener.host_flag = listener.host.flag if listener.host else ""
        listener.host_env = (listener.host.env if listener.host else "") or named[1]
        target = call.args[0] if call.args else keyword(call, "app")
        if isinstance(target, ast.Constant) and isinstance(target.value, str) and ":" in target.value:
            listener.application = target.value
            path = self.find(target.value.partition(":")[0], listener.process)
            if path and path not in listener.entries:
                listener.entries.append(path)

    def _node(self, process: Process) -> Listener | None:
        words = [word for word in process.words[1:] if not word.startswith("-")]
        name = PurePosixPath(process.words[0]).name
        script: str | None = next((word for word in words if word.endswith((".js", ".mjs", ".cjs", ".ts"))), None)
        folder = self._project_folder(process.workdir)
        if name in ("npm", "yarn", "pnpm", "bun") and script is None:
            wanted = next((word for word in words if word not in ("run", "exec")), "start")
            script = package_script(self.project, folder, wanted)
        if script is None and words and name in ("node", "nodejs"):
            script = words[0]
        path = None
        for candidate in (script, f"{script}.js", f"{script}/index.js") if script else ():
            path = (
                path
                or self.layout.files.get(absolute(candidate, process.workdir))
                or self._near_script(f"{folder}/{candidate}" if folder else candidate)
            )
        listener = Listener(process, "node", certain=False)
        file = self.project.get(path) if path else None
        if file is not None and file.size < MAX_FILE:
            read_javascript(listener, file.path, file.data.decode(errors="replace"), process)
            beside = [
                one for one in self.project.below(file.folder) if one.name.endswith((".js", ".mjs", ".cjs", ".ts")) and one.size < 2**18
            ]
            listener.scripts = [(one.path, one.data.decode(errors="replace")) for one in beside[:100] if "test" not in one.path]
        return listener

    def _project_folder(self, workdir: str) -> str:
        return next((project for image, project in self.layout.folders if image.rstrip("/") == workdir.rstrip("/")), self.context)


def closure(code: Code, entry: str) -> list[Module]:
    """The entry module and what it imports, nearest first, at most `MAX_CLOSURE`."""
    seen, queue = {entry}, [entry]
    found: list[Module] = []
    package = str(PurePosixPath(entry).parent)
    if entry.endswith("__main__.py") and f"{package}/__init__.py" in code.project.files:
        queue.append(f"{package}/__init__.py")
        seen.add(f"{package}/__init__.py")
    while queue and len(found) < MAX_CLOSURE:
        module = code.module(queue.pop(0))
        if module is None:
            continue
        found.append(module)
        for path, _ in code.imported_files(module):
            if path not in seen:
                seen.add(path)
                queue.append(path)
    return found


def run_calls(code: Code, module: Module) -> Iterator[tuple[ast.Call, str, ast.expr | None, ast.expr | None]]:
    """Calls that start a server: (call, framework, host, port)."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        name = dotted(node.func)
        real = code.dotted(module, node.func) or name
        last = name.rsplit(".", 1)[-1]
        known = RUN_CALLS.get(real) or RUN_CALLS.get(last)
        host, port = _host_keyword(node), _port_keyword(node)
        if known is not None:
            first, second, framework = known
            host = host or (node.args[first] if 0 <= first < len(node.args) else None)
            port = port or (node.args[second] if 0 <= second < len(node.args) else None)
            yield node, framework, host, port
        elif last in SERVERS and node.args and isinstance(node.args[0], ast.Tuple) and len(node.args[0].elts) == 2:
            yield node, "http.server", node.args[0].elts[0], node.args[0].elts[1]
        elif real in ("waitress.serve", "hypercorn.asyncio.serve", "bottle.run", "nicegui.ui.run", "gevent.pywsgi.WSGIServer"):
            yield node, real.split(".")[0], host, port
        elif last in METHODS and isinstance(node.func, ast.Attribute) and (framework := _framework(module, last)):
            if last == "listen" and node.args:
                port = port or node.args[0]
            if last == "run" and framework == "flask" and node.args:
                host, port = host or node.args[0], port or (node.args[1] if len(node.args) > 1 else None)
            if last != "run" or host is not None or port is not None or name.split(".")[0] in _applications(module):
                yield node, framework, host, port


def _applications(module: Module) -> set[str]:
    makers = ("Flask", "Quart", "Sanic", "Dash", "FastMCP", "LitServer", "Bottle", "Starlette", "FastAPI", "create_app", "API")
    return {
        name
        for name, values in module.assignments.items()
        for value in values
        if isinstance(value, ast.Call) and dotted(value.func).rsplit(".", 1)[-1] in makers
    }


def _framework(module: Module, method: str) -> str:
    data = module.file.data
    if method == "launch":
        return "gradio" if b"gradio" in data or b"gr." in data else ""
    if method == "listen":
        return "tornado" if b"tornado" in data else ""
    names = ("flask", "quart", "sanic", "dash", "fastmcp", "litserve", "bottle", "aiohttp", "nicegui", "socketio", "uvicorn")
    return next(
        ({"socketio": "flask", "uvicorn": "app"}.get(name, name) for name in names if name.encode() in data.lower()),
        "app" if method == "run" else "",
    )


def _host_keyword(call: ast.Call) -> ast.expr | None:
    return keyword(call, "host") or keyword(call, "server_name") or keyword(call, "hostname") or keyword(call, "address")


def _port_keyword(call: ast.Call) -> ast.expr | None:
    return keyword(call, "port") or keyword(call, "server_port")


def _has_port(call: ast.Call) -> bool:
    return _port_keyword(call) is not None or any(one.arg is None for one in call.keywords)


def _has_host(call: ast.Call) -> bool:
    return _host_keyword(call) is not None or any(one.arg is None for one in call.keywords)


def _is_port(value: Any) -> bool:
    return str(value).isdecimal() and 0 < int(str(value)) < 65536


def _joined(reader: Reader, module: Module, node: ast.expr) -> str:
    """A string of literal parts and readable values: f"0.0.0.0:{PORT}"."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _joined(reader, module, node.left) + _joined(reader, module, node.right)
    if isinstance(node, ast.JoinedStr):
        return "".join(_joined(reader, module, part.value if isinstance(part, ast.FormattedValue) else part) for part in node.values)
    known = reader.value(module, node)
    return str(known.value) if known else ""


def _grpc(listener: Listener) -> bool:
    return any(
        re.search(rb"grpc\.(aio\.)?server\(|add_insecure_port|from jina import .*\bFlow\b", module.file.data) for module in listener.modules
    )


def _configured_elsewhere(arguments: tuple[str, ...]) -> bool:
    return any(word in ("-c", "--config", "--ini") or word.endswith((".ini", ".yaml", ".conf.py")) for word in arguments)
