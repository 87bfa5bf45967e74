"""Findings: what a program can act on, of every document that the commands print.

Each module `of_*` reads one kind of finished document and adds nothing to it: `of_report` a conversion (of a project or its callers),
`of_check` the preflight of a fal project, `of_certificates` what `migrate verify` prints, `of_rehearsals` what `migrate rehearse` does.

- `finding` is the type and its JSON (`converters/reports/findings.schema.json`); `identity` gives the ids.
- `wording` tells what was found from what is to be done, in a message that says both.
- `edits` makes a unified diff of what a check knows to be right; `tracebacks` reads the frames of a program's own traceback.
"""

from converters.findings.finding import Evidence, Finding

__all__ = ["Evidence", "Finding"]
