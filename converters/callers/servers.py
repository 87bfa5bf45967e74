"""Programs that call a server by its address: they get the address of its app, and fal's key as a header.

`migrate callers PATH --map http://HOST:PORT=owner/app` names the address that the server had. What is behind it in a path or query
stays, since fal forwards an app's paths as they are; the header `Authorization: Key ...` is what fal asks for.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from converters import rules
from converters.callers.bodies import Unclear
from converters.callers.flow import Flow, Part, Remark, Step, Value
from converters.callers.runpod_http import METHODS

RULE = rules.CL020
KEY = "f\"Key {os.environ['FAL_KEY']}\""
AUTHORIZATION = f'"Authorization": {KEY}'
REQUESTS = METHODS | {"stream", "options", "head"}
MODULES = ("requests", "httpx")
CLIENTS = {
    "openai.OpenAI": "default_headers",
    "openai.AsyncOpenAI": "default_headers",
    "langchain_openai.ChatOpenAI": "default_headers",
    "langchain_openai.OpenAIEmbeddings": "default_headers",
    "httpx.Client": "headers",
    "httpx.AsyncClient": "headers",
}
"""Clients that take the beginning of all addresses, and the keyword for the headers of every request."""
SESSIONS = frozenset({"requests.Session", "requests.session", "httpx.Client", "httpx.AsyncClient", "aiohttp.ClientSession"})
BASES = ("base_url", "openai_api_base", "api_base")
FROM_ENVIRONMENT = frozenset({"os.getenv", "os.environ.get"})


def addresses(named: Sequence[str]) -> tuple[str, ...]:
    """The addresses of servers among what apps were given for, the longest first."""
    return tuple(sorted((name.rstrip("/") for name in named if "://" in name), key=len, reverse=True))


def prefix_of(text: str, known: Sequence[str]) -> str:
    """The address that a text begins with; '' where it begins with none."""
    return next((one for one in known if text.startswith(one) and re.match(r"$|[/?#]", text[len(one) :])), "")


class ServerHTTP:
    """Requests to addresses that an app was given for."""

    def __init__(self, known: Sequence[str]) -> None:
        self.known = tuple(known)

    def step(self, flow: Flow, node: ast.expr) -> Step | None:
        match node:
            case ast.Constant(value=str(text)) if prefix_of(text, self.known):
                return self._literal(flow, node, prefix_of(text, self.known))
            case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]) if prefix_of(text, self.known):
                return self._literal(flow, node, prefix_of(text, self.known))
            case ast.JoinedStr(values=[ast.FormattedValue(value=value, conversion=-1, format_spec=None), *_]) if self._is_address(
                flow, value
            ):
                return Step(Value("address"), (node,), RULE, "", base=value)
            case ast.BinOp(op=ast.Add(), left=left) if self._is_address(flow, left):
                return Step(Value("address"), (node,), RULE, "", base=left)
            case ast.Call() if (flow.code.dotted(flow.module, node.func) or "") in FROM_ENVIRONMENT:
                return self._from_environment(flow, node)
            case ast.Call(func=ast.Attribute(attr="rstrip" | "strip", value=value)) if self._is_address(flow, value):
                return Step(Value("address"), (node,), RULE, "", base=value)
            case ast.Call():
                return self._call(flow, node)
        return None

    def use(self, flow: Flow, node: ast.expr, value: Value) -> bool:
        if value.kind != "address":
            return False
        return flow.is_shown(node) or flow.is_tested(node)

    @staticmethod
    def _is_address(flow: Flow, node: ast.expr) -> bool:
        value = flow.value(node)
        return value is not None and value.kind == "address"

    @staticmethod
    def _literal(flow: Flow, node: ast.expr, prefix: str) -> Step | None:
        parent = flow.module.parents[node]
        if isinstance(parent, ast.Expr | ast.JoinedStr) or not flow.apps.find(prefix):
            return None
        source, address = flow.module.source(node), f"https://fal.run/{flow.apps.find(prefix)}"
        if source.count(prefix) != 1:
            flow.refuse(node, "the address is not written as one text")
        return Step(Value("address", server=prefix), (source.replace(prefix, address, 1),), RULE, "")

    def _from_environment(self, flow: Flow, node: ast.Call) -> Step | None:
        if len(node.args) < 2 or not self._is_address(flow, node.args[1]):
            return None
        variable = flow.text((node.args[0],))
        text = f"the variable {variable}, where it is set, must hold the address of the app from now on, as its default here."
        flow.remarks.append(Remark(node.args[1], RULE, text))
        value = flow.value(node.args[1])
        return Step(Value("address", server=value.server if value else ""), (node,), RULE, "", base=node.args[1])

    def _call(self, flow: Flow, node: ast.Call) -> Step | None:
        dotted = flow.code.dotted(flow.module, node.func) or ""
        given = {keyword.arg or "": keyword.value for keyword in node.keywords}
        url, headers = self._target(flow, node, dotted, given)
        if url is None or not self._is_address(flow, url):
            return None
        name = f"{dotted or flow.brief(node.func)}(...)"
        try:
            if not headers:
                raise Unclear(f"what `{flow.brief(node.func)}` sends with its requests is not known here")
            self._check_method(flow, node, url)
            self._authorized(flow, node, url, given, headers)
        except Unclear as error:
            flow.refuse(url, str(error))
        flow.helpers.append((url, "import os"))
        message = "goes to the app's address with fal's key"
        return Step(Value("plain"), (node,), RULE, name, message, base=url)

    @staticmethod
    def _target(flow: Flow, node: ast.Call, dotted: str, given: dict[str, ast.expr]) -> tuple[ast.expr | None, str]:
        """The address that a call is given, and the keyword under which it takes headers, '' where that is not known."""
        base = next((given[name] for name in BASES if name in given), None)
        if base is not None:
            return base, CLIENTS.get(dotted, "")
        if isinstance(node.func, ast.Attribute) and node.func.attr in REQUESTS:
            position = 1 if node.func.attr in ("request", "stream") else 0
            url = node.args[position] if len(node.args) > position else given.get("url")
            known = dotted.split(".")[0] in MODULES or _is_session(flow, node.func.value)
            return url, "headers" if known else ""
        if dotted in ("urllib.request.Request", "urllib.request.urlopen"):
            url = node.args[0] if node.args else given.get("url")
            return url, "headers" if dotted.endswith("Request") else ""
        taken = (one for one in (*node.args, *given.values()) if ServerHTTP._is_address(flow, one) and not flow.is_shown(one))
        return next(taken, None), ""

    @staticmethod
    def _check_method(flow: Flow, node: ast.Call, url: ast.expr) -> None:
        """Raises `Unclear` for a method that a typed app does not take."""
        value = flow.value(url)
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if method in ("get", "put", "patch", "delete", "head") and value is not None and flow.apps.is_typed(value.server):
            raise Unclear(f"every endpoint of the app takes POST, and this is a {method.upper()}")

    @staticmethod
    def _authorized(flow: Flow, node: ast.Call, url: ast.expr, given: dict[str, ast.expr], keyword: str) -> None:
        """Give a call the header. Raises `Unclear`."""
        headers = given.get(keyword)
        if "" in given and headers is None:
            raise Unclear("its keywords are unpacked, and headers may be among them")
        if isinstance(headers, ast.Dict):
            _into_literal(flow, url, headers)
        elif headers is not None:
            spread: tuple[Part, ...] = ("{**(", headers, " or {}), ", AUTHORIZATION, "}")
            if isinstance(headers, ast.Name | ast.Attribute):
                spread = ("{**", headers, ", ", AUTHORIZATION, "}")
            flow.rewrite(headers, url, spread, RULE, "fal asks for its key")
        else:
            last = max((*node.args, *given.values()), key=lambda one: (one.end_lineno or 0, one.end_col_offset or 0))
            before = flow.rewrites.get(last)
            parts = before.parts if before is not None and before.parts is not None else (last,)
            flow.rewrite(last, url, (*parts, f", {keyword}={{{AUTHORIZATION}}}"), RULE, "fal asks for its key")


def _into_literal(flow: Flow, url: ast.expr, headers: ast.Dict) -> None:
    """The header among others that are written out; one of the old server goes."""
    for key, value in zip(headers.keys, headers.values, strict=True):
        if isinstance(key, ast.Constant) and str(key.value).lower() == "authorization":
            flow.rewrite(value, url, (KEY,), RULE, "fal asks for its key")
            return
    if not headers.values:
        flow.rewrite(headers, url, ("{", AUTHORIZATION, "}"), RULE, "fal asks for its key")
        return
    last = headers.values[-1]
    flow.rewrite(last, url, (last, f", {AUTHORIZATION}"), RULE, "fal asks for its key")


def _is_session(flow: Flow, node: ast.expr) -> bool:
    """Whether an object is a session or client of a library for HTTP."""
    if isinstance(node, ast.Call):
        return (flow.code.dotted(flow.module, node.func) or "") in SESSIONS
    variable = flow.variables.of(node)
    if variable is None:
        return False
    origins = variable.origins
    return bool(origins) and all(isinstance(one, ast.Call) and _is_session(flow, one) for one in origins)
