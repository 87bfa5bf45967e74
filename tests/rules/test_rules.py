"""Every rule is what its cases say, and the rules and the code that cites them know the same codes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from converters.rules import CODE, Case, Rule, all_rules, codes, find
from converters.testing import check_acting, check_case, check_untouched
from tests.rules.projects import REACHED, converted_once

ROOT = Path(__file__).parents[2]
RULES = all_rules()
CITED = re.compile(r"\b(?:RP|RC|DK|ENV|FS|CL|FAL|ALL|PF)\d{3}\b")
CASES = [pytest.param(rule, case, id=f"{rule.code}-{case.id}") for rule in RULES for case in rule.cases]
UNTOUCHED = [pytest.param(rule, case, id=f"{rule.code}-{case.id}") for rule in RULES for case in rule.cases if case.kind == "untouched"]
ACTING = [pytest.param(rule, case, id=f"{rule.code}-{case.id}") for rule in RULES for case in rule.cases if case.kind != "untouched"]


# Nothing happens where nothing should


@pytest.mark.parametrize(("rule", "case"), UNTOUCHED)
def test_an_untouched_case_is_left_alone(rule: Rule, case: Case) -> None:
    check_untouched(rule, case, converted_once(rule, case))


# What a rule does


@pytest.mark.parametrize(("rule", "case"), ACTING)
def test_an_acting_case_names_the_rule(rule: Rule, case: Case) -> None:
    check_acting(rule, case, converted_once(rule, case))


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_a_case_comes_out_as_it_says(rule: Rule, case: Case) -> None:
    check_case(rule, case, converted_once(rule, case))


def test_every_call_of_the_ledger_is_reached_by_a_case_of_the_rule_that_it_cites() -> None:
    from benchmarks.rules import missed

    for rule in RULES:
        for case in rule.cases:
            converted_once(rule, case)
    assert missed(REACHED) == []


# The registry


def test_every_code_that_is_cited_has_a_rule_and_every_rule_is_cited() -> None:
    cited = set()
    for path in [*ROOT.glob("converters/**/*.py"), *ROOT.glob("templates/**/*.j2")]:
        if "rules" not in path.relative_to(ROOT).parts:
            cited |= set(CITED.findall(path.read_text()))
    assert cited - set(codes()) == set(), "cited without a rule"
    assert set(codes()) - cited == set(), "never cited"


def test_a_file_is_named_after_its_rule() -> None:
    assert all(find(code) is not None for code in codes())
    assert [rule.code for rule in RULES] == list(codes())
    assert all(CODE.match(rule.code) for rule in RULES)


def test_every_rule_says_what_it_does() -> None:
    for rule in RULES:
        sentences = re.findall(r"[.?!](?=\s|$)", " ".join(rule.explanation.split()))
        assert 2 <= len(sentences) <= 6, (rule.code, len(sentences))
        assert rule.title and not rule.title.endswith("."), rule.code
        assert len(rule.links) >= 1 and all(link.startswith("https://") for link in rule.links), rule.code


def test_every_rule_has_a_case_in_which_it_acts() -> None:
    assert [rule.code for rule in RULES if all(case.kind == "untouched" for case in rule.cases)] == []


def test_the_names_of_cases_are_sentences_of_their_own() -> None:
    names = [(rule.code, case.id) for rule in RULES for case in rule.cases]
    assert len(set(names)) == len(names)
    assert [name for name in names if len(name[1].split()) < 4 or name[1].endswith(".")] == []


def test_two_cases_in_five_show_that_nothing_happens() -> None:
    assert len(UNTOUCHED) >= 0.4 * len(CASES), f"{len(UNTOUCHED)} of {len(CASES)}"


def test_finding_a_rule_imports_no_other_part_of_the_program() -> None:
    program = "import sys, converters.rules as r; r.find('rp002'); print(sorted(m for m in sys.modules if m.split('.')[0] in HEAVY))"
    heavy = {"pydantic", "libcst", "fal", "jinja2", "rich", "typer", "yaml"}
    done = subprocess.run(
        [sys.executable, "-c", program.replace("HEAVY", repr(heavy))], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
