"""A predictor's Python file as it is given on the command line: the cog.yaml that names it is what is converted."""

from __future__ import annotations

import re

from converters.callers.python import is_caller
from converters.errors import Unreadable
from converters.project import COG_FILES, COG_TEMPLATES, Project
from converters.python.code import Code


def configuration_of(project: Project, name: str) -> str:
    """The cog.yaml beside a Python file that names it; '' for a file that is no predictor. Raises `Unreadable` for one that none names."""
    for file in (*COG_FILES, *COG_TEMPLATES):
        if file in project.files and re.search(rf"\b{re.escape(name)}\b", project.files[file].text):
            return file
    code = Code(project)
    module = code.module(name)
    if module is not None and re.search(r"^\s*(import cog\b|from cog\b)", module.text, re.MULTILINE) and not is_caller(code, module):
        raise Unreadable("is a Cog predictor, and no cog.yaml beside it names it.", file=name, hint="Give the folder of its cog.yaml.")
    return ""
