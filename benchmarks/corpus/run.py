"""Convert every unit of a corpus and follow the result through the real SDK: converts, loads, unpickles, answers.

    python -m benchmarks.corpus.run UNITS.jsonl WORK [--only TEXT] [--markdown FILE]

UNITS.jsonl: one JSON object a line with `unit` (folder), `uid`, `difficulty`, and `"kind": "cog"` for a model for Cog.
Needs root on Linux: every runner gets a root of its own
(an overlay over `/` in a private mount namespace) that holds the app's files where the platform would put them.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.corpus import changes  # noqa: E402
from converters.verify.demand import demanded  # noqa: E402
from converters.verify.observe import Observation  # noqa: E402
from converters.verify.repair import repaired  # noqa: E402
from converters.verify.requests import generate  # noqa: E402

OFFLINE = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "no_proxy": "127.0.0.1,localhost", "PIP_NO_INDEX": "1"}
"""Code that installs packages or downloads while it is loaded reaches nothing."""

STARTS = 3
"""How often an app is started: again with the variables that the project demands by name."""
CHROOT = """
set -e
mount -t tmpfs tmpfs {up}
mkdir {up}/upper {up}/work {up}/root
mount -t overlay overlay -o lowerdir=/,upperdir={up}/upper,workdir={up}/work {up}/root
cp -a {stage}/. {up}/root/
mount --bind /proc {up}/root/proc
mount --bind /dev {up}/root/dev
exec chroot {up}/root {python} {runner} {payload} {port} {workdir}
"""


def digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and ".git" not in path.parts:
            found.update(f"{path.relative_to(folder)}\0{path.lstat().st_mode}\0".encode() + path.read_bytes())
    return found.hexdigest()


def migrate(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "converters.cli", *arguments], cwd=ROOT, capture_output=True, timeout=60)


def one(unit: dict[str, Any], work: Path) -> dict[str, Any]:
    """All stages of one unit. The row says how far it came, and why no further."""
    source, out = Path(unit["unit"]), work / "out"
    wanted = source / "cog.yaml" if unit.get("kind") == "cog" and (source / "cog.yaml").is_file() else source
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    row: dict[str, Any] = {"uid": unit["uid"], "difficulty": unit["difficulty"]}
    before = digest(source)
    started = time.monotonic()
    first = migrate(str(wanted), "--output", str(out), "--format", "json")
    row["seconds"] = round(time.monotonic() - started, 1)
    row["exit"] = first.returncode
    try:
        document = json.loads(first.stdout)
    except ValueError:
        return {**row, "problem": first.stderr.decode()[-300:]}
    row["status"] = document["status"]
    row["unchanged"] = digest(source) == before
    if document["status"] not in ("converted", "partial"):
        return {**row, "problem": f"{document.get('message', '')} {document.get('hint', '')}"}
    row["manual"] = sum(1 for item in document["ledger"]["items"] if item["disposition"] == "manual" and item["scope"] == "code")
    row["gaps"] = sum(1 for item in document["ledger"]["items"] if item["rule"] == "ALL001")
    migrate(str(wanted), "--output", str(work / "again"), "--format", "json")
    row["repeats"] = digest(out) == digest(work / "again")
    row["diff"] = _diff(wanted, source, out, work)
    row["compiles"] = all(_compiles(path) for path in out.rglob("*.py"))
    entry = str(unit.get("entry_file", ""))
    apps = sorted(document["apps"], key=lambda app: 0 if entry and Path(app["ref"].split("::")[0]).parent.name in entry else 1)
    row["style"] = apps[0]["style"]
    row["environment"] = apps[0]["environment"]["kind"]
    row.update(changes.measure(source, out, document, apps[0]))
    apps[0]["examples"] = _examples(wanted)
    row.update(_serve(out, apps[0], work))
    return row


def _examples(wanted: Path) -> list[Any]:
    """Inputs that the project itself keeps as examples."""
    from converters.convert import convert
    from converters.options import Options
    from converters.outcome import Converted

    outcome = convert(wanted, Options())
    assert isinstance(outcome, Converted)
    return [example.value for example in outcome.application.apps[0].examples]


def _compiles(path: Path) -> bool:
    try:
        compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _diff(wanted: Path, source: Path, out: Path, work: Path) -> bool:
    patch = migrate(str(wanted), "--diff").stdout
    copy = work / "copy"
    shutil.copytree(source, copy, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    subprocess.run(["git", "init", "-q"], cwd=copy, check=True)
    applied = subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], input=patch, cwd=copy, capture_output=True)
    if applied.returncode:
        return False
    written = [path for path in out.rglob("*") if path.is_file()]
    return all((copy / path.relative_to(out)).read_bytes() == path.read_bytes() for path in written)


def _serve(out: Path, app: dict[str, Any], work: Path) -> dict[str, Any]:
    payload = work / "payload.bin"
    loaded = subprocess.run(
        [sys.executable, str(HERE / "deploy.py"), str(out), app["ref"], str(payload)], capture_output=True, text=True, timeout=60
    )
    if loaded.returncode:
        return {"loads": False, "problem": loaded.stderr.strip()[-300:]}
    described = json.loads(loaded.stdout.strip().splitlines()[-1])
    stage, workdir = _stage(out, app, described, work)
    child = _child(out, work)
    child["PYTHONPATH"] = os.pathsep.join([child["PYTHONPATH"], *_pinned_sdk(_pins(out))])
    child.update({name: f"double-{name.lower()}" for name in app.get("secrets", [])})
    sources = "\n".join(path.read_text(errors="replace") for path in out.rglob("*.py"))
    for number in range(STARTS):
        runner = Runner(payload, stage, workdir, work, child, number)
        row = {"loads": True, **runner.asked(app, described)}
        wanted = demanded(str(row["problem"]), sources)
        if row["answers"] or wanted.items() <= child.items():
            break
        child.update(wanted)
    return row


@dataclass
class Runner:
    """One start of an app on a root of its own."""

    payload: Path
    stage: Path
    workdir: str
    work: Path
    child: dict[str, str]
    number: int

    def asked(self, app: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
        """How far the app comes."""
        up, port = self.work / f"overlay{self.number}", _free_port()
        up.mkdir()
        script = CHROOT.format(
            up=up, stage=self.stage, python=sys.executable, runner=HERE / "runner.py", payload=self.payload, port=port, workdir=self.workdir
        )
        with (self.work / "runner.log").open("wb") as log:
            process = subprocess.Popen(
                ["unshare", "-m", "bash", "-c", script],
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, **self.child, **OFFLINE},
            )
            try:
                return _ask(port, app, described, process, self.work)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, 9)
                process.wait()


def _pinned_sdk(pins: dict[str, str]) -> list[str]:
    """A folder with the release of RunPod's SDK that the output pins, where it is not the one that is installed."""
    pinned = pins.get("runpod")
    if pinned is None or pinned == importlib.metadata.version("runpod"):
        return []
    folder = Path(tempfile.gettempdir()) / f"runpod-{pinned}"
    if not folder.is_dir():
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder), f"runpod=={pinned}"]
        subprocess.run(command, check=False, capture_output=True)
    return [str(folder)] if folder.is_dir() else []


