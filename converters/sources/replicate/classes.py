"""Classes that are derived from Cog's: predictors lose the base, output models become dataclasses."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from converters import rules
from converters.ir import Disposition, Edit
from converters.python.edits import brackets
from converters.python.module import Module
from converters.sources.replicate.outputs import is_omittable

if TYPE_CHECKING:
    from converters.sources.replicate.edited_file import File
    from converters.sources.replicate.sdk import Use

PYDANTIC = re.compile(r"\b(Field|validator|field_validator|root_validator|model_validator|Config|model_config)\b")
METHODS = re.compile(r"\.(dict|json|model_dump|model_dump_json|parse_obj|model_validate|copy)\(")


def base(file: File, use: Use) -> None:
    """`class Predictor(BasePredictor):` -> `class Predictor:`."""
    owner = use.parent
    if isinstance(owner, ast.ClassDef) and use.node in owner.bases:
        edit = without_base(file.module, owner, use.node, rules.RC003, "fal calls the class through app.py: it needs no base class of Cog")
        file.edits.append(edit)
        file.settle(use, rules.RC003, Disposition.CONVERTED, f"`{owner.name}` needs no base class: app.py makes it and calls it")
    else:
        file.replace(use.node, "object", rules.RC003, "Cog's base class is gone")
        file.settle(use, rules.RC003, Disposition.CONVERTED, "Cog's base class becomes object")


def without_base(module: Module, owner: ast.ClassDef, node: ast.AST, rule: str, reason: str) -> Edit:
    """Take a base out of a class statement, with the parentheses where nothing is left in them."""
    others: list[ast.AST] = [*(item for item in owner.bases if item is not node), *owner.keywords]
    start, end = module.span(node)
    opening, closing = brackets(module.text, module.span(owner)[0])
    if not others:
        return Edit(file=module.path, start=opening, end=closing + 1, replacement="", rule=rule, reason=reason)
    beside = module.text[opening + 1 : start].strip()[-1:], module.text[end:closing].strip()[:1]
    if beside[0] == "(" or beside[1] == ")":  # in parentheses of its own
        text = ", ".join(module.source(item) for item in sorted(others, key=module.span))
        return Edit(file=module.path, start=opening + 1, end=closing, replacement=text, rule=rule, reason=reason)
    later = [item for item in others if module.span(item)[0] > start]
    if later:
        return Edit(file=module.path, start=start, end=module.span(later[0])[0], replacement="", rule=rule, reason=reason)
    comma = module.text.rindex(",", 0, start)
    return Edit(file=module.path, start=comma, end=end, replacement="", rule=rule, reason=reason)


def model(file: File, use: Use) -> None:
    """An output class: a dataclass, as Cog itself makes of it; pydantic's own model where the code uses pydantic's features."""
    owner = use.parent
    if not (isinstance(owner, ast.ClassDef) and use.node in owner.bases):
        name = use.node.id if isinstance(use.node, ast.Name) else "BaseModel"
        file.imports[name] = ("pydantic", "BaseModel")
        if isinstance(use.node, ast.Attribute):
            file.replace(use.node, "BaseModel", rules.RC007, "pydantic's class takes the place of Cog's")
        file.settle(use, rules.RC007, Disposition.CONVERTED, "pydantic's BaseModel takes the place of Cog's")
        return
    if _omittable(file, owner):
        _to_pydantic(file, use, owner, "which knows what a result left out")
    elif _needs_pydantic(file.module, owner):
        _to_pydantic(file, use, owner, "whose features it uses")
    else:
        _to_dataclass(file, use, owner)
    for statement in _omittable(file, owner):
        at = file.module.span(statement)[1]
        edit = Edit(
            file=file.module.path,
            start=at,
            end=at,
            replacement=" = None",
            rule=rules.RC007,
            reason="a field of type Optional may be left out",
        )
        file.edits.append(edit)


def _needs_pydantic(module: Module, owner: ast.ClassDef) -> bool:
    mutable = any(isinstance(s, ast.AnnAssign) and isinstance(s.value, ast.List | ast.Dict | ast.Set) for s in owner.body)
    derived = any(isinstance(base, ast.Name) and base.id == owner.name for other in module.classes.values() for base in other.bases)
    return (
        mutable or derived or bool(PYDANTIC.search(module.source(owner))) or bool(METHODS.search(module.text) and owner.name in module.text)
    )


def _to_pydantic(file: File, use: Use, owner: ast.ClassDef, why: str) -> None:
    if isinstance(use.node, ast.Attribute):
        file.imports["BaseModel"] = ("pydantic", "BaseModel")
        file.replace(use.node, "BaseModel", rules.RC007, "pydantic's class takes the place of Cog's")
    elif isinstance(use.node, ast.Name):
        file.imports[use.node.id] = ("pydantic", "BaseModel")
    file.settle(use, rules.RC007, Disposition.CONVERTED, f"`{owner.name}` is a model of pydantic, {why}")


def _to_dataclass(file: File, use: Use, owner: ast.ClassDef) -> None:
    file.imports["dataclass"] = ("dataclasses", "dataclass")
    file.edits.append(without_base(file.module, owner, use.node, rules.RC007, "a dataclass, as Cog makes of its models"))
    line = min([owner.lineno, *(decorator.lineno for decorator in owner.decorator_list)])
    at = file.module.line_start(line)
    indent = file.module.text[at : at + len(file.module.lines[line - 1]) - len(file.module.lines[line - 1].lstrip())]
    text = f"{indent}@dataclass{'(kw_only=True)' if _out_of_order(owner) else ''}{file.module.newline}"
    file.edits.append(
        Edit(file=file.module.path, start=at, end=at, replacement=text, rule=rules.RC007, reason="a dataclass, as Cog makes of its models")
    )
    file.settle(use, rules.RC007, Disposition.CONVERTED, f"`{owner.name}` is a dataclass, as Cog makes of its models")


def _omittable(file: File, owner: ast.ClassDef) -> list[ast.stmt]:
    """Fields that may be left out."""
    return [statement for statement in owner.body if is_omittable(file.code, file.module, statement)]


def _out_of_order(owner: ast.ClassDef) -> bool:
    """Whether a field without a default follows one with a default, which only keyword-only fields may."""
    defaulted = [statement.value is not None for statement in owner.body if isinstance(statement, ast.AnnAssign)]
    return defaulted != sorted(defaulted)
