"""How many seeded faults of finished apps a rehearsal finds, at which line, and whether it fails any app without one.

    python -m benchmarks.rehearsal OUTPUTS.txt --results FILE [--cache DIR] [--faults 2] [--seconds 90] [--only KIND]

OUTPUTS.txt names folders of fal projects, one a line. Each is rehearsed as it is; where it does not fail, faults that fit it are put
into copies, one at a time, and rehearsed. RESULTS holds one JSON object a line; what it holds is not done again. The table counts,
for each kind, how many were found and how many of those at the right line.
"""

from __future__ import annotations

import argparse
import collections
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MIGRATE = Path(sys.executable).with_name("migrate")
_COPY = re.compile(r"^COPY +(?!--)(\S+) +(\S+)$")
_REQUIREMENTS = re.compile(r"^( *)requirements = \[(.*)$")


@dataclass(frozen=True)
class Fault:
    """What was changed in a copy, and the lines that name it: `file` with every line of `lines` (none: any line of it)."""

    kind: str
    file: str
    lines: frozenset[int] = frozenset()
    others: tuple[str, ...] = field(default=())
    """Files any line of which names it as well."""

    def is_named(self, place: dict[str, Any] | None) -> bool:
        if place is None:
            return False
        return place["file"] in self.others or (place["file"] == self.file and (not self.lines or place["line"] in self.lines))


@dataclass
class Output:
    """A copy of a fal project, to be changed."""

    root: Path

    @property
    def dockerfile(self) -> Path | None:
        return next((file for file in sorted(self.root.glob("**/Dockerfile*")) if file.is_file()), None)

    @property
    def app(self) -> Path | None:
        found = [file for file in sorted(self.root.glob("**/*.py")) if re.search(r"\(fal\.App\b", file.read_text(errors="replace"))]
        return found[0] if found else None

    @property
    def table(self) -> Path:
        return self.root / "pyproject.toml"

    def name(self, file: Path) -> str:
        return file.relative_to(self.root).as_posix()

    def after(self, file: Path, pattern: str, text: str) -> int | None:
        """Put a line after the first one that matches; its number."""
        lines = file.read_text().splitlines()
        for number, line in enumerate(lines, 1):
            if re.search(pattern, line) and not line.rstrip().endswith("\\"):
                indent = re.match(r" *", lines[number] if number < len(lines) and lines[number].strip() else line)
                lines.insert(number, (indent[0] if indent else "") + text)
                file.write_text("\n".join(lines) + "\n")
                return number + 1
        return None

    def change(self, file: Path, pattern: str, change: Callable[[re.Match[str]], str]) -> int | None:
        """Change the first line that matches; its number."""
        lines = file.read_text().splitlines()
        for number, line in enumerate(lines, 1):
            if (found := re.search(pattern, line)) is not None:
                lines[number - 1] = line[: found.start()] + change(found) + line[found.end() :]
                file.write_text("\n".join(lines) + "\n")
                return number
        return None

    def copies(self) -> Iterator[tuple[int, str, str]]:
        """Line, source and destination of the COPY instructions that bring something of the project by its name."""
        if self.dockerfile is not None:
            for number, line in enumerate(self.dockerfile.read_text().splitlines(), 1):
                found = _COPY.match(line.strip())
                if found and found[1] != "." and (self.dockerfile.parent / found[1]).exists():
                    yield number, found[1], found[2]


Seed = Callable[[Output], Fault | None]


def copied_file_removed(out: Output) -> Fault | None:
    for line, source, _ in out.copies():
        place = out.dockerfile.parent / source  # type: ignore[union-attr]
        shutil.rmtree(place) if place.is_dir() else place.unlink()
        return Fault("copied file removed", out.name(out.dockerfile), frozenset([line]))  # type: ignore[arg-type]
    return None


