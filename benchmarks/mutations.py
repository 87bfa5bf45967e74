"""How many seeded bugs in converted apps verification finds, and whether it reports any where there is none.

    python -m benchmarks.mutations UNITS.jsonl [--bugs 6] [--jobs 2] [--seconds 8] [--only TEXT] [--seed 0] [--schemas FOLDER]

UNITS.jsonl: one JSON object a line with `unit` (folder) and `uid`; the projects of `fixtures/` come first. Each unit is converted and
verified as it is (the identity run); where that is equivalent, bugs are put, one at a time, into lines that ran (on both sides where
both have the file), and it is verified again. Left out is what is no bug by the text of the project alone: a default for a variable that
the app itself sets or for the id of a job, which every job has, and a constant that no line reads that ran.
"""

from __future__ import annotations

import argparse
import ast
import collections
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from converters.verify.study import Study

ROOT = Path(__file__).resolve().parents[1]
SPOKEN = ("print", "logger", "log", "logging", "traceback", "warnings", "tqdm", "sys")
"""What only speaks to people: bugs there change nothing that is compared."""

_UNSEEN = (
    None, "description", "title", "media_type", "name", "default", "headers", "parents", "exist_ok", "json_schema_extra", "detail", "flush",
    "summary", "daemon", "dir", "weights", "exclude_unset", "end", "file", "encoding", "errors", "indent",
)  # fmt: skip
"""Arguments that change nothing for a caller of these programs."""


@dataclass(frozen=True)
class Bug:
    """A change of one place: characters `start` to `end` of a file."""

    kind: str
    file: str
    line: int
    start: int
    end: int
    text: str


class _Finder(ast.NodeVisitor):
    """Every bug of the table that fits the lines that ran."""

    def __init__(self, file: str, text: str, lines: set[int], said: str, unused: Collection[str], read: Collection[str]) -> None:
        self.bugs: list[Bug] = []
        self._file, self._text, self._lines = file, text, lines
        self._starts = [0]
        for line in text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._strings: list[str] = []
        self._said, self._unused, self._read = said, unused, read
        self._rows = text.splitlines()
        self._in_method = False

    def find(self) -> list[Bug]:
        tree = ast.parse(self._text)
        self._strings = sorted({node.slice.value for node in ast.walk(tree) if isinstance(node, ast.Subscript)
                                and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)})  # fmt: skip
        self.visit(tree)
        return self.bugs

    def _at(self, line: int, column: int) -> int:
        return self._starts[line - 1] + len(self._rows[line - 1].encode()[:column].decode())

    def _add(self, kind: str, node: ast.AST, text: str) -> None:
        line = node.lineno  # type: ignore[attr-defined]
        if line in self._lines:
            start = self._at(line, node.col_offset)  # type: ignore[attr-defined]
            end = self._at(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
            self.bugs.append(Bug(kind, self._file, line, start, end, text))

    def _source(self, node: ast.AST) -> str:
        return ast.get_source_segment(self._text, node) or ""

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Constant) or _speaks(node.value):
            return
        if isinstance(node.value, ast.Call) and node.lineno == node.end_lineno and not self._source(node).startswith(("super", "sys.path")):
            self._add("a call left out", node, "pass")
            if f"{self._source(node.value.func).rpartition('.')[2]}(" in self._said:
                self._add("an extra call", node, f"{self._source(node)}; {self._source(node)}")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if _speaks(node):
            return
        name = self._source(node.func)
        if name.endswith(".get") and len(node.args) == 2 and isinstance(node.args[1], ast.Constant) and node.args[1].value is not None:
            asked = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
            if not ("environ" in name and asked in self._unused) and asked != "id":
                self._add("a wrong default", node.args[1], repr(_other(node.args[1].value)))
        plain = not node.args or all(not isinstance(part, ast.Starred) for part in node.args)
        for keyword in node.keywords:
            named = keyword.arg not in _UNSEEN
            if named and plain and keyword.lineno == keyword.end_lineno and "Config" not in name and "Field" not in name:
                end = self._text.find(",", self._at(keyword.end_lineno, keyword.end_col_offset))  # type: ignore[arg-type]
                tail = self._text[self._at(keyword.end_lineno, keyword.end_col_offset) : end + 1]  # type: ignore[arg-type]
                self._drop(keyword, tail.strip() == "," and end >= 0)
        self.generic_visit(node)

    def _drop(self, keyword: ast.keyword, comma: bool) -> None:
        if keyword.lineno not in self._lines:
            return
        start, end = self._at(keyword.lineno, keyword.col_offset), self._at(keyword.end_lineno, keyword.end_col_offset)  # type: ignore[arg-type]
        if comma:
            end = self._text.find(",", end) + 1
        self.bugs.append(Bug("a dropped argument", self._file, keyword.lineno, start, end, ""))

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str) and "environ" not in self._source(node.value):
            others = [name for name in self._strings if name != node.slice.value]
            if others:
                self._add("a swapped field", node.slice, repr(others[0]))
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        if node.lineno == node.end_lineno:
            self._add("a lost error", node, "pass")

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
            self._add("a lost result", node.value, "None")
        self.generic_visit(node)

    def visit_Await(self, node: ast.Await) -> None:
        self._add("a missing await", node, self._source(node.value))
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        if "TYPE_CHECKING" not in self._source(node.test) and "__name__" not in self._source(node.test):
            self._add("a turned condition", node.test, f"not ({self._source(node.test)})")
        self.generic_visit(node)

    def visit_Yield(self, node: ast.Yield) -> None:
        if node.value is not None:
            self._add("a changed chunk", node.value, "'changed'")
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if isinstance(node.value, ast.Constant) and node.value.value is not None and isinstance(node.value.value, str | int | float):
            self._add("a wrong default", node.value, repr(_other(node.value.value)))

    def visit_Assign(self, node: ast.Assign) -> None:
        plain = isinstance(node.value, ast.Call) and node.lineno == node.end_lineno and len(node.targets) == 1
        if plain and f"{self._source(node.value.func).rpartition('.')[2]}(" in self._said:  # type: ignore[attr-defined]
            self._add("an extra call", node, f"{self._source(node)}; {self._source(node.value)}")
        number = isinstance(node.value, ast.Constant) and type(node.value.value) in (int, float)
        if number and any(isinstance(target, ast.Name) and target.id in self._read for target in node.targets):
            self._add("a stale value", node.value, repr(node.value.value + 1))
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        swaps = {ast.Add: "-", ast.Sub: "+", ast.Mult: "+", ast.Div: "*"}
        sign = swaps.get(type(node.op))
        if sign and isinstance(node.right, ast.Constant) and isinstance(node.right.value, int | float):
            self._add("a wrong operator", node, f"({self._source(node.left)} {sign} {self._source(node.right)})")
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for statement in node.body:
            self.visit(statement)

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        fields = [part for part in node.body if isinstance(part, ast.AnnAssign)]
        for part in fields if node.name.endswith("Input") else []:
            self.visit(part)
        for part in node.body:
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
                self.visit(part)


