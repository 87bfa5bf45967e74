"""What the converter makes of inputs that nobody wrote: mutated Python, and every other file it reads by grammar and by bytes.

    python -m benchmarks.fuzz [--inputs 20000] [--seconds S] [--seed 0] [--jobs 2] [--reader NAME ...] [--failures FOLDER] [--replay FILE]

Each input is a whole project that is really converted, in a process with limits (10 s of processor time, 500 MB). Wrong are: an exit
with 70, anything raised, Python that does not compile though its source did, a native form that was given up for that, TOML or JSON that
does not parse, a string of the source with another value. Equal seeds give equal inputs, however many jobs run. Exits with 1 where
anything was found.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.fuzzing import model, readers, shrink, trial, workers
from benchmarks.fuzzing.workers import Ended, Task

KINDS = (
    "exit 70",
    "raised",
    "does not compile",
    "not native",
    "does not parse",
    "literal changed",
    "second run",
    "does not load",
    "over 10 s",
    "over 500 MB",
    "process died",
)


@dataclass
class Row:
    """What came of the inputs of one reader."""

    statuses: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0


def plan(inputs: int, names: Sequence[str]) -> list[Task]:
    """The inputs of a run: each reader by its share, mixed, so that a run that is cut short has tried all of them."""
    whole = sum(readers.READERS[name].share for name in names)
    counts = {name: max(1, round(inputs * readers.READERS[name].share / whole)) for name in names}
    tasks = [((number + 0.5) / count, name, number) for name, count in counts.items() for number in range(count)]
    return [(name, number) for _, name, number in sorted(tasks)]


def fuzz(arguments: argparse.Namespace) -> int:
    trial.warm()
    names = arguments.reader or list(readers.READERS)
    started = time.monotonic()
    until = started + arguments.seconds if arguments.seconds else None
    rows: dict[str, Row] = defaultdict(Row)
    classes: dict[tuple[str, str], list[Task]] = defaultdict(list)
    ends = workers.run(
        plan(arguments.inputs, names), arguments.seed, arguments.jobs, workers.Every(arguments.on_disk_every, arguments.load_every), until
    )
    with contextlib.suppress(KeyboardInterrupt):  # then what was tried so far is told
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        for ended in ends:
            _note(rows[ended.task[0]], ended)
            for finding in ended.findings:
                classes[finding.kind, finding.key].append(ended.task)
                if len(classes[finding.kind, finding.key]) == 1:
                    print(
                        f"{time.monotonic() - started:7.0f} s  {finding.kind}: {finding.key}  [{ended.task[0]} {ended.task[1]}]", flush=True
                    )
                    if arguments.failures:
                        _store(ended.task, finding, arguments)
    ends.close()
    print(table(rows))
    for (kind, key), tasks in sorted(classes.items(), key=lambda item: -len(item[1])):
        print(f"{len(tasks):6}  {kind}: {key}  [{tasks[0][0]} {tasks[0][1]}]")
    print(f"{sum(sum(row.statuses.values()) for row in rows.values())} inputs, seed {arguments.seed}, {time.monotonic() - started:.0f} s")
    return 1 if classes else 0


def _note(row: Row, ended: Ended) -> None:
    row.statuses[ended.status] += 1
    row.kinds.update({finding.kind for finding in ended.findings})
    row.slowest = max(row.slowest, ended.seconds)


def _store(task: Task, finding: model.Finding, arguments: argparse.Namespace) -> None:
    """The first input of a class, as small as it becomes within the time."""
    given = readers.make(*task, arguments.seed)
    with workers.scratch() as place:

        def fails(smaller: model.Input) -> bool:
            try:
                loading = finding.kind == "does not load"
                _, findings, _ = trial.judge(smaller, place / "try", on_disk=loading or finding.kind == "second run", load=loading)
            except OSError:
                return False
            return any((found.kind, found.key) == (finding.kind, finding.key) for found in findings)

        small = (
            shrink.shrink(given, fails, arguments.shrink)
            if arguments.shrink and finding.kind not in ("over 10 s", "over 500 MB", "process died")
            else given
        )
    name = "".join(letter if letter.isalnum() else "-" for letter in f"{finding.kind} {finding.key}")[:100]
    model.save(small, finding, arguments.failures / f"{name}-{task[1]}")


def table(rows: dict[str, Row]) -> str:
    """By reader: inputs, how they ended, faults by kind, the slowest."""
    kinds = [
        kind
        for kind in KINDS
        if kind in ("exit 70", "does not compile", "not native", "does not parse", "over 10 s", "over 500 MB")
        or any(row.kinds[kind] for row in rows.values())
    ]
    lines = ["| reader | inputs | converted | refused | " + " | ".join(kinds) + " | slowest |", "|---" * (5 + len(kinds)) + "|"]
    total = Row()
    for name in sorted(rows, key=list(readers.READERS).index):
        lines.append(_line(name, rows[name], kinds))
        total.statuses += rows[name].statuses
        total.kinds += rows[name].kinds
        total.slowest = max(total.slowest, rows[name].slowest)
    return "\n".join([*lines, _line("all", total, kinds)])


def _line(name: str, row: Row, kinds: Sequence[str]) -> str:
    converted = sum(count for status, count in row.statuses.items() if status in ("exit 0", "exit 1", "exit 3"))
    refused = sum(count for status, count in row.statuses.items() if status in ("exit 2", "exit 4", "exit 5"))
    cells = [
        str(sum(row.statuses.values())),
        str(converted),
        str(refused),
        *(str(row.kinds[kind]) for kind in kinds),
        f"{row.slowest:.1f} s",
    ]
    return f"| {name} | " + " | ".join(cells) + " |"


def replay(file: Path) -> int:
    """Try a stored input again and print what is found."""
    trial.warm()
    with workers.scratch() as folder:
        status, findings, seconds = trial.judge(model.load(file), folder / "try", on_disk=True)
    print(f"{status}, {seconds:.2f} s")
    for finding in findings:
        print(f"{finding.kind}: {finding.key}\n{finding.detail}")
    return 1 if findings else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=20_000, help="over all readers")
    parser.add_argument("--seconds", type=float, help="begin none after this time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--reader", action="append", choices=list(readers.READERS), help="this reader only; repeatable")
    parser.add_argument("--on-disk-every", type=int, default=16, help="of every so many inputs one is written to disk and renewed; 0: none")
    parser.add_argument("--load-every", type=int, default=0, help="of every so many inputs one is loaded with the real fal; 0: none")
    parser.add_argument("--failures", type=Path, metavar="FOLDER", help="store the first input of each class of faults here, made smaller")
    parser.add_argument("--shrink", type=float, default=20.0, metavar="SECONDS", help="time to make an input smaller")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="try a stored input.json again")
    arguments = parser.parse_args()
    return replay(arguments.replay) if arguments.replay else fuzz(arguments)


if __name__ == "__main__":
    sys.exit(main())
