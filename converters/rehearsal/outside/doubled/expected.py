"""What a build and its app expect in what they fetch: paths that their files name."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

_WORD = re.compile(r"[\w./$*{}@+~:-]+")
_DIRECTORY_AFTER = frozenset({"cd", "WORKDIR", "pushd", "-C", "--directory", "workdir", "chdir", "mkdir", "-d", "cwd"})
_RUN_AFTER = re.compile(r"^(python3?(\.\d+)?|-r|--requirement|bash|sh|source|\.|-c|--constraint|-f|--file|--config|pip|install|-u)$")
_INSTALL = re.compile(r"\bapt(?:-get)?\s+(?:-\S+\s+)*install\s+((?:[^&|;#\n\\]|\\\n)+)")
_CLONE = re.compile(r"\bgit\s+clone\b((?:[^&|;#\n\\]|\\\n)*)")
_PACKAGE = re.compile(r"^[a-z0-9][a-z0-9.+-]+(:[a-z0-9]+)?(=\S+)?$")
WEIGHTS = re.compile(r"\.(safetensors|pth?|ckpt|gguf|onnx|bin|h5|pb|tflite|pkl|joblib|npz|npy|th|msgpack)$")


class Expected:
    """Looks into texts: a Dockerfile, scripts, the app's code."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._texts = list(texts)

    def add(self, text: str) -> None:
        """Look into this text as well."""
        self._texts.append(text)

    def below(self, name: str) -> dict[str, bool]:
        """The paths that are expected below a directory called ``name``, and whether each is a directory for sure.

        A pattern that fits the name (``ffmpeg-*-static/ffmpeg``) counts, what a pattern leaves open below it does not.
        """
        found: dict[str, bool] = {}
        cloned = self._cloned() - {name}
        for before, word in self._words():
            parts = [part for part in word.split("/") if part not in ("", ".")]
            for at, part in enumerate(parts[:-1]):
                if parts[at + 1] in cloned:
                    continue  # git makes it
                if fnmatch.fnmatchcase(name, part) and part.strip("*") and not re.search(r"[*${}~:]|\.\.", "/".join(parts[at + 1 :])):
                    inner = "/".join(parts[at + 1 :])
                    found[inner] = found.get(inner, False) or word.endswith("/") or before in _DIRECTORY_AFTER
        return found

    def run(self) -> list[str]:
        """The relative paths of files that programs are given: scripts, lists of requirements."""
        found = (word for before, word in self._words() if _RUN_AFTER.match(before))
        return sorted({word for word in found if re.search(r"\.(txt|py|sh|ya?ml|json|toml|cfg|ini)$", word) and _is_plain(word)})

    def weights(self) -> list[str]:
        """The relative paths of files with weights."""
        return sorted({word for _, word in self._words() if WEIGHTS.search(word) and _is_plain(word)})

    def distribution(self, address: str) -> str:
        """The name of the distribution that is installed from a repository (``host/owner/name``): ``NAME @ git+https://...``; ''."""
        place = rf"git\+\w+://(?:[^/@\s]+@)?{re.escape(address.removesuffix('.git'))}(?:\.git)?"
        for text in self._texts:
            if match := re.search(rf"([\w.-]+)(?:\[[^\]]*\])?\s*@\s*{place}(?![\w-])", text, re.IGNORECASE):
                return match[1]
            if match := re.search(rf"{place}(?:@[^#\s\"']+)?#(?:[^\s\"']*&)?egg=([\w.-]+)", text, re.IGNORECASE):
                return match[1]
        return ""

    def packages(self) -> dict[str, set[str]]:
        """The names of system packages that are installed, with the versions that are demanded."""
        found: dict[str, set[str]] = {}
        for text in self._texts:
            for command in _INSTALL.finditer(text):
                for word in command[1].replace("\\\n", " ").split():
                    if _PACKAGE.match(word):
                        name, _, version = word.partition("=")
                        found.setdefault(name.partition(":")[0], set()).update({version} - {""})
        return found

    def _cloned(self) -> set[str]:
        """The names of the directories that git clones repositories into."""
        found = set[str]()
        for text in self._texts:
            for command in _CLONE.finditer(text):
                words = [word for word in command[1].replace("\\\n", " ").split() if not word.startswith("-")]
                at = next((index for index, word in enumerate(words) if "://" in word or word.startswith("git@")), len(words))
                found |= {
                    PurePosixPath(word.strip("\"'")).name.removesuffix(".git") for word in words[at + 1 : at + 2] or words[at : at + 1]
                }
        return found

    def _words(self) -> Iterator[tuple[str, str]]:
        """Each word with the one before it."""
        for text in self._texts:
            before = ""
            for match in _WORD.finditer(text):
                yield before, match.group()
                before = match.group()


def _is_plain(word: str) -> bool:
    path = PurePosixPath(word)
    return not path.is_absolute() and ".." not in path.parts and not re.search(r"[*${}~@:]", word)
