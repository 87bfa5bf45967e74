"""Studies of the fixtures, each run once."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from converters.convert import convert
from converters.options import Options, Target
from converters.outcome import Converted
from converters.output import write
from converters.project import open_project
from converters.verify.certificate import Certificate
from converters.verify.handler import HandlerStudy
from converters.verify.servers.study import ServerStudy
from converters.verify.settings import Settings
from converters.verify.study import Study

FIXTURES = Path(__file__).parents[2] / "fixtures"


@dataclass(frozen=True)
class Studied:
    """A study that was run: ``before`` are the digests of both trees from before it."""

    study: Study
    certificate: Certificate
    source: Path
    written: Path
    before: tuple[dict[str, str], dict[str, str]]

    def with_bug(self, file: str, old: str, new: str, folder: Path) -> Path:
        """A copy of the conversion in which one place is changed."""
        changed = folder / "changed"
        shutil.copytree(self.written, changed)
        text = (changed / file).read_text()
        assert text.count(old) == 1, text
        (changed / file).write_text(text.replace(old, new))
        return changed


def studied(source: Path, folder: Path, *, seconds: float = 600, patience: float = 15, drawn: int = 2, target: Target = "auto") -> Studied:
    """Convert a project, and run both sides of its first app."""
    outcome = convert(source, Options(target=target))
    assert isinstance(outcome, Converted), outcome
    written = Path(write(outcome, folder / "out").path)
    before = digests(source), digests(written)
    settings = Settings(seconds=seconds, patience=patience, drawn=drawn)
    kind = HandlerStudy if outcome.application.apps[0].server is None else ServerStudy
    study = kind(open_project(source), outcome.application, outcome.application.apps[0], written, settings)
    return Studied(study, study.run(), source, written, before)


def digests(folder: Path) -> dict[str, str]:
    """The content of every file and the mode of every entry below a folder."""
    return {
        path.relative_to(
            folder
        ).as_posix(): f"{path.stat().st_mode:o} {hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ''}"
        for path in sorted(folder.rglob("*"))
    }
