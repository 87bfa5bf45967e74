"""Calls in Python code that start a server, with the host and port that they pass and the defaults of their frameworks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from converters.python.code import Code
from converters.python.module import FunctionNode, Module, assigned, own_nodes
from converters.sources.docker.defaults import dotted, keyword

RUN_CALLS: dict[str, tuple[int, int, str]] = {
    "uvicorn.run": (-1, -1, "uvicorn"),
    "uvicorn.Config": (-1, -1, "uvicorn"),
    "run_app": (-1, -1, "aiohttp"),
    "run_simple": (0, 1, "werkzeug"),
    "make_server": (0, 1, "wsgiref"),
    "TCPSite": (1, 2, "aiohttp"),
    "hypercorn.run": (-1, -1, "hypercorn"),
    "hypercorn.asyncio.serve": (-1, -1, "hypercorn"),
    "hypercorn.trio.serve": (-1, -1, "hypercorn"),
    "serve_forever": (-1, -1, "server"),
}
"""Call -> (position of host, position of port, framework); -1: a keyword only."""
CONFIGURED = {"hypercorn": ("bind", 1), "server": ("", -1)}
"""Framework whose address stands on a configuration object -> (its attribute, position of the object in the call)."""
METHODS = {"run": "app", "launch": "gradio", "listen": "tornado", "start": "server", "mount_gradio_app": "gradio"}
SERVERS = ("HTTPServer", "ThreadingHTTPServer", "TCPServer", "ThreadingTCPServer", "WSGIServer")
DEFAULTS: dict[str, tuple[int | None, str]] = {
    "uvicorn": (8000, "127.0.0.1"),
    "flask": (5000, "127.0.0.1"),
    "gradio": (7860, "127.0.0.1"),
    "aiohttp": (8080, "0.0.0.0"),
    "quart": (5000, "127.0.0.1"),
    "app": (None, "127.0.0.1"),
    "sanic": (8000, "127.0.0.1"),
    "bottle": (8080, "127.0.0.1"),
    "hypercorn": (8000, "127.0.0.1"),
    "gunicorn": (8000, "127.0.0.1"),
    "litserve": (8000, "0.0.0.0"),
    "fastmcp": (8000, "127.0.0.1"),
    "waitress": (8080, "0.0.0.0"),
    "dash": (8050, "127.0.0.1"),
    "nicegui": (8080, "0.0.0.0"),
}
"""Framework -> (port, host) where the call states neither."""
MARKS = re.compile(
    rb"uvicorn\.|\.run\(|\.launch\(|run_app|HTTPServer|TCPServer|serve\(|make_server|TCPSite|run_simple|\.listen\(|WSGIServer|bind"
)
MAKERS = {
    "Flask": "flask",
    "SocketIO": "flask",
    "Quart": "quart",
    "Sanic": "sanic",
    "Dash": "dash",
    "FastMCP": "fastmcp",
    "LitServer": "litserve",
    "Bottle": "bottle",
    "Starlette": "app",
    "FastAPI": "app",
    "API": "app",
}
"""What makes an application with a `run` method -> its framework."""


@dataclass(frozen=True)
class RunCall:
    """A call that starts a server; `bind` is an address of the form host:port, on a configuration object or in a table."""

    node: ast.Call
    framework: str
    host: ast.expr | None = None
    port: ast.expr | None = None
    bind: ast.expr | None = None


def run_calls(code: Code, module: Module) -> Iterator[RunCall]:
    """Calls that start a server."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and (found := _run_call(code, module, node)) is not None:
            yield found


def _run_call(code: Code, module: Module, node: ast.Call) -> RunCall | None:
    real = code.dotted(module, node.func) or dotted(node.func)
    last = real.rsplit(".", 1)[-1]
    known = RUN_CALLS.get(real) or RUN_CALLS.get(last)
    host, port = _host_keyword(node), _port_keyword(node)
    if known is not None:
        first, second, framework = known
        host = host or (node.args[first] if 0 <= first < len(node.args) else None)
        port = port or (node.args[second] if 0 <= second < len(node.args) else None)
        return _configured(module, RunCall(node, framework, host, port))
    if last in SERVERS and node.args and isinstance(node.args[0], ast.Tuple) and len(node.args[0].elts) == 2:
        return RunCall(node, "http.server", node.args[0].elts[0], node.args[0].elts[1])
    if real in ("waitress.serve", "bottle.run", "nicegui.ui.run", "gevent.pywsgi.WSGIServer"):
        return RunCall(node, real.split(".")[0], host, port)
    if last == "run" and b"BaseApplication" in module.file.data and isinstance(node.func, ast.Attribute):
        bind = _item(module, "bind")
        return RunCall(node, "gunicorn", bind=bind) if bind is not None else None
    if last in METHODS and isinstance(node.func, ast.Attribute):
        return _method(code, module, node, last, host, port)
    return None


