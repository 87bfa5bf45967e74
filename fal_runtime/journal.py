"""What the queue must not forget, in SQLite: write-ahead log, full synchronisation, every answer after its commit.

One thread owns the database. Changes that arrive while a commit is under way go together into the next one, so that many
clients share the cost of a commit, and one client waits for exactly one.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
_Item = tuple[Callable[[sqlite3.Connection], Any], "asyncio.Future[Any]"]
_Result = tuple["asyncio.Future[Any]", Any, "Exception | None"]

_SCHEMA = """
create table if not exists request (
    id text primary key, app text not null, path blob not null, query blob not null, headers text not null, body blob not null,
    priority integer not null, seq integer not null, policy text not null, webhook text, submitted real not null, start_by real,
    attempts integer not null default 0, used text not null default '{}', not_before real not null default 0,
    gateway_request_id text not null,
    finished real, status integer, answer_headers text, answer blob, error text, error_type text, inference_time real, logs text,
    deliveries integer not null default 0, next_delivery real
) without rowid;
create table if not exists kv (db text not null, key text not null, value text not null, expires real not null, primary key (db, key));
create index if not exists unfinished on request (seq) where finished is null;
create index if not exists finished on request (finished) where finished is not null;
create index if not exists undelivered on request (next_delivery) where next_delivery is not null;
"""


class Journal:
    """A SQLite database behind one thread. A failed change raises sqlite3.Error in its own caller."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._work: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def open(self) -> None:
        """Open the database and start the thread. Raises sqlite3.Error."""
        with closing(self._connect()) as database:
            database.executescript(_SCHEMA)
        self._thread.start()

    def close(self) -> None:
        """Commit what was asked for and end the thread."""
        if self._thread.is_alive():
            self._work.put(None)
            self._thread.join()

    async def change(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``work`` in the next transaction; returns once that is on the disk."""
        done: asyncio.Future[T] = self._loop.create_future()
        self._work.put((work, done))
        return await done

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, isolation_level=None)
        database.row_factory = sqlite3.Row
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = full")
        return database

    def _run(self) -> None:
        with closing(self._connect()) as database:
            for batch in self._batches():
                results = self._commit(database, batch)
                self._loop.call_soon_threadsafe(_resolve, results)

    def _batches(self) -> Iterator[list[_Item]]:
        while (item := self._work.get()) is not None:
            batch = [item]
            while len(batch) < 256 and not self._work.empty():
                if (item := self._work.get()) is None:
                    yield batch
                    return
                batch.append(item)
            yield batch

    def _commit(self, database: sqlite3.Connection, batch: list[_Item]) -> list[_Result]:
        results: list[_Result] = []
        try:
            database.execute("begin immediate")
            results.extend((done, work(database), None) for work, done in batch)
            database.execute("commit")
        except Exception as error:
            if database.in_transaction:
                database.execute("rollback")
            if len(batch) == 1:
                return [(batch[0][1], None, error)]
            # one bad change must not take the others with it
            return [result for item in batch for result in self._commit(database, [item])]
        return results


def _resolve(results: list[_Result]) -> None:
    for done, value, error in results:
        if done.cancelled():
            continue
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(value)
