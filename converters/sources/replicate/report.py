"""What became of the keys of a cog.yaml and of the predictor: the rows of the ledger."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from converters import rules
from converters.concepts.cog import cog_yaml
from converters.concepts.cog.units import Survey, Unit
from converters.ir import App, Disposition, Origin, Scope
from converters.ledger import Ledger
from converters.python.module import assigned
from converters.python.names import plain_names
from converters.python.unparsed import unparse
from converters.rules import rc001_cog_yaml, rc029_concurrency, rc031_builder_switch
from converters.sources.replicate.inputs import Inputs
from converters.sources.replicate.outputs import Outputs
from converters.sources.replicate.predictor import Method, Predictor

TABLES = {rules.RC001: rc001_cog_yaml.KEYS, rules.RC029: rc029_concurrency.KEYS, rules.RC031: rc031_builder_switch.KEYS}
KEPT = {key: (rule, *what) for rule, table in TABLES.items() for key, what in table.items()}
"""Key -> the rule, what becomes of it, and why."""
TEMPORARY = frozenset({"TemporaryDirectory", "NamedTemporaryFile"})
"""What deletes itself at the end of a `with` block."""
LISTING = frozenset({"walk", "listdir", "scandir", "glob", "iglob", "rglob", "iterdir"})
"""Functions that list the files of a folder."""


def record(unit: Unit, ledger: Ledger) -> None:
    cog_yaml.record(unit.config, ledger)


def settle(unit: Unit, predictor: Predictor, app: App, ledger: Ledger) -> None:
    """Speak for every key that the build does not."""
    config = unit.config
    for path, constructs in config.constructs.items():
        for construct in constructs:
            if ledger.is_settled(construct):
                continue
            if path in KEPT:
                ledger.settle(construct, *KEPT[path])
            elif path == unit.key:
                ledger.settle(construct, rules.RC002, Disposition.CONVERTED, f"{predictor.name} is served by {app.app_file}")
            elif path in ("run", "predict") and path != unit.key:
                ledger.settle(construct, rules.RC002, Disposition.DROPPED, f"`{unit.key}` stands in the same file and is what Cog serves")
            elif path in ("image", "model"):
                ledger.settle(construct, rules.RC027, Disposition.CONVERTED, f"the name of the image names the app: {app.name}")
            elif path == "concurrency.max":
                _concurrency(construct, app, ledger)
            elif not ledger.is_settled(construct):
                ledger.settle(
                    construct,
                    rules.RC036,
                    Disposition.MANUAL,
                    f"`{path}` is no key of Cog's that this converter knows: see what it does, and carry it over by hand.",
                )


def _concurrency(construct: object, app: App, ledger: Ledger) -> None:
    from converters.ledger import Construct

    assert isinstance(construct, Construct)
    setting = app.setting("max_multiplexing")
    if setting is not None:
        ledger.settle(construct, rules.RC029, Disposition.CONVERTED, f"max_multiplexing = {setting.value}")
    elif app.predictor is not None and app.predictor.kind.startswith("async"):
        ledger.settle(construct, rules.RC029, Disposition.DROPPED, "one prediction at a time, as fal does by itself")
    else:
        ledger.settle(construct, rules.RC029, Disposition.DROPPED, "one at a time: Cog takes several only where the code is async")


def problems(found: Inputs, method: Method, ledger: Ledger) -> None:
    """What about the inputs only running the code could tell."""
    for problem in found.problems:
        computed = "when the predictor is loaded" in problem.text
        ledger.note(
            rules.RC019,
            Disposition.CONVERTED if computed else Disposition.MANUAL,
            f"{problem.text}: {'it is left to the code, which is called without the input' if computed else problem.hint}.",
            problem.module.origin(problem.node),
        )


def remarks(found: Outputs, method: Method, ledger: Ledger) -> None:
    """Where annotation and body disagree, and files that are gone before anybody reads them."""
    for node, kind in vanishing(method):
        made = "make the folder with tempfile.mkdtemp()" if kind == "TemporaryDirectory" else "pass `delete=False`"
        ledger.note(
            rules.RC016,
            Disposition.MANUAL,
            f"the file is returned from inside `with {kind}()`, whose end deletes it before it is read (Cog answered null): {made}.",
            method.module.origin(node),
        )
    for text in found.remarks:
        ledger.note(rules.RC015, Disposition.CONVERTED, f"`{method.node.name}` {text}", method.module.origin(method.node))


def vanishing(method: Method) -> list[tuple[ast.Return, str]]:
    """Returns of what the end of an enclosing `with` deletes: (the return, `TemporaryDirectory` or `NamedTemporaryFile`)."""
    found: list[tuple[ast.Return, str]] = []
    for block in ast.walk(method.node):
        for item in block.items if isinstance(block, ast.With) else ():
            call, name = item.context_expr, item.optional_vars
            kind = unparse(call.func).rpartition(".")[2] if isinstance(call, ast.Call) else ""
            if not isinstance(call, ast.Call) or not isinstance(name, ast.Name) or kind not in TEMPORARY:
                continue
            if any(keyword.arg == "delete" for keyword in call.keywords):
                continue
            inside = {name.id}
            for statement in ast.walk(block):
                inside |= set(_led_inside(statement, inside))
            found += [
                (node, kind)
                for node in ast.walk(block)
                if isinstance(node, ast.Return) and node.value is not None and _is_place(node.value, inside)
            ]
    return found


def _led_inside(statement: ast.AST, inside: set[str]) -> Iterator[str]:
    """The names that a statement gives to places inside, or to lists of such."""
    for target, value in assigned(statement):
        if _is_place(value, inside) or _is_text_of(value, inside):
            yield target
    if isinstance(statement, ast.For | ast.comprehension) and _lists(statement.iter, inside):
        yield from plain_names(statement.target)
    match statement:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[value]) if _is_place(value, inside):
            yield name


def _lists(node: ast.expr, inside: set[str]) -> bool:
    """Whether an expression lists the files of one of the places: `os.walk(folder)`, `sorted(folder.glob("*"))`."""
    if not isinstance(node, ast.Call):
        return isinstance(node, ast.Name) and node.id in inside
    name = unparse(node.func).rpartition(".")[2]
    if name in ("sorted", "list", "reversed", "enumerate") and node.args:
        return _lists(node.args[0], inside)
    return name in LISTING and bool(plain_names(node) & inside)


def _is_text_of(node: ast.expr, names: set[str]) -> bool:
    """Whether a text is made of one of the places: an f-string, a sum, `str(...)`, `os.path.join(...)`."""
    made = isinstance(node, ast.JoinedStr | ast.BinOp) or (
        isinstance(node, ast.Call) and unparse(node.func).rpartition(".")[2] in ("join", "str", "format", "fspath")
    )
    return made and any(isinstance(used, ast.Name) and used.id in names for used in ast.walk(node))


def _is_place(node: ast.expr, names: set[str]) -> bool:
    """Whether a returned expression is a path below one of the folders, or of one of the files, and not what was read from it."""
    if isinstance(node, ast.Attribute) and node.attr == "name":
        return _is_place(node.value, names)
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return _is_place(node.left, names)
    if isinstance(node, ast.List | ast.Tuple):
        return any(_is_place(each, names) for each in node.elts)
    if isinstance(node, ast.ListComp):
        return _is_place(node.elt, names.union(*(_led_inside(each, names) for each in node.generators)))
    if not isinstance(node, ast.Call) or not unparse(node.func).endswith("Path"):
        return False
    return any(_is_place(arg, names) or _is_text_of(arg, names) for arg in node.args)


def aside(found: Survey, ledger: Ledger) -> None:
    for file in found.aside:
        ledger.note(
            rules.RC001,
            Disposition.DROPPED,
            "an example or a test of the project: convert its folder by itself",
            Origin(file=file.path, line=1),
        )
    for problem in found.problems:
        ledger.note(
            rules.RC001,
            Disposition.MANUAL,
            f"{problem.message} {problem.hint}".strip() + " This model was not converted.",
            Origin(file=problem.file, line=problem.line),
            scope=Scope.CODE,
        )
