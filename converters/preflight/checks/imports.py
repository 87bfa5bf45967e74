"""Imports of what runs lead to the standard library, a file of the runner, or a package."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import PurePosixPath

from converters import rules
from converters.preflight.bindings import bindings
from converters.preflight.deployment import Deployment
from converters.preflight.distributions import BRINGERS, BROUGHT, HOLDERS, OF_TORCH, ROOTS
from converters.preflight.finding import Finding
from converters.preflight.packages import Packages
from converters.preflight.running import Import, Running, Unit, imports_of
from converters.python.module import FunctionNode, is_main_test
from converters.python.unparsed import unparse

GONE = {
    "3.12": frozenset({"distutils", "asynchat", "asyncore", "imp", "smtpd"}),
    "3.13": frozenset({"aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "mailcap", "msilib", "nis", "nntplib", "ossaudiodev"})
    | frozenset({"pipes", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib"}),
}
"""Modules of the standard library -> the first Python without them."""
INSTALLS_ITSELF = re.compile(
    r"\.whl\b|\binstall\s(?:[^\n;&|]*\s)?(?:-e\s+|--editable[ =])?\.(?:\[[\w,-]+\])?/?(?:\s|$)"
    r"|\b(?:poetry|pdm|hatch|flit)\s+(?:install|build|sync)\b|\buv\s+(?:sync|build|pip install \.)|setup\.py\s+(?:install|develop)"
)
"""A command of a build by which the project's own package gets among the installed ones."""


def check(deployment: Deployment) -> Iterator[Finding]:
    """PF003: an import that leads nowhere. What reading cannot tell is passed over."""
    said: set[str] = set()
    for unit, found in deployment.running.missing:
        if found.module.split(".")[0] in said or is_optional(unit, found.node):
            continue
        why = _why(deployment, unit, found)
        if why and not _is_behind_conditions(deployment.running, unit):
            said.add(found.module.split(".")[0])
            yield Finding(unit.path, found.node.lineno, rules.PF003, why, about=found.module)
    yield from _names(deployment)


def _is_behind_conditions(running: Running, unit: Unit) -> bool:
    """Whether a module is imported, and only where a condition holds, so that nothing may ever need what it imports itself."""
    importers = [
        (scope.unit, node)
        for scope in running.scopes()
        for node in scope.nodes
        if isinstance(node, ast.Import | ast.ImportFrom) and scope.unit is not unit and _leads_to(running, scope.unit, node, unit.place)
    ]
    return bool(importers) and all(is_optional(one, node) or _is_conditional(one, node) for one, node in importers)


def _leads_to(running: Running, unit: Unit, node: ast.Import | ast.ImportFrom, place: str) -> bool:
    for found in imports_of(unit, node):
        below = [Import(f"{found.module}.{name}".strip("."), (), node) for name in found.names]
        if any(place in running.files_of(unit, one) for one in (found, *below)):
            return True
    return False


def _is_conditional(unit: Unit, node: ast.AST) -> bool:
    return any(isinstance(above, ast.If) and not is_main_test(above.test) for above in unit.module.ancestors(node))


def _names(deployment: Deployment) -> Iterator[Finding]:
    """Names that code takes out of a module of the project which does not have them."""
    running = deployment.running
    for scope in running.scopes():
        for node in scope.nodes:
            if not isinstance(node, ast.ImportFrom) or is_optional(scope.unit, node):
                continue
            for found in imports_of(scope.unit, node):
                lacking = _lacking(running, scope.unit, found) if _is_plain(scope.unit, found) else []
                if lacking:
                    place = running.runner.files[running.files_of(scope.unit, found)[0]]
                    listed = ", ".join(f"`{name}`" for name in lacking)
                    what = f"{listed} {'is' if len(lacking) == 1 else 'are'} imported from {place}, which has no such name"
                    yield Finding(
                        scope.unit.path, node.lineno, rules.PF003, f"{what}: define it there, or correct the import.", about=place
                    )


def _lacking(running: Running, unit: Unit, found: Import) -> list[str]:
    """The names of an import that none of the files which may be its module has, nor a module below it."""
    places = running.files_of(unit, found)
    if not places or any(place not in running.units for place in places):
        return []
    known = [bindings(running.units[place].module) for place in places]
    if any(names is None for names in known):
        return []
    folders = [place.removesuffix("/__init__.py") for place in places if place.endswith("/__init__.py")]
    has = {name for names in known for name in names or ()}
    return [name for name in found.names if name not in has | {"*"} and not any(running.is_below(folder, name) for folder in folders)]


def _why(deployment: Deployment, unit: Unit, found: Import) -> str:
    """What is wrong with an import that no file of the runner answers; '' for nothing that reading can tell."""
    top = found.module.split(".")[0]
    if isinstance(found.node, ast.ImportFrom) and found.node.level:
        return "" if unit.app or not found.module or not _is_plain(unit, found) else _relative(unit, found)
    if gone := _gone(deployment, top):
        return gone
    if top in sys.stdlib_module_names or top in ("fal", "isolate"):
        return ""
    installed = deployment.packages
    if top.replace("_", "-").lower() in installed.names or HOLDERS.get(top, frozenset()) & installed.names:
        return ""
    if own := _own(deployment, unit, top):
        return own
    if top in ROOTS and _are_known(installed, unit, top) and not (BRINGERS.get(top, frozenset()) & installed.names):
        return f"`{top}` is imported, and no requirement brings it: add {' or '.join(sorted(HOLDERS[top])[:2])}."
    if _is_nobodys(deployment, unit, found, top):
        return f"`{top}` is imported, and neither the project nor a requirement has it by that name: add the file, or the requirement."
    return ""


