"""Where a process listens: by its flags, its variables, its code, and the defaults of the program that it runs."""

from __future__ import annotations

import ast
import re
from pathlib import PurePosixPath

from converters.containers.layout import Layout
from converters.project import MAX_FILE, Project
from converters.python.module import Module
from converters.sources.docker import jina, programs
from converters.sources.docker.addresses import Address, address
from converters.sources.docker.code_files import CodeFiles
from converters.sources.docker.defaults import Known, Reader, keyword
from converters.sources.docker.installed import package_script
from converters.sources.docker.javascript import read_javascript
from converters.sources.docker.known_programs import listener_of
from converters.sources.docker.processes import Process, absolute
from converters.sources.docker.run_calls import DEFAULTS, MARKS, RunCall, run_calls
from converters.sources.docker.serving import Listener, Shared

JAVASCRIPT = (".js", ".mjs", ".cjs", ".ts")


class Listening:
    """Reads listeners of one image."""

    def __init__(self, project: Project, layout: Layout, context: str, shared: Shared | None = None) -> None:
        self.files = CodeFiles(project, layout, context, shared)

    def listener(self, process: Process) -> Listener | None:
        """What a process serves; None for a program that is no server as far as can be seen."""
        match = programs.recognise(process.words)
        if match is not None:
            found = listener_of(self.files, process, match)
            if match.program.name == "Jina":
                jina.read(self.files, found, match.arguments)
            return found
        name = PurePosixPath(process.words[0]).name
        if programs.PYTHON.match(name) or process.words[0].endswith(".py"):
            return self._python(process)
        if name in ("node", "nodejs", "npm", "yarn", "pnpm", "npx", "bun", "deno", "ts-node", "tsx"):
            return self._node(process)
        return self._console_script(process, name)

    def _python(self, process: Process) -> Listener | None:
        words = process.words if not process.words[0].endswith(".py") else ("python", *process.words)
        rest = list(words[1:])
        while rest:
            word = rest.pop(0)
            if word == "-m" and rest:
                module = rest.pop(0)
                path = self.files.find(module, process) if "$" not in module else None
                return self._code(process, path, tuple(rest), module) if path else None
            if word == "-c":
                return None
            if word in programs.PYTHON_VALUE_FLAGS and rest:
                rest.pop(0)
            elif not word.startswith("-"):
                path = self.files.layout.files.get(absolute(word, process.workdir)) or self.files.near_script(word)
                return self._code(process, path, tuple(rest), word) if path else None
        return None

    def _console_script(self, process: Process, name: str) -> Listener | None:
        entry = self.files.shared.console_scripts().get(name)
        path = self.files.find(entry, process) if entry else None
        return self._code(process, path, process.words[1:], name) if path else None

    def _code(self, process: Process, path: str, arguments: tuple[str, ...], label: str) -> Listener | None:
        """A program of the project: what its code passes to the server that it starts."""
        listener = Listener(process, label)
        self.files.enter(listener, path)
        if listener.code is None or listener.entry is None:
            return None
        reader = Reader(listener.code, listener.modules, arguments, process.env)
        best: tuple[int, Module, RunCall, Address] | None = None
        for rank, module in enumerate(listener.modules):
            if not MARKS.search(module.file.data):
                continue
            for call in run_calls(listener.code, module):
                found = address(reader, module, call)
                stated = found.port is not None or any(one.subject == "port" for one in found.unread)
                score = (0 if found.port else 2) + (0 if module is listener.entry else 1) + (0 if stated else 1)
                if best is None or score < best[0]:
                    best = (score, module, call, found)
            if best is not None and best[0] == 0 and rank > 20:
                break
        if best is None:
            if any(jina.LOADS.search(one.file.data) for one in listener.modules):
                jina.read(self.files, listener, arguments)
                return listener
            if _grpc(listener):
                listener.framework, listener.http = "gRPC", False
                return listener
            return self._silent(listener)
        self._fill(listener, reader, best[1], best[2], best[3])
        return listener

    def _silent(self, listener: Listener) -> Listener | None:
        """Code of the project in which no server call was found."""
        listener.http, listener.certain = True, False
        listener.framework = ""
        return listener

    def _fill(self, listener: Listener, reader: Reader, module: Module, call: RunCall, found: Address) -> None:
        """What the call states, the framework's defaults where it states nothing, and what would change them."""
        listener.framework, listener.port, listener.host = call.framework, found.port, found.host
        listener.unread = list(found.unread)
        port, host = DEFAULTS.get(listener.framework, (None, "0.0.0.0"))
        env, origin = listener.process.env, module.origin(call.node)
        named = ("GRADIO_SERVER_PORT", "GRADIO_SERVER_NAME") if listener.framework == "gradio" else ("", "")
        if listener.port is None and env.get(named[0]):
            listener.port = Known(env[named[0]], listener.process.origin, f"variable {named[0]}", env=named[0])
        if listener.host is None and env.get(named[1]):
            listener.host = Known(env[named[1]], listener.process.origin, f"variable {named[1]}", env=named[1])
        if listener.port is None and port is not None and listener.unread_about("port") is None:
            listener.port = Known(port, origin, f"default of {listener.framework}")
        if listener.host is None and listener.unread_about("host") is None:
            listener.host = Known(host, origin, f"default of {listener.framework}")
        listener.port_flag = listener.port.flag if listener.port else ""
        listener.port_env = (listener.port.env if listener.port else "") or named[0]
        listener.host_flag = listener.host.flag if listener.host else ""
        listener.host_env = (listener.host.env if listener.host else "") or named[1]
        limit = keyword(call.node, "limit_concurrency")
        listener.limit = reader.value(module, limit) if limit is not None else None
        target = call.node.args[0] if call.node.args else keyword(call.node, "app")
        if isinstance(target, ast.Constant) and isinstance(target.value, str) and ":" in target.value:
            listener.application = target.value
            path = self.files.find(target.value.partition(":")[0], listener.process)
            if path and path not in listener.entries:
                listener.entries.append(path)

    def _node(self, process: Process) -> Listener | None:
        words = [word for word in process.words[1:] if not word.startswith("-")]
        name = PurePosixPath(process.words[0]).name
        script: str | None = next((word for word in words if word.endswith(JAVASCRIPT)), None)
        folder = self.files.folder_of(process.workdir)
        if name in ("npm", "yarn", "pnpm", "bun") and script is None:
            wanted = next((word for word in words if word not in ("run", "exec")), "start")
            script = package_script(self.files.project, folder, wanted)
        if script is None and words and name in ("node", "nodejs"):
            script = words[0]
        path = None
        for candidate in (script, f"{script}.js", f"{script}/index.js") if script else ():
            path = (
                path
                or self.files.layout.files.get(absolute(candidate, process.workdir))
                or self.files.near_script(f"{folder}/{candidate}" if folder else candidate)
            )
        listener = Listener(process, "node", certain=False)
        file = self.files.project.get(path) if path else None
        if file is not None and file.size < MAX_FILE:
            read_javascript(listener, file.path, file.data.decode(errors="replace"), process, self.files.project)
            beside = [one for one in self.files.project.below(file.folder) if one.name.endswith(JAVASCRIPT) and one.size < 2**18]
            listener.scripts = [(one.path, one.data.decode(errors="replace")) for one in beside[:100] if "test" not in one.path]
        return listener


def _grpc(listener: Listener) -> bool:
    return any(
        re.search(rb"grpc\.(aio\.)?server\(|add_insecure_port|from jina import .*\bFlow\b", module.file.data) for module in listener.modules
    )
