"""Answers as the protocol carries them: short ones whole, long ones as a summary with a resource that holds all of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from converters.mcp.commands import Answer

LIMIT = 40_000
"""Characters of an answer that goes into a message whole."""
KEPT = 32
"""Answers that are kept for later; older ones are forgotten."""
ADDRESS = "fal-migrate://results/{number}"


@dataclass
class Results:
    """The latest long answers, by number."""

    texts: dict[int, str] = field(default_factory=dict)
    made: int = 0

    def of(self, answer: Answer) -> dict[str, Any]:
        """What a tool answers: exit code, command, and the document or its scalars with the address of the whole."""
        found: dict[str, Any] = {"exit_code": answer.exit_code, "command": answer.command}
        if answer.document is None:
            return {**found, "text": answer.text}
        text = json.dumps(answer.document, ensure_ascii=False)
        if len(text) <= LIMIT:
            return {**found, "document": answer.document}
        return {**found, "document": _short(answer.document), "resource": self._keep(text)}

    def read(self, number: int) -> str:
        """A long answer as JSON. Raises `KeyError` for one that is not kept."""
        return self.texts[number]

    def _keep(self, text: str) -> str:
        self.made += 1
        self.texts[self.made] = text
        for old in sorted(self.texts)[:-KEPT]:
            del self.texts[old]
        return ADDRESS.format(number=self.made)


def _short(document: Any) -> Any:
    """A document whose findings stay as far as they fit; other lists and objects are counted."""
    if not isinstance(document, dict):
        return {"items": len(document)}
    short = {key: value if _is_scalar(value) else {"items": len(value)} for key, value in document.items()}
    findings = document.get("findings")
    if isinstance(findings, list):
        short["findings"] = fitting(findings, LIMIT // 2)
    return short


def fitting(rows: list[Any], room: int) -> list[Any]:
    """The first rows that fit into so many characters of JSON."""
    found, used = [], 0
    for row in rows:
        used += len(json.dumps(row, ensure_ascii=False))
        if used > room:
            break
        found.append(row)
    return found


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool)
