"""The changes that checks know to be right, as suggestions for the files in which they found something."""

from __future__ import annotations

import ast
import json
from pathlib import PurePosixPath
from typing import Any

from converters.fal.client import LEFT_OUT
from converters.ir import Suggestion
from converters.preflight.apps import Image, Program, Stated
from converters.preflight.packages import Packages, Requirement
from converters.project import Project

_LISTS = (".txt", ".in")
"""Endings of lists of requirements, of which each line is one."""


def pinned(found: Requirement, new: str) -> Suggestion:
    """Another requirement in the place of one."""
    return Suggestion(file=found.file, line=found.line, old=found.text, new=_as_written(found, new))


def beside(found: Requirement, name: str, bound: str, packages: Packages) -> Suggestion:
    """A requirement with a bound, in the place of the same one without, else beside `found`."""
    stated = packages.find(name)
    if stated is not None:
        return pinned(stated, f"{name}{bound}")
    if found.file.endswith(_LISTS):
        return Suggestion(file=found.file, line=found.line, old="", new=f"{name}{bound}")
    separator = '", "' if found.file.endswith((".py", ".toml")) else " "
    return Suggestion(file=found.file, line=found.line, old=found.text, new=f"{found.text}{separator}{_as_written(found, name + bound)}")


def _as_written(found: Requirement, text: str) -> str:
    """A requirement as the file of another one holds it: a shell reads `<` and `>` as redirections where nothing quotes them."""
    is_shell = not found.file.endswith((*_LISTS, ".py", ".toml", ".lock"))
    return f'"{text}"' if is_shell and any(sign in text for sign in "<>!*;") else text


def setting(program: Program, name: str, value: Any) -> Suggestion | None:
    """A setting of an app with another value, where it is stated as a literal or not at all; None where that cannot be told."""
    stated = program.settings.get(name)
    if stated is not None:
        return _restated(stated, value)
    if program.kind == "server":
        return Suggestion(file=program.file, line=program.line + 1, old="", new=f"{name} = {json.dumps(value)}")
    if program.kind == "function":
        return Suggestion(file=program.file, line=_decorator(program), old="fal.function(", new=f"fal.function({name}={value!r}, ")
    first = _first_statement(program)
    return (
        None
        if first is None
        else Suggestion(file=program.file, line=first.lineno, old="", new=f"{' ' * first.col_offset}{name} = {value!r}")
    )


def _restated(stated: Stated, value: Any) -> Suggestion | None:
    if not isinstance(stated.value, str | int | float):
        return None
    old = json.dumps(stated.value) if isinstance(stated.value, str) else repr(stated.value)
    return Suggestion(file=stated.file, line=stated.line, old=old, new=json.dumps(value) if isinstance(value, str) else repr(value))


def _decorator(program: Program) -> int:
    assert program.node is not None
    return min([program.node.lineno, *(call.lineno for call in program.node.decorator_list)])


def _first_statement(program: Program) -> ast.stmt | None:
    """The first statement of a class behind its docstring; None where it stands in the line of the class itself."""
    if not isinstance(program.node, ast.ClassDef):
        return None
    body = program.node.body
    is_docstring = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) and len(body) > 1
    first = body[1] if is_docstring else body[0]
    starts = [first.lineno, *(call.lineno for call in getattr(first, "decorator_list", []))]
    return None if first.lineno == program.node.lineno or min(starts) != first.lineno else first


def kept_by_client(image: Image, project: Project, pattern: str) -> Suggestion | None:
    """An ignore file without the pattern that leaves out what is needed; None where the app's own code holds the patterns.

    The client takes no `!x` back, so that what its own list leaves out has to be listed without the pattern.
    """
    if image.ignore is not None:
        return None
    path = PurePosixPath(image.context, ".dockerignore").as_posix()
    own = project.get(path)
    if own is None:
        return Suggestion(file=path, line=0, old="", new="\n".join(one for one in LEFT_OUT if one != pattern))
    lines = [line.strip() for line in own.data.decode(errors="replace").splitlines()]
    return Suggestion(file=path, line=lines.index(pattern) + 1, old=pattern, new="") if pattern in lines else None
