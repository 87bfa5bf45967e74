"""The name of the generated class: one that nothing else in its file has, so that it hides neither an import nor a builtin."""

from __future__ import annotations

import ast
import builtins
import keyword
from collections.abc import Callable

from converters.ir import App
from converters.python.module import nodes, tree_of
from converters.python.names import names_in


def with_free_name(app: App, emit: Callable[[App], str]) -> str:
    """The text of the app file. `app.class_name` becomes another where the file binds or reads that name already."""
    wanted, number = app.class_name, 1
    while True:
        text = "" if is_reserved(app.class_name) else emit(app)
        if text and app.class_name not in names_beside(text, app.class_name):
            return text
        suffix = "_app" if wanted.islower() else "App"
        app.class_name = f"{wanted}{suffix}{number if number > 1 else ''}"
        number += 1


def is_reserved(name: str) -> bool:
    """Whether Python itself has the name."""
    return keyword.iskeyword(name) or hasattr(builtins, name)


def names_beside(text: str, own: str) -> set[str]:
    """Every name that a file binds or reads, but for the one definition of `own`. Raises `SyntaxError`."""
    tree = tree_of(text)
    definitions = [node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == own]
    definition = definitions[-1] if definitions else None
    return {name for node in nodes(tree) if node is not definition for name in names_in(node)}
