"""The lists of a shell script: its arguments and its arrays, put in the place of `"$@"` and `"${ARGS[@]}"`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from converters.containers.shell import ShellCommand, expand
from converters.containers.shell_words import ShellError, tokens, unquote

ASSIGNED = re.compile(r"(?:(?:declare|local|typeset|readonly)\s+(?:-\w+\s+)*)?([A-Za-z_]\w*)(\+?)=\((.*)\)\s*", re.DOTALL)
ARRAY = re.compile(r"\$\{([A-Za-z_]\w*)\[[@*]\](?::?[-+][^}]*)?\}")
ARGUMENTS = re.compile(r"\$[@*]|\$\{[@*](?::1)?\}")
ADDED = re.compile(r"([A-Za-z_]\w*)\+=(?!\()(.*)", re.DOTALL)


@dataclass
class ShellLists:
    """`arguments` is what `"$@"` stands for; an array that is not known stays as it is written."""

    arguments: list[str]
    arrays: dict[str, list[str]] = field(default_factory=dict)

    def set(self, arguments: Sequence[str], env: dict[str, str]) -> None:
        """`set -- ...` and `shift`: other arguments, with their numbers."""
        for index in range(1, len(self.arguments) + 1):
            env.pop(str(index), None)
        self.arguments = list(arguments)
        env.update({str(index): word for index, word in enumerate(self.arguments, 1)})

    def assign(self, command: ShellCommand, env: dict[str, str]) -> bool:
        """Follow `ARGS=(...)`, `ARGS+=(...)` and `OPTS+=...`; False for any other command."""
        match = ASSIGNED.fullmatch(command.text)
        if match is not None:
            try:
                raw = [token.text for token in tokens(match[3]) if token.kind == "word"]
            except ShellError:
                return False
            before = self.arrays.get(match[1], []) if match[2] else []
            self.arrays[match[1]] = [*before, *self.expand(raw, env)]
            return True
        added = ADDED.fullmatch(command.text)
        if added is None or command.raw_words:
            return False
        value = expand([f'"{unquote(added[2])}"'], env)
        env[added[1]] = env.get(added[1], "") + (value[0] if value else "")
        return True

    def expand(self, raw: Sequence[str], env: Mapping[str, str]) -> tuple[str, ...]:
        """The words of a command as written, with lists, quotes and variables replaced."""
        words: list[str] = []
        for word in raw:
            plain = word.strip('"')
            array = ARRAY.fullmatch(plain)
            if ARGUMENTS.fullmatch(plain):
                words += self.arguments
            elif array is not None and array[1] in self.arrays:
                words += self.arrays[array[1]]
            else:
                words += expand([ARGUMENTS.sub(lambda _: " ".join(self.arguments), word)], env)
        return tuple(words)
