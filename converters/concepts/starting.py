"""What a start does each time that belongs into the image, followed from the start command through scripts and Python programs."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from converters.containers.shell import is_shell
from converters.containers.start_work import MODEL_FILE, MODEL_HOST, PYTHON, SMALL_FILE, StartScript, StartWork, lasts, of_script, unwrapped
from converters.provenance import Origin
from converters.python.module import FunctionNode, assigned, is_main_test, tree_of
from converters.python.unparsed import unparse

HUB = frozenset({"snapshot_download", "hf_hub_download"})
FETCHES = frozenset({"urlretrieve", "download_url_to_file", "load_file_from_url", "wget.download", "gdown.download"})
RUNS = frozenset({"run", "call", "check_call", "check_output", "Popen", "system", "popen", "getoutput", "getstatusoutput"})
STARTS = frozenset({"setup", "startup", "on_startup", "startup_event", "lifespan"})
"""Names of functions that a framework calls once, before the first request."""
MAX_FILES = 40


def named(word: str, find: Callable[[str], str | None], read: Callable[[str], str | None]) -> tuple[str, str] | None:
    """(path in the project, text) of what a command names."""
    path = find(word)
    text = read(path) if path is not None else None
    return (path, text) if path is not None and text is not None else None


@dataclass
class StartFollower:
    """Follows a start. `find`: path in the project of what a command names; `read`: a file's text by its path in the project."""

    find: Callable[[str], str | None]
    read: Callable[[str], str | None]
    have: frozenset[str]
    """Distributions that the image has."""
    seen: set[str] = field(default_factory=set)

    def of_command(self, words: tuple[str, ...], origin: Origin, env: Mapping[str, str]) -> Iterator[StartWork]:
        """What the program of a command does, where it is a script or a Python program of the project."""
        words = unwrapped(words)
        if not words or len(self.seen) > MAX_FILES:
            return
        if is_shell(words[:1]):
            flags = [word for word in words[1:2] if word.startswith("-") and "c" in word and not word.startswith("--")]
            if flags and len(words) > 2:
                yield from self._script(StartScript(words[2], origin.file, origin.line, env, inline=True))
                return
            words = tuple(word for word in words[1:] if not word.startswith("-"))
        elif PYTHON.match(words[0]):
            words = tuple(word for word in words[1:] if not word.startswith("-"))
            if words and words[0].endswith(".py"):
                yield from self.of_program(self.find(words[0]), is_script=True)
            return
        path = self.find(words[0]) if words else None
        text = self.read(path) if path is not None and path not in self.seen and not path.endswith(".py") else None
        if path is not None and text is not None and (path.endswith((".sh", ".bash")) or text.startswith("#!")):
            self.seen.add(path)
            yield from self._script(StartScript(text, path, env=env))

    def of_program(self, path: str | None, *, is_script: bool) -> Iterator[StartWork]:
        """What a Python program does before the first request."""
        text = self.read(path) if path is not None and path not in self.seen else None
        if path is None or text is None:
            return
        self.seen.add(path)
        try:
            tree = tree_of(text, path)
        except (SyntaxError, ValueError, RecursionError):
            return
        yield from _StartingProgram(self, path, tree, is_script).steps()

    def _script(self, script: StartScript) -> Iterator[StartWork]:
        return of_script(script, self._named, self.have, self.of_command)

    def _named(self, word: str) -> tuple[str, str] | None:
        return named(word, self.find, self.read)

    def of_shell_text(self, text: str, origin: Origin) -> Iterator[StartWork]:
        """The steps of a line for a shell."""
        yield from self._script(StartScript(text, origin.file, origin.line, inline=True))


