"""The Hub of Hugging Face: its API, and the files of its repositories."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from converters.rehearsal.outside.doubled import answer, kinds
from converters.rehearsal.outside.doubled.expected import Expected

HOSTS = frozenset({"huggingface.co", "www.huggingface.co", "hf.co", "hub-ci.huggingface.co", "hf-mirror.com"})
_API = re.compile(
    r"^/api/(?P<kind>models|datasets|spaces)/(?P<name>[^/]+(/[^/]+)??)(/(?P<what>revision|tree|refs|paths-info|resolve)(/(?P<rest>.*))?)?$"
)
_FILE = re.compile(r"^/((?P<kind>datasets|spaces)/)?(?P<name>[^/]+(/[^/]+)?)/(resolve|raw|blob)/(?P<revision>[^/]+)/(?P<path>.+)$")
_USUAL = (
    ".gitattributes", "README.md", "config.json", "generation_config.json", "model.safetensors", "model_index.json",
    "preprocessor_config.json", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt",
)  # fmt: skip
"""What repositories of models hold."""


def respond(request: Request, expected: Expected) -> Response:
    """What the Hub answers: every repository is there, with the usual files and those with weights that the build and its app name."""
    path = request.url.path
    if path in ("/api/whoami-v2", "/api/whoami"):
        return answer.json(
            {"type": "user", "id": "rehearsal", "name": "rehearsal", "fullname": "rehearsal", "orgs": [], "auth": {"type": "access_token"}}
        )
    if match := _FILE.match(path):
        return _file(request, match["name"], match["path"])
    if match := _API.match(path):
        name, what, rest = match["name"], match["what"] or "revision", match["rest"] or ""
        if what == "resolve":
            return _file(request, name, rest.partition("/")[2])
        files = _files(expected)
        if what == "tree":
            return answer.json([_entry(name, each) for each in files])
        if what == "paths-info":
            return answer.json([_entry(name, each) for each in files])
        if what == "refs":
            return answer.json(
                {"branches": [{"name": "main", "ref": "refs/heads/main", "targetCommit": commit(name)}], "tags": [], "converts": []}
            )
        return answer.json(_described(name, files))
    return answer.json([] if path.rstrip("/") in ("/api/models", "/api/datasets", "/api/spaces") else {})


def commit(name: str) -> str:
    """The one commit of a repository."""
    return hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()


def files(name: str, expected: Expected) -> dict[str, bytes]:
    """The files of a repository, for who clones it."""
    return {path: _content(name, path) for path in _files(expected)}


def _files(expected: Expected) -> list[str]:
    return list(dict.fromkeys([*_USUAL, *expected.weights()]))


def _content(name: str, path: str) -> bytes:
    return kinds.content(path.rpartition("/")[2], f"https://huggingface.co/{name}/{path}")


def _file(request: Request, name: str, path: str) -> Response:
    data = _content(name, path)
    headers = {"X-Repo-Commit": commit(name), "X-Linked-Size": str(len(data)), "X-Linked-ETag": answer.etag(data)}
    return answer.file(request, data, path, headers)


def _entry(name: str, path: str) -> dict[str, object]:
    data = _content(name, path)
    return {"type": "file", "oid": answer.etag(data).strip('"'), "size": len(data), "path": path}


def _described(name: str, files: Sequence[str]) -> dict[str, object]:
    moment = "2024-01-01T00:00:00.000Z"
    return {
        "_id": commit(name)[:24],
        "id": name,
        "modelId": name,
        "author": name.partition("/")[0],
        "sha": commit(name),
        "private": False,
        "gated": False,
        "disabled": False,
        "downloads": 1,
        "likes": 0,
        "tags": [],
        "lastModified": moment,
        "createdAt": moment,
        "siblings": [{"rfilename": path} for path in files],
        "spaces": [],
        "config": {},
    }
