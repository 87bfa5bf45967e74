"""Model doubles: values of packages that are not installed. Each is the expression that made it.

``pipe("cat", steps=3).images[0]`` gives a value whose text is that very expression, so whatever becomes of it (text, numbers,
pictures, files) names every call and argument that led to it. A double is a ``str``: it can be answered as JSON.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import dis
import hashlib
import inspect
import os
import re
import sys
import types
from collections.abc import Callable, Generator, Iterator
from typing import Any

from . import files, frames, record, trace
from .describe import described, shortened, written

ITEMS = 2
"""How many items a double has."""
DIMENSIONS = 3
"""Of an array, as of a picture."""
_UNWANTED = re.compile(r"(?i)nsfw|unsafe|toxic|safety_?checker")
"""What these find is not there, and their scores are low."""
_DUCKS = frozenset({"model_dump", "dict"})
"""Names by which servers tell what is no text, and would ask forever."""
_LONGEST_ARRAY = 1000
_IS_TENSOR = re.compile(r"^is_?(torch_?|np_?)?(tensor|ndarray)$")
_TREE = 3
"""How deep trees of doubles are, whose nodes give further nodes under one name."""
PATIENCE = 25
"""How often one place asks the same question before it gets the other answer, so that waiting loops end."""
_UNPACK = dis.opmap["UNPACK_SEQUENCE"]
_UNPACK_EX = dis.opmap["UNPACK_EX"]
_ASSERTION = dis.opmap["LOAD_ASSERTION_ERROR"] if "LOAD_ASSERTION_ERROR" in dis.opmap else dis.opmap["LOAD_COMMON_CONSTANT"]
_MODES = frozenset({"inference_mode", "no_grad", "enable_grad", "autocast"})
"""What is entered, be it by ``with`` or as a decorator: when it is made does not matter."""
_NEAR = 14
"""Bytes of code between a comparison and what its ``assert`` raises: the comparison with its caches, and the jump."""
_NEGATIVE = re.compile(
    r"(?i)error|fail|nsfw|safety|empty|is_?nan|is_?inf|exceed|missing|invalid|conflict|cancel|expired|is_none|closed|load_state_dict|mps\b"
)
_INNERMOST = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_ENCODED = re.compile(r"(?i)encode|buffer|render|download|response")
_KNOWN: dict[str, Any] = {
    "cuda.is_available": True,
    "mps.is_available": False,
    "cuda.device_count": 1,
    "cuda.current_device": 0,
    "cuda.is_bf16_supported": True,
    "cuda.mem_get_info": (85_000_000_000, 85_000_000_000),
    "cuda.get_device_capability": (9, 0),
    "cuda.get_device_name": "NVIDIA H100 80GB HBM3",
    "cuda.memory_allocated": 0,
    "cuda.memory_reserved": 0,
    "cuda.max_memory_allocated": 0,
    "cuda.max_memory_reserved": 0,
    ").dim": DIMENSIONS,
}
"""What calls about the machine answer, by the end of their name."""
_ATTRIBUTES: dict[str, Any] = {"total_memory": 85_000_000_000, "version.cuda": "12.4", "__version__": "2.4.0", "ndim": DIMENSIONS}
_WRITERS = re.compile(
    r"(?i)^(im)?(save|write|dump|export|to_file|encode_to|mimsave|mimwrite|render)|_to_(video|gif|file|ply|obj)$|_save$|_write$"
)
_ITSELF = frozenset({"map", "filter", "apply", "register_callback", "Thread", "Process"})
_TEXTUAL = (
    "strip", "lstrip", "rstrip", "lower", "upper", "replace", "startswith", "endswith", "isdigit", "isalpha", "isalnum", "isnumeric",
    "isspace", "istitle", "islower", "isupper", "isidentifier", "isprintable", "isdecimal", "isascii", "title", "capitalize", "casefold",
    "swapcase", "removeprefix", "removesuffix", "zfill", "ljust", "rjust", "expandtabs",
)  # fmt: skip
"""Methods of ``str`` that work on the text; the others of them are as likely a model's own (``tokenizer.encode``, ``image.split``)."""

_asked: dict[tuple[int, types.CodeType, int], int] = {}
_exceptions: dict[str, type[Exception]] = {}


