"""Two outcomes of one request, value by value."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .outcome import File, LocalPath, Outcome

_ADDRESS = re.compile(r"(?<= at )0x[0-9a-f]+")
_TEMPORARY = re.compile(r"(?<![\w.])(?:/var)?/tmp/[^\s'\",;:)\]}]*")
_MADE_UP = re.compile(r"(?<![A-Za-z0-9])tmp[a-z0-9_]{8}")
"""What ``tempfile`` puts before or for a name."""
_FRAME = re.compile(r'(File "[^"]*", line )\d+')
_MADE = re.compile(r"makes '(.*)'")
_SIGNED = re.compile(r"[?&](?:X-Amz-Signature|AWSAccessKeyId)=")
_WHEN = re.compile(r"(?<=[?&])((?:X-Amz-Date|X-Amz-Signature|Signature|Expires)=)[^&\s'\"]+")
"""What an address of an object store holds of the time at which it was signed."""
_SYNONYMS = {"audio/wave": "audio/wav", "audio/vnd.wave": "audio/wav", "audio/mp3": "audio/mpeg", "image/jpg": "image/jpeg"}
_LONGEST = 300
_OF_A_FILE = frozenset({"etag", "last-modified", "accept-ranges"})
"""Headers that speak of a file's content, beside ``content-...``."""


@dataclass(frozen=True)
class Difference:
    """Where two outcomes differ. ``path``: ``outcome``, ``$.images[0]`` of the result, ``chunks[2]``, ``calls[3]``, ``stops``,
    ``pauses``, ``variables.HF_HOME``, ``effects``, ``machine``; of a server's answer also ``status`` and ``headers.location``."""

    path: str
    source: str
    target: str
    kinds: tuple[str, str] = ("", "")
    """Of a result's values: the names of their types."""

    @property
    def said(self) -> str:
        """In one line."""
        return f"{self.path}: {self.source} became {self.target}"


def differences(source: Outcome, target: Outcome, source_calls: Sequence[str], target_calls: Sequence[str]) -> list[Difference]:
    """Everything that differs, in the order: outcome, status, headers, result, chunks, calls."""
    if source.kind == "refused" or target.kind == "refused":
        return _of_refusal(source, target)
    if source.kind == "silence" and target.kind != "result":
        return []  # neither side has a result; what it did until then, and whether that is told, depends on when it was ended
    if source.kind != target.kind:
        return [Difference("outcome", _outcome(source), _outcome(target))]
    found = [*_of_answer(source, target), *([] if _says_the_same(source, target) else _values("$", source.value, target.value))]
    if source.chunks is not None and target.chunks is not None:
        found += _values("chunks", list(source.chunks), list(target.chunks))
    if source.stops != target.stops:
        found.append(Difference("stops", str(source.stops), str(target.stops)))
    if source.pauses != target.pauses:
        found.append(Difference("pauses", _seconds(source.pauses), _seconds(target.pauses)))
    found += _sets("effects", _without_parents(source.effects), _without_parents(target.effects))
    found += _sets("machine", source.machine, target.machine)
    return [*found, *_variables(source.variables, target.variables), *_calls(source_calls, target_calls)]


def _says_the_same(source: Outcome, target: Outcome) -> bool:
    """Whether a source's error is the text of what the app's holds: early releases of RunPod's SDK make a text of every error."""
    is_text = source.kind == "error" and isinstance(source.value, str) and isinstance(target.value, list | dict)
    return is_text and _canonical(source.value) == _canonical(str(target.value))


def of_prints(source: Outcome, again: Outcome, target: Outcome) -> Difference | None:
    """The first thing that one side prints and the other does not; None too where the source's own runs differ."""
    if source.kind != target.kind:
        return None
    ours, others, theirs = ([_canonical(text) for text in side.printed] for side in (source, again, target))
    if ours != others or ours == theirs:
        return None
    at = next((at for at, (one, other) in enumerate(zip(ours, theirs, strict=False)) if one != other), min(len(ours), len(theirs)))
    one, other = (texts[at] if at < len(texts) else "nothing more" for texts in (ours, theirs))
    return Difference(f"printed[{at}]", _shown(one), _shown(other))


def unsteady(source: Outcome, again: Outcome, source_calls: Sequence[str], calls_again: Sequence[str]) -> list[Difference]:
    """Everything that differs between two runs of the source; a list that comes in another order differs as a whole, too."""
    found = differences(source, again, source_calls, calls_again)
    lists = [*_reordered("$", source.value, again.value), *_reordered("chunks", list(source.chunks or ()), list(again.chunks or ()))]
    return found + [Difference(path, "a list", "in another order", ("list", "list")) for path in lists]


