"""The review at a terminal: shows each change, reads a line, and keeps every answer as soon as it is given."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rich.console import Console
from rich.text import Text

from converters.answers import Answer
from converters.escape import one_line, visible
from converters.outcome import FileChange
from converters.project import Project
from converters.review.display import Display
from converters.review.proposals import Proposal
from converters.review.replay import ACCEPT, applied, faults
from converters.review.session import KEYS, Session
from converters.rules import find
from converters.rules.text import body, headline

Ask = Callable[[str], str | None]
"""Shows a question and returns the line that is typed; None at the end of the input."""
EDITOR = "vi"


@dataclass(frozen=True)
class Prompt:
    """Asks for every answer that a session lacks."""

    session: Session
    files: Sequence[FileChange]
    project: Project
    display: Display
    ask: Ask
    keep: Callable[[Session], None]
    """Called after every answer."""

    @property
    def console(self) -> Console:
        return self.display.console

    def run(self) -> bool:
        """Whether everything is decided, and what it comes to is to be written; False where the person stopped before."""
        if self.session.answers:
            self._say(f"{self.session.summary()} by the plan")
        if self.session.stale:
            self._say(f"{self.session.stale} answers of the plan speak of changes that there are no longer")
        while True:
            proposal = self.session.current
            going_on = self._finish() if proposal is None else self._decide(proposal)
            self.keep(self.session)
            if going_on is not None:
                return going_on

    def _decide(self, proposal: Proposal) -> bool | None:
        """Ask for one proposal until it is answered, or something else is to be asked. False: stop."""
        self.display.show(proposal, f"{self.session.number(proposal)}/{len(self.session.proposals)}")
        while True:
            line = self.ask("accept? [y,n,e,a,r,x,v,u,q,?] ")
            key, _, rest = (line or "").strip().partition(" ")
            if line is None or key == "q":
                return False
            if self._obey(key, rest.strip(), proposal):
                return None

    def _obey(self, key: str, rest: str, proposal: Proposal) -> bool:
        """Do what was typed; whether the proposal need not be asked any more as it was."""
        session = self.session
        match key:
            case "y":
                session.answer([proposal], ACCEPT)
            case "n":
                self._reject([proposal], rest)
            case "a":
                session.answer(session.alike(proposal), ACCEPT)
            case "r":
                self._reject(session.alike(proposal), rest)
            case "e":
                return self._edit(proposal)
            case "u":
                if not session.undo():
                    self._say("nothing is answered yet")
                    return False
            case "x":
                self._explain(proposal)
                return False
            case "v":
                self.display.show(proposal, "in full", full=True)
                return False
            case _:
                for name, what in KEYS:
                    self._say(f"{name:8} {what}")
                return False
        return True

    def _reject(self, proposals: Iterable[Proposal], why: str) -> None:
        rejected = list(proposals)
        self.session.answer(rejected, Answer("reject", why=why))
        for path in dict.fromkeys(one.path for one in rejected):
            if fault := self._fault(path):
                self._say(f"without it, and with what is not decided yet, this does not hold: {fault}")

    def _edit(self, proposal: Proposal) -> bool:
        if not proposal.is_text:
            self._say("it is no text, and cannot be edited")
            return False
        text = edited(proposal.new, PurePosixPath(proposal.path).suffix)
        if text is None:
            self._say("the editor failed: nothing is changed")
            return False
        self.session.answer([proposal], Answer("edit", text))
        if fault := self._fault(proposal.path):
            self.session.undo()
            self._say(f"refused: {fault}")
            return False
        return True

    def _finish(self) -> bool | None:
        """Everything is answered: look at the whole, and ask once more."""
        for path in dict.fromkeys(one.path for one in self.session.proposals):
            if fault := self._fault(path):
                self._say(f"these answers do not go together: {fault}")
                self.session.reopen(path)
                return None
        self._say(self.session.summary())
        while True:
            line = self.ask("write it? [y,u,q] ")
            key = (line or "").strip()
            if line is None or key == "q":
                return False
            if key == "y":
                return True
            if key == "u" and self.session.undo():
                return None

    def _fault(self, path: str) -> str:
        """What is wrong with a file as it is decided so far."""
        change = next(one for one in self.files if one.path == path)
        made = applied(change, self.session.in_file(path), self.session.answers)
        return faults([made], self.project) if made is not None else ""

    def _explain(self, proposal: Proposal) -> None:
        for code in proposal.rules:
            if rule := find(code):
                self.console.print(Text(visible(f"{headline(rule)}\n{body(rule, '  ')}", "\n")))

    def _say(self, sentence: str) -> None:
        self.console.print(Text(one_line(sentence), style="bold"))


def edited(text: bytes, suffix: str) -> bytes | None:
    """The text as a person leaves it in an editor; None where there is none, or it fails."""
    command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or EDITOR)
    with tempfile.TemporaryDirectory(prefix="fal-migrate-") as folder:
        file = Path(folder) / f"change{suffix}"
        file.write_bytes(text)
        try:
            done = subprocess.run([*command, str(file)], check=False)
            return file.read_bytes() if done.returncode == 0 else None
        except OSError:
            return None
