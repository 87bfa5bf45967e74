"""What a source platform is: one object that says how its projects are recognised, read, written, run and called.

Every package below `converters/sources/` has one, under the name `platform`; `registry.py` finds them. Nothing else in the converter
knows a platform by its name. The members without a default are what every platform must say; the smallest platform fits on a screen
(`tests/sources/test_toy_platform.py` has one, and CONTRIBUTING.md goes through the members one by one).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from converters.given_server import GivenServer
    from converters.ir import App, Application, Evidence
    from converters.ledger import Ledger
    from converters.options import Options
    from converters.project import Project
    from converters.verify.live.endpoint import Api, Endpoint
    from converters.verify.runner import Runner


@dataclass(frozen=True)
class Sdk:
    """The package that a worker or predictor runs under, and whose release `migrate verify` chooses."""

    package: str
    """Its name on PyPI."""
    module: str
    """The module whose import shows that it works."""
    file: str = ""
    """A file of the project, beside requirements, that may state its release ..."""
    statement: str = ""
    """... and the pattern of the line that does, with the release as its only group."""
    measured: str = ""
    """The release that the facts about it were read in and measured with ..."""
    measured_on: str = ""
    """... and the day of that, as YYYY-MM-DD."""
    earlier: Sequence[str] = ()
    """Releases after which names went away, the latest first: those of projects that say nothing and import what the newest lacks."""


@dataclass(frozen=True)
class Caller:
    """How programs call the platform (`migrate callers`)."""

    package: str
    """The client's package; a file that calls the platform holds this word."""
    host: str
    """The host of its HTTP API."""
    readers: Callable[[], Sequence[Any]]
    """Makes what reads its calls: steps of `converters.callers.flow`."""
    workers: tuple[str, ...] = ()
    """Beginnings of dotted names of the package that a worker uses, which are no calls."""
    identified_by: str = "its name"
    """What `migrate callers --map` takes for a program of the platform, in words."""
    key: str = ""
    """The variable that holds a caller's key."""


@dataclass(frozen=True)
class Program:
    """One program that `migrate batch` found in a project: its entry file, and what its image lacks of the project."""

    entry: str
    missing: tuple[str, ...] = ()


class Platform(ABC):
    """A source platform. See the module's docstring."""

    name: ClassVar[str]
    """Its folder below `sources/`, and what documents call it."""
    title: ClassVar[str]
    """Its name in sentences."""
    label: ClassVar[str]
    """What a project of it is called: "<project> is a <label> project"."""
    recognised_by: ClassVar[str]
    """What its projects have, for the sentence that nothing was recognised: "neither A, nor B was recognised"."""
    emitter: ClassVar[str]
    """The module of `converters/targets/` whose `emit(app)` writes the app file. Servers need none: `server.py` writes them."""
    order: ClassVar[int] = 50
    """Platforms are asked in this order whether a project is theirs: the more special ones first."""
    is_server: ClassVar[bool] = False
    """Its programs answer HTTP themselves, so `--image-config` and `--openapi` may describe them."""
    files: ClassVar[tuple[str, ...]] = ()
    """Names of files that are programs of it on their own, the most telling first."""
    finds: ClassVar[Literal["file", "code", "folder"]] = "file"
    """How `batch` finds its programs: each of `files` is one; or files of code that `is_program` tells, in the project around them; or
    the whole folder where `stands_in` tells and nothing of another platform was found."""
    gpus: ClassVar[Literal["usual", "stated", "open"]] = "open"
    """Whether its programs have a GPU: unless they say otherwise, as a key of the project states, or neither."""
    sdk: ClassVar[Sdk | None] = None
    """None where its programs run under no package of the platform."""
    caller: ClassVar[Caller | None] = None
    """None where nobody calls the platform by an API of its own."""
    docs: ClassVar[str] = ""
    """The address of its documentation."""
    network_volume: ClassVar[bool] = False
    """Workers may have a volume that outlives them."""

    @abstractmethod
    def detect(self, project: Project) -> list[Evidence]:
        """Where the project says that it is one of the platform's; empty where it does not. Must be fast and raise nothing."""

    @abstractmethod
    def analyze(self, project: Project, options: Options, ledger: Ledger) -> Application:
        """Read the project. Every construct goes into the ledger. Raises `Unsupported` and `Unreadable` with reason and place."""

    def server(self, project: Project, options: Options) -> GivenServer | None:
        """What its own files and exports say about a server that the project's image starts; None for nothing."""
        return None

    def runner(self) -> Runner:
        """How `migrate verify` starts the source. What it needs is imported here, since it is not always installed."""
        from converters.verify.runner import Runner

        return Runner()

    def is_entry(self, name: str) -> bool:
        """Whether a file of this name may be given on the command line in the place of its folder."""
        return name in self.files

    def unit_of(self, project: Project, name: str) -> str:
        """The path of the entry that a file is; '' where it is none. Raises `Unreadable` where it is one that cannot be read."""
        return name if name in self.files else ""

    def owns(self, project: Project, unit: str) -> bool:
        """Whether an entry that was asked for is the platform's."""
        return unit.rpartition("/")[2] in self.files

    def is_program(self, name: str, read: Callable[[], bytes]) -> bool:
        """Whether a file is a program of the platform, as far as its name and bytes tell."""
        return name in self.files

    def stands_in(self, names: Sequence[str]) -> bool:
        """Whether a folder with these files may be a project of a platform that `finds` folders."""
        return False

    def units(self, project: Project) -> list[Program]:
        """The programs of a project, for a platform that `finds` code."""
        return []

    def live(self, api: Api, paths: Collection[str]) -> Endpoint | None:
        """What asks an endpoint of the platform at an address (`migrate verify --live`); None where it is none of the platform's.

        `paths` are those of the OpenAPI document that the address answers, where it answers one.
        """
        return None

    def calls_guide(self, apps: Sequence[App], stopping: Collection[str]) -> str:
        """The paragraph of MIGRATION.md that tells callers what becomes of their calls, in Markdown.

        `stopping`: names of the apps in which a cancelled request stops at once.
        """
        return ""

    def load(self) -> None:
        """Import what `analyze` needs, once for many processes."""
        return
