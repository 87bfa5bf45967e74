"""Paths on RunPod's network volume, and paths that only look like it."""

from __future__ import annotations

import pytest

from converters.concepts.storage import data_folder, moved, on_volume
from converters.ir import App, Environment, Value

APP = App(name="app", class_name="App", entry="handler.py", app_file="app.py", environment=Environment(python_version=Value(value="3.11")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("/runpod-volume", "/data/app", id="the volume itself"),
        pytest.param("/runpod-volume/models", "/data/app/models", id="a folder on it"),
        pytest.param("A=/runpod-volume/a:/runpod-volume/b", "A=/data/app/a:/data/app/b", id="a list of folders"),
        pytest.param("cd '/runpod-volume'", "cd '/data/app'", id="in quotes"),
    ],
)
def test_a_path_on_the_volume_moves_below_data(text: str, expected: str) -> None:
    assert moved(text, APP) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("/runpod-volumes/x", id="a longer name"),
        pytest.param("/runpod-volume2", id="a numbered name"),
        pytest.param("/mnt/runpod-volume/x", id="a folder below another"),
        pytest.param("${ROOT}/runpod-volume", id="a folder below a variable"),
        pytest.param("https://example.com/runpod-volume", id="a page of a site"),
        pytest.param("runpod-volume/x", id="a relative path"),
        pytest.param("/workspace", id="where a Pod mounts it"),
    ],
)
def test_what_is_not_on_the_volume_stays(text: str) -> None:
    assert moved(text, APP) == text
    assert not on_volume(text)


def test_every_app_has_a_folder_of_its_own() -> None:
    assert data_folder("a") != data_folder("b")
