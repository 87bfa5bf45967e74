"""What an engine is given for a Dockerfile, and which line each of its steps stands for."""

from __future__ import annotations

import json
from textwrap import dedent

import pytest

from converters.rehearsal.dockerfile import Prepared, prepare


def prepared(text: str, **arguments: str) -> Prepared:
    return prepare(dedent(text).lstrip(), arguments, lambda image, line: f"standin/{image.replace(':', '-')}")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("FROM debian:12\n", ["FROM standin/debian-12 AS stage-0"]),
        ("FROM scratch\n", ["FROM scratch AS stage-0"]),
        ("ARG V=12\nFROM debian:$V\n", ["ARG V=12", "FROM standin/debian-12 AS stage-0"]),
        ("FROM --platform=linux/amd64 debian:12 AS a\n", ["FROM standin/debian-12 AS a"]),
        ("FROM debian:12 AS a\nFROM a\n", ["FROM standin/debian-12 AS a", "FROM a AS stage-1"]),
        ("FROM debian:12 AS a\nFROM ubuntu:22.04\n", ["FROM standin/ubuntu-22.04 AS stage-1"]),
        (
            "FROM debian:12\nFROM ubuntu:22.04\nCOPY --from=0 /a /b\n",
            ["FROM standin/debian-12 AS stage-0", "FROM standin/ubuntu-22.04 AS stage-1", "COPY --from=stage-0 /a /b"],
        ),
        ("FROM debian:12\nCOPY --from=uv:1 /uv /bin/\n", ["FROM standin/debian-12 AS stage-0", "COPY --from=standin/uv-1 /uv /bin/"]),
        ("FROM debian:12\nCOPY --link --chown=1:1 a b\n", ["FROM standin/debian-12 AS stage-0", "COPY --chown=1:1 a b"]),
        ("FROM debian:12\nENV A=1 \\\n  # said\n  B=2\n", ["FROM standin/debian-12 AS stage-0", "ENV A=1   B=2"]),
        ('FROM debian:12\nCMD ["a", "b"]\n', ["FROM standin/debian-12 AS stage-0", 'CMD ["a", "b"]']),
        ("# escape=`\nFROM debian:12\nENV A=c:\\\\\n", ["# escape=`", "FROM standin/debian-12 AS stage-0", "ENV A=c:\\\\"]),
    ],
)
def test_steps_stay_what_they_are_on_stand_ins(text: str, wanted: list[str]) -> None:
    assert prepared(text).text.splitlines() == wanted


@pytest.mark.parametrize(
    ("run", "argv"),
    [
        ("RUN echo $A && b\n", ["/bin/sh", "-c", "echo $A && b"]),
        ('RUN ["a", "b c"]\n', ["a", "b c"]),
        ('SHELL ["/bin/bash", "-ec"]\nRUN a\n', ["/bin/bash", "-ec", "a"]),
        ("RUN <<EOF\na\nb\nEOF\n", ["/bin/sh", "-c", "a\nb\n"]),
        ("RUN <<-EOF\n\ta\nEOF\n", ["/bin/sh", "-c", "a\n"]),
        ("RUN <<EOF\n#!/usr/bin/env python3\nprint(1)\nEOF\n", ["/usr/bin/env", "python3", "#!/usr/bin/env python3\nprint(1)\n"]),
        ("RUN cat <<EOF > /a\nx\nEOF\n", ["/bin/sh", "-c", "cat <<EOF > /a\nx\nEOF\n"]),
        ("RUN a \\\n  && b\n", ["/bin/sh", "-c", "a   && b"]),
    ],
)
def test_a_command_is_one_argument_of_its_shell_behind_the_wrapper(run: str, argv: list[str]) -> None:
    last = prepared(f"FROM debian:12\n{run}").text.splitlines()[-1]
    assert json.loads(last.removeprefix("RUN ")) == ["/rehearsal/run", *argv]


@pytest.mark.parametrize(
    ("flags", "kept"),
    [
        ("--mount=type=cache,target=/c", "--mount=type=cache,target=/c"),
        ("--mount=type=bind,from=a,target=/c", "--mount=type=bind,from=a-for-1,target=/c"),
        ("--mount=type=bind,from=0,target=/c", "--mount=type=bind,from=a-for-1,target=/c"),
        ("--mount=from=uv:1,source=/uv,target=/uv", "--mount=from=standin/uv-1,source=/uv,target=/uv"),
        ("--network=none", ""),
    ],
)
def test_flags_of_a_command_stay_where_an_engine_knows_them(flags: str, kept: str) -> None:
    last = prepared(f"FROM debian:12 AS a\nFROM debian:12\nRUN {flags} x\n").text.splitlines()[-1]
    assert last.removeprefix("RUN ").rpartition("[")[0].strip() == kept


def test_each_step_is_known_by_its_lines() -> None:
    found = prepared("""
        ARG V=12
        FROM debian:$V AS unused
        RUN no
        FROM debian:$V AS used
        RUN a \\
          && b

        FROM debian:$V
        COPY --from=used /a /a
        RUN <<EOF
        c
        EOF
        """)
    assert [[(line.number, line.last) for line in stage if line] for stage in found.stages] == [
        [(4, 4), (5, 6)],
        [(8, 8), (9, 9), (10, 12)],
    ]
    assert found.stages[0][1] and found.stages[0][1].text == "RUN a \\\n  && b"


