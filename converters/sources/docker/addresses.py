"""The address that a call in Python code binds: what it states, and what it states in a form that cannot be read."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import Any

from converters.python.constants import NotConstant
from converters.python.module import Module
from converters.sources.docker.defaults import ENVIRON_CALLS, Known, Reader, dotted, joined
from converters.sources.docker.listener import is_port
from converters.sources.docker.run_calls import RunCall, table_value
from converters.sources.docker.serving import Unread

KEYS = {"port": ("port", "server_port"), "host": ("host", "server_name")}


@dataclass
class Address:
    """Port and host as far as a call states them; `unread` are statements whose value only running could tell."""

    port: Known | None = None
    host: Known | None = None
    unread: list[Unread] = field(default_factory=list)


def address(reader: Reader, module: Module, call: RunCall) -> Address:
    """What a call that starts a server says about its address."""
    found = Address()
    stated: dict[str, ast.expr | None] = {"port": call.port, "host": call.host}
    for one in call.node.keywords:
        if one.arg is None:
            _from_table(reader, module, one.value, stated, found)
    if call.bind is not None:
        _from_bind(reader, module, call.bind, found)
    if (port := stated["port"]) is not None and not _is_none(port):
        found.port = _port(reader, module, port, found)
    if (host := stated["host"]) is not None and not _is_none(host):
        known = reader.value(module, host)
        found.host = known if known and isinstance(known.value, str) else None
        if found.host is None:
            found.unread.append(_unread("host", module, host))
    return found


def _from_table(reader: Reader, module: Module, table: ast.expr, stated: dict[str, ast.expr | None], found: Address) -> None:
    """`**options`: the keys of a table that the code writes down; of another one nothing is known."""
    for subject, keys in KEYS.items():
        if stated[subject] is not None:
            continue
        values = [table_value(reader.code, module, table, key) for key in keys]
        stated[subject] = next((value for value, _ in values if value is not None), None)
        if stated[subject] is None and not all(known for _, known in values):
            found.unread.append(_unread("port" if subject == "port" else "host", module, table, "**"))


def _from_bind(reader: Reader, module: Module, node: ast.expr, found: Address) -> None:
    text = bind_text(reader, module, node)
    host, port = split_bind(text) if text else ("", "")
    origin = module.origin(node)
    if is_port(port):
        found.port = Known(port, origin, "in the code")
    else:
        found.unread.append(_unread("port", module, node))
    if host and "$" not in host:
        found.host = Known(host, origin, "in the code")
    else:
        found.unread.append(_unread("host", module, node))


def bind_text(reader: Reader, module: Module, node: ast.expr) -> str:
    """`host:port` of an expression, or of the first element of a list; '' where it cannot be read."""
    value: Any = None
    try:
        value, _ = reader.computed(module, node)
    except NotConstant:
        first = node.elts[0] if isinstance(node, ast.List | ast.Tuple) and node.elts else node
        value = joined(reader, module, first)
        value = value if re.search(r":\d+$", str(value)) else ""
    if isinstance(value, list | tuple):
        value = value[0] if value else ""
    return value if isinstance(value, str) else ""


def split_bind(value: str) -> tuple[str, str]:
    """(host, port) of `host:port`, `:port`, `host`, `port`, `[::]:port`, `tcp://...`; '' for what is not there."""
    value = re.sub(r"^\w+://", "", value)
    host, colon, port = value.rpartition(":") if not value.endswith("]") else (value, "", "")
    if not colon:
        host, port = ("", value) if value.isdecimal() else (value, "")
    return (host.strip("[]") or ("0.0.0.0" if colon else "")), port


def _port(reader: Reader, module: Module, node: ast.expr, found: Address) -> Known | None:
    known = reader.value(module, node)
    if known and is_port(known.value):
        return known
    if name := required_variable(node):
        return Known(f"${name}", module.origin(node), f"variable {name}", env=name)
    found.unread.append(_unread("port", module, node))
    return None


def required_variable(node: ast.expr) -> str:
    """The variable that `int(os.environ["PORT"])` cannot do without; '' for anything else."""
    if isinstance(node, ast.Call) and dotted(node.func) in ("int", "str") and len(node.args) == 1:
        return required_variable(node.args[0])
    key: ast.expr | None = None
    if isinstance(node, ast.Subscript) and dotted(node.value) in ("os.environ", "environ"):
        key = node.slice
    elif isinstance(node, ast.Call) and dotted(node.func) in ENVIRON_CALLS and len(node.args) == 1 and not node.keywords:
        key = node.args[0]
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _unread(subject: Any, module: Module, node: ast.expr, prefix: str = "") -> Unread:
    return Unread(subject, prefix + " ".join(module.source(node).split())[:80], module.origin(node))
