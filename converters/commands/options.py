"""The options that several commands share, and the values that they take."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from converters.reports.forms import formats


def path_argument(metavar: str, help: str) -> Any:
    """An argument that names a file or folder."""
    return typer.Argument(metavar=metavar, help=help, show_default=False, parser=_path)


def _path(text: str) -> Path:
    """An empty path is most often a variable of the shell that is not set, and never the current folder."""
    if not text.strip():
        raise typer.BadParameter("the path is empty.")
    return Path(text)


class TargetChoice(str, Enum):
    auto = "auto"
    app = "app"
    function = "function"
    pyproject = "pyproject"


class StyleChoice(str, Enum):
    auto = "auto"
    native = "native"
    inline = "inline"  # another word for native
    keep = "keep"


class FailOnChoice(str, Enum):
    manual = "manual"
    error = "error"
    never = "never"


if TYPE_CHECKING:

    class FormatChoice(str, Enum):
        """The values of `--format`: these, and a module of `reports/formats/` for each further one."""

        text = "text"
        json = "json"
else:
    FormatChoice = Enum("Format", {name: name for name in formats()}, type=str)


class SourceSdkChoice(str, Enum):
    auto = "auto"
    own = "own"


class CertifiedChoice(str, Enum):
    """Forms of a certificate."""

    text = "text"
    json = "json"
    markdown = "markdown"
    html = "html"


class AuditChoice(str, Enum):
    """Forms of an audit."""

    text = "text"
    json = "json"
    markdown = "markdown"
    csv = "csv"
    html = "html"


class PlainChoice(str, Enum):
    text = "text"
    json = "json"


Project = Annotated[Path, path_argument("PATH", "Folder of the project, or an entry in it.")]
Target = Annotated[TargetChoice | None, typer.Option("--target", help="Form of the output; auto says why.", show_default="auto")]
Style = Annotated[
    StyleChoice | None, typer.Option("--style", metavar="[auto|native|keep]", help="How a handler is carried over.", show_default="auto")
]
Idiomatic = Annotated[bool | None, typer.Option("--idiomatic/--no-idiomatic", help="Use fal's own media types.", show_default=False)]
Realtime = Annotated[bool | None, typer.Option("--realtime/--no-realtime", help="Stream over a websocket.", show_default=False)]
Endpoint = Annotated[Path | None, typer.Option("--endpoint-config", metavar="FILE", help="Exported endpoint settings (JSON).")]
Image = Annotated[
    Path | None, typer.Option("--image-config", metavar="FILE", help="Configuration of a ready image: `docker image inspect` (JSON).")
]
OpenApi = Annotated[str | None, typer.Option("--openapi", metavar="FILE|URL", help="OpenAPI document of the server.")]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting of the app; repeatable.")]
Only = Annotated[list[str] | None, typer.Option("--only", metavar="RULE", help="Apply this rule only; repeatable.")]
Skip = Annotated[list[str] | None, typer.Option("--skip", metavar="RULE", help="Leave this rule out, or what it tells; repeatable.")]
FailOn = Annotated[FailOnChoice | None, typer.Option("--fail-on", help="error: exit 3 becomes 0; never: 3 and 4.", show_default="manual")]
Force = Annotated[bool, typer.Option("--force", help="Renew an existing output; your edits stay.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
Format = Annotated[FormatChoice | None, typer.Option("--format", help="Form of the report on standard output.", show_default="text")]
Rehearse = Annotated[
    bool, typer.Option("--rehearse", help="Build and start the result as fal would, on this machine; exit 7 where that fails.")
]
Resolve = Annotated[
    bool, typer.Option("--resolve", help="Ask the package index, through uv, whether the requirements fit together for the app's Python.")
]
Unconfined = Annotated[
    bool, typer.Option("--unconfined", help="With verification: run the project's code even where this system cannot confine it.")
]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="DIR", help="Folder to write.", show_default="PATH-fal")]
InPlace = Annotated[bool, typer.Option("--in-place", help="Write into the project, which must be a clean git tree.")]
Commit = Annotated[bool, typer.Option("--commit", help="With --in-place: commit it, one commit for each group of rules.")]
Diff = Annotated[bool, typer.Option("--diff", help="Print what would change as a diff and write nothing.")]
Review = Annotated[bool, typer.Option("--review", help="Decide every change at the terminal, and keep the answers as a plan.")]
Plan = Annotated[
    Path | None,
    typer.Option("--plan", metavar="FILE", help="Answers of a review: replayed, or with --review kept.", show_default="OUT.plan.json"),
]
Check = Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 where something would change.")]
Certified = Annotated[CertifiedChoice, typer.Option("--format", help="Form of the answer.")]
Plain = Annotated[PlainChoice, typer.Option("--format", help="Form of the answer.")]


def value_of(choice: Enum | None) -> Any:
    """The value of an option as the rest of the program has it; None where it is not given."""
    return choice.value if choice else None
