"""The world outside, which is not reached: requests are answered with small files of the kind that the address names.

Addresses of this machine are real. Where nothing listens there (a server that the image would start), the answer is made up as well.
"""

from __future__ import annotations

import io
import ipaddress
import json
import os
import socket
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from email.message import Message
from typing import Any, NamedTuple

from . import files, frames, record
from .contents import is_made_of_expression
from .describe import described
from .expression import Double

_KINDS = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp", ".gif": "image/gif", ".mp4": "video/mp4",
    ".wav": "audio/wav", ".mp3": "audio/mpeg", ".json": "application/json", ".zip": "application/zip", ".txt": "text/plain",
}  # fmt: skip


_USUAL = frozenset({"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "transfer-encoding", "user-agent"})
"""Headers that the libraries set by themselves."""

_BEGUN = b'<?xml version="1.0" encoding="UTF-8"?><Result><UploadId>double</UploadId></Result>'
"""What an object store says where an upload in parts begins."""

_PUBLIC = "93.184.215.14"
_companions = True


def install(*, companions: bool = True) -> None:
    """Close this process to other machines, and answer in their place; ``companions``: also in that of servers here that do not listen."""
    global _companions
    _companions = companions
    _close_sockets()
    urllib.request.urlopen = _urlopen
    urllib.request.urlretrieve = _urlretrieve  # type: ignore[assignment]


def stands_in() -> bool:
    """Whether servers of this machine that do not listen are made up: those that an image would start."""
    return _companions


def is_local(host: str | None) -> bool:
    """Whether a host is this machine."""
    if not host or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def listens(host: str, port: int | None) -> bool:
    """Whether something answers at a port of this machine."""
    try:
        socket.create_connection((host.strip("[]"), port or 80), timeout=5).close()
    except OSError:
        return False
    return True


def address_of(url: Any) -> Any:
    """An address that the network can be asked for: a double is none by itself, nor is what code cuts out of one or puts behind it."""
    text = url.text if isinstance(url, Double) else url
    is_none = isinstance(url, Double) or (type(url) is str and "://" not in url.partition("(")[0] and is_made_of_expression(url))
    return f"https://files.example/{urllib.parse.quote(text, safe='')}" if is_none else url


class Answered(NamedTuple):
    """What another machine answers."""

    data: bytes
    media_type: str
    status: int = 200


def answer(
    method: str,
    url: str,
    body: Any = None,
    *,
    headers: Mapping[str, Any] | None = None,
    timeout: Any = None,
    context: Any = None,
    again: bool = False,
) -> Answered:
    """What another machine would answer: nothing but a failure where this call is to fail. What is asked ``again`` is not recorded.

    ``timeout``: as the project's code gave it, in seconds or one of the library's own objects; ``context``: of TLS.
    """
    text = f"{method} {url}" + (f" {described(_document(body))}" if body else "")
    options = [] if frames.asked_by_platform() else list(_options(headers or {}, timeout, context))
    told = f"{text} ({', '.join(options)})" if options else text
    if not again and record.question("network", told, text):
        return Answered(json.dumps({"error": "out of order"}).encode(), "application/json", 500)
    if method in ("POST", "PUT", "DELETE") and _asks_object_store(headers or {}, url):
        return Answered(_BEGUN if method == "POST" else b"", "application/xml")
    suffix = os.path.splitext(urllib.parse.urlsplit(url).path)[1].lower()
    if suffix in files.MEDIA:
        return Answered(files.content(text, suffix), _KINDS.get(suffix, "application/octet-stream"))
    if method in ("POST", "PUT", "PATCH", "DELETE"):
        return Answered(json.dumps({files.STAND_IN: text}).encode(), "application/json")
    return Answered(files.content(text, ".png"), "image/png")


def _asks_object_store(headers: Mapping[str, Any], url: str) -> bool:
    """Whether a request is signed as Amazon's S3 takes it: such stores answer with XML or with nothing."""
    return "X-Amz-Signature=" in url or any(str(_text(name)).lower().startswith("x-amz-") for name in headers)


def _options(headers: Mapping[str, Any], timeout: Any, context: Any) -> Iterator[str]:
    """How the project's code asks, in words."""
    yield from (f"{name}: {_text(value)}" for name, value in headers.items() if _text(name).lower() not in _USUAL)
    if timeout is not None:
        yield f"timeout {described(timeout)}"
    if context is not None:
        yield "a TLS context of its own"


def _text(body: Any) -> Any:
    """The text of a body that is one: ids in it can then be told."""
    try:
        return body.decode() if isinstance(body, bytes) else body
    except UnicodeDecodeError:
        return body


def _document(body: Any) -> Any:
    """The text of a body; of a JSON document, with the members of every object in one order, since they have none (RFC 8259)."""
    text = _text(body)
    try:
        if isinstance(text, dict) or (isinstance(text, str) and text.lstrip()[:1] in ("{", "[")):
            return json.dumps(text if isinstance(text, dict) else json.loads(text), sort_keys=True, ensure_ascii=False)
    except (ValueError, TypeError, RecursionError):
        pass
    return text


def _address(name: str) -> str:
    """What a name of another machine stands for to a project that looks whether it is a public one: nothing connects to it."""
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return _PUBLIC


def _close_sockets() -> None:
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def refused(address: Any) -> bool:
        return isinstance(address, tuple) and not is_local(str(address[0]))

    def connecting(self: socket.socket, address: Any) -> None:
        if refused(address):
            raise ConnectionRefusedError(111, "there is no network here")
        connect(self, address)

    def connecting_ex(self: socket.socket, address: Any) -> int:
        return 111 if refused(address) else connect_ex(self, address)

    def looking_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if not is_local(name) and name not in ("0.0.0.0", "::", socket.gethostname()):
            if frames.asked_by_project() and "." in str(name):
                return look_up(_address(str(name)), *args, **kwargs)
            raise socket.gaierror(socket.EAI_NONAME, "there is no network here")
        return look_up(host, *args, **kwargs)

    by_name = socket.gethostbyname

    def one_by_name(host: str) -> str:
        return _address(host) if frames.asked_by_project() and not is_local(host) and "." in host else by_name(host)

    socket.gethostbyname = one_by_name
    socket.socket.connect = connecting  # type: ignore[method-assign, assignment]
    socket.socket.connect_ex = connecting_ex  # type: ignore[method-assign, assignment]
    socket.getaddrinfo = looking_up


class _Answer(io.BytesIO):
    """A response of urllib."""

    status = code = 200
    reason = msg = "OK"

    def __init__(self, answered: Answered, url: str) -> None:
        super().__init__(answered.data)
        self.headers = Message()
        self.headers["Content-Type"], self.headers["Content-Length"] = answered.media_type, str(len(answered.data))
        self.url = url

    def getcode(self) -> int:
        return self.status

    def geturl(self) -> str:
        return self.url

    def info(self) -> Message:
        return self.headers


FAILURE = "Internal Server Error"
"""What is said with the status 500."""
_real_urlopen = urllib.request.urlopen


def _urlopen(url: Any, data: Any = None, timeout: Any = None, **kwargs: Any) -> Any:
    url = address_of(url)
    address = url if isinstance(url, str) else url.full_url
    parts = urllib.parse.urlsplit(address)
    options = kwargs if timeout is None else {**kwargs, "timeout": timeout}
    if parts.scheme in ("data", "file"):
        return _real_urlopen(url, data, **options)
    if is_local(parts.hostname) and (not _companions or listens(parts.hostname or "localhost", parts.port)):
        return _real_urlopen(url, data, **options)
    body = data if data is not None else getattr(url, "data", None)
    method = ("POST" if body is not None else "GET") if isinstance(url, str) else url.get_method()
    headers = None if isinstance(url, str) else dict(url.header_items())
    found = answer(method, address, body, headers=headers, timeout=timeout, context=kwargs.get("context"))
    made = _Answer(found, address)
    if found.status != 200:
        raise urllib.error.HTTPError(address, found.status, FAILURE, made.headers, made)
    return made


def _urlretrieve(url: str, filename: Any = None, *args: Any, **kwargs: Any) -> tuple[str, Message]:
    import tempfile

    response = _urlopen(url)
    url = address_of(url)
    if filename is None:
        handle, filename = tempfile.mkstemp(suffix=os.path.splitext(urllib.parse.urlsplit(url).path)[1])
        os.close(handle)
    with open(filename, "wb") as target:
        target.write(response.read())
    return str(filename), response.info()
