"""The routes of a FastAPI, Starlette, Flask or Quart application, read from its code: decorators, routers and blueprints across files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from converters.python.code import Code
from converters.python.module import FunctionNode, Module, assigned
from converters.python.unparsed import unparse
from converters.sources.docker.defaults import Reader, dotted, joined, keyword

METHODS = frozenset({"get", "post", "put", "delete", "patch", "head", "options"})
MAKERS = {
    "FastAPI": "fastapi",
    "APIRouter": "fastapi",
    "Starlette": "starlette",
    "Router": "starlette",
    "Flask": "flask",
    "Blueprint": "flask",
    "Quart": "quart",
    "Sanic": "sanic",
    "FlaskAPI": "flask",
    "OpenAPI": "flask",
    "API": "api",
}
APPLICATIONS = frozenset({"FastAPI", "Starlette", "Flask", "Quart", "Sanic", "OpenAPI"})
MAX_PREFIXES = 8
UNKNOWN = "\0"
"""Stands in a path for a part that cannot be read, through every prefix that it is joined to; no path has it."""

Key = tuple[str, str, str]
"""(file, function in which it is made or '', name)."""


@dataclass
class Maker:
    """An application or router: the call that makes it."""

    key: Key
    kind: str
    call: ast.Call
    module: Module
    application: bool
    prefix: str = ""


@dataclass(frozen=True)
class Route:
    """One path with its methods; `function` answers it, `decorator` is the call that registers it."""

    path: str
    methods: tuple[str, ...]
    function: FunctionNode | None
    module: Module
    decorator: ast.Call
    websocket: bool = False
    dependencies: tuple[tuple[Module, ast.expr], ...] = ()
    """`Depends(...)` of its decorator, of its router and of the application."""

    @property
    def plain(self) -> bool:
        """A GET without path parameters."""
        return "get" in self.methods and not self.websocket and not re.search(r"[{<]", self.path)


@dataclass
class Routes:
    """What an application answers, and the arguments with which it was made."""

    kind: str = ""
    root: Maker | None = None
    routes: list[Route] = field(default_factory=list)
    openapi_path: str | None = None
    docs_path: str | None = None
    openapi_computed: bool = False
    """It serves a document under a path that could not be read."""
    unread: list[Route] = field(default_factory=list)
    """Routes whose path, or a prefix of it, could not be read."""


def read(code: Code, modules: list[Module], reader: Reader, entry: Module, attribute: str = "") -> Routes:
    """The routes of the application that `entry` serves (`attribute` names it, where the command does)."""
    survey = _Survey(code, modules, reader)
    root = survey.root(entry, attribute)
    found = Routes(root.kind if root else "", root)
    reached = survey.prefixes(root) if root else {key: ["" if maker.application else maker.prefix] for key, maker in survey.makers.items()}
    for key, path, route in survey.routes:
        for prefix in reached.get(key, ()):
            full = _join(prefix, path)
            known = found.unread if UNKNOWN in full else found.routes
            known.append(replace(route, path=full, dependencies=survey.dependencies(key, root, route)))
    if root and root.kind == "fastapi":
        _fastapi(found, root, survey)
    elif root is None and not found.routes:
        return found
    else:
        found.openapi_path = next((route.path for route in found.routes if route.plain and _is_spec(route.path)), None)
    return found


def _is_spec(path: str) -> bool:
    return path.rsplit("/", 1)[-1] in ("openapi.json", "swagger.json", "spec", "apispec.json", "openapi", "api-docs", "_schema")


def _fastapi(found: Routes, root: Maker, survey: _Survey) -> None:
    def text(name: str, default: str) -> str | None:
        node = keyword(root.call, name)
        if node is None:
            return default
        if isinstance(node, ast.Constant) and node.value is None:
            return None
        stated = survey.text(root.module, node)
        return None if UNKNOWN in stated else stated or None

    found.openapi_path = text("openapi_url", "/openapi.json")
    stated = keyword(root.call, "openapi_url")
    found.openapi_computed = stated is not None and UNKNOWN in survey.text(root.module, stated)
    if any(one.arg is None for one in root.call.keywords) and keyword(root.call, "openapi_url") is None:
        found.openapi_path = "/openapi.json"
    found.docs_path = text("docs_url", "/docs") if found.openapi_path else None


class _Survey:
    def __init__(self, code: Code, modules: list[Module], reader: Reader) -> None:
        self.code = code
        self.modules = modules
        self.reader = reader
        self.makers: dict[Key, Maker] = {}
        self.routes: list[tuple[Key, str, Route]] = []
        self.included: list[tuple[Key, Key, str]] = []
        self.including: dict[Key, list[tuple[Module, ast.Call]]] = {}
        """Calls that include a router."""
        self.subclasses: dict[str, tuple[str, Key]] = {}
        """The project's own kinds of application: what they are derived from, and the key of their `self`."""
        known = rb"FastAPI|APIRouter|Starlette|Flask|Blueprint|Quart|Sanic|Router\b|OpenAPI|API\("
        for module in modules:
            if re.search(known, module.file.data):
                self._subclasses(module)
        known = b"|".join([known, *(re.escape(name.encode()) for name in self.subclasses)])
        for module in modules:
            if re.search(known, module.file.data):
                self._makers(module, module.tree.body, "")
        for module in modules:
            self._uses(module)

    def text(self, module: Module, node: ast.expr) -> str:
        return joined(self.reader, module, node, UNKNOWN)

    def _subclasses(self, module: Module) -> None:
        for name, node in module.classes.items():
            bases = [dotted(base).rsplit(".", 1)[-1] for base in node.bases]
            if known := next((base for base in bases if base in MAKERS), None):
                key = (module.path, name, "self")
                self.subclasses[name] = (known, key)
                made = ast.Call(func=ast.Name(name), args=[], keywords=[])
                self.makers[key] = Maker(key, MAKERS[known], made, module, False, "")

    def _makers(self, module: Module, body: list[ast.stmt], function: str) -> None:
        from converters.python.module import top_level

        for statement in top_level(body):
            for name, value in assigned(statement):
                self._maker(module, function, name, value)
            if (
                isinstance(statement, ast.Assign)
                and isinstance(statement.targets[0], ast.Attribute)
                and dotted(statement.targets[0]).startswith("self.")
            ):
                self._maker(module, function, dotted(statement.targets[0]), statement.value)
            if isinstance(statement, FunctionNode):
                self._makers(module, statement.body, statement.name if not function else f"{function}.{statement.name}")
            elif isinstance(statement, ast.ClassDef):
                self._makers(module, statement.body, statement.name)

    def _maker(self, module: Module, function: str, name: str, value: ast.expr) -> None:
        if not isinstance(value, ast.Call):
            return
        made = dotted(value.func).rsplit(".", 1)[-1]
        made, own = self.subclasses.get(made, (made, None))
        if made not in MAKERS or (made == "API" and b"ninja" not in module.file.data):
            return
        prefix = keyword(value, "prefix") or keyword(value, "url_prefix")
        key = (module.path, function, name)
        text = self.text(module, prefix) if prefix is not None else ""
        self.makers[key] = Maker(key, MAKERS[made], value, module, made in APPLICATIONS, text)
        if own is not None:
            self.included.append((key, own, ""))

    def _uses(self, module: Module) -> None:
        for node in ast.walk(module.tree):
            if isinstance(node, FunctionNode):
                for decorator in node.decorator_list:
                    if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute):
                        self._decorated(module, node, decorator, decorator.func)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                self._called(module, node, node.func)
        for maker in [maker for maker in self.makers.values() if maker.module is module]:
            self._listed(module, maker)

    def _decorated(self, module: Module, node: FunctionNode, decorator: ast.Call, function: ast.Attribute) -> None:
        key = self.resolve(module, function.value, decorator)
        if key is None:
            return
        path = decorator.args[0] if decorator.args else keyword(decorator, "path") or keyword(decorator, "rule")
        methods = self._methods(module, decorator, function.attr)
        if path is not None and methods:
            self.routes.append((key, self.text(module, path), Route("", methods, node, module, decorator, function.attr == "websocket")))

    def _methods(self, module: Module, call: ast.Call, attribute: str) -> tuple[str, ...]:
        if attribute in METHODS:
            return (attribute,)
        if attribute == "websocket":
            return ("get",)
        if attribute not in ("route", "api_route", "add_api_route", "add_url_rule", "add_route", "Route"):
            return ()
        stated = keyword(call, "methods")
        names = [str(one.value).lower() for one in ast.walk(stated) if isinstance(one, ast.Constant)] if stated is not None else ["get"]
        return tuple(name for name in names if name in METHODS)

    def _called(self, module: Module, call: ast.Call, function: ast.Attribute) -> None:
        if function.attr in ("include_router", "register_blueprint", "mount") and call.args:
            parent = self.resolve(module, function.value, call)
            index = 1 if function.attr == "mount" else 0
            child = self.resolve(module, call.args[index], call) if len(call.args) > index else None
            prefix = keyword(call, "prefix") or keyword(call, "url_prefix") or (call.args[0] if function.attr == "mount" else None)
            if parent and child:
                self.including.setdefault(child, []).append((module, call))
                self.included.append((parent, child, self.text(module, prefix) if prefix is not None else ""))
        elif function.attr in ("add_api_route", "add_url_rule", "add_route") and call.args:
            key = self.resolve(module, function.value, call)
            methods = self._methods(module, call, function.attr)
            target = call.args[-1] if len(call.args) > 1 else keyword(call, "endpoint") or keyword(call, "view_func")
            if key and methods:
                self.routes.append((key, self.text(module, call.args[0]), Route("", methods, self._function(module, target), module, call)))

    def _function(self, module: Module, node: ast.expr | None) -> FunctionNode | None:
        if node is None:
            return None
        found = self.code.function(module, node)
        return found.node if found and isinstance(found.node, FunctionNode) else None

    def _listed(self, module: Module, maker: Maker) -> None:
        """`Starlette(routes=[Route("/", endpoint, methods=[...])])`."""
        listed = keyword(maker.call, "routes")
        for call in ast.walk(listed) if listed is not None else ():
            if isinstance(call, ast.Call) and dotted(call.func).rsplit(".", 1)[-1] == "Route" and call.args:
                target = call.args[1] if len(call.args) > 1 else keyword(call, "endpoint")
                methods = self._methods(module, call, "Route")
                self.routes.append(
                    (maker.key, self.text(module, call.args[0]), Route("", methods, self._function(module, target), module, call))
                )

    def resolve(self, module: Module, node: ast.expr, at: ast.AST) -> Key | None:
        """The application or router that an expression names, from the place where it stands."""
        name = dotted(node)
        if isinstance(node, ast.Call):
            return self._factory(module, node)
        scopes = [parent.name for parent in module.ancestors(at) if isinstance(parent, FunctionNode | ast.ClassDef)]
        paths = [".".join(reversed(scopes[index:])) for index in range(len(scopes))]
        for scope in [*paths, *scopes, ""]:
            if (module.path, scope, name) in self.makers:
                return (module.path, scope, name)
        if name.startswith(("self.", "app.")):
            return next((key for key in self.makers if key[0] == module.path and key[2] == name), None)
        if isinstance(node, ast.Name):
            return self._imported(module, name)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            target = self.code.imported_module(module, node.value.id)
            if target is not None:
                return (target.path, "", node.attr) if (target.path, "", node.attr) in self.makers else self._imported(target, node.attr)
        return None

    def _imported(self, module: Module, name: str) -> Key | None:
        bound = self.code.imports(module).get(name)
        if bound is not None and isinstance(bound.node, ast.ImportFrom):
            path = self.code.resolve(module, bound.node.module or "", bound.level)
            target = self.code.module(path) if path else None
            if target is not None:
                key = (target.path, "", bound.alias.name)
                return key if key in self.makers else self._imported(target, bound.alias.name) if target is not module else None
        found = self.code.definition(module, name)
        if found is not None and isinstance(found.node, ast.Call):
            return self._factory(found.module, found.node)
        return None

    def _factory(self, module: Module, call: ast.Call) -> Key | None:
        """`create_app()`: what the function makes."""
        found = self.code.function(module, call.func)
        if found is None or not isinstance(found.node, FunctionNode):
            return None
        function = found.node.name
        made = [key for key in self.makers if key[0] == found.module.path and key[1].split(".")[0] == function]
        returned = {node.value.id for node in ast.walk(found.node) if isinstance(node, ast.Return) and isinstance(node.value, ast.Name)}
        return next((key for key in made if key[2] in returned), made[0] if made else None)

    def dependencies(self, key: Key, root: Maker | None, route: Route) -> tuple[tuple[Module, ast.expr], ...]:
        """The lists `dependencies=[...]` around a route."""
        makers = [maker for maker in (root, self.makers.get(key)) if maker is not None]
        calls = [(maker.module, maker.call) for maker in makers] + self.including.get(key, []) + [(route.module, route.decorator)]
        listed = [(module, keyword(call, "dependencies")) for module, call in {id(call): (module, call) for module, call in calls}.values()]
        return tuple((module, one) for module, value in listed if isinstance(value, ast.List | ast.Tuple) for one in value.elts)

    def root(self, entry: Module, attribute: str) -> Maker | None:
        """The application that is served."""
        if attribute:
            name = attribute.split("(")[0]
            key: Key | None = (entry.path, "", name)
            if key not in self.makers:
                key = self._imported(entry, name) or self._made_by(entry, name)
            if key in self.makers:
                return self.makers[key]
        applications = [maker for maker in self.makers.values() if maker.application]
        own = [maker for maker in applications if maker.key[0] == entry.path]
        used = {key for key, _, _ in self.routes} | {key for key, _, _ in self.included}
        return next((maker for maker in [*own, *applications] if maker.key in used), next(iter([*own, *applications]), None))

    def _made_by(self, entry: Module, name: str) -> Key | None:
        found = self.code.definition(entry, name)
        if found is None:
            return None
        if isinstance(found.node, FunctionNode):
            made = [key for key in self.makers if key[0] == found.module.path and key[1].split(".")[0] == found.node.name]
            if made:
                return next((key for key in made if self.makers[key].application), made[0])
            calls = [node for node in ast.walk(found.node) if isinstance(node, ast.Call)]
            return next((key for call in calls if (key := self._factory(found.module, call))), None)
        return self._factory(found.module, found.node) if isinstance(found.node, ast.Call) else None

    def prefixes(self, root: Maker) -> dict[Key, list[str]]:
        """The prefixes under which each router is reached from the root."""
        found: dict[Key, list[str]] = {root.key: [root.prefix if not root.application else ""]}
        queue: list[tuple[Key, str, int]] = [(root.key, "", 0)]
        for maker in self.makers.values():  # a router of the same object, such as `app.router`
            if maker.key[2] == f"{root.key[2]}.router":
                queue.append((maker.key, "", 0))
        while queue:
            parent, base, depth = queue.pop(0)
            for one, child, prefix in self.included:
                if one != parent or depth > MAX_PREFIXES or child not in self.makers:
                    continue
                maker = self.makers[child]
                own = maker.prefix if not (maker.kind == "flask" and prefix) else ""
                full = _join(_join(base, prefix), own)
                known = found.setdefault(child, [])
                if full not in known and len(known) < MAX_PREFIXES:
                    known.append(full)
                    queue.append((child, full, depth + 1))
        return found


