"""Which apps there are, and who may call them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence

from .application import Application
from .asgi import Scope, header, query
from .errors import PlatformError, unknown_application

#: First segments of a path that may stand before the owner (fal_client 1.0.3, ``APPNAMESPACES``).
NAMESPACES = frozenset([b"workflows", b"comfy"])


class Directory(Mapping[str, Application]):
    """The served apps by name.

    With ``keys`` ("id:secret") private and shared apps want one of them as fal's gateway does; without, anybody who reaches the
    port may call everything, which is what one wants of a runtime on one's own machine. The apps that are ``expected``, by the keys of
    their tables, are still being loaded.
    """

    def __init__(self, owner: str, applications: Mapping[str, Application], keys: Sequence[str] = (), expected: Iterable[str] = ()) -> None:
        self.owner = owner
        self._expected = set(expected)
        self._news = asyncio.Event()
        self._missing: dict[str, str] = {}
        self._applications = applications
        self._keys = frozenset(keys)
        self._tokens: set[str] = set()

    def __getitem__(self, name: str) -> Application:
        return self._applications[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._applications)

    def __len__(self) -> int:
        return len(self._applications)

    def arrived(self, key: str, why_not: str = "") -> None:
        """An app that was expected is there; with ``why_not`` it will not come."""
        self._expected.discard(key)
        self._missing.pop(key, None)
        if why_not:
            self._missing[key] = why_not
        self._news.set()
        self._news = asyncio.Event()

    async def find(self, scope: Scope, path: bytes) -> tuple[Application, bytes]:
        """The app that ``/[namespace/]<owner>/<app>[/path]`` names, if the caller may use it, and the path inside it.

        What its name is, an app tells when it is loaded: a name that is not known waits for those that are not. Raises PlatformError.
        """
        first, _, rest = path[1:].partition(b"/")
        owner, name, inside = [*(rest if first in NAMESPACES else path[1:]).split(b"/", 2), b"", b""][:3]
        while self._expected and owner == self.owner.encode() and name.decode("latin-1") not in self._applications:
            await self._news.wait()
        return self._application(scope, owner, name), b"/" + inside

    def _application(self, scope: Scope, owner: bytes, name: bytes) -> Application:
        application = self._applications.get(name.decode("latin-1")) if owner == self.owner.encode() else None
        if application is None:
            asked = b"/".join(filter(None, [owner, name])).decode("latin-1")
            served = [f"{self.owner}/{name}" for name in sorted(self._applications)]
            raise unknown_application(asked, served, self._missing.get(name.decode("latin-1"), ""))
        if self._keys and application.spec.auth != "public":
            self.authenticate(scope)
        return application

    def authenticate(self, scope: Scope) -> None:
        """Raises PlatformError unless the caller has a key, or a token made from one."""
        if not self._keys:
            return
        scheme, _, credentials = (header(scope, b"authorization") or "").partition(" ")
        if scheme.lower() == "key" and any(secrets.compare_digest(credentials.strip(), key) for key in self._keys):
            return
        if scheme.lower() == "bearer" and credentials.strip() in self._tokens:
            return
        if query(scope).get("fal_jwt_token") in self._tokens:
            return
        if scheme:
            raise PlatformError(401, None, "invalid key credentials")
        raise PlatformError(401, None, "Authentication is required to access this application")

    def token(self) -> str:
        """A new token, as good as a key."""
        token = secrets.token_hex(16)
        if self._keys:
            self._tokens.add(token)
        return token
