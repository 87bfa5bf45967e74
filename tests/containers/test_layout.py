"""Where a COPY puts a file: under the name that it is given, or into the folder that is there already."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.containers import images
from converters.project import open_project

PLACES = {
    "a name": ("COPY app.py /srv/main.py", "/srv/main.py"),
    "a name that no folder has": ("COPY app.py /app", "/app"),
    "a folder with a slash": ("COPY app.py /app/", "/app/app.py"),
    "a folder that a step makes": ("RUN pip install flask && mkdir -p /app\nCOPY app.py /app", "/app/app.py"),
    "a folder that a step makes below the working directory": ("WORKDIR /srv\nRUN mkdir code\nCOPY app.py code", "/srv/code/app.py"),
    "a folder above one that a step makes": ("RUN mkdir -p /app/models\nCOPY app.py /app", "/app/app.py"),
    "the working directory": ("WORKDIR /app\nCOPY app.py /app", "/app/app.py"),
    "a folder above the working directory": ("WORKDIR /app/code\nCOPY app.py /app", "/app/app.py"),
    "a folder that an earlier COPY fills": ("COPY lib /app/lib\nCOPY app.py /app", "/app/app.py"),
    "a folder of every base image": ("COPY app.py /usr/local/bin", "/usr/local/bin/app.py"),
    "a folder that a later step makes": ("COPY app.py /app\nRUN mkdir /app", "/app"),
    "a folder whose name begins like it": ("RUN mkdir /application\nCOPY app.py /app", "/app"),
    "a later working directory": ("COPY app.py /app\nWORKDIR /app", "/app"),
}


@pytest.mark.parametrize(("lines", "place"), PLACES.values(), ids=PLACES.keys())
def test_where_a_file_is_copied(lines: str, place: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM python:3.11-slim\n{lines}\n")
    (tmp_path / "app.py").write_text("x = 1\n")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/a.py").write_text("y = 1\n")
    project = open_project(tmp_path)
    packaging = images.read(project, project.files["Dockerfile"])
    assert packaging is not None
    assert [path for path, source in packaging.layout.files.items() if source == "app.py"] == [place]
