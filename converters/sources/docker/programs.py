"""Known server programs: the flags and variables that set their port, their defaults, and the routes that they always have.

Defaults are those of the programs' own documentation; `loopback` marks a program that binds 127.0.0.1 unless told otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

PYTHON = re.compile(r"^(python|pypy)(3(\.\d+)?)?$")
PYTHON_VALUE_FLAGS = frozenset({"-W", "-X", "--check-hash-based-pycs"})


@dataclass(frozen=True)
class Program:
    """What is known of a server program. `ports` and `hosts` are flags, `port_env` and `host_env` variables that it reads."""

    name: str
    port: int | None
    ports: tuple[str, ...] = ("--port",)
    hosts: tuple[str, ...] = ("--host",)
    binds: tuple[str, ...] = ()
    port_env: tuple[str, ...] = ()
    host_env: tuple[str, ...] = ()
    loopback: bool = False
    health: str | None = None
    openapi: str | None = None
    application: str = ""
    """`asgi` or `wsgi`: it serves an application that the command names."""
    http: bool = True
    batches: tuple[str, ...] = ()
    """Flags that say how many requests it works on at a time."""


ASGI = ("--port",)
BY_PROGRAM: dict[str, Program] = {
    "uvicorn": Program("uvicorn", 8000, port_env=("UVICORN_PORT",), host_env=("UVICORN_HOST",), loopback=True, application="asgi"),
    "gunicorn": Program(
        "gunicorn", 8000, ports=(), hosts=(), binds=("-b", "--bind"), port_env=("PORT",), loopback=True, application="wsgi"
    ),
    "hypercorn": Program("hypercorn", 8000, ports=(), hosts=(), binds=("-b", "--bind"), loopback=True, application="asgi"),
    "daphne": Program("daphne", 8000, ports=("-p", "--port"), hosts=("-b", "--bind"), loopback=True, application="asgi"),
    "granian": Program("granian", 8000, port_env=("GRANIAN_PORT",), host_env=("GRANIAN_HOST",), loopback=True, application="asgi"),
    "waitress-serve": Program("waitress", 8080, binds=("--listen",), application="wsgi"),
    "uwsgi": Program("uwsgi", None, ports=(), hosts=(), binds=("--http", "--http-socket"), application="wsgi"),
    "fastapi run": Program("fastapi run", 8000, port_env=("PORT",), application="asgi"),
    "fastapi dev": Program("fastapi dev", 8000, port_env=("PORT",), loopback=True, application="asgi"),
    "flask": Program(
        "flask run",
        5000,
        ports=("-p", "--port"),
        hosts=("-h", "--host"),
        port_env=("FLASK_RUN_PORT",),
        host_env=("FLASK_RUN_HOST",),
        loopback=True,
        application="wsgi",
    ),
    "quart": Program("quart run", 5000, ports=("-p", "--port"), hosts=("-h", "--host"), loopback=True, application="asgi"),
    "sanic": Program("sanic", 8000, ports=("-p", "--port"), hosts=("-H", "--host"), loopback=True, application="asgi"),
    "litestar": Program("litestar run", 8000, ports=("-p", "--port"), hosts=("-H", "--host"), loopback=True, application="asgi"),
    "streamlit": Program(
        "streamlit",
        8501,
        ports=("--server.port",),
        hosts=("--server.address",),
        port_env=("STREAMLIT_SERVER_PORT",),
        host_env=("STREAMLIT_SERVER_ADDRESS",),
        health="/_stcore/health",
    ),
    "chainlit": Program(
        "chainlit", 8000, ports=("-p", "--port"), port_env=("CHAINLIT_PORT",), host_env=("CHAINLIT_HOST",), loopback=True, health="/"
    ),
    "panel": Program("panel", 5006, hosts=("--address",), health="/"),
    "vllm": Program("vLLM", 8000, port_env=(), health="/health", openapi="/openapi.json", batches=("--max-num-seqs",)),
    "text-generation-launcher": Program(
        "text-generation-inference",
        3000,
        ports=("--port", "-p"),
        hosts=("--hostname",),
        port_env=("PORT",),
        health="/health",
        openapi="/api-doc/openapi.json",
        batches=("--max-concurrent-requests",),
    ),
    "text-embeddings-router": Program(
        "text-embeddings-inference",
        3000,
        ports=("--port", "-p"),
        hosts=("--hostname",),
        port_env=("PORT",),
        health="/health",
        openapi="/api-doc/openapi.json",
        batches=("--max-concurrent-requests",),
    ),
    "llama-server": Program(
        "llama.cpp",
        8080,
        port_env=("LLAMA_ARG_PORT",),
        host_env=("LLAMA_ARG_HOST",),
        loopback=True,
        health="/health",
        batches=("-np", "--parallel"),
    ),
    "whisper-server": Program("whisper.cpp", 8080, loopback=True, health="/"),
    "tritonserver": Program("Triton", 8000, ports=("--http-port",), hosts=("--http-address",), health="/v2/health/ready"),
    "torchserve": Program("TorchServe", 8080, ports=(), hosts=(), loopback=True, health="/ping"),
    "tensorflow_model_server": Program("TensorFlow Serving", 8501, ports=("--rest_api_port",), hosts=(), health=None),
    "mlserver": Program("MLServer", 8080, ports=(), hosts=(), port_env=("MLSERVER_HTTP_PORT",), health="/v2/health/ready"),
    "bentoml": Program("BentoML", 3000, ports=("--port", "-p"), port_env=("BENTOML_PORT", "PORT"), health="/healthz", openapi="/docs.json"),
    "ollama": Program("Ollama", 11434, ports=(), hosts=(), loopback=True, health="/"),
    "xinference-local": Program(
        "Xinference", 9997, ports=("--port", "-p"), hosts=("--host", "-H"), loopback=True, health="/status", openapi="/openapi.json"
    ),
    "infinity_emb": Program(
        "Infinity", 7997, port_env=("INFINITY_PORT",), host_env=("INFINITY_HOST",), health="/health", openapi="/openapi.json"
    ),
    "lmdeploy": Program(
        "LMDeploy",
        23333,
        ports=("--server-port",),
        hosts=("--server-name",),
        health="/health",
        openapi="/openapi.json",
        batches=("--max-batch-size",),
    ),
    "mlflow": Program("MLflow", 5000, ports=("--port", "-p"), hosts=("--host", "-h"), loopback=True, health="/ping"),
    "ray": Program("Ray Serve", 8000, ports=(), hosts=(), loopback=True, health="/-/healthz"),
    "serve": Program("Ray Serve", 8000, ports=(), hosts=(), loopback=True, health="/-/healthz"),
    "jina": Program("Jina", None, ports=(), hosts=(), http=False),
    "jupyter": Program("Jupyter", 8888, hosts=("--ip",), loopback=True, health=None),
    "aphrodite": Program("Aphrodite", 2242, health="/health", openapi="/openapi.json"),
    "tabbyapi": Program("TabbyAPI", 5000, loopback=True, health="/health", openapi="/openapi.json"),
    "tabby": Program("Tabby", 8080, health="/v1/health"),
    "local-ai": Program("LocalAI", 8080, ports=(), binds=("--address",), health="/readyz"),
    "http-server": Program("http-server", 8080, ports=("-p", "--port"), hosts=("-a",), health="/"),
    "serve-static": Program("serve", 3000, ports=("-l", "--listen", "-p"), hosts=(), health="/"),
    "start.sh@tiangolo": Program("uvicorn-gunicorn image", 80, ports=(), hosts=(), port_env=("PORT",), application="asgi"),
}
BY_MODULE: dict[str, Program] = {
    "uvicorn": BY_PROGRAM["uvicorn"],
    "gunicorn": BY_PROGRAM["gunicorn"],
    "hypercorn": BY_PROGRAM["hypercorn"],
    "flask": BY_PROGRAM["flask"],
    "quart": BY_PROGRAM["quart"],
    "streamlit": BY_PROGRAM["streamlit"],
    "waitress": BY_PROGRAM["waitress-serve"],
    "chainlit": BY_PROGRAM["chainlit"],
    "bentoml": BY_PROGRAM["bentoml"],
    "http.server": Program("http.server", 8000, ports=(), hosts=("--bind", "-b"), health="/"),
    "vllm.entrypoints.openai.api_server": BY_PROGRAM["vllm"],
    "vllm.entrypoints.api_server": Program("vLLM", 8000, health="/health", batches=("--max-num-seqs",)),
    "vllm.entrypoints.cli.main": BY_PROGRAM["vllm"],
    "sglang.launch_server": Program(
        "SGLang", 30000, loopback=True, health="/health", openapi="/openapi.json", batches=("--max-running-requests",)
    ),
    "llama_cpp.server": Program(
        "llama-cpp-python", 8000, port_env=("PORT",), host_env=("HOST",), loopback=True, health="/v1/models", openapi="/openapi.json"
    ),
    "mlserver": BY_PROGRAM["mlserver"],
    "cog.server.http": Program("Cog", 5000, port_env=("PORT",), health="/health-check", openapi="/openapi.json"),
    "lmdeploy.serve.openai.api_server": BY_PROGRAM["lmdeploy"],
    "infinity_emb": BY_PROGRAM["infinity_emb"],
    "aphrodite.endpoints.openai.api_server": BY_PROGRAM["aphrodite"],
    "mlx_lm.server": Program("mlx_lm", 8080, loopback=True, health="/health"),
    "tritonserver": BY_PROGRAM["tritonserver"],
    "kserve": Program("KServe", 8080, ports=("--http_port",), health="/v2/health/ready"),
}
SUBCOMMANDS = {
    "flask": ("run",),
    "quart": ("run",),
    "litestar": ("run",),
    "streamlit": ("run",),
    "chainlit": ("run",),
    "panel": ("serve",),
    "vllm": ("serve",),
    "bentoml": ("serve", "serve-http"),
    "ollama": ("serve",),
    "infinity_emb": ("v2",),
    "lmdeploy": ("serve",),
    "mlflow": ("models", "server", "ui"),
    "mlserver": ("start",),
    "ray": ("serve",),
    "serve": ("run",),
    "tabby": ("serve",),
    "jupyter": ("lab", "notebook", "server"),
}


@dataclass(frozen=True)
class Match:
    """A process that is a known program: its arguments without the program's own name and subcommand."""

    program: Program
    arguments: tuple[str, ...]
    label: str


