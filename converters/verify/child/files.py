"""Small valid files that carry the expression they stand for: what a model that is not there would have written."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import struct
import tarfile
import wave
import zipfile
import zlib
from pathlib import Path
from typing import Any

MEDIA = (
    ".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tiff", ".mp4", ".webm", ".mov", ".avi", ".mkv", ".wav", ".mp3", ".flac", ".ogg",
    ".m4a", ".ply", ".glb", ".gltf", ".obj", ".stl", ".npz", ".npy", ".safetensors", ".pt", ".pth", ".ckpt", ".onnx", ".bin", ".zip",
    ".tar", ".gz", ".tgz", ".json", ".srt", ".vtt", ".txt", ".csv", ".pdf", ".svg", ".html", ".md",
)  # fmt: skip
"""Suffixes of files that a library writes when a call names one that is not there."""
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tiff")
_NOT_SENT = (
    ".ckpt", ".safetensors", ".sft", ".pt", ".pth", ".bin", ".onnx", ".gguf", ".json", ".py", ".yaml", ".yml", ".toml", ".sh",
    ".md", ".git",
)  # fmt: skip
"""Of models, programs and their settings, for which code looks in other places."""
suffixes: tuple[str, ...] = ()
"""Those that the project's code looks for."""
STAND_IN = "double"
"""The one key of JSON documents that nobody wrote."""
pillow = True
"""Whether to use Pillow where it is installed."""
SIZE = 16
"""Width and height of a picture, in pixels."""


def content(text: str, suffix: str) -> bytes:
    """A file of the kind that ``suffix`` (".png") names and whose content follows from ``text``."""
    suffix = suffix.lower()
    if suffix in (".json", ".gltf"):
        return json.dumps({STAND_IN: text}).encode()
    if suffix in (".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tiff"):
        return _encoded(text, {".jpg": "JPEG"}.get(suffix, suffix[1:].upper()))
    if suffix in (".wav", ".flac", ".ogg", ".mp3", ".m4a"):
        return _wave(text)
    if suffix in (".mp4", ".mov", ".m4v", ".webm", ".mkv", ".avi"):
        return _movie(text)
    if suffix == ".zip":
        return _zipped(text)
    if suffix in (".tar", ".tgz", ".gz"):
        return _archived(text, "w" if suffix == ".tar" else "w:gz")
    if suffix == ".svg":
        return f'<svg xmlns="http://www.w3.org/2000/svg"><!-- {text.replace("--", "==")} --></svg>'.encode()
    return _picture(text) if suffix in ("", ".png") else text.encode(errors="replace")


_CARRIED = re.compile(rb"\A\x89PNG\r\n\x1a\n.{29}tEXtexpression\0([^\0]*)(?=.{4}.{4}IDAT)", re.DOTALL)


def expression_of(data: bytes) -> str:
    """The expression that a picture carries which was made up because nothing named another kind; '' of anything else."""
    found = _CARRIED.match(data[:2000])
    return found[1].decode("latin-1") if found else ""


def write(path: str | os.PathLike[str], text: str, suffix: str = "") -> None:
    """Write the file of that name, unless its folder is not there; ``suffix``: of its kind, where its name has another."""
    target = Path(path)
    if target.parent.is_dir() and not target.is_dir():
        target.write_bytes(content(text, suffix or target.suffix))


def pixels(text: str) -> bytes:
    """RGB bytes of a picture of ``SIZE`` x ``SIZE`` pixels."""
    block = b"".join(hashlib.sha256(f"{text}{part}".encode(errors="replace")).digest() for part in range(SIZE * SIZE * 3 // 32 + 1))
    return block[: SIZE * SIZE * 3]


def _picture(text: str) -> bytes:
    raw, row = pixels(text), SIZE * 3
    lines = b"".join(b"\0" + raw[at : at + row] for at in range(0, len(raw), row))
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", SIZE, SIZE, 8, 2, 0, 0, 0)),
        (b"tEXt", b"expression\0" + text.encode("latin-1", "replace")),
        (b"IDAT", zlib.compress(lines)),
        (b"IEND", b""),
    ]
    parts = (struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _encoded(text: str, kind: str) -> bytes:
    """By Pillow where it is installed, else a PNG: libraries look at the content, not at the name."""
    if not pillow:
        return _picture(text)
    try:
        from PIL import Image
    except ImportError:
        return _picture(text)
    target = io.BytesIO()
    options: dict[str, Any] = {"comment": text.encode(errors="replace")} if kind in ("JPEG", "GIF") else {}
    Image.frombytes("RGB", (SIZE, SIZE), pixels(text)).save(target, format=kind, **options)
    return target.getvalue()


def _wave(text: str) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes(pixels(text) * 2)
    return target.getvalue()


def _movie(text: str) -> bytes:
    boxes = [(b"ftyp", b"isom\0\0\2\0isomiso2mp41"), (b"free", text.encode(errors="replace")), (b"mdat", pixels(text)[:64])]
    return b"".join(struct.pack(">I", len(data) + 8) + name + data for name, data in boxes)


def _members(text: str) -> list[tuple[str, bytes]]:
    """What lies in an archive: a picture, of the kinds that the project looks for; where it looks for none, other files that it does."""
    pictures = [suffix for suffix in suffixes if suffix in _PICTURES]
    others = pictures or [suffix for suffix in suffixes if suffix not in _ARCHIVES + _NOT_SENT]
    return [("a.png", _picture(text)), *((f"a{suffix}", content(text, suffix)) for suffix in others if suffix != ".png")]


def _zipped(text: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in _members(text):
            archive.writestr(zipfile.ZipInfo(name), data)
    return target.getvalue()


def _archived(text: str, mode: str) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in _members(text):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    found = target.getvalue()
    return found[:4] + b"\0\0\0\0" + found[8:] if mode == "w:gz" else found  # the time in gzip's header
