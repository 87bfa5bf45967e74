"""Commands in exec form that Docker does not take for lists."""

from __future__ import annotations

import re

from converters import rules
from converters.containers.dockerfile_words import after_json, is_json_array
from converters.containers.packaging import Packaging
from converters.ir import Disposition
from converters.ledger import Ledger


def settle(found: Packaging, ledger: Ledger) -> None:
    """A command in exec form with something behind its list, which Docker's newer builders read as one line for a shell."""
    for instruction in found.dockerfile.instructions:
        rest = after_json(instruction.value) if instruction.keyword in ("CMD", "ENTRYPOINT") else ""
        if rest and instruction.stage == found.stage.index:
            message = (
                f"`{rest[:60]}` stands behind the list of {instruction.keyword}: newer versions of Docker take all of it for shell text, "
                "which starts nothing. Remove it."
            )
            ledger.note(rules.DK020, Disposition.MANUAL, message, found.origin(instruction.line))
        elif instruction.keyword in ("CMD", "ENTRYPOINT") and instruction.stage == found.stage.index and _broken_list(instruction.value):
            message = (
                f"{instruction.keyword} is no list in JSON (texts in double quotes, commas between them), so that Docker hands it to "
                "a shell, which starts nothing: correct it."
            )
            ledger.note(rules.DK020, Disposition.MANUAL, message, found.origin(instruction.line))


def _broken_list(value: str) -> bool:
    """Whether a command is meant as a list and is none: `["a", PORT]`, `['a', 'b']`; `[ -f x ] && run` is a test of the shell."""
    text = value.strip()
    return re.match(r"^\[\s*[\"'][^\]]*\]$", text, re.DOTALL) is not None and not is_json_array(text)