def recognise(words: tuple[str, ...]) -> Match | None:
    """The known program that a command runs; None for anything else."""
    if not words:
        return None
    name = PurePosixPath(words[0]).name
    rest = words[1:]
    if PYTHON.match(name):
        module, rest = _module(rest)
        if not module:
            return None
        if module == "fastapi":
            return recognise(("fastapi", *rest))
        program = BY_MODULE.get(module)
        return Match(program, _after_subcommand(module, rest), f"python -m {module}") if program else None
    if name == "fastapi" and rest[:1] and rest[0] in ("run", "dev"):
        return Match(BY_PROGRAM[f"fastapi {rest[0]}"], rest[1:], f"fastapi {rest[0]}")
    program = BY_PROGRAM.get(name) or next((known for stem, known in _FAMILIES if re.fullmatch(stem, name)), None)
    if program is None:
        return None
    wanted = SUBCOMMANDS.get(name)
    plain = [word for word in rest if not word.startswith("-")]
    if wanted and not any(word in wanted for word in plain[:3]):
        return None
    return Match(program, _after_subcommand(name, rest), name)


_FAMILIES = (
    (r"text-embeddings-router(-\w+)?", BY_PROGRAM["text-embeddings-router"]),
    (r"llama[-_]server(-\w+)?|llama-cpp-server", BY_PROGRAM["llama-server"]),
)


