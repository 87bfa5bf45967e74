"""Which distributions are stubs."""

from __future__ import annotations

import asyncio

import pytest

from converters.rehearsal.stubs.choice import LARGE, Choice, Distribution

WORLD = {
    "torch": (700_000_000, []),
    "diffusers": (3_000_000, ["huggingface-hub", 'torch>=1.4; extra == "torch"']),
    "accelerate": (300_000, ["numpy", "torch>=2"]),
    "peft": (300_000, ["accelerate>=0.13"]),
    "numpy": (16_000_000, []),
    "huggingface-hub": (500_000, ["tqdm", 'torch; extra == "torch"']),
    "tqdm": (80_000, ['colorama; platform_system == "Windows"']),
    "huge": (LARGE + 1, []),
    "edge": (LARGE, []),
    "uses-huge": (1000, ["tqdm", "huge"]),
    "windows-only": (1000, ['huge; sys_platform == "win32"']),
    "tested-with-torch": (1000, ['torch; extra == "test"', 'torch; extra == "dev"']),
    "round-a": (1000, ["round-b"]),
    "round-b": (1000, ["round-a", "tqdm"]),
    "round-c": (1000, ["round-d"]),
    "round-d": (1000, ["round-c", "huge"]),
    "unknown-below": (1000, ["not-on-the-index"]),
    "odd": (1000, ["not a requirement !!", "tqdm"]),
    "nvidia-cublas-cu12": (1000, []),
    "flash-attn": (None, []),
}


async def _find(name: str) -> Distribution | None:
    if name not in WORLD:
        return None
    size, requires = WORLD[name]
    lines = "".join(f"Requires-Dist: {each}\n" for each in requires)
    extras = "".join(f"Provides-Extra: {each}\n" for each in ("torch", "test", "dev"))
    return Distribution(name, size, f"Metadata-Version: 2.1\nName: {name}\n{extras}{lines}\n".encode())


def _reason(*names: str) -> str:
    """Why the last of these is a stub, asked after the others."""

    async def ask() -> str:
        choice = Choice(_find)
        found = ""
        for name in names:
            distribution = await _find(name)
            assert distribution is not None
            found = await choice.reason(distribution)
        return found

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("torch", "reads the weights of models"),
        ("diffusers", "uses torch, which is a stub"),
        ("accelerate", "requires torch, which is a stub"),
        ("peft", "requires accelerate, which is a stub"),
        ("huge", "50 MB"),
        ("uses-huge", "requires huge, which is a stub"),
        ("round-c", "requires round-d, which is a stub"),
        ("nvidia-cublas-cu12", "needs a GPU"),
        ("flash-attn", "needs a GPU"),
    ],
)
def test_what_is_a_stub(name: str, why: str) -> None:
    assert _reason(name) == why


@pytest.mark.parametrize(
    "name", ["numpy", "tqdm", "huggingface-hub", "edge", "windows-only", "tested-with-torch", "round-a", "unknown-below", "odd"]
)
def test_what_is_installed_really(name: str) -> None:
    assert _reason(name) == ""


@pytest.mark.parametrize(
    ("names", "is_stub"), [(("round-d", "round-c"), True), (("peft", "round-a"), False), (("tqdm", "uses-huge"), True)]
)
def test_what_was_asked_before_changes_nothing(names: tuple[str, ...], is_stub: bool) -> None:
    assert bool(_reason(*names)) is is_stub
