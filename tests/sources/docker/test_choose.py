"""Which image of a project is the server, and what its start command comes to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from converters.containers import images
from converters.errors import UsageError
from converters.ir import Disposition
from converters.ledger import Ledger
from converters.options import Options
from converters.project import Project, SourceFile
from converters.sources.docker import choose, services
from converters.sources.docker.processes import Process, Tracer
from converters.sources.docker.reading import analyze
from converters.sources.docker.rivals import rivals
from tests.sources.docker.projects import app, best, project

SERVE = 'FROM python:3.11\nCMD ["uvicorn", "main:app", "--host", "0.0.0.0"]\n'


def test_the_image_that_starts_a_server_before_one_that_does_not(tmp_path: Path) -> None:
    chosen = best(tmp_path, Dockerfile="FROM python:3.11\nRUN make\n", api__Dockerfile=SERVE)
    assert chosen.packaging is not None and chosen.packaging.file.path == "api/Dockerfile"


def test_examples_and_tests_stand_back(tmp_path: Path) -> None:
    chosen = best(tmp_path, examples__Dockerfile=SERVE, server__Dockerfile=SERVE, tests__Dockerfile=SERVE)
    assert chosen.packaging is not None and chosen.packaging.file.path == "server/Dockerfile"


def test_the_service_that_builds_and_publishes(tmp_path: Path) -> None:
    compose = "services:\n  db: {image: postgres}\n  worker: {build: ., command: celery worker}\n  api: {build: ., ports: ['80:8000']}\n"
    chosen = best(tmp_path, Dockerfile=SERVE, compose_yml=compose)
    assert chosen.service is not None and chosen.service.name == "api"


def test_the_service_that_the_user_interface_waits_for(tmp_path: Path) -> None:
    services = "services:\n  augment: {build: augment, ports: ['2000:8000']}\n  backend: {build: back, ports: ['80:8000']}\n"
    front = "  frontend: {build: front, ports: ['3000:3000'], depends_on: [backend]}\n"
    files = {"augment__Dockerfile": SERVE, "back__Dockerfile": SERVE, "front__Dockerfile": 'FROM node:20\nCMD ["serve"]\n'}
    chosen = best(tmp_path, compose_yml=services + front, **files)
    assert chosen.service is not None and chosen.service.name == "backend"


def test_an_override_file_is_not_read(tmp_path: Path) -> None:
    override = "services:\n  api: {build: ., command: uvicorn main:app --reload --port 1}\n"
    chosen = best(tmp_path, Dockerfile=SERVE, **{"compose.override.yml": override})
    assert chosen.service is None and chosen.start.words == ("uvicorn", "main:app", "--host", "0.0.0.0")


def test_the_command_of_compose_gives_the_server(tmp_path: Path) -> None:
    chosen = best(
        tmp_path,
        Dockerfile='FROM python:3.11\nENTRYPOINT ["uvicorn"]\nCMD ["--help"]\n',
        compose_yml="services: {a: {build: ., command: [main:app]}}\n",
    )
    assert chosen.start.words == ("uvicorn", "main:app")


def test_a_compose_entrypoint_clears_the_command(tmp_path: Path) -> None:
    chosen = best(
        tmp_path,
        Dockerfile='FROM python:3.11\nENTRYPOINT ["a"]\nCMD ["b"]\n',
        compose_yml="services: {a: {build: ., entrypoint: uvicorn main:app}}\n",
    )
    assert chosen.start.words == ("uvicorn", "main:app")


def test_a_named_stage_where_the_last_is_for_development(tmp_path: Path) -> None:
    text = 'FROM python:3.11 AS production\nEXPOSE 80\nCMD ["uvicorn", "m:a"]\nFROM python:3.11 AS dev\nCMD ["bash"]\n'
    assert best(tmp_path, Dockerfile=text).target == "production"


def test_the_last_stage_otherwise(tmp_path: Path) -> None:
    text = 'FROM python:3.11 AS build\nCMD ["make"]\nFROM python:3.11\nCMD ["uvicorn", "m:a"]\n'
    assert best(tmp_path, Dockerfile=text).target is None


STAGES = """
FROM python:3.11 AS deps
COPY main.py .
FROM deps AS server-production
CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "9000"]
FROM deps AS {last}
{command}
"""
LAST = {
    "a server under another name": ("api", 'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]', None),
    "a server called dev": ("dev", 'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]', None),
    "a binary that EXPOSE speaks for": ("api", 'EXPOSE 8000\nCMD ["/bin/engine"]', None),
    "tests": ("check", 'EXPOSE 8000\nCMD ["python", "-m", "pytest"]', "server-production"),
    "a shell": ("api", 'EXPOSE 8000\nCMD ["/bin/bash"]', "server-production"),
}


@pytest.mark.parametrize(("name", "command", "target"), LAST.values(), ids=LAST.keys())
def test_docker_builds_the_last_stage_unless_it_is_no_server(name: str, command: str, target: str | None, tmp_path: Path) -> None:
    assert best(tmp_path, main_py="", Dockerfile=STAGES.format(last=name, command=command)).target == target


def test_a_stage_that_is_asked_for_wins(tmp_path: Path) -> None:
    opened = project(tmp_path, main_py="", Dockerfile=STAGES.format(last="api", command='CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]'))
    made = analyze(opened, Options(settings={"stage": "server-production"}), Ledger()).apps[0]
    assert made.server is not None and made.server.port == 9000
    with pytest.raises(UsageError, match="no Dockerfile has a stage"):
        analyze(opened, Options(settings={"stage": "nowhere"}), Ledger())


def test_a_helper_with_a_known_server_stands_behind_a_program_that_is_not_known(tmp_path: Path) -> None:
    compose = "services:\n  engine: {image: 'acme/engine:1', command: /opt/serve, ports: ['3000:3000']}\n"
    helper = 'FROM python:3.11\nEXPOSE 8080\nCMD ["python", "-m", "http.server", "8080"]\n'
    chosen = best(tmp_path, Dockerfile='FROM debian\nCMD ["./serve"]\n', test__Dockerfile=helper, **{"docker-compose.yml": compose})
    assert chosen.service is not None and chosen.service.name == "engine"


def test_an_example_is_converted_where_the_project_itself_serves_nothing(tmp_path: Path) -> None:
    chosen = best(tmp_path, Dockerfile='FROM python:3.11\nCMD ["bash"]\n', examples__Dockerfile=SERVE)
    assert chosen.file == "examples/Dockerfile"


def test_the_compose_file_that_docker_reads_by_itself_before_its_variants(tmp_path: Path) -> None:
    gpu = "services:\n  api: {build: ., ports: ['80:8000'], gpus: all}\n"
    plain = "services:\n  api: {build: ., ports: ['80:8000']}\n"
    chosen = best(tmp_path, Dockerfile=SERVE, **{"docker-compose.gpu.yml": gpu, "docker-compose.yml": plain})
    assert chosen.service is not None and chosen.service.file.path == "docker-compose.yml"


TWO = """
services:
  chat: {build: ./chat, ports: ['80:8000']}
  embed: {build: ./embed, ports: ['81:8000']}
