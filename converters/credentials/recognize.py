"""Finds the secrets in a text: by the shape of a value, and by the name that it is given to."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from converters.concepts import variables
from converters.credentials import detectors
from converters.credentials.placeholders import is_coined, is_generated, is_placeholder
from converters.credentials.shapes import PREFIXED, PRIVATE_KEY, SHAPES, TOKENS, Shape
from converters.credentials.windows import windows


class Dialect(Enum):
    """How a text gives values to names."""

    PROSE = "prose"
    """Messages and documents: shapes, and names beside values that look generated."""
    CODE = "code"
    """Literals are quoted; what is not is an expression."""
    CONFIG = "config"
    """Dockerfiles, compose files, scripts: a variable whose name says secret has a secret value, whatever it looks like."""
    EXAMPLE = "example"
    """Tests, documents and templates: words stand for secrets there, so a value must look generated."""
    CREDENTIALS = "credentials"
    """A file that holds nothing else: every name counts."""


@dataclass(frozen=True)
class Secret:
    """A value in a text: character offsets, what it is, and the variable that stands for it."""

    start: int
    end: int
    value: str
    what: str
    name: str
    named: bool = False
    """The text itself names the variable."""


_MARKS = (
    *("token", "secret", "passw", "pwd", "passphrase", "api_key", "apikey", "api-key", "_key", "-key", "accesskey", "access_key"),
    *("privatekey", "private key", "credential", "_auth", "sshpass", "webhook"),
)
MARKS = tuple(dict.fromkeys([*_MARKS, *(hint for shape in SHAPES for hint in shape.hints), *detectors.MARKS]))
_NAME = r"(?P<name>[A-Za-z_][\w.-]*)"
_WORDS = r"(?i:token|secret|passw|pwd|passphrase|api[_-]?key|access[_-]?key|_key|-key|credential|_auth|sshpass|webhook)"
_NAMED = rf"(?P<name>(?<![\w.{{$?&-])[A-Za-z_]?[\w.-]{{0,60}}?{_WORDS}[\w.-]{{0,40}})"
_QUOTED = r"(?P<quote>\"|')(?P<quoted>(?:(?!(?P=quote))[^\n\\]|\\.)*)(?P=quote)"
_BARE = r"(?P<bare>[^\s\"'#,;(){}\[\]<>|&\\]+)"
ASSIGNED = re.compile(
    rf"{_NAMED}[\"']?\]?[ \t]*"
    r"(?:(?::[ \t]*[\w.\[\] |]{1,40})?(?<![=!<>])=(?!=)>?|:(?!//|:)|(?<=[\"'])[ \t]*(?P<comma>,))[ \t]*(?:[fbrFBR]{1,2}(?=[\"']))?"
    rf"(?:{_QUOTED}|{_BARE})"
)
"""`NAME=value`, `name: "value"`, `environ["NAME"] = "value"`, `getenv("NAME", "value")`, `name: str = "value"`."""
DEFAULT = re.compile(rf"\$\{{{_NAME}:?-(?P<bare>[^\s\"'}}$]+)\}}")
"""`${NAME:-value}` of a shell or compose."""
INSTRUCTION = re.compile(
    rf"^[ \t]*(?:ENV|ARG|export|setenv)[ \t]+{_NAME}(?:=|[ \t]+)(?:{_QUOTED}|(?P<bare>[^\s\"'\\]+))", re.MULTILINE | re.IGNORECASE
)
ENTRY = re.compile(rf"\b(?:name|key)[\"']?[ \t]*:[ \t]*[\"']?{_NAME}[\"']?[ \t]*(?=,|\n|\r)", re.IGNORECASE)
GIVEN = re.compile(rf"\b(?P<key>name|key|value|default)[\"']?[ \t]*:[ \t]*(?:{_QUOTED}|(?P<bare>[^\s\"'#,{{}}\[\]]+))")
"""`name: X` with `value: y` below it (Kubernetes), `{"key": "X", "value": "y"}`, `"input": {... "default": "y"}` (RunPod's hub)."""
LOGIN = re.compile(r"(?:\bpassword|_auth(?:Token)?|_password|\"auth\"|identitytoken)\"?[\s=:]+\"?(?P<bare>[^\s\"',{}]+)")
"""`.netrc`, `.npmrc`, Docker's configuration."""
_GETS = re.compile(r"\b(get|getenv|setdefault|putenv|setenv|pop)\(\s*[\"']$")
"""What stands before a name that is followed by its value as the next argument."""
_SWITCH = re.compile(r"(?i:true|false|yes|no|on|off|none|null|\d{1,5})")
ENTRY_SIZE = 600
"""Characters below the name of an entry in which its value is looked for."""
SHORTEST_WORD = 8
"""Characters of a word that counts as the value of an option such as `--api-key`."""
LONG_ENOUGH = 16
"""Characters of a value that counts in a sentence or an example."""
DOCUMENTS = (".md", ".rst", ".adoc", ".mdx", ".html", ".htm", ".tex")
EXAMPLES = re.compile(
    r"(^|/)(tests?|__tests__|spec|e2e|fixtures?|docs?|examples?|samples?)/|(^|/)(test_[^/]*|[^/]*[_.-]tests?|conftest)\.\w+$"
    r"|[._-](spec|example|sample|template|dist)(\.\w+)?$"
)
CODE = tuple(
    f".{ending}"
    for ending in (
        *("py", "pyi", "ipynb", "js", "ts", "tsx", "jsx", "mjs", "cjs", "vue", "svelte", "go", "rs", "java", "kt", "scala", "swift"),
        *("c", "cc", "cpp", "h", "hpp", "cu", "rb", "php", "cs", "lua"),
    )
)
CONFIG = tuple(
    f".{ending}"
    for ending in (
        *("sh", "bash", "zsh", "env", "envrc", "yaml", "yml", "json", "toml", "ini", "cfg", "conf", "properties", "hcl", "tf", "tfvars"),
        *("service", "j2", "tmpl", "template", "ps1", "bat", "cmd", "mk"),
    )
)
SCRIPTS = (".env", "dockerfile", "containerfile", "makefile", "procfile")
"""Beginnings of the names of files without an ending."""

SHORT_TEXT = 2000
"""Characters up to which what was found in a text is remembered by the text itself."""
MOST_FILES = 8192
"""Longer texts of which what was found is remembered."""
_FILES: dict[bytes, tuple[Secret, ...]] = {}


def dialect_of(path: str) -> Dialect:
    """By the name of a file and of its folders."""
    lowered = path.lower()
    name = lowered.rpartition("/")[2]
    if name.endswith(DOCUMENTS) or EXAMPLES.search(lowered):
        return Dialect.EXAMPLE
    if name.endswith(CODE):
        return Dialect.CODE
    if (
        name.endswith(CONFIG)
        or name.startswith((".env", "dockerfile", "containerfile", "makefile", "procfile"))
        or name.endswith("dockerfile")
    ):
        return Dialect.CONFIG
    return Dialect.CODE if "." not in name else Dialect.PROSE


def find(text: str, dialect: Dialect = Dialect.PROSE) -> Sequence[Secret]:
    """The secrets of a text in their order, none inside another."""
    return _remembered(text, dialect) if len(text) <= SHORT_TEXT else _of_file(text, dialect)


def _of_file(text: str, dialect: Dialect) -> tuple[Secret, ...]:
    """A file is read before a conversion and once more in its output: what was found is kept, by the digest of the text."""
    key = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16, person=dialect.value[:16].encode()).digest()
    if key not in _FILES:
        if len(_FILES) >= MOST_FILES:
            _FILES.clear()
        _FILES[key] = tuple(_find(text, dialect))
    return _FILES[key]


