"""`migrate verify`: show that a converted project does what its source does."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from converters.commands.actionable import of_certificates
from converters.commands.arguments import print_refusal
from converters.commands.beside import write_document
from converters.commands.repeat import command
from converters.errors import ExitCode, MigrateError, Unreadable, Unsupported, UsageError
from converters.options import Options, Target
from converters.outcome import Converted, Unchanged
from converters.preflight import apps
from converters.project import open_project
from converters.reports.json import Document
from converters.sources.registry import named
from converters.terminal import print_error

if TYPE_CHECKING:
    from converters.verify.certificate import Certificate
    from converters.verify.sdk import SourceSdk
    from converters.verify.study import Study
    from fal_runtime.confinement import Support


SdkChoice = Literal["auto", "own"]
"""``own``: no environment is made for the source side; it gets the SDK of the one that we run in."""


FORMS: dict[apps.Kind, Target] = {"app": "app", "function": "function", "server": "pyproject"}
"""Kind of a finished app -> the form in which a server becomes one."""


def _sdk_choice() -> SdkChoice:
    return "own" if os.environ.get("FAL_MIGRATE_SOURCE_SDK") == "own" else "auto"


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line; ``seconds`` bounds the time for requests of each app."""

    source: Path
    target: Path | None = None
    seed: int = 0
    seconds: float = 60.0
    doubled: tuple[str, ...] = ()
    schema: Path | None = None
    replay: Path | None = None
    source_python: Path | None = None
    """The interpreter of the source side; None: one with the release of the SDK that the project asks for."""
    source_sdk: SdkChoice = field(default_factory=_sdk_choice)
    app: str = ""
    """The app of ``target`` that is meant; '': that of the source's name, or the only one."""
    contract: Path | None = None
    """A file that states which of its fields stand for fields of the source."""
    output: Path | None = None
    format: str = "text"
    unconfined: bool = False
    """Whether the project's code may run where this system cannot confine it."""

    @property
    def again(self) -> str:
        """The command that shows its findings again, for a shell."""
        return command(
            "verify",
            self.source,
            self.target,
            seed=self.seed or None,
            seconds=None if self.seconds == 60 else f"{self.seconds:g}",
            double=self.doubled,
            schema=self.schema,
            replay=self.replay,
            source_python=self.source_python,
            source_sdk=self.source_sdk if self.source_sdk != "auto" else None,
            app=self.app,
            contract=self.contract,
            unconfined=self.unconfined,
        )


def verify_project(request: Request, options: Options) -> int:
    """Run both sides of every app of a project, print the certificates, and return the exit code."""
    from converters.commands.conversion import Request as Conversion
    from converters.commands.conversion import failed, show
    from converters.convert import convert
    from converters.output.place import write

    outcome = convert(request.source, options)
    if isinstance(outcome, Converted) and (form := _form(outcome, request.target)) is not None:
        outcome = convert(request.source, replace(options, target=form))
    if isinstance(outcome, Unchanged):
        refusal = no_source(outcome)
        if request.format == "json":
            print_refusal(request.source, refusal, request.again)
        raise refusal
    if not isinstance(outcome, Converted):
        result = failed(outcome)
        show(result, Conversion(request.source, format="json" if request.format == "json" else "text"))
        return result.exit_code
    try:
        must_be_verifiable(outcome, request.source_python, unconfined=request.unconfined)
        with tempfile.TemporaryDirectory(prefix="fal-migrate-") as folder:
            target = request.target
            if target is None:
                target = Path(folder) / "out"
                write(outcome, target, known=False)
            certificates = certified(request, outcome, target, Path(folder))
            plain = [certificate.model_dump(mode="json") for certificate in certificates]
            found = of_certificates(plain, outcome, request.target, request.again, written=target)
    except MigrateError as error:
        if request.format == "json":
            print_refusal(request.source, error, request.again)
        raise
    print_certificates(request, certificates, found)
    return exit_code(certificates)


def no_source(outcome: Unchanged) -> Unsupported:
    """The refusal of a fal project where the project that it was made from is wanted."""
    return Unsupported("is a fal project already.", file=str(outcome.root), hint="Give the project that it was made from.")


