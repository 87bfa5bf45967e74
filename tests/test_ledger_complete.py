"""The ledger speaks for everything that is read, exactly once: counted here with other means than the converter's own readers."""

from __future__ import annotations

import ast
import io
import json
import re
import shlex
import shutil
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from converters.convert import convert
from converters.ledger import Item
from converters.options import Options
from converters.outcome import Converted
from converters.rules import Case, Rule, all_rules
from tests.rules.projects import converted_once, write

FIXTURES = sorted(path for path in (Path(__file__).parents[1] / "fixtures/runpod").iterdir() if path.is_dir())
Found = tuple[str, int, str]
"""(file, line, name)"""

PROJECTS = [pytest.param(path, id=path.name) for path in FIXTURES]
PROJECTS += [
    pytest.param((rule, case), id=f"{rule.code}-{case.id}")
    for rule in all_rules()
    for case in rule.cases
    if case.status not in ("unsupported", "unreadable")
    and rule.code not in ("RP040",)
    and any("serverless.start" in text for text in case.files.values())
]  # fmt: skip


def items_of(root: Path) -> list[Item]:
    outcome = convert(root, Options())
    assert isinstance(outcome, Converted), outcome
    return outcome.ledger.items()


def read(project: Path | tuple[Rule, Case], folder: Path) -> tuple[Path, list[Item]]:
    """A project on disk, and what the ledger says of it."""
    if isinstance(project, Path):
        return project, items_of(project)
    rule, case = project
    root = write(folder, case.project, case.symlinks)
    plain = case.apps is None and case.options(folder) == Options()
    return root, converted_once(rule, case).items if plain else items_of(root)


def sources(root: Path, pattern: str) -> Iterator[tuple[str, str]]:
    for path in sorted(root.rglob(pattern)):
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(root).as_posix(), path.read_text()


def python_sources(root: Path) -> Iterator[tuple[str, str]]:
    """The Python files that can be read; of others nothing is known, so nothing in them is in the ledger."""
    for file, text in sources(root, "*.py"):
        try:
            ast.parse(text)
        except SyntaxError:
            continue
        yield file, text


# Names of the SDK: imports by ast, uses by tokens


