"""`python -m converters.rules` writes what is made from the rules: `registry.py`, and docs/rules.md of a checkout."""

from __future__ import annotations

from pathlib import Path

from converters.rules import codes
from converters.rules.document import document

REGISTRY = Path(__file__).with_name("registry.py")
DOCUMENT = Path(__file__).parents[2] / "docs" / "rules.md"
HEAD = '"""A name for every rule, by which code cites it: `rules.RP032`. Written by `python -m converters.rules`."""'


def registry() -> str:
    """The text of `registry.py`."""
    names = "\n".join(f'{code}: Final = "{code}"' for code in codes())
    public = "\n".join(f'    "{code}",' for code in codes())
    return f"{HEAD}\n\nfrom typing import Final\n\n__all__ = [\n{public}\n]\n\n{names}\n"


if __name__ == "__main__":
    REGISTRY.write_text(registry())
    DOCUMENT.write_text(document())
