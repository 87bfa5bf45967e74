"""docs/rules.md is what the rules say."""

from __future__ import annotations

from pathlib import Path

from converters.rules import all_rules
from converters.rules.document import document

DOCUMENT = Path(__file__).parents[2] / "docs/rules.md"


def test_the_document_is_up_to_date() -> None:
    assert DOCUMENT.read_text() == document(), "write it anew: python -m converters.rules > docs/rules.md"


def test_every_rule_has_a_section() -> None:
    text = DOCUMENT.read_text()
    assert [rule.code for rule in all_rules() if f"\n## {rule.code}\n" not in text] == []
