"""What may import what, who knows a platform by its name, and no two files that need each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from converters.sources.registry import platforms

ROOT = Path(__file__).resolve().parent.parent
NAMES = frozenset(platform.name for platform in platforms())
GROUND = ("containers", "fal", "python", "concepts", "provenance", "ir", "ledger", "project")
"""What everything else stands on."""
MANY = 8
"""Elements of a collection in which a platform's name is one of many names of other things: packages, programs, images."""


@cache
def modules() -> dict[str, Path]:
    """Every module of the converter, by its dotted name."""
    found = {}
    for path in ROOT.glob("converters/**/*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports(module: str) -> frozenset[str]:
    """The modules of the converter that a module imports, also inside functions and for types alone."""
    known, path = modules(), modules()[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & known.keys()
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            base = ".".join(filter(None, (above, node.module)))
            for alias in node.names:
                found |= {name for name in (f"{base}.{alias.name}",) if name in known} or ({base} & known.keys())
    return frozenset(found - {module})


def room(module: str) -> str:
    """`sources.docker` for a module of that source, else the folder or module below `converters`."""
    parts = module.split(".")[1:]
    is_source = parts[:1] == ["sources"] and len(parts) > 1 and parts[1] in NAMES
    return ".".join(parts[:2]) if is_source else parts[0] if parts else ""


def crossing(is_from: str, is_to: str) -> Iterator[str]:
    """Imports from one kind of room to another, where both name the same one they may be the same."""
    for module in modules():
        for target in imports(module):
            here, there = room(module), room(target)
            if here != there and here.startswith(is_from) and there.startswith(is_to):
                yield f"{module} imports {target}"


@pytest.mark.parametrize("ground", GROUND)
@pytest.mark.parametrize("above", ["sources", "targets", "callers", "verify", "commands", "reports", "review", "batch", "convert"])
def test_the_ground_imports_nothing_that_stands_on_it(ground: str, above: str) -> None:
    assert not list(crossing(ground, above))


def test_no_source_imports_another_one() -> None:
    assert not list(crossing("sources.", "sources."))


def test_no_source_imports_a_target_or_a_command() -> None:
    assert not [*crossing("sources.", "targets"), *crossing("sources.", "commands"), *crossing("sources.", "convert")]


def test_nothing_reaches_into_a_source_but_itself() -> None:
    """Everything else gets a platform from the registry, which finds it by its folder."""
    assert not list(crossing("", "sources."))


def test_containers_and_fal_know_neither_each_other_s_nor_concepts() -> None:
    assert not [
        *crossing("fal", "containers"),
        *crossing("containers", "concepts"),
        *crossing("fal", "concepts"),
        *crossing("fal", "python"),
    ]


def test_no_two_files_need_each_other() -> None:
    """Strongly connected parts of the graph of files, by Tarjan's algorithm."""
    assert not [sorted(part) for part in _parts({module: imports(module) for module in modules()}) if len(part) > 1]


def _parts(graph: dict[str, frozenset[str]]) -> Iterator[list[str]]:
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []

    def visit(node: str) -> Iterator[list[str]]:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in index:
                yield from visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            at = stack.index(node)
            part, stack[at:] = stack[at:], []
            yield part

    for node in sorted(graph):
        if node not in index:
            yield from visit(node)


def test_a_cycle_is_seen() -> None:
    graph = {"a": frozenset({"b"}), "b": frozenset({"c"}), "c": frozenset({"a"}), "d": frozenset({"a"})}
    assert [sorted(part) for part in _parts(graph) if len(part) > 1] == [["a", "b", "c"]]


def test_no_file_outside_its_own_folder_knows_a_platform_by_its_name() -> None:
    """A string that is a platform's name decides something: only the platform itself may hold it."""
    found = []
    for module, path in modules().items():
        own = room(module).removeprefix("sources.")
        if room(module) != "rules":  # texts of cases
            found += [f"{path.relative_to(ROOT)}:{line} {name}" for name, line in _named(path.read_text()) if name != own]
    assert not found


def _named(text: str) -> Iterator[tuple[str, int]]:
    """The names of platforms that stand in a file as whole strings, with their lines, but for those among `MANY` others."""
    tree = ast.parse(text)
    lists = [node for node in ast.walk(tree) if isinstance(node, ast.Set | ast.Tuple | ast.List | ast.Dict)]
    among = {id(inner) for node in lists if len(_elements(node)) >= MANY for inner in _elements(node)}
    for node in ast.walk(tree):
        value = node.value if isinstance(node, ast.Constant) else None
        name = value.decode(errors="replace") if isinstance(value, bytes) else value
        if isinstance(name, str) and name in NAMES and id(node) not in among:
            yield name, node.lineno


def _elements(node: ast.Set | ast.Tuple | ast.List | ast.Dict) -> list[ast.expr | None]:
    return [*node.keys, *node.values] if isinstance(node, ast.Dict) else list(node.elts)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('if platform == "runpod": ...', ["runpod"]),
        ('KINDS = {"runpod": 1, "replicate": 2}', ["runpod", "replicate"]),
        ("MARK = b'docker'", ["docker"]),
        ('PROGRAMS = {"a", "b", "c", "d", "e", "f", "g", "docker"}', []),
        ('text = "a docker file"', []),
    ],
)
def test_a_name_is_seen(text: str, found: list[str]) -> None:
    assert sorted(name for name, _ in _named(text)) == sorted(found)


def test_templates_and_published_schemas_name_no_platform() -> None:
    files = [*ROOT.glob("templates/*.j2"), *ROOT.glob("converters/reports/*.json")]
    assert files
    assert not [
        path.name for path in files for name in NAMES if f'platform == "{name}"' in path.read_text() or f'"{name}",' in path.read_text()
    ]