def _are_known(installed: Packages, unit: Unit, top: str) -> bool:
    """Whether all packages are known that may hold or bring one of `ROOTS`."""
    return installed.complete or (installed.listed and top not in OF_TORCH and "sys.path" not in unit.module.text)


def _is_nobodys(deployment: Deployment, unit: Unit, found: Import, top: str) -> bool:
    """Whether no requirement, known package or file of the project has a module, as far as their names tell."""
    paths = deployment.project.files
    if not _is_plain(unit, found) or may_be_installed(deployment, top):
        return False
    return not any(f"/{path}".endswith(f"/{top}.py") or f"/{top}/" in f"/{path}" for path in paths)


def may_be_installed(deployment: Deployment, top: str) -> bool:
    """Whether a package that is installed may hold a module of that name, as far as names tell."""
    installed = deployment.packages
    return not installed.complete or top in HOLDERS or top in BROUGHT or _resembles(top, installed.names)


def _is_plain(unit: Unit, found: Import) -> bool:
    """Whether nothing starts without an import: it stands under no condition and in no function but the app's own `setup`."""
    for above in unit.module.ancestors(found.node):
        of_app = unit.app and (isinstance(above, ast.ClassDef) or getattr(above, "name", "") == "setup")
        if isinstance(above, ast.If | FunctionNode | ast.Lambda | ast.ClassDef) and not of_app:
            return False
    return True


def _resembles(top: str, names: set[str]) -> bool:
    """Whether a requirement may hold a module whose name is a part of its own, as `websocket-client` holds `websocket`."""
    bare = re.sub(r"[^a-z]", "", top.lower())
    others = {re.sub(r"[^a-z]", "", name) for name in names}
    return any(other and (bare in other or other in bare or (len(bare) > 3 and other.startswith(bare[:4]))) for other in others)


def _relative(unit: Unit, found: Import) -> str:
    dots = "." * (found.node.level if isinstance(found.node, ast.ImportFrom) else 0)
    return f"`{dots}{found.module}` is imported, and it is not beside {unit.path}: add it."


def _gone(deployment: Deployment, top: str) -> str:
    version = deployment.python
    for first, names in GONE.items():
        if top in names and version and _number(version) >= _number(first):
            if top == "distutils" and "setuptools" in deployment.packages.names:
                return ""
            return (
                f"`{top}` is imported, and Python {version} has no such module (gone since {first}): replace it, or take an older Python."
            )
    return ""


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())


def _own(deployment: Deployment, unit: Unit, top: str) -> str:
    """A module of the project that is not where the runner looks for it under this name."""
    image = deployment.image
    if image is not None and (not deployment.runner.cwd or any(INSTALLS_ITSELF.search(run.script) for run in image.runs)):
        return ""
    files = [path for path in deployment.project.files if path.endswith((f"/{top}.py", f"/{top}/__init__.py")) or path in (f"{top}.py",)]
    files += [f"{top}/__init__.py"] if f"{top}/__init__.py" in deployment.project.files else []
    if not files or any(deployment.project.is_installed(path) for path in files):
        return ""
    places = sorted(place for place, path in deployment.runner.files.items() if path in files)
    if any(PurePosixPath(place).name == f"{top}.py" or f"/{top}/" in place for place in places):
        return ""  # somewhere on the runner under its own name: a path that reading does not see may lead there
    if places:
        return f"`{top}` is imported, and {files[0]} lies at {places[0]} on the runner: copy it under its own name, or change the import."
    near = str(PurePosixPath(unit.path).parent)
    if files[0] in (f"{top}.py", f"{top}/__init__.py") or str(PurePosixPath(files[0]).parent).startswith(near):
        where = "copy it in the Dockerfile" if deployment.image is not None else "name it in `app_files`"
        return f"`{top}` is imported, and {files[0]} is not on the runner: {where}."
    return ""


def is_optional(unit: Unit, node: ast.Import | ast.ImportFrom) -> bool:
    """Whether the code goes on without the module, or asks for it only while types are checked."""
    child: ast.AST = node
    for above in unit.module.ancestors(node):
        if isinstance(above, ast.Try) and child in above.body and above.handlers:
            return True
        if isinstance(above, ast.ExceptHandler) and any(_installs(one) for one in above.body if one.lineno < node.lineno):
            return True
        if isinstance(above, ast.If) and "TYPE_CHECKING" in unparse(above.test):
            return True
        if isinstance(above, ast.With) and "suppress" in unparse(above.items[0].context_expr):
            return True
        child = above
    return False


def _installs(statement: ast.stmt) -> bool:
    """Whether a statement before an import is a call that may bring the module: anything but a message."""
    called = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(called, ast.Call) and re.match(r"(print|log\w*|warnings?)\b", unparse(called.func), re.IGNORECASE) is None
