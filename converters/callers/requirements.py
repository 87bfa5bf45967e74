"""requirements.txt beside rewritten callers: fal-client where RunPod's or Replicate's package was."""

from __future__ import annotations

import re

from converters import rules
from converters.ir import Disposition, Edit, Origin, Scope
from converters.ledger import Ledger
from converters.project import Project, SourceFile
from converters.python.code import Code

RULE = rules.CL015
CLIENT = "fal-client>=1.0"
FILE = re.compile(r"(?:^|/)requirements[\w.-]*\.txt$")
PACKAGE = re.compile(
    r"^(?P<name>runpod|replicate)(?:\[[^\]]*\])?(?P<rest>[ \t]*(?:[=<>!~;@][^\r\n#]*)?)(?=[ \t]*(?:#|\r?$))", re.MULTILINE | re.IGNORECASE
)
REASON = "the rewritten calls need fal-client"


def add(project: Project, code: Code, edits: list[Edit], ledger: Ledger) -> None:
    """Write fal-client into the requirements files that cover the rewritten Python files; say so where there is none."""
    changed = sorted({edit.file for edit in edits if edit.file.endswith(".py") and "fal_client" in edit.replacement})
    files = [file for path, file in project.files.items() if FILE.search(path)]
    listing = [file for file in files if PACKAGE.search(file.text)] or [file for file in files if file.name == "requirements.txt"]
    covered: set[str] = set()
    for file in listing:
        below = [path for path in changed if path.startswith(f"{file.folder}/" if file.folder else "")]
        if below and "fal-client" not in file.text:
            edits += _edits(project, code, file, edits, ledger)
        covered |= set(below)
    for path in changed:
        if path not in covered:
            text = (
                "the program needs the package `fal-client` (pip install fal-client), and no requirements.txt was found to write it into."
            )
            ledger.note(RULE, Disposition.MANUAL, text, Origin(file=path, line=1), scope=Scope.DEPLOY)


def _edits(project: Project, code: Code, file: SourceFile, edits: list[Edit], ledger: Ledger) -> list[Edit]:
    """The old package's line becomes fal-client's where nothing imports it any more, else a line is added."""
    for found in PACKAGE.finditer(file.text):
        line = file.text.count("\n", 0, found.start()) + 1
        package = found["name"].lower()
        construct = ledger.record("requirement", package, Origin(file=file.path, line=line))
        if _is_imported(project, code, package, edits):
            ledger.settle(construct, RULE, Disposition.KEPT, f"`{package}` is still imported")
            continue
        ledger.settle(construct, RULE, Disposition.CONVERTED, REASON)
        return [Edit(file=file.path, start=found.start(), end=found.end(), replacement=CLIENT, rule=RULE, reason=REASON)]
    newline = "\r\n" if "\r\n" in file.text else "\n"
    start = len(file.text)
    text = ("" if not file.text or file.text.endswith("\n") else newline) + CLIENT + newline
    return [Edit(file=file.path, start=start, end=start, replacement=text, rule=RULE, reason=REASON)]


def _is_imported(project: Project, code: Code, package: str, edits: list[Edit]) -> bool:
    """Whether a file still imports a package once the edits are made."""
    for path in project.files:
        module = code.module(path) if path.endswith(".py") else None
        for bound in code.imports(module).values() if module else ():
            if bound.dotted.split(".")[0] == package and not bound.level and module:
                start, end = module.span(bound.node)
                if not any(edit.file == path and edit.start <= start and end <= edit.end for edit in edits):
                    return True
    return False
