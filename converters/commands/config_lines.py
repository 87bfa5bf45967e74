"""Where a key of `[tool.fal-migrate]` stands: TOML's readers tell no lines."""

from __future__ import annotations

import re

TABLE = "fal-migrate"
_HEADER = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"\s*([\w.\"'-]+)\s*=")
_DECORATION = re.compile(r"[\s\"']")


def line_of(text: str, *keys: str, number: int = 0) -> int:
    """The 1-based line of a key below `[tool.fal-migrate]`, of the table itself where no key is given; 0 where none is found.

    `number` chooses among the tables of an array.
    """
    wanted, table, seen = ".".join(("tool", TABLE, *keys)), "", 0
    for at, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _DECORATION.sub("", header[1])
            if table == wanted and seen == number:
                return at
            seen += table == wanted
        elif (key := _KEY.match(line)) and f"{table}.{_DECORATION.sub('', key[1])}".strip(".") == wanted:
            return at
    return 0
