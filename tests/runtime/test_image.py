from __future__ import annotations

from pathlib import Path

import pytest

from fal_runtime import image

CONTEXT = ("handler.py", "requirements.txt", "src/a.py", "src/deep/b.py", "a b.txt", "README.md")


def staged(tmp_path: Path, dockerfile: str) -> set[str]:
    """The files below the root after staging ``dockerfile``."""
    context = []
    for name in CONTEXT:
        file = tmp_path / "context" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
        context.append((file, name))
    root = tmp_path / "root"
    root.mkdir()
    image.stage(image.read(dockerfile, {}), context, root)
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("lines", "files"),
    [
        ("WORKDIR /src\nCOPY handler.py .", {"src/handler.py"}),
        ("WORKDIR /src\nCOPY handler.py main.py", {"src/main.py"}),
        ("COPY handler.py requirements.txt /app/", {"app/handler.py", "app/requirements.txt"}),
        ("COPY src /app/lib", {"app/lib/a.py", "app/lib/deep/b.py"}),
        ("COPY src/ /app/", {"app/a.py", "app/deep/b.py"}),
        ("COPY ./src/deep /x", {"x/b.py"}),
        ("COPY *.py /py/", {"py/handler.py"}),
        ('COPY ["a b.txt", "/z/"]', {"z/a b.txt"}),
        ("ADD handler.py /a/", {"a/handler.py"}),
        ("COPY --chown=1000:1000 handler.py /a/", {"a/handler.py"}),
        ("ARG DIR=/opt\nCOPY handler.py ${DIR}/h.py", {"opt/h.py"}),
        ("WORKDIR /a\nWORKDIR b\nCOPY handler.py ./", {"a/b/handler.py"}),
        ("COPY handler.py ../../../../up.py", {"up.py"}),
        ("COPY --from=build /x /y", set()),
        ("WORKDIR /b\nCOPY src lib\nFROM x\nCOPY --from=0 --chown=1 /b/lib /app", {"app/a.py", "app/deep/b.py"}),
        ("COPY src /b\nRUN make\nFROM x AS late\nCOPY --from=0 /b/a.py /b/made /app/", {"app/a.py"}),
        ("ADD https://example.com/x.tar /y", set()),
        ("COPY missing.py /y/", set()),
        ("RUN pip install x", set()),
        ("COPY handler.py /early.py\nFROM second\nCOPY handler.py /late.py", {"late.py"}),
    ],
)
def test_files_land_where_the_dockerfile_puts_them(tmp_path: Path, lines: str, files: set[str]) -> None:
    assert staged(tmp_path, f"FROM python:3.11\n{lines}\n") == files


def test_scripts_may_be_executed(tmp_path: Path) -> None:
    script, plain = tmp_path / "start.sh", tmp_path / "notes.sh"
    script.write_text("#!/bin/sh\n")
    plain.write_text("no script\n")
    image.stage(image.read("FROM x\nCOPY . /app/\n", {}), [(script, "start.sh"), (plain, "notes.sh")], tmp_path / "root")
    modes = {file.name: file.stat().st_mode & 0o111 for file in (tmp_path / "root" / "app").iterdir()}
    assert modes["start.sh"] == 0o111 and modes["notes.sh"] == 0


@pytest.mark.parametrize(
    ("lines", "made"),
    [
        ("RUN mkdir -p /opt/results results", ["/opt/results", "/app/results"]),
        ("RUN apt-get update && mkdir -m 755 -p /a/b&& cd /c && mkdir d; mkdir e", ["/a/b", "/c/d", "/c/e"]),
        ("ENV DATA=/data1\nRUN mkdir $DATA/x", ["/data1/x"]),
        ("RUN echo mkdir /a", []),
        ("RUN mkdir -p /a/{b,c} $(pwd)/d", []),
        ("RUN ['mkdir'", []),
        ("COPY a.txt /opt/\nRUN mkdir -p /opt/a.txt", ["/opt/a.txt"]),
    ],
)
def test_folders_that_a_step_makes_are_there(tmp_path: Path, lines: str, made: list[str]) -> None:
    layout = image.read(f"FROM x\nWORKDIR /app\n{lines}\n", {})
    assert layout.folders == made
    (tmp_path / "a.txt").write_text("a")
    image.stage(layout, [(tmp_path / "a.txt", "a.txt")], tmp_path / "root")
    assert all((tmp_path / "root" / path.lstrip("/")).exists() for path in made)


def test_the_whole_context(tmp_path: Path) -> None:
    assert staged(tmp_path, "FROM x\nWORKDIR /src\nCOPY . .\n") == {f"src/{name}" for name in CONTEXT}


@pytest.mark.parametrize(
    ("lines", "env"),
    [
        ("ENV A=1 B=2", {"A": "1", "B": "2"}),
        ('ENV A="two words"', {"A": "two words"}),
        ("ENV OLD style value", {"OLD": "style value"}),
        ("ENV A=1\nENV B=$A/x", {"A": "1", "B": "1/x"}),
        ("ARG V=7\nENV B=${V}", {"B": "7"}),
        ("ENV A=1\nFROM other\nENV B=2", {"B": "2"}),
    ],
)
def test_environment(lines: str, env: dict[str, str]) -> None:
    assert image.read(f"FROM x\n{lines}\n", {}).env == env


@pytest.mark.parametrize(
    ("lines", "entrypoint", "cmd"),
    [
        ('CMD ["python", "a.py"]', (), ("python", "a.py")),
        ("CMD python a.py && b", (), ("/bin/sh", "-c", "python a.py && b")),
        ('ENTRYPOINT ["tini", "--"]\nCMD ["x"]', ("tini", "--"), ("x",)),
        ('CMD ["x"]\nENTRYPOINT ["y"]', ("y",), ()),
        ('CMD ["x"]\nCMD ["z"]', (), ("z",)),
    ],
)
def test_the_command(lines: str, entrypoint: tuple[str, ...], cmd: tuple[str, ...]) -> None:
    layout = image.read(f"FROM x\n{lines}\n", {})
    assert (layout.entrypoint, layout.cmd) == (entrypoint, cmd)