def test_a_stage_that_is_mounted_gets_a_step_that_is_in_no_cache_and_no_line() -> None:
    found = prepared("FROM debian:12 AS a\nFROM debian:12\nRUN --mount=from=a,target=/c x\n")
    assert found.text.splitlines()[1] == "FROM a AS a-for-1"
    assert found.stages[1] == [None, None]
    again = prepared("FROM debian:12 AS a\nFROM debian:12\nRUN --mount=from=a,target=/c x\n")
    assert found.text.splitlines()[2] != again.text.splitlines()[2]


def test_files_of_heredocs_come_from_a_context_of_their_own() -> None:
    found = prepared("FROM debian:12\nCOPY --chmod=755 <<a.sh <<b.sh /bin/\none\na.sh\ntwo\nb.sh\n")
    assert found.text.splitlines()[-1] == "COPY --chmod=755 --from=rehearsal 0-2/a.sh 0-2/b.sh /bin/"
    assert found.files == {"0-2/a.sh": b"one\n", "0-2/b.sh": b"two\n"}


def test_sources_of_the_project_beside_heredocs_are_a_step_of_the_same_line() -> None:
    found = prepared("FROM debian:12\nCOPY app.py <<a.sh /bin/\none\na.sh\nRUN x\n")
    assert found.text.splitlines()[1:3] == ["COPY app.py /bin/", "COPY --from=rehearsal 0-2/a.sh /bin/"]
    assert [line and line.number for line in found.stages[0]] == [1, 2, 2, 5]


@pytest.mark.parametrize(
    ("copy", "steps"),
    [
        ("COPY --parents a/b/c.txt /to/", ['COPY ["a/b/c.txt", "/to/a/b/c.txt"]']),
        ("COPY --parents ./a/b d.py /to/", ['COPY ["./a/b", "/to/a/b"]', 'COPY ["d.py", "/to/d.py"]']),
        ("COPY --parents src/./a/b.py ./", ['COPY ["src/./a/b.py", "./a/b.py"]']),
        ('COPY --parents ["a b/c.py", "/to/"]', ['COPY ["a b/c.py", "/to/a b/c.py"]']),
        ("COPY --chown=1:1 --parents a/b.py .", ['COPY --chown=1:1 ["a/b.py", "./a/b.py"]']),
        ("COPY --parents a/*.py /to/", ['COPY ["a/*.py", "/to/"]']),
        ("COPY --parents=false a/b.py /to/", ["COPY a/b.py /to/"]),
        ("COPY --link a/b.py /to/", ["COPY a/b.py /to/"]),
    ],
)
def test_the_folders_of_a_source_are_kept_where_it_says_so(copy: str, steps: list[str]) -> None:
    found = prepared(f"FROM debian:12\n{copy}\n")
    assert found.text.splitlines()[1:] == steps and found.not_done == []


@pytest.mark.parametrize(
    ("instruction", "said"),
    [
        ("RUN --network=none x", "`--network=none` is not rehearsed: the command sees the network of the rehearsal"),
        ("RUN --security=insecure x", "`--security=insecure` is not rehearsed: whether fal's builder allows it is not known"),
        ("COPY --exclude=*.md . /app/", "`--exclude=*.md` is not rehearsed: the files that it leaves out are copied"),
        ("COPY --from=a --parents /x/*.py /to/", "`--parents` with `/x/*.py` is not rehearsed: the files are copied without their folders"),
        ("RUN --network=default x", ""),
        ("RUN --mount=type=cache,target=/c x", ""),
        ("COPY --link --chmod=755 a /b", ""),
        ("ADD --keep-git-dir=true a /b", ""),
    ],
)
def test_options_whose_meaning_is_lost_are_told_with_their_line(instruction: str, said: str) -> None:
    found = prepared(f"FROM debian:12 AS a\nFROM debian:12\n{instruction}\n")
    assert [line for line, _ in found.not_done] == ([3] if said else [])
    assert [text.startswith(said) for _, text in found.not_done] == ([True] if said else [])


def test_what_docker_would_refuse_is_said_with_its_line() -> None:
    assert prepared("RUN a\n").diagnostics[0] == (1, "RUN before the first FROM")
    assert not prepared("RUN a\n").stages


@pytest.mark.parametrize(
    ("run", "changed", "same"),
    [
        ("RUN --mount=type=bind,source=lock,target=/l x", "lock", False),
        ("RUN --mount=type=bind,source=lock,target=/l x", "app.py", True),
        ("RUN --mount=type=bind,target=/l x", "", False),
        ("RUN --mount=from=a,target=/l x", "", False),
        ("RUN --mount=type=cache,target=/l x", "", True),
        ("RUN x", "", True),
    ],
)
def test_a_command_is_another_one_when_what_it_mounts_has_changed(run: str, changed: str, same: bool) -> None:
    """Engines cache a command by its words."""

    def last(when: str) -> str:
        text = f"FROM debian:12 AS a\nCOPY . /\nFROM debian:12\n{run}\n"
        return prepare(text, {}, lambda image, line: image, lambda path: when if path == changed else "0").text.splitlines()[-1]

    assert (last("1") == last("2")) is same


def test_a_command_that_mounts_a_stage_is_another_one_when_its_steps_have_changed() -> None:
    one, other = (prepared(f"FROM debian:12 AS a\nRUN {step}\nFROM debian:12\nRUN --mount=from=a,target=/l x\n") for step in ("b", "c"))
    assert one.text.splitlines()[-1] != other.text.splitlines()[-1]
