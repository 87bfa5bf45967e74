"""What comes of every attempt, as docs/verification.md prints it: ``python -m tests.confinement.table``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.confinement import attempts

NOTHING, NOT_ENFORCED = "nothing", "not enforced, said in one line"


@dataclass(frozen=True)
class Row:
    """An attempt with what comes of it: with namespaces (as root and as an ordinary user alike), and with Landlock alone."""

    text: str
    attempt: Callable[[attempts.Places], str]
    landlock: str = NOTHING

    def outcome(self, mode: str) -> str:
        """What comes of it in a mode."""
        return self.landlock if mode == "no namespaces" else NOTHING


_NOT_BY_LANDLOCK = {
    attempts.change_modes_and_times,
    attempts.connect_to_a_socket_with_a_path,
    attempts.read_memory_of_others_by_its_number,
    attempts.see_names_of_keys_of_the_user,
}
ROWS = tuple(Row(text, attempt, NOT_ENFORCED if attempt in _NOT_BY_LANDLOCK else NOTHING) for text, attempt in attempts.ATTEMPTS.items())
_BOUNDS = (
    ("fork without end", "bounded"),
    ("take memory without end, in many processes", "bounded"),
)


def as_markdown() -> str:
    """The table."""
    head = "| attempt | root | ordinary user | no namespaces (Landlock) |\n|---|---|---|---|\n"
    rows = "".join(f"| {row.text} | {NOTHING} | {NOTHING} | {row.landlock} |\n" for row in ROWS)
    return head + rows + "".join(f"| {text} | {outcome} | {outcome} | {outcome} |\n" for text, outcome in _BOUNDS)


if __name__ == "__main__":
    print(as_markdown(), end="")