def must_be_verifiable(outcome: Converted, source_python: Path | None = None, *, unconfined: bool = False) -> None:
    """Raises UsageError where what verification needs is not installed, or the code that it runs cannot be confined and need be."""
    from converters.verify.interpreter import inspected

    missing = [name for name in ("fal", "httpx", "hypothesis", "jsonschema") if importlib.util.find_spec(name) is None]
    interpreter = inspected(source_python or Path(sys.executable))
    stated = named(outcome.application.platform).sdk
    sdk = stated.package if stated is not None else None
    if sdk is not None and sdk not in interpreter.releases:
        if source_python is not None:
            raise UsageError(f"has no {sdk}.", file=str(source_python), hint=f"Install it there: {source_python} -m pip install {sdk}")
        missing.append(sdk)
    if missing:
        raise UsageError(f"verification needs {', '.join(missing)}.", hint="Install it with: pip install 'fal-migrate[verify]'")
    confinement = _confinement()
    if confinement.kind == "none" and not unconfined:
        raise UsageError(
            f"verification runs the project's code, which cannot be confined here: {confinement.why}.",
            hint="Verify in a container or virtual machine that holds nothing else, or let the code reach what you can: --unconfined.",
        )


@functools.cache
def _confinement() -> Support:
    """How the project's code is confined on this machine."""
    from fal_runtime.confinement import support

    with tempfile.TemporaryDirectory(prefix="fal-migrate-") as stage:
        return support(Path(stage))


def _form(outcome: Converted, target: Path | None) -> Target | None:
    """The form that a given output has, where a server would be converted into another one."""
    app = outcome.application.apps[0]
    if app.server is None or target is None or not target.is_dir():
        return None
    kinds = {program.kind for program in apps.programs(open_project(target))}
    form = FORMS[kinds.pop()] if len(kinds) == 1 else app.target
    return form if form != app.target else None


def certified(request: Request, outcome: Converted, target: Path, scratch: Path | None = None) -> list[Certificate]:
    """The certificates of all apps of a project that stand in ``target``, as its conversion or as a person wrote them.

    ``scratch``: a folder for a copy of an app that has no table; None where it is a conversion. Raises MigrateError.
    """
    from converters.credentials.withhold import mask_model
    from converters.project import open_project
    from converters.verify.candidate import candidates
    from converters.verify.handler import HandlerStudy
    from converters.verify.renaming import Renaming, of_conversion, read
    from converters.verify.servers.study import ServerStudy
    from converters.verify.settings import Settings
    from converters.verify.target import Place

    renaming = read(request.contract, request.app) if request.contract is not None else Renaming()
    if request.schema is not None:
        _require_schema(request.schema)
    replays = _replays(request.replay) if request.replay is not None else {}
    project = open_project(request.source)
    found = []
    confinement = _confinement()
    if confinement.missing:
        print(f"migrate: {confinement.sentence}", file=sys.stderr)
    for one in candidates(target, outcome.application.apps, named=request.app, scratch=scratch or target):
        app = one.app
        if request.replay is not None and app.name not in replays:
            raise UsageError(f"holds nothing of {app.name}.", file=str(request.replay), hint=f"It is of {', '.join(replays) or 'no app'}.")
        settings = Settings(
            seed=request.seed, seconds=request.seconds, doubled=request.doubled, schema=request.schema, replay=replays.get(app.name)
        )
        kind = HandlerStudy if app.server is None else ServerStudy
        place = Place(one.name, renaming or of_conversion(app, one.folder), one.is_own and not renaming)
        study = kind(project, outcome.application, app, one.folder, settings, place=place, app_file=one.file)
        found.append(_certified(request, study))
        found[-1].not_enforced = list(confinement.missing)
    return [mask_model(certificate, outcome.vault) for certificate in found]


