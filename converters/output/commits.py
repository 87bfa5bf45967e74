"""`--commit`: what was written in place as commits, one for each group of rules, by the person whom git is configured for.

Made of git's own objects, beside the work tree: no hook and no filter of the repository runs, and none of the commits is there before
all of them are.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from converters import rules
from converters.errors import UsageError
from converters.escape import one_line
from converters.outcome import Converted, FileChange
from converters.output import git
from converters.project import open_project
from converters.review.steps import Step, steps

_UNDER_WAY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG", "rebase-merge", "rebase-apply")
_HOOKS = ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "post-rewrite", "reference-transaction")
_SUBJECT = 3
"""Codes that the first line of a message names."""


@dataclass(frozen=True)
class Commit:
    """A commit that was made."""

    id: str
    """Its hash."""
    subject: str
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Repository:
    """The repository around a project, asked without running anything of its configuration."""

    root: Path
    settings: Mapping[str, str]

    @classmethod
    def around(cls, root: Path) -> Repository:
        """Raises `UsageError` where git says no."""
        try:
            return cls(root, {**git.HARMLESS, **git.without_filters(root)})
        except ValueError as error:
            raise UsageError(f"git says: {error}.", file=str(root), hint="Use --in-place alone.") from error

    def told(self, *command: str, given: bytes = b"", variables: Mapping[str, str] | None = None) -> str:
        """What git answers, without the last line end. Raises `UsageError` where it fails."""
        done = git.run(self.root, list(command), self.settings, given, variables)
        if done.returncode:
            hint = "What was written in place is there; commit it yourself, or undo it with git."
            raise UsageError(f"git {command[0]} says: {git.first_line(done.stderr)}.", file=str(self.root), hint=hint)
        return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")

    def answers(self, *command: str, variables: Mapping[str, str] | None = None) -> bool:
        """Whether git succeeds."""
        return not git.run(self.root, list(command), self.settings, variables=variables).returncode


def plan_commits(converted: Converted) -> list[Step]:
    """What will be committed. Raises `UsageError`, before anything is written, where a clean tree could not take commits."""
    root, changed = converted.root, [change.path for change in converted.files if change.action in ("added", "modified")]
    repository = Repository.around(root)
    if not repository.answers("rev-parse", "--verify", "--quiet", "HEAD^{commit}"):
        raise UsageError("has no commit yet, on which others could follow.", file=str(root), hint="Commit the project first.")
    for name in _UNDER_WAY:
        if (root / repository.told("rev-parse", "--git-path", name)).exists():
            raise UsageError(f"is in the middle of something: git has {name}.", file=str(root), hint="Finish it first.")
    for name in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        if not repository.answers("var", name, variables=_whose()):
            hint = "Set user.name and user.email with git config."
            raise UsageError("--commit needs an author, and git knows none.", file=str(root), hint=hint)
    if ignored := git.state(root, changed).ignored:
        raise UsageError(
            "is ignored by git, and --commit would add it.", file=ignored[0], hint="Change .gitignore, or use --in-place alone."
        )
    for path in changed:
        attribute = repository.told("check-attr", "filter", "--", path).rpartition(": ")[2]
        if attribute not in ("unspecified", "unset"):
            hint = "Use --in-place, and commit it yourself."
            raise UsageError(f"has the filter {attribute} in git, and --commit runs none.", file=path, hint=hint)
    return steps(converted.files, open_project(root))


def commit(converted: Converted, planned: Sequence[Step]) -> tuple[Commit, ...]:
    """Commit what was written in place. Raises `UsageError` where git fails; then no commit was made."""
    repository = Repository.around(converted.root)
    head = parent = repository.told("rev-parse", "HEAD")
    prefix = repository.told("rev-parse", "--show-prefix")
    made: list[Commit] = []
    staged: list[bytes] = []
    with tempfile.TemporaryDirectory(prefix="fal-migrate-") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        repository.told("read-tree", "HEAD", variables=index)
        for step in planned:
            entries = [_entry(repository, prefix, change) for change in step.files.values()]
            repository.told("update-index", "-z", "--index-info", given=b"".join(entries), variables=index)
            tree = repository.told("write-tree", variables=index)
            message = converted.vault.mask(_message(step)).encode("utf-8", "surrogateescape")
            parent = repository.told("commit-tree", tree, "-p", parent, given=message, variables=_whose())
            made.append(Commit(parent, _subject(step), step.rules))
            staged += entries
    repository.told("update-ref", "-m", "fal-migrate: convert", "HEAD", parent, head)
    repository.told("update-index", "-z", "--index-info", given=b"".join(staged))
    repository.answers("update-index", "-q", "--refresh")
    return tuple(made)


def hooks_not_run(root: Path) -> tuple[str, ...]:
    """The hooks that `git commit` would have run."""
    told = git.run(root, ["rev-parse", "--git-path", "hooks"], {})
    folder = root / os.fsdecode(told.stdout.rstrip(b"\n"))
    return tuple(name for name in _HOOKS if os.access(folder / name, os.X_OK))


def _whose() -> dict[str, str]:
    """The variables that say where the configuration of the person is, which names the author."""
    return {name: os.environ[name] for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM") if name in os.environ}


def _entry(repository: Repository, prefix: str, change: FileChange) -> bytes:
    """A file as the index has it, its content stored; line ends as git's own attributes say."""
    blob = repository.told("hash-object", "-w", "--stdin", f"--path={change.path}", given=change.data or b"")
    mode = "100755" if change.executable else "100644"
    return f"{mode} {blob}\t{prefix}{change.path}\0".encode("utf-8", "surrogateescape")


def _subject(step: Step) -> str:
    more = f" and {len(step.rules) - _SUBJECT} more" if len(step.rules) > _SUBJECT else ""
    return f"Migrate to fal: {', '.join(step.rules[:_SUBJECT])}{more}"


def _message(step: Step) -> str:
    """The rules with their titles, then each change with its place and reason."""
    titles = [f"{code} {rule.title}" for code in step.rules if (rule := rules.find(code)) is not None]
    places = dict.fromkeys(
        f"- {one.path}:{one.line} {reason.rule}: {' '.join(reason.reason.split())}" for one in step.proposals for reason in one.reasons
    )
    return _safe([_subject(step), "", *titles, "", *places])


def _safe(lines: Sequence[str]) -> str:
    """Lines without what a terminal would obey."""
    return "".join(f"{one_line(line)}\n" for line in lines)
