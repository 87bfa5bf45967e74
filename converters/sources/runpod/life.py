"""What a job does beyond its answer: training, messages to others, ends of the process, clean-up at exit."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from converters import rules
from converters.ir import App, Disposition, Origin, Setting
from converters.ledger import Ledger
from converters.python.code import Code
from converters.python.module import Module, nodes

ALL_CONDITIONS = ["timeout", "server_error", "connection_error"]
"""What makes fal run a queue request again (fal 1.83, `skip_retry_conditions`)."""
POSTS = re.compile(r"^(requests|httpx)\.(post|put|patch)$")
OUTWARD = re.compile(r"callback|webhook|notify|presigned|put_url|upload_url", re.IGNORECASE)
WRITES = re.compile(r"^(requests|httpx)\.(post|put|patch|delete)$")
BESIDE = re.compile(r"\blocalhost\b|\b127\.\d|\b0\.0\.0\.0\b|\[::1\]")
"""An address of the worker's own machine: what is written there is the job's own."""
SENDS = frozenset(
    {"sendmail", "send_email", "send_message", "basic_publish", "lpush", "rpush", "xadd", "insert_one", "insert_many", "update_one",
     "update_many", "delete_one", "delete_many", "put_item"}
)  # fmt: skip
"""Methods of mail, queues and databases that change something outside."""
CHANGES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE|MERGE)\s", re.IGNORECASE)
TRAINING = re.compile(r"^(train|finetune|fine_tune|run_training|train_\w+)$")
ENDS = frozenset({"sys.exit", "os._exit", "os.abort", "exit", "quit"})


def settle(app: App, code: Code, closure: list[str], ledger: Ledger) -> None:
    """Settings and remarks for what the worker's files do to the world around them."""
    retry: tuple[Origin, str] | None = None
    for module, node, dotted in _calls(code, closure):
        origin = module.origin(node)
        retry = retry or _not_twice(module, node, dotted, origin)
        if dotted in ENDS and _in_function(module, node):
            message = (
                f"`{dotted}` ends the process: on RunPod the worker is replaced; on fal the runner is, and a queue request is tried again"
            )
            ledger.note(rules.RP020, Disposition.KEPT, message, origin)
    if retry is not None and app.setting("skip_retry_conditions") is None:
        origin, why = retry
        app.settings.append(Setting(name="skip_retry_conditions", value=list(ALL_CONDITIONS), origin=origin, note=why))
        message = f"{why}: fal would run a failed request up to ten times, RunPod runs it once"
        ledger.note(rules.RP019, Disposition.CONVERTED, message, origin)


def _calls(code: Code, closure: list[str]) -> Iterator[tuple[Module, ast.Call, str]]:
    """Every call in the worker's files, with its full name where imports tell it."""
    for path in closure:
        module = code.module(path)
        for node in ast.walk(module.tree) if module else ():
            if isinstance(node, ast.Call) and module is not None:
                yield module, node, code.dotted(module, node.func) or (node.func.id if isinstance(node.func, ast.Name) else "")


def _not_twice(module: Module, node: ast.Call, dotted: str, origin: Origin) -> tuple[Origin, str] | None:
    """Why a job must not run twice: it trains, or it tells somebody outside."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
    if TRAINING.match(name) and _in_function(module, node):
        return origin, "trains a model"
    if POSTS.match(dotted) and node.args and OUTWARD.search(module.source(node.args[0])):
        return origin, "posts to an address of the caller"
    if not _in_function(module, node):
        return None
    address = node.args[0] if node.args else next((word.value for word in node.keywords if word.arg == "url"), None)
    if WRITES.match(dotted) and address is not None and not any(map(BESIDE.search, _texts(module, address))):
        return origin, "writes to a service elsewhere"
    if name in SENDS and isinstance(node.func, ast.Attribute):
        return origin, f"calls `{name}`, which others see"
    if node.args and CHANGES.match(_beginning(node.args[0])):
        return origin, "writes to a database"
    return None


def _beginning(node: ast.expr) -> str:
    """The first words of a string, as far as they are known; '' for none."""
    if isinstance(node, ast.JoinedStr) and node.values:
        node = node.values[0]
    if isinstance(node, ast.Call) and node.args:  # sqlalchemy's text("...")
        return _beginning(node.args[0])
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _texts(module: Module, node: ast.expr) -> Iterator[str]:
    """Every string that an expression is made of, through the names of the module that it reads."""
    todo: list[ast.expr] = [node]
    seen: set[str] = set()
    while todo:
        for inner in ast.walk(todo.pop()):
            if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                yield inner.value
            elif isinstance(inner, ast.Name | ast.Attribute):
                name = inner.id if isinstance(inner, ast.Name) else inner.attr
                todo += [] if name in seen else _values(module, name)
                seen.add(name)


def _values(module: Module, name: str) -> Iterator[ast.expr]:
    """What a name or attribute is given anywhere in a module, as a default too."""
    for node in nodes(module.tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(getattr(target, "id", getattr(target, "attr", "")) == name for target in targets):
                yield node.value
        elif isinstance(node, ast.arguments):
            given = [
                *zip(reversed([*node.posonlyargs, *node.args]), reversed(node.defaults), strict=False),
                *zip(node.kwonlyargs, node.kw_defaults, strict=True),
            ]
            yield from (default for argument, default in given if argument.arg == name and default is not None)


def _in_function(module: Module, node: ast.AST) -> bool:
    return any(isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef) for parent in module.ancestors(node))
