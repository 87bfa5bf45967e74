"""What is told to the child processes of one side, and what they report."""

from __future__ import annotations

import collections
import json
import os
import re
import sys
import threading
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .outcome import Fault, LocalPath, SideFailed

HOOK = Path(__file__).parent / "child" / "hook"
MEMORY = 8 * 2**30
"""Bytes that each child process may have of its own."""
_PIN = re.compile(r"(?m)^\W*([A-Za-z][\w.-]*)(?:\[[^\]]*\])?==([\w.]+)")
_CALLS = ("call", "network", "program")
_DOWNLOAD = re.compile(
    r"huggingface_hub\.(snapshot_download|hf_hub_download)\("
    r"|GET \w+://(?!127\.|localhost\b|0\.0\.0\.0|\[::1\])"
    r"|'(\S*/)?(pip3?|uv|conda|apt|apt-get|git|wget|curl|aria2c|aws|gsutil|gcloud|huggingface-cli|hf|pget)'|.* '-m' '(pip|uv)'"
)
"""What fetches or installs: while loading, for an image may hold it already."""
FILE = 2**30
"""Bytes that each file may have which they write."""
KEPT = ("PATH", "LANG", "LC_ALL", "TERM", "TZ", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "SYSTEMROOT")


@dataclass(frozen=True)
class Event:
    """Something that a child did: see ``child.record``.

    ``runner``: on the target, that it was in a runner and not while loading; ``aside``: in a thread of the project's own;
    ``pid``: the process that asked; ``fallible``: of a call that can be made to fail, by what it is known.
    """

    request: int
    kind: str
    text: str
    line: int = 0
    runner: bool = False
    aside: bool = False
    pid: int = 0
    fallible: int = 0


