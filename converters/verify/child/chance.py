"""Time and chance that are the same in every run, for the project's code alone: libraries keep the real ones.

Every request starts with the same seed and the same time of day, whatever came before it. Time moves only when the project looks at
it (a millisecond) or sleeps (by what it sleeps). Sleeping takes no real time, nor does the waiting of libraries that try again what failed.
"""

from __future__ import annotations

import asyncio
import datetime
import os
import random
import secrets
import time
import types
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from . import frames, imports, record

EPOCH = 1_760_000_000.0
"""Seconds since 1970 at which every request starts."""
_TICK = 0.001
_RETRYING = ("/backoff/", "/tenacity/", "/retry/", "/retrying.py", "/urllib3/util/retry.py")
"""Libraries that wait before they try again what failed."""
_NAMING = ("/runpod/serverless/utils/",)
"""Libraries that give random names to the files which a caller is answered."""


_DRAWS = (
    "random", "randint", "randrange", "choice", "choices", "shuffle", "sample", "uniform", "gauss", "normalvariate", "triangular",
    "betavariate", "expovariate", "getrandbits", "randbytes", "seed", "getstate", "setstate",
)  # fmt: skip


class _State:
    """What the request at hand has drawn and slept."""

    def __init__(self) -> None:
        self._request = -1
        self._seconds = 0.0
        self._random = random.Random(0)

    def _now(self) -> None:
        if record.request() != self._request:
            self._request, self._seconds = record.request(), 0.0
            self._random.seed(self._request)

    @property
    def random(self) -> random.Random:
        self._now()
        return self._random

    def seconds(self) -> float:
        self._now()
        self._seconds += _TICK
        return self._seconds

    def sleep(self, seconds: float) -> None:
        self._now()
        length = max(float(seconds), 0.0)
        self._seconds += length
        if length > 0 and not frames.in_background():
            record.write("pause", f"{length:.6g}")


def install() -> None:
    """Replace the sources of time and chance in this process."""
    state = _State()
    _replace_random(state)
    _replace_entropy(state)
    _replace_time(state)
    _replace_dates(state)


class _Chosen:
    """A function that is ours to the project and the original to everybody else.

    ``library`` is what some libraries get: code whose file name has one of the parts.
    No Python function: as an attribute of a class (``logging.Formatter.converter``) it must not become a method.
    """

    def __init__(self, ours: Callable[..., Any], original: Callable[..., Any], parts: Sequence[str], library: Callable[..., Any]) -> None:
        self._ours, self._original, self._parts, self._library = ours, original, parts, library
        self.__name__ = self.__qualname__ = getattr(original, "__name__", "function")
        self.__doc__ = original.__doc__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if frames.caller_is_project():
            return self._ours(*args, **kwargs)
        if self._parts and frames.caller_is_in(self._parts):
            return self._library(*args, **kwargs)
        return self._original(*args, **kwargs)


def _project_gets(
    module: Any, name: str, ours: Callable[..., Any], parts: Sequence[str] = (), library: Callable[..., Any] | None = None
) -> None:
    setattr(module, name, _Chosen(ours, getattr(module, name), parts, library or ours))


def _replace_random(state: _State) -> None:
    def drawn(name: str) -> Callable[..., Any]:
        return lambda *args, **kwargs: getattr(state.random, name)(*args, **kwargs)

    for name in _DRAWS:
        _project_gets(random, name, drawn(name))


def _replace_entropy(state: _State) -> None:
    def identifier(*_: Any) -> uuid.UUID:
        return uuid.UUID(int=state.random.getrandbits(128), version=4)

    for name in ("uuid4", "uuid1"):
        _project_gets(uuid, name, identifier, _NAMING)
    _project_gets(os, "urandom", lambda size: state.random.randbytes(size))
    _project_gets(secrets, "token_hex", lambda size=32: state.random.randbytes(size or 32).hex())
    _project_gets(secrets, "token_bytes", lambda size=32: state.random.randbytes(size or 32))
    _project_gets(secrets, "token_urlsafe", lambda size=32: state.random.randbytes(size or 32).hex())
    _project_gets(secrets, "randbelow", lambda limit: state.random.randrange(limit))
    _project_gets(secrets, "choice", lambda items: state.random.choice(items))
    _project_gets(secrets, "randbits", lambda bits: state.random.getrandbits(bits))


def _replace_time(state: _State) -> None:
    sleep = time.sleep

    def slept(seconds: float) -> None:
        state.sleep(seconds)
        sleep(min(max(float(seconds), 0.0), 0.001))  # other threads get their turn

    for name, start in (("time", EPOCH), ("monotonic", 1000.0), ("perf_counter", 1000.0), ("process_time", 1.0)):
        _project_gets(time, name, lambda start=start: start + state.seconds())
        _project_gets(time, f"{name}_ns", lambda start=start: int((start + state.seconds()) * 1e9))
    _project_gets(time, "sleep", slept, _RETRYING, lambda seconds: sleep(min(max(float(seconds), 0.0), 0.001)))
    pause = asyncio.sleep

    async def paused(delay: float, result: Any = None) -> Any:
        state.sleep(delay)
        return await pause(min(max(float(delay), 0.0), 0.001), result)

    _project_gets(asyncio, "sleep", paused, _RETRYING, lambda delay, result=None: pause(min(max(float(delay), 0.0), 0.001), result))
    for name in ("gmtime", "localtime"):
        original = getattr(time, name)
        _project_gets(time, name, lambda seconds=None, original=original: original(EPOCH + state.seconds() if seconds is None else seconds))
    formatted = time.strftime
    _project_gets(time, "strftime", lambda form, moment=None: formatted(form, time.gmtime(EPOCH) if moment is None else moment))


def _replace_dates(state: _State) -> None:
    real, real_date = datetime.datetime, datetime.date

    class Meta(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, real)

        def __subclasscheck__(cls, value: type) -> bool:
            return issubclass(value, real)

    class Frozen(real, metaclass=Meta):  # type: ignore[misc, valid-type]
        """``datetime.datetime`` whose present is ours."""

        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
            return handler.generate_schema(real)

        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return real.fromtimestamp(EPOCH + state.seconds(), tz) if frames.caller_is_project() else real.now(tz)

        @classmethod
        def utcnow(cls) -> Any:
            moment = EPOCH + state.seconds() if frames.caller_is_project() else time.time()
            return real.fromtimestamp(moment, datetime.timezone.utc).replace(tzinfo=None)

        @classmethod
        def today(cls) -> Any:
            return real.fromtimestamp(EPOCH + state.seconds()) if frames.caller_is_project() else real.today()

    class MetaDate(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, real_date)

        def __subclasscheck__(cls, value: type) -> bool:
            return issubclass(value, real_date)

    class FrozenDate(real_date, metaclass=MetaDate):  # type: ignore[misc, valid-type]
        """``datetime.date`` whose today is ours."""

        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
            return handler.generate_schema(real_date)

        @classmethod
        def today(cls) -> Any:
            return real_date.fromtimestamp(EPOCH) if frames.caller_is_project() else real_date.today()

    for made, name in ((Frozen, "datetime"), (FrozenDate, "date")):
        made.__name__ = made.__qualname__ = name
        made.__module__ = "datetime"
    module = types.ModuleType("datetime", datetime.__doc__)
    vars(module).update(vars(datetime), datetime=Frozen, date=FrozenDate)
    imports.substitutes["datetime"] = module
