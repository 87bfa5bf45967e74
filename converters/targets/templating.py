"""Jinja2 set up for generated code: every value of a project passes through a serializer."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converters.concepts.literals import source_of
from converters.escape import cell, code, code_cell, comment, docstring, prose, shell

if TYPE_CHECKING:
    from jinja2 import Environment

WIDTH = 120


def folder() -> Path:
    """Where the templates are: inside the installed package, or at the top of a checkout."""
    installed = Path(__file__).resolve().parent.parent / "_templates"
    return installed if installed.is_dir() else Path(__file__).resolve().parents[2] / "templates"


@lru_cache(maxsize=2)
def environment(*, html: bool = False) -> Environment:
    """The environment with the filters that templates use; undefined names are errors, and `html` escapes every value."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(folder()),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=html,
    )
    made.filters["py"] = source_of
    made.filters["pylist"] = listing
    made.filters["comment"] = comment
    made.filters["docstring"] = docstring
    made.filters["prose"] = prose
    made.filters["cell"] = cell
    made.filters["code"] = code
    made.filters["code_cell"] = code_cell
    made.filters["shell"] = shell
    return made


def render(template: str, **values: Any) -> str:
    return environment().get_template(template).render(**values)


def listing(values: list[Any], indent: int = 4, used: int = 0) -> str:
    """A list literal on one line where it fits, else one item a line; `used`: columns taken before it."""
    flat = source_of(values)
    if len(flat) + used + indent <= WIDTH:
        return flat
    inner = " " * (indent + 4)
    return "[\n" + "".join(f"{inner}{source_of(value)},\n" for value in values) + " " * indent + "]"