def _speaks(node: ast.AST) -> bool:
    name = node.func if isinstance(node, ast.Call) else None
    while isinstance(name, ast.Attribute):
        name = name.value
    return isinstance(name, ast.Name) and name.id in SPOKEN


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int | float) else f"{value}-changed"


def bugs(out: Path, ran: Mapping[str, set[int]], said: str, unused: Collection[str], count: int, chance: random.Random) -> list[Bug]:
    """`count` bugs, as many kinds as there are.

    `ran`: the lines to put them into, by file; `said`: all calls of models that the source made; `unused`: environment variables whose
    defaults do not count, because the app sets them.
    """
    read = {name for file in ran if file.endswith(".py") for name in _names_read((out / file).read_bytes(), ran[file])}
    found: dict[str, list[Bug]] = collections.defaultdict(list)
    for file in sorted(ran):
        if file.endswith(".py"):
            text = (out / file).read_text(encoding="utf-8", errors="replace")
            if "\r" not in text:
                for bug in _Finder(file, text, ran[file], said, unused, read).find():
                    if _compiles(_applied(text, bug)):
                        found[bug.kind].append(bug)
    chosen: list[Bug] = []
    kinds = sorted(found)
    for kind in kinds:
        chance.shuffle(found[kind])
    while len(chosen) < count and any(found.values()):
        chance.shuffle(kinds)
        for kind in kinds:
            if found[kind] and len(chosen) < count:
                chosen.append(found[kind].pop())
    return chosen


def _names_read(data: bytes, lines: Collection[int]) -> set[str]:
    """Names that these lines read, as variables or as attributes of modules."""
    nodes = [node for node in ast.walk(ast.parse(data)) if getattr(node, "lineno", 0) in lines]
    names = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)}
    return names | attributes


def _applied(text: str, bug: Bug) -> str:
    return text[: bug.start] + bug.text + text[bug.end :]