def _certified(request: Request, study: Study) -> Certificate:
    """The certificate of one app, under the first release of its SDK with which the source starts."""
    from converters.verify.sdk import SourceSdk, candidates, lacks_names, misfit
    from fal_runtime.server import default_environments

    own = SourceSdk(request.source_python or Path(sys.executable), "")
    if request.source_python is not None or request.source_sdk == "own":
        return _run(study, own)
    name = study.app.name
    sdks = candidates(study.project, study.platform.sdk, study.app, default_environments(), lambda text: _announced(name, text))
    sdk = next(sdks, own)
    certificate = first = _run(study, sdk)
    unfit = misfit(first)
    while why := misfit(certificate):
        other = next(sdks, None)
        if other is None or (other.is_earlier and study.platform.sdk is not None and not lacks_names(why, study.platform.sdk)):
            return first
        certificate = _run(study, replace(other, told=f"{other.told} (not {sdk.told}: {unfit})"))
    return certificate


@contextlib.contextmanager
def _announced(name: str, text: str) -> Iterator[None]:
    """Tell on standard error what is done while the block runs."""
    with _progress(name, otherwise=lambda line: print_error(f"{name}: {line}")) as say:
        say(text)
        yield


def _run(study: Study, sdk: SourceSdk) -> Certificate:
    """Run a study in a process of its own. Raises UsageError where it cannot write."""
    from converters.verify.isolated import Ended, certificate
    from converters.verify.scratch import scratch_folder

    study = replace(study, settings=replace(study.settings, python=sdk.python, sdk=sdk.told))

    def run(scratch: Path) -> Certificate:
        with _progress(study.app.name) as say:
            return replace(study, say=say, scratch=scratch).run()

    try:
        return certificate(run, scratch_folder())
    except Ended as ended:
        return study.ended(str(ended))
    except OSError as error:
        why = f"verification cannot write: {error.strerror or error}."
        raise UsageError(why, file=str(error.filename or ""), hint="Make room there and try again.") from error


def _require_schema(file: Path) -> None:
    from converters.verify.contract import of_file

    try:
        of_file(file)
    except (OSError, ValueError) as error:
        why = "is no file." if isinstance(error, OSError) else str(error)
        raise UsageError(why, file=str(file), hint="--schema takes the openapi_schema.json that Cog's build writes.") from error


def differs(certificates: Sequence[Certificate]) -> bool:
    """Whether any app does something else than its source."""
    return any(certificate.verdict == "different" for certificate in certificates)


def _replays(file: Path) -> dict[str, Certificate]:
    from converters.verify.certificate import Certificate

    try:
        kept = json.loads(file.read_bytes())["certificates"]
        return {item["app"]: Certificate.model_validate(item) for item in kept}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        why = f"cannot be read: {error.strerror}." if isinstance(error, OSError) else "is no certificate."
        raise Unreadable(why, file=str(file), hint="Write one with: migrate verify --output FILE") from error


def exit_code(certificates: Sequence[Certificate]) -> ExitCode:
    """6 where an app does something else than its source, else 0."""
    return ExitCode.DIFFERENT if differs(certificates) else ExitCode.DONE


def print_certificates(request: Request, certificates: list[Certificate], findings: Sequence[Document]) -> None:
    """Print certificates in the form that was asked for, and write them to its file. Raises `UsageError` where that cannot be written."""
    from converters.terminal import print_text
    from converters.verify.report import as_html, as_markdown, as_text

    document = [certificate.model_dump(mode="json") for certificate in certificates]
    made = {"version": 1, "exit_code": int(exit_code(certificates)), "certificates": document, "findings": [*findings]}
    text = json.dumps(made, indent=2) + "\n"
    write_document(text, request.output)
    views = {"text": as_text, "markdown": as_markdown, "html": as_html}
    print_text(text if request.format == "json" else views[request.format](certificates))


@contextlib.contextmanager
def _progress(name: str, otherwise: Callable[[str], None] = lambda text: None) -> Iterator[Callable[[str], None]]:
    """A status line on a terminal; elsewhere ``otherwise``, which is nothing."""
    if not sys.stderr.isatty():
        yield otherwise
        return
    from rich.console import Console
    from rich.text import Text

    from converters.escape import visible

    def line(text: str) -> Text:
        return Text(visible(f"{name}: {text}"))

    with Console(stderr=True).status(line("starting both sides")) as status:
        yield lambda text: status.update(line(text))
