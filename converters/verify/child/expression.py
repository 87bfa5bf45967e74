"""Model doubles: values of packages that are not installed. Each is the expression that made it.

``pipe("cat", steps=3).images[0]`` gives a value whose text is that very expression, so whatever becomes of it (text, numbers,
pictures, files) names every call and argument that led to it. A double is a ``str``: it can be answered as JSON.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import functools
import re
import types
from collections.abc import Callable, Generator, Iterator
from typing import Any

from . import callbacks, classes, files, frames, patience, record, trace, writing
from .answers import ATTRIBUTES, CALLS, DIMENSIONS, ITEMS, drawn, length
from .bytecode import unpacked
from .contents import Contents
from .describe import Expression, described, shortened, subscript, written
from .names import is_leaf, is_negative, is_unwanted, last_name

_DUCKS = frozenset({"model_dump", "dict"})
"""Names by which servers tell what is no text, and would ask forever."""
_IS_TENSOR = re.compile(r"^is_?(torch_?|np_?)?(tensor|ndarray)$")
_MODES = frozenset({"inference_mode", "no_grad", "enable_grad", "autocast"})
"""What is entered, be it by ``with`` or as a decorator: when it is made does not matter."""
_ITSELF = frozenset({"map", "filter", "apply", "register_callback", "Thread", "Process"})

_exceptions: dict[str, type[Exception]] = {}


class Double(Contents, str):
    """A value that is known by the expression that made it, and to Python anything the code wants it to be."""

    def __new__(cls, text: str) -> Double:
        made = super().__new__(cls, shortened(text))
        object.__setattr__(made, "text", str.__str__(made))
        return made

    # --- being true

    def __bool__(self) -> bool:
        return self._answer(not (is_negative(last_name(self.text)) or is_unwanted(self.text)))

    def _answer(self, usual: bool, depth: int = 2, *, is_failure: bool = False) -> bool:
        """``usual``, until one place of the project (``depth`` calls up) has asked too often while one request was answered."""
        return patience.answer(usual, frames.up(depth), is_failure=is_failure)

    # --- comparing

    def __hash__(self) -> int:
        return str.__hash__(self)

    def __eq__(self, other: object) -> Any:
        if isinstance(other, Double):
            return self._compared("==", other, False) if self.text != other.text else Comparison(True, f"({self.text} == {other.text})")
        if isinstance(other, str):
            return str.__eq__(self, other) is True or self._is_named(other) or self._answer(False, is_failure=is_negative(other))
        if isinstance(other, (int, float)) and not isinstance(other, bool):
            return self._compared("==", other, float(self) == other)
        return False

    def _is_named(self, other: str) -> bool:
        """Whether this is what is known by that very name, such as ``functional.relu`` for "relu"."""
        return self.text.endswith(f".{other}") and last_name(self.text) == other

    def __ne__(self, other: object) -> Any:
        same = self.__eq__(other)
        return Comparison(not same, f"({self.text} != {described(other)})") if isinstance(same, Comparison) else not same

    def __lt__(self, other: Any) -> Any:
        return self._compared("<", other, self._below(other))

    def __le__(self, other: Any) -> Any:
        return self._compared("<=", other, self._below(other))

    def __gt__(self, other: Any) -> Any:
        return self._compared(">", other, not self._below(other))

    def __ge__(self, other: Any) -> Any:
        return self._compared(">=", other, not self._below(other))

    def _compared(self, symbol: str, other: Any, usual: bool) -> Comparison:
        return Comparison(self._answer(usual, 3), f"({self.text} {symbol} {described(other)})")

    def _below(self, other: Any) -> bool:
        if isinstance(other, str) and not isinstance(other, Double):
            return str.__lt__(self, other)
        if is_unwanted(self.text):
            return True
        try:
            return float(self) < float(other)
        except (TypeError, ValueError):
            return True

    def __contains__(self, item: object) -> bool:
        return self._answer(not (isinstance(item, str) and is_negative(item)))

    # --- attributes, items, calls

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__") and name not in ATTRIBUTES:
            raise AttributeError(name)
        if name in _DUCKS and not frames.caller_is_project():
            raise AttributeError(name)
        if name in ("width", "height") and frames.asked_by_toolkit():
            return files.SIZE
        return attribute(self.text, name)

    def __setattr__(self, name: str, value: Any) -> None:
        record.write("call", shortened(f"{self.text}.{name} = {described(value)}"))
        object.__setattr__(self, name, value)

    def __getitem__(self, key: Any) -> Any:
        kept = self.__dict__.get("__items__", {})
        place = described(key)
        if place in kept:
            return kept[place]
        return None if type(key) is str and patience.is_none_at_last(frames.up(1)) else Double(f"{self.text}[{subscript(key)}]")

    def __setitem__(self, key: Any, value: Any) -> None:
        record.write("call", shortened(f"{self.text}[{subscript(key)}] = {described(value)}"))
        self.__dict__.setdefault("__items__", {})[described(key)] = value

    def __delitem__(self, key: Any) -> None:
        record.write("call", f"del {self.text}[{subscript(key)}]")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return called(self.text, args, kwargs)

    def __len__(self) -> int:
        return int(self.__dict__.get("__length__", ITEMS))

    def __iter__(self) -> Iterator[Any]:
        wanted = unpacked(frames.up(1))
        if wanted is None:
            wanted = 0 if is_leaf(self.text) else len(self)
        return iter([Double(f"{self.text}[{at}]") for at in range(wanted)])

    def __reversed__(self) -> Iterator[Any]:
        return reversed(list(iter(self)))

    def keys(self) -> list[Double]:
        """Of a mapping, for ``**double`` and ``dict(double)``."""
        return [Double(f"{self.text}.keys()[{at}]") for at in range(ITEMS)]

    # --- with, await, async for

    def __enter__(self) -> Any:
        record.write("call", f"with {self.text}")
        return self

    def __exit__(self, *args: Any) -> None:
        record.write("call", f"end with {self.text}")

    async def __aenter__(self) -> Any:
        return self.__enter__()

    async def __aexit__(self, *args: Any) -> None:
        self.__exit__()

    def __await__(self) -> Generator[None, None, Any]:
        with contextlib.suppress(RuntimeError):  # no loop runs: somebody steps through the coroutine
            if asyncio.current_task() is not None:
                yield  # others get their turn, as they do while a model works
        return self

    async def __aiter__(self) -> Any:
        for at in range(ITEMS):
            yield Double(f"{self.text}[{at}]")

    async def __anext__(self) -> Any:
        return Double(f"next({self.text})")

    # --- being a class

    def __mro_entries__(self, bases: Any) -> tuple[type, ...]:
        return (base(self.text, bases),)

    def __instancecheck__(self, value: object) -> bool:
        return isinstance(value, Double) and frames.caller_is_project()  # to a library, a double is text

    def __subclasscheck__(self, value: object) -> bool:
        return False

    # --- being data

    def __copy__(self) -> Double:
        return self

    def __deepcopy__(self, memo: Any) -> Double:
        return self

    def __reduce__(self) -> Any:
        return Double, (self.text,)


class Comparison(int, Expression):
    """What comparing doubles gives: a truth to Python, and an array of them (``(mask > 0).sum()``) to who takes it for one."""

    def __new__(cls, truth: bool, text: str) -> Comparison:
        made = super().__new__(cls, truth)
        made.text = shortened(text)
        return made

    def __repr__(self) -> str:
        return repr(bool(self))

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(bool(self), spec)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return attribute(self.text, name)

    def __getitem__(self, key: Any) -> Any:
        return Double(self.text)[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(Double(self.text))

    def __setitem__(self, key: Any, value: Any) -> None:
        record.write("call", shortened(f"{self.text}[{subscript(key)}] = {described(value)}"))

    def __invert__(self) -> Any:
        return Comparison(not self, f"(~{self.text})")

    def __and__(self, other: Any) -> Any:
        return Comparison(bool(self) and bool(other), f"({self.text} & {described(other)})")

    def __or__(self, other: Any) -> Any:
        return Comparison(bool(self) or bool(other), f"({self.text} | {described(other)})")

    def __reduce__(self) -> Any:
        return Comparison, (bool(self), self.text)


def attribute(owner: str, name: str) -> Any:
    """What ``owner.name`` is."""
    text = f"{owner}.{name}"
    for end, value in ATTRIBUTES.items():
        if text.endswith("." + end):
            return value
    if name.endswith(("Error", "Exception", "Interrupt", "Warning", "Timeout")) and name[0].isupper():
        return _exceptions.setdefault(text, type(name, (RuntimeError,), {"__module__": owner}))
    made = Double(text)
    if name == "shape":
        made.__dict__["__length__"] = DIMENSIONS
    return made


def called(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The value of a call, which is recorded; a file that it names is written."""
    for end, value in CALLS.items():
        if name.endswith(end):
            record.write("machine", f"{name}()")
            return value
    last = last_name(name)
    if last in _MODES and len(args) == 1 and not kwargs and isinstance(args[0], types.FunctionType):
        return trace.in_mode(args[0], name)
    if len(args) == 1 and not kwargs and frames.is_own(args[0]) and last not in _ITSELF:
        return args[0]
    if last == "save" and (draw := writing.drawn(name, args, kwargs)) is not None:
        return draw()
    shown = written if writing.is_writer(last) else described
    text = shortened(f"{name}({', '.join([*map(shown, args), *(f'{key}={shown(value)}' for key, value in sorted(kwargs.items()))])})")
    if last not in _MODES:
        record.call(text)
    writing.write(text, last, [value for value in (*args, *kwargs.values()) if not isinstance(value, Expression)])
    if len(args) == 1 and _IS_TENSOR.search(last):
        return isinstance(args[0], Double)
    if (number := drawn(text, last, args, kwargs)) is not None:
        return number
    callbacks.called_back(kwargs, lambda name: Double(f"{text}.{name}"))
    place = writing.downloaded(last, args, kwargs)
    if place is not None:
        return place
    if last == "get" and args and isinstance(args[0], str) and is_negative(args[0]):  # as `in` says, too
        return args[1] if len(args) > 1 else kwargs.get("default")
    made = Double(text)
    size = DIMENSIONS if last == "size" and not args else length(last, args)
    if size is not None:
        made.__dict__["__length__"] = size
    return made