def sdk_imports(root: Path) -> Iterator[Found]:
    for file, text in python_sources(root):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                yield from ((file, alias.lineno, alias.name) for alias in node.names if alias.name.split(".")[0] == "runpod")
            elif isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] == "runpod":
                yield from ((file, alias.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def sdk_uses(root: Path) -> Iterator[Found]:
    """(file, line, first word): a chain of names counts once, at its first word."""
    for file, text in python_sources(root):
        tree = ast.parse(text)
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        bound = {
            (alias.asname or alias.name).split(".")[0]
            for node in imports
            for alias in node.names
            if (node.module or "" if isinstance(node, ast.ImportFrom) and not node.level else alias.name if isinstance(node, ast.Import) else "")
            .split(".")[0] == "runpod"
        }  # fmt: skip
        inside = {line for node in imports for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
        before = ""
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NAME and token.string in bound and before != "." and token.start[0] not in inside:
                yield (file, token.start[0], token.string)
            before = token.string


def check_names(root: Path, items: list[Item]) -> None:
    assert Counter((item.file, item.line, item.name) for item in items if item.kind == "import") == Counter(sdk_imports(root))
    assert Counter((item.file, item.line) for item in items if item.kind == "name") == Counter(use[:2] for use in sdk_uses(root))


# Options of start


def start_keys(root: Path) -> Iterator[Found]:
    for file, text in python_sources(root):
        tree = ast.parse(text)
        named = {
            node.targets[0].id: node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and re.search(r"(^|\.)serverless\.start$|^start$", ast.unparse(node.func))
                and "clock" not in text
            ):
                given: ast.expr | None = node.args[0] if node.args else None
                given = named.get(given.id) if isinstance(given, ast.Name) else given
                for key in given.keys if isinstance(given, ast.Dict) else ():
                    if isinstance(key, ast.Constant):
                        yield (file, key.lineno, str(key.value))


def check_options(root: Path, items: list[Item]) -> None:
    found = Counter((item.file, item.line, item.name) for item in items if item.kind == "option" and item.name.isidentifier())
    assert found == Counter(start_keys(root))


# Keys of hub.json


def hub_keys(root: Path) -> Iterator[str]:
    for file, text in sources(root, "hub.json"):
        listing = json.loads(text)
        if not file.endswith(".runpod/hub.json") or not isinstance(listing, dict):
            continue
        config = listing.get("config", {})
        yield from listing
        yield from (f"config.{key}" for key in config)
        yield from (f"config.env[{entry.get('key', index)}]" for index, entry in enumerate(config.get("env", [])))
        yield from (f"config.presets[{entry.get('name', index)}]" for index, entry in enumerate(config.get("presets", [])))


def check_keys(root: Path, items: list[Item]) -> None:
    assert Counter(item.name for item in items if item.file.endswith("hub.json") and item.kind == "key") == Counter(hub_keys(root))


# Instructions of Dockerfiles


def instructions(text: str) -> Iterator[tuple[int, str, str]]:
    """(line, keyword, rest) of every instruction: comments out, continuation lines joined."""
    line, pending = 0, ""
    for number, raw in enumerate(text.splitlines(), 1):
        if raw.strip().startswith("#") or (not raw.strip() and not pending):
            continue
        line = line if pending else number
        pending += raw.strip().removesuffix("\\") + (" " if raw.rstrip().endswith("\\") else "")
        if not raw.rstrip().endswith("\\"):
            keyword, _, rest = pending.strip().partition(" ")
            yield (line, keyword.upper(), rest.strip())
            line, pending = 0, ""


def shell_commands(text: str) -> int:
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";&|")
    lexer.whitespace_split = True
    words = list(lexer)
    if (words[0], words[-1]) in (("if", "fi"), ("for", "done"), ("while", "done")):
        return 1  # one command to a shell
    return sum(
        word not in ("&&", "||", ";", "|", "&") and (not index or words[index - 1] in ("&&", "||", ";", "|", "&"))
        for index, word in enumerate(words)
    )


def constructs(text: str) -> Iterator[str]:
    for _, keyword, rest in instructions(text):
        if keyword == "RUN":
            yield from ["command"] * shell_commands(rest)
        elif keyword == "ENV":
            pairs = re.findall(r"(?:^|\s)([A-Za-z_]\w*)=", rest) or rest.split()[:1]
            yield from (f"ENV {name}" for name in pairs)
        else:
            yield keyword


def check_instructions(root: Path, items: list[Item]) -> None:
    for file, text in sources(root, "Dockerfile"):
        own = [item for item in items if item.file == file and item.kind != "note"]
        if [item.kind for item in own] == ["Dockerfile"]:
            continue
        names = {"command": "command", "ENV": "ENV {0.name}"}
        found = [names[item.kind].format(item) if item.kind in names else item.name.split()[0] for item in own]
        assert Counter(found) == Counter(constructs(text)), file


@pytest.mark.parametrize("project", PROJECTS)
def test_everything_that_is_read_is_in_the_ledger_once(tmp_path: Path, project: Path | tuple[Rule, Case]) -> None:
    root, items = read(project, tmp_path)
    check_names(root, items)
    check_options(root, items)
    check_keys(root, items)
    check_instructions(root, items)


# What nobody knows is reported


def changed(project: Path, folder: Path) -> Path:
    return Path(shutil.copytree(project, folder / project.name))


def start_file(root: Path) -> Path:
    return next(path for path in sorted(root.rglob("*.py")) if "serverless.start(" in path.read_text())


def manual(root: Path, file: Path, line: int) -> list[Item]:
    path = file.relative_to(root).as_posix()
    return [
        item
        for item in items_of(root)
        if (item.file, item.line, item.disposition.value) == (path, line, "manual") and item.rule == "ALL001"
    ]


@pytest.mark.parametrize("project", FIXTURES, ids=lambda path: path.name)
def test_an_unknown_call_of_the_sdk_is_reported(tmp_path: Path, project: Path) -> None:
    root = changed(project, tmp_path)
    file = start_file(root)
    lines = file.read_text().splitlines()
    at = next(index for index, line in enumerate(lines) if "serverless.start(" in line)
    indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
    file.write_text("\n".join([*lines[:at], f"{indent}runpod.serverless.paint('green')", *lines[at:]]) + "\n")
    assert [item.name for item in manual(root, file, at + 1)] == ["runpod.serverless.paint"]


@pytest.mark.parametrize("project", FIXTURES, ids=lambda path: path.name)
def test_an_unknown_option_of_start_is_reported(tmp_path: Path, project: Path) -> None:
    root = changed(project, tmp_path)
    file = start_file(root)
    text = file.read_text()
    file.write_text(text.replace("serverless.start({", 'serverless.start({"colour": "green", '))
    line = text[: text.index("serverless.start(")].count("\n") + 1
    assert [item.name for item in manual(root, file, line)] == ["colour"]


@pytest.mark.parametrize("where", ["", "config", "env"])
@pytest.mark.parametrize("project", FIXTURES, ids=lambda path: path.name)
def test_an_unknown_key_of_the_listing_is_reported(tmp_path: Path, project: Path, where: str) -> None:
    root = changed(project, tmp_path)
    file = root / ".runpod/hub.json"
    file.parent.mkdir(exist_ok=True)
    listing = json.loads(file.read_text()) if file.exists() else {}
    listing.setdefault("config", {}).setdefault("env", [])
    if where == "env":
        listing["config"]["env"].append({"colour": "green"})
    else:
        (listing["config"] if where else listing)["colour"] = "green"
    file.write_text(json.dumps(listing))
    names = {"": "colour", "config": "config.colour", "env": f"config.env[{len(listing['config']['env']) - 1}]"}
    assert [item.name for item in manual(root, file, 1)] == [names[where]]


@pytest.mark.parametrize("project", FIXTURES, ids=lambda path: path.name)
def test_an_unknown_instruction_is_reported(tmp_path: Path, project: Path) -> None:
    root = changed(project, tmp_path)
    file = root / "Dockerfile"
    first, _, rest = file.read_text().partition("\n")
    file.write_text(f"{first}\nPAINT it green\n{rest}")
    assert [item.name for item in manual(root, file, 2)] == ["PAINT it green"]