@functools.lru_cache(maxsize=8192)
def _remembered(text: str, dialect: Dialect) -> tuple[Secret, ...]:
    """A report says the same short things many times."""
    return tuple(_find(text, dialect))


def _find(text: str, dialect: Dialect) -> list[Secret]:
    lowered = text.lower()
    found: list[Secret] = []
    for start, end in windows(text, lowered, MARKS):
        part = text[start:end]
        found += (replace(one, start=one.start + start, end=one.end + start) for one in _within(part, lowered[start:end], dialect))
    found += _private_keys(text) if "private key" in lowered else ()
    return _apart(secret for secret in found if not is_placeholder(secret.value))


def _within(text: str, lowered: str, dialect: Dialect) -> Iterator[Secret]:
    """The secrets of one part of a text."""
    yield from _shapes(text, lowered, dialect)
    if any(mark in lowered for mark in _MARKS):
        yield from _assigned(text, dialect)
    yield from (Secret(start, end, text[start:end], what, name) for start, end, what, name in detectors.findings(text))


def is_secret(name: str, value: str | None = None) -> bool:
    """Whether a variable must not be shown: by its name (unless its value is a mere switch), or by the shape of its value."""
    if variables.is_secret(name) and not (value and _SWITCH.fullmatch(value.strip())):
        return True
    return bool(value) and any(not is_placeholder(secret.value) for secret in find(value or ""))


def _shapes(text: str, lowered: str, dialect: Dialect) -> Iterator[Secret]:
    for shape in SHAPES:
        if any(hint in lowered for hint in shape.hints):
            for match in shape.pattern.finditer(text):
                value = match.group("value")
                strict = shape.strict or (dialect is Dialect.EXAMPLE and shape not in TOKENS)
                if (not strict or is_generated(value)) and _counts(shape, match, dialect):
                    yield Secret(match.start("value"), match.end("value"), value, shape.what, _name(shape, match))