def _join(prefix: str, path: str) -> str:
    whole = f"{prefix.rstrip('/')}/{path.lstrip('/')}" if path or not prefix else prefix
    return whole if whole.startswith("/") else f"/{whole}"


def redirects(route: Route) -> bool:
    """Whether a route only sends the caller elsewhere."""
    if route.function is None:
        return False
    names = {dotted(node.func).rsplit(".", 1)[-1] for node in ast.walk(route.function) if isinstance(node, ast.Call)}
    classes = {dotted(one.value).rsplit(".", 1)[-1] for one in route.decorator.keywords if one.arg == "response_class"}
    return bool((names | classes) & {"RedirectResponse", "redirect"})


def needs_query(route: Route) -> bool:
    """Whether the route's function has required parameters, so that a bare GET is refused."""
    if route.function is None:
        return False
    arguments = route.function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    required = positional[: len(positional) - len(arguments.defaults)]
    required += [one for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if default is None]
    names = {one.arg for one in required if one.annotation is not None or one.arg not in ("request", "req", "response")} - {"self", "cls"}
    injected = {
        one.arg
        for one in required
        if one.annotation is not None
        and re.search(r"Request\b|Response\b|BackgroundTasks|Depends|Annotated|Dep\b", unparse(one.annotation))
    }
    return bool(names - injected)


def each_plain(routes: Routes) -> Iterator[Route]:
    """GET routes that a bare request reaches."""
    return (route for route in routes.routes if route.plain and not needs_query(route))
