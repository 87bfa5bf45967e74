"""What a worker asks to be called besides its handler: fitness checks, functions at exit, signal handlers, and the model it holds."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from converters import rules
from converters.ir import Disposition, Edit, Hook
from converters.ledger import Ledger
from converters.python import edits
from converters.python.code import Code
from converters.python.module import FunctionNode, Module, own_nodes
from converters.python.unparsed import unparse
from converters.sources.runpod.sdk import Occurrence

FITNESS = "register_fitness_check"
LOADS = re.compile(r"(^|_)(load|reload|model|models|pipeline|engine)(_|$)|from_pretrained|([Mm]odel|[Pp]ipeline|Engine)$")
"""Names of calls that load a model, by their last part."""
NO_MODELS = frozenset({"json", "yaml", "toml", "tomllib", "pickle", "csv", "configparser", "numpy", "ast"})
"""Modules whose `load` reads data."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


def fitness(code: Code, entry: Module, found: list[Occurrence], ledger: Ledger) -> tuple[list[Hook], list[Edit], set[object]]:
    """(checks, edits, keys of the SDK names that are gone): functions that RunPod calls before the first job."""
    checks: list[Hook] = []
    made: list[Edit] = []
    gone: set[object] = set()
    for occurrence in found:
        module, parent = occurrence.module, occurrence.module.parents.get(occurrence.node)
        if occurrence.is_import or not occurrence.dotted.endswith(FITNESS):
            continue
        function, edit = None, None
        if isinstance(parent, FunctionNode) and isinstance(occurrence.node, ast.expr) and occurrence.node in parent.decorator_list:
            function, edit = parent, edits.remove_decorator(module, parent, occurrence.node, rules.RP023, "the app calls it")
        elif isinstance(parent, ast.Call) and len(parent.args) == 1 and isinstance(statement := module.parents.get(parent), ast.Expr):
            function, edit = (
                _function(module, parent.args[0]),
                edits.remove_statement(module, statement, rules.RP023, "a health check calls it"),
            )
        hook = _hook(code, entry, module, function)
        if hook is None or edit is None:
            message = "RunPod runs fitness checks before the first job: call the check at the end of setup()."
            ledger.settle(occurrence.construct, rules.RP023, Disposition.MANUAL, message)
            continue
        checks.append(hook)
        made.append(edit)
        gone.add(occurrence.construct.key)
        message = f"`{hook.name}` is called at the end of setup(), before the first request, and by the app's health check"
        ledger.settle(occurrence.construct, rules.RP023, Disposition.CONVERTED, message)
    return checks, made, gone


def at_end(code: Code, entry: Module, closure: list[str], ledger: Ledger) -> tuple[list[Hook], list[Hook], list[Edit]]:
    """(functions for teardown(), functions for handle_exit(), edits) of `atexit.register` and `signal.signal`."""
    teardown: list[Hook] = []
    leaving: list[Hook] = []
    made: list[Edit] = []
    for path in closure:
        module = code.module(path)
        for node in ast.walk(module.tree) if module else ():
            if module is None:
                continue
            if isinstance(node, FunctionNode):
                for decorator in node.decorator_list:
                    if code.dotted(module, decorator) == "atexit.register":
                        hook = _hook(code, entry, module, node)
                        removed = edits.remove_decorator(module, node, decorator, rules.RP022, "the app calls it")
                        _at_exit(module, decorator, hook, removed, teardown, made, ledger)
            elif isinstance(node, ast.Call) and code.dotted(module, node.func) == "atexit.register":
                statement = module.parents.get(node)
                plain = isinstance(statement, ast.Expr) and len(node.args) == 1 and not node.keywords
                hook = _hook(code, entry, module, _function(module, node.args[0])) if plain else None
                edit = (
                    edits.remove_statement(module, statement, rules.RP022, "teardown() calls it")
                    if isinstance(statement, ast.Expr)
                    else None
                )
                _at_exit(module, node, hook, edit, teardown, made, ledger)
            elif isinstance(node, ast.Call) and code.dotted(module, node.func) == "signal.signal" and len(node.args) == 2:
                _signal(code, entry, module, node, leaving, made, ledger)
    return teardown, leaving, made


def _at_exit(
    module: Module, node: ast.AST, hook: Hook | None, edit: Edit | None, teardown: list[Hook], made: list[Edit], ledger: Ledger
) -> None:
    if hook is None or edit is None:
        message = "what runs at exit on RunPod belongs into teardown(): fal ends runners with a signal, which skips exit functions."
        ledger.note(rules.RP022, Disposition.MANUAL, message, module.origin(node))
        return
    teardown.insert(0, hook)
    made.append(edit)
    message = f"`{hook.name}` is called in teardown(): fal ends runners with a signal, which skips exit functions"
    ledger.note(rules.RP022, Disposition.CONVERTED, message, module.origin(node))


