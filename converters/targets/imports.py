"""The import lines of generated code, by what its text uses."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence

from converters.python.module import nodes, tree_of
from converters.python.scopes import looked_up

PLACE = "\n@IMPORTS@"
"""The line of a template that the imports take the place of."""
STANDARD = (
    "asyncio",
    "contextlib",
    "ctypes",
    "dataclasses",
    "importlib",
    "inspect",
    "json",
    "mimetypes",
    "os",
    "shutil",
    "signal",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "traceback",
    "urllib.request",
)
FROM_STANDARD: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("collections.abc", ("AsyncIterable", "AsyncIterator", "Awaitable", "Callable", "Iterable", "Iterator")),
    ("datetime", ("datetime",)),
    ("enum", ("Enum",)),
    ("concurrent.futures", ("ThreadPoolExecutor",)),
    ("functools", ("wraps",)),
    ("pathlib", ("Path", "PurePath")),
    ("typing", ("Annotated", "Any", "Literal")),
    ("urllib.parse", ("unquote_plus", "urlparse")),
)
FROM_THIRD: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("fal.container", ("ContainerImage",)),
    ("fal.exceptions", ("RequestCancelledException",)),
    ("fal.toolkit", ("Audio", "AudioField", "File", "FileField", "Image", "ImageField", "Video", "VideoField")),
    ("fastapi", ("HTTPException",)),
    ("fastapi.responses", ("JSONResponse", "StreamingResponse")),
    ("pydantic", ("BaseModel", "ConfigDict", "Field", "SecretStr", "WithJsonSchema", "WrapValidator")),
)


def complete(body: str, own: Sequence[str] = ()) -> str:
    """Put the imports that the text needs in the place of `@IMPORTS@`, in isort's order.

    ``own``: import statements that the text came with; of these, names that it no longer uses are left out.
    """
    used = used_names(body.replace(PLACE, "", 1))
    here = "HERE" in used
    used |= {"Path"} if here else set()
    standard = [f"import {module}" for module in STANDARD if f"{module}." in used]
    modules = {line.removeprefix("import ") for line in own if line.startswith("import ")}
    standard += [line for module, names in FROM_STANDARD if (line := _from(module, names, used - modules))]
    third = ["import fal", *(line for module, names in FROM_THIRD if (line := _from(module, names, used)))]
    if own:
        apart = [line for line in own if line.split()[1].partition(".")[0] not in sys.stdlib_module_names]
        standard = _merged(standard, [line for line in own if line not in apart], used)
        third = _merged(third, apart, used | {"fal"}) if apart else third
    block = "\n".join(standard) + ("\n\n" if standard else "") + "\n".join(third) + "\n"
    if here:
        block += "\nHERE = Path(__file__).parent  # where `fal deploy` reads the Dockerfile and its files\n"
    return body.replace(PLACE, f"\n{block}", 1)


def used_names(text: str) -> set[str]:
    """Names that Python source reads of its module, and `os.` for modules of which it reads something; empty where it is no Python."""
    try:
        tree = tree_of(text)
        of_module = looked_up(text)
    except (SyntaxError, ValueError):
        return set()
    found: set[str] = set()
    for node in nodes(tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and (dotted := _dotted(node.value)):
            found.add(f"{dotted}.")
    return {name for name in found if name.partition(".")[0] in of_module}


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return node.id if isinstance(node, ast.Name) else ""


def _merged(standard: list[str], own: Sequence[str], used: set[str]) -> list[str]:
    """Both lists of import statements as one: `import` lines first, then one `from` line a module."""
    lines, parts = set(), dict[str, set[str]]()
    for statement in (node for text in (*standard, *own) for node in ast.parse(text).body):
        assert isinstance(statement, ast.Import | ast.ImportFrom)
        for alias in statement.names:
            bound = (alias.asname or alias.name).split(".")[0]
            name = f"{alias.name} as {alias.asname}" if alias.asname else alias.name
            if bound not in used:
                continue
            if isinstance(statement, ast.Import):
                lines.add(f"import {name}")
            else:
                parts.setdefault(str(statement.module), set()).add(name)
    return sorted(lines) + [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(parts.items())]


def _from(module: str, names: tuple[str, ...], used: set[str]) -> str:
    wanted = [name for name in names if name in used]
    return f"from {module} import {', '.join(wanted)}" if wanted else ""