def base(name: str, bases: tuple[object, ...] = ()) -> type:
    """The class that a subclass of the double ``name`` is derived from, beside others."""
    return classes.kind(bases)(last_name(name) or "Base", (_Base,), {"_double": name})


class _Base:
    """What classes of missing packages do for those that are derived from them."""

    _double = "object"

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return super().__new__(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        called(f"{self._double}.__init__", args, kwargs)
        for name, value in kwargs.items():
            with contextlib.suppress(AttributeError, TypeError):
                setattr(self, name, value)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in ("to", "cuda", "cpu", "eval", "half", "float", "train", "requires_grad_", "bfloat16"):
            return lambda *args, **kwargs: self
        return attribute(f"{type(self).__name__}()", name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        forward = classes.own(type(self), "forward")
        return forward(self, *args, **kwargs) if forward is not None else called(f"{type(self).__name__}()", args, kwargs)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *args: Any) -> None:
        return None


classes.OfDouble.made = attribute


def is_derived(value: Any) -> bool:
    """Whether the class of a value is derived from a double."""
    return isinstance(value, _Base)


def _ambiguous(name: str) -> Callable[..., Any]:
    def method(self: Double, *args: Any, **kwargs: Any) -> Any:
        return called(f"{self.text}.{name}", args, kwargs)

    return method


def _encode(self: Double, *args: Any, **kwargs: Any) -> Any:
    """``str.encode`` where the argument is an encoding, else what a model's own ``encode`` would be."""
    encoding = args[0] if args else kwargs.get("encoding", "utf-8")
    try:
        codecs.lookup(encoding)
    except (LookupError, TypeError):
        return called(f"{self.text}.encode", args, kwargs)
    return self.text.encode(errors="replace")


def _decode(self: Double, *args: Any, **kwargs: Any) -> Any:
    return called(f"{self.text}.decode", args, kwargs)


def _format(self: Double) -> Any:
    """``str.format``; of a picture that code made, Pillow knows no format."""
    return None if frames.asked_by_toolkit() else functools.partial(_ambiguous("format"), self)


def _arithmetic(symbol: str, *, reflected: bool) -> Callable[[Double, Any], Any]:
    def operate(self: Double, other: Any) -> Any:
        if symbol == "+" and type(other) is str:
            return Double(other + self.text if reflected else self.text + other)
        pair = (described(other), self.text) if reflected else (self.text, described(other))
        return Double(f"({pair[0]} {symbol} {pair[1]})")

    return operate


def _unary(symbol: str) -> Callable[[Double], Any]:
    return lambda self: Double(f"({symbol}{self.text})")


for _name in dir(str):
    if not _name.startswith("_") and not hasattr(Contents, _name):
        setattr(Double, _name, _ambiguous(_name))
for _name, _method in (("encode", _encode), ("decode", _decode)):
    setattr(Double, _name, _method)
setattr(Double, "format", property(_format))  # noqa: B010  as the rest of them
for _name, _symbol in (
    ("add", "+"), ("sub", "-"), ("mul", "*"), ("truediv", "/"), ("floordiv", "//"), ("mod", "%"), ("matmul", "@"), ("pow", "**"),
    ("and", "&"), ("or", "|"), ("xor", "^"), ("lshift", "<<"), ("rshift", ">>"),
):  # fmt: skip
    setattr(Double, f"__{_name}__", _arithmetic(_symbol, reflected=False))
    setattr(Double, f"__r{_name}__", _arithmetic(_symbol, reflected=True))
for _name, _symbol in (("neg", "-"), ("pos", "+"), ("invert", "~")):
    setattr(Double, f"__{_name}__", _unary(_symbol))
Double.__abs__ = lambda self: Double(f"abs({self.text})")  # type: ignore[attr-defined]
setattr(Double, "__divmod__", lambda self, other: (self // other, self % other))  # noqa: B010  as the rest of them
