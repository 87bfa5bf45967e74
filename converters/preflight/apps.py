"""The apps of a fal project, read from its files: `fal.App` classes, `@fal.function`s, and the tables of pyproject.toml."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any, Literal

from converters.preflight.values import UNKNOWN, Unknown, Values
from converters.project import MAX_FILE, Project, SourceFile, normalize
from converters.python.module import assigned, nodes, tree_of
from converters.python.unparsed import unparse

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Kind = Literal["app", "function", "server"]


@dataclass(frozen=True)
class Stated:
    """A setting as the files state it; `value` may be `UNKNOWN`."""

    value: Any
    file: str
    line: int


@dataclass(frozen=True)
class Image:
    """What an app's image is built from. `reference`: a ready image, which nothing builds."""

    file: str = ""
    line: int = 1
    """Where the text begins in `file`: 1 for a Dockerfile, further down for a text in a program."""
    data: bytes = b""
    context: str = ""
    reference: str = ""
    ignore: tuple[str, ...] | None = None
    """`dockerignore=[...]`; None for the client's own choice."""
    build_args: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict)
    missing: str = ""
    """Path of a Dockerfile that is not there."""
    entrypoint: Any = None
    cmd: Any = None

    def line_of(self, line: int) -> int:
        """The line of `file` in which a line of the Dockerfile's text stands."""
        return self.line + line - 1


@dataclass(frozen=True)
class Program:
    """One app. `kind` is `server` for an image that answers HTTP itself: no Python of fal's runs in it."""

    name: str
    kind: Kind
    file: str
    """The program that holds it; for a server, pyproject.toml."""
    symbol: str
    line: int
    settings: Mapping[str, Stated]
    image: Image | None
    module: ast.Module | None = field(default=None, compare=False, repr=False)
    node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | None = field(default=None, compare=False, repr=False)

    def value(self, name: str, otherwise: Any = None) -> Any:
        """A setting's value; `otherwise` where it is not stated or cannot be read."""
        stated = self.settings.get(name)
        return otherwise if stated is None or isinstance(stated.value, Unknown) else stated.value

    def line_of(self, name: str) -> int:
        """The line of a setting, else that of the app."""
        return self.settings[name].line if name in self.settings and self.settings[name].file == self.file else self.line


def programs(project: Project) -> list[Program]:
    """The apps of a project, in the order of their names. Files that cannot be read hold none."""
    tables = _tables(project)
    found = [program for name, table in tables.items() if isinstance(table, dict) for program in _of_table(project, name, table)]
    named = {(program.file, program.symbol) for program in found}
    if not found:
        for path, file in project.files.items():
            if path.endswith(".py") and file.size <= MAX_FILE and b"fal" in file.data and not project.is_installed(path):
                found += [one for one in _in_module(project, file, {}) if (one.file, one.symbol) not in named]
    return sorted(found, key=lambda program: program.name)


def _tables(project: Project) -> dict[str, Any]:
    file = project.get("pyproject.toml")
    try:
        tables: Any = tomllib.loads(file.data.decode()) if file is not None and file.size <= MAX_FILE else {}
        for key in ("tool", "fal", "apps"):
            tables = tables.get(key, {})
        return tables if isinstance(tables, dict) else {}
    except (ValueError, AttributeError, RecursionError):
        return {}


def _of_table(project: Project, name: str, table: dict[str, Any]) -> Iterator[Program]:
    text = project.files["pyproject.toml"].data.decode(errors="replace")
    settings = {key: Stated(value, "pyproject.toml", _toml_line(text, name, key)) for key, value in table.items()}
    ref = table.get("ref", table.get("python_entry_point"))
    if isinstance(ref, str):
        path, _, symbol = ref.partition("::")
        if "python_entry_point" in table:
            module, _, symbol = ref.partition(":")
            path = f"{module.replace('.', '/')}.py"
        file = project.get(path)
        if file is not None:
            yield from _in_module(project, file, settings, name, symbol)
    elif isinstance(image := table.get("image"), dict):
        line = _toml_line(text, name, "")
        yield Program(str(table.get("name", name)), "server", "pyproject.toml", name, line, settings, _toml_image(project, image))


def _toml_line(text: str, app: str, key: str) -> int:
    """The line of a key in an app's table, or of the table's head."""
    head = re.search(rf"^\[tool\.fal\.apps\.[\"']?{re.escape(app)}[\"']?\]", text, re.MULTILINE)
    start = head.start() if head else 0
    found = re.compile(rf"^\s*{re.escape(key)}\s*=", re.MULTILINE).search(text, start) if key else None
    return text.count("\n", 0, found.start() + len(found[0]) - len(found[0].lstrip()) if found else start) + 1


