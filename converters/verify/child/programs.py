"""Programs that are not installed, or that would fetch something: their calls are recorded and succeed."""

from __future__ import annotations

import errno
import io
import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from typing import Any

from . import files, frames, network, record
from .describe import described

_FETCHING = (
    "apt", "apt-get", "dpkg", "dpkg-query", "which", "pip", "pip3", "uv", "conda", "git", "wget", "curl", "aria2c", "aws", "gsutil",
    "gcloud", "huggingface-cli", "hf", "pget", "nvidia-smi", "docker", "sudo", "service", "systemctl",
)  # fmt: skip
_FILM = {
    "codec_type": "video", "codec_name": "h264", "width": 16, "height": 16, "r_frame_rate": "24/1", "avg_frame_rate": "24/1",
    "nb_frames": "24", "duration": "1.0", "index": 0,
}  # fmt: skip
"""A film of a second, as ffprobe describes one."""


_POLLS = 2
"""How often a program that was started still runs when the project looks."""
_SERVER = re.compile(r"(?i)serve[rd]?\b|daemon|xvfb|(^|-)(redis|nginx|ollama|uvicorn|gunicorn|ngrok|cloudflared)$")
_PORT = re.compile(r"(?i)--?(http-?)?(port|listen|bind)(=|$)")
_OUTPUTS = (".m4v", ".ts", ".aac", ".opus", ".ass", ".usdz", ".fbx", ".xml", ".yaml", ".yml", ".log", ".m3u8", ".tsv")
"""What programs write beside the files that libraries do."""
_RESULTS = re.compile(r"(?i)--?(o|out|output|results?|save|dest|destination)([-_]?(dir|folder|directory|path|root))?$|--?outdir$")
"""Options that name a folder for results."""
_fetched: set[str] = set()
"""What pget fetched in this process: a conversion fetches the same only once, and keeps it for all runners."""


READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)
"""Of a folder that the image can write to and that is the system's here: pget leaves nothing there, and succeeds."""


_shells = True
"""Whether start scripts are doubled as well: what they launch is part of the image."""


_failing: Sequence[Sequence[str]] = ()
"""Commands that always fail."""


def install(*, shells: bool = True, failing: Sequence[Sequence[str]] = ()) -> None:
    """Replace the ways to start another program.

    ``shells``: also where a shell is given a script; ``failing``: commands that always fail, a script by its name alone.
    """
    global _shells, _failing
    _shells, _failing = shells, failing

    class Popen(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, args: Any, *others: Any, **options: Any) -> None:
            stand_in = _stand_in(args, bool(options.get("shell")), options.get("cwd"))
            if stand_in is not None:
                options.pop("executable", None)
                options["shell"] = False
                cwd = options.get("cwd")
                if cwd is not None and not os.path.isdir(cwd):
                    options["cwd"] = None
            super().__init__(args if stand_in is None else stand_in, *others, **options)
            self._doubled = self._stood_in = stand_in is not None
            self._goes_on = self._stood_in and _is_server(_words(args) or [])
            self._polls = 0

        def wait(self, timeout: float | None = None) -> int:
            self._tell_patience(timeout)
            return super().wait(timeout)

        def communicate(self, input: Any = None, timeout: float | None = None) -> tuple[Any, Any]:
            self._tell_patience(timeout)
            return super().communicate(input, timeout)

        def poll(self) -> int | None:
            """To the project a program takes a while, and a server goes on until it is told to end, however soon its double has."""
            if not self._stood_in or self.returncode is not None or not frames.caller_is_project():
                return super().poll()
            self._polls += 1
            return None if self._goes_on or self._polls <= _POLLS else super().wait()

        def send_signal(self, sig: int) -> None:
            if not self._stood_in:
                super().send_signal(sig)
            elif self.returncode is None:
                super().wait()
                self.returncode = -sig

        def _tell_patience(self, timeout: float | None) -> None:
            """No double takes long, so how long is waited for one is told instead."""
            if self._doubled and timeout is not None and frames.asked_by_project():
                record.write("machine", f"at most {timeout:g} s for the program")
            self._doubled = False  # what communicate() waits for is no question of its own

    Popen.__name__ = "Popen"
    system = os.system

    def run(command: str) -> int:
        stand_in = _stand_in(command, True)
        return system(command) if stand_in is None else system(shlex.join(stand_in))

    subprocess.Popen = Popen  # type: ignore[misc]
    os.system = run  # type: ignore[assignment]


def _stand_in(args: Any, shell: bool, folder: Any = None) -> list[str] | None:
    """A command that only says what was asked for; None for a program that can run here."""
    words = _words(args)
    if words and os.path.basename(words[0]) in _UNPACKERS:
        _make_archives(words[1:], os.fspath(folder or "."))
    if not words or not _is_doubled(words, shell or isinstance(args, str), os.fspath(folder or ".")):
        return None
    if os.path.basename(words[0]) == "pget" and (fetched := _pget(words[1:])) is not None:
        return fetched
    if _runs_file(words):
        words[1] = os.path.basename(words[1])  # where it lies, the sides need not share
    text = " ".join(map(described, words))
    if record.question("program", text) or words in _failing:
        return _out_of_order(f"{words[0]}: out of order")
    _leave_outputs(words[1:], text)
    return [sys.executable, "-I", "-S", "-c", f"print({_said(words, text)!r})"]


_UNPACKERS = ("tar", "bsdtar", "unzip", "7z")