def _signal(code: Code, entry: Module, module: Module, node: ast.Call, leaving: list[Hook], made: list[Edit], ledger: Ledger) -> None:
    """A signal handler would take the place of the one by which fal's server finishes its requests, and only the main thread may set it."""
    which, statement = code.dotted(module, node.args[0]), module.parents.get(node)
    if which == "signal.SIGINT" and isinstance(statement, ast.Expr):
        made.append(edits.remove_statement(module, statement, rules.RP022, "fal stops runners with SIGTERM"))
        ledger.note(
            rules.RP022, Disposition.DROPPED, "an interrupt comes from a keyboard: fal stops runners with SIGTERM", module.origin(node)
        )
        return
    function = _function(module, node.args[1])
    hook = _hook(code, entry, module, function)
    at_once = function is not None and any(code.dotted(module, inner) == "os._exit" for inner in own_nodes(function))
    top = isinstance(statement, ast.Expr) and isinstance(module.parents.get(statement), ast.Module)
    if which != "signal.SIGTERM" or not top or hook is None or at_once or hook.asynchronous or not isinstance(statement, ast.Expr):
        message = "fal's server handles signals itself, and only the main thread may set a handler: do in handle_exit() what this one does."
        ledger.note(rules.RP022, Disposition.MANUAL, message, module.origin(node))
        return
    leaving.append(hook)
    made.append(edits.remove_statement(module, statement, rules.RP022, "handle_exit() calls it"))
    message = f"`{hook.name}` is called in handle_exit(), as soon as fal's SIGTERM comes; fal's server then finishes its requests"
    ledger.note(rules.RP022, Disposition.CONVERTED, message, module.origin(node))


def hints(code: Code, entry: Module, closure: list[str], ledger: Ledger) -> list[Hook]:
    """Module-level names that say which model is loaded, where requests may name another one."""
    found: list[Hook] = []
    for path in closure:
        module = code.module(path)
        for function in ast.walk(module.tree) if module else ():
            if module is None or not isinstance(function, FunctionNode):
                continue
            for name in _swapped(code, module, function):
                reached = _reach(code, entry, module, name)
                if reached and all(hook.name != reached for hook in found):
                    found.append(Hook(name=reached))
                    message = (
                        f"`{name}` names the loaded model: provide_hints() gives it to fal, which prefers a runner that has the wanted one"
                    )
                    ledger.note(rules.RP024, Disposition.CONVERTED, message, module.origin(function))
    return found


def _swapped(code: Code, module: Module, function: Function) -> Iterator[str]:
    """Globals that a function compares with a wanted name and then sets to it, around a load: `if name != loaded: ...; loaded = name`."""
    shared = {name for node in own_nodes(function) if isinstance(node, ast.Global) for name in node.names}
    loads = any(isinstance(node, ast.Call) and _loads(code, module, node.func) for node in own_nodes(function))
    compared = [
        (unparse(left), unparse(right))
        for node in own_nodes(function)
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq)
        for left, right in ((node.left, node.comparators[0]), (node.comparators[0], node.left))
    ]
    for node in own_nodes(function):
        if not (loads and isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(target := node.targets[0], ast.Name)):
            continue
        if target.id in shared and not isinstance(node.value, ast.Constant) and (target.id, unparse(node.value)) in compared:
            yield target.id


def _loads(code: Code, module: Module, func: ast.expr) -> bool:
    """Whether a call loads a model, as far as its name tells: not what `json.load` or `yaml.load` read."""
    called = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
    dotted = code.dotted(module, func) or ""
    return bool(LOADS.search(called)) and dotted.partition(".")[0] not in NO_MODELS


def _function(module: Module, node: ast.expr) -> Function | None:
    return module.functions.get(node.id) if isinstance(node, ast.Name) else None


def _hook(code: Code, entry: Module, module: Module, function: ast.AST | None) -> Hook | None:
    """A function at module level, by the name that reaches it from the entry module."""
    if not isinstance(function, FunctionNode) or not any(node is function for node in module.tree.body):
        return None
    reached = _reach(code, entry, module, function.name)
    ends = any(isinstance(node, ast.Call) and unparse(node.func) in ("sys.exit", "exit", "quit") for node in own_nodes(function))
    return Hook(name=reached, asynchronous=isinstance(function, ast.AsyncFunctionDef), ends=ends) if reached else None


def _reach(code: Code, entry: Module, module: Module, name: str) -> str:
    """`name` in the entry module, or `helpers.name` through an import of it; '' where it imports the module by no name."""
    if module.path == entry.path:
        return name
    for bound in code.imports(entry):
        target = code.imported_module(entry, bound)
        if target is not None and target.path == module.path:
            return f"{bound}.{name}"
    return ""


FORWARDS = re.compile(r"https?://(?:127\.0\.0\.1|localhost|0\.0\.0\.0)(?::(\d+))?")


def forwarding(code: Code, closure: list[str], ledger: Ledger) -> None:
    """Say that a handler which hands its whole input to a server of the image could give way to that server."""
    for path in closure:
        module = code.module(path)
        for node in ast.walk(module.tree) if module else ():
            if (
                module is not None
                and isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and (match := FORWARDS.match(node.value))
            ):
                port = match.group(1) or "80"
                message = (
                    f"the handler stays, which takes RunPod jobs, and hands its input on to the server on port {port}; "
                    f"where callers can speak to that server itself, serve the image as it is (exposed_port = {port} in pyproject.toml)"
                )
                ledger.note(rules.RP025, Disposition.KEPT, message, module.origin(node))
                return
