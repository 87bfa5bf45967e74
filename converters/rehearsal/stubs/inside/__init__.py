"""What stubs load in a rehearsed image: ``_fal_migrate_stubs.py`` and, beside it, the doubles of verification as a package."""

from __future__ import annotations

ENTRY = "_fal_migrate_stubs"
DOUBLES = "_fal_migrate_doubles"
MODULES = (
    "answers", "bytecode", "callbacks", "classes", "contents", "describe", "expression", "files", "frames", "imports", "names", "patience",
    "record", "statement", "trace", "writing",
)  # fmt: skip
"""The modules of ``verify.child`` that a double needs."""