def _method(code: Code, module: Module, node: ast.Call, last: str, host: ast.expr | None, port: ast.expr | None) -> RunCall | None:
    """`app.run(...)`, `demo.launch(...)`, `server.listen(...)`."""
    assert isinstance(node.func, ast.Attribute)
    if last != "run":
        framework = _imported(module, last)
        port = port or (node.args[0] if last == "listen" and node.args else None)
        return RunCall(node, framework, host, port) if framework else None
    framework = maker(code, module, node.func.value, 0)
    if framework == "flask" and node.args:
        host, port = host or node.args[0], port or (node.args[1] if len(node.args) > 1 else None)
    if not framework and host is None and port is None:
        return None
    framework = framework if framework not in ("", "app") else _imported(module, last)
    return RunCall(node, framework, host, port) if framework else None


def maker(code: Code, module: Module, node: ast.expr, depth: int) -> str:
    """The framework of the application that an expression comes to; '' for anything else."""
    if depth > 4:
        return ""
    if isinstance(node, ast.Call):
        if found := MAKERS.get(dotted(node.func).rsplit(".", 1)[-1]):
            return found
        target = code.function(module, node.func)
        if target is not None and isinstance(target.node, FunctionNode):
            made = [one for one in own_nodes(target.node) if isinstance(one, ast.Call)]
            return next((found for one in made if (found := MAKERS.get(dotted(one.func).rsplit(".", 1)[-1]))), "")
        if target is not None and isinstance(target.node, ast.ClassDef):
            return next((found for base in target.node.bases if (found := MAKERS.get(dotted(base).rsplit(".", 1)[-1]))), "")
        return "app" if dotted(node.func).rsplit(".", 1)[-1] == "create_app" else ""
    if isinstance(node, ast.Name):
        for parent in module.ancestors(node):
            local = [value for one in own_nodes(parent) for name, value in assigned(one) if name == node.id] \
                if isinstance(parent, FunctionNode) else []  # fmt: skip
            if local:
                return maker(code, module, local[-1], depth + 1)
        target = code.definition(module, node.id)
        return maker(code, target.module, target.node, depth + 1) if target and isinstance(target.node, ast.expr) else ""
    return ""


def _configured(module: Module, call: RunCall) -> RunCall:
    """With the address that stands on the configuration object of the call."""
    attribute, position = CONFIGURED.get(call.framework, ("", -1))
    node = call.node
    object_ = keyword(node, "config") or (node.args[position] if 0 <= position < len(node.args) else None)
    if call.framework == "uvicorn":  # `config = uvicorn.Config(app)` may be changed afterwards
        parent = module.parents.get(node)
        object_ = parent.targets[0] if isinstance(parent, ast.Assign) else None
    if not isinstance(object_, ast.Name):
        return call
    values = {
        target.attr: one.value
        for one in ast.walk(module.tree)
        if isinstance(one, ast.Assign)
        for target in one.targets
        if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == object_.id
    }
    if call.framework == "uvicorn":
        return RunCall(node, call.framework, values.get("host", call.host), values.get("port", call.port))
    bind = values.get(attribute) or _from_mapping(module, object_.id)
    return RunCall(node, call.framework, call.host, call.port, bind)


def _from_mapping(module: Module, name: str) -> ast.expr | None:
    """`config = Config.from_mapping({"bind": ...})` or `from_mapping(bind=...)`."""
    for one in ast.walk(module.tree):
        for target, value in assigned(one):
            if target == name and isinstance(value, ast.Call) and dotted(value.func).endswith("from_mapping"):
                if (stated := keyword(value, "bind")) is not None:
                    return stated
                tables = [table for table in value.args if isinstance(table, ast.Dict)]
                return next((found for table in tables if (found := _value_of(table, "bind")) is not None), None)
    return None


def _item(module: Module, key: str) -> ast.expr | None:
    """The value of a key in any table of a module."""
    tables = (one for one in ast.walk(module.tree) if isinstance(one, ast.Dict))
    return next((found for table in tables if (found := _value_of(table, key)) is not None), None)


def _value_of(table: ast.Dict, key: str) -> ast.expr | None:
    for name, value in zip(table.keys, table.values, strict=True):
        if isinstance(name, ast.Constant) and name.value == key:
            return value
    return None


def table_value(code: Code, module: Module, node: ast.expr, key: str, depth: int = 0) -> tuple[ast.expr | None, bool]:
    """(the value of a key, whether all keys are known) of the table that `**node` passes."""
    if isinstance(node, ast.Dict):
        inner = [table_value(code, module, value, key, depth + 1) for name, value in zip(node.keys, node.values, strict=True) if not name]
        found = _value_of(node, key) or next((value for value, _ in inner if value is not None), None)
        return found, all(known for _, known in inner) and all(name is None or isinstance(name, ast.Constant) for name in node.keys)
    if isinstance(node, ast.Call) and dotted(node.func) == "dict" and not node.args:
        return keyword(node, key), all(one.arg for one in node.keywords)
    if isinstance(node, ast.Name) and depth < 4:
        for parent in [*module.ancestors(node), module.tree]:
            if isinstance(parent, FunctionNode | ast.Module):
                values = [value for one in own_nodes(parent) for name, value in assigned(one) if name == node.id]
                if values:
                    changed = re.search(rf"\b{re.escape(node.id)}(\[|\.(update|setdefault|pop)\b)", module.text)
                    found, known = table_value(code, module, values[-1], key, depth + 1)
                    return found, known and not changed
    return None, False


def _imported(module: Module, method: str) -> str:
    """The framework that a module uses, by its name in the text."""
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
