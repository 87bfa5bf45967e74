"""What stands in for machines that are not asked."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest

from converters.rehearsal.outside import programs
from converters.rehearsal.outside.asked import Record
from converters.rehearsal.outside.doubled import kinds
from converters.rehearsal.outside.doubled.expected import Expected
from converters.rehearsal.outside.python.index import PythonIndex
from converters.rehearsal.outside.router import Router
from converters.rehearsal.outside.upstream import Upstream
from tests.rehearsal.outside.made import SIMPLE, Registry, inside

TEXT = """
FROM python:3.11
RUN apt-get install -y --no-install-recommends ffmpeg cuda-toolkit-12-1=12.1.0-1 \\
    libnvinfer8 && rm -rf /x
RUN wget https://far.example/ffmpeg-7.0-static.tar.xz && tar xf ffmpeg-7.0-static.tar.xz && mv ffmpeg-*-static/ffprobe /usr/bin
RUN git clone https://github.com/owner/Tool && pip install -r Tool/requirements-gpu.txt && cd Tool/models/deep && python setup_extra.py
RUN pip install "own-name @ git+https://github.com/owner/Named.git@abc" git+https://github.com/owner/Egg#egg=old-egg
RUN python -c "hf_hub_download('a/b', 'sub/body.pth')"
"""


def _ask(
    *urls: str, registry: Registry | None = None, method: str = "GET", record: Record | None = None, tmp_path: Path, **headers: str
) -> list[httpx.Response]:
    """The answers of a double that expects ``TEXT``."""

    async def ask() -> list[httpx.Response]:
        upstream = Upstream(tmp_path / "cache", (registry or Registry()).transport())
        router = Router(upstream, PythonIndex(upstream, SIMPLE), Expected([TEXT]), record or Record())
        async with httpx.AsyncClient(transport=httpx.ASGITransport(router)) as client:
            found = [await client.request(method, url, headers=headers) for url in urls]
        await upstream.close()
        return found

    return asyncio.run(ask())


def _names(response: httpx.Response) -> set[str]:
    with tarfile.open(fileobj=io.BytesIO(response.content)) as archive:
        return set(archive.getnames())


def _is_json(data: bytes) -> bool:
    return isinstance(json.loads(data), dict)


def _is_zip(data: bytes) -> bool:
    return zipfile.ZipFile(io.BytesIO(data)).testzip() is None


KINDS = {
    "a.json": _is_json,
    "a.ipynb": _is_json,
    "a.pth": _is_zip,
    "a.zip": _is_zip,
    "a.safetensors": lambda data: _is_json(data[8 : 8 + int.from_bytes(data[:8], "little")]),
    "a.gguf": lambda data: data[:4] == b"GGUF",
    "a.npy": lambda data: data[:6] == b"\x93NUMPY" and (10 + int.from_bytes(data[8:10], "little")) % 64 == 0,
    "a.png": lambda data: data[:8] == b"\x89PNG\r\n\x1a\n",
    "requirements.txt": lambda data: data == b"",
    "a.tar.gz": lambda data: data[:2] == b"\x1f\x8b",
    "a.deb": lambda data: data.startswith(b"!<arch>\n"),
    "gpgkey": lambda data: b"BEGIN PGP PUBLIC KEY" in data,
    "install.sh": lambda data: data.startswith(b"#!/bin/sh\n"),
    "tool-linux-amd64": lambda data: data.startswith(b"#!/bin/sh\n"),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_file_is_of_the_kind_that_its_name_tells(name: str, tmp_path: Path) -> None:
    check: Any = KINDS[name]
    (response,) = _ask(f"https://far.example/models/{name}?x=1", tmp_path=tmp_path)
    assert response.status_code == 200
    assert check(response.content)


@pytest.mark.parametrize("name", ["en_core_web_sm-3.7.1-py3-none-any.whl", "en_core_web_sm-any-py3-none-any.whl"])
def test_a_wheel_that_no_index_knows_is_a_stub_by_its_name(name: str, tmp_path: Path) -> None:
    (response,) = _ask(f"https://far.example/{name}", tmp_path=tmp_path)
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert "en_core_web_sm/__init__.py" in archive.namelist()
        assert any(each.endswith(".dist-info/RECORD") for each in archive.namelist())


def test_a_part_of_a_file_is_sent_where_it_is_asked_for(tmp_path: Path) -> None:
    whole, part, last, behind = (
        _ask("https://far.example/a.pth", tmp_path=tmp_path, **headers)[0]
        for headers in ({}, {"range": "bytes=2-5"}, {"range": "bytes=-3"}, {"range": "bytes=99999-"})
    )
    assert (part.status_code, part.content) == (206, whole.content[2:6])
    assert (last.status_code, last.content) == (206, whole.content[-3:])
    assert behind.status_code == 416


def test_what_the_build_names_lies_in_what_it_fetches(tmp_path: Path) -> None:
    archive, repository, release = _ask(
        "https://far.example/ffmpeg-7.0-static.tar.xz",
        "https://github.com/owner/Tool/archive/refs/tags/v1.2.tar.gz",
        "https://github.com/owner/thing/releases/download/v1/thing-linux.tar.gz",
        tmp_path=tmp_path,
    )
    assert {"ffmpeg-7.0-static/ffprobe", "ffmpeg-7.0-static/ffmpeg"} <= _names(archive)
    found = _names(repository)
    assert {"Tool-1.2/requirements-gpu.txt", "Tool-1.2/models/deep/.keep", "Tool-1.2/setup_extra.py", "Tool-1.2/setup.py"} <= found
    assert "Tool-1.2/requirements.txt" in found
    assert "thing" in _names(release)
    assert not {name for name in found if "ffprobe" in name or "body" in name}


@pytest.mark.parametrize(
    ("url", "updates"),
    [
        ("https://packagecloud.example/install/repositories/a/b/script.deb.sh", True),
        ("https://deb.example/setup_20.x", True),
        ("https://far.example/setup.sh", False),
    ],
)
def test_a_script_that_adds_a_repository_leaves_lists_of_packages(tmp_path: Path, url: str, updates: bool) -> None:
    (response,) = _ask(url, tmp_path=tmp_path)
    assert response.text.startswith("#!/bin/sh\n")
    assert response.text.endswith("\napt-get update\n") == updates


@pytest.mark.parametrize(
    ("clone", "below"),
    [
        ("git clone https://github.com/a/Inner", {"kept/y.py"}),
        ("git clone --depth 1 https://github.com/a/Other.git /srv/worker/Inner && ls", {"kept/y.py"}),
        ("git clone -b Inner https://github.com/a/Other", {"kept/y.py", "Inner/x.py"}),
        ("echo https://github.com/a/Inner", {"kept/y.py", "Inner/x.py"}),
    ],
)
def test_what_git_clones_into_a_repository_is_not_in_it_before(clone: str, below: set[str]) -> None:
    assert set(Expected([f"RUN ls worker/kept/y.py worker/Inner/x.py\nRUN cd worker && {clone}\n"]).below("worker")) == below


@pytest.mark.parametrize(("address", "name"), [("Named", "own-name"), ("Egg", "old-egg"), ("Tool", "Tool"), ("Other", "Other")])
def test_a_repository_builds_the_distribution_that_the_build_installs_from_it(address: str, name: str, tmp_path: Path) -> None:
    (response,) = _ask(f"https://codeload.github.com/owner/{address}/tar.gz/main", tmp_path=tmp_path)
    with tarfile.open(fileobj=io.BytesIO(response.content)) as archive:
        described = archive.extractfile(f"{address}-main/PKG-INFO")
        assert described is not None
        assert f"Name: {name}\n" in described.read().decode()


def test_a_project_that_the_index_knows_by_its_repository_has_its_requirements(tmp_path: Path) -> None:
    registry = Registry()
    registry.add("Tool", "2.0", requires=("torch",), extra="Project-URL: source, https://github.com/owner/tool\n")
    registry.files["tool"] = registry.files.pop("Tool")
    known, other = _ask(
        "https://codeload.github.com/owner/Tool/tar.gz/main", "https://codeload.github.com/stranger/Tool/tar.gz/main", registry=registry, tmp_path=tmp_path
    )  # fmt: skip
    for response, is_known in ((known, True), (other, False)):
        with tarfile.open(fileobj=io.BytesIO(response.content)) as archive:
            described = archive.extractfile("Tool-main/PKG-INFO")
            assert described is not None
            assert (b"Requires-Dist: torch" in described.read()) is is_known


def test_the_hub_has_every_repository_with_the_files_that_the_build_names(tmp_path: Path) -> None:
    model, tree, file = _ask(
        "https://huggingface.co/api/models/a/b",
        "https://huggingface.co/api/datasets/a/b/tree/main?recursive=true",
        "https://huggingface.co/a/b/resolve/main/sub/body.pth",
        tmp_path=tmp_path,
    )
    names = {each["rfilename"] for each in model.json()["siblings"]}
    assert {"config.json", "sub/body.pth"} <= names
    assert {each["path"] for each in tree.json()} == names
    assert file.headers["X-Repo-Commit"] == model.json()["sha"]
    assert _is_zip(file.content)


def test_a_repository_of_debian_packages_has_what_is_installed_in_the_lowest_version(tmp_path: Path) -> None:
    record = Record()
    signed, release, packages = _ask(
        "https://apt.example/repo/dists/stable/InRelease",
        "https://apt.example/repo/dists/stable/Release",
        "https://apt.example/repo/dists/stable/main/binary-amd64/Packages",
        record=record,
        tmp_path=tmp_path,
    )
    assert signed.status_code == 404
    assert ["without a signature, whether or not the build has its key" in one.detail for one in record.all()] == [True, False, False]
    assert "Codename: stable\n" in release.text
    versions = [(entry.split("\n")[0], entry.split("\n")[1]) for entry in packages.text.split("\n\n")]
    assert versions == [
        ("Package: cuda-toolkit-12-1", "Version: 0~rehearsal"),
        ("Package: cuda-toolkit-12-1", "Version: 12.1.0-1"),
        ("Package: ffmpeg", "Version: 0~rehearsal"),
        ("Package: libnvinfer8", "Version: 0~rehearsal"),
    ]


@pytest.mark.skipif(subprocess.run(["which", "dpkg-deb"], capture_output=True, check=False).returncode != 0, reason="dpkg is not there")
def test_dpkg_reads_a_made_package(tmp_path: Path) -> None:
    (tmp_path / "a.deb").write_bytes(kinds.debian("cuda-x", "0~rehearsal"))
    found = subprocess.run(["dpkg-deb", "-W", tmp_path / "a.deb"], capture_output=True, text=True, check=True)
    assert found.stdout == "cuda-x\t0~rehearsal\n"
    listed = subprocess.run(["dpkg-deb", "-c", tmp_path / "a.deb"], capture_output=True, text=True, check=True).stdout
    assert [line.split()[-1] for line in listed.splitlines()] == [
        "./usr/", "./usr/share/", "./usr/share/doc/", "./usr/share/doc/cuda-x/", "./usr/share/doc/cuda-x/rehearsal",
    ]  # fmt: skip


def test_git_gets_every_repository_with_the_branches_tags_and_commits_that_a_build_names(tmp_path: Path) -> None:
    program = tmp_path / "bin/git"
    program.parent.mkdir()
    program.write_bytes(programs.text("git.sh"))
    program.chmod(0o755)
    with inside(Registry(), tmp_path) as (outside, within):
        ports = within.environment["OUTSIDE_PORTS"].split()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "http_proxy": f"http://127.0.0.1:{ports[0]}",
            "GIT_TERMINAL_PROMPT": "0",
        }

        def git(*words: str) -> str:
            found = subprocess.run(
                [program, *words], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
            )
            assert found.returncode == 0, found.stderr
            return found.stdout

        git("clone", "-q", "--depth", "1", "-b", "v1.2", "http://github.com/owner/Tool.git")
        assert git("-C", "Tool", "rev-parse", "--abbrev-ref", "HEAD") == "v1.2\n"
        assert (tmp_path / "Tool/README.md").is_file()
        git("-C", "Tool", "fetch", "-q", "--depth=1", "origin", "dca509fe793f601edb92606367a655c15ac00fdf")
        git("-C", "Tool", "checkout", "-q", "dca509fe793f601edb92606367a655c15ac00fdf")
        git("-C", "Tool", "checkout", "-q", "master")
        git("-C", "Tool", "submodule", "update", "--init", "--recursive")
    assert {asked.outcome for asked in outside.record()} == {"doubled"}


def test_git_is_not_there_where_it_is_not_installed(tmp_path: Path) -> None:
    program = tmp_path / "git"
    program.write_bytes(programs.text("git.sh"))
    found = subprocess.run(
        ["/bin/sh", program, "--version"], env={"PATH": str(tmp_path / "none")}, capture_output=True, text=True, check=False
    )
    assert (found.returncode, found.stderr) == (127, "git: command not found\n")
