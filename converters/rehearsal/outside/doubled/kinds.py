"""Small valid files of the kind that a name tells."""

from __future__ import annotations

import base64
import io
import json
import re
import struct
import tarfile
from collections.abc import Mapping
from pathlib import PurePosixPath

from converters.rehearsal.stubs import wheel
from converters.rehearsal.stubs.source import archive
from converters.verify.child import files

ARCHIVE = re.compile(r"\.(tar(\.(gz|bz2|xz|zst))?|tgz|tbz2?|txz|tzst|zip)$")
_TEXT = {
    **dict.fromkeys(
        (".txt", ".rst", ".toml", ".cfg", ".ini", ".js", ".css", ".list", ".repo", ".conf", ".env", ".proto", ".lock", ".in"), ""
    ),
    **dict.fromkeys((".yaml", ".yml"), "{{}}\n"),
    ".md": "# {url}\n",
    ".py": "# {url}, which a rehearsal does not fetch\n",
    ".csv": "a,b\n1,2\n",
    ".tsv": "a\tb\n1\t2\n",
    ".vtt": "WEBVTT\n",
    ".html": "<!DOCTYPE html>\n<title>{url}</title>\n",
    ".xml": "<?xml version='1.0'?>\n<double/>\n",
    ".ipynb": '{{"cells": [], "metadata": {{}}, "nbformat": 4, "nbformat_minor": 5}}\n',
    ".jsonl": '{{"double": "{url}"}}\n',
}
"""Texts by suffix; ``{url}`` is the address."""
_KEY = re.compile(r"(?i)(^|[._-])(asc|gpg|gpgkey|key|keyring|pgp|pub)([._-]|$)")
"""Names of signing keys."""


_ADDS_REPOSITORY = re.compile(r"^(script\.deb\.sh|setup_(\d+|lts|current)\.x)$")
"""Names of the scripts of packagecloud and NodeSource that add a repository: they leave fresh lists of packages."""


def content(name: str, url: str) -> bytes:
    """A file called ``name`` from the address ``url``; without a suffix, a program that says what it stands for.

    Same arguments, same bytes.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if _ADDS_REPOSITORY.search(name):
        return program(url) + b"apt-get update\n"
    if suffix in _TEXT:
        return _TEXT[suffix].format(url=url).encode()
    if match := ARCHIVE.search(name.lower()):
        folder = name[: match.start()]
        return tree({f"{folder}/README.md": _TEXT[".md"].format(url=url).encode()}, name)
    if suffix == ".safetensors":
        return _safetensors(url)
    if suffix in (".pt", ".pth", ".npz", ".keras", ".mar", ".nemo"):
        return tree({"double.txt": url.encode()}, "double.zip")
    if suffix == ".npy":
        return _numpy()
    if suffix == ".gguf":
        return b"GGUF" + struct.pack("<IQQ", 3, 0, 0)
    if suffix == ".whl":
        return wheel.unknown(name)
    if suffix == ".deb":
        package, version = [*name.removesuffix(".deb").split("_"), "1"][:2]
        return debian(package, version)
    if _KEY.search(name):
        return _key()
    if suffix in ("", ".sh", ".run", ".bin", ".appimage") or re.fullmatch(r"\.\d+|\.x86_64|\.linux.*", suffix):
        return program(url) if suffix != ".bin" else url.encode()
    return files.content(url, suffix)


def program(url: str) -> bytes:
    """A shell script that says what it stands for and succeeds."""
    said = re.sub(r"[^\w./:?=&%@+,~-]", "_", url)
    return f'#!/bin/sh\necho "$(basename "$0") $* (of {said}: a rehearsal does not run it)"\n'.encode()


def tree(members: Mapping[str, bytes], name: str) -> bytes:
    """An archive of the kind that its name says."""
    return archive(members, re.sub(r"\.(tbz2?)$", ".tar.bz2", re.sub(r"\.txz$", ".tar.xz", name.lower())))


def debian(package: str, version: str) -> bytes:
    """A Debian package without any file."""
    control = (
        f"Package: {package}\nVersion: {version}\nArchitecture: all\nMaintainer: rehearsal <nobody@example.com>\n"
        f"Description: stand-in of a rehearsal\n"
    )
    members = {
        "debian-binary": b"2.0\n",
        "control.tar": _tar({"./control": control.encode()}),
        "data.tar": _tar({f"./usr/share/doc/{package}/rehearsal": b"A rehearsal does not install this package.\n"}),
    }
    made = b"!<arch>\n"
    for name, data in members.items():
        made += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)
    return made


def _tar(members: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.GNU_FORMAT) as made:
        folders = {f"./{parent}": None for name in members for parent in reversed(PurePosixPath(name).parents) if parent.name}
        for folder in folders:
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            made.addfile(entry)
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            made.addfile(member, io.BytesIO(data))
    return target.getvalue()


def _safetensors(url: str) -> bytes:
    header = json.dumps({"__metadata__": {"double": url}, "weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + struct.pack("<f", 0.5)


def _numpy() -> bytes:
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }"
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + struct.pack("<f", 0.5)


def _key() -> bytes:
    """An armored OpenPGP block (RFC 4880, 6.2) with a marker packet, which programs skip."""
    packet = b"\xca\x03PGP"
    checksum = 0xB704CE
    for byte in packet:
        checksum ^= byte << 16
        for _ in range(8):
            checksum = (checksum << 1) ^ (0x1864CFB if checksum & 0x800000 else 0)
    crc = base64.b64encode((checksum & 0xFFFFFF).to_bytes(3, "big")).decode()
    armored = f"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{base64.b64encode(packet).decode()}\n={crc}\n-----END PGP PUBLIC KEY BLOCK-----\n"
    return armored.encode()
