"""The account of a conversion: every construct that was read has exactly one disposition.

Readers `record` what they see; converters `settle` it. What nobody settled is `manual`: silence is a bug, so completeness is
computed as a complement over what was read, never from a list of known names.
"""

from __future__ import annotations

from pydantic import Field

from converters import rules
from converters.ir import Disposition, Model, Origin, Safety, Scope, Suggestion
from converters.options import Ignore


class Construct(Model):
    """A unit of account: an SDK name, a configuration key, a shell command, an ENV name, a Dockerfile instruction."""

    kind: str
    name: str
    file: str
    line: int
    end_line: int
    offset: int = 0
    """Tells apart two constructs of one name on one line."""

    @property
    def key(self) -> tuple[str, int, int, str, str]:
        return (self.file, self.line, self.offset, self.kind, self.name)


class Place(Model):
    file: str
    line: int


class Item(Model):
    """One row of the ledger."""

    rule: str
    disposition: Disposition
    safety: Safety
    scope: Scope
    file: str
    line: int
    end_line: int
    message: str
    kind: str = ""
    name: str = ""
    output: Place | None = None
    notable: bool = False
    """Nothing is to be done, and callers or operators may notice: the report and MIGRATION.md say it."""
    about: str = ""
    """Of a note: the path, variable or package that it is about."""
    suggestion: Suggestion | None = None
    """A change of the output with which it is done."""
    suppressed: str = ""
    """Why a person has it passed over though it is `manual`: it stays in the ledger, and is no longer left to do."""
    suppressed_by: str = ""
    """`comment`, `configuration` or `option`."""

    @property
    def is_open(self) -> bool:
        """Whether it is left to do."""
        return self.disposition is Disposition.MANUAL and not self.suppressed


class Ledger(Model):
    """Collects constructs and their dispositions."""

    constructs: dict[tuple[str, int, int, str, str], Construct] = Field(default_factory=dict)
    settled: dict[tuple[str, int, int, str, str], Item] = Field(default_factory=dict)
    notes: list[Item] = Field(default_factory=list)
    ignores: tuple[Ignore, ...] = ()
    """What a person has passed over; those without a reason are not obeyed."""

    def record(self, kind: str, name: str, origin: Origin, *, offset: int = 0) -> Construct:
        """Enter a construct that was read; entering it twice is harmless."""
        construct = Construct(kind=kind, name=name, file=origin.file, line=origin.line, end_line=origin.end_line, offset=offset)
        return self.constructs.setdefault(construct.key, construct)

    def settle(
        self,
        construct: Construct,
        rule: str,
        disposition: Disposition,
        message: str,
        *,
        safety: Safety | None = None,
        scope: Scope = Scope.CODE,
        output: Place | None = None,
        notable: bool = False,
    ) -> None:
        """Give a construct its disposition. The first word counts, except that `manual` outranks the others."""
        if construct.key not in self.constructs:
            raise KeyError(f"{construct} was never recorded")
        before = self.settled.get(construct.key)
        if before and not (disposition is Disposition.MANUAL and before.disposition is not Disposition.MANUAL):
            return
        self.settled[construct.key] = Item(
            rule=rule,
            disposition=disposition,
            safety=safety or (Safety.MANUAL if disposition is Disposition.MANUAL else Safety.SAFE),
            scope=scope,
            file=construct.file,
            line=construct.line,
            end_line=construct.end_line,
            message=message,
            kind=construct.kind,
            name=construct.name,
            output=output,
            notable=notable,
        )

    def note(
        self,
        rule: str,
        disposition: Disposition,
        message: str,
        origin: Origin,
        *,
        safety: Safety | None = None,
        scope: Scope = Scope.CODE,
        output: Place | None = None,
        notable: bool = False,
        about: str = "",
        suggestion: Suggestion | None = None,
    ) -> None:
        """Enter something that is no construct of the platform, such as a path in a string or a missing setting."""
        item = Item(
            rule=rule,
            disposition=disposition,
            safety=safety or (Safety.MANUAL if disposition is Disposition.MANUAL else Safety.SAFE),
            scope=scope,
            file=origin.file,
            line=origin.line,
            end_line=origin.end_line,
            message=message,
            kind="note",
            output=output,
            notable=notable,
            about=about,
            suggestion=suggestion,
        )
        if item not in self.notes:
            self.notes.append(item)

    def is_settled(self, construct: Construct) -> bool:
        return construct.key in self.settled

    def unsettled(self) -> list[Construct]:
        """The constructs that no rule spoke for."""
        return [construct for key, construct in self.constructs.items() if key not in self.settled]

    def close(self) -> None:
        """Turn every construct that no rule spoke for into a `manual` item."""
        for construct in self.unsettled():
            self.settle(
                construct,
                rules.ALL001,
                Disposition.MANUAL,
                f"{construct.kind} `{construct.name}` is not known to this converter: check what it does and carry it over by hand.",
                scope=Scope.DEPLOY if construct.kind == "key" else Scope.CODE,
            )

    def items(self) -> list[Item]:
        """All rows, in the order of file, line and rule, with what is suppressed marked."""
        rows = [self._marked(item) for item in (*self.settled.values(), *self.notes)]
        return sorted(rows, key=lambda item: (item.file, item.line, item.rule, item.name, item.message))

    def ignore_of(self, item: Item) -> Ignore | None:
        """What a person said that passes over an item; None for one that is not `manual`."""
        return self.ignore_at(item.rule, item.file, item.line) if item.disposition is Disposition.MANUAL else None

    def ignore_at(self, rule: str, file: str, line: int) -> Ignore | None:
        """What a person said of the findings of a rule at a line."""
        return next((ignore for ignore in self.ignores if ignore.reason and ignore.speaks_for(rule, file, line)), None)

    def _marked(self, item: Item) -> Item:
        ignore = self.ignore_of(item) if self.ignores else None
        return item if ignore is None else item.model_copy(update={"suppressed": ignore.reason, "suppressed_by": ignore.by})

    def counts(self) -> dict[str, int]:
        counts = {disposition.value: 0 for disposition in Disposition}
        for item in self.items():
            counts[item.disposition.value] += 1
        return counts

    def open_code_items(self) -> list[Item]:
        """What a person must still do in the code (exit code 3 while any is left)."""
        return [item for item in self.items() if item.is_open and item.scope is Scope.CODE]