"""


def asked(folder: Path, settings: dict[str, object] | None = None, **files: str) -> list[str]:
    ledger = Ledger()
    analyze(project(folder, **files), Options(settings=settings or {}), ledger)
    return [item.message for item in ledger.items() if item.rule == "DK026" and item.disposition is Disposition.MANUAL]


def test_two_servers_that_could_both_be_meant_are_a_question_with_an_answer(tmp_path: Path) -> None:
    files = {
        "chat__Dockerfile": SERVE + "COPY . .\n",
        "chat__main_py": "a=1",
        "embed__Dockerfile": SERVE + "COPY . .\n",
        "embed__main_py": "a=1",
    }
    found = asked(tmp_path, compose_yml=TWO, **files)
    assert len(found) == 1 and "service embed could be the server" in found[0] and "--set service=embed" in found[0]
    assert not asked(tmp_path, {"service": "embed"}, compose_yml=TWO, **files)


NO_RIVALS = {
    "a variant for a GPU": {"Dockerfile": SERVE, "Dockerfile.gpu": SERVE.replace("python:3.11", "nvidia/cuda:12.1.0-base")},
    "a service and its Dockerfile": {"Dockerfile": SERVE, "compose_yml": "services:\n  api: {build: ., ports: ['80:8000']}\n"},
    "a worker": {
        "Dockerfile": SERVE,
        "compose_yml": "services:\n  api: {build: ., ports: ['80:8000']}\n  worker: {build: ., command: celery w}\n",
    },
    "a helper of the tests": {"Dockerfile": SERVE, "tests__Dockerfile": 'FROM python:3.11\nCMD ["python", "-m", "http.server"]\n'},
}


@pytest.mark.parametrize("files", NO_RIVALS.values(), ids=NO_RIVALS.keys())
def test_variants_and_helpers_are_no_question(files: dict[str, str], tmp_path: Path) -> None:
    assert not asked(tmp_path, main_py="app = 1\n", **files)


CONTEXTS = {
    "sources beside the Dockerfile": ("docker", {"docker__Dockerfile": "FROM x\nCOPY run.sh /\n", "docker__run_sh": "", "run_sh": ""}),
    "sources above it": ("", {"docker__Dockerfile": "FROM x\nCOPY src /src\n", "src__a_py": ""}),
    "everything, with a script that is above": (
        "",
        {
            "docker__Dockerfile": 'FROM x\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["./scripts/run.sh"]\n',
            "scripts__run_sh": "",
            "docker__notes_txt": "",
        },
    ),
    "nothing copied": ("docker", {"docker__Dockerfile": "FROM x\n", "src__a_py": ""}),
}


@pytest.mark.parametrize(("context", "files"), CONTEXTS.values(), ids=CONTEXTS.keys())
def test_the_build_context(context: str, files: dict[str, str], tmp_path: Path) -> None:
    opened = project(tmp_path, **files)
    found = images.read(opened, opened.files["docker/Dockerfile"])
    assert found is not None and found.context == context


TRACES = {
    "exec form": (["uvicorn", "a:b"], {}, [("uvicorn", "a:b")]),
    "a shell": (["sh", "-c", "cd /x && exec python -m http.server"], {}, [("python", "-m", "http.server")]),
    "wrappers": (["tini", "--", "gosu", "user", "env", "A=1", "uvicorn", "a:b"], {}, [("uvicorn", "a:b")]),
    "poetry run": (["poetry", "run", "gunicorn", "a:b"], {}, [("gunicorn", "a:b")]),
    "uv run with flags": (["uv", "run", "--no-sync", "--extra", "gpu", "uvicorn", "a:b"], {}, [("uvicorn", "a:b")]),
    "conda run": (["conda", "run", "-n", "env", "--no-capture-output", "uvicorn", "a:b"], {}, [("uvicorn", "a:b")]),
    "timeout": (["timeout", "60", "uvicorn", "a:b"], {}, [("uvicorn", "a:b")]),
    "a default": (["sh", "-c", "uvicorn a:b --port ${P:-1}"], {}, [("uvicorn", "a:b", "--port", "1")]),
    "a set variable": (["sh", "-c", "uvicorn a:b --port ${P:-1}"], {"P": "2"}, [("uvicorn", "a:b", "--port", "2")]),
    "an unset variable": (["sh", "-c", "uvicorn a:b --port $P"], {}, [("uvicorn", "a:b", "--port", "$P")]),
    "assignments": (["sh", "-c", "P=3; export Q=$P; uvicorn a:b --port $Q"], {}, [("uvicorn", "a:b", "--port", "3")]),
    "in a condition": (
        ["sh", "-c", 'if [ -n "$X" ]; then serve a; else serve b; fi'],
        {},
        [("[", "-n", "", "]"), ("serve", "b")],
    ),
    "in a condition of which reading cannot tell": (
        ["sh", "-c", "if [ -f /x ]; then serve a; else serve b; fi"],
        {},
        [("[", "-f", "/x", "]"), ("serve", "a"), ("serve", "b")],
    ),
    "nothing": ([], {}, []),
    "a shell alone": (["bash"], {}, [("bash",)]),
    "an unknown script": (["/opt/start.sh"], {}, [("/opt/start.sh",)]),
}


@pytest.mark.parametrize(("words", "env", "expected"), TRACES.values(), ids=TRACES.keys())
def test_what_a_command_comes_to(words: list[str], env: dict[str, str], expected: list[tuple[str, ...]], tmp_path: Path) -> None:
    from converters.containers.layout import Layout
    from converters.ir import Origin

    traced = Tracer(project(tmp_path), Layout()).trace(Process(tuple(words), env, "/", Origin(file="Dockerfile", line=1)))
    found = [tuple("" if word == "$X" else word for word in one.words) for one in traced]
    assert found == expected


THREE = """
services:
  controller:
    build: .
    entrypoint: ["python", "-m", "serve.controller", "--port", "21001"]
  worker:
    build: .
    entrypoint: ["python", "-m", "serve.worker", "--controller", "http://controller:21001", "--me", "http://worker:21002"]
    deploy: {resources: {reservations: {devices: [{driver: nvidia, count: 1, capabilities: [gpu]}]}}}
  api:
    build: .
    entrypoint: ["uvicorn", "--host", "0.0.0.0", "api:app", "--env", "http://controller:21001"]
    ports: ["8000:8000"]
