"""The key-value store of ``fal.toolkit.KVStore`` (fal 1.83, ``fal/toolkit/kv.py``), beside the queue on the disk."""

from __future__ import annotations

import re
import time
from urllib.parse import unquote

from .asgi import Receive, Scope, Send, answer_json, query, read_body
from .directory import Directory
from .errors import PlatformError
from .journal import Journal

#: Seconds: the default and the longest life of a value, and the shortest.
_LONGEST, _SHORTEST = 2592000, 60
_LIMIT = 1 << 25


class KeyValues:
    """The ``kv`` part of the gateway: ``GET /get/db/key``, ``PUT /set/db/key?ttl=``, ``DELETE /delete/db/key``."""

    def __init__(self, journal: Journal, directory: Directory) -> None:
        self._journal = journal
        self._directory = directory

    async def handle(self, scope: Scope, receive: Receive, send: Send, path: bytes, root: str) -> None:
        """Serve one call. Raises PlatformError."""
        self._directory.authenticate(scope)
        verb, _, rest = unquote(path.decode("latin-1")).strip("/").partition("/")
        db, _, key = rest.partition("/")
        match scope["method"], verb:
            case "GET", "get":
                await self._get(send, db, key)
            case "PUT", "set":
                await self._set(scope, receive, send, db, key)
            case "DELETE", "delete":
                await self._journal.change(lambda sql: sql.execute("delete from kv where db = ? and key = ?", (db, key)))
                await answer_json(send, 200, {})
            case _:
                raise PlatformError(404, None, "Not Found")

    async def _get(self, send: Send, db: str, key: str) -> None:
        select = "select value from kv where db = ? and key = ? and expires > ?"
        row = await self._journal.change(lambda sql: sql.execute(select, (db, key, time.time())).fetchone())
        if row is None:
            await answer_json(send, 404, {"error": "Key not found"})
        else:
            await answer_json(send, 200, {"value": row["value"]})

    async def _set(self, scope: Scope, receive: Receive, send: Send, db: str, key: str) -> None:
        text = query(scope).get("ttl", str(_LONGEST))
        if not re.fullmatch("[0-9]{1,9}", text) or not _SHORTEST <= int(text) <= _LONGEST:
            await answer_json(send, 400, {"error": f"ttl must be between {_SHORTEST} and {_LONGEST} seconds"})
            return
        try:
            value = (await read_body(receive, _LIMIT)).decode()
        except UnicodeDecodeError:
            await answer_json(send, 400, {"error": "the value is not UTF-8 text"})
            return
        row = (db, key, value, time.time() + int(text))
        await self._journal.change(lambda sql: sql.execute("insert or replace into kv values (?, ?, ?, ?)", row))
        await answer_json(send, 200, {})
