"""Text of a project made safe for the medium that it goes into: no name or value may begin a line, a command or a link of its own.

Every writer passes what a project says through the function of its medium here. Python source has a serializer of its own
(`concepts/literals.py`), and TOML is written by tomlkit; `toml` only takes from its text what an editor would not show.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence

from converters.errors import Unreadable

WORKFLOW_COMMAND = re.compile(r"(?m)^(\s*)::")
"""What GitHub's runner obeys at the beginning of a line of any log, behind blanks, too."""
OLD_COMMAND = "##["
"""The runner's older commands, which it obeys anywhere in a line."""
PLAIN_WORD = re.compile(r"[\w./:@%+,=-]+", re.ASCII)
LINK = re.compile(r"\][(\[:]")
PLACEHOLDER = re.compile(r"\{\d+\}")
VARIABLE = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)


def visible(text: str, kept: str = "") -> str:
    """A text whose control, formatting and direction characters, but for those that are ``kept``, are shown and not obeyed."""
    return "".join(letter if letter.isprintable() or letter in kept else _escape(letter) for letter in text)


def log(text: str) -> str:
    """Lines of a log in which nothing is a workflow command."""
    return WORKFLOW_COMMAND.sub(r"\1\\x3a:", text).replace(OLD_COMMAND, "\\x23#[")


def one_line(text: str) -> str:
    """One line of a log: what is said of a project in one cannot begin another."""
    return log(visible(text))


def json_log(text: str) -> str:
    """A JSON text in which nothing is a workflow command: the same document."""
    return text.replace(OLD_COMMAND, "\\u0023#[")


