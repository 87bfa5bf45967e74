"""RunPod serverless workers: `runpod.serverless.start({"handler": ...})`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

from converters.sources.platform import Caller, Platform, Program, Sdk

if TYPE_CHECKING:
    from converters.given_server import GivenServer
    from converters.ir import App, Application, Evidence
    from converters.ledger import Ledger
    from converters.options import Options
    from converters.project import Project
    from converters.verify.live.endpoint import Api, Endpoint
    from converters.verify.runner import Runner

START = b"serverless.start"
"""What a file that starts a worker holds."""


def _readers() -> Sequence[Any]:
    from converters.callers.runpod_http import RunPodHTTP
    from converters.callers.runpod_sdk import RunPodSDK

    return RunPodSDK(), RunPodHTTP()


class RunPod(Platform):
    """Queue workers, each in an image of its own."""

    name = "runpod"
    title = "RunPod"
    label = "RunPod"
    recognised_by = "RunPod's SDK"
    emitter = "worker"
    order = 10
    finds = "code"
    network_volume = True
    gpus = "usual"
    sdk = Sdk("runpod", "runpod.serverless", measured="1.12.0", measured_on="2026-11-21")
    caller = Caller(
        "runpod",
        "api.runpod.ai",
        _readers,
        ("runpod.serverless", "runpod.RunPodLogger", "runpod.__version__"),
        identified_by="the id of the endpoint",
        key="RUNPOD_API_KEY",
    )
    docs = "https://docs.runpod.io/"

    def detect(self, project: Project) -> list[Evidence]:
        """The files that name the SDK or belong to RunPod's hub; none where the image is an HTTP server that RunPod only balances."""
        from converters.sources.runpod.analyze import detect
        from converters.sources.runpod.http_server import is_server

        found = detect(project)
        return [] if found and is_server(project) else found

    def analyze(self, project: Project, options: Options, ledger: Ledger) -> Application:
        """Read every worker. Raises `Unsupported` and `Unreadable` with the reason and the place."""
        from converters.sources.runpod.analyze import analyze

        return analyze(project, options, ledger)

    def server(self, project: Project, options: Options) -> GivenServer | None:
        """What the hub's listing and an exported endpoint say about a server that the image starts."""
        from converters.sources.runpod.http_server import given

        return given(project, options)

    def runner(self) -> Runner:
        from converters.sources.runpod.runner import WorkerRunner

        return WorkerRunner()

    def is_entry(self, name: str) -> bool:
        return name.endswith(".py")

    def unit_of(self, project: Project, name: str) -> str:
        """The file itself, where it starts a worker."""
        from converters.errors import Unreadable
        from converters.ledger import Ledger
        from converters.python.code import Code
        from converters.sources.runpod.sdk import occurrences
        from converters.sources.runpod.start import find_starts

        code = Code(project)
        module = code.module(name)
        if module is None:
            raise code.problems.get(name) or Unreadable("cannot be read.", file=name)
        return name if find_starts(code, occurrences(code, module, Ledger())) else ""

    def owns(self, project: Project, unit: str) -> bool:
        """A Python file, or the Dockerfile of a worker."""
        from converters.containers.packaging import is_dockerfile
        from converters.ledger import Ledger
        from converters.sources.runpod.units import survey

        if is_dockerfile(unit):
            return bool(survey(project, Ledger(), unit).units)
        return unit.endswith(".py")

    def is_program(self, name: str, read: Callable[[], bytes]) -> bool:
        return name.endswith(".py") and START in read()

    def units(self, project: Project) -> list[Program]:
        from converters.ledger import Ledger
        from converters.sources.runpod.units import survey

        return [
            Program(unit.entry, tuple(source for source, _ in unit.packaging.layout.missing) if unit.packaging else ())
            for unit in survey(project, Ledger()).units
        ]

    def live(self, api: Api, paths: Collection[str]) -> Endpoint | None:
        from converters.sources.runpod.live import Jobs

        return Jobs(api) if self.caller.host in api.url or "/runsync" in paths else None

    def calls_guide(self, apps: Sequence[App], stopping: Collection[str]) -> str:
        return (
            "`/run` becomes `fal_client.submit`, `/runsync` `fal_client.subscribe`, `/status` `handler.status()`, `/stream` "
            "`fal_client.stream`, a webhook `fal_client.submit(..., webhook_url=...)`. The input goes up as it is, without the outer "
            '`"input"`.'
        )

    def load(self) -> None:
        from converters.sources.runpod import analyze

        del analyze


platform = RunPod()
