"""An exception that nothing foresaw: our bug, kept as a report for an issue."""

from __future__ import annotations

import sys
import traceback

from converters import __version__
from converters.credentials.recognize import Dialect
from converters.credentials.vault import Vault
from converters.errors import ExitCode
from converters.terminal import print_error, save_report


def report_bug(error: Exception, arguments: list[str]) -> int:
    """Save the report, its secrets masked, and name its file on standard error."""
    vault = Vault()
    vault.read("", " ".join(arguments), Dialect.CONFIG)
    head = f"fal-migrate {__version__}, Python {sys.version}\nmigrate {' '.join(arguments)}\n\n"
    report = save_report(vault.mask(head + "".join(traceback.format_exception(error)), Dialect.CONFIG))
    print_error(f"internal error: {vault.mask(f'{type(error).__name__}: {error}')}. The report for an issue is in {report}")
    return ExitCode.BUG
