"""What a batch has finished, one line per project, so that `--resume` goes on where an interrupted one ended."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from converters import __version__
from converters.batch.plan import Job
from converters.errors import UsageError
from converters.reports.json import Document

_UNFINISHED = ("crashed", "interrupted")


@dataclass
class Journal:
    """Without a file (no --output) it remembers nothing."""

    file: Path | None = None
    options: str = ""
    finished: dict[str, Document] = field(default_factory=dict)

    @classmethod
    def open(cls, output: Path | None, shard: tuple[int, int], *, resume: bool, options: dict[str, Any]) -> Journal:
        """The journal of an output folder and shard; a batch that does not resume starts a new one, a check writes none.

        Raises `UsageError`.
        """
        if options.get("check") or options.get("diff"):
            if resume:
                raise UsageError("--resume goes on with what --check and --diff do not write.", hint="Give one of them.")
            return cls()
        if output is None:
            if resume:
                raise UsageError("--resume needs --output, where the journal of the batch stands.", hint="Give the same --output again.")
            return cls()
        part = "" if shard == (1, 1) else f"-{shard[0]}-of-{shard[1]}"
        journal = cls(output / f".fal-migrate-batch{part}.jsonl", json.dumps(options, sort_keys=True, default=str))
        try:
            output.mkdir(parents=True, exist_ok=True)
            if resume:
                journal._read()
            else:
                journal._place.unlink(missing_ok=True)
        except OSError as error:
            raise UsageError(f"cannot be written: {error.strerror}.", file=str(output), hint="Choose another --output.") from error
        return journal

    def get(self, job: Job) -> Document | None:
        """The result of a project that was finished with the same options and whose output still stands."""
        made = self.finished.get(self._key(job))
        return made if made and (made["output"] is None or Path(made["output"]).is_dir()) else None

    def add(self, job: Job, made: Document) -> None:
        """Enter a finished project; what crashed is tried again by the next run."""
        if self.file is None or made["status"] in _UNFINISHED:
            return
        with self.file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({"key": self._key(job), "document": made}) + "\n")

    @property
    def _place(self) -> Path:
        assert self.file is not None
        return self.file

    def _read(self) -> None:
        """Lines that were cut off by a kill are passed over."""
        if not self._place.exists():
            return
        text = self._place.read_text("utf-8", errors="replace")
        if not text.endswith("\n"):
            self._place.write_text(text + "\n", "utf-8")
        for line in text.splitlines():
            try:
                entry = json.loads(line)
                self.finished[entry["key"]] = entry["document"]
            except (ValueError, KeyError, TypeError):
                continue

    def _key(self, job: Job) -> str:
        text = "\0".join([__version__, str(job.root), job.entry, str(job.output), str(job.endpoint or ""), self.options])
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