def json_document(value: object) -> str:
    """A file of JSON that people read: letters of every script as they are, what an editor would not show or UTF-8 cannot hold as `\\u`."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return "".join(letter if letter.isprintable() or letter == "\n" else json.dumps(letter)[1:-1] for letter in text) + "\n"


def html_log(text: str) -> str:
    """A page of HTML as text that a log obeys nowhere: the same page."""
    return WORKFLOW_COMMAND.sub(r"\1&#58;:", visible(text, "\n")).replace(OLD_COMMAND, "&#35;#[")


def command_data(text: str) -> str:
    """The message of a workflow command."""
    return visible(text, "\r\n").replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text: str) -> str:
    """A property of a workflow command."""
    return command_data(text).replace(":", "%3A").replace(",", "%2C")


def sarif_message(text: str) -> str:
    """A message of SARIF, in which nothing is a placeholder or a link (sections 3.11.5 and 3.11.6 of the standard)."""
    flat = PLACEHOLDER.sub(r"{\g<0>}", visible(text, "\n"))
    return flat.replace("[", "\\[") if LINK.search(flat) else flat


def xml(text: str) -> str:
    """Text or a value of an attribute, in which nothing is markup, and nothing that XML cannot hold."""
    flat = visible(text, "\n").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;").replace("\n", "&#10;")
    return html_log(flat)


def csv_cell(text: str) -> str:
    """A cell of a table that a spreadsheet takes for text, never for a formula (https://owasp.org/www-community/attacks/CSV_Injection)."""
    flat = log(visible(text))
    return f"'{flat}" if flat.startswith(("=", "+", "-", "@")) else flat


def code(text: str, *, table: bool = False) -> str:
    """Markdown: inline code that no fence or line ends, nor a `table` that it stands in; '' for nothing."""
    flat = visible(text.strip()).replace(OLD_COMMAND, "\\x23#[")
    if table:
        flat = flat.replace("\\|", "\\\\x7c").replace("|", "\\|")
    fence = "`"
    while fence in flat:
        fence += "`"
    space = " " if "`" in flat else ""
    return f"{fence}{space}{flat}{space}{fence}" if flat else ""


def prose(text: str, *, table: bool = False) -> str:
    """Markdown: a sentence in which only what stands in pairs of backquotes is markup."""
    flat = visible(" ".join(str(text).split()))
    signs = f"\\*<~{'|' if table else ''}{'[' if LINK.search(flat) else ''}"
    parts = flat.split("`")
    plain = [_plain(part, signs) for part in parts]
    if len(parts) % 2 == 0:
        return _sentence("\\`".join(plain))
    quoted = [code(part, table=table) for part in parts]
    return _sentence("".join(quoted[number] if number % 2 else plain[number] for number in range(len(parts))))


def cell(text: str) -> str:
    """Markdown: a sentence in a table."""
    return prose(text, table=True)


def code_cell(text: str) -> str:
    """Markdown: inline code in a table."""
    return code(text, table=True)


def shell(word: str) -> str:
    """One word of a bash command on one line."""
    if word.isprintable():
        return shlex.quote(word)
    quoted = "".join(
        letter if letter.isprintable() else f"\\U{ord(letter):08x}" for letter in word.replace("\\", "\\\\").replace("'", "\\'")
    )
    return f"$'{quoted}'"


def comment(text: str) -> str:
    """What may follow a `#`: one line, nothing unprintable."""
    return "".join(letter for letter in " ".join(str(text).split()) if letter.isprintable())


def docstring(text: str) -> str:
    """A one-line docstring of Python that its content cannot end."""
    line = comment(text).replace("\\", "\\\\").replace('"""', "'''")
    return f'"""{line}{" " if line.endswith(chr(34)) else ""}"""'


def docker_value(value: str) -> str:
    """A value for ENV, in which nothing is expanded or split. Raises `Unreadable` for one that a Dockerfile cannot hold."""
    _refuse_hidden(value)
    if value and PLAIN_WORD.fullmatch(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$") + '"'


def docker_list(words: Sequence[str]) -> str:
    """The words of an instruction in its JSON form."""
    return json.dumps(list(words))


def docker_shell(word: str) -> str:
    """One word of a command in RUN. Raises `Unreadable` for one that a Dockerfile cannot hold."""
    _refuse_hidden(word)
    return word if word and PLAIN_WORD.fullmatch(word) else "'" + word.replace("'", "'\\''") + "'"


def docker_word(word: str) -> str:
    """One word of an instruction that takes no quotes, such as USER. Raises `Unreadable` for one that is not."""
    _refuse_hidden(word)
    if not word or any(letter.isspace() for letter in word):
        raise Unreadable(f"`{word}` is not one word, and a Dockerfile needs one there.", hint="Correct it.")
    return word


def _refuse_hidden(text: str) -> None:
    if not text.isprintable():
        raise Unreadable(f"`{visible(text)}` has line breaks or control characters, which a Dockerfile cannot hold.", hint="Remove them.")


def toml(text: str) -> str:
    """TOML as tomlkit writes it, in which nothing is hidden: escapes in its strings stand for what an editor would not show."""
    return "".join(letter if letter.isprintable() or letter in "\t\r\n" else f"\\U{ord(letter):08x}" for letter in text)


def is_variable(name: str) -> bool:
    """Whether a system takes this as the name of an environment variable."""
    return VARIABLE.fullmatch(name) is not None


def is_image(reference: str) -> bool:
    """Whether this may be the name of an image: printable, without blanks."""
    return bool(reference) and reference.isascii() and reference.isprintable() and " " not in reference


def _escape(letter: str) -> str:
    return repr(letter)[1:-1]


def _plain(text: str, signs: str) -> str:
    """Markdown without the `signs` and emphasis; a name such as HF_TOKEN stays readable."""
    text = "".join(f"\\{letter}" if letter in signs else letter for letter in text)
    return re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", text)


def _sentence(text: str) -> str:
    """A beginning that is no heading, quotation, list, rule or command."""
    text = re.sub(r"^(\d{1,9})([.)])(?=\s|$)", r"\1\\\2", text)
    return re.sub(r"^(?=[-+](\s|$)|#{1,6}(\s|$)|>|=+$|-+$|::)", r"\\", text)
