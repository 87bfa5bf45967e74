"""`flask run` finds its application: by FLASK_APP or `--app`, else in app.py or wsgi.py of the working directory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from converters import rules
from converters.containers.dockerfile import command_line
from converters.preflight.checks.context import brings_more, listed
from converters.preflight.deployment import Deployment
from converters.preflight.finding import Finding

FILES = ("app.py", "wsgi.py", "app/__init__.py", "wsgi/__init__.py")
VARIABLES = (".env", ".flaskenv")
"""Files by which python-dotenv may set FLASK_APP."""


def check(deployment: Deployment) -> Iterator[Finding]:
    """PF006: a server that `flask run` starts without an application that it would find."""
    image, program, cwd = deployment.image, deployment.program, deployment.runner.cwd
    if image is None or program.kind != "server" or not cwd or brings_more(image):
        return
    stated = program.image
    overridden = [*listed(stated.entrypoint), *listed(stated.cmd)] if stated is not None else []
    text = " ".join(overridden or command_line(image.stage) or ())
    words = [PurePosixPath(word).name for word in text.split()]
    runs = "flask" in words and "run" in words[words.index("flask") :]
    named = re.search(r"FLASK_APP|--app\b|(^|\s)-A\b|\bcd\s|\.sh\b", text) or "FLASK_APP" in image.stage.env
    there = [f"{cwd.rstrip('/')}/{name}" for name in (*FILES, *VARIABLES)]
    if runs and not named and not any(place in image.layout.files for place in there):
        start = image.stage.entrypoint or image.stage.cmd
        line = image.line_of(start.line if start is not None else image.stage.line)
        message = f"`flask run` looks for app.py or wsgi.py, and {cwd} has neither: set FLASK_APP to the module of the application."
        yield Finding(image.image.file, line, rules.PF006, message, about="FLASK_APP")
