"""The double around the real index: which of its packages are stubs today, and what these bring."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from converters.rehearsal.outside.python.index import PythonIndex, newest
from converters.rehearsal.outside.upstream import Upstream

INDEX = "https://pypi.org/simple"
STUBS = ("torch", "torchvision", "diffusers", "transformers", "accelerate", "flash-attn", "vllm", "faster-whisper", "sentence-transformers")
REAL = ("requests", "numpy", "pillow", "fastapi", "pydantic", "fal", "runpod", "huggingface-hub", "boto3", "gdown", "stringcase")


async def _described(folder: Path, names: tuple[str, ...]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Of the newest release of each: why it is a stub, and the packages and modules that it brings."""
    upstream = Upstream(folder)
    index = PythonIndex(upstream, INDEX)

    async def describe(name: str) -> tuple[str, tuple[str, ...]]:
        file = newest(await index.files(name))
        assert file is not None
        brought = await index.contents(file)
        return await index.stub_reason(file), (*brought.packages, *brought.modules)

    try:
        return dict(zip(names, await asyncio.gather(*map(describe, names)), strict=True))
    finally:
        await upstream.close()


@pytest.mark.network
def test_what_is_a_stub_today_and_what_is_not(tmp_path: Path) -> None:
    found = asyncio.run(_described(tmp_path, (*STUBS, *REAL)))
    assert {name for name, (reason, _) in found.items() if reason} == set(STUBS)


@pytest.mark.network
def test_stubs_bring_what_the_real_ones_do(tmp_path: Path) -> None:
    found = asyncio.run(_described(tmp_path, ("torch", "flash-attn", "opencv-python")))
    assert {"torch", "functorch"} <= set(found["torch"][1])
    assert "flash_attn" in found["flash-attn"][1]
    assert found["opencv-python"][1] == ("cv2",)