def _reordered(path: str, one: Any, other: Any) -> Iterator[str]:
    """The paths of lists that hold the same in another order."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() & other.keys():
            yield from _reordered(f"{path}.{key}", one[key], other[key])
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple) and one != other:
        if sorted(map(repr, one)) == sorted(map(repr, other)):
            yield path
        for at, (mine, theirs) in enumerate(zip(one, other, strict=False)):
            yield from _reordered(f"{path}[{at}]", mine, theirs)


def of_loading(source: Sequence[str], again: Sequence[str], target: Sequence[str], *, in_order: bool = True) -> list[Difference]:
    """The first call that one side makes while it loads and the other does not; none where the source's own runs differ."""
    if not in_order:
        source, again, target = sorted(source), sorted(again), sorted(target)
    if list(_calls(source, again)):
        return []
    return [replace(found, path=found.path.replace("calls", "loading", 1)) for found in _calls(source, target)]


def _of_refusal(source: Outcome, target: Outcome) -> list[Difference]:
    """A schema may say what the source's own check says; it must not say more, but may say less."""
    if source.kind != "result":
        return []
    return [Difference("outcome", _outcome(source), _outcome(target))]


def _of_answer(source: Outcome, target: Outcome) -> Iterator[Difference]:
    """Status and headers of a server's answer."""
    if source.status != target.status:
        yield Difference("status", str(source.status), str(target.status))
    boxed = source.boxed or target.boxed
    for name in sorted(source.headers.keys() | target.headers.keys()):
        if boxed and (name.startswith("content-") or name in _OF_A_FILE):
            continue
        if name not in source.headers or name not in target.headers:
            one, other = (_shown(side.headers[name]) if name in side.headers else "no such header" for side in (source, target))
            yield Difference(f"headers.{name}", one, other)
        else:
            yield from _values(f"headers.{name}", source.headers[name], target.headers[name])


def _seconds(pauses: Sequence[float]) -> str:
    return ", ".join(f"{seconds:g} s" for seconds in pauses) or "none"


def _variables(source: Mapping[str, str | None], target: Mapping[str, str | None]) -> Iterator[Difference]:
    """Variables that both sides told of; where one names a place in the image, the other need only name some place too."""
    for name in sorted(source.keys() & target.keys()):
        one, other = source[name], target[name]
        both_places = one is not None and other is not None and "/" in one and "/" in other
        if one != other and not both_places:
            yield Difference(f"variables.{name}", _shown(one), _shown(other))


def _without_parents(effects: Sequence[str]) -> list[str]:
    """The effects without folders that were made for others in them: who finds them there already does not make them."""
    made = [found[1] for text in effects if (found := _MADE.fullmatch(text))]
    return [text for text in effects if not (found := _MADE.fullmatch(text)) or not any(path.startswith(f"{found[1]}/") for path in made)]


def _sets(path: str, source: Sequence[str], target: Sequence[str]) -> Iterator[Difference]:
    """What one side did and the other did not, however often and in whatever order."""
    ours, theirs = ({_canonical(text) for text in side} for side in (source, target))
    if ours != theirs:
        one, other = (", ".join(sorted(mine - others)) or "nothing more" for mine, others in ((ours, theirs), (theirs, ours)))
        yield Difference(path, _shown(one), _shown(other))


def _outcome(outcome: Outcome) -> str:
    return _shown(f"{outcome.kind}{f' {outcome.status}' if outcome.status else ''}: {outcome.value!r}")


def _calls(source: Sequence[str], target: Sequence[str]) -> Iterator[Difference]:
    ours, theirs = [_canonical(text) for text in source], [_canonical(text) for text in target]
    for at in range(max(len(ours), len(theirs))):
        one, other = (calls[at] if at < len(calls) else "nothing more" for calls in (ours, theirs))
        if one != other:
            yield Difference(f"calls[{at}]", _shown(one), _shown(other))
            return  # what follows differs because of it


def _values(path: str, source: Any, target: Any) -> Iterator[Difference]:
    if isinstance(source, LocalPath):
        source, target = (source.file, target.file) if isinstance(target, LocalPath) else (source.as_answered(target), target)
    if isinstance(source, File) or isinstance(target, File):
        if not (isinstance(source, File) and isinstance(target, File) and _same_file(source, target)):
            yield Difference(path, _shown(source), _shown(target))
    elif isinstance(source, dict) and isinstance(target, dict):
        for key in [*source, *(key for key in target if key not in source)]:
            if key not in source or key not in target:
                yield Difference(
                    f"{path}.{key}",
                    _shown(source[key]) if key in source else "no such key",
                    _shown(target[key]) if key in target else "no such key",
                )
            else:
                yield from _values(f"{path}.{key}", source[key], target[key])
    elif isinstance(source, list | tuple) and isinstance(target, list | tuple):
        for at, (one, other) in enumerate(zip(source, target, strict=False)):
            yield from _values(f"{path}[{at}]", one, other)
        if len(source) != len(target):
            yield Difference(f"{path}.length", str(len(source)), str(len(target)))
    elif not _equal(source, target):
        yield Difference(path, _shown(source), _shown(target), (type(source).__name__, type(target).__name__))


