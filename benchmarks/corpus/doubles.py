"""Stands in for packages that are not installed, so that converted workers load and answer without torch or a GPU."""

from __future__ import annotations

import dataclasses
import dis
import email.message
import importlib.abc
import importlib.machinery
import io
import pathlib
import sys
import tarfile
import tempfile
import types
import urllib.request
import zipfile
from typing import Any

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000080000000808020000004b6d29dc"
    "0000001149444154789c63105030c08a1886960400594f18013b2eb7990000000049454e44ae426082"
)
WRITTEN = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif", ".mp4", ".webm", ".wav", ".mp3", ".flac", ".ply", ".glb", ".obj"})
UNPACK = bytes([dis.opmap["UNPACK_SEQUENCE"]])
ALWAYS = frozenset({"boto3", "websocket", "openai", "huggingface_hub"})


class Double(str):
    """A value of a package that is not there: a string to JSON, and anything to Python."""

    def __new__(cls, name: str = "double") -> Double:
        return super().__new__(cls, name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__") and name != "__version__":
            raise AttributeError(name)
        if name.endswith(("Error", "Exception", "Interrupt")):
            return type(name, (Exception,), {})
        return Double("2.4.0") if name == "__version__" else Double(name)

    def __instancecheck__(self, value: object) -> bool:
        return False

    def __subclasscheck__(self, value: object) -> bool:
        return False

    def encode(self, *args: Any, **kwargs: Any) -> Any:
        """`str.encode` where it is called as such, else what a model's `encode` would be."""
        plain = all(isinstance(value, str) and not isinstance(value, Double) for value in args) and not set(kwargs) - {"encoding", "errors"}
        return str.encode(self, *args, **kwargs) if plain and (args or kwargs) else Double("encoded")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        _write(args)
        if (
            len(args) == 1
            and not kwargs
            and isinstance(args[0], types.FunctionType | type)
            and str.__str__(self) not in ("map", "filter", "apply")
        ):
            return args[0]
        return Double(str.__str__(self))

    def __mro_entries__(self, bases: Any) -> tuple[type, ...]:
        return (type(str.__str__(self) or "Base", (_Base,), {}),)

    def save(self, target: Any, *args: Any, **kwargs: Any) -> None:
        if hasattr(target, "write"):
            target.write(PNG)
        else:
            with open(target, "wb") as file:  # noqa: PTH123
                file.write(PNG)

    def read(self, *args: Any) -> bytes:
        return PNG

    def __getitem__(self, key: Any) -> Any:
        return Double("item")

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def rsplit(self, sep: Any = None, maxsplit: Any = -1) -> Any:
        return [Double(str.__str__(self)), *(Double("part") for _ in range(max(maxsplit, 1)))]

    split = rsplit

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return {"shape": (1, 1, 3), "typestr": "|u1", "version": 3, "data": b"\0\0\0"}

    def __round__(self, digits: int | None = None) -> float:
        return 1.0

    def tobytes(self, *args: Any) -> bytes:
        return b"\0\0\0"

    def __format__(self, spec: str) -> str:
        return str.__str__(self) if spec == "" or spec.endswith("s") else format(1.0 if spec[-1:] in "eEfFgG%" else 1, spec)

    def __iter__(self) -> Any:
        frame = sys._getframe(1)
        code, at = frame.f_code.co_code, frame.f_lasti
        count = next((code[place + 1] for place in range(at, at + 14, 2) if code[place : place + 1] == UNPACK), 1)
        return iter([Double("item") for _ in range(count)])

    def __contains__(self, item: object) -> bool:
        return True

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *args: Any) -> None:
        return None

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(self, *args: Any) -> None:
        return None

    def __await__(self) -> Any:
        yield from ()
        return Double()

    def __aiter__(self) -> Any:
        return _once()

    def __len__(self) -> int:
        return 1

    def __bool__(self) -> bool:
        return True

    def __int__(self) -> int:
        return 1

    __index__ = __int__

    def __float__(self) -> float:
        return 1.0

    def __hash__(self) -> int:
        return str.__hash__(self)

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, other) is True

    def __lt__(self, other: Any) -> bool:
        return False

    __gt__ = __le__ = __lt__

    def __ge__(self, other: Any) -> bool:
        return True

    def __add__(self, other: Any) -> Any:
        return Double()

    __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __floordiv__ = __mod__ = __neg__ = __matmul__ = (
        __pow__
    ) = __add__
    __and__ = __or__ = __ror__ = __rand__ = __invert__ = __add__


Double.__neg__ = Double.__invert__ = lambda self: Double()  # type: ignore[method-assign, assignment, attr-defined]


