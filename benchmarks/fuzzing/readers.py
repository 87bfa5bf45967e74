"""The readers of the converter, and how an input of each is made: `READERS[name].make(random, number)`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any

import yaml

from benchmarks.fuzzing import documents, grammar, odd, python, seeds
from benchmarks.fuzzing.model import Input

Files = dict[bytes, bytes]
STYLES = ("auto", "auto", "auto", "keep")
PRINTABLE = yaml.CSafeDumper if hasattr(yaml, "CSafeDumper") else yaml.SafeDumper


@dataclass(frozen=True)
class Reader:
    """What is mutated; `share` is its part of all inputs (they add up to 100)."""

    share: int
    make: Callable[[Random, int], Input]


@lru_cache
def projects(platform: str) -> tuple[Mapping[bytes, bytes], ...]:
    """The fixtures of a platform, smallest first, and our own seed."""
    own = {"runpod": seeds.worker, "replicate": seeds.predictor, "docker": seeds.server}.get(platform)
    found = [seeds.folder(path) for path in sorted((seeds.FIXTURES / platform).iterdir()) if path.is_dir()]
    found.sort(key=lambda files: sum(map(len, files.values())))
    return (own(), *found) if own else tuple(found)


@lru_cache
def donors() -> tuple[str, ...]:
    """Python sources that statements are taken from."""
    texts = [
        data.decode()
        for name in ("runpod", "replicate", "docker", "callers")
        for files in projects(name)
        for path, data in files.items()
        if path.endswith(b".py")
    ]
    return tuple(text for text in texts if len(text) < 20_000 and text.strip())


def of_python(platform: str) -> Callable[[Random, int], Input]:
    def make(random: Random, number: int) -> Input:
        chosen = [files for files in projects(platform) if any(path.endswith(b".py") and data.strip() for path, data in files.items())]
        files = dict(random.choice(chosen))
        sources = [path for path, data in files.items() if path.endswith(b".py") and data.strip()]
        path = random.choice(sources)
        text = python.mutate(random, files[path].decode(), donors())
        data = text.encode(errors="surrogatepass") if random.random() < 0.99 else odd.recoded(random, text.encode(errors="replace"))
        files[path] = data.replace(b"\xed\xa0\x80", b"?")
        options = {} if platform == "callers" else settings(random, platform)
        return Input(
            platform, number, files, options=options, command="callers" if platform == "callers" else "convert",
            mutated=(path,), planted=tuple(dict.fromkeys(python.literals(files[path]))),
        )  # fmt: skip

    return make


def settings(random: Random, platform: str) -> dict[str, Any]:
    """Options that a person might add."""
    options: dict[str, Any] = {}
    if random.random() < 0.2:
        options["style"] = random.choice(STYLES)
    if random.random() < 0.1:
        options["idiomatic"] = True
    if random.random() < 0.05:
        options["realtime"] = True
    if platform == "docker" and random.random() < 0.4:
        options["target"] = random.choice(("app", "function", "pyproject"))
    return options


def of_files(
    platform: str, path: bytes, change: Callable[[Random, bytes], bytes], seed: bytes | None = None, also: Files | None = None
) -> Callable[[Random, int], Input]:
    """A reader of one file of a project: the seed's, or that of a fixture which has one."""

    def make(random: Random, number: int) -> Input:
        known = [files for files in projects(platform) if path in files]
        files = dict(random.choice(known)) if known and (seed is None or random.random() < 0.5) else dict(projects(platform)[0])
        files.update(also or {})
        if seed is not None and (path not in files or random.random() < 0.5):
            files[path] = seed
        files[path] = change(random, files[path])
        if platform == "callers":
            return Input(path.decode(), number, files, command="callers", mutated=(path,))
        return Input(path.decode(), number, files, options=settings(random, platform), mutated=(path,))

    return make


def of_document(platform: str, path: bytes, seed: Any, *, yaml_too: bool = False) -> Callable[[Random, int], Input]:
    """A reader of a JSON or YAML file of a project."""
    first = seed[0] if isinstance(seed, list) else seed
    return of_files(platform, path, structured(seed, yaml_too=yaml_too), json.dumps(first).encode())


def structured(seed: Any, *, yaml_too: bool = False) -> Callable[[Random, bytes], bytes]:
    """Changes a JSON or YAML document by its tree, else by its lines or bytes."""

    def change(random: Random, data: bytes) -> bytes:
        roll = random.random()
        if roll < 0.75:
            return dumped(random, odd.document(random, seed if random.random() < 0.7 else parsed(data, seed)), yaml_too)
        text = data if random.random() < 0.5 else dumped(random, seed, yaml_too)
        return odd.lines_of(random, text) if roll < 0.82 else odd.bytes_of(random, text, [word.encode() for word in odd.TEXTS])

    return change


def parsed(data: bytes, seed: Any) -> Any:
    try:
        found = yaml.safe_load(data)
    except (yaml.YAMLError, ValueError):
        return seed
    return found if isinstance(found, dict | list) else seed


def dumped(random: Random, given: Any, yaml_too: bool) -> bytes:
    if not yaml_too or random.random() < 0.15:
        return odd.as_json(random, given)
    try:
        documents = given if isinstance(given, list) else [given]
        text: str = yaml.dump_all(
            documents, Dumper=PRINTABLE, allow_unicode=random.random() < 0.5, sort_keys=False, default_flow_style=random.random() < 0.1
        )
    except (yaml.YAMLError, ValueError, TypeError, OverflowError):
        return odd.as_json(random, given)
    return text.encode(errors="replace")