@dataclass
class _StartingProgram:
    """The statements of a module that run at its start, and those of the functions that they call."""

    start: StartFollower
    path: str
    tree: ast.Module
    is_script: bool
    constants: dict[str, str] = field(default_factory=dict)
    entered: set[str] = field(default_factory=set)

    def steps(self) -> Iterator[StartWork]:
        functions = {node.name: node for node in ast.walk(self.tree) if isinstance(node, FunctionNode)}
        yield from self._body(self.tree.body, functions)
        for name, node in functions.items():
            events = any("startup" in unparse(one) for one in node.decorator_list)
            if (name in STARTS or events) and name not in self.entered:
                self.entered.add(name)
                yield from self._body(node.body, functions)

    def _body(self, body: Iterable[ast.stmt], functions: Mapping[str, ast.FunctionDef | ast.AsyncFunctionDef]) -> Iterator[StartWork]:
        for statement in body:
            if isinstance(statement, FunctionNode | ast.ClassDef):
                continue
            if isinstance(statement, ast.If):
                if is_main_test(statement.test):
                    yield from self._body(statement.body if self.is_script else [], functions)
                elif any(isinstance(last, ast.Return | ast.Raise | ast.Continue) for last in statement.body[-1:]):
                    return  # what follows runs now and then
                continue
            inner = getattr(statement, "body", None)
            if isinstance(inner, list):
                yield from self._body(inner, functions)
                continue
            for name, value in assigned(statement):
                if (text := self._text(value)) is not None:
                    self.constants[name] = text
            for node in ast.walk(statement):
                if isinstance(node, ast.Call):
                    yield from self._call(node)
                    if isinstance(node.func, ast.Name) and node.func.id in functions and node.func.id not in self.entered:
                        self.entered.add(node.func.id)
                        yield from self._body(functions[node.func.id].body, functions)

    def _call(self, node: ast.Call) -> Iterator[StartWork]:
        name = unparse(node.func)
        last = name.rpartition(".")[2]
        origin = Origin(file=self.path, line=node.lineno)
        if last in HUB and (told := self._fetches_from_hub(node)) is not None:
            yield StartWork("downloads", f"{last}(...)", origin, told)
        elif (last in FETCHES or name in FETCHES) and node.args:
            address, place = self._text(node.args[0]) or "", self._text(node.args[1]) if len(node.args) > 1 else ""
            if (MODEL_FILE.search(address) or MODEL_HOST.search(address)) and "://" in address:
                yield StartWork("downloads", f"{last}({address[:70]!r}, ...)", origin, not lasts(place or ""))
        elif last in RUNS and name.partition(".")[0] in ("subprocess", "sp", "os") and node.args:
            environment = next((unparse(keyword.value) for keyword in node.keywords if keyword.arg == "env"), "")
            text = self._command(node.args[0])
            if text and "SKIP_CUDA_BUILD" not in environment:
                yield from self.start.of_shell_text(text, origin)

    def _fetches_from_hub(self, node: ast.Call) -> bool | None:
        """Whether files land where they do not outlive the runner; None for small ones. Without a folder they land in fal's own cache."""
        stated = {keyword.arg: self._text(keyword.value) for keyword in node.keywords if keyword.arg}
        positional = [self._text(argument) for argument in node.args]
        file = stated.get("filename") or (positional[1] if len(positional) > 1 else "") or ""
        places = [place for key in ("local_dir", "cache_dir") if (place := stated.get(key))]
        return None if SMALL_FILE.search(file) else bool(places) and not lasts(places[0])

    def _command(self, node: ast.expr) -> str:
        """A command as a line for a shell; '' where its program is not known."""
        if isinstance(node, ast.List | ast.Tuple):
            words = ["python" if unparse(one) == "sys.executable" else self._text(one) or "$unknown" for one in node.elts]
            if len(words) > 2 and is_shell(words[:1]) and words[1].startswith("-") and "c" in words[1]:
                return words[2]
            return " ".join(words)
        return self._text(node) or ""

    def _text(self, node: ast.expr) -> str | None:
        """A text as far as it is known from its beginning: what follows an unknown part is left out."""
        match node:
            case ast.Constant(value=str(value)):
                return value
            case ast.Name(id=name):
                return self.constants.get(name)
            case ast.BinOp(left=left, op=ast.Add() | ast.Div(), right=right):
                start = self._text(left)
                joint = "/" if isinstance(node.op, ast.Div) else ""
                return None if start is None else start + joint + (self._text(right) or "")
            case ast.JoinedStr(values=values):
                parts = [part.value if isinstance(part, ast.FormattedValue) else part for part in values]
                texts = [self._text(part) for part in parts]
                return "".join(text or "$unknown" for text in texts) if texts and texts[0] else None
            case ast.Call(func=function, args=[first, *rest]) if unparse(function).rpartition(".")[2] in ("join", "Path", "str"):
                start = self._text(first)
                return None if start is None else str(PurePosixPath(start, *(self._text(one) or "" for one in rest)))
            case ast.Call(func=function, args=[_, default]) if unparse(function).rpartition(".")[2] in ("getenv", "get"):
                return self._text(default)
        return None