@dataclass
class Observation:
    """The processes of one side. ``folder`` is a scratch folder of its own, which they may write.

    So nothing in it is opened by its name once they run: it may be a link by then. What only we write lies in :attr:`private`.
    """

    folder: Path
    own: frozenset[str]
    pins: Mapping[str, str]
    roots: list[tuple[str, str]]
    doubled: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    """Names of the files that a side starts with."""
    python: Path = Path(sys.executable)
    """The interpreter of this side's processes."""
    libraries: tuple[str, ...] = ()
    """Folders whose code is not the project's, beside our own."""
    coverage: bool = True
    """Whether to trace which lines run."""
    variables: tuple[str, ...] = ()
    """Names of the environment variables that the project declares."""
    real: tuple[str, ...] = ()
    """Packages that are never doubled."""
    serves: bool = False
    """Whether the processes are a server of the project's own: its start scripts run, and nothing tells it when fal's runner is ready."""
    search: tuple[str, ...] = ()
    """Folders on the module search path beside what the environment names."""
    failing: tuple[tuple[str, ...], ...] = ()
    """Commands that always fail."""
    suffixes: tuple[str, ...] = ()
    """Kinds of files that the project looks for, such as ".tex"."""
    release: tuple[str, str] | None = None
    """The SDK's release that this side runs under, which its code may tell, and the one that the conversion tells instead."""
    _events: list[Event] = field(default_factory=list)
    _by_request: dict[int, list[Event]] = field(default_factory=dict)
    _read: int = 0
    _reading: threading.Lock = field(default_factory=threading.Lock)
    """Requests that are sent together are read about together."""

    def __post_init__(self) -> None:
        self._kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.folder.mkdir(parents=True)
        models = self.folder / "models"
        models.mkdir()
        (self.folder / "log").touch()
        counter = self.folder / "counter"
        counter.write_bytes(bytes(24))
        self._log, self._counter = (os.open(file, os.O_RDWR | os.O_CLOEXEC) for file in (self.folder / "log", counter))
        for opened in (self._log, self._counter):
            weakref.finalize(self, os.close, opened)
        self.private.mkdir()
        settings = {
            "log": str(self.folder / "log"),
            "counter": str(counter),
            "own": sorted(self.own),
            "real": list(self.real),
            "serves": self.serves,
            "failing": [list(command) for command in self.failing],
            "suffixes": list(self.suffixes),
            "doubled": list(self.doubled),
            "entries": list(self.entries),
            "variables": list(self.variables),
            "pins": dict(self.pins),
            "roots": sorted(self.roots, key=lambda root: -len(root[0])),
            "models": str(models),
            "libraries": [str(Path(__file__).parent), str(Path(__file__).parents[2] / "fal_runtime"), *self.libraries],
            "coverage": self.coverage,
            "pillow": "PIL" not in self.doubled,
            "memory": MEMORY,
            "file": FILE,
        }
        (self.folder / "child.json").write_text(json.dumps(settings))

    def environment(self, own: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
        """The environment of the child processes: what is their ``own``, and of ours only where programs and libraries are."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        path = os.pathsep.join([str(self.python.parent), str(self.programs), self._kept.get("PATH", os.defpath)])
        search = [str(HOOK), *filter(None, own.get("PYTHONPATH", "").split(os.pathsep)), *self.search]
        return {
            **self._kept,
            **own,
            "PATH": path,
            "HOME": str(home),
            "PYTHONPATH": os.pathsep.join(search),
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "FAL_MIGRATE_CHILD": str(self.folder / "child.json"),
            "http_proxy": "http://127.0.0.1:9",
            "https_proxy": "http://127.0.0.1:9",
            "no_proxy": "127.0.0.1,localhost",
            "PIP_NO_INDEX": "1",
        }

    @property
    def private(self) -> Path:
        """A folder beside, of what the processes do not see."""
        return self.folder.with_name(f"{self.folder.name}-private")

    @property
    def programs(self) -> Path:
        """A folder for programs that an image holds and this machine does not."""
        return self.folder / "programs"

    def begin(self, request: int) -> None:
        """From now on what happens belongs to this request; 0: to loading."""
        os.pwrite(self._counter, request.to_bytes(8, "little"), 0)

    def let_fail(self, fault: Fault | None) -> None:
        """From now on this call fails in every request; None: none."""
        call, which = (fault.call, fault.which) if fault is not None else (0, 0)
        os.pwrite(self._counter, call.to_bytes(8, "little") + which.to_bytes(8, "little"), 8)

    def events(self) -> list[Event]:
        """Everything that was reported so far. Raises SideFailed where something else was written among it."""
        with self._reading:
            data = os.pread(self._log, max(os.fstat(self._log).st_size - self._read, 0), self._read)
            whole = data[: data.rfind(b"\n") + 1]
            self._read += len(whole)
            for line in whole.splitlines():
                try:
                    found = self._event(json.loads(line))
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    raise SideFailed("the project's code wrote into the log of its verification") from error
                self._events.append(found)
                self._by_request.setdefault(found.request, []).append(found)
            return self._events

    def _event(self, event: dict[str, Any]) -> Event:
        if not isinstance(event["text"], str) or not isinstance(event["request"], int) or not isinstance(event.get("fallible", 0), int):
            raise TypeError
        told = {name: event[name] for name in ("line", "aside", "pid", "fallible") if name in event}
        return Event(event["request"], event["kind"], self._told(event["text"]), runner=event.get("process", "") != "", **told)

    def _told(self, text: str) -> str:
        """A text with the release of the SDK that the conversion tells."""
        if self.release is None or self.release[0] not in text:
            return text
        return re.sub(rf"(?<![\w.]){re.escape(self.release[0])}(?![\w.])", self.release[1], text)

    def _of(self, request: int, *kinds: str) -> list[Event]:
        self.events()
        return [event for event in self._by_request.get(request, ()) if event.kind in kinds]

    def calls(self, request: int) -> list[str]:
        """What the code asked of models, other machines and programs while it answered a request, in order."""
        return [event.text for event in self._of(request, *_CALLS)]

    def pauses(self, request: int) -> tuple[float, ...]:
        """For how many seconds the project's code slept while it answered a request: each duration once."""
        return tuple(sorted({float(event.text) for event in self._of(request, "pause")}))

    def effects(self, request: int) -> tuple[str, ...]:
        """What the project's code wrote, moved and removed in its own folders while it answered a request: each once, in no order."""
        return tuple(sorted({event.text for event in self._of(request, "effect")}))

    def machine(self, request: int) -> tuple[str, ...]:
        """What the project's code asked the machine while it answered a request, and how long it would wait: each once, in no order."""
        return tuple(sorted({event.text for event in self._of(request, "machine")}))

    def printed(self, request: int) -> tuple[str, ...]:
        """What the project's code printed while it answered a request."""
        return tuple(event.text for event in self._of(request, "print"))

    def asks_in_threads(self, request: int) -> bool:
        """Whether the project asked in threads of its own while it answered a request, so in no order."""
        return any(event.aside for event in self._of(request, *_CALLS))

    def fallible_calls(self, request: int) -> list[Fault]:
        """The calls that a request made of models, other machines and programs, and that can be made to fail, in order."""
        times: collections.Counter[int] = collections.Counter()
        found = []
        for event in self._of(request, *_CALLS):
            if event.fallible:
                times[event.fallible] += 1
                found.append(Fault(call=event.fallible, which=times[event.fallible], text=event.text))
        return found

    def ran_new_lines(self, request: int) -> bool:
        """Whether lines of the project ran with a request that had not run before."""
        return bool(self._of(request, "line"))

    def variables_seen(self, request: int) -> dict[str, str | None]:
        """The declared variables at the first call in a request; nothing where there was none."""
        told = [event.text for event in self._of(request, "variables")]
        return dict(json.loads(told[0])) if told else {}

    def loading(self) -> list[str]:
        """What the code asked of models, other machines and programs before the first request, where several processes load it that of one.

        On the target this is what its runners did, not the process that reads the app's definition. Downloads are left out: what an
        image holds, a fal app may have to fetch.
        """
        return [event.text for event in self._loading()]

    @property
    def loads_in_threads(self) -> bool:
        """Whether the project loads in threads of its own, so in no order."""
        return any(event.aside for event in self._loading())

    def _loading(self) -> list[Event]:
        runners = any(event.runner for event in self.events())
        loading = (event for event in self.events() if event.request == 0 and event.runner is runners and event.kind in _CALLS)
        times: collections.Counter[tuple[int, str]] = collections.Counter()
        found: dict[tuple[str, int], Event] = {}
        for event in loading:
            if not _DOWNLOAD.match(event.text):
                times[event.pid, event.text] += 1
                found.setdefault((event.text, times[event.pid, event.text]), event)
        return list(found.values())

    def relabelled(self, value: Any, identifier: str) -> Any:
        """A value whose texts name folders by what they stand for, and the request's id as such."""
        if isinstance(value, str):
            value = self._told(value.replace(identifier, "<request id>") if identifier else value)
            for root, label in sorted(self.roots, key=lambda root: -len(root[0])):
                value = re.sub(rf"(?<![\w:/.>]){re.escape(root)}(?=/|\b|$)", label, value)
            return value
        if isinstance(value, LocalPath):
            return replace(value, path=self.relabelled(value.path, identifier))
        if isinstance(value, dict):
            return {self.relabelled(key, identifier): self.relabelled(item, identifier) for key, item in value.items()}
        return [self.relabelled(item, identifier) for item in value] if isinstance(value, list) else value

    def missing(self, request: int) -> str:
        """The path of an output file that was not there; empty where there was none."""
        return next((event.text for event in self._of(request, "missing")), "")

    def stops(self, request: int) -> bool:
        """Whether the app asked for a fresh runner when it answered a request."""
        return bool(self._of(request, "stop"))


def pins(texts: Iterable[str]) -> dict[str, str]:
    """Exact versions that requirement files and app files name, by import name where that is the project's name."""
    return {name.replace("-", "_").lower(): version for text in texts for name, version in _PIN.findall(text)}


_BUILDS = re.compile(r"/(?:[\w.-]*Dockerfile[\w.-]*|cog\.yaml)$")


def top_level_names(paths: Iterable[str]) -> frozenset[str]:
    """Names under which the Python files of a project can be imported: these are never doubled.

    A folder that an image is built of is none, unless it is a package: its files lie in the image without it.
    """
    paths = list(paths)
    built = {path.rpartition("/")[0] for path in paths if _BUILDS.search(path)} - {
        path.removesuffix("/__init__.py") for path in paths if path.endswith("/__init__.py")
    }
    found: set[str] = set()
    for path in paths:
        if path.endswith(".py"):
            *folders, name = path.removesuffix(".py").split("/")
            found.update([name, *(folder for at, folder in enumerate(folders, 1) if "/".join(folders[:at]) not in built)])
    return frozenset(found)