def _child(out: Path, work: Path) -> dict[str, str]:
    """Environment of a process with model doubles, as `migrate verify` has them."""
    python = list(out.rglob("*.py"))
    own = frozenset({path.stem for path in python} | {part for path in python for part in path.relative_to(out).parts[:-1]})
    observation = Observation(work / "doubles", own, _pins(out), [], libraries=(str(HERE),), coverage=False)
    found = observation.environment()
    return {name: found[name] for name in ("FAL_MIGRATE_CHILD", "PYTHONPATH", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE")}


def _pins(out: Path) -> dict[str, str]:
    """Exact versions in the requirement files of a project, by import name where that is the project name."""
    found: dict[str, str] = {}
    for path in [*out.rglob("*requirements*.txt"), *out.glob("**/app.py")]:
        text = path.read_text(errors="replace")
        found.update((name.replace("-", "_"), version) for name, version in re.findall(r"(?m)^\W*([A-Za-z][\w-]*)==([\w.]+)", text))
    return found


def _stage(out: Path, app: dict[str, Any], described: dict[str, Any], work: Path) -> tuple[Path, str]:
    """The app's files where the platform would have them, and the working directory of the agent."""
    stage = work / "stage"
    stage.mkdir()
    if app["environment"]["kind"] == "requirements":
        base = (out / app["ref"].split("::")[0]).parent / (described["host"]["app_files_context_dir"] or ".")
        for name in described["host"]["app_files"] or []:
            target = stage / "app" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (base / name).is_dir() else shutil.copy2)(base / name, target)
        (stage / "app").mkdir(exist_ok=True)
        return stage, "/"
    from converters.containers import packaging
    from converters.project import open_project

    project = open_project(out)
    name = app["environment"].get("dockerfile") or "Dockerfile"
    read = packaging.read(project, project.files[name])
    assert read is not None
    for image_path, path in read.layout.files.items():
        target = stage / image_path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(out / path, target)
    (stage / (read.stage.workdir or "/").lstrip("/")).mkdir(parents=True, exist_ok=True)
    return stage, read.stage.workdir or "/"


def _ask(port: int, app: dict[str, Any], described: dict[str, Any], process: subprocess.Popen[bytes], work: Path) -> dict[str, Any]:
    deadline = time.monotonic() + 25
    schema = None
    while time.monotonic() < deadline and process.poll() is None:
        try:
            schema = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/openapi.json", timeout=2))
            break
        except OSError:
            time.sleep(0.1)
    tail = (work / "runner.log").read_bytes().decode(errors="replace")
    unpickled = "[debug] Python packages installed" in tail or schema is not None or "setup" in tail
    if schema is None:
        return {"unpickles": unpickled, "answers": False, "problem": "setup: " + _cause(tail)}
    same = schema["paths"].keys() == described["openapi"]["paths"].keys() and schema["components"] == described["openapi"]["components"]
    answers, problem = False, ""
    endpoint = next((found for found in app["endpoints"] if found["kind"] == "unary"), app["endpoints"][0])
    for request in generate(endpoint["input_schema"], app.get("examples", []), drawn=0):
        if request.kind not in ("example", "plausible"):
            break
        for _ in range(6):
            status, text = _post(f"http://127.0.0.1:{port}{endpoint['path']}", request.body)
            answers, problem = status == 200, f"{status} {text[:200]}"
            mended = None if answers else repaired(request, text, endpoint["input_schema"])
            if mended is None:
                break
            request = mended
        if answers or time.monotonic() > deadline + 40:
            break
    return {"unpickles": unpickled and same, "openapi_same": same, "answers": answers, "problem": "" if answers else problem}


def _post(url: str, body: Any) -> tuple[int, str]:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json", "x-fal-request-id": "one"})
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            return int(answer.status), answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")
    except OSError as error:
        return 0, str(error)


def _cause(log: str) -> str:
    """The last exception of a log that is not the server giving up."""
    lines = [
        line
        for line in log.splitlines()
        if line[:1].isalpha() and ("Error" in line.split(":")[0] or "Exception" in line.split(":")[0]) and "CancelledError" not in line
    ]
    return (lines[-1] if lines else log.strip()[-200:])[:250]


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def table(rows: list[dict[str, Any]]) -> str:
    """The shares over the units that can be converted, then a row for each, as Markdown."""
    counts = {name: value for name, value in shares(rows).items() if isinstance(value, str | int | float)}
    lines = [
        "| | |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in counts.items()),
        "",
        "| unit | result | style | environment | loads | unpickles | answers | manual | changed lines | remark |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        tick = {True: "yes", False: "no", None: ""}
        remark = str(row.get("problem", "")).replace("|", "/").replace("\n", " ")[:120]
        cells = [
            row["uid"],
            row.get("status", "crash"),
            row.get("style", ""),
            row.get("environment", ""),
            *(tick[row.get(name)] for name in ("loads", "unpickles", "answers")),
            row.get("manual", ""),
            row.get("changed_lines", ""),
            remark,
        ]
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(lines)


def shares(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """How many of the convertible units get how far, and how much of their handler files changes."""
    wanted = [row for row in rows if row["difficulty"] != "refuse"]
    found = {"converts": sum(row.get("status") in ("converted", "partial") for row in wanted)}
    for name in ("loads", "unpickles", "answers"):
        found[name] = sum(row.get(name) is True for row in wanted)
    found["no manual code items"] = sum(row.get("manual") == 0 for row in wanted)
    for name in ("unchanged", "repeats", "diff", "compiles"):
        found[name] = sum(row.get(name) is True for row in wanted)
    return {name: f"{count}/{len(wanted)}" for name, count in found.items()} | changes.summary(wanted)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("units", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--markdown", type=Path)
    arguments = parser.parse_args()
    rows = []
    for line in arguments.units.read_text().splitlines():
        unit = json.loads(line)
        if arguments.only in unit["uid"]:
            name = unit["uid"].replace("/", "_").replace(":", "_")
            try:
                row = one(unit, arguments.work / name)
            except subprocess.TimeoutExpired as error:
                row = {"uid": unit["uid"], "difficulty": unit["difficulty"], "problem": f"timeout: {error.cmd[-3:]}"}
            rows.append(row)
            print(json.dumps(row), flush=True)
    if arguments.markdown:
        arguments.markdown.write_text(table(rows) + "\n")
    print(json.dumps(shares(rows)))


if __name__ == "__main__":
    main()
