"""What is written from the rules is what they say: docs/rules.md, and the names by which code cites them."""

from __future__ import annotations

import ast
from pathlib import Path

from converters import rules
from converters.rules import CODE, all_rules, codes
from converters.rules.__main__ import REGISTRY, registry
from converters.rules.document import document

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs/rules.md"


def test_the_document_is_up_to_date() -> None:
    assert DOCUMENT.read_text() == document(), "write it anew: python -m converters.rules"


def test_every_rule_has_a_section() -> None:
    text = DOCUMENT.read_text()
    assert [rule.code for rule in all_rules() if f"\n## {rule.code}\n" not in text] == []


def test_every_rule_has_its_name() -> None:
    assert REGISTRY.read_text() == registry(), "write it anew: python -m converters.rules"
    assert {name: getattr(rules, name) for name in codes()} == {code: code for code in codes()}


def test_no_code_of_a_rule_is_written_out() -> None:
    """A misspelt `rules.RP999` is found by the type checker; a misspelt "RP999" would be by nobody."""
    files = [path for path in ROOT.glob("converters/**/*.py") if "rules" not in path.relative_to(ROOT).parts]
    strings = (
        (path.name, node.lineno, node.value)
        for path in files
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    assert [found for found in strings if CODE.match(found[2])] == []