def _make_archives(words: Sequence[str], folder: str) -> None:
    """What was fetched from an address that names no kind, and saved under the name of an archive, is one."""
    for word in words:
        path = os.path.join(folder, word)
        if word.lower().endswith((".zip", ".tar", ".tgz", ".gz")) and os.path.isfile(path):
            with open(path, "rb") as file:
                expression = files.expression_of(file.read())
            if expression:
                files.write(path, expression)


def _words(args: Any) -> list[str] | None:
    """The words of a command; None where it is none."""
    try:
        if isinstance(args, str | bytes | os.PathLike):
            return shlex.split(os.fsdecode(args)) if not isinstance(args, os.PathLike) else [os.fsdecode(args)]
        return [os.fsdecode(word) for word in args]
    except (TypeError, ValueError):
        return None


def _is_server(words: Sequence[str]) -> bool:
    """Whether a program goes on by itself: by its name or first word, or because it gets a port."""
    names = [os.path.basename(words[0]), *words[1:2]] if words else []
    return any(_SERVER.search(name) for name in names) or any(_PORT.match(word) for word in words)


def _leave_outputs(words: Sequence[str], text: str) -> None:
    """Write the files that a program is given and that are not there, or empty so far, and make the folders for its results."""
    for before, word in itertools.pairwise(["", *words]):
        flag, equals, value = word.partition("=") if word.startswith("-") else (before, "=", word)
        suffix = os.path.splitext(value)[1].lower()
        if not equals or value.startswith("-") or "://" in value:
            continue
        try:
            if suffix in files.MEDIA + _OUTPUTS and not (os.path.exists(value) and os.path.getsize(value)):
                files.write(value, text)
            elif not suffix and _RESULTS.match(flag) and not os.path.exists(value):
                os.makedirs(value)
        except OSError:
            continue


def _out_of_order(message: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", f"raise SystemExit({message!r})"]


def _said(words: list[str], text: str) -> str:
    """What a program prints: its call, or in the form that it was asked for, facts of a film."""
    if os.path.basename(words[0]) == "ffprobe":
        form = next((after for word, after in itertools.pairwise(words) if word in ("-of", "-print_format", "-output_format")), "")
        if form.startswith("json"):
            return json.dumps({"streams": [_FILM], "format": {"duration": _FILM["duration"], "filename": words[-1]}})
        if "nokey=1" in form or "nk=1" in form or "p=0" in form:
            return str(_FILM["duration"])
    return text


def _pget(words: list[str]) -> list[str] | None:
    """What Replicate's downloader does, ``pget [OPTION [VALUE]]... URL DEST``, as the request that it makes; None for another use of it."""
    places = [word for word in words if not word.startswith("-")]
    if len(places) < 2 or "://" not in places[-2]:
        return None
    url, target = places[-2:]
    short = "".join(word[1:] for word in words if word.startswith("-") and not word.startswith("--"))
    found = network.answer("GET", url, again=url in _fetched)
    if found.status != 200:
        return _out_of_order(f"{url} answers {found.status}")
    _fetched.add(url)
    try:
        os.makedirs(os.path.dirname(os.path.abspath(target)), exist_ok=True)
        if "x" in short or "--extract" in words:
            with tarfile.open(fileobj=io.BytesIO(found.data)) as archive:
                archive.extractall(target, filter="data")
        else:
            with open(target, "wb") as file:
                file.write(found.data)
    except (OSError, tarfile.TarError) as error:
        if getattr(error, "errno", None) not in READ_ONLY:
            return _out_of_order(str(error))
    return [sys.executable, "-I", "-S", "-c", ""]


def _runs_file(words: list[str]) -> bool:
    """Whether a shell is given a script: ``bash FILE ...``."""
    return os.path.basename(words[0]) in ("bash", "sh") and len(words) > 1 and not words[1].startswith("-")


def _edits_what_the_image_has(words: list[str], folder: str) -> bool:
    """Whether ``sed -i`` is told a file below a folder that is not here: the image has both, or a doubled program would have made them."""
    in_place = any(re.match(r"-[a-zA-Z]*i|--in-place", word) for word in words)
    return in_place and _is_elsewhere(words[-1], folder)


def _runs_what_the_image_has(words: list[str], folder: str) -> bool:
    """Whether Python is told a script below a folder that is not here, as of a repository that the image clones."""
    script = next((word for word in words if not word.startswith("-")), "")
    return script.endswith(".py") and _is_elsewhere(script, folder)


def _is_elsewhere(path: str, folder: str) -> bool:
    return not os.path.isdir(os.path.join(folder, os.path.dirname(path)))


def _is_doubled(words: list[str], shell: bool, folder: str) -> bool:
    name = os.path.basename(words[0])
    if name.startswith("python") and "-m" in words[1:3] and any(word in ("pip", "uv") for word in words[1:4]):
        return True
    if name in ("bash", "sh") and len(words) > 1:
        found = not _runs_file(words) or os.path.isabs(words[1]) or os.path.exists(os.path.join(folder, words[1]))
        return _shells and found  # what is not there, the shell itself says
    if name in _FETCHING or (name == "sed" and _edits_what_the_image_has(words[1:], folder)):
        return True
    if re.fullmatch(r"python[\d.]*", name) and _runs_what_the_image_has(words[1:], folder):
        return True
    commands = (
        words[:1] if not shell else [words[0], *(words[at + 1] for at, word in enumerate(words[:-1]) if word in ("&&", "||", ";", "|"))]
    )
    return any(
        shutil.which(command) is None and "=" not in command and command not in ("cd", "export", "source", "exit", "set", ".")
        for command in commands
    )
