"""Calls in Python code that start a server, with the host and port that they pass and the defaults of their frameworks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from converters.python.code import Code
from converters.python.module import Module
from converters.sources.docker.defaults import dotted, keyword

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


def has_port(call: ast.Call) -> bool:
    return _port_keyword(call) is not None or any(one.arg is None for one in call.keywords)


def has_host(call: ast.Call) -> bool:
    return _host_keyword(call) is not None or any(one.arg is None for one in call.keywords)