def _write(args: tuple[Any, ...]) -> None:
    """`imwrite(path, ...)`, `export_to_video(frames, path)`: a library writes the file that it is given."""
    for argument in args:
        path = pathlib.Path(argument) if isinstance(argument, str | pathlib.PurePath) and not isinstance(argument, Double) else None
        if path is not None and path.suffix in WRITTEN and not path.exists() and path.parent.is_dir():
            path.write_bytes(PNG)


async def _once() -> Any:
    yield Double("item")


class _Base:
    """What a class of a missing package is derived from."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Double(name)


class _Module(types.ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name in ("__path__", "__all__", "__file__"):
            raise AttributeError(name)
        if name == "__version__":
            return Double(PINS.get(self.__name__.split(".")[0], "2.4.0"))
        return Double(name).__getattr__(name) if name.endswith(("Error", "Exception")) else Double(name)


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers every import that nothing else does, and the ones that would reach for the network."""

    def __init__(self, own: set[str]) -> None:
        self.own = own

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        top = name.split(".")[0]
        if (top in self.own and top not in ALWAYS) or top in sys.stdlib_module_names or _asked_by_a_library():
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: Any) -> Any:
        return _Module(spec.name)

    def exec_module(self, module: Any) -> None:
        module.__path__ = []


def _asked_by_a_library() -> bool:
    """Whether the import statement stands in the standard library or an installed package, which handle a missing module themselves."""
    frame = sys._getframe(1)
    while frame is not None and ("importlib" in frame.f_code.co_filename or frame.f_code.co_filename == __file__):
        frame = frame.f_back  # type: ignore[assignment]
    name = frame.f_code.co_filename if frame is not None else ""
    return "site-packages" in name or name.startswith((sys.base_prefix, "<frozen"))


PINS: dict[str, str] = {}
"""Versions that the project pins: its doubles carry them."""


def install(own: set[str]) -> None:
    """`own`: top-level names of the project, which are never doubled."""
    for name in [name for name in sys.modules if name.split(".")[0] in ALWAYS]:
        del sys.modules[name]
    answer_requests()
    sys.meta_path.insert(0, _Always())
    sys.meta_path.append(Finder(own | {"runpod", "fal", "sitecustomize", "usercustomize"}))


def answer_requests() -> None:
    """Every HTTP request by `requests` is answered with a small picture, without a network."""
    import requests

    def request(self: Any, method: str, url: str, **kwargs: Any) -> Any:
        response = requests.Response()
        response.status_code, response._content, response.url, response.reason = 200, PNG, url, "OK"
        response.headers["Content-Type"] = "image/png"
        response.json = lambda **_: Double("json")  # type: ignore[method-assign]
        response.raw = io.BytesIO(PNG)
        response._content_consumed = True
        return response

    asdict = dataclasses.asdict
    dataclasses.asdict = lambda value, **kwargs: {"value": str(value)} if isinstance(value, Double) else asdict(value, **kwargs)  # type: ignore[assignment]
    requests.sessions.Session.request = request  # type: ignore[method-assign]
    urllib.request.urlopen = lambda url, *args, **kwargs: _Answer(_content(str(getattr(url, "full_url", url))))  # type: ignore[assignment]
    tempfile.TemporaryDirectory.__init__ = _without_delete(tempfile.TemporaryDirectory.__init__)  # type: ignore[method-assign]


class _Answer(io.BytesIO):
    """A response of urllib."""

    status = 200
    headers = email.message.Message()

    def getcode(self) -> int:
        return self.status


def _content(url: str) -> bytes:
    """An example file of the kind that the address names."""
    name = url.split("?")[0]
    target = io.BytesIO()
    if name.endswith((".tar", ".tgz", ".tar.gz")):
        with tarfile.open(fileobj=target, mode="w") as archive:
            member = tarfile.TarInfo("a.png")
            member.size = len(PNG)
            archive.addfile(member, io.BytesIO(PNG))
        return target.getvalue()
    if name.endswith(".zip"):
        with zipfile.ZipFile(target, "w") as zipped:
            zipped.writestr("a.png", PNG)
        return target.getvalue()
    return b"{}" if name.endswith(".json") else PNG


def _without_delete(made: Any) -> Any:
    """Python 3.12's `TemporaryDirectory(delete=False)` on an older interpreter."""

    def init(self: Any, *args: Any, delete: bool = True, **kwargs: Any) -> None:
        made(self, *args, **kwargs)
        if not delete:
            self._finalizer.detach()
            self.cleanup = lambda: None

    return init if sys.version_info < (3, 12) else made


class _Always(Finder):
    def __init__(self) -> None:
        super().__init__(set())

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        return super().find_spec(name) if name.split(".")[0] in ALWAYS else None
