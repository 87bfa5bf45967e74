"""Mutations of Python sources: statements and expressions moved, wrapped, exchanged and replaced by their positions, and tokens by chance.

Most results still compile: what a converter makes of Python that it can read is the interesting part.
"""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from benchmarks.fuzzing import odd
from benchmarks.fuzzing.words import LITERALS, SNIPPETS, TAG, TOKENS, WRAPPERS

Mutation = Callable[[Random, "Source"], str]


@dataclass
class Source:
    """A text that compiles, with its tree and its positions."""

    text: str
    tree: ast.Module
    starts: list[int]

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Character offsets of a node."""
        start = self._offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]
        return start, self._offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def of(self, node: ast.AST) -> str:
        start, end = self.span(node)
        return self.text[start:end]

    def put(self, node: ast.AST, text: str) -> str:
        start, end = self.span(node)
        return self.text[:start] + text + self.text[end:]

    def statements(self) -> list[ast.stmt]:
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.stmt)]

    def expressions(self) -> list[ast.expr]:
        return [
            node for node in ast.walk(self.tree) if isinstance(node, ast.expr) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
        ]

    def indent(self, node: ast.stmt) -> str:
        start = self.starts[node.lineno - 1]
        line = self.text[start:]
        return line[: len(line) - len(line.lstrip(" \t"))]

    def _offset(self, line: int, column: int) -> int:
        start = self.starts[line - 1]
        stop = self.starts[line] if line < len(self.starts) else len(self.text)
        return start + len(self.text[start:stop].encode()[:column].decode(errors="ignore"))


def source(text: str) -> Source | None:
    """The parsed text; None where it does not compile."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
            compile(text, "source", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    lines = io.StringIO(text, newline="").readlines()
    starts = [0]
    for line in lines:  # Python's lines also end at a lone carriage return
        rest = line.split("\r") if not line.endswith("\r\n") else [line]
        starts += [starts[-1] + len(part) + 1 for part in rest[:-1]]
        starts.append(starts[-1] + len(rest[-1])) if len(rest) == 1 or rest[-1] else None
    return Source(text, tree, starts)


def mutate(random: Random, text: str, donors: Sequence[str]) -> str:
    """One to four mutations; `donors` are sources from which statements and expressions are taken."""
    for _ in range(random.choice((1, 1, 2, 2, 3, 4))):
        known = source(text)
        if known is None:
            return tokens(random, text)
        text = _one(random, known, donors)
    return written(random, text) if random.random() < 0.08 else text


def _one(random: Random, known: Source, donors: Sequence[str]) -> str:
    """The first of a few tries that compiles; the last one where none does."""
    text = known.text
    for _ in range(5 if random.random() < 0.95 else 1):
        roll = random.random()
        try:
            if roll < 0.06:
                text = tokens(random, known.text)
            elif roll < 0.16:
                text = _splice(random, known, donors)
            else:
                text = random.choice(MUTATIONS)(random, known)
        except (IndexError, UnicodeError, ValueError):
            continue
        if text != known.text and source(text) is not None:
            return text
    return text


def _delete(random: Random, known: Source) -> str:
    return known.put(random.choice(known.statements()), random.choice(("pass", "", "...")))


def _wrap(random: Random, known: Source) -> str:
    node = random.choice(_movable(known))
    indent, wrapper = known.indent(node), random.choice(WRAPPERS)
    step = {"{2}": "        "}.get("{2}" if "{2}" in wrapper else "", "    ")
    inner = "\n".join(f"{step}{line}" if number == 0 else step + line for number, line in enumerate(known.of(node).split("\n")))
    made = wrapper.replace("{2}", "\0").replace("{}", "\0").replace("\0", inner)
    lines = made.split("\n")
    return known.put(
        node, "\n".join([lines[0], *(indent + line if not line.startswith(indent + step) or not indent else line for line in lines[1:])])
    )


def _movable(known: Source) -> list[ast.stmt]:
    """Statements that begin their line and are not too long."""
    found = [node for node in known.statements() if (node.end_lineno or 0) - node.lineno < 30]
    return [node for node in found if not known.text[known.starts[node.lineno - 1] : known.span(node)[0]].strip()]


def _insert(random: Random, known: Source) -> str:
    node = random.choice(_movable(known))
    snippet = random.choice(SNIPPETS)
    return _before(random, known, node, snippet)


def _plant(random: Random, known: Source) -> str:
    literal = random.choice(LITERALS)
    snippet = random.choice(
        (literal, f"note = {literal}", f"print({literal})", f"x = {{'a': {literal}}}", f"return {literal}", f"yield {literal}")
    )
    if random.random() < 0.4:
        return known.put(random.choice(known.expressions()), literal)
    node = random.choice(_movable(known))
    start = known.span(node)[0]
    return known.text[:start] + snippet + "\n" + known.indent(node) + known.text[start:]


def _before(random: Random, known: Source, node: ast.stmt, snippet: str) -> str:
    indent = known.indent(node)
    start, end = known.span(node)
    put = snippet.replace("\n", f"\n{indent}")
    if "\n" not in snippet and random.random() < 0.25:
        return known.text[:end] + random.choice(("; ", ";")) + put + known.text[end:]
    if "\n" not in snippet and random.random() < 0.25:
        return known.text[:start] + put + "; " + known.text[start:]
    if random.random() < 0.5:
        return known.text[:end] + f"\n{indent}" + put + known.text[end:]
    return known.text[:start] + put + f"\n{indent}" + known.text[start:]


def _swap(random: Random, known: Source) -> str:
    first, second = sorted(random.sample(_movable(known), 2), key=lambda node: known.span(node))
    (a, b), (c, d) = known.span(first), known.span(second)
    if b > c:
        return known.text
    return known.text[:a] + known.text[c:d] + known.text[b:c] + known.text[a:b] + known.text[d:]


def _repeat(random: Random, known: Source) -> str:
    node = random.choice(_movable(known))
    return known.put(node, known.of(node) + f"\n{known.indent(node)}" + known.of(node))


def _exchange(random: Random, known: Source) -> str:
    nodes = known.expressions()
    return known.put(random.choice(nodes), known.of(random.choice(nodes)))


def _around(random: Random, known: Source) -> str:
    node = random.choice(known.expressions())
    form = random.choice((
        "({})", "[{}]", "{{'a': {}}}", "await {}", "(lambda: {})()", "({} if x else None)", "*{}", "(found := {})", "not {}", "str({})",
        "{}.copy()", "{}[0]", "{} or {{}}", "f'{{{}}}'",
        "[{} for _ in range(2)]", "dict(**{})", "(\n    {}\n)", "( # comment\n {} )", "int({})", "Path({})", "{} \\\n + 1",
        "{}.get('input')", "print({})", "(yield {})",
    ))  # fmt: skip
    return known.put(node, form.format(known.of(node)))


def _constant(random: Random, known: Source) -> str:
    node = random.choice([node for node in known.expressions() if isinstance(node, ast.Constant)])
    if isinstance(node.value, str) and random.random() < 0.6:
        return known.put(node, ascii(odd.text(random)) if random.random() < 0.7 else repr(odd.text(random)))
    return known.put(
        node, random.choice(("None", "...", "1e999", "-1", "10**30", "b'x'", "1j", "'''a\n b'''", "True", "[]", "{}", "f'{1}'", "0",
        "1_0", "'a' 'b'", "()", "float('nan')"))
    )  # fmt: skip


def _rename(random: Random, known: Source) -> str:
    names = sorted(
        {node.id for node in ast.walk(known.tree) if isinstance(node, ast.Name)}
        | {node.arg for node in ast.walk(known.tree) if isinstance(node, ast.arg)}
    )
    old = random.choice(names)
    new = random.choice(
        (
            *names,
            "input",
            "job",
            "fal",
            "self",
            "list",
            "str",
            "setup",
            "Input",
            "Output",
            "App",
            "été",
            "_",
            "__x",
            "request",
            "json",
            "os",
            "type",
            "match",
            "app",
            "Path",
            "print",
        )
    )
    pieces: list[tuple[int, int]] = []
    for node in ast.walk(known.tree):
        if isinstance(node, ast.Name) and node.id == old:
            pieces.append(known.span(node))
        elif isinstance(node, ast.arg) and node.arg == old:
            start = known.span(node)[0]
            pieces.append((start, start + len(old)))
    text = known.text
    chosen = pieces if random.random() < 0.8 else [random.choice(pieces)]
    for start, end in sorted(set(chosen), reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _signature(random: Random, known: Source) -> str:
    node = random.choice([node for node in known.statements() if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)])
    text = known.of(node)
    match random.randrange(7):
        case 0:
            text = text.removeprefix("async ") if text.startswith("async ") else f"async {text}"
        case 1:
            text = text.replace("(", "(*args, ", 1)
        case 2:
            text = text.replace(")", ", /)", 1)
        case 3:
            text = text.replace("):", ", **options) -> 'dict[str, int]':", 1)
        case 4:
            text = text.replace(")", ", extra: int = 3)", 1)
        case 5:
            decorator = random.choice(
                ("@staticmethod", "@lru_cache(maxsize=None)", "@torch.inference_mode()", "@app.get('/x')", "@property", "@rp.debug")
            )
            text = f"{decorator}\n{known.indent(node)}{text}"
        case _:
            text = text.replace(":\n", f":\n{known.indent(node)}    yield 1\n", 1)
    return known.put(node, text)


def _one_line(random: Random, known: Source) -> str:
    node = random.choice(
        [node for node in _movable(known) if isinstance(node, ast.If | ast.For | ast.With | ast.FunctionDef | ast.ClassDef | ast.While)]
    )
    first = known.span(node.body[0])[0]
    head = known.text[known.span(node)[0] : first].rstrip()
    body = "; ".join(known.of(statement) for statement in node.body)
    return known.put(node, f"{head} {body}")


def _blanks(random: Random, known: Source) -> str:
    lines = known.text.split("\n")
    number = random.randrange(len(lines))
    match random.randrange(5):
        case 0:
            lines[number] += random.choice(("  ", "\t", "  # comment", ";", " \x0c"))
        case 1:
            lines[number:number] = [
                random.choice(("", "", "   ", "\x0c", "# comment", "\t# fmt: off", "#: x \u2028 y", "# -*- coding: utf-8 -*-"))
            ] * random.randint(1, 4)
        case 2:
            lines = [line.replace("    ", "\t") for line in lines]
        case 3:
            lines = [line for line in lines if line.strip()]
        case _:
            lines = [line.replace("    ", "  ") for line in lines]
    return "\n".join(lines)


MUTATIONS: tuple[Mutation, ...] = (
    _delete, _wrap, _wrap, _insert, _insert, _plant, _swap, _repeat, _exchange, _around, _around, _constant, _constant, _rename,
    _signature, _one_line, _blanks,
)  # fmt: skip


def _splice(random: Random, known: Source, donors: Sequence[str]) -> str:
    donor = source(random.choice(donors))
    if donor is None:
        return known.text
    if random.random() < 0.5:
        node = random.choice(_movable(donor))
        own = donor.indent(node)
        text = "\n".join(line.removeprefix(own) for line in donor.of(node).split("\n"))
        return _before(random, known, random.choice(_movable(known)), text)
    return known.put(random.choice(known.expressions()), donor.of(random.choice(donor.expressions())))


def tokens(random: Random, text: str) -> str:
    """A token deleted, repeated, exchanged or put in; the result need not compile."""
    try:
        found = [token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.string]
    except (tokenize.TokenError, SyntaxError):
        found = []
    lines = [0, *accumulate(len(line) for line in text.splitlines(keepends=True))]
    if not found or found[-1].end[0] > len(lines):
        return odd.bytes_of(random, text.encode(errors="replace")).decode(errors="replace")
    first = random.choice(found)
    start, end = lines[first.start[0] - 1] + first.start[1], lines[min(first.end[0] - 1, len(lines) - 1)] + first.end[1]
    match random.randrange(5):
        case 0:
            return text[:start] + text[end:]
        case 1:
            return text[:end] + " " + text[start:end] + text[end:]
        case 2:
            return text[:start] + random.choice(TOKENS) + text[end:]
        case 3:
            return text[:start] + random.choice(found).string + text[end:]
        case _:
            return text[:start] + random.choice(TOKENS) + " " + text[start:]


def written(random: Random, text: str) -> str:
    """Other line endings, a byte-order mark, no final newline."""
    match random.randrange(6):
        case 0:
            return text.replace("\n", "\r\n")
        case 1:
            return text.replace("\n", "\r")
        case 2:
            return "\ufeff" + text
        case 3:
            return text.rstrip("\n")
        case 4:
            return text + random.choice(("\\", "\x0c", "\n\n\n   ", "# end", "\x1a"))
        case _:
            return "# -*- coding: latin-1 -*-\n" + text


def literals(data: bytes) -> Iterator[str]:
    """The values of planted strings in a source, as Python decodes it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes) and TAG in str(node.value):
            yield repr(node.value)
