"""The smallest edits that take Cog out of the kept code, name by name."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field

from converters import rules
from converters.ir import Disposition, Edit
from converters.ledger import Ledger
from converters.python.code import Code
from converters.python.edits import below_imports, remove_statement
from converters.python.module import FunctionNode, Module
from converters.rules import rc005_moved_type, rc006_iterator
from converters.sources.replicate import annotated, classes, decorators, defaults, members
from converters.sources.replicate.edited_file import File
from converters.sources.replicate.release import VERSION
from converters.sources.replicate.sdk import BASES, Use, uses

_MOVED = {**rc005_moved_type.MOVED, **rc006_iterator.MOVED}
PLAIN = frozenset({"Input", "BasePredictor", "BaseRunner"})
"""Names that become `object` where they are only an annotation."""
CLASS = "CancelationException"
CANCELATION = '''class CancelationException(BaseException):
    """Raised in the running prediction when its request is cancelled."""'''
CANCELATION_IN_LINE = 'CancelationException = type("CancelationException", (BaseException,), {})'


@dataclass
class Rewrite:
    """The edits of all kept files, and whether one of them still needs Cog's package."""

    edits: list[Edit] = field(default_factory=list)
    needs_cog: bool = False
    cancel: set[str] = field(default_factory=set)
    """Files that define CancelationException now."""


def rewrite(code: Code, files: list[str], ledger: Ledger) -> Rewrite:
    """Edit every file that names Cog."""
    found = Rewrite()
    for path in files:
        module = code.module(path)
        if module is None:
            continue
        named = uses(code, module, ledger)
        file = File(code, module, ledger)
        members.edit(file)
        if named:
            _file(file, named)
        found.edits += file.edits
        found.needs_cog |= bool(file.stays)
        if CANCELATION in file.defined.values():
            found.cancel.add(path)
    return found


def _file(file: File, named: list[Use]) -> None:
    for use in named:
        if use.imported is None:
            handler = HANDLERS.get("base" if use.dotted in BASES else use.name, _unknown)
            handler(file, use)
    defaults.introspection(file)
    annotated.strings(file, _MOVED, PLAIN)
    statements: dict[int, list[Use]] = {}
    for use in named:
        if use.imported is not None:
            statements.setdefault(id(use.imported.node), []).append(use)
        elif isinstance(use.node, ast.ImportFrom):
            file.stays.add("*")
    groups = list(statements.values())
    own = [_bound(file, group) for group in groups]
    nested = [not isinstance(file.module.parents[_statement(group)], ast.Module) for group in groups]
    main = nested.index(False) if False in nested else 0
    elsewhere = {name for number, names in enumerate(own) if number != main and nested[number] for name in names} - own[main]
    wanted = [file.wanted() - elsewhere if number == main else own[number] if nested[number] else set() for number in range(len(groups))]
    if CANCELATION in file.defined.values() and all(
        _is_local(file, group) or CLASS not in names for group, names in zip(groups, wanted, strict=True)
    ):
        _define_at_top(file)
        wanted = [names - {CLASS} for names in wanted]
    for group, names in zip(groups, wanted, strict=True):
        _import(file, group, names)


def _is_local(file: File, group: list[Use]) -> bool:
    return any(isinstance(parent, FunctionNode | ast.ClassDef) for parent in file.module.ancestors(_statement(group)))


def _define_at_top(file: File) -> None:
    """Define the exception where app.py can import it: what a function imports, no other file sees."""
    module = file.module
    at = below_imports(module)
    text = module.newline.join(["", "", *CANCELATION.split("\n"), ""])
    file.edits.append(
        Edit(file=module.path, start=at, end=at, replacement=text, rule=rules.RC011, reason="raised by the /cancel route of app.py")
    )


def _statement(group: list[Use]) -> ast.Import | ast.ImportFrom:
    assert group[0].imported is not None
    return group[0].imported.node


def _bound(file: File, group: list[Use]) -> set[str]:
    """The names that an import of Cog binds and that the file has to get from elsewhere."""
    return {alias.asname or alias.name for alias in _statement(group).names} & file.wanted()


def _import(file: File, group: list[Use], wanted: set[str]) -> None:
    """Replace an import of Cog by what is wanted of it instead; names that could not be replaced stay."""
    node = _statement(group)
    gone = [use for use in group if use.name and use.imported is not None and use.imported.name not in file.stays]
    for use in gone:
        file.settle(use, rules.RC003, Disposition.CONVERTED, f"`{use.dotted}` is no longer imported: fal does not run Cog")
    for use in group:
        if use not in gone:
            file.settle(use, rules.RC037, Disposition.MANUAL, f"`{use.dotted}` has no counterpart: the code still imports it from Cog.")
    aliases = {id(use.node) for use in gone}
    kept = [alias for alias in node.names if id(alias) not in aliases]
    lines = _needed(file, wanted)
    if kept:
        names = ", ".join(f"{alias.name} as {alias.asname}" if alias.asname else alias.name for alias in kept)
        lines.append(f"from {node.module} import {names}" if isinstance(node, ast.ImportFrom) else f"import {names}")
    reason = "fal does not run Cog: its names are replaced by the standard library's"
    if not lines:
        file.edits.append(remove_statement(file.module, node, rules.RC003, reason))
        return
    file.replace(node, _in_place_of(file.module, node, lines), rules.RC003, reason)


