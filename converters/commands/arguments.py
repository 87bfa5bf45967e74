"""Joins the command line with `[tool.fal-migrate]`: what is typed counts, then what the project states, then our defaults."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from converters.answers import load as load_plan
from converters.commands import repeat
from converters.commands.config import Config, read_config
from converters.commands.conversion import Request
from converters.commands.openapi import load
from converters.errors import MigrateError, UsageError
from converters.fal import settings as catalogue
from converters.options import STYLE_SYNONYMS, Options
from converters.targets.overrides import known_rules

if TYPE_CHECKING:
    from converters.resolver import Resolver


def request_of(path: Path, *, format: str | None = None, **typed: Any) -> Request:
    """The request that a command line stands for; `typed` are the options of `migrate PATH`, None where not given."""
    try:
        return _request(path, read_config(path), {**typed, "format": format})
    except MigrateError as error:
        if format == "json":
            print_refusal(path, error, repeat.conversion(path, typed))
        raise


def stated_options(path: Path) -> Options:
    """What the project at `path` states, for commands that have no options of their own."""
    return options_of(read_config(path), {})


def options_of(config: Config, typed: dict[str, Any]) -> Options:
    """What decides the output."""
    endpoint = _file(typed, config, "endpoint-config", "the JSON that the platform exports")
    image = _file(typed, config, "image-config", "the JSON that `docker image inspect` prints")
    document = typed.get("openapi") or config.path("openapi")
    style = _first(typed, config, "style", "auto")
    stated = {**(config.get("set") or {}), **dict(catalogue.parsed(text) for text in typed.get("settings") or ())}
    catalogue.checked(stated)
    return Options(
        target=_first(typed, config, "target", "auto"),
        style=STYLE_SYNONYMS.get(style, style),
        name=_first(typed, config, "name", ""),
        idiomatic=_first(typed, config, "idiomatic", False),
        realtime=_first(typed, config, "realtime", False),
        endpoint_config=endpoint,
        image_config=image,
        openapi=load(str(document)) if document is not None else None,
        settings=stated,
        only=known_rules("--only", typed.get("only") or config.get("only") or ()),
        skip=known_rules("--skip", typed.get("skip") or config.get("skip") or ()),
        ignores=config.ignores,
        answers=load_plan(typed["plan"]) if typed.get("plan") and not typed.get("review") else None,
        in_place=bool(typed.get("in_place")),
        resolve=resolver() if typed.get("resolve") else None,
        unit=typed.get("unit") or "",
    )


def resolver() -> Resolver:
    """uv. Raises `UsageError` where it is not installed."""
    from converters.preflight import uv

    uv.program()
    return uv.resolve


def shard_of(text: str) -> tuple[int, int]:
    """`I/N` of --shard, counted from 1."""
    part, slash, whole = text.partition("/")
    if slash and part.isdecimal() and whole.isdecimal() and 1 <= int(part) <= int(whole):
        return int(part), int(whole)
    raise UsageError(f"--shard {text!r} is not of the form I/N with 1 <= I <= N.", hint="For example: --shard 1/4.")


def _request(path: Path, config: Config, typed: dict[str, Any]) -> Request:
    if typed.get("in_place") and typed.get("output"):
        raise UsageError("--in-place writes into the project and --output beside it.", hint="Give one of them.")
    if typed.get("diff") and typed.get("check"):
        raise UsageError("--diff shows what --check only counts.", hint="Give one of them.")
    if typed.get("verify") and (typed.get("in_place") or typed.get("diff") or typed.get("check")):
        raise UsageError("--verify runs what was written beside the source.", hint="Give it without --in-place, --diff and --check.")
    if typed.get("rehearse") and (typed.get("diff") or typed.get("check")):
        raise UsageError("--rehearse builds what was written.", hint="Give it without --diff and --check.")
    if typed.get("commit") and (not typed.get("in_place") or typed.get("diff") or typed.get("check")):
        raise UsageError("--commit commits what --in-place writes.", hint="Give both, without --diff and --check.")
    if typed.get("review") and (typed.get("diff") or typed.get("check") or typed.get("quiet")):
        raise UsageError("--review asks before it writes.", hint="Give it without --diff, --check and --quiet; --plan goes with them.")
    return Request(
        path=path,
        options=options_of(config, typed),
        commit=bool(typed.get("commit")),
        review=bool(typed.get("review")),
        plan=typed.get("plan"),
        output=typed.get("output") or config.path("output"),
        force=bool(typed.get("force")),
        diff=bool(typed.get("diff")),
        check=bool(typed.get("check")),
        verify=bool(typed.get("verify")),
        rehearse=bool(typed.get("rehearse")),
        fail_on=_first(typed, config, "fail-on", "manual"),
        format=_first(typed, config, "format", "text"),
        quiet=bool(typed.get("quiet") or config.get("quiet")),
        asked=repeat.asked(path, typed),
        again=repeat.conversion(path, typed),
    )


def _file(typed: dict[str, Any], config: Config, key: str, what: str) -> Path | None:
    """A file that an option names. Raises `UsageError` where it is none."""
    path: Path | None = typed.get(key.replace("-", "_")) or config.path(key)
    if path is not None and not path.is_file():
        raise UsageError("is no file.", file=str(path), hint=f"--{key} takes {what}.")
    return path


def _first(typed: dict[str, Any], config: Config, key: str, default: Any) -> Any:
    value = typed.get(key.replace("-", "_"))
    if value is None:
        value = config.get(key)
    return default if value is None else value


def print_refusal(path: Path, error: MigrateError, again: str = "") -> None:
    """The one JSON document of a command that was refused. `again`: that command, for a shell."""
    from converters.commands.actionable import of_conversion
    from converters.reports.json import failure, render
    from converters.terminal import print_text

    made = failure(path, "unreadable" if error.code == 5 else "refused", error, error.code)
    print_text(render({**made, "findings": of_conversion(made, None, again or repeat.conversion(path, {}))}))