class Double(str):
    """A value that is known by the expression that made it, and to Python anything the code wants it to be."""

    text: str

    def __new__(cls, text: str) -> Double:
        made = super().__new__(cls, shortened(text))
        object.__setattr__(made, "text", str.__str__(made))
        return made

    # --- being text and numbers

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def __hash__(self) -> int:
        return str.__hash__(self)

    def __format__(self, spec: str) -> str:
        if spec and spec[-1] in "eEfFgG%":
            return format(float(self), spec)
        return format(int(self), spec) if spec and spec[-1] in "bcdoxXn," else format(self.text, spec)

    def __int__(self) -> int:
        return 1 + self._number() % 8

    __index__ = __trunc__ = __floor__ = __ceil__ = __int__

    def __float__(self) -> float:
        return (1 + self._number() % 999) / 1000

    def __complex__(self) -> complex:
        return complex(float(self))

    def __round__(self, digits: int | None = None) -> Any:
        return round(float(self), digits)

    def __bool__(self) -> bool:
        return self._answer(not (_NEGATIVE.search(_last_name(self.text)) or _UNWANTED.search(self.text)))

    def __bytes__(self) -> bytes:
        return files.content(self.text, ".png")

    def _number(self) -> int:
        return int.from_bytes(hashlib.sha256(self.text.encode(errors="replace")).digest()[:4], "big")

    def _answer(self, usual: bool, depth: int = 2) -> bool:
        """``usual``, until one place of the project (``depth`` calls up) has asked too often while one request was answered."""
        frame = frames.up(depth)
        if frame is None or not frames.is_project(frame.f_code.co_filename):
            return usual
        if _is_asserted(frame):
            return True
        key = (record.request(), frame.f_code, frame.f_lasti)
        _asked[key] = _asked.get(key, 0) + 1
        return usual if _asked[key] <= PATIENCE else not usual

    # --- comparing

    def __eq__(self, other: object) -> Any:
        if isinstance(other, Double):
            return self._compared("==", other, False) if self.text != other.text else Comparison(True, f"({self.text} == {other.text})")
        if isinstance(other, str):
            return str.__eq__(self, other) is True or self._is_named(other) or self._answer(False)
        if isinstance(other, int | float) and not isinstance(other, bool):
            return self._compared("==", other, float(self) == other)
        return False

    def _is_named(self, other: str) -> bool:
        """Whether this is what is known by that very name, such as ``functional.relu`` for "relu"."""
        return self.text.endswith(f".{other}") and _last_name(self.text) == other

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
        if _UNWANTED.search(self.text):
            return True
        try:
            return float(self) < float(other)
        except (TypeError, ValueError):
            return True

    def __contains__(self, item: object) -> bool:
        return self._answer(not (isinstance(item, str) and _NEGATIVE.search(item)))

    # --- attributes, items, calls

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__") and name not in _ATTRIBUTES:
            raise AttributeError(name)
        if name in _DUCKS and not frames.caller_is_project():
            raise AttributeError(name)
        return attribute(self.text, name)

    def __setattr__(self, name: str, value: Any) -> None:
        record.write("call", shortened(f"{self.text}.{name} = {described(value)}"))
        object.__setattr__(self, name, value)

    def __getitem__(self, key: Any) -> Any:
        kept = self.__dict__.get("__items__", {})
        place = described(key)
        return kept[place] if place in kept else Double(f"{self.text}[{_slice(key)}]")

    def __setitem__(self, key: Any, value: Any) -> None:
        record.write("call", shortened(f"{self.text}[{_slice(key)}] = {described(value)}"))
        self.__dict__.setdefault("__items__", {})[described(key)] = value

    def __delitem__(self, key: Any) -> None:
        record.write("call", f"del {self.text}[{_slice(key)}]")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return called(self.text, args, kwargs)

    def __len__(self) -> int:
        return int(self.__dict__.get("__length__", ITEMS))

    def __iter__(self) -> Iterator[Any]:
        wanted = _wanted(frames.up(1))
        if wanted is None:
            wanted = 0 if _is_leaf(self.text) else len(self)
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
        return (base(self.text),)

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

    def read(self, *args: Any) -> bytes:
        """Of a file or a response: read once, then at its end."""
        if self.__dict__.get("__read__"):
            return b""
        self.__dict__["__read__"] = True
        return bytes(self)

    def tobytes(self, *args: Any, **kwargs: Any) -> bytes:
        """Of a picture, its pixels; of what an encoder gave, a file."""
        return bytes(self) if _ENCODED.search(self.text) else files.pixels(self.text)

    def getvalue(self, *args: Any, **kwargs: Any) -> bytes:
        """Of a buffer."""
        return bytes(self)

    getbuffer = to_bytes = getvalue

    def item(self, *args: Any) -> float:
        """Of an array with one value."""
        return float(self)

    def tolist(self) -> list[float]:
        """Of an array."""
        return [float(Double(f"{self.text}[{at}]")) for at in range(ITEMS)]

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return {
            "shape": (files.SIZE, files.SIZE, 3),
            "typestr": "|u1",
            "version": 3,
            "strides": (files.SIZE * 3, 3, 1),
            "data": files.pixels(self.text),
        }


