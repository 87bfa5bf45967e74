"""Interpreters that uv would fetch from where no rehearsal reaches: they lie where uv looks for those that it has fetched."""

from __future__ import annotations

import re
from dataclasses import replace

from converters.rehearsal.bases.made import SUITE_IMAGE, Base, collected, placed, python_of, runs_on

_ASKED = re.compile(
    r"\buv\s+python\s+install\s+['\"]?(?:cpython-?|python)?(3\.\d+)"
    r"|\buv\s+(?:venv|sync|run|pip\s+\w+)\b[^\n;&|]*?\s(?:--python|-p)[ =]['\"]?(?:python)?(3\.\d+)"
    r"|\bUV_PYTHON[ =]['\"]?(?:python)?(3\.\d+)"
)


def asked(text: str) -> str:
    """The minor of the interpreter that a Dockerfile has uv find; empty where it names none."""
    match = _ASKED.search(text)
    return next(filter(None, match.groups())) if match else ""


def with_managed(found: Base, minor: str) -> Base:
    """A stand-in that is a release without an interpreter of its own, with one for uv: on a later release where it must be."""
    source = python_of(minor)
    if source.python != minor or len(found.suites) != 1 or " AS python\n" in found.text:
        return found
    wanted = found.suites[0]
    target = runs_on(source, wanted)
    text = found.text.replace(f"{SUITE_IMAGE}:{wanted.name}", f"{SUITE_IMAGE}:{target.name}")
    text = text.replace(f"ubuntu{wanted.version.replace('.', '')}", f"ubuntu{target.version.replace('.', '')}")
    prefix = f"/root/.local/share/uv/python/cpython-{minor}.0-linux-x86_64-gnu"
    base = replace(found, text=text, suites=(target,))
    other = f"{target.title} stands in for {wanted.title}, on which Python {minor} does not run"
    differs = found.differs if target is wanted else (*found.differs, other)
    return Base(
        found.image,
        f"{collected(source)}FROM {base.tag}\n{placed(prefix)}",
        (source,),
        (base,),
        f"{found.by.replace(wanted.title, target.title)}, and Python {minor} of {source.title} for uv",
        differs,
    )
