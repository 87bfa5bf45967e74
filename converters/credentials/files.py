"""Files that hold nothing but credentials: they are no part of what a project becomes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Protocol

LARGEST = 64 * 1024
"""Bytes of a file whose content tells; a credential file is small."""
_NAMES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"(^|/){pattern}$", re.IGNORECASE), what)
    for pattern, what in (
        (r"\.env(?!.*\.(example|sample|template|dist|defaults?|schema|tmpl)(\.|$))(\.[\w.-]+)?", "variables for one machine"),
        (r"\.ssh/.+", "SSH keys and hosts"),
        (r"id_(rsa|dsa|ecdsa|ed25519)(_sk)?", "an SSH key"),
        (r"\.aws/credentials", "credentials of AWS"),
        (r"[._]netrc", "logins of hosts"),
        (r"\.git-credentials", "logins of git"),
        (r"\.pgpass|\.my\.cnf", "logins of databases"),
        (r"\.docker/config\.json|\.dockercfg", "logins of registries"),
        (r"\.config/gcloud/.+|application_default_credentials\.json", "credentials of Google Cloud"),
        (r"service[-_]account([-_.][\w-]+)?\.json", "the key of a service account"),
        (r"\.kube/config|([\w.-]*\.)?kubeconfig(\.ya?ml)?", "credentials of a Kubernetes cluster"),
        (r"\.kaggle/kaggle\.json|\.(cache/)?huggingface/token|\.streamlit/secrets\.toml", "a token"),
        (r"[\w.-]+\.(p12|pfx|ppk)", "a private key"),
    )
)
_SOURCES = tuple(
    f".{ending}"
    for ending in (
        *("py", "pyi", "js", "ts", "tsx", "jsx", "mjs", "vue", "svelte", "go", "rs", "java", "c", "cc", "cpp", "h", "rb", "php", "cs"),
        *("sh", "bash", "ps1", "ipynb", "md", "rst", "txt", "html", "lock"),
    )
)
"""Files in which a key is a literal among other things."""
_PACKAGES = re.compile(r"(^|/)(\.npmrc|\.pypirc|\.yarnrc\.yml|pip\.conf|pip\.ini)$")
_KEY = re.compile(rb"(?m)^\s*[\"']?-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY( BLOCK)?-----|PuTTY-User-Key-File")
_KEPT_ENV = re.compile(r"[\w-]+\.env$|(^|/)\.envrc$", re.IGNORECASE)


class File(Protocol):
    """What is looked at of a file: its path in the project, its size in bytes, its content."""

    @property
    def path(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def data(self) -> bytes: ...


def withheld(file: File) -> str:
    """What a credential file holds, in a few words; '' for any other file. Reads the content only where the name leaves it open."""
    for pattern, what in _NAMES:
        if pattern.search(file.path):
            return what
    if file.size > LARGEST or file.size == 0:
        return ""
    for applies, what in _BY_CONTENT:
        if applies(file):
            return what
    return ""


def _login(file: File) -> bool:
    """A configuration of package tools with a credential in it; one without stays."""
    if not _PACKAGES.search(file.path):
        return False
    from converters.credentials.recognize import Dialect, find

    return bool(find(_text(file), Dialect.CREDENTIALS))


def _variables(file: File) -> bool:
    """`prod.env`, `.envrc` with a secret in it."""
    if not _KEPT_ENV.search(file.path):
        return False
    from converters.credentials.recognize import Dialect, find

    return bool(find(_text(file), Dialect.CONFIG))


def _account(file: File) -> bool:
    """A key of a service account, or a refresh token, by the shape of the JSON."""
    if not file.path.endswith(".json"):
        return False
    data = _data(file)
    if b'"private_key"' not in data and b'"refresh_token"' not in data:
        return False
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return False
    kind = document.get("type") if isinstance(document, dict) else None
    needed = {"service_account": "private_key", "authorized_user": "refresh_token"}.get(str(kind), "")
    return bool(needed and document.get(needed))


def _cluster(file: File) -> bool:
    if not file.path.endswith((".yaml", ".yml", ".conf")):
        return False
    data = _data(file)
    return bool(re.search(rb"(?m)^kind:\s*Config\s*$", data)) and b"\nusers:" in b"\n" + data and b"clusters:" in data


def _key(file: File) -> bool:
    """A file with the block of a private key; a certificate has another."""
    return not file.path.lower().endswith(_SOURCES) and bool(_KEY.search(_data(file)))


_BY_CONTENT: tuple[tuple[Callable[[File], bool], str], ...] = (
    (_login, "a login of a package registry"),
    (_variables, "variables for one machine"),
    (_account, "the key of an account"),
    (_cluster, "credentials of a Kubernetes cluster"),
    (_key, "a private key"),
)


def _data(file: File) -> bytes:
    from converters.errors import Unreadable

    try:
        return file.data
    except Unreadable:
        return b""


def _text(file: File) -> str:
    return _data(file).decode("utf-8", errors="replace")