class Comparison(int):
    """What comparing doubles gives: a truth to Python, and an array of them (``(mask > 0).sum()``) to who takes it for one."""

    text: str

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

    def __setitem__(self, key: Any, value: Any) -> None:
        record.write("call", shortened(f"{self.text}[{_slice(key)}] = {described(value)}"))

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
    for end, value in _ATTRIBUTES.items():
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
    for end, value in _KNOWN.items():
        if name.endswith(end):
            return value
    last = _last_name(name)
    if last in _MODES and len(args) == 1 and not kwargs and isinstance(args[0], types.FunctionType):
        return _in_mode(name, args[0])
    if len(args) == 1 and not kwargs and _is_own(args[0]) and last not in _ITSELF:
        return args[0]
    shown = written if _WRITERS.search(last) else described
    text = shortened(f"{name}({', '.join([*map(shown, args), *(f'{key}={shown(value)}' for key, value in kwargs.items())])})")
    if last not in _MODES:
        record.call(text)
    _write(text, last, [*args, *kwargs.values()])
    if len(args) == 1 and _IS_TENSOR.search(last):
        return isinstance(args[0], Double)
    place = _downloaded(last, args, kwargs)
    if place is not None:
        return place
    made = Double(text)
    length = DIMENSIONS if last == "size" and not args else _length(last, args)
    if length is not None:
        made.__dict__["__length__"] = length
    return made


def base(name: str) -> type:
    """The class that a subclass of the double ``name`` is derived from."""
    return type(_last_name(name) or "Base", (_Base,), {"_double": name})


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
        forward = getattr(type(self), "forward", None)
        return forward(self, *args, **kwargs) if forward is not None else called(f"{type(self).__name__}()", args, kwargs)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *args: Any) -> None:
        return None


def _in_mode(mode: str, function: types.FunctionType) -> types.FunctionType:
    """A function decorated with a mode, which is entered with each call, as ``with`` in its body would be; the function stays itself.

    PyTorch wraps it, which keeps Cog's server from resolving the defaults of its inputs.
    """
    if not (inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)):
        trace.modes[function.__code__] = mode if mode.endswith(")") else f"{mode}()"
    return function


def is_derived(value: Any) -> bool:
    """Whether the class of a value is derived from a double."""
    return isinstance(value, _Base)


def _textual(name: str) -> Callable[..., Any]:
    original = getattr(str, name)

    def method(self: Double, *args: Any, **kwargs: Any) -> Any:
        return original(self.text, *args, **kwargs)

    return method


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


def _arithmetic(symbol: str, *, reflected: bool) -> Callable[[Double, Any], Any]:
    def operate(self: Double, other: Any) -> Any:
        if symbol == "+" and type(other) is str:
            return Double(other + self.text if reflected else self.text + other)
        pair = (described(other), self.text) if reflected else (self.text, described(other))
        return Double(f"({pair[0]} {symbol} {pair[1]})")

    return operate


def _unary(symbol: str) -> Callable[[Double], Any]:
    return lambda self: Double(f"({symbol}{self.text})")


def _division(self: Double, other: Any) -> tuple[Any, Any]:
    return Double(f"({self.text} // {described(other)})"), Double(f"({self.text} % {described(other)})")


for _name in dir(str):
    if not _name.startswith("_") and _name != "encode":
        setattr(Double, _name, _textual(_name) if _name in _TEXTUAL else _ambiguous(_name))
for _name, _method in (("encode", _encode), ("decode", _decode)):
    setattr(Double, _name, _method)
for _name, _symbol in (
    ("add", "+"), ("sub", "-"), ("mul", "*"), ("truediv", "/"), ("floordiv", "//"), ("mod", "%"), ("matmul", "@"), ("pow", "**"),
    ("and", "&"), ("or", "|"), ("xor", "^"), ("lshift", "<<"), ("rshift", ">>"),
):  # fmt: skip
    setattr(Double, f"__{_name}__", _arithmetic(_symbol, reflected=False))
    setattr(Double, f"__r{_name}__", _arithmetic(_symbol, reflected=True))
