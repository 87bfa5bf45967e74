"""Classes of pydantic-settings: their fields are environment variables."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from converters.python.unparsed import unparse

_ALIASES = ("env", "alias", "validation_alias")


@dataclass(frozen=True)
class SettingsField:
    """A field of a settings class. ``required``: the class cannot be made while the variable is not set."""

    name: str
    node: ast.AnnAssign
    required: bool


def settings_fields(node: ast.AST) -> Iterator[SettingsField]:
    """The fields of a class that is derived from `BaseSettings` itself, with the names of their variables.

    `BaseSettings` validates defaults too, so a field that is no Optional and defaults to None is required
    (pydantic-settings, "Usage": `validate_default` is True).
    """
    if not isinstance(node, ast.ClassDef) or not any(_last(base) == "BaseSettings" for base in node.bases):
        return
    prefix = _prefix(node)
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            name = statement.target.id
            alias, default = _field(statement.value)
            required = default is None and not _is_optional(statement.annotation)
            if name not in ("model_config",) and not name.startswith("_") and "ClassVar" not in unparse(statement.annotation):
                yield SettingsField(alias or (prefix + name).upper(), statement, required)


def _last(base: ast.expr) -> str:
    return base.attr if isinstance(base, ast.Attribute) else base.id if isinstance(base, ast.Name) else ""


def _prefix(node: ast.ClassDef) -> str:
    """`env_prefix` of `model_config = SettingsConfigDict(...)` or of the class `Config`."""
    for part in ast.walk(node):
        if isinstance(part, ast.keyword) and part.arg == "env_prefix" and isinstance(part.value, ast.Constant):
            return str(part.value.value)
        assigned = part.targets if isinstance(part, ast.Assign) and isinstance(part.value, ast.Constant) else []
        if any(isinstance(target, ast.Name) and target.id == "env_prefix" for target in assigned):
            return str(part.value.value)  # type: ignore[attr-defined]
    return ""


def _field(value: ast.expr | None) -> tuple[str, object]:
    """(the variable's own name, the default or None) of a field's right-hand side."""
    if value is None or (isinstance(value, ast.Constant) and value.value in (None, ...)):
        return "", None
    if not (isinstance(value, ast.Call) and _last(value.func) == "Field"):
        return "", value
    keywords = {keyword.arg: keyword.value for keyword in value.keywords}
    alias = next((part.value for name in _ALIASES if isinstance(part := keywords.get(name), ast.Constant)), "")
    default = value.args[0] if value.args else keywords.get("default", keywords.get("default_factory"))
    missing = default is None or (isinstance(default, ast.Constant) and default.value in (None, ...))
    return str(alias), None if missing else default


def _is_optional(annotation: ast.expr) -> bool:
    text = unparse(annotation)
    return "Optional" in text or "None" in text or text.endswith("Any")
