"""One conversion of a project's callers from folder to outcome. Nothing is executed, written or raised."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from converters import entries, ignores
from converters.callers.analyze import CallsFal, analyze
from converters.compiled import must_compile
from converters.convert import failed, masked, note_skipped
from converters.credentials.account import settle_files
from converters.credentials.seal import seal
from converters.credentials.vault import Vault, collect
from converters.credentials.withhold import withhold, withhold_items
from converters.errors import UsageError
from converters.ledger import Ledger
from converters.outcome import Converted, FileChange, Outcome, Unchanged
from converters.project import open_project
from converters.targets.output_files import kept_file


def convert_callers(
    path: Path, apps: Mapping[str, str], *, every_app_used: bool = False, storage: Mapping[str, Any] | None = None
) -> Outcome:
    """Rewrite the calls in the project at `path`; `apps` maps endpoint ids, model names and addresses to fal apps (`owner/app`).

    `storage` is the lifecycle preference that each request carries, None for none (see `apps.storage_of`).

    Where `every_app_used` is asked for, raises `UsageError` for an app whose endpoint nothing calls.
    """
    root, vault = path, Vault()
    try:
        entries.check(path)
        project = open_project(path)
        only = project.files.get(path.name) if path.is_file() else None
        root = project.root
        vault = collect(project)
        ledger = Ledger(ignores=ignores.comments(project))
        ignores.refuse(ledger)
        application = analyze(project, apps, ledger, every_app_used=every_app_used, only=only.path if only else "", storage=storage)
        note_skipped(project, ledger)
        settle_files(project, application, ledger)
        withhold(application, vault, ledger)
        kept = {path: kept_file(file, [edit for edit in application.edits if edit.file == path]) for path, file in project.files.items()}
        files = seal(kept, set(), [], vault, ledger).files
        gone = [FileChange(path, "removed", None) for path in project.withheld]
        must_compile(list(files.values()))
        ledger.close()
        ignores.note_unused(ledger)
        withhold_items(ledger, vault)
        return Converted(root, application, ledger, (*files.values(), *gone), project.name, vault)
    except UsageError as error:
        raise masked(error, vault) from error
    except CallsFal:
        return Unchanged(root, "a caller of fal")
    except Exception as error:
        return failed(error, root, vault=vault)
