"""The Python of a project: modules parsed once, imports followed inside the project, names resolved to what they mean."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from converters.errors import Unreadable
from converters.project import Project, normalize
from converters.python.module import FunctionNode, Module, nodes, parse
from converters.python.unparsed import unparse

LOADS = re.compile(r"\b(spec_from_file_location|SourceFileLoader|run_path)\b")
"""Functions that load a Python file by its path."""


@dataclass(frozen=True)
class Import:
    """A name that an import statement binds: `dotted` is what it stands for."""

    name: str
    dotted: str
    level: int
    node: ast.Import | ast.ImportFrom
    alias: ast.alias


@dataclass(frozen=True)
class Found:
    """A definition in a module of the project."""

    module: Module
    node: ast.AST


@dataclass
class Code:
    """Modules of a project by path. `roots` are the folders that are on the module search path, first match wins."""

    project: Project
    roots: tuple[str, ...] = ("",)
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Modules that have another name where the code runs: path below a search root there -> path in the project."""
    by_other_name: set[str] = field(default_factory=set)
    """Those of them that an import was found to name."""
    modules: dict[str, Module | None] = field(default_factory=dict)
    problems: dict[str, Unreadable] = field(default_factory=dict)
    _imports: dict[str, dict[str, Import]] = field(default_factory=dict)

    def module(self, path: str) -> Module | None:
        """The parsed file; None where there is none or it cannot be parsed (then `problems` says why)."""
        if path not in self.modules:
            self.modules[path] = None
            file = self.project.get(path)
            if file is not None:
                try:
                    self.modules[path] = parse(file)
                except Unreadable as error:
                    self.problems[path] = error
        return self.modules[path]

    def imports(self, module: Module) -> dict[str, Import]:
        """Names bound by the import statements of a module, wherever they stand in it.

        Of several for a name the last one counts, but for those that lie deeper: in a function, a class, behind `except ImportError`.
        """
        if module.path not in self._imports:
            bound: dict[str, Import] = {}
            for found in imports(module.tree):
                known = bound.get(found.name)
                if known is None or _depth(module, found.node) <= _depth(module, known.node):
                    bound[found.name] = found
            self._imports[module.path] = bound
        return self._imports[module.path]

    def dotted(self, module: Module, node: ast.AST) -> str | None:
        """What a name or attribute chain means, by the imports of the module: `rp.serverless.start` -> `runpod.serverless.start`."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        bound = self.imports(module).get(node.id)
        if bound is None or bound.level:
            return None
        return ".".join([bound.dotted, *reversed(parts)])

    def resolve(self, importer: Module, dotted: str, level: int = 0) -> str | None:
        """Path of the project file that an import of `dotted` reads, None where it is no file of the project."""
        if level:
            folder = PurePosixPath(importer.path).parent
            for _ in range(level - 1):
                folder = folder.parent
            bases = ["" if str(folder) == "." else str(folder)]
        else:
            bases = list(dict.fromkeys([*self.roots, importer.file.folder]))
        relative = dotted.replace(".", "/")
        for name in () if level else (f"{relative}.py", f"{relative}/__init__.py"):
            if name in self.renamed:
                self.by_other_name.add(name)
                return self.renamed[name]
        for base in bases:
            stem = f"{base}/{relative}".strip("/") if base else relative
            for candidate in (f"{stem}.py", f"{stem}/__init__.py"):
                path = normalize(candidate)
                if path in self.project.files:
                    return path
        return None

    def imported_files(self, importer: Module) -> Iterator[tuple[str, Import]]:
        """Files of the project that a module imports, with the packages on the way."""
        for found in imports(importer.tree):
            if isinstance(found.node, ast.ImportFrom):
                base = found.node.module or ""
                tries = [f"{base}.{found.alias.name}".strip("."), base]
            else:
                tries = [found.alias.name]
            for dotted in tries:
                path = self.resolve(importer, dotted, found.level) if dotted else None
                if path:
                    yield path, found
                    break
            for parent in _parents(tries[0]):
                path = self.resolve(importer, parent, found.level)
                if path:
                    yield path, found

    def loaded_files(self, importer: Module) -> Iterator[str]:
        """Files of the project that a module loads by their paths: `spec_from_file_location("name", "file.py")`, `runpy.run_path`."""
        if not LOADS.search(importer.text):
            return
        for node in nodes(importer.tree):
            if not isinstance(node, ast.Call) or not LOADS.search(unparse(node.func)):
                continue
            for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
                text = argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else ""
                places = (normalize(f"{base}/{text}".lstrip("/")) for base in dict.fromkeys([importer.file.folder, *self.roots, ""]))
                yield from [place for place in places if text.endswith(".py") and place in self.project.files][:1]

    def star_files(self, importer: Module) -> Iterator[str]:
        """Files of the project that a module imports with a star."""
        for node in nodes(importer.tree):
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                path = self.resolve(importer, node.module or "", node.level)
                if path:
                    yield path

    def closure(self, entry: str) -> list[str]:
        """The entry file and every project file that it imports, directly or not, sorted."""
        seen: set[str] = set()
        queue = [entry]
        while queue:
            path = queue.pop()
            if path in seen:
                continue
            seen.add(path)
            module = self.module(path)
            if module:
                queue.extend(found for found, _ in self.imported_files(module))
                queue.extend(self.star_files(module))
                queue.extend(self.loaded_files(module))
        return sorted(seen)

    def definition(self, module: Module, name: str, depth: int = 0) -> Found | None:
        """The function, class or assigned value behind a module-level name, followed through imports inside the project."""
        if depth > 8:
            return None
        for table in (module.functions, module.classes):
            if name in table:
                return Found(module, table[name])
        if name in module.assignments:
            return Found(module, module.assignments[name][-1])
        bound = self.imports(module).get(name)
        if bound is None or not isinstance(bound.node, ast.ImportFrom):
            return None
        path = self.resolve(module, bound.node.module or "", bound.level)
        target = self.module(path) if path else None
        if target is not None:
            found = self.definition(target, bound.alias.name, depth + 1)
            if found:
                return found
        return None

    def imported_module(self, module: Module, name: str) -> Module | None:
        """The project module that a name is bound to (`import schemas`, `from . import schemas`)."""
        bound = self.imports(module).get(name)
        if bound is None:
            return None
        dotted = bound.alias.name
        if isinstance(bound.node, ast.ImportFrom):
            dotted = f"{bound.node.module or ''}.{bound.alias.name}".strip(".")
        path = self.resolve(module, dotted, bound.level)
        return self.module(path) if path else None

    def function(self, module: Module, node: ast.expr) -> Found | None:
        """The function or class that an expression names: `f`, `helpers.f`, `module.Class`."""
        if isinstance(node, ast.Name):
            found = self.definition(module, node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            target = self.imported_module(module, node.value.id)
            found = self.definition(target, node.attr) if target else None
        else:
            return None
        return found if found and isinstance(found.node, FunctionNode | ast.ClassDef) else None


def _depth(module: Module, node: ast.AST) -> int:
    return sum(1 for _ in module.ancestors(node))


def imports(tree: ast.AST) -> Iterator[Import]:
    """Every name that an import statement binds, `*` left out."""
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.split(".")[0]
                yield Import(name, alias.name if alias.asname else name, 0, node, alias)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.name != "*":
                    yield Import(alias.asname or alias.name, f"{node.module or ''}.{alias.name}".strip("."), node.level, node, alias)


def _parents(dotted: str) -> Iterator[str]:
    while "." in dotted:
        dotted = dotted.rpartition(".")[0]
        yield dotted
