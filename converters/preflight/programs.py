"""Programs that code starts, as lists of words and as lines for a shell: which scripts of the project they are."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from converters.containers.shell import ShellCommand, is_shell, split
from converters.preflight.running import Scope
from converters.preflight.values import absolute
from converters.python.unparsed import unparse

RUNS = re.compile(
    r"^(?:(?:subprocess|sp)\.(?:run|call|check_call|check_output|Popen|getoutput|getstatusoutput)|Popen|os\.(?:system|popen)"
    r"|(?:asyncio\.)?create_subprocess_(?:shell|exec))$"
)
"""Calls that start a program."""
PYTHON = re.compile(r"^(python[\d.]*|pypy3?|torchrun)$")
SHELLS = frozenset({"bash", "sh", "dash", "zsh"})
BEFORE = frozenset({"exec", "nohup", "setsid", "sudo", "time", "env", "command", "stdbuf", "-oL", "-eL"})
"""Words in front of a program that only say how it runs."""
VALUED = frozenset({"-X", "-W", "--nproc_per_node", "--nproc-per-node", "--master_port"})
UNKNOWN = "$unknown"
"""Stands in a command for what reading does not tell."""


@dataclass(frozen=True)
class Command:
    """A program with its arguments. `cwd`: where it runs, from the root; None where reading does not tell."""

    words: tuple[str, ...]
    cwd: str | None
    further: tuple[str, ...] = ()
    """What is redirected, and the texts that are handed over."""

    @property
    def script(self) -> str:
        """The script that it starts, '' for none."""
        return script_of(self.words)

    @property
    def module(self) -> str:
        """The module of `python -m MODULE`, '' for none."""
        words = _bare(self.words)
        is_module = len(words) > 2 and PYTHON.match(PurePosixPath(words[0]).name) is not None and "-m" in words[1:-1]
        return words[words.index("-m") + 1] if is_module else ""


def script_of(words: tuple[str, ...]) -> str:
    """The script of a project that a command starts: itself, or the first argument of an interpreter; '' for none."""
    words = _bare(words)
    if not words:
        return ""
    program = PurePosixPath(words[0]).name
    if not (PYTHON.match(program) or program in SHELLS or words[0] == "sys.executable"):
        return words[0] if program.endswith((".py", ".sh")) and "$" not in words[0] and ("/" in words[0] or len(words) == 1) else ""
    rest = iter(words[1:])
    for word in rest:
        if word in ("-m", "-c"):
            return ""
        if word in VALUED:
            next(rest, None)
        elif not word.startswith("-"):
            return word if word.endswith((".py", ".sh")) and "$" not in word else ""
    return ""


def _bare(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words without those in front of the program."""
    while words and (words[0] in BEFORE or re.match(r"^\w+=", words[0])):
        words = words[1:]
    return words


def commands(call: ast.Call, scope: Scope, cwd: str) -> Iterator[Command]:
    """The commands that a call starts. `cwd`: the working directory of the code."""
    name = unparse(call.func)
    if not RUNS.match(name) or not call.args:
        return
    stated = next((keyword.value for keyword in call.keywords if keyword.arg == "cwd"), None)
    folder = scope.text(stated) if stated is not None and not (isinstance(stated, ast.Constant) and stated.value is None) else "."
    where = absolute(folder, cwd) if folder is not None else None
    first = call.args[0]
    if name.endswith("_exec"):
        yield from _of_words([_word(argument, scope) for argument in call.args if not isinstance(argument, ast.Starred)], where)
        return
    expression = _assigned(first, scope)
    if isinstance(expression, ast.Call) and unparse(expression.func).rpartition(".")[2] == "split":
        expression = expression.args[0] if expression.args else getattr(expression.func, "value", expression)
    if isinstance(expression, ast.List | ast.Tuple):
        yield from _of_words([_word(element, scope) for element in expression.elts], where)
    else:
        yield from of_text(_text(expression, scope), where)


def _of_words(words: list[str], where: str | None) -> Iterator[Command]:
    if len(words) > 2 and is_shell(words[:1]) and "c" in words[1] and words[1].startswith("-"):
        yield from of_text(words[2], where)
    elif words:
        yield Command(tuple(words), where)


def of_text(text: str, where: str | None) -> Iterator[Command]:
    """The commands of a line for a shell; `cd` moves the ones behind it."""
    for outer in split(text):
        for command in (outer, *outer.inner):
            if command.words[:1] == ("cd",) and len(command.words) > 1:
                where = absolute(command.words[1], where) if where is not None and "$" not in command.words[1] else None
            elif inner := _inner(command):
                yield from of_text(inner, where)
            elif command.words or command.redirects:
                yield Command(command.words, where, (*command.redirects, *command.heredocs))


def _inner(command: ShellCommand) -> str:
    words = _bare(command.words)
    return words[2] if len(words) > 2 and is_shell(words[:1]) and words[1].startswith("-") and "c" in words[1] else ""


def _assigned(node: ast.expr, scope: Scope) -> ast.expr:
    """What a name was assigned in the same function, once."""
    if not isinstance(node, ast.Name):
        return node
    values = [
        part.value
        for part in scope.nodes
        if isinstance(part, ast.Assign) and any(isinstance(target, ast.Name) and target.id == node.id for target in part.targets)
    ]
    return values[0] if len(values) == 1 else scope.unit.values.expression(node.id) or node


def _word(node: ast.expr, scope: Scope) -> str:
    text = unparse(node) if unparse(node) == "sys.executable" else scope.text(node)
    return UNKNOWN if text is None else text


def _text(node: ast.expr, scope: Scope) -> str:
    """A text with a place-holder for each part that is not known."""
    known = scope.text(node)
    if known is not None:
        return known
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.FormattedValue) else part for part in node.values)
        return "".join(_text(part, scope) for part in parts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left, scope) + _text(node.right, scope)
    return "sys.executable" if unparse(node) == "sys.executable" else UNKNOWN