def _in_place_of(module: Module, node: ast.stmt, statements: list[str]) -> str:
    """Statements as they stand where one stood: on lines of their own with its indentation, or beside what shares its line."""
    before = module.text[module.line_start(node.lineno) : module.span(node)[0]]
    if isinstance(module.parents[node], ast.Module):
        return module.newline.join(text.replace("\n", module.newline) for text in statements)
    if before.strip():
        return "; ".join(CANCELATION_IN_LINE if CANCELATION in text else text.partition("  # ")[0] for text in statements)
    return f"{module.newline}{before}".join(line for text in statements for line in text.strip("\n").split("\n"))


def _needed(file: File, wanted: set[str]) -> list[str]:
    """Statements for the wanted names that the file lacks."""
    present = file.code.imports(file.module)
    lines = []
    for bound, (module, name) in sorted(file.imports.items(), key=lambda item: (item[1], item[0])):
        known = present.get(bound)
        if bound not in wanted or (known is not None and known.dotted == f"{module}.{name}"):
            continue
        lines.append(f"from {module} import {name}" + (f" as {bound}" if bound != name else ""))
    return lines + [f"\n\n{text}" if "\n" in text else text for bound, text in file.defined.items() if bound in wanted]


def _moved(file: File, use: Use) -> None:
    """A name of Cog that another package has, too: the import changes, the code does not."""
    module, name, why = _MOVED[use.name]
    if isinstance(use.node, ast.Attribute):
        file.imports[name] = (module, name)
        file.replace(use.node, name, rules.RC005, f"`{use.dotted}` is {module}'s {name}: {why}")
    elif isinstance(use.node, ast.Name):
        if use.name in rc006_iterator.MOVED and use.node.id == use.name:
            file.imports[name] = (module, name)
            file.replace(use.node, name, rules.RC006, f"`{use.name}` is {module}'s {name}: {why}")
        else:
            file.imports[use.node.id] = (module, name)
    file.settle(
        use,
        rules.RC006 if use.name in rc006_iterator.MOVED else rules.RC005,
        Disposition.CONVERTED,
        f"`{use.name}` becomes {module}'s {name}: {why}",
    )


def _warning(file: File, use: Use) -> None:
    file.replace(
        use.node, "FutureWarning", rules.RC017, "Cog's ExperimentalFeatureWarning is a FutureWarning, and nothing raises it on fal"
    )
    file.settle(use, rules.RC017, Disposition.CONVERTED, "Cog's warning becomes FutureWarning, its base class")


def _cancelation(file: File, use: Use) -> None:
    file.defined[CLASS] = CANCELATION
    if isinstance(use.node, ast.Attribute):
        file.replace(use.node, CLASS, rules.RC011, "raised by the /cancel route of app.py")
    elif isinstance(use.node, ast.Name) and use.node.id != CLASS:
        file.defined[use.node.id] = f"{use.node.id} = {CLASS}"
    file.settle(use, rules.RC011, Disposition.CONVERTED, "the /cancel route of app.py raises it in the running prediction")


def _version(file: File, use: Use) -> None:
    if isinstance(use.node, ast.Name):
        file.defined[use.node.id] = f'{use.node.id} = "{VERSION}"  # of Cog, which fal does not run'
    else:
        formatted = any(isinstance(parent, ast.JoinedStr) for parent in file.module.ancestors(use.node))
        file.replace(use.node, f"'{VERSION}'" if formatted else f'"{VERSION}"', rules.RC017, "Cog is not installed on fal")
    file.settle(use, rules.RC017, Disposition.CONVERTED, f'Cog is not installed on fal: its version becomes the literal "{VERSION}"')


def _weights(file: File, use: Use) -> None:
    """`cog.types.Weights` was the type of setup's argument up to Cog 0.16."""
    file.replace(use.node, "str", rules.RC012, "the weights are a path or URL")
    file.settle(use, rules.RC012, Disposition.CONVERTED, "setup() gets the path or URL in COG_WEIGHTS")


def _opaque(file: File, use: Use) -> None:
    if not annotated.opaque(file, use):
        _unknown(file, use)


def _unknown(file: File, use: Use) -> None:
    root = use.node
    while isinstance(root, ast.Attribute):
        root = root.value
    file.stays.add(root.id if isinstance(root, ast.Name) else "*")
    file.settle(
        use,
        rules.RC037,
        Disposition.MANUAL,
        f"`{use.dotted}` has no counterpart on fal: replace it. Until then `cog` stays among the requirements, so that the code loads.",
    )


HANDLERS: dict[str, Callable[[File, Use], None]] = {
    **dict.fromkeys(_MOVED, _moved),
    "base": classes.base,
    "BaseModel": classes.model,
    "Input": defaults.input_,
    "streaming": decorators.drop,
    "concurrent": decorators.drop,
    "input": decorators.drop_input,
    "current_scope": members.scope,
    "emit_metric": members.metric,
    "CancelationException": _cancelation,
    "ExperimentalFeatureWarning": _warning,
    "__version__": _version,
    "Weights": _weights,
    "Opaque": _opaque,
}


def functions(node: ast.AST) -> list[FunctionNode]:
    """Every function below a node."""
    return [inner for inner in ast.walk(node) if isinstance(inner, FunctionNode)]
