"""What sort of work the findings of a rule are."""

from __future__ import annotations

from collections.abc import Mapping

from converters import rules
from converters.brief.task import Kind
from converters.findings.finding import Finding

_RULES: Mapping[Kind, tuple[str, ...]] = {
    "missing-file": (rules.PF004, rules.PF005, rules.PF006, rules.DK016, rules.DK017, rules.RC013, rules.RC023),
    "ignored-file": (rules.PF007, rules.DK038, rules.FS010),
    "import": (rules.PF003, rules.PF011, rules.RC037, rules.RP038),
    "syntax": (rules.PF001, rules.FS005),
    "requirement": (rules.PF032, rules.PF033, rules.PF034, rules.PF036, rules.ENV008, rules.ENV010, rules.RC022),
    "system-package": (rules.PF009, rules.PF035),
    "interpreter": (rules.PF030, rules.PF031, rules.ENV009),
    "machine": (rules.PF020, rules.RP043, rules.RP044, rules.RP050, rules.DK037, rules.RC020),
    "start": (rules.PF050, rules.PF051, rules.RP004, rules.RP016, rules.RP052, rules.DK020, rules.DK043),
    "network": (rules.DK021, rules.DK022, rules.DK024, rules.DK032, rules.DK044, rules.DK045, rules.DK046),
    "data": (rules.FS001, rules.PF040, rules.PF041, rules.PF042, rules.DK031, rules.RC028, rules.RC034, rules.RP017),
    "secret": (
        *(rules.ENV004, rules.ENV005, rules.ENV011, rules.ENV020, rules.ENV021, rules.FS011, rules.PF010, rules.PF021),
        *(rules.DK030, rules.RC012, rules.RC027, rules.RC030, rules.RC035, rules.RP032, rules.RP048),
    ),
}
_OF_RULES = {rule: kind for kind, codes in _RULES.items() for rule in codes}


def kind_of(finding: Finding) -> Kind:
    """The kind of a finding; of rules that the table does not hold, `code` where a file changes and `setting` elsewhere."""
    command = finding.rule.partition(".")[0]
    if command in ("verify", "rehearse"):
        return "behaviour" if command == "verify" else "build"
    return _OF_RULES.get(finding.rule, "code" if finding.scope == "code" else "setting")
