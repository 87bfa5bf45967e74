"""What fal's client does on the machine that deploys, and what it calls the errors that it hands out (fal 1.83, fal-client 1.0)."""

from __future__ import annotations

from converters.escape import shell
from converters.measured import FAL

VERSION = FAL.release
"""The release of `fal` that outputs are written for, which deploys them."""
LEFT_OUT = (
    ".git",
    ".gitignore",
    ".dockerignore",
    "Dockerfile",
    "Dockerfile.*",
    "*.md",
    "__pycache__",
    "*.pyc",
    ".DS_Store",
    ".venv",
    "venv",
    ".env",
    "node_modules",
)
"""What it leaves out of a build context where there is no `.dockerignore`."""
APP_FILES_LEFT_OUT = (r"\.pyc$", r"__pycache__/", r"\.git/", r"\.DS_Store$")
"""What it leaves out of `app_files` where an app states no `app_files_ignore`: regular expressions."""
ERROR_TYPES = {"timeout": "request_timeout", "cancelled": "client_cancelled"}
"""What `Completed.error_type` holds for a request that ran out of time, and for one that its caller took back."""


def deployment(app: str, python: str = "") -> str:
    """The command that deploys an app, under the minor version of `python` that its file states; '' where it states none.

    Without `--no-project` uv would install what a pyproject.toml beside the app lists.
    """
    interpreter = f" --python {shell(python)}" if python else ""
    return f"uv run --no-project{interpreter} --with fal=={VERSION} fal deploy {shell(app)}"