def copied_file_ignored(out: Output) -> Fault | None:
    for line, source, _ in out.copies():
        with (out.root / ".dockerignore").open("a") as file:
            file.write(f"\n{source.strip('./')}\n")
        return Fault("copied file ignored", out.name(out.dockerfile), frozenset([line]), (".dockerignore",))  # type: ignore[arg-type]
    return None


def module_renamed(out: Output) -> Fault | None:
    for _, source, target in out.copies():
        if source.endswith(".py") and out.dockerfile is not None:
            name = f"{target.rstrip('/')}/renamed_{Path(source).name}" if target.endswith(("/", ".")) else f"{target}.old"
            out.change(out.dockerfile, rf"^COPY +{re.escape(source)} .*$", lambda _, name=name, source=source: f"COPY {source} {name}")
            app = out.name(out.app) if out.app else out.name(out.dockerfile)
            return Fault("module renamed by COPY", app, frozenset(), (out.name(out.dockerfile), source))
    return None


def code_below_data(out: Output) -> Fault | None:
    if out.dockerfile is None or not list(out.copies()):
        return None
    changed = out.change(out.dockerfile, r"^WORKDIR +/(?!data)(\S+)$", lambda found: f"WORKDIR /data/{found[1]}")
    others = (out.name(out.app),) if out.app else ()
    return Fault("code below /data", out.name(out.dockerfile), frozenset(), others) if changed else None


def conflicting_pin(out: Output) -> Fault | None:
    if out.dockerfile is not None:
        line = out.after(out.dockerfile, r"^(RUN .*pip install|COPY)", "RUN pip install 'requests==2.32.3' 'urllib3==1.20'")
        return Fault("conflicting pin", out.name(out.dockerfile), frozenset([line])) if line else None
    return _requirement(out, "conflicting pin", '"requests==2.32.3", "urllib3==1.20"')


def pin_that_fal_excludes(out: Output) -> Fault | None:
    return _requirement(out, "pin that fal excludes", '"pydantic==1.10.13"') if out.dockerfile is None else None


def no_such_release(out: Output) -> Fault | None:
    if out.dockerfile is not None:
        line = out.after(out.dockerfile, r"^(RUN .*pip install|COPY)", "RUN pip install 'packaging==99.1'")
        return Fault("no such release", out.name(out.dockerfile), frozenset([line])) if line else None
    return _requirement(out, "no such release", '"packaging==99.1"')


def _requirement(out: Output, kind: str, items: str) -> Fault | None:
    if out.app is None:
        return None
    line = out.change(out.app, _REQUIREMENTS.pattern, lambda found: f"{found[1]}requirements = [{items}, {found[2]}")
    return Fault(kind, out.name(out.app), frozenset([line])) if line else None


def pip_in_an_environment_of_uv(out: Output) -> Fault | None:
    if out.dockerfile is None or out.app is None:
        return None
    text = out.dockerfile.read_text().rstrip("\n").splitlines()
    at = next((number for number, line in enumerate(text) if re.search(r"pip install .*\bfal\b", line)), None)
    if at is None:
        return None
    text[at:at] = ["RUN python3 -m pip install uv && uv venv /opt/seeded", "ENV PATH=/opt/seeded/bin:$PATH"]
    text[at + 2] = re.sub(r"python3? -m pip|\bpip3?(?= install)", "python -m pip", text[at + 2])
    out.dockerfile.write_text("\n".join(text) + "\n")
    return Fault("pip in an environment of uv", out.name(out.dockerfile), frozenset([at + 1, at + 2, at + 3]))


def no_such_command(out: Output) -> Fault | None:
    if out.dockerfile is None:
        return None
    line = out.after(out.dockerfile, r"^(COPY|WORKDIR|FROM)", "RUN seeded-tool --prepare")
    return Fault("no such command", out.name(out.dockerfile), frozenset([line])) if line else None


def no_such_package_of_the_system(out: Output) -> Fault | None:
    if out.dockerfile is None:
        return None
    line = out.change(out.dockerfile, r"apt-get install -y (?:--no-install-recommends )?", lambda found: f"{found[0]}libseeded-dev ")
    return Fault("no such package of the system", out.name(out.dockerfile), frozenset({line - 2, line - 1, line})) if line else None


