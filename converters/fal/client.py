"""What fal's client does on the machine that deploys, and what it calls the errors that it hands out (fal 1.83, fal-client 1.0)."""

from __future__ import annotations

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
