"""Routes that are written out by hand: `do_GET` of the standard library's server, Express, Fastify and Hapi in JavaScript."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from converters.python.module import FunctionNode, Module
from converters.python.unparsed import unparse
from converters.sources.docker.routes import Route

EXPRESS = re.compile(r"\b(?:app|router|server|fastify|api)\.(get|post|put|patch|delete)\(\s*[\"'`](/[^\"'`]*)[\"'`]")
HAPI = re.compile(r"\{[^{}]*?\bpath\s*:\s*[\"'`](/[^\"'`]*)[\"'`][^{}]*?\}?", re.DOTALL)


def standard_library(modules: list[Module]) -> Iterator[Route]:
    """Paths that `do_GET` and its kind compare the request's path with."""
    for module in modules:
        if b"BaseHTTPRequestHandler" not in module.file.data and b"SimpleHTTPRequestHandler" not in module.file.data:
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, FunctionNode) and re.fullmatch(r"do_(GET|POST|PUT|PATCH|DELETE)", node.name):
                for path in _compared(node):
                    call = ast.copy_location(ast.Call(ast.Name("path", ast.Load()), [], []), node)
                    yield Route(path, (node.name[3:].lower(),), None, module, call)


def _compared(function: FunctionNode) -> Iterator[str]:
    seen: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Compare) and re.search(r"\bpath\b", unparse(node.left)):
            for comparator in node.comparators:
                for one in ast.walk(comparator):
                    if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value.startswith("/") and one.value not in seen:
                        seen.add(one.value)
                        yield one.value


def javascript(texts: list[tuple[str, str]]) -> Iterator[tuple[str, str, str, int]]:
    """(method, path, file, line) of routes in JavaScript and TypeScript files."""
    for path, text in texts:
        for match in EXPRESS.finditer(text):
            yield match.group(1), match.group(2), path, text.count("\n", 0, match.start()) + 1
        for match in HAPI.finditer(text):
            body = text[max(0, match.start()) : match.end() + 200].split("},", 1)[0]
            method = re.search(r"\bmethod\s*:\s*[\"'`](\w+)[\"'`]", body)
            if method:
                yield method.group(1).lower(), match.group(1), path, text.count("\n", 0, match.start(1)) + 1
