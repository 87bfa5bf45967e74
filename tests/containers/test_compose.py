"""Compose files: what a service says after extends, merges and interpolation."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.containers import compose
from converters.containers.compose import Service
from converters.containers.interpolate import env_file, interpolate
from converters.errors import Unreadable
from tests.sources.docker.projects import project


def services(folder: Path, **files: str) -> dict[str, Service]:
    opened = project(folder, **files)
    name = next(path for path in opened.files if compose.is_compose(path))
    return {one.name: one for one in compose.services(opened, opened.files[name])}


PORTS = {
    "short": ("'8080:80'", [(80, 8080)]),
    "container only": ("'80'", [(80, None)]),
    "a number": ("80", [(80, None)]),
    "host address": ("'127.0.0.1:8080:80'", [(80, 8080)]),
    "IPv6 address": ("'[::1]:8080:80'", [(80, 8080)]),
    "range": ("'9000-9002:80-82'", [(80, 9000), (81, 9001), (82, 9002)]),
    "udp": ("'53:53/udp'", [(53, 53)]),
    "variable for both": ("'${P:-7000:7001}'", [(7001, 7000)]),
    "long": ("{target: 80, published: '8080', protocol: tcp}", [(80, 8080)]),
    "no number": ("'${NOPE}'", []),
    "words": ("'eighty'", []),
}


@pytest.mark.parametrize(("text", "expected"), PORTS.values(), ids=PORTS.keys())
def test_ports_in_every_notation(text: str, expected: list[tuple[int, int | None]], tmp_path: Path) -> None:
    found = services(tmp_path, compose_yml=f"services:\n  a:\n    image: x\n    ports:\n      - {text}\n")["a"]
    assert [(port.container, port.host) for port in found.ports] == expected


def test_extends_in_another_file_and_merges(tmp_path: Path) -> None:
    found = services(
        tmp_path,
        compose_yml="""
            x-env: &env {A: "1", B: two}
            services:
              web:
                extends: {file: base.yml, service: base}
                environment: {<<: *env, C: "3"}
                command: !override ["serve"]
                healthcheck: !reset null
            """,
        base_yml="""
            services:
              base:
                build: {context: ./src, dockerfile: prod.Dockerfile, target: run, args: [V=2]}
                command: other
                ports: ["1:2"]
                healthcheck: {test: curl localhost}
            """,
        **{"src__prod.Dockerfile": "FROM scratch\n"},
    )["web"]
    assert (found.dockerfile, found.context, found.target, found.build_args) == ("src/prod.Dockerfile", "src", "run", {"V": "2"})
    assert found.command == ["serve"] and [port.container for port in found.ports] == [2]
    assert {name: value for name, (value, _) in found.environment.items()} == {"A": "1", "B": "two", "C": "3"}
    assert "healthcheck" not in found.keys


def test_env_files_and_the_env_file_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TAG=7\n")
    (tmp_path / "web.env").write_text("A=file\nB='quoted $X'\n")
    found = services(
        tmp_path,
        compose_yml="services:\n  a:\n    image: i:${TAG}\n    env_file: [web.env, {path: no.env, required: false}, gone.env]\n    environment: [A=own, TOKEN]\n",
    )["a"]
    assert found.image == "i:7"
    assert {name: value for name, (value, _) in found.environment.items()} == {"A": "own", "B": "quoted $X", "TOKEN": None}
    assert found.missing_env_files == [("gone.env", 4)]


GPUS = {
    "reserved": ("deploy: {resources: {reservations: {devices: [{driver: nvidia, count: 2, capabilities: [gpu]}]}}}", 2),
    "all": ("deploy: {resources: {reservations: {devices: [{driver: nvidia, count: all, capabilities: [gpu]}]}}}", 1),
    "ids": ("deploy: {resources: {reservations: {devices: [{device_ids: ['0', '3'], capabilities: [compute, gpu]}]}}}", 2),
    "runtime": ("runtime: nvidia", 1),
    "gpus": ("gpus: all", 1),
    "another device": ("devices: ['/dev/kfd']", 0),
    "limits only": ("deploy: {resources: {limits: {memory: 4g}}}", 0),
    "nothing": ("tty: true", 0),
    "deploy of another kind": ("deploy: !reset null", 0),
}


@pytest.mark.parametrize(("text", "count"), GPUS.values(), ids=GPUS.keys())
def test_reserved_gpus(text: str, count: int, tmp_path: Path) -> None:
    assert services(tmp_path, compose_yml=f"services:\n  a:\n    image: x\n    {text}\n")["a"].gpus == count


TEXTS = {
    "${A}": "1",
    "$A/b": "1/b",
    "${X:-d}": "d",
    "${E:-d}": "d",
    "${E-d}": "",
    "${A:+yes}": "yes",
    "${X:+yes}": "",
    "${X:-${A}}": "1",
    "$$A": "$A",
    "plain": "plain",
    "$": "$",
    "${": "${",
    "a$ b": "a$ b",
    "100%": "100%",
}


@pytest.mark.parametrize(("text", "expected"), TEXTS.items())
def test_interpolation(text: str, expected: str) -> None:
    assert interpolate(text, {"A": "1", "E": ""}) == expected


def test_a_dot_env_file() -> None:
    assert env_file("# c\nexport A=1\nB = two # note\nC='#'\n\nnonsense\n1X=2\n") == {"A": "1", "B": "two", "C": "#"}


@pytest.mark.parametrize("text", ["a: [", "a: b: c", "a: &a [*a"])
def test_broken_yaml_names_the_line(text: str, tmp_path: Path) -> None:
    with pytest.raises(Unreadable) as problem:
        services(tmp_path, compose_yml=text)
    assert problem.value.line >= 1


def test_a_yaml_bomb_is_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9))]
    with pytest.raises(Unreadable):
        services(tmp_path, compose_yml="\n".join(lines))


@pytest.mark.parametrize("name", ["compose.yml", "docker-compose.yaml", "docker-compose.gpu.yml", "compose-nvidia.yaml"])
def test_compose_files_by_name(name: str) -> None:
    assert compose.is_compose(f"deploy/{name}")


@pytest.mark.parametrize("name", ["composer.json", "compose.md", "decompose.yml", ".github/workflows/docker-compose.yml", "config.yaml"])
def test_other_files_are_no_compose_files(name: str) -> None:
    assert not compose.is_compose(name)


@pytest.mark.parametrize("text", ["", "[]", "services: []", "services: {}", "services: {a: }", "version: '3'"])
def test_files_without_services(text: str, tmp_path: Path) -> None:
    assert services(tmp_path, compose_yml=text or "\n") == {}
