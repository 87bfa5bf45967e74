"""What may import what, who knows a platform by its name, and no two files that need each other."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

from converters.sources.registry import platforms

ROOT = Path(__file__).resolve().parent.parent
NAMES = frozenset(platform.name for platform in platforms())
MANY = 8
"""Elements of a collection in which a platform's name is one of many names of other things: packages, programs, images."""


# Who may import whom: the contracts of pyproject.toml


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program and its contracts, to be changed."""
    folder = tmp_path_factory.mktemp("structure")
    for package in ("converters", "fal_runtime"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def broken(folder: Path) -> dict[str, str]:
    """The contracts that the imports of the program in a folder break, each with what is said of them."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-cache"], cwd=folder, env=os.environ | {"COLUMNS": "300"}, capture_output=True, text=True, timeout=300
    )
    names = re.findall(r"^(.+) BROKEN\b", done.stdout, re.MULTILINE)
    assert done.returncode == bool(names), done.stdout + done.stderr
    found = {}
    for name in names:
        section = done.stdout.rpartition(f"\n{name}\n---")[2]
        found[name] = re.split(r"\n.+\n---+\n", section)[0]
    return found


def test_the_contracts_of_imports_are_kept(copy: Path) -> None:
    assert broken(copy) == {}


LAYERS = "Imports point down, also those of imports"
PLATFORMS = "Nobody knows a platform but itself: the registry finds it by its folder"
SOURCES = "A source imports no target and no conversion"
IMAGES = "What describes images imports nothing of what is made of them"
RUNTIME = "The runtime knows nothing of the converter"
IMPORTS = [
    ("converters.concepts.a", "converters.sources.registry", LAYERS),
    ("converters.fal.a", "converters.containers", LAYERS),
    ("converters.credentials.a", "converters.targets.server", LAYERS),
    ("converters.python.a", "converters.output.renew", LAYERS),  # which imports converters.review
    ("converters.verify.a", "converters.commands.convert", LAYERS),
    ("converters.containers.a", "converters.concepts.storage", IMAGES),
    ("converters.sources.docker.a", "converters.sources.runpod.flow", PLATFORMS),
    ("converters.sources.new.a", "converters.sources.docker.settle", PLATFORMS),
    ("converters.callers.a", "converters.sources.new.b", PLATFORMS),
    ("converters.targets.a", "converters.sources.docker.settle", PLATFORMS),
    ("converters.sources.docker.b", "converters.targets.server", SOURCES),
    ("fal_runtime.a", "converters.errors", RUNTIME),
    ("converters.sources.new.b", "converters.sources.platform", ""),
    ("converters.sources.docker.c", "converters.sources.docker.settle", ""),
    ("converters.targets.b", "converters.concepts.storage", ""),
    ("converters.commands.a", "converters.sources.registry", ""),
]
"""Module that is added, what it imports, the contract that this breaks."""


@pytest.fixture(scope="module")
def judged(copy: Path) -> dict[str, str]:
    (copy / "converters/sources/new").mkdir()
    (copy / "converters/sources/new/__init__.py").touch()
    for module, imported, _ in IMPORTS:
        (copy / module.replace(".", "/")).with_suffix(".py").write_text(f"def late():\n    import {imported}\n")
    return broken(copy)


@pytest.mark.parametrize(
    ("module", "imported", "contract"), IMPORTS, ids=[f"{module} imports {imported}" for module, imported, _ in IMPORTS]
)
def test_an_import_breaks_the_contract_that_forbids_it(judged: dict[str, str], module: str, imported: str, contract: str) -> None:
    assert [name for name, said in judged.items() if re.search(rf"{module} -> {imported}\b", said)] == ([contract] if contract else [])


# What no contract can say


def cycle(graph: Mapping[str, set[str]]) -> list[str]:
    """Modules that need each other, the first one again at the end; empty where there are none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_two_files_need_each_other() -> None:
    """Also inside functions and for types alone."""
    graph = grimp.build_graph("converters", "fal_runtime", cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert sum(map(len, imports.values())) > 1000
    assert cycle(imports) == []


def test_a_cycle_is_seen() -> None:
    assert sorted(cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})[1:]) == ["a", "b", "c"]


def test_no_file_outside_its_own_folder_knows_a_platform_by_its_name() -> None:
    """A string that is a platform's name decides something: only the platform itself may hold it."""
    found = []
    for path in sorted(ROOT.glob("converters/**/*.py")):
        room, *inside = path.relative_to(ROOT / "converters").parts
        own = inside[0] if room == "sources" else ""
        if room != "rules":  # texts of cases
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
