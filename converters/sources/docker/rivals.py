"""Images that could be meant as well as the chosen one, and variants of it, which are no question."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from converters.containers.compose import Service
from converters.sources.docker import ranking
from converters.sources.docker.candidate import POINTS, Candidate, Rank


def rivals(found: list[Candidate]) -> list[Candidate]:
    """Images that serve another program and could be meant just as well as the first: of the same rank, and close to it."""
    best = found[0]
    close = [one for one in found[1:] if one.rank is best.rank is Rank.SERVER and (_is_close(best, one) or _is_peer(best, one))]
    seen, others = {_program_of(best)}, []
    for one in close:
        if (program := _program_of(one)) not in seen and not _is_variant(best, one):
            seen.add(program)
            others.append(one)
    return others


def _is_close(best: Candidate, other: Candidate) -> bool:
    """Whether little speaks for the one; the hardware for which it is made does not, where they are different programs."""
    plain = best.service is None and other.service is None and best.hardware > other.hardware
    return best.score - other.score - (best.hardware - other.hardware if plain else 0) <= ranking.CLOSE


def _is_peer(best: Candidate, other: Candidate) -> bool:
    """Whether a compose file builds both and publishes ports of both, and neither is there for the other."""
    mine, theirs = best.service, other.service
    if mine is None or theirs is None or mine is theirs or mine.file.path != theirs.file.path:
        return False
    if best.packaging is None or other.packaging is None or not (mine.ports and theirs.ports) or theirs.keys.get("profiles"):
        return False
    aside = any(POINTS["aside"][1] in reason for reason in other.reasons)
    named = ranking.WORKER_WORDS.search(theirs.name) or ranking.INTERFACE.search(theirs.name)
    linked = theirs.name in mine.depends_on or mine.name in theirs.depends_on or _calls(mine, theirs.name) or _calls(theirs, mine.name)
    return not (aside or named or linked)


def _calls(service: Service, name: str) -> bool:
    """Whether what a service is given names another one as a host."""
    values = [value or "" for value, _ in service.environment.values()]
    text = " ".join([*values, *(service.command or []), *(service.entrypoint or [])])
    return re.search(rf"(//|@|\b){re.escape(name)}(:\d|/|$|\s)", text) is not None


def _is_variant(best: Candidate, other: Candidate) -> bool:
    """Whether `Dockerfile`, which `docker build` takes by itself, and a file of another name beside it start the same ready program."""
    mine, theirs = best.listener, other.listener
    if mine is None or theirs is None or mine.program is None or mine.program.application or mine.program is not theirs.program:
        return False
    if best.service is not None or other.service is not None or best.packaging is None or other.packaging is None:
        return False
    plain = best.packaging.file.name in ("Dockerfile", "Containerfile")
    return plain and best.packaging.file.folder == other.packaging.file.folder


def _program_of(candidate: Candidate) -> tuple[str, ...]:
    """What tells a program from a variant of the same one: the code that it runs, else the service, else where it is built."""
    listener = candidate.listener
    if listener is not None and listener.entry is not None:
        return ("code", listener.entry.path, listener.application)
    if candidate.packaging is None:
        return ("service", candidate.service.name if candidate.service else candidate.image)
    words = [PurePosixPath(word).name for word in candidate.start.words]
    return ("image", candidate.packaging.context, *(words[:3] if listener is None or not listener.framework else words))
