"""The findings of `migrate check`: what the preflight of a fal project says."""

from __future__ import annotations

from collections.abc import Sequence

from converters import preflight
from converters.findings.context import Context, documentation, expected
from converters.findings.finding import Finding
from converters.findings.identity import identified, named
from converters.findings.wording import split


def findings(found: Sequence[preflight.Finding], context: Context) -> list[Finding]:
    """What was found, in the same order. The command of each shows it alone."""
    ids = identified(found, lambda one: (one.rule, one.file, one.about or named(one.message)))
    return [_finding(id, one, context) for id, one in ids]


def _finding(id: str, one: preflight.Finding, context: Context) -> Finding:
    observed, todo = split(one.message)
    edit = context.edit(one.suggestion)
    return Finding(
        id=id,
        rule=one.rule,
        scope=one.scope.value,
        file=one.file,
        line=one.line,
        place="app",
        about=one.about or named(one.message),
        observed=observed,
        expected=expected(one.rule),
        todo=todo,
        evidence=context.quoted(context.files, one.file, one.line),
        edit=edit,
        applies_in=context.folder if edit is not None else None,
        documentation=documentation(one.rule),
        reproduce=f"{context.reproduce} --finding {id}",
    )
