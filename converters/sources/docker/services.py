"""Several services of one image that are one server: they call each other by name, and one container can hold them all."""

from __future__ import annotations

import re
import shlex

from converters.containers.compose import Service
from converters.sources.docker.candidate import Candidate


def together(candidate: Candidate) -> list[Service]:
    """The services that must run beside the chosen one: built from the same image and linked by addresses, in the order of their calls."""
    chosen = candidate.service
    if chosen is None or not (chosen.entrypoint or chosen.command):
        return []
    kin = {one.name: one for one in chosen.others if _same_image(one, chosen) and (one.entrypoint or one.command)}
    linked: dict[str, Service] = {}
    queue = [chosen]
    while queue:
        current = queue.pop()
        for name, one in kin.items():
            if name not in linked and (_names(current, name) or _names(one, current.name)):
                linked[name] = one
                queue.append(one)
    return sorted(linked.values(), key=lambda one: (sum(_names(one, other) for other in [*linked, chosen.name]), one.name))


def command(chosen: Service, others: list[Service]) -> list[str]:
    """One shell command that starts all of them, the chosen one last; each other's names become 127.0.0.1."""
    names = [one.name for one in [*others, chosen]]
    parts = [f"{_line(one, names)} &" for one in others] + [f"exec {_line(chosen, names)}"]
    return ["bash", "-c", " ".join(parts)]


def _line(service: Service, names: list[str]) -> str:
    words = [*(service.entrypoint or []), *(service.command or [])]
    return shlex.join(local(word, names) for word in words)


def local(text: str, names: list[str]) -> str:
    """`http://controller:21001` -> `http://127.0.0.1:21001` for the names of services that share the container."""
    pattern = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.sub(rf"(?<=//)(?:{pattern})(?=[:/]|$)", "127.0.0.1", text)


def _same_image(one: Service, other: Service) -> bool:
    return bool(one.dockerfile and one.dockerfile == other.dockerfile) or bool(one.image and one.image == other.image)


def _names(service: Service, name: str) -> bool:
    texts = [*(service.entrypoint or []), *(service.command or []), *(value or "" for value, _ in service.environment.values())]
    return any(re.search(rf"//{re.escape(name)}(?=[:/]|$)", text) for text in texts)