def _private_keys(text: str) -> Iterator[Secret]:
    """The lines between the marks of a private key, of which each is a secret."""
    for match in PRIVATE_KEY.finditer(text):
        start = match.start("value")
        for line in re.finditer(r"(?:(?!\\n|\\r)[^\s\"'])+", match.group("value")):
            if len(line.group()) >= 8:
                yield Secret(start + line.start(), start + line.end(), line.group(), "a private key", "PRIVATE_KEY")


def _counts(shape: Shape, match: re.Match[str], dialect: Dialect) -> bool:
    """Words that anybody would write into an example are no passwords: `user:user@`, `postgres:postgres@`, a port."""
    groups = match.groupdict()
    value = groups["value"]
    if "user" in groups:
        return value != groups["user"] and not value.isdigit() and not re.search(r"\{|\}|^%|^:", value)
    if "flag" in groups:
        following = match.string[match.end("value") : match.end("value") + 1]
        named = re.search(r"^\w+=|^id=|[!:]$|^/|^\.|^\d{1,5}$", value)
        if re.fullmatch(r"[A-Za-z_]+", value) and (dialect is not Dialect.CONFIG or len(value) < SHORTEST_WORD):
            return False
        return (not named and following not in ("=", ":")) or bool(PREFIXED.match(value))
    return True


def _name(shape: Shape, match: re.Match[str]) -> str:
    groups = match.groupdict()
    if "flag" in groups:
        return _variable(groups["flag"])
    scheme = (groups.get("scheme") or "").split("+")[0].upper()
    if scheme and scheme not in ("HTTP", "HTTPS", "GIT", "SSH", "FTP"):
        return re.sub(r"\W", "_", scheme) + ("_PASSWORD" if "user" in groups else "_TOKEN")
    return shape.name


def _variable(name: str) -> str:
    """`apiKey`, `api-key`, `client.api_key` -> `API_KEY`."""
    last = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.split(".")[-1] or name)
    return re.sub(r"\W+", "_", last).strip("_").upper()


def _assigned(text: str, dialect: Dialect) -> Iterator[Secret]:
    for match in ASSIGNED.finditer(text):
        name = match.group("name")
        if match.group("comma") and not _GETS.search(text[max(0, match.start() - 40) : match.start()]):
            continue
        yield from _given(text, match, name, dialect, loose=dialect is Dialect.CONFIG and name == name.upper())
    if dialect not in (Dialect.CONFIG, Dialect.CREDENTIALS):
        return
    for pattern in (DEFAULT, INSTRUCTION):
        for match in pattern.finditer(text):
            yield from _given(text, match, match.group("name"), dialect, loose=True)
    for entry in ENTRY.finditer(text):
        for match in GIVEN.finditer(text, entry.end(), entry.end() + ENTRY_SIZE):
            if match.group("key") in ("name", "key"):
                break
            yield from _given(text, match, entry.group("name"), dialect, loose=True)
    for match in LOGIN.finditer(text) if dialect is Dialect.CREDENTIALS else ():
        yield Secret(match.start("bare"), match.end("bare"), match.group("bare"), "a login", "PASSWORD")


def _given(text: str, match: re.Match[str], name: str, dialect: Dialect, *, loose: bool) -> Iterator[Secret]:
    """The value that a name gets, where the name says secret and the value is one."""
    group = "quoted" if match.groupdict().get("quoted") is not None else "bare"
    value = match.group(group)
    if not variables.is_secret(_variable(name)) or (group == "bare" and not _is_literal(text, match, dialect)):
        return
    if (loose or dialect is Dialect.CREDENTIALS) and not _SWITCH.fullmatch(value):
        counts = True
    elif dialect in (Dialect.EXAMPLE, Dialect.PROSE):
        counts = len(value) >= LONG_ENOUGH and is_generated(value)
    else:
        counts = is_generated(value) or is_coined(value) or bool(PREFIXED.match(value))
    if counts:
        yield Secret(match.start(group), match.end(group), value, "a secret by its name", _variable(name), named=True)


def _is_literal(text: str, match: re.Match[str], dialect: Dialect) -> bool:
    """Whether an unquoted value is one: in code it is an expression, in a sentence a word."""
    if dialect is Dialect.CODE:
        return False
    following = text[match.end("bare") : match.end("bare") + 1]
    return following not in ("(", "[", "{", "<", "$") and not re.search(r"\$[A-Za-z_{(]", match.group("bare").replace("$$", ""))


def _apart(found: Iterable[Secret]) -> list[Secret]:
    """Of findings that overlap, the longer one, under the name that the text gives it."""
    kept: list[Secret] = []
    for secret in sorted(found, key=lambda one: (one.start, -one.end, not one.named)):
        last = kept[-1] if kept else None
        if last is None or secret.start >= last.end:
            kept.append(secret)
        elif secret.named and not last.named and (secret.start, secret.end) == (last.start, last.end):
            kept[-1] = replace(last, name=secret.name, named=True)
    return kept
