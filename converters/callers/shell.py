"""`curl` of RunPod's API in shell scripts, as `curl` of fal's queue.

fal's addresses: `https://fal.run/APP` waits for the result, `https://queue.fal.run/APP` takes a request, `.../requests/ID[/status|/cancel]`
asks for it (https://fal.ai/docs/documentation/model-apis/inference/queue).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from converters import rules
from converters.callers.apps import Apps, placeholder_message
from converters.callers.calls import LIFECYCLE
from converters.escape import shell as quoted
from converters.ir import Disposition, Edit, Origin, Scope
from converters.ledger import Ledger
from converters.project import SourceFile

RULE = rules.CL016
REASON = "fal's queue has other addresses, takes the input without an envelope, and a key of its own"
ADDRESS = re.compile(
    r"https?://api\.runpod\.ai/v[12]/(?P<endpoint>[\w-]+|\$\{?\w+\}?)/(?P<operation>[\w-]+)(?:/(?P<request>[\w-]+|\$\{?\w+\}?))?/?(?=[\"']?$)"
)
HOST = re.compile(r"\bapi\.(?:runpod\.ai|replicate\.com)\b")
TYPE = re.compile(r"content-type:", re.IGNORECASE)
QUOTES = "\"'"
ALONE = ("health", "purge-queue")
"""Operations that do not deal with a request."""
KEY = re.compile(r"(?<=Authorization: )(?:Bearer )?(?:\$\{?\w+\}?|[\w<>.-]+)", re.IGNORECASE)
DATA = frozenset({"-d", "--data", "--data-raw", "--data-binary", "--json"})
FILTER = re.compile(r"\"?\s*\|\s*jq(?:\s+-\w+)*\s+(?P<quote>['\"]?)\.(?P<field>\w+)(?P<rest>[^\s'\"|)]*)(?P=quote)")
ENVELOPE = re.compile(r"""(?P<quote>['"])\s*\{\s*\\?"input\\?"\s*:\s*(?P<input>\{.*\})\s*\}\s*(?P=quote)""", re.DOTALL)
STRING = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
ENDS = frozenset("|;&)`<>\n")
ASKED = {"id": "request_id", "status": "status"}
FIELDS = {"run": ASKED, "status": ASKED, "cancel": {"status": "status"}}
"""Keys of RunPod's answers and of fal's."""


class Unclear(Exception):
    """A command without a single meaning on fal; the message says why."""


@dataclass(frozen=True)
class Word:
    """A word of a command as it is written, with its quotes."""

    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass
class Command:
    """A `curl` command: its words, the offset of its end, and what becomes of it."""

    words: list[Word]
    end: int
    operation: str = ""
    why: str = ""
    """Why it is left as it is; '' where it is rewritten."""
    edits: list[tuple[int, int, str]] = field(default_factory=list)
    remarks: list[tuple[Scope, str]] = field(default_factory=list)


def convert(file: SourceFile, text: str, apps: Apps, ledger: Ledger) -> list[Edit]:
    """The edits of a script; each command and each other place that names one of the APIs gets an item in the ledger."""
    found = list(commands(text))
    for command in found:
        try:
            _rewrite(text, command, apps)
        except Unclear as error:
            command.why = str(error)
    _keep_together(found)
    edits: list[Edit] = []
    for command in found:
        origin = Origin(file=file.path, line=text.count("\n", 0, command.words[0].start) + 1)
        construct = ledger.record("command", "curl", origin, offset=command.words[0].start)
        if command.why:
            message = (
                f"`curl` is left as it is: {command.why}. fal's addresses: https://fal.ai/docs/documentation/model-apis/inference/queue"
            )
            ledger.settle(construct, RULE, Disposition.MANUAL, message)
            continue
        ledger.settle(construct, RULE, Disposition.CONVERTED, REASON)
        for scope, message in command.remarks:
            ledger.note(RULE, Disposition.MANUAL, message, origin, scope=scope)
        edits += [Edit(file=file.path, start=a, end=b, replacement=new, rule=RULE, reason=REASON) for a, b, new in command.edits]
    for line in _other_lines(text, found):
        construct = ledger.record("address", "api", Origin(file=file.path, line=line))
        ledger.settle(
            construct,
            RULE,
            Disposition.MANUAL,
            "the address is used in a way that is not followed here: fal's is https://queue.fal.run/OWNER/APP.",
        )
    if edits:
        message = "set FAL_KEY where this script runs (https://fal.ai/dashboard/keys)."
        ledger.note(rules.CL008, Disposition.MANUAL, message, Origin(file=file.path, line=1), scope=Scope.DEPLOY)
    return edits


def _keep_together(found: list[Command]) -> None:
    """A request that is submitted must be asked for on the same platform: such commands are rewritten together or not at all."""
    linked = [command for command in found if command.operation != "runsync"]
    left = next((command for command in linked if command.why and command.operation not in ALONE), None)
    for command in linked:
        if left is not None and not command.why:
            command.why = "another command of the script that deals with the same requests is left"


def _other_lines(text: str, found: list[Command]) -> Iterator[int]:
    """Lines that name an API outside of comments and of the commands that were read."""
    for match in HOST.finditer(text):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if not any(command.words[0].start <= match.start() < command.end for command in found) and not line.lstrip().startswith("#"):
            yield text.count("\n", 0, match.start()) + 1


def commands(text: str, start: int = 0, stop: int | None = None, *, pattern: re.Pattern[str] = HOST) -> Iterator[Command]:
    """The `curl` commands in a range of a script that name one of the APIs, or the `pattern`, also those in `$(...)`."""
    position, stop = start, len(text) if stop is None else stop
    while position < stop:
        word, position = _word(text, position, stop)
        if word is not None and word.text == "curl":
            command = _command(text, word, position, stop)
            if any(pattern.search(one.text) for one in command.words):
                yield command
            position = command.end
        elif word is not None:
            yield from _substituted(text, word, pattern)


def _substituted(text: str, word: Word, pattern: re.Pattern[str]) -> Iterator[Command]:
    """The commands in the `$(...)` of a word."""
    position = word.start
    while (position := text.find("$(", position, word.end)) >= 0:
        end = _parenthesis_end(text, position + 2, word.end)
        yield from commands(text, position + 2, end - 1, pattern=pattern)
        position = end


def _command(text: str, first: Word, position: int, stop: int) -> Command:
    words = [first]
    while position < stop and text[position] not in ENDS:
        word, position = _word(text, position, stop)
        if word is not None:
            words.append(word)
    return Command(words, position)


def _word(text: str, position: int, stop: int) -> tuple[Word | None, int]:
    """The word at a position and where it ends; None for a space, an operator or a comment."""
    if text.startswith("\\\n", position):
        return None, position + 2
    if text[position] == "#":
        end = text.find("\n", position, stop)
        return None, stop if end < 0 else end
    start = position
    while position < stop and not text[position].isspace() and text[position] not in ENDS:
        position = _piece_end(text, position, stop)
    return (Word(text[start:position], start), position) if position > start else (None, position + 1)


def _piece_end(text: str, position: int, stop: int) -> int:
    """Where a letter, an escape, a quoted text or a `$(...)` ends."""
    if text.startswith("$(", position):
        return _parenthesis_end(text, position + 2, stop)
    if text[position] == "\\":
        return min(position + 2, stop)
    if text[position] not in QUOTES:
        return position + 1
    quote, position = text[position], position + 1
    while position < stop and text[position] != quote:
        position = position + 1 if quote == "'" or text[position] == "'" else _piece_end(text, position, stop)
    return min(position + 1, stop)


def _parenthesis_end(text: str, position: int, stop: int) -> int:
    """Where the parenthesis that opens before a position closes."""
    while position < stop and text[position] != ")":
        position = _parenthesis_end(text, position + 1, stop) if text[position] == "(" else _piece_end(text, position, stop)
    return min(position + 1, stop)


def _rewrite(text: str, command: Command, apps: Apps) -> None:
    """Fill the command's edits and remarks. Raises `Unclear`."""
    url = next(word for word in command.words if HOST.search(word.text))
    found = ADDRESS.search(url.text)
    if found is None:
        raise Unclear("its address is not one of an endpoint of RunPod's")
    command.operation = operation = found["operation"]
    if operation not in ("run", "runsync", "status", "cancel") or (operation in ("status", "cancel")) != bool(found["request"]):
        raise Unclear(f"`/{operation}` has no counterpart")
    if operation == "status" and (piped := FILTER.match(text, command.end)) and piped["field"] == "output":
        operation = "result"
    app = _application(text, command, apps, found["endpoint"])
    request = f"https://queue.fal.run/{app}/requests/{found['request']}"
    address = {
        "run": f"https://queue.fal.run/{app}",
        "runsync": f"https://fal.run/{app}",
        "status": f"{request}/status",
        "result": request,
        "cancel": f"{request}/cancel",
    }[operation]
    command.edits.append((url.start + found.start(), url.start + found.end(), address))
    for before, word in itertools.pairwise(command.words):
        if before.text in ("-H", "--header") and (key := KEY.search(word.text)):
            command.edits.append((word.start, word.end, f'"{word.text[: key.start()].lstrip(QUOTES)}Key $FAL_KEY"'))
        elif before.text in DATA:
            typed = before.text == "--json" or TYPE.search(text, command.words[0].start, command.end)
            header = "" if typed else ' -H "Content-Type: application/json"'
            if apps.preference:
                header += f" -H {quoted(f'{LIFECYCLE}: {apps.preference}')}"
            command.edits.append((word.start, word.end, _unwrapped(word.text) + header))
        elif operation == "cancel" and before.text in ("-X", "--request"):
            command.edits.append((word.start, word.end, "PUT"))
    command.edits += _answers(text, command, operation)
    if operation == "status" and "FAILED" in text:
        message = "fal's status of a failed request is COMPLETED, with an `error` beside it: there is no FAILED to compare with."
        command.remarks.append((Scope.CODE, message))


def _application(text: str, command: Command, apps: Apps, endpoint: str) -> str:
    """What names the app in an address."""
    if endpoint.startswith("$"):
        name = endpoint.strip("${}")
        scope = Scope.CODE if re.search(rf"^\s*(?:export\s+)?{name}=[\"']?[\w-]+[\"']?\s*$", text, re.MULTILINE) else Scope.DEPLOY
        command.remarks.append((scope, f"`{name}` must hold the id of the fal app, `owner/app`, from now on."))
        return endpoint
    app = apps.find(endpoint)
    if not app:
        app = apps.placeholder(endpoint)
        command.remarks.append((Scope.CODE, placeholder_message(app, endpoint)))
    return app


def _unwrapped(word: str) -> str:
    """The body without its envelope. Raises `Unclear` where it holds more or cannot be read."""
    found = ENVELOPE.fullmatch(word)
    if found is None or not _is_one_object(found["input"].replace('\\"', '"') if found["quote"] == '"' else found["input"]):
        raise Unclear('what it sends is not `{"input": {...}}` alone, written out in the command')
    return found["quote"] + found["input"] + found["quote"]


def _is_one_object(text: str) -> bool:
    """Whether the brace that opens a JSON text closes at its end; braces in strings do not count."""
    depth = 0
    bare = STRING.sub(lambda found: "." * len(found[0]), text)
    for position, letter in enumerate(bare):
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if depth == 0:
            return position == len(bare) - 1
    return False


def _answers(text: str, command: Command, operation: str) -> list[tuple[int, int, str]]:
    """The `jq` filters that read the answer, from a pipe or from the variable that takes it. Raises `Unclear`."""
    rest = text[command.end :].split("\n", 1)[0]
    if rest.lstrip().startswith("|"):
        return [_filter(text, command.end, operation)]
    taken = re.search(r"(\w+)=\"?(?:\$\(|`)\s*$", text[: command.words[0].start])
    if taken is None:
        return []
    uses = [match for match in re.finditer(rf"\$\{{?{taken[1]}\b\}}?", text) if match.start() > command.end]
    return [edit for use in uses if (edit := _use(text, use, operation))]


def _use(text: str, use: re.Match[str], operation: str) -> tuple[int, int, str] | None:
    line_start = text.rfind("\n", 0, use.start()) + 1
    before, after = text[line_start : use.start()], text[use.end() :].split("\n", 1)[0]
    if re.match(r"\"?\s*\|\s*jq\b", after):
        return _filter(text, use.end(), operation)
    if re.search(r"\becho\s+\"[^\"$]*$|\becho\s+$", before) and "|" not in after and ")" not in after:
        return None
    raise Unclear("its answer is read in a way that is not followed")


def _filter(text: str, position: int, operation: str) -> tuple[int, int, str]:
    """The new filter of a `jq` behind a pipe."""
    found = FILTER.match(text, position)
    if found is None:
        raise Unclear("its answer is read in a way that is not followed")
    start, end = found.start("field") - 1, found.end("rest")
    if operation in ("runsync", "result") and found["field"] == "output":
        rest = found["rest"]
        return start, end, rest if rest.startswith(".") else f".{rest}"
    name = FIELDS.get(operation, {}).get(found["field"])
    if name is None:
        raise Unclear(f"`.{found['field']}` of its answer has no counterpart: fal answers the result itself, at `/requests/ID`")
    return start, end, f".{name}{found['rest']}"