for _name, _symbol in (("neg", "-"), ("pos", "+"), ("invert", "~")):
    setattr(Double, f"__{_name}__", _unary(_symbol))
Double.__abs__ = lambda self: Double(f"abs({self.text})")  # type: ignore[attr-defined]
setattr(Double, "__divmod__", _division)  # noqa: B010  as the rest of them


def _is_own(value: Any) -> bool:
    """A function or class of the project: what decorates it gives it back."""
    if isinstance(value, types.FunctionType):
        return frames.is_project(value.__code__.co_filename)
    if isinstance(value, type):
        module = sys.modules.get(value.__module__)
        return frames.is_project(str(getattr(module, "__file__", None) or "<string>"))
    return False


def _is_asserted(frame: types.FrameType) -> bool:
    """Whether the question stands in an ``assert``: what a model's own values are held to, a double meets."""
    at = frame.f_lasti
    return _ASSERTION in frame.f_code.co_code[at : at + _NEAR : 2]


def _wanted(frame: types.FrameType | None) -> int | None:
    """How many items the code at this place unpacks; None where it takes what there is."""
    if frame is None:
        return None
    code, at = frame.f_code.co_code, frame.f_lasti
    if 0 <= at < len(code) and code[at] == _UNPACK:
        return code[at + 1]
    if 0 <= at < len(code) and code[at] == _UNPACK_EX:
        return code[at + 1] + 1
    return None


def _is_leaf(text: str) -> bool:
    """Whether the same was asked often of what the same gave: there trees of doubles end."""
    names = _names(text)
    return names.count(names[-1]) >= _TREE


def _names(text: str) -> list[str]:
    """The names of an expression, without what they are called with: ``pipe`` and ``images`` of ``pipe(x).images[0]``."""
    plain, before = text, ""
    while plain != before:
        plain, before = _INNERMOST.sub("", plain), plain
    return plain.split(".")


def _last_name(text: str) -> str:
    """The last name of an expression, whatever it is called with."""
    return _names(text)[-1] or text


def _slice(key: Any) -> str:
    if isinstance(key, slice):
        return ":".join("" if part is None else described(part) for part in (key.start, key.stop, key.step))
    return described(key)


def _write(text: str, name: str, arguments: list[Any]) -> None:
    for argument in arguments:
        if isinstance(argument, Double) or not isinstance(argument, str | os.PathLike):
            if _WRITERS.search(name) and hasattr(argument, "write") and not isinstance(argument, Double | type):
                _write_to(argument, text)
            continue
        path = os.fspath(argument)
        suffix = os.path.splitext(path)[1].lower() if isinstance(path, str) else ""
        if suffix in files.MEDIA and len(path) < 1000 and "\n" not in path and "://" not in path:
            if not os.path.exists(path) or _WRITERS.search(name):
                with contextlib.suppress(OSError):
                    files.write(path, text)
        elif name in ("save_pretrained", "snapshot_download", "makedirs", "extractall") and isinstance(path, str) and "/" in path:
            with contextlib.suppress(OSError):
                os.makedirs(path, exist_ok=True)


def _length(name: str, args: tuple[Any, ...]) -> int | None:
    """How long an array is that the code made itself; None where the call does not say."""
    places = {"linspace": 2, "arange": 1 if len(args) > 1 else 0, "zeros": 0, "ones": 0, "full": 0, "empty": 0, "randn": 0, "rand": 0}
    if name not in places or len(args) <= places[name]:
        return None
    size = args[places[name]]
    if type(size) is tuple and size:
        size = size[0]
    if name == "arange" and len(args) > 1 and type(size) is type(args[0]) is int:
        size = -((args[0] - size) // (args[2] if len(args) > 2 and type(args[2]) is int and args[2] else 1))
    return min(max(size, 0), _LONGEST_ARRAY) if type(size) is int else None


def _downloaded(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
    """The place at which a download into a folder that the caller chose lies."""
    folder = kwargs.get("local_dir")
    if not name.endswith("_download") or isinstance(folder, Double) or not isinstance(folder, str | os.PathLike):
        return None
    filename = kwargs.get("filename", args[1] if len(args) > 1 else "") if name == "hf_hub_download" else ""
    place = os.path.join(os.fspath(folder), filename) if filename else os.fspath(folder)
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(place) if filename else place, exist_ok=True)
        if filename:
            files.write(place, f"{name}({filename})")
    return place


def _write_to(target: Any, text: str) -> None:
    try:
        target.write(files.content(text, os.path.splitext(str(getattr(target, "name", "")))[1]))
    except TypeError:
        target.write(text)