def _toml_image(project: Project, table: dict[str, Any]) -> Image:
    made = Image(entrypoint=table.get("entrypoint"), cmd=table.get("cmd"), secrets=_mapping(table.get("secrets")))
    path = table.get("dockerfile")
    if not isinstance(path, str):
        return replace(made, reference=str(table.get("image", "")))
    file = project.get(path)
    if file is None:
        return replace(made, missing=path)
    return replace(made, file=file.path, data=file.data, build_args=_mapping(table.get("build_args")))


def _in_module(project: Project, file: SourceFile, outer: dict[str, Stated], name: str = "", symbol: str = "") -> Iterator[Program]:
    try:
        tree = tree_of(file.data, file.path)
    except (SyntaxError, ValueError, RecursionError):
        return
    values = Values(tree, file.path, "")
    for node in nodes(tree):
        if isinstance(node, ast.ClassDef) and (symbol in ("", node.name)) and any(map(_is_app, node.bases)):
            settings = {**outer, **_class_settings(node, file.path, values)}
            yield _program(project, "app", name, file, node, settings, tree, values)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and symbol in ("", node.name):
            for call in node.decorator_list:
                if isinstance(call, ast.Call) and unparse(call.func) == "fal.function":
                    settings = {**outer, **_keywords(call.keywords, file.path, values)}
                    yield _program(project, "function", name, file, node, settings, tree, values)


def _is_app(base: ast.expr) -> bool:
    return unparse(base) in ("fal.App", "App")


def _program(
    project: Project,
    kind: Kind,
    name: str,
    file: SourceFile,
    node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef,
    settings: dict[str, Stated],
    tree: ast.Module,
    values: Values,
) -> Program:
    stated = settings.get("name", settings.get("app_name"))
    name = name or (str(stated.value) if stated is not None and not isinstance(stated.value, Unknown) else node.name)
    call = _image_call(node, values)
    image = _python_image(project, call, file, values) if call is not None else None
    return Program(name, kind, file.path, node.name, node.lineno, settings, image, tree, node)


def _class_settings(node: ast.ClassDef, path: str, values: Values) -> dict[str, Stated]:
    """Class keywords, then attributes: fal reads both."""
    found = _keywords(node.keywords, path, values)
    for statement in node.body:
        for name, value in assigned(statement):
            found[name] = Stated(values.value(value), path, value.lineno)
    return found


def _keywords(keywords: list[ast.keyword], path: str, values: Values) -> dict[str, Stated]:
    return {keyword.arg: Stated(values.value(keyword.value), path, keyword.value.lineno) for keyword in keywords if keyword.arg}


def _image_call(node: ast.AST, values: Values) -> ast.Call | None:
    """The `ContainerImage...(...)` of an app, also where a name of the module holds it."""
    held: ast.expr | None = None
    for part in ast.walk(node):
        if (isinstance(part, ast.keyword) and part.arg == "image") or (
            isinstance(part, ast.Assign) and any(isinstance(target, ast.Name) and target.id == "image" for target in part.targets)
        ):
            held = held or part.value
    if isinstance(held, ast.Name):
        held = values.expression(held.id)
    return held if isinstance(held, ast.Call) and "ContainerImage" in unparse(held.func) else None


def _python_image(project: Project, call: ast.Call, file: SourceFile, values: Values) -> Image:
    keywords = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    first = call.args[0] if call.args else keywords.get("text", keywords.get("path", keywords.get("dockerfile_str")))
    context = values.text(keywords.get("context_dir")) if "context_dir" in keywords else ""
    ignore = values.value(keywords["dockerignore"]) if "dockerignore" in keywords else None
    made = Image(
        context=normalize(context or "") or "",
        ignore=tuple(map(str, ignore)) if isinstance(ignore, list) else None,
        build_args=_mapping(values.value(keywords.get("build_args"))),
        secrets=_mapping(values.value(keywords.get("secrets"))),
    )
    text = values.text(first)
    if text is None:
        return made
    if not unparse(call.func).endswith("from_dockerfile"):
        line = first.lineno if isinstance(first, ast.Constant) else values.line_of(first) or call.lineno
        return replace(made, file=file.path, line=line, data=text.encode())
    dockerfile = project.get(str(PurePosixPath(text)))
    if dockerfile is None:
        return replace(made, missing=text)
    return replace(made, file=dockerfile.path, data=dockerfile.data)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) and not any(item is UNKNOWN for item in value) else {}