def _compiles(text: str) -> bool:
    try:
        compile(text, "bug", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def study(unit: dict[str, Any], count: int, seconds: float, seed: int, schemas: Path | None) -> Iterator[dict[str, Any]]:
    """The rows of one unit: its identity run, then one for each bug."""
    from converters.convert import convert
    from converters.options import Options
    from converters.outcome import Converted
    from converters.output.place import write
    from converters.project import open_project
    from converters.verify.handler import HandlerStudy
    from converters.verify.settings import Settings

    source = Path(unit["unit"])
    outcome = convert(source, Options())
    if not isinstance(outcome, Converted):
        return
    schema = schemas / unit["schema"] if schemas is not None and unit.get("schema") and (schemas / unit["schema"]).exists() else None
    settings = Settings(seconds=seconds, schema=schema)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        write(outcome, out)
        app = outcome.application.apps[0]
        identity = HandlerStudy(open_project(source), outcome.application, app, out, settings)
        certificate = identity.run()
        yield {"uid": unit["uid"], "kind": "identity", "verdict": certificate.verdict, "why": certificate.why, "proven": certificate.proven}
        if certificate.verdict != "equivalent":
            return
        said = "\n".join(text for _, _, asked in identity.asked for text in asked.calls)
        chance = random.Random(f"{seed} {unit['uid']}")
        unused = {variable.name for variable in app.environment.variables if variable.value is not None}
        for bug in bugs(out, _run_by_both(identity, out), said, unused, count, chance):
            changed = Path(folder) / "changed"
            shutil.rmtree(changed, ignore_errors=True)
            shutil.copytree(out, changed)
            place = changed / bug.file
            text = place.read_text(encoding="utf-8", errors="replace")
            place.write_text(_applied(text, bug), encoding="utf-8")
            found = identity.first_difference(changed)
            yield {
                "uid": unit["uid"],
                "kind": bug.kind,
                "place": f"{bug.file}:{bug.line}",
                "before": text[bug.start : bug.end][:120],
                "after": bug.text[:120],
                "caught": found is not None,
                "how": "" if found is None else found[:160] if isinstance(found, str) else f"{found.about}: {found.differences[0].path}",
            }


def _run_by_both(study: Study, out: Path) -> dict[str, set[int]]:
    """Lines of the converted project that ran; of files that both sides have, those that ran on both."""
    kept = {path: file.data for path, file in study.project.files.items()}
    return {
        path: lines & study.ran_in_source.get(path, set()) if kept.get(path) == (out / path).read_bytes() else lines
        for path, lines in study.ran.items()
    }


def one(unit: dict[str, Any], arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """A unit in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.mutations", "--one", json.dumps(unit), "--bugs", str(arguments.bugs)]
    command += ["--seconds", str(arguments.seconds), "--seed", str(arguments.seed)]
    command += ["--schemas", str(arguments.schemas)] if arguments.schemas else []
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=900)
    except subprocess.TimeoutExpired as error:
        done = subprocess.CompletedProcess(command, 1, error.stdout or b"", b"")
    return [json.loads(line) for line in done.stdout.splitlines()]


def table(rows: list[dict[str, Any]]) -> str:
    """Bugs by kind, and what was missed."""
    kinds = collections.Counter(row["kind"] for row in rows if "caught" in row)
    caught = collections.Counter(row["kind"] for row in rows if row.get("caught"))
    lines = ["| bug | put in | caught |", "|---|---|---|"]
    lines += [f"| {kind} | {count} | {caught[kind]} |" for kind, count in sorted(kinds.items())]
    total, seen = sum(kinds.values()), sum(caught.values())
    lines += [f"| all | {total} | {seen} ({seen / max(total, 1):.1%}) |", ""]
    identity = [row for row in rows if row["kind"] == "identity"]
    wrong = [row for row in identity if row["verdict"] == "different"]
    lines.append(f"Identity runs: {len(identity)}, with a difference: {len(wrong)}")
    lines += [
        f"- {row['uid']} {row['place']} ({row['kind']}): `{row['before']}` -> `{row['after']}`"
        for row in rows
        if row.get("caught") is False
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("units", type=Path, nargs="?")
    parser.add_argument("--one")
    parser.add_argument("--bugs", type=int, default=6)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--schemas", type=Path)
    arguments = parser.parse_args()
    if arguments.one:
        for row in study(json.loads(arguments.one), arguments.bugs, arguments.seconds, arguments.seed, arguments.schemas):
            print(json.dumps(row), flush=True)
        return
    fixtures = sorted(path for platform in ("runpod", "replicate") for path in (ROOT / "fixtures" / platform).iterdir() if path.is_dir())
    units = [{"unit": str(path), "uid": f"fixtures/{path.parent.name}/{path.name}"} for path in fixtures]
    if arguments.units:
        units += [json.loads(line) for line in arguments.units.read_text().splitlines()]
    rows = []
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for found in pool.map(lambda unit: one(unit, arguments), [unit for unit in units if arguments.only in unit["uid"]]):
            rows += found
            for row in found:
                print(json.dumps(row), flush=True)
    print(table(rows))


if __name__ == "__main__":
    main()
