"""Workers whose image `cog build` makes: the build of cog.yaml in the place of a Dockerfile."""

from __future__ import annotations

from dataclasses import dataclass

from converters import rules
from converters.concepts import kept_back
from converters.concepts.cog import build_report, cog_yaml, dockerfile, environment, files
from converters.concepts.cog.build import Build
from converters.concepts.cog.pget import Downloads
from converters.concepts.cog.units import Unit as CogUnit
from converters.concepts.environment import Plan
from converters.errors import Unreadable
from converters.ir import App, Disposition, Environment, NewFile, Origin, Scope, Value
from converters.ledger import Ledger
from converters.project import COG_FILES, Project
from converters.python.code import Code

SERVED = frozenset({"predict", "run", "train"})
KEYS = {
    "build": (rules.RC001, Disposition.CONVERTED, "its keys are accounted for one by one"),
    "image": (rules.RC027, Disposition.DROPPED, "the name that the image was pushed under"),
    **dict.fromkeys(
        SERVED, (rules.RC002, Disposition.DROPPED, "Cog's server is not what the worker starts: its handler calls the code itself")
    ),
}


@dataclass
class CogBuild:
    """A cog.yaml beside a worker, and the environment that it describes."""

    unit: CogUnit
    build: Build
    environment: Environment
    plan: Plan
    file: NewFile | None


def read(project: Project, folder: str, code: Code, closure: list[str], imported: set[str], ledger: Ledger) -> CogBuild | None:
    """The build of the cog.yaml in the worker's folder; None where there is none that can be read."""
    file = next((found for name in COG_FILES if (found := project.get(f"{folder}/{name}".strip("/"))) is not None), None)
    if file is None:
        return None
    try:
        config = cog_yaml.read(file)
    except Unreadable as error:
        message = f"{error.message} Its packages were not read."
        ledger.note(rules.RC001, Disposition.MANUAL, message, Origin(file=file.path, line=error.line or 1), scope=Scope.DEPLOY)
        return None
    cog_yaml.record(config, ledger)
    build = environment.read(project, config, code, closure, closure)
    build_report.raise_python(build, ledger)
    kept_back.keep_back(build.packages.specs, build.packages.layers, build.python.value, ledger)
    if "cog" in imported:
        build.packages.specs.append(Value(value="cog", note="`cog build` installs it, and the code imports it"))
        build.packages.layers.append(["cog"])
    environment.decide(config, code, closure, build, Downloads())
    made = environment.environment(build, config, files.dockerfile(project, folder))
    new = None
    if made.kind == "image" and made.dockerfile is not None:
        text = dockerfile.text(build, config)
        new = NewFile(path=made.dockerfile, text=text, rule=rules.RC021, reason="the image that Cog would build, without Cog")
    plan = Plan(specs=build.packages.specs, read_files=set(build.packages.files))
    return CogBuild(CogUnit(config, None), build, made, plan, new)


def settle(cog: CogBuild, app: App, ledger: Ledger) -> None:
    """A row for every key of the file."""
    build_report.settle(cog.unit, cog.build, app, ledger)
    for path, constructs in cog.unit.config.constructs.items():
        for construct in constructs:
            if path in KEYS and not ledger.is_settled(construct):
                ledger.settle(construct, *KEYS[path])
