"""Addresses that only source code or a build step states: of compiled programs, of scripts that RUN writes, of modules that serve."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.ledger import Ledger
from converters.options import Options
from converters.project import open_project
from converters.sources.docker.reading import analyze
from tests.sources.docker.projects import app, best

RUST = "FROM rust:1.80 AS build\nWORKDIR /app\nCOPY . .\nRUN cargo build --release\nFROM debian:bookworm-slim\n"
RUST += 'COPY --from=build /app/target/release/serve .\nENTRYPOINT ["./serve"]\n'
GO = 'FROM golang:1.22\nCOPY . /src\nWORKDIR /src\nRUN go build -o /serve cmd/serve/main.go\nCMD ["/serve"]\n'
JAVA = 'FROM eclipse-temurin:17\nCOPY target/app.jar /app.jar\nENTRYPOINT ["java", "-jar", "/app.jar"]\n'
SPRING = "<project><artifactId>spring-boot-starter-web</artifactId></project>\n"

PORTS = {
    "a tokio listener": (8000, RUST, {"src/main.rs": 'let l = tokio::net::TcpListener::bind("0.0.0.0:8000").await;\n'}),
    "an actix server with a tuple": (8081, RUST, {"src/main.rs": 'HttpServer::new(app).bind(("0.0.0.0", 8081))?.run().await\n'}),
    "an address of numbers": (3000, RUST, {"src/main.rs": "let a = SocketAddr::from(([0, 0, 0, 0], 3000));\n"}),
    "Go's own server": (8090, GO, {"cmd/serve/main.go": 'http.ListenAndServe(":8090", nil)\n'}),
    "the program that the build names, of two": (
        8090,
        GO,
        {"cmd/bridge/main.go": 'http.ListenAndServe(":6001", nil)\n', "cmd/serve/main.go": 'http.ListenAndServe(":8090", nil)\n'},
    ),
    "a port of Spring's properties": (8083, JAVA, {"pom.xml": SPRING, "src/main/resources/application.properties": "server.port=8083\n"}),
    "a port of Spring's YAML with a variable": (
        8084,
        JAVA,
        {"pom.xml": SPRING, "src/main/resources/application.yml": "server:\n  shutdown: graceful\n  port: ${PORT:8084}\n"},
    ),
    "the variable that Spring's properties name": (
        9000,
        f"{JAVA}ENV PORT=9000\n",
        {"pom.xml": SPRING, "src/main/resources/application.yml": "server:\n  port: ${PORT:8084}\n"},
    ),
    "Spring's default": (8080, JAVA, {"pom.xml": SPRING}),
    "a script that RUN writes line by line": (
        8700,
        (
            'FROM python:3.11\nWORKDIR /app\nRUN echo "sleep 1 &" > go.sh\nRUN echo "uvicorn main:app --host 0.0.0.0 --port 8700" >> go.sh\n'
            'CMD ["bash", "go.sh"]\n'
        ),
        {},
    ),
    "a foreground program that PORT tells where to listen, behind a known one": (
        8000,
        (
            "FROM ubuntu:22.04\nRUN git clone https://example.com/ui.git /ui\nWORKDIR /ui\n"
            'RUN echo "ollama serve &" > go.sh\nRUN echo "PORT=\'8000\' bash start.sh" >> go.sh\nCMD ["bash", "go.sh"]\n'
        ),
        {},
    ),
    "a module that serves while `fastapi run` imports it": (
        9999,
        'FROM python:3.11\nWORKDIR /app\nCOPY . .\nCMD ["fastapi", "run", "main.py"]\n',
        {"main.py": 'import uvicorn\nfrom fastapi import FastAPI\napp = FastAPI()\nuvicorn.run(app, host="0.0.0.0", port=9999)\n'},
    ),
}

UNTOUCHED = {
    "an address that only a test binds": (None, RUST, {"tests/api.rs": 'TcpListener::bind("0.0.0.0:7000")\n'}),
    "an address behind a comment": (None, RUST, {"src/main.rs": '// TcpListener::bind("0.0.0.0:7000")\n'}),
    "two programs, none of which the build names": (
        None,
        RUST,
        {"a/src/main.rs": 'TcpListener::bind("0.0.0.0:7000")\n', "b/src/main.rs": 'TcpListener::bind("0.0.0.0:7001")\n'},
    ),
    "a program that is not built here": (
        None,
        'FROM debian:12\nCOPY serve .\nCMD ["./serve"]\n',
        {"src/main.rs": 'TcpListener::bind("0.0.0.0:7000")\n', "serve": "binary\n"},
    ),
    "a jar without Spring": (None, JAVA, {"pom.xml": "<project/>\n"}),
    "a server behind the guard of the main program": (
        8000,
        'FROM python:3.11\nWORKDIR /app\nCOPY . .\nCMD ["fastapi", "run", "main.py"]\n',
        {
            "main.py": "import uvicorn\nfrom fastapi import FastAPI\napp = FastAPI()\n"
            'if __name__ == "__main__":\n    uvicorn.run(app, host="0.0.0.0", port=9999)\n'
        },
    ),
    "a server in a function": (
        8000,
        'FROM python:3.11\nWORKDIR /app\nCOPY . .\nCMD ["fastapi", "run", "main.py"]\n',
        {"main.py": "import uvicorn\nfrom fastapi import FastAPI\napp = FastAPI()\ndef main():\n    uvicorn.run(app, port=9999)\n"},
    ),
    "a log that RUN writes": (
        8000,
        'FROM python:3.11\nWORKDIR /app\nRUN echo "uvicorn main:app --port 8700" > notes.txt\nCMD ["uvicorn", "main:app", "--host", "0.0.0.0"]\n',
        {},
    ),
}


def _write(folder: Path, dockerfile: str, files: dict[str, str]) -> None:
    for name, text in {"Dockerfile": dockerfile, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.mark.parametrize("case", [*PORTS, *UNTOUCHED])
def test_where_it_listens(tmp_path: Path, case: str) -> None:
    port, dockerfile, files = {**PORTS, **UNTOUCHED}[case]
    _write(tmp_path, dockerfile, files)
    listener = best(tmp_path).listener
    assert (int(str(listener.port.value)) if listener and listener.port else None) == port


def test_an_exposed_port_stands_before_one_that_a_variable_may_change(tmp_path: Path) -> None:
    source = 'let a = std::env::var("ADDR").unwrap_or("x".into());\nTcpListener::bind("0.0.0.0:8000")\n'
    _write(tmp_path, f"{RUST}EXPOSE 9000\n", {"src/main.rs": source})
    server = app(tmp_path).server
    assert server is not None and server.port == 9000


def test_a_loopback_in_the_source_is_said(tmp_path: Path) -> None:
    _write(tmp_path, RUST, {"src/main.rs": 'TcpListener::bind("127.0.0.1:8000")\n'})
    listener = best(tmp_path).listener
    assert listener is not None and listener.loopback


NODE = 'FROM node:20\nWORKDIR /src\nCOPY . .\nEXPOSE 80\nCMD ["npm", "start"]\n'
START = '{"scripts": {"start": "node train.js && node index.js"}}\n'
LISTENS = "const app = require('express')(), config = require('./config.json');\napp.listen(config.web.port);\n"
BEEGO = 'import "github.com/astaxie/beego"\nfunc main() {\n\tbeego.Run()\n}\n'
GIN = 'import "github.com/gin-gonic/gin"\nfunc main() {\n\trouter.Run(PORT)\n}\n'
ANY = "FROM golang:1.22 AS b\nWORKDIR /s\nCOPY . .\nRUN go install ./...\nFROM alpine:3\nCOPY --from=b /go/bin/s /s\n"
COMPUTED = {
    "a key of a JSON file that Node requires": (
        9000,
        NODE,
        {"package.json": START, "index.js": LISTENS, "config.json": '{"web": {"port": 9000}}'},
    ),
    "what EXPOSE declares for a key that no file has": (80, NODE, {"package.json": START, "index.js": LISTENS, "config.json": "{}"}),
    "beego's configuration": (8700, f'{ANY}COPY conf /conf\nENTRYPOINT ["/s"]\n', {"main.go": BEEGO, "conf/app.conf": "httpport = 8700\n"}),
    "beego's default, before what EXPOSE says": (8080, f'{ANY}EXPOSE 8000\nENTRYPOINT ["/s"]\n', {"main.go": BEEGO}),
    "gin's default": (8080, f'{ANY}ENTRYPOINT ["/s"]\n', {"main.go": GIN.replace("PORT", "")}),
    "what EXPOSE declares for an address that Go computes": (7000, f'{ANY}EXPOSE 7000\nENTRYPOINT ["/s"]\n', {"main.go": GIN}),
    "nothing for an address that Go computes": (None, f'{ANY}ENTRYPOINT ["/s"]\n', {"main.go": GIN}),
}


@pytest.mark.parametrize("case", COMPUTED)
def test_an_address_that_is_computed(tmp_path: Path, case: str) -> None:
    port, dockerfile, files = COMPUTED[case]
    _write(tmp_path, dockerfile, files)
    server = app(tmp_path).server
    assert server is not None and server.port == port


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("mongoose.connect('mongodb://localhost/one')", True),
        ('db, err = sql.Open("mysql", "me:it@tcp(127.0.0.1:3306)/one")', True),
        ("mongoose.connect(process.env.DB || 'mongodb://localhost/one')", False),
        ("// mongoose.connect('mongodb://localhost/one')", False),
        ("fetch('http://localhost:9000/one')", False),
    ],
)
def test_a_store_that_other_code_calls_by_a_fixed_address(tmp_path: Path, line: str, said: bool) -> None:
    _write(tmp_path, NODE, {"package.json": START, "index.js": f"app.listen(80)\n{line}\n"})
    ledger = Ledger()
    analyze(open_project(tmp_path), Options(), ledger)
    assert [(item.line, item.rule) for item in ledger.items() if item.rule == "DK032"] == ([(2, "DK032")] if said else [])
