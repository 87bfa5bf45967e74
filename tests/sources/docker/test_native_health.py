"""The health route of a server in Go or Rust."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sources.docker.projects import server

GO = 'package main\n\nimport "net/http"\n\nfunc main() {\n\tmux := http.NewServeMux()\n%s\n\thttp.ListenAndServe(":8080", mux)\n}\n'
BUILD = 'FROM golang:1.22\nWORKDIR /app\nCOPY . .\nRUN go build -o server .\nCMD ["./server"]\n'
RUST = 'use axum::{routing::get, Router};\n\nfn main() {\n    let app = Router::new()%s;\n    TcpListener::bind("0.0.0.0:8080");\n}\n'
CARGO = 'FROM rust:1.80\nWORKDIR /app\nCOPY . .\nRUN cargo build --release\nCMD ["target/release/server"]\n'
PATHS = {
    "a handler of net/http": (GO, '\tmux.HandleFunc("/health", ok)', "/health"),
    "a pattern with its method": (GO, '\tmux.HandleFunc("GET /healthz", ok)', "/healthz"),
    "the better name of two": (GO, '\tmux.HandleFunc("/status", ok)\n\tmux.HandleFunc("/health", ok)', "/health"),
    "a route of axum": (RUST, '.route("/health", get(ok))', "/health"),
    "a comment": (GO, '\t// mux.HandleFunc("/health", ok)', None),
    "a group before it": (GO, '\tv1 := r.Group("/v1")\n\tv1.GET("/health", ok)', None),
    "a prefix that is taken away": (GO, '\thttp.Handle("/api/", http.StripPrefix("/api", mux))\n\tmux.HandleFunc("/health", ok)', None),
    "a route of another name": (GO, '\tmux.HandleFunc("/predict", ok)', None),
    "a nested router": (RUST, '.nest("/v1", api).route("/health", get(ok))', None),
}


@pytest.mark.parametrize(("text", "route", "path"), PATHS.values(), ids=PATHS.keys())
def test_a_health_route_is_found_where_its_whole_path_is_known(text: str, route: str, path: str | None, tmp_path: Path) -> None:
    name, dockerfile = ("main.go", BUILD) if text is GO else ("src__main.rs", CARGO)
    port, _, health, _ = server(tmp_path, **{name: text % route, "Dockerfile": dockerfile})
    assert (port, health) == (8080, path)