def missing_variable(out: Output) -> Fault | None:
    return _in_setup(out, "missing variable", "__import__('os').environ['SEEDED_ROOT']")


def missing_weight_file(out: Output) -> Fault | None:
    return _in_setup(out, "missing weight file", "open('/opt/seeded/model.safetensors', 'rb')")


def missing_module(out: Output) -> Fault | None:
    return _in_setup(out, "missing module", "import seeded_module")


def missing_in_the_endpoint(out: Output) -> Fault | None:
    if out.app is None:
        return None
    line = out.after(out.app, r"^    (?:async )?def \w+\(self, input\b.*\).*:$", "open('/opt/seeded/vocabulary.json')")
    return Fault("missing file in the endpoint", out.name(out.app), frozenset([line])) if line else None


def _in_setup(out: Output, kind: str, statement: str) -> Fault | None:
    if out.app is not None:
        line = out.after(out.app, r"^    (?:async )?def setup\(self\).*:$", statement)
        return Fault(kind, out.name(out.app), frozenset([line])) if line else None
    program = next((out.root / source for _, source, _ in out.copies() if source.endswith(".py")), None)
    if program is None:
        return None
    lines = program.read_text().splitlines()
    at = next((number for number, line in enumerate(lines) if re.match(r"(?:from (?!__future__)|import )", line)), None)
    if at is None:
        return None
    lines.insert(at, statement)
    program.write_text("\n".join(lines) + "\n")
    return Fault(kind, out.name(program), frozenset([at + 1]))


def wrong_port(out: Output) -> Fault | None:
    line = out.change(out.table, r"^exposed_port = (\d+)", lambda found: f"exposed_port = {int(found[1]) + 11}")
    return Fault("wrong port", "pyproject.toml", frozenset([line])) if line else None


def wrong_health_path(out: Output) -> Fault | None:
    line = out.change(out.table, r'^path = "(/[^"]+)"', lambda found: f'path = "{found[1]}-seeded"')
    return Fault("wrong health path", "pyproject.toml") if line else None


def loopback_alone(out: Output) -> Fault | None:
    if out.dockerfile is None or out.app is not None:
        return None
    line = out.change(out.dockerfile, r"(?<!\d)0\.0\.0\.0", lambda _: "127.0.0.1")
    return Fault("listens on loopback alone", "pyproject.toml", frozenset(), (out.name(out.dockerfile),)) if line else None


def file_that_is_not_sent(out: Output) -> Fault | None:
    if out.app is None:
        return None
    line = out.change(out.app, r"^( *app_files = \[)(\"[^\"]+\.py\")(?:, )?", lambda found: found[1])
    return Fault("file that is not sent", out.name(out.app)) if line else None


def python_of_another_version(out: Output) -> Fault | None:
    if out.app is None or out.dockerfile is None:
        return None
    line = out.change(out.app, r'python_version="3\.\d+"', lambda found: 'python_version="3.12"' if "3.12" not in found[0] else found[0])
    return Fault("Python of another version", out.name(out.app), frozenset([line])) if line else None


def no_python_by_that_name(out: Output) -> Fault | None:
    if out.dockerfile is None:
        return None
    line = out.change(out.dockerfile, r"^RUN ln -s .*/bin/python$", lambda _: "")
    return Fault("no Python by that name", out.name(out.dockerfile)) if line else None


SEEDS: tuple[Seed, ...] = (
    copied_file_removed,
    conflicting_pin,
    missing_weight_file,
    module_renamed,
    wrong_port,
    pip_in_an_environment_of_uv,
    missing_variable,
    copied_file_ignored,
    code_below_data,
    no_such_release,
    file_that_is_not_sent,
    missing_in_the_endpoint,
    python_of_another_version,
    no_such_package_of_the_system,
    loopback_alone,
    no_python_by_that_name,
    wrong_health_path,
    pin_that_fal_excludes,
    missing_module,
    no_such_command,
)


