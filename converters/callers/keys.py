"""The key that a caller sends: fal_client reads FAL_KEY where RunPod's and Replicate's clients were given keys of theirs."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set

from converters import rules
from converters.callers.flow import DISPLAY, LOGGING, Flow, Remark
from converters.python.code import Code
from converters.python.module import Module

RULE = rules.CL008
NAMES = frozenset({"RUNPOD_API_KEY", "RUNPOD_AI_API_KEY", "RUNPOD_TOKEN", "REPLICATE_API_TOKEN", "REPLICATE_API_KEY"})
LOOKUPS = frozenset({"os.getenv", "os.environ.get", "os.environ.pop", "os.environ.setdefault"})
PLAIN = ast.Name | ast.Attribute | ast.Constant | ast.Subscript


def no_longer_sent(flow: Flow, owner: ast.expr, key: ast.expr) -> None:
    """Say so where a key was handed over that is not read from the environment."""
    if not (isinstance(key, ast.Call | ast.Subscript) and (flow.code.dotted(flow.module, _read(key)) or "") in (*LOOKUPS, "os.environ")):
        what = "the key that is written here" if isinstance(key, ast.Constant) else f"`{flow.text((key,))}`"
        text = f"{what} is no longer sent: fal_client reads FAL_KEY, and `fal_client.SyncClient(key=...)` takes a key."
        flow.remarks.append(Remark(owner, RULE, text))


def _read(key: ast.Call | ast.Subscript) -> ast.expr:
    return key.func if isinstance(key, ast.Call) else key.value


def assignments(code: Code, module: Module) -> Iterator[ast.Assign]:
    """`runpod.api_key = ...`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and code.dotted(module, node.targets[0]) == "runpod.api_key":
            yield node


def does_nothing_else(code: Code, module: Module, value: ast.expr) -> bool:
    """Whether a key's value can go: it is read from somewhere, and nothing happens on the way."""
    if isinstance(value, ast.Call):
        return code.dotted(module, value.func) in LOOKUPS
    return isinstance(value, PLAIN)


def lookups(code: Code, module: Module) -> Iterator[ast.Constant]:
    """The names of keys in `os.environ["RUNPOD_API_KEY"]`, `os.getenv("RUNPOD_API_KEY")` and `"RUNPOD_API_KEY" in os.environ`."""
    for node in ast.walk(module.tree):
        match node:
            case ast.Subscript(value=value, slice=ast.Constant() as name) if code.dotted(module, value) == "os.environ":
                pass
            case ast.Compare(left=ast.Constant() as name, ops=[ast.In() | ast.NotIn()], comparators=[held]) if (
                code.dotted(module, held) == "os.environ"
            ):
                pass
            case ast.Call(func=function, args=[ast.Constant() as name, *_]) if code.dotted(module, function) in LOOKUPS:
                pass
            case _:
                continue
        if name.value in NAMES:
            yield name


def sent_on(flow: Flow, name: ast.Constant, dead: Set[ast.AST]) -> int:
    """The line at which the key that is looked up is put into a request that stays, as to a server of another host; 0 for none."""
    around = list(flow.module.ancestors(name))
    value = next((node for node in around if isinstance(node, ast.Call | ast.Subscript | ast.Compare)), None)
    if value is None or isinstance(getattr(value, "ctx", None), ast.Store | ast.Del) or isinstance(value, ast.Compare):
        return 0
    targets = [parent.targets[0] for parent in around if isinstance(parent, ast.Assign)]
    variable = flow.variables.of(targets[0]) if targets else None
    places = [value, *(variable.loads if variable is not None else ())]
    return next((place.lineno for place in places if place not in dead and _is_sent(flow, place)), 0)


def _is_sent(flow: Flow, place: ast.AST) -> bool:
    """Whether a value is put into headers or handed over as a key: `f"Bearer {key}"`, `{"X-Api-Key": key}`, `Client(api_key=key)`."""
    is_sent = False
    for parent in flow.module.ancestors(place):
        match parent:
            case ast.Call() if parent in flow.steps or _shows(parent):
                return False
            case ast.Assign(targets=[ast.Subscript(slice=key), *_]):
                return is_sent or _is_header(key)
            case ast.stmt():
                return is_sent
            case ast.Dict(keys=names):
                is_sent = is_sent or any(_is_header(key) for key in names if key is not None)
            case ast.JoinedStr() | ast.BinOp(op=ast.Add()):
                is_sent = is_sent or flow.text((parent,)).lstrip("f\"'").lower().startswith("bearer")
            case ast.keyword(arg=name):
                is_sent = is_sent or name in ("api_key", "api_token", "bearer_token", "token")
    return is_sent


def _is_header(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lower() in ("authorization", "x-api-key", "api-key")
    )


def _shows(call: ast.Call) -> bool:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    return name in DISPLAY or name in LOGGING


def renamed(module: Module, name: ast.Constant) -> str:
    """`FAL_KEY` in the quotes of the literal that it takes the place of, which an f-string around it may demand."""
    text = module.source(name).replace(str(name.value), "FAL_KEY")
    return text if text[:1] in "\"'" and text[1:-1] == "FAL_KEY" else '"FAL_KEY"'