def _same_content(source: bytes, target: bytes) -> bool:
    """Whether two files hold the same; archives where their members do, which also bear the time when they were packed."""
    if source == target:
        return True
    members = _members(source)
    return members is not None and members == _members(target)


def _members(data: bytes) -> list[tuple[str, bytes]] | None:
    """Names and contents of a ZIP or tar archive's files, in order; None for another file."""
    try:
        if data.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                return [(_canonical(name), _comparable(archive.read(name))) for name in archive.namelist()]
        with tarfile.open(fileobj=io.BytesIO(data)) as packed:
            files = [(member.name, packed.extractfile(member)) for member in packed.getmembers()]
            return [(_canonical(name), _comparable(file.read()) if file is not None else b"") for name, file in files]
    except (zipfile.BadZipFile, tarfile.TarError, OSError, EOFError, RuntimeError, NotImplementedError, zlib.error):
        return None


def _comparable(data: bytes) -> bytes:
    """A text as texts are compared, other content as it is."""
    try:
        return _canonical(data.decode()).encode()
    except UnicodeDecodeError:
        return data


def _same_file(source: File, target: File) -> bool:
    """By content, and by media type where the source's server tells a kind (Cog does, a path on RunPod has none)."""
    told = source.media_type not in ("", "application/octet-stream")
    return _same_content(source.data, target.data) and not (told and _kind(source.media_type) != _kind(target.media_type))


def _kind(media_type: str) -> str:
    """A media type under the name that is registered for it (RFC 6648): tables of servers still have older ones.

    Of a text with a name that nobody registered, some say `text/x-tex` and some `application/x-tex`.
    """
    name, parameters = media_type.partition(";")[::2]
    family, _, subtype = name.strip().lower().partition("/")
    family = "application" if family == "text" and subtype.startswith("x-") else family
    plain = f"{family}/{subtype.removeprefix('x-')}"
    return f"{_SYNONYMS.get(plain, plain)};{parameters.strip()}"


def _equal(source: Any, target: Any) -> bool:
    if isinstance(source, str) and isinstance(target, str):
        return source == target or _canonical(source) == _canonical(target)
    if isinstance(source, bool) or isinstance(target, bool):
        return source is target
    if isinstance(source, float) and isinstance(target, float) and source != source:
        return target != target
    return bool(source == target)


def _canonical(text: str) -> str:
    """Text without addresses, names of temporary files and lines of tracebacks, which the sides do not share."""
    text = _FRAME.sub(r"\1", text).replace("'PosixPath' object", "'Path' object")  # Cog's own class is one
    if _SIGNED.search(text):
        text = _WHEN.sub(r"\1", text)
    text = _TEMPORARY.sub(lambda match: "<temporary>" + _suffix(match.group()), _ADDRESS.sub("0x", text))
    return _MADE_UP.sub("", text)


def _suffix(path: str) -> str:
    name = path.rpartition("/")[2]
    return name[name.rfind(".") :] if "." in name else ""


def _shown(value: Any) -> str:
    if isinstance(value, File):
        return f"<file: {len(value.data)} bytes, {value.media_type}>"
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"


def noise(unsteady: Iterable[Difference]) -> frozenset[str]:
    """Paths at which two runs of the source differ: nothing is proven there."""
    return frozenset(difference.path for difference in unsteady)


def proven(found: Iterable[Difference], unsteady: Sequence[Difference]) -> list[Difference]:
    """The differences that count: where the source's two runs agree, or where both give one kind of value and the target gives another."""
    noisy, kinds = noise(unsteady), {difference.path: difference.kinds for difference in unsteady}
    return [
        difference
        for difference in found
        if not is_noise(difference.path, noisy)
        or (len(set(kinds.get(difference.path, ()))) == 1 and difference.kinds[1] not in kinds[difference.path])
    ]


def is_noise(path: str, noisy: frozenset[str]) -> bool:
    """Whether a path lies at or below one that differs between two runs of the source."""
    if path.startswith("calls["):
        return any(other.startswith("calls[") for other in noisy)
    return any(path == other or path.startswith((f"{other}.", f"{other}[")) for other in noisy)


def leaves(value: Any, path: str = "$") -> list[str]:
    """The paths of all values that are no containers, files among them."""
    if isinstance(value, dict) and value:
        return [leaf for key, item in value.items() for leaf in leaves(item, f"{path}.{key}")]
    if isinstance(value, list | tuple) and value:
        return [leaf for at, item in enumerate(value) for leaf in leaves(item, f"{path}[{at}]")]
    return [path]
