"""Which arms of a start script's `if` and `case` run, as far as its variables and arguments tell."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from converters.containers.shell import Arm, ShellCommand, expand
from converters.containers.shell_words import ShellError, tokens

UNARY = {"-z": lambda text: text == "", "-n": lambda text: text != ""}
BINARY = {"=": lambda left, right: left == right, "==": lambda left, right: left == right, "!=": lambda left, right: left != right}


@dataclass
class Branches:
    """Remembers how each `if` and `case` of a script came out; what it does not know may happen."""

    known: dict[tuple[int, int], bool | None] = field(default_factory=dict)
    """(place, number of the arm) -> whether it runs; None where reading cannot tell."""
    before: dict[int, dict[str, str]] = field(default_factory=dict)
    """The variables with which each is reached."""

    def runs(self, command: ShellCommand, env: Mapping[str, str]) -> bool | None:
        """True and False where every arm around the command says so; None where it may run."""
        found: bool | None = True
        for arm in command.arms:
            one = self._arm(arm, env)
            if one is False:
                return False
            found = None if one is None else found
        return found

    def _arm(self, arm: Arm, env: Mapping[str, str]) -> bool | None:
        key = (arm.place, len(arm.conditions))
        if key not in self.known:
            variables = self.before.setdefault(arm.place, dict(env))
            *earlier, own = [holds(condition, variables) for condition in arm.conditions]
            unknown = any(one is None for one in earlier)
            self.known[key] = False if own is False or any(one is True for one in earlier) else None if unknown else own
        return self.known[key]


def holds(condition: str, env: Mapping[str, str]) -> bool | None:
    """Whether a condition is true; None where it asks for more than variables: files, programs, what a command says."""
    if condition in ("", "true", ":"):
        return True
    if condition.startswith("case "):
        return _matches(condition, env)
    if condition.startswith("! "):
        inner = holds(condition[2:].strip(), env)
        return None if inner is None else not inner
    words = _words(condition)
    if words is None or len(words) < 3:
        return None
    if (words[0], words[-1]) in (("[", "]"), ("[[", "]]")):
        words = words[1:-1]
    elif words[0] == "test":
        words = words[1:]
    else:
        return None
    negated = words[:1] == ["!"]
    found = _test(words[1:] if negated else words, env)
    return not found if negated and found is not None else found


def _test(words: list[str], env: Mapping[str, str]) -> bool | None:
    if len(words) == 2 and words[0] in UNARY:
        value = _value(words[1], env)
        return None if value is None else UNARY[words[0]](value)
    if len(words) == 3 and words[1] in BINARY:
        left, right = _value(words[0], env), _value(words[2], env)
        return None if left is None or right is None or re.search(r"[*?]", right) else BINARY[words[1]](left, right)
    return None


def _matches(condition: str, env: Mapping[str, str]) -> bool | None:
    subject, _, pattern = condition.removeprefix("case ").partition(" in ")
    value = _value(subject, env)
    patterns = [_value(one.strip(), {}) for one in pattern.split("|")]
    if any(one == "*" for one in patterns):
        return True
    if value is None or any(one is None for one in patterns):
        return None
    return any(fnmatch.fnmatchcase(value, one) for one in patterns if one is not None)


def _words(text: str) -> list[str] | None:
    """The words of one simple command as written; None for several, and for what is none."""
    try:
        found = list(tokens(text))
    except ShellError:
        return None
    return [token.text for token in found] if all(token.kind == "word" for token in found) else None


def _value(word: str, env: Mapping[str, str]) -> str | None:
    """What a word comes to, an unset variable to nothing; None where a command or the shell's state decides."""
    if re.search(r"\$\(|`|\$[#?!$@*]|\$\{[^}]*[#%/^,!\[]", word):
        return None
    names = re.findall(r"\$\{?(\w+)", word)
    found = expand([word if word.startswith(('"', "'")) else f'"{word}"'], {**dict.fromkeys(names, ""), **env})
    value = found[0] if found else ""
    return None if "$" in value else value
