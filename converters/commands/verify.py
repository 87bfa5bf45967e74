"""`migrate verify`: show that a converted project does what its source does."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from converters.errors import ExitCode, Unreadable, UsageError
from converters.options import Options
from converters.outcome import Converted

if TYPE_CHECKING:
    from converters.verify.certificate import Certificate


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
    output: Path | None = None
    format: str = "text"


def verify_project(request: Request, options: Options) -> int:
    """Run both sides of every app of a project, print the certificates, and return the exit code."""
    from converters.commands.convert import Request as Conversion
    from converters.commands.convert import failed, show
    from converters.convert import convert
    from converters.output.place import write
    from converters.terminal import print_text

    outcome = convert(request.source, options)
    if not isinstance(outcome, Converted):
        result = failed(outcome)
        show(result, Conversion(request.source, format="json" if request.format == "json" else "text"))
        return result.exit_code
    with tempfile.TemporaryDirectory(prefix="fal-migrate-") as folder:
        target = request.target
        if target is None:
            target = Path(folder) / "out"
            write(outcome, target)
        elif not target.is_dir():
            raise UsageError(f"{target} is no folder.", hint="Name the folder that holds the converted project.")
        certificates = _certificates(request, outcome, target)
    from converters.verify.report import as_html, as_markdown, as_text

    document = [certificate.model_dump(mode="json") for certificate in certificates]
    text = json.dumps({"version": 1, "certificates": document}, indent=2) + "\n"
    if request.output is not None:
        request.output.write_text(text, encoding="utf-8")
    views = {"text": as_text, "markdown": as_markdown, "html": as_html}
    print_text(text if request.format == "json" else views[request.format](certificates))
    return ExitCode.DIFFERENT if any(certificate.verdict == "different" for certificate in certificates) else ExitCode.DONE


def _certificates(request: Request, outcome: Converted, target: Path) -> list[Certificate]:
    try:
        from converters.verify.certificate import Certificate
        from converters.verify.study import Settings, Study
    except ImportError as error:
        raise UsageError(f"verification needs {error.name}.", hint="Install it with: pip install 'fal-migrate[verify]'") from error
    from converters.project import open_project

    replays: dict[str, Certificate] = {}
    if request.replay is not None:
        try:
            kept = json.loads(request.replay.read_text(encoding="utf-8"))["certificates"]
            replays = {item["app"]: Certificate.model_validate(item) for item in kept}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Unreadable(
                f"{request.replay} is no certificate ({error}).", hint="Write one with: migrate verify --output FILE"
            ) from error
    project = open_project(request.source)
    found = []
    for app in outcome.application.apps:
        if app.target != "app":
            raise UsageError(f"{app.name} is a server of its own; only workers and predictors can be verified.", hint="Try `migrate run`.")
        settings = Settings(
            seed=request.seed, seconds=request.seconds, doubled=request.doubled, schema=request.schema, replay=replays.get(app.name)
        )
        with _progress(app.name) as say:
            found.append(Study(project, outcome.application, app, target, settings, say).run())
    return found


@contextlib.contextmanager
def _progress(name: str) -> Iterator[Callable[[str], None]]:
    """A status line on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    from rich.console import Console

    with Console(stderr=True).status(f"{name}: starting both sides") as status:
        yield lambda text: status.update(f"{name}: {text}")