def _module(words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "-m" and rest:
            return rest[0], tuple(rest[1:])
        if word in PYTHON_VALUE_FLAGS and rest:
            rest.pop(0)
        elif not word.startswith("-"):
            break
    return "", ()


def _after_subcommand(name: str, words: tuple[str, ...]) -> tuple[str, ...]:
    wanted = SUBCOMMANDS.get(name, ())
    for index, word in enumerate(words[:4]):
        if word in wanted:
            return words[:index] + words[index + 1 :]
    return words


def flag(arguments: tuple[str, ...], names: tuple[str, ...]) -> str | None:
    """The last value of a flag, in the forms `--port 80`, `--port=80`, `-p80`."""
    found: str | None = None
    for index, word in enumerate(arguments):
        for name in names:
            if word == name and index + 1 < len(arguments):
                found = arguments[index + 1]
            elif word.startswith(f"{name}=") and name.startswith("-"):
                found = word.partition("=")[2]
            elif len(name) == 2 and word.startswith(name) and len(word) > 2 and not word.startswith("--") and word[2:3] not in ("=",):
                found = word[2:] if re.fullmatch(r"[\d.:\[\]*a-z]+", word[2:]) and re.search(r"\d", word[2:]) else found
    return found


def variables(program: Program, env: Mapping[str, str]) -> tuple[str, str] | None:
    """(name, value) of the variable that sets the program's port."""
    return next(((name, env[name]) for name in program.port_env if env.get(name)), None)