"""


def test_services_that_call_each_other_share_one_container(tmp_path: Path) -> None:
    made = app(tmp_path, Dockerfile="FROM python:3.11\n", compose_yml=THREE)
    assert made.server is not None and made.server.port == 8000
    assert made.server.command[:2] == ["bash", "-c"]
    line = made.server.command[2]
    assert line.index("serve.controller") < line.index("serve.worker") < line.index("exec uvicorn")
    assert "http://controller" not in line and line.count("127.0.0.1:2100") == 3
    machine = made.setting("machine_type")
    assert machine is not None and machine.value == "GPU-A100"


@pytest.mark.parametrize("text", ["http://other:21001", "controller", "//controllers:1", "http://x.controller/"])
def test_other_addresses_are_left_alone(text: str) -> None:
    assert services.local(text, ["controller"]) == text


def test_every_construct_has_one_disposition(tmp_path: Path) -> None:
    ledger = Ledger()
    files = {
        "Dockerfile": "FROM python:3.11\nARG A\nENV B=1 C=2\nRUN a && b\nCOPY . .\nEXPOSE 1\nCMD uvicorn m:a\n",
        "compose_yml": THREE,
        "other.Dockerfile": "FROM x\n",
        "docker-compose.gpu.yml": "services: {}\n",
    }
    analyze(project(tmp_path, **files), Options(), ledger)
    assert ledger.unsettled() == []
    assert {item.rule for item in ledger.items()} >= {"DK005", "DK020", "DK021", "DK025", "DK026", "DK032"}


def test_dockerignore_is_matched_once_however_many_images_a_project_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from converters.containers import layout as layouts

    matched: list[str] = []
    plain = layouts._ignored

    def counted(opened: Project, context: str, file: SourceFile) -> set[str]:
        matched.append(context)
        return plain(opened, context, file)

    monkeypatch.setattr(layouts, "_ignored", counted)
    files = {f"Dockerfile.{number}": SERVE.replace("CMD", "COPY . .\nCMD") for number in range(4)}
    opened = project(tmp_path, main_py="app = 1\n", **{".dockerignore": "*.md\n"}, **files)
    analyze(opened, Options(), Ledger())
    assert matched == [""]
    opened.files["notes.md"] = replace(opened.files["main.py"], path="notes.md")
    assert "notes.md" in layouts.ignored(opened, "")


def test_a_dockerfile_of_any_name_that_compose_builds(tmp_path: Path) -> None:
    compose = "services:\n  tf: {image: own/served, ports: ['8501:8501']}\n  api: {build: {context: ., dockerfile: api.image}, ports: ['80:8000']}\n"
    chosen = best(tmp_path, compose_yml=compose, **{"api.image": SERVE})
    assert chosen.packaging is not None and chosen.packaging.file.path == "api.image"


def test_a_dockerfile_whose_name_goes_on(tmp_path: Path) -> None:
    chosen = best(tmp_path, DockerfileWebApi=SERVE)
    assert chosen.packaging is not None and chosen.packaging.file.path == "DockerfileWebApi"


def test_variants_of_a_ready_server_beside_the_plain_dockerfile_are_no_question(tmp_path: Path) -> None:
    start = "FROM vllm/vllm-openai:latest\nENTRYPOINT python3 -m vllm.entrypoints.openai.api_server --model {}\n"
    files = {"Dockerfile": start.format("a/b"), "Dockerfile.other": start.format("c/d")}
    assert rivals(choose.candidates(project(tmp_path, **files))) == []


def test_the_plain_dockerfile_before_one_of_another_name_that_also_exposes_the_port(tmp_path: Path) -> None:
    """Its port is known from the server itself: EXPOSE says nothing more."""
    chosen = best(tmp_path, **{"Dockerfile": SERVE, "Dockerfile.slim": SERVE.replace("CMD", "EXPOSE 8000\nCMD")})
    assert chosen.packaging is not None and chosen.packaging.file.path == "Dockerfile"


def test_two_ready_servers_of_other_names_are_a_question(tmp_path: Path) -> None:
    start = "FROM vllm/vllm-openai:latest\nENTRYPOINT python3 -m vllm.entrypoints.openai.api_server --model {}\n"
    files = {"Dockerfile.one": start.format("a/b"), "Dockerfile.two": start.format("c/d")}
    assert len(rivals(choose.candidates(project(tmp_path, **files)))) == 1


PEERS = "services:\n  one: {{build: ., ports: ['5000:8000']{one}}}\n  two: {{build: two, ports: ['6000:2700']{two}}}\n"
OTHER = 'FROM acme/listener:1\nEXPOSE 2700\nCMD ["python3", "listen.py"]\n'


@pytest.mark.parametrize(
    ("compose", "asked"),
    [
        (PEERS.format(one="", two=""), True),
        (PEERS.format(one=", depends_on: [two]", two=""), False),
        (PEERS.format(one=", environment: {OTHER: 'http://two:2700'}", two=""), False),
        (PEERS.format(one="", two=", profiles: [extra]"), False),
        (PEERS.format(one="", two="").replace("two:", "dashboard:", 1), False),
        (PEERS.format(one="", two="").replace(", ports: ['6000:2700']", ""), False),
    ],
    ids=["peers", "one waits for the other", "one calls the other", "a profile", "an interface", "no port for people"],
)
def test_another_server_that_compose_builds_and_publishes_is_asked_for(compose: str, asked: bool, tmp_path: Path) -> None:
    found = choose.candidates(project(tmp_path, Dockerfile=SERVE, two__Dockerfile=OTHER, compose_yml=compose))
    assert found[0].service is not None and found[0].service.name == "one"
    assert bool(rivals(found)) == asked


def test_the_hardware_does_not_choose_between_programs(tmp_path: Path) -> None:
    start = 'FROM acme/listener{}:1\nEXPOSE 2700\nCMD ["python3", "{}.py"]\n'
    several = project(
        tmp_path / "two", **{"Dockerfile.en": start.format("", "listen"), "Dockerfile.en-gpu": start.format("-gpu", "listen_gpu")}
    )
    assert len(rivals(choose.candidates(several))) == 1
    variants = project(
        tmp_path / "one", **{"Dockerfile.en": start.format("", "listen"), "Dockerfile.en-gpu": start.format("-gpu", "listen")}
    )
    assert rivals(choose.candidates(variants)) == []


def test_a_notebook_beside_a_server_is_no_question(tmp_path: Path) -> None:
    notebook = 'FROM python:3.11\nCMD ["jupyter", "notebook", "--port=8888", "--ip=0.0.0.0"]\n'
    compose = "services:\n  notes: {build: notes, ports: ['8888:8888']}\n  api: {build: ., ports: ['80:8000']}\n"
    found = choose.candidates(project(tmp_path, Dockerfile=SERVE, notes__Dockerfile=notebook, compose_yml=compose))
    assert found[0].service is not None and found[0].service.name == "api"
    assert rivals(found) == []


def test_a_notebook_alone_is_the_server(tmp_path: Path) -> None:
    chosen = best(tmp_path, Dockerfile='FROM python:3.11\nCMD ["jupyter", "lab", "--ip=0.0.0.0"]\n')
    assert chosen.listener is not None and chosen.listener.framework == "Jupyter"