def beside(name: str, platform: str, change: Callable[[Random, bytes], bytes], seed: Any) -> Callable[[Random, int], Input]:
    """A reader of a file that an option names."""

    def make(random: Random, number: int) -> Input:
        files = dict(random.choice(projects(platform)[:6]))
        if name == "image_config" and random.random() < 0.7:
            files = (
                {b"README.md": b"x\n"} if random.random() < 0.5 else {b"docker-compose.yml": b"services: {api: {image: owner/server:1}}\n"}
            )
        outside = {name: change(random, json.dumps(seed).encode())}
        return Input(name, number, files, options=settings(random, platform), outside=outside)

    return make


def of_names(random: Random, number: int) -> Input:
    """Names of files and folders, links' neighbours, and what may not be read."""
    platform = random.choice(("runpod", "replicate", "docker"))
    files = dict(random.choice(projects(platform)[:5]))
    modes: dict[bytes, int] = {}
    for _ in range(random.randint(1, 4)):
        parts = [name(random) for _ in range(random.choice((1, 1, 2, 3)))]
        ending = random.choice(
            (b"", b".py", b".sh", b".yaml", b".json", b".txt", b".pt", b"/Dockerfile", b"/handler.py", b"/cog.yaml", b".ipynb", b".toml")
        )
        path = b"/".join(parts)[:180] + ending
        if any(path.startswith(known + b"/") or known.startswith(path + b"/") or known == path for known in files):
            continue
        content = random.choice(
            [*files.values(), b"", b"\0" * 40, b"import runpod\nrunpod.serverless.start({})\n", b"apiVersion: v1\nkind: Pod\n", b"hello"]
        )
        files[path] = content
    if random.random() < 0.3:
        path = random.choice(sorted(files))
        folder = path.rpartition(b"/")[0]
        modes[folder if folder and random.random() < 0.6 else path] = random.choice((0, 0o111, 0o444, 0o600, 0o222))
    if random.random() < 0.3:  # a file of the project is called otherwise
        path = random.choice(sorted(files))
        folder, slash, _ = path.rpartition(b"/")
        renamed = folder + slash + name(random) + (b".py" if path.endswith(b".py") else b"")
        if not any(renamed.startswith(known + b"/") or known.startswith(renamed + b"/") or known == renamed for known in files):
            files[renamed] = files.pop(path)
            modes = {key: mode for key, mode in modes.items() if key != path}
    return Input("names", number, files, modes=modes, options=settings(random, platform))


def name(random: Random) -> bytes:
    """A name that a file can have: anything but `/`, NUL, `.` and `..`."""
    made = (
        odd.text(random).encode(errors="replace")
        if random.random() < 0.6
        else random.choice((b"\xff", b"a\\b", b"\\", b"a\nb.py", b"-rf", b"caf\xe9", b"\x80", b"con", b" x ", b"app.py", b"src", b"a\\"))
    )
    made = made.replace(b"/", b"").replace(b"\0", b"")[:120]
    return made if made.strip(b".") else b"x" + made


READERS: dict[str, Reader] = {
    "python: runpod": Reader(14, of_python("runpod")),
    "python: cog": Reader(8, of_python("replicate")),
    "python: servers": Reader(5, of_python("docker")),
    "python: callers": Reader(3, of_python("callers")),
    "Dockerfile": Reader(11, of_files("docker", b"Dockerfile", grammar.dockerfile, seeds.SERVER_IMAGE)),
    "Dockerfile of a worker": Reader(3, of_files("runpod", b"Dockerfile", grammar.dockerfile, seeds.WORKER_IMAGE)),
    "shell script": Reader(9, of_files("docker", b"start.sh", grammar.script, seeds.START)),
    "shell caller": Reader(2, of_files("callers", b"words.sh", grammar.script)),
    "compose": Reader(8, of_document("docker", b"docker-compose.yml", documents.COMPOSE, yaml_too=True)),
    "cog.yaml": Reader(6, of_document("replicate", b"cog.yaml", documents.COG, yaml_too=True)),
    "hub.json": Reader(2, of_document("runpod", b".runpod/hub.json", documents.HUB)),
    "tests.json": Reader(1, of_document("runpod", b".runpod/tests.json", documents.TESTS)),
    "test_input.json": Reader(1, of_document("runpod", b"test_input.json", documents.TEST_INPUT)),
    "endpoint config": Reader(2, beside("endpoint_config", "runpod", structured(documents.ENDPOINT), documents.ENDPOINT)),
    "image config": Reader(4, beside("image_config", "docker", structured(documents.IMAGE_CONFIG), documents.IMAGE_CONFIG)),
    "OpenAPI option": Reader(3, beside("openapi", "docker", structured(documents.OPENAPI, yaml_too=True), documents.OPENAPI)),
    "openapi.json": Reader(3, of_document("docker", b"openapi.json", documents.OPENAPI)),
    "requirements": Reader(3, of_files("runpod", b"requirements.txt", grammar.requirements, seeds.REQUIREMENTS)),
    ".dockerignore": Reader(3, of_files("runpod", b".dockerignore", grammar.ignore, seeds.IGNORE)),
    "pyproject.toml": Reader(3, of_files("runpod", b"pyproject.toml", grammar.toml, seeds.PYPROJECT)),
    "Kubernetes": Reader(3, of_document("docker", b"k8s/api.yaml", documents.MANIFESTS, yaml_too=True)),
    "names": Reader(3, of_names),
}  # fmt: skip


def make(reader: str, number: int, seed: int) -> Input:
    """The input of that number; equal for equal arguments."""
    made = READERS[reader].make(Random(f"{seed}:{reader}:{number}"), number)
    return Input(
        reader, number, made.files, made.modes, made.options, made.outside, made.command, made.mutated, made.planted
    )  # fmt: skip
