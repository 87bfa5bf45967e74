"""Compose's variable interpolation (https://docs.docker.com/reference/compose-file/interpolation/) and `.env` files."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_]\w*")


def interpolate(text: str, env: Mapping[str, str], unset: set[str] | None = None) -> str:
    """`text` with `$A`, `${A}`, `${A:-x}`, `${A:?x}`, `${A:+x}` and `$$` replaced; names without a value are added to `unset`."""
    found, position = _until(text, 0, env, unset, "")
    return found + text[position:]


def _until(text: str, position: int, env: Mapping[str, str], unset: set[str] | None, stop: str) -> tuple[str, int]:
    parts: list[str] = []
    while position < len(text):
        sign = text[position]
        if stop and sign == stop:
            return "".join(parts), position + 1
        if sign != "$":
            parts.append(sign)
            position += 1
        elif text.startswith("$$", position):
            parts.append("$")
            position += 2
        elif text.startswith("${", position) and (match := _NAME.match(text, position + 2)):
            value, position = _braced(text, match.group(), match.end(), env, unset)
            parts.append(value)
        elif match := _NAME.match(text, position + 1):
            parts.append(_get(match.group(), env, unset))
            position = match.end()
        else:
            parts.append(sign)
            position += 1
    return "".join(parts), position


def _braced(text: str, name: str, position: int, env: Mapping[str, str], unset: set[str] | None) -> tuple[str, int]:
    colon = text.startswith(":", position)
    position += colon
    operator = text[position : position + 1]
    if operator == "}" or operator not in ("-", "?", "+"):
        end = text.find("}", position)
        return _get(name, env, unset), len(text) if end < 0 else end + 1
    word, position = _until(text, position + 1, env, None, "}")
    value = env.get(name)
    is_set = value is not None and not (colon and value == "")
    if operator == "+":
        return (word if is_set else ""), position
    if operator == "?" and not is_set:
        if unset is not None:
            unset.add(name)
        return "", position
    return (value or "" if is_set else word), position


def _get(name: str, env: Mapping[str, str], unset: set[str] | None) -> str:
    if name not in env and unset is not None:
        unset.add(name)
    return env.get(name, "")


def env_file(text: str) -> dict[str, str]:
    """The variables of a `.env` file: `A=b`, `export A=b`, quotes, comments."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        line = line.strip().removeprefix("export ").strip()
        name, equals, value = line.partition("=")
        name, value = name.strip(), value.strip()
        if not equals or line.startswith("#") or not _NAME.fullmatch(name):
            continue
        if value[:1] in ("'", '"') and (end := value.find(value[0], 1)) > 0:
            quoted = value[1:end]
            found[name] = quoted if value[0] == "'" else interpolate(quoted, found)
        else:
            found[name] = interpolate(re.split(r"\s#", value)[0].strip(), found)
    return found
