"""One conversion of a project's callers from folder to outcome. Nothing is executed, written or raised."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from converters.callers.analyze import analyze
from converters.compiled import must_compile
from converters.convert import failed, note_skipped
from converters.errors import UsageError
from converters.ledger import Ledger
from converters.outcome import Converted, Outcome
from converters.project import open_project
from converters.targets.write import kept_file


def convert_callers(path: Path, apps: Mapping[str, str], *, every_app_used: bool = False) -> Outcome:
    """Rewrite the calls in the project at `path`; `apps` maps endpoint ids and model names to fal apps (`owner/app`).

    Where `every_app_used` is asked for, raises `UsageError` for an app whose endpoint nothing calls.
    """
    root = path
    try:
        project = open_project(path)
        only = project.files.get(path.name) if path.is_file() else None
        root = project.root
        ledger = Ledger()
        application = analyze(project, apps, ledger, every_app_used=every_app_used, only=only.path if only else "")
        files = [kept_file(file, [edit for edit in application.edits if edit.file == file.path]) for file in project.files.values()]
        note_skipped(project, ledger)
        must_compile(files)
        ledger.close()
        return Converted(root, application, ledger, tuple(files), project.name)
    except UsageError:
        raise
    except Exception as error:
        return failed(error, root)
