"""Which forms of a report there are: `text`, `json`, and every module of `formats/`."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from converters.review.changes import FileReview

Document = dict[str, Any]


def certificates_as_text(certificates: Any) -> str:
    """Certificates for a person, where a form has nothing of its own for them."""
    from converters.verify.report import as_text

    return as_text(certificates)


@dataclass(frozen=True)
class Form:
    """A form of a report. `is_alone`: a program reads it as it is, so nothing else stands beside it on standard output.

    `render_review`: what a form is that shows the changed lines, too; None for one that does not.
    """

    render: Callable[[Document], str]
    render_batch: Callable[[Document], str]
    render_certificates: Callable[[Any], str] = certificates_as_text
    is_alone: bool = False
    render_review: Callable[[Document, Sequence[FileReview]], str] | None = None


@cache
def formats() -> tuple[str, ...]:
    """The values of `--format`."""
    from converters.reports import formats as folder

    return ("text", "json", *(module.name for module in pkgutil.iter_modules(folder.__path__)))


def form(name: str) -> Form:
    """The form that a module of `formats/` is. Raises `ValueError` for one that does not exist."""
    if name not in formats()[2:]:
        raise ValueError(f"no report format is called {name!r}")
    found = import_module(f"converters.reports.formats.{name}").form
    assert isinstance(found, Form)
    return found


def shows_changes(name: str) -> bool:
    """Whether a value of `--format` shows the changed lines themselves."""
    return name not in ("text", "json") and form(name).render_review is not None
