"""Decides which edits the kept code needs, and how `setup()` reaches the handler afterwards."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from converters import rules
from converters.ir import Disposition, Edit, Hook
from converters.ledger import Ledger
from converters.python import edits
from converters.python.applying import apply, are_removed, compiles
from converters.python.code import Code
from converters.python.module import FunctionNode, Module, is_main_test, own_nodes
from converters.sources.runpod import gone, hooks, reached, worker_edits
from converters.sources.runpod.handler import Resolved
from converters.sources.runpod.sdk import Occurrence
from converters.sources.runpod.start import Start
from converters.sources.runpod.units import Unit

START_REASON = "the app's endpoint takes the place of RunPod's worker loop"
MAIN_REASON = "loading moves to setup(): fal imports the module"


@dataclass
class Rewrite:
    """`handler` reaches the handler in the entry module; `load` is called first; `returned`: it returns the handler."""

    edits: list[Edit] = field(default_factory=list)
    handler: str = ""
    load: str = ""
    returned: bool = False
    checks: list[Hook] = field(default_factory=list)
    teardown: list[Hook] = field(default_factory=list)
    handle_exit: list[Hook] = field(default_factory=list)
    taken_out: set[object] = field(default_factory=set)
    """Keys of the SDK names whose uses are gone, so that nothing needs their import for them."""
    block: tuple[Module, ast.If] | None = None
    """The block that becomes the function `load`."""


def rewrite(
    code: Code,
    entry: Module,
    unit: Unit,
    start: Start,
    resolved: Resolved,
    ledger: Ledger,
    found: dict[str, list[Occurrence]],
    closure: list[str],
    app: str,
    release: str,
) -> Rewrite:
    """The edits of the files of one unit. `release`: the one release of the SDK that the app will have, '' for a present one."""
    change = Rewrite(handler=resolved.name)
    _start(code, entry, start, resolved, unit, change, ledger)
    removed = {begin.call for begin in unit.starts}
    for path in closure:
        module = code.module(path)
        if module is None:
            continue
        checks, made, gone_names = hooks.fitness(code, entry, found.get(path, []), ledger)
        change.checks += checks
        change.edits += made
        change.taken_out |= gone_names
        if release:
            _kept_by_release(found.get(path, []), release, ledger)
        else:
            change.edits += gone.repair(found.get(path, []), ledger)
        _sdk_names(module, found.get(path, []), removed, change, ledger)
        change.edits += worker_edits.volume_paths(code, module, app)
    change.teardown, change.handle_exit, made = hooks.at_end(code, entry, closure, ledger)
    change.edits += made
    _without_empty_load(change)
    if change.edits and any(edit.rule == rules.FS001 for edit in change.edits):
        for edit in change.edits:
            if edit.rule == rules.FS001:
                _note_volume(code, edit, ledger, app)
    return change


def _note_volume(code: Code, edit: Edit, ledger: Ledger, app: str) -> None:
    from converters.concepts.storage import data_folder
    from converters.ir import Origin

    module = code.module(edit.file)
    line = module.text.count("\n", 0, edit.start) + 1 if module else 1
    ledger.note(
        rules.FS001, Disposition.CONVERTED, f"a path on the network volume -> {data_folder(app)}", Origin(file=edit.file, line=line)
    )


def _start(code: Code, entry: Module, start: Start, resolved: Resolved, unit: Unit, change: Rewrite, ledger: Ledger) -> None:
    """Take the start call out, and keep what else stood around it."""
    module = start.module
    stays = start.guard != "main"
    others = [begin for begin in unit.starts if begin is not start and begin.module is module]
    if start.guard == "function":
        _in_function(code, entry, start, resolved, change, ledger)
    elif start.guard == "main":
        stays = _in_main_block(start, others, resolved, change)
    elif resolved.name:
        change.edits.append(worker_edits.remove_start(module, start, rules.RP002, START_REASON))
    else:
        _assign(start, start.statement, resolved, change)
    change.edits += worker_edits.is_main_as_true(module, start.call, rules.RP005, MAIN_REASON)
    if stays:
        change.edits += worker_edits.remove_behind(module, worker_edits.never_reached(module, start), rules.RP002)
    if start.guard != "main":
        for begin in others:
            change.edits.append(worker_edits.remove_start(begin.module, begin, rules.RP002, START_REASON))
    if module.path != entry.path and not change.returned and change.handler:
        change.handler = _through_entry(code, entry, module, change.handler, change)


def _assign(start: Start, statement: ast.stmt, resolved: Resolved, change: Rewrite) -> None:
    """`start({"handler": lambda job: ...})` -> `handler = lambda job: ...`."""
    module = start.module
    name = edits.unused_name(module, ["handler", "runpod_handler"])
    text = edits.assignment(module, name, resolved.value)
    if edits.in_loop(module, statement):
        text += "; break"
    change.edits.append(edits.replace(module, statement, text, rules.RP002, START_REASON))
    change.handler = name


def _in_main_block(start: Start, others: list[Start], resolved: Resolved, change: Rewrite) -> bool:
    """Under `if __name__ == "__main__"`: drop a block that only starts; a block that loads becomes a function. Whether it stays."""
    module, block = start.module, start.main_block
    assert block is not None
    statements = {start.statement, *(begin.statement for begin in others), *worker_edits.never_reached(module, start)}
    if any(statement not in statements for statement in block.body):
        removed = [*([start] if resolved.name else []), *others]
        change.load = _block_to_function(module, block, removed, change)
        if not change.load:
            change.edits += worker_edits.main_block_to_true(module, block, removed, rules.RP005, MAIN_REASON)
        if not resolved.name and change.load:
            change.edits.append(_returning(module, start.statement, resolved.value))
            change.returned = True
        elif not resolved.name:
            _assign(start, start.statement, resolved, change)
        return True
    if resolved.name:
        change.edits.append(edits.remove_statement(module, block, rules.RP002, START_REASON))
    else:
        _assign(start, block, resolved, change)
    inside = set(ast.walk(block))
    elsewhere = [begin for begin in others if begin.statement not in inside]
    change.edits += [worker_edits.remove_start(module, begin, rules.RP002, START_REASON) for begin in elsewhere]
    return False


def _block_to_function(module: Module, block: ast.If, starts: list[Start], change: Rewrite) -> str:
    """The name of the function that a block becomes; '' where it cannot be one (`elif`, or statements such as `from x import *`)."""
    name = edits.unused_name(module, worker_edits.BUSY_NAMES)
    made = worker_edits.main_block_to_function(module, block, starts, name, rules.RP005, MAIN_REASON)
    if module.text.startswith("elif", module.span(block)[0]) or not compiles(apply(module.text, made)):
        return ""
    change.edits += made
    change.block = (module, block)
    return name


def _without_empty_load(change: Rewrite) -> None:
    """A block from which every statement goes need not become a function."""
    if change.block is None:
        return
    module, block = change.block
    start, end = module.span(block)
    own = [edit for edit in change.edits if edit.file == module.path]
    if not change.returned and are_removed(module, block.body, own):
        change.edits = [edit for edit in change.edits if edit not in own or edit.end <= start or end <= edit.start]
        change.edits.append(edits.remove_statement(module, block, rules.RP002, START_REASON))
        change.load = ""


def _returning(module: Module, statement: ast.stmt, value: ast.expr) -> Edit:
    text = f"return {edits.grouped(module.source(value), value)}"
    return edits.replace(module, statement, text, rules.RP002, START_REASON)


def _in_function(code: Code, entry: Module, start: Start, resolved: Resolved, change: Rewrite, ledger: Ledger) -> None:
    """Inside a function such as `main()`: `setup()` calls it, unless importing the module already does."""
    module, function = start.module, start.function
    assert function is not None
    change.returned = resolved.local or not resolved.name
    if change.returned:
        change.edits.append(_returning(module, start.statement, resolved.value))
    else:
        change.edits.append(worker_edits.remove_start(module, start, rules.RP002, START_REASON))
    caller: ast.AST = start.statement
    while (site := _only_call(module, function)) is not None and (outer := _function_around(module, site)) is not None:
        if change.returned:
            change.edits.append(_returning(module, site, site.value))
        caller, function = site, outer
    if site is not None and _from_call(module, entry, site, function, change):
        return
    called = any(_called_on_import(code, one, function) for one in (module, entry))
    required = len(function.args.args) - len(function.args.defaults)
    top = next((node for node in module.tree.body if node is function), None)
    if (change.returned or not called) and (top is None or required > 0 or isinstance(function, ast.AsyncFunctionDef)):
        why = "takes arguments" if required > 0 else "is asynchronous" if top is not None else "is not at module level"
        ledger.note(
            rules.RP004,
            Disposition.MANUAL,
            f"`{function.name}` starts the worker and cannot be called from setup() as it is (it {why}): load there what it loads.",
            module.origin(function),
        )
    if change.returned or (not called and _does_more(function, caller)):
        change.load = function.name if module.path == entry.path else _through_entry(code, entry, module, function.name, change)


def _from_call(module: Module, entry: Module, site: ast.Expr, function: ast.FunctionDef | ast.AsyncFunctionDef, change: Rewrite) -> bool:
    """Settle the one statement that calls the function around `start`; False where `setup()` can call the function itself."""
    block = next((node for node in module.ancestors(site) if isinstance(node, ast.If) and is_main_test(node.test)), None)
    if block is None:
        change.edits += worker_edits.is_main_as_true(module, site, rules.RP005, MAIN_REASON)
        _keep_returned(module, site, change)
        return True
    plain = isinstance(site.value, ast.Call) and isinstance(site.value.func, ast.Name) and not site.value.args and not site.value.keywords
    if module.path != entry.path or (plain and block.body == [site] and any(node is function for node in module.tree.body)):
        return False
    change.load = _block_to_function(module, block, [], change)
    if not change.load:
        change.edits += worker_edits.main_block_to_true(module, block, [], rules.RP005, MAIN_REASON)
        _keep_returned(module, site, change)
    elif change.returned:
        change.edits.append(_returning(module, site, site.value))
    return True


def _keep_returned(module: Module, site: ast.Expr, change: Rewrite) -> None:
    """`main()` -> `handler = main()`, where it returns the handler."""
    if not change.returned:
        return
    name = edits.unused_name(module, ["handler", "runpod_handler"])
    text = edits.assignment(module, name, site.value) + ("; break" if edits.in_loop(module, site) else "")
    change.edits.append(edits.replace(module, site, text, rules.RP002, START_REASON))
    change.handler, change.returned = name, False


def _only_call(module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.Expr | None:
    """The statement that is the one call of a function or method in its module; None where there is none, or several."""
    if isinstance(function, ast.AsyncFunctionDef):
        return None
    method = isinstance(module.parents.get(function), ast.ClassDef)
    found: list[ast.AST | None] = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and (
            (isinstance(node.func, ast.Attribute) and method and node.func.attr == function.name)
            or (isinstance(node.func, ast.Name) and not method and node.func.id == function.name)
        ):
            found.append(module.parents.get(node))
    return found[0] if len(found) == 1 and isinstance(found[0], ast.Expr) else None


def _function_around(module: Module, node: ast.AST) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    return next((parent for parent in module.ancestors(node) if isinstance(parent, FunctionNode)), None)


def _does_more(function: ast.FunctionDef | ast.AsyncFunctionDef, begin: ast.AST) -> bool:
    rest = [statement for statement in function.body if statement is not begin]
    return any(not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)) for statement in rest)


def _called_on_import(code: Code, module: Module, function: ast.AST) -> bool:
    """Whether a module calls a function, its own or one that it imports, when it is imported itself."""
    for node in own_nodes(module.tree):
        if (
            isinstance(node, ast.Call)
            and (found := code.function(module, node.func)) is not None
            and found.node is function
            and not any(isinstance(parent, ast.If) and is_main_test(parent.test) for parent in module.ancestors(node))
        ):
            return True
    return False


def _through_entry(code: Code, entry: Module, module: Module, dotted: str, change: Rewrite) -> str:
    """What stands in another module than the entry file, by the name that the app reaches it through."""
    root, dot, rest = dotted.partition(".")
    name, made = reached.name_in(code, entry, module, root)
    change.edits += made
    return f"{name}{dot}{rest}"


def _kept_by_release(found: list[Occurrence], release: str, ledger: Ledger) -> None:
    for occurrence in found:
        if gone.gone(occurrence) is not None:
            ledger.settle(occurrence.construct, rules.RP038, Disposition.KEPT, f"stays: the app has runpod {release}, which knows it")


def _sdk_names(module: Module, found: list[Occurrence], removed: set[ast.Call], change: Rewrite, ledger: Ledger) -> None:
    """Settle every SDK name of a module: start calls and imports that nobody needs any more go, helpers stay."""
    change.taken_out |= {use.construct.key for use in found if gone.is_taken_out(use) and ledger.is_settled(use.construct)}
    removed_uses = {index for index, use in enumerate(found) if use.construct.key in change.taken_out}
    for index, occurrence in enumerate(found):
        call = occurrence.call
        if call is not None and call in removed:
            removed_uses.add(index)
            ledger.settle(occurrence.construct, rules.RP002, Disposition.CONVERTED, START_REASON)
        elif (
            not occurrence.is_import
            and call is not None
            and occurrence.dotted.endswith("progress_update")
            and (shown := _progress(call)) is not None
        ):
            removed_uses.add(index)
            reason = "fal shows what a request prints as its log"
            change.edits += edits.surround(module, call, shown, "print(", ")", rules.RP008, reason)
            ledger.settle(
                occurrence.construct, rules.RP008, Disposition.CONVERTED, "progress is printed: callers see it in the logs of their request"
            )
    unused = [occurrence for occurrence in found if _is_unused(occurrence, found, removed_uses)]
    for node in dict.fromkeys(occurrence.imported.node for occurrence in unused if occurrence.imported):
        together = [occurrence for occurrence in unused if occurrence.imported and occurrence.imported.node is node]
        change.edits += worker_edits.remove_imports(
            module, node, together, rules.RP001, "nothing of the SDK is used under this name any more"
        )
        for occurrence in together:
            ledger.settle(occurrence.construct, rules.RP001, Disposition.DROPPED, "nothing of the SDK is used under this name any more")


def _progress(call: ast.Call) -> ast.expr | None:
    """The second argument of `progress_update(job, progress)`, by position or by name; None where the call cannot be read."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if any(isinstance(argument, ast.Starred) for argument in call.args) or len(call.args) + len(call.keywords) != 2 or None in given:
        return None
    return call.args[1] if len(call.args) == 2 else given.get("progress")


def _is_unused(occurrence: Occurrence, found: list[Occurrence], removed_uses: set[int]) -> bool:
    if not occurrence.is_import or occurrence.imported is None:
        return False
    uses = [index for index, use in enumerate(found) if not use.is_import and _root(use.node) == occurrence.imported.name]
    return all(index in removed_uses for index in uses) and (bool(uses) or not _rebound(found, occurrence))


def _rebound(found: list[Occurrence], occurrence: Occurrence) -> bool:
    """Whether another import of the module binds the same name, so that this one cannot be judged alone."""
    name = occurrence.imported.name if occurrence.imported else ""
    return any(other is not occurrence and other.imported is not None and other.imported.name == name for other in found)


def _root(node: ast.AST) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
