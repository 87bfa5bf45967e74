"""Replicate models: a cog.yaml and the predictor that it names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from converters.project import COG_FILES, COG_TEMPLATES
from converters.sources.platform import Caller, Platform, Sdk
from converters.sources.replicate.release import VERSION

if TYPE_CHECKING:
    from converters.ir import App, Application, Evidence
    from converters.ledger import Ledger
    from converters.options import Options
    from converters.project import Project
    from converters.verify.live.endpoint import Api, Endpoint
    from converters.verify.runner import Runner


def _readers() -> Sequence[Any]:
    from converters.callers.replicate_sdk import ReplicateSDK

    return (ReplicateSDK(),)


EARLIER = ("0.16.12", "0.14.0a1", "0.10.0a27", "0.9.26")
"""The last release with `cog.types.Weights`, the last alpha with `emit_metric` beside it, the last of 0.10, and the last of 0.9."""


class Replicate(Platform):
    """Predictors that Cog builds and serves."""

    name = "replicate"
    title = "Replicate"
    label = "Replicate (Cog)"
    recognised_by = "a cog.yaml"
    emitter = "predictor"
    order = 20
    gpus = "stated"
    files = (*COG_FILES, *COG_TEMPLATES)
    sdk = Sdk(
        "cog",
        "cog",
        file="cog.yaml",
        statement=r"\s*sdk_version\s*:\s*[\"']?(\d[\w.]*)",
        measured=VERSION,
        measured_on="2026-11-21",
        earlier=EARLIER,
    )
    caller = Caller("replicate", "api.replicate.com", _readers, identified_by="the model, as `owner/name`", key="REPLICATE_API_TOKEN")
    docs = "https://replicate.com/docs/"

    def detect(self, project: Project) -> list[Evidence]:
        """The cog.yaml files of the project; none where they are left over from what a Dockerfile took the place of."""
        from converters.containers.packaging import is_dockerfile
        from converters.sources.replicate.analyze import detect, has_predictor

        found = detect(project)
        return found if not any(map(is_dockerfile, project.files)) or has_predictor(project) else []

    def analyze(self, project: Project, options: Options, ledger: Ledger) -> Application:
        """Read every model. Raises `Unsupported` and `Unreadable` with the reason and the place."""
        from converters.sources.replicate.analyze import analyze

        return analyze(project, options, ledger)

    def runner(self) -> Runner:
        from converters.sources.replicate.runner import CogRunner

        return CogRunner()

    def is_entry(self, name: str) -> bool:
        """A cog.yaml, or the file of a predictor."""
        return name in self.files or name.endswith(".py")

    def unit_of(self, project: Project, name: str) -> str:
        """The cog.yaml itself, or the one that names a Python file."""
        from converters.sources.replicate.entry import configuration_of

        return name if name in self.files else configuration_of(project, name)

    def live(self, api: Api, paths: Collection[str]) -> Endpoint | None:
        from converters.sources.replicate.live import Predictions, is_served

        return Predictions(api) if self.caller.host in api.url or "/predictions" in paths or is_served(api) else None

    def calls_guide(self, apps: Sequence[App], stopping: Collection[str]) -> str:
        from converters.sources.replicate.guide import calls

        return calls(apps, stopping)


platform = Replicate()