def rehearsed(root: Path, cache: Path | None, seconds: float) -> list[dict[str, Any]]:
    """The rehearsals of a project's apps, as `migrate rehearse --format json` tells them."""
    command = [str(MIGRATE), "rehearse", str(root), "--format", "json", "--seconds", str(seconds)]
    done = subprocess.run([*command, *(["--cache", str(cache)] if cache else [])], capture_output=True, text=True, timeout=1800)
    try:
        return list(json.loads(done.stdout)["rehearsals"])
    except (ValueError, KeyError):
        return [{"app": "", "verdict": "not rehearsed", "skipped": done.stderr[-500:], "failure": None}]


def faults(root: Path, many: int, only: str, turn: int) -> Iterator[tuple[Path, Fault]]:
    """Copies of a project with one fault each; other kinds come first for each project, so that all are tried."""
    made = 0
    for seed in (*SEEDS[turn % len(SEEDS) :], *SEEDS[: turn % len(SEEDS)]):
        if only and only not in seed.__name__:
            continue
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / root.name
            shutil.copytree(root, copy, symlinks=True)
            fault = seed(Output(copy))
            if fault is not None:
                yield copy, fault
                made += 1
        if made == many:
            return


def _summary(rehearsals: list[dict[str, Any]]) -> dict[str, Any]:
    first = next((one for one in rehearsals if one["verdict"] == "failed"), rehearsals[0])
    failure = first["failure"] or {}
    return {
        "verdict": first["verdict"],
        "place": failure.get("place"),
        "why": failure.get("why", first.get("skipped", "")),
        "seconds": first.get("seconds", 0),
    }


def run(outputs: list[Path], results: Path, cache: Path | None, many: int, seconds: float, only: str) -> None:
    """Rehearse what the results do not hold yet."""
    done = {(row["output"], row["kind"]) for row in _rows(results)}
    unchanged = {row["output"]: row["verdict"] for row in _rows(results) if row["kind"] == ""}
    for number, root in enumerate(outputs):
        if (str(root), "") not in done:
            found = _summary(rehearsed(root, cache, seconds))
            unchanged[str(root)] = found["verdict"]
            _add(results, {"output": str(root), "kind": "", **found})
        if unchanged[str(root)] not in ("answered", "started"):
            continue
        for copy, fault in faults(root, many, only, number * many):
            if (str(root), fault.kind) not in done:
                found = _summary(rehearsed(copy, cache, seconds))
                _add(results, {"output": str(root), "kind": fault.kind, **found, "named": fault.is_named(found["place"])})


def _rows(results: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []


def _add(results: Path, row: dict[str, Any]) -> None:
    with results.open("a") as file:
        file.write(json.dumps(row) + "\n")
    print(row["verdict"], row["kind"] or "(as it is)", row["output"], row["place"], row["why"][:120], flush=True)


def table(results: Path) -> str:
    """What was found, by kind."""
    rows = _rows(results)
    plain = collections.Counter(row["verdict"] for row in rows if not row["kind"])
    seeded = [row for row in rows if row["kind"] and row["verdict"] != "not rehearsed"]
    lines = [f"{sum(plain.values())} as they are: {dict(plain)}", "", "| fault | seeded | found | at the line |", "|---|---|---|---|"]
    for kind in [*sorted({row["kind"] for row in seeded}), ""]:
        these = [row for row in seeded if kind in ("", row["kind"])]
        found = [row for row in these if row["verdict"] == "failed"]
        lines.append(f"| {kind or 'together'} | {len(these)} | {len(found)} | {sum(row['named'] for row in found)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("outputs", type=Path)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--faults", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=90)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    listed = [Path(line) for line in options.outputs.read_text().splitlines() if line]
    run(listed, options.results, options.cache, options.faults, options.seconds, options.only)
    print(table(options.results))


if __name__ == "__main__":
    main()
