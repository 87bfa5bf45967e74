"""What becomes of credential files, and of the code that opens them."""

from __future__ import annotations

from converters import rules
from converters.concepts import dotenv
from converters.credentials import openers
from converters.ir import Application, Disposition, Origin, Scope
from converters.ledger import Ledger
from converters.project import Project

LEFT_OUT, OPENED = rules.FS010, rules.FS011
MOST = 12
"""Variables of a file that its item names."""


def settle_files(project: Project, application: Application, ledger: Ledger, *, in_place: bool = False) -> None:
    """An item for each file that was left out, and one for each place that opens it by its name."""
    for path, one in project.withheld.items():
        origin = Origin(file=path, line=1)
        variables = dotenv.names(one.file) if is_environment(path) else []
        listed = f" ({', '.join(variables[:MOST])}{' ...' if len(variables) > MOST else ''})" if variables else ""
        if in_place:
            message = (
                f"holds {one.what}{listed}, and stays in the tree: name it in `.dockerignore`, so that no COPY takes it into the image."
            )
            ledger.note(LEFT_OUT, Disposition.MANUAL, message, origin, scope=Scope.DEPLOY)
        else:
            message = f"holds {one.what}{listed}: it is left out of the output, so that `fal deploy` uploads nothing of it"
            ledger.note(LEFT_OUT, Disposition.DROPPED, message, origin)
    if not project.withheld:
        return
    for opened in openers.find(project, application):
        ledger.note(OPENED, Disposition.MANUAL, advice(opened.path), opened.origin)


def is_environment(path: str) -> bool:
    """Whether a credential file is one of variables, such as `.env.local` or `prod.env`."""
    return ".env" in path.rpartition("/")[2]


def advice(path: str) -> str:
    """What to do where a file that was left out is needed."""
    if is_environment(path):
        todo = "set its variables with `fal secrets set`; remove the line, or let it pass over a missing file."
    else:
        todo = f'put its content into a secret (`fal secrets set NAME="$(cat {path})"`), and read it from the variable.'
    return f"opens {path}, which is left out since it holds credentials: {todo}"
