"""Calls in a Python file: understood, rewritten, and accounted for one by one."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence, Set

from converters import rules
from converters.callers import applications, imports, keys, servers
from converters.callers.apps import Apps
from converters.callers.flow import Flow
from converters.callers.render import Renderer, removed
from converters.callers.unused import REASON as UNUSED_REASON
from converters.callers.unused import RULE as UNUSED
from converters.callers.unused import Unused
from converters.ir import Disposition, Edit, Origin, Scope
from converters.ledger import Construct, Ledger
from converters.python.code import Code
from converters.python.module import Module
from converters.sources.platform import Caller, Platform
from converters.sources.registry import platforms

MANUAL = rules.CL009
PROSE = rules.CL019
CALLED = tuple((platform, platform.caller) for platform in platforms() if platform.caller is not None)
"""The platforms that programs call, each with how."""
CLIENTS = tuple(f"{caller.package}." for _, caller in CALLED)
WORKERS = tuple(name for _, caller in CALLED for name in caller.workers)
"""What workers use of the packages."""
HOSTS = tuple(caller.host for _, caller in CALLED)
INSTEAD = {
    rules.CL001: "`fal_client.subscribe(APP, arguments=...)`",
    rules.CL002: "`fal_client.submit(APP, arguments=...)` and the handle's `status()`, `get()` and `cancel()`",
    rules.CL003: "`fal_client.stream(APP, arguments=...)`",
    rules.CL004: "`fal_client.subscribe`, or `submit`, `status` and `result`",
    rules.CL005: "`isinstance(status, fal_client.Completed)`",
    rules.CL010: '`fal_client.subscribe(APP, arguments=...)["output"]`',
    rules.CL011: "`fal_client.stream(APP, arguments=...)`",
    rules.CL012: "`fal_client.submit(APP, arguments=...)` and the handle's `status()`, `get()` and `cancel()`",
    rules.CL020: "`https://fal.run/OWNER/APP` with the header `Authorization: Key ...`",
}


def is_caller(code: Code, module: Module, known: Sequence[str] = ()) -> bool:
    """Whether a file calls one of the platforms, or a server by a `known` address; what a worker uses of RunPod's package is no call."""
    return any(True for _ in client_names(code, module)) or any(True for _ in addresses(module)) or bool(_server_lines(module, known))


def _server_lines(module: Module, known: Sequence[str]) -> list[int]:
    """The lines that name the address of a server."""
    texts = (node for node in ast.walk(module.tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return [node.lineno for node in texts if servers.prefix_of(str(node.value), known)]


def client_names(code: Code, module: Module) -> Iterator[tuple[ast.expr, str]]:
    """The longest names of the clients, such as `runpod.Endpoint`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name | ast.Attribute):
            parent = module.parents.get(node)
            if isinstance(parent, ast.Attribute) and code.dotted(module, parent):
                continue
            dotted = code.dotted(module, node) or ""
            if dotted.startswith(CLIENTS) and not dotted.startswith(WORKERS):
                yield node, dotted


def addresses(module: Module) -> Iterator[ast.Constant]:
    """Texts that name a host of the HTTP APIs."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and any(host in node.value for host in HOSTS):
            yield node


BASES = frozenset({"base_url", "api_base", "openai_api_base"})
"""Keywords of clients that put paths of their own behind an address."""
BASE_URL = (
    "`base_url` of another client names the old endpoint. fal serves an app's own paths below https://fal.run/OWNER/APP: where the app "
    "serves /v1, `https://fal.run/OWNER/APP/v1` takes its place, with the key as the header `Authorization: Key ...` "
    "(`default_headers={...}`), which OpenAI's client sends as `Bearer` by itself."
)


class PythonFile:
    """One file with calls."""

    def __init__(self, code: Code, module: Module, apps: Apps, envelope: Sequence[str], ledger: Ledger, known: Sequence[str] = ()) -> None:
        self.code, self.module, self.ledger, self.known = code, module, ledger, known
        readers = [*(reader for _, caller in CALLED for reader in caller.readers()), *([servers.ServerHTTP(known)] if known else [])]
        self.flow = Flow(code, module, apps, envelope, tuple(readers))
        self.names = list(client_names(code, module))
        self.addresses = list(addresses(module))

    @property
    def platform(self) -> Platform:
        """The platform that the file calls; of several, the one that is asked last."""
        asked = CALLED[0][0] if self.names or self.addresses else next(one for one in platforms() if one.is_server)
        return next((platform for platform, caller in reversed(CALLED) if self._calls(caller)), asked)

    def _calls(self, caller: Caller) -> bool:
        return any(name.startswith(f"{caller.package}.") for _, name in self.names) or any(
            caller.host in str(node.value) for node in self.addresses
        )

    @property
    def line(self) -> int:
        """The first line with a call."""
        return min(
            (*(node.lineno for node, _ in self.names), *(node.lineno for node in self.addresses), *_server_lines(self.module, self.known))
        )

    def convert(self) -> list[Edit]:
        """The edits of the file; the ledger gets an item for each call, name, key and address."""
        self.flow.trace()
        applications.settle(self.flow)
        self._settle_calls()
        self._settle_servers()
        left = any(item.rule == MANUAL and item.file == self.module.path for item in self.ledger.settled.values())
        dead = Unused(self.flow, Renderer(self.flow)).dead
        self._settle_keys(left or any(map(self._is_not_followed, self.addresses)), dead)
        renderer = Renderer(self.flow)
        edits = renderer.edits()
        unused = Unused(self.flow, renderer)
        edits += removed(self.module, unused.statements, UNUSED, UNUSED_REASON)
        for statement in unused.statements:
            name = self.module.source(statement).split("=")[0].strip()
            self.ledger.note(UNUSED, Disposition.DROPPED, f"`{name}` goes: {UNUSED_REASON}", self.module.origin(statement))
        edits += imports.edits(self.flow, unused.aliases, imports.needed(self.flow, renderer))
        self._settle_imports({bound.name for bound in unused.aliases})
        self._settle_addresses(unused.dead)
        self._remarks(bool(edits))
        return edits

    def _record(self, kind: str, name: str, node: ast.AST) -> Construct:
        return self.ledger.record(kind, name, self.module.origin(node), offset=getattr(node, "col_offset", 0))

    # What becomes of it

    def _settle_calls(self) -> None:
        for node, step in self.flow.steps.items():
            if not step.name:
                continue
            construct = self._record("call", step.name, node)
            why = self.flow.refusal(node)
            if why:
                self._leave(construct, why, step.rule)
            else:
                self.ledger.settle(construct, step.rule, Disposition.CONVERTED, step.message or "is a call of fal_client")
        for node, dotted in self.names:
            parent = self.module.parents[node]
            is_called = isinstance(parent, ast.Call) and parent.func is node
            if dotted != "runpod.api_key" and node not in self.flow.steps and not (is_called and parent in self.flow.steps):
                whole = parent if is_called else node
                why = self.flow.refusal(whole) or "fal_client has nothing of this kind, see `fal --help` for what the command line has"
                self._leave(self._record("SDK name", dotted, node), why)

    def _settle_servers(self) -> None:
        """Addresses of servers that no call here takes."""
        taken = {node for node, step in self.flow.steps.items() if step.name}
        for node, step in self.flow.steps.items():
            if step.value.kind != "address" or step.base is not None or any(self.flow.is_together(node, one) for one in taken):
                continue
            construct = self._record("address", step.value.server, node)
            if why := self.flow.refusal(node):
                self._leave(construct, why, step.rule)
            else:
                self.ledger.settle(construct, step.rule, Disposition.CONVERTED, "the address of the app takes its place")

    def _leave(self, construct: Construct, why: str, rule: str = "") -> None:
        instead = f" Write {INSTEAD[rule]} in its place." if rule in INSTEAD else ""
        message = f"`{construct.name}` is left as it is: {why}.{instead}"
        self.ledger.settle(construct, MANUAL, Disposition.MANUAL, message)

    def _settle_keys(self, left: bool, dead: Set[ast.AST]) -> None:
        for statement in keys.assignments(self.code, self.module):
            construct = self._record("key", "runpod.api_key", statement)
            if left:
                self.ledger.settle(construct, keys.RULE, Disposition.KEPT, "calls that are left still need it")
            elif keys.does_nothing_else(self.code, self.module, statement.value):
                self.flow.rewrite(statement, statement.value, None, keys.RULE, "fal_client reads its key from FAL_KEY")
                self.ledger.settle(construct, keys.RULE, Disposition.DROPPED, "fal_client reads its key from FAL_KEY")
            else:
                text = "how the key is found is left as it is: let it set FAL_KEY in the environment, where fal_client reads it."
                self.ledger.settle(construct, keys.RULE, Disposition.MANUAL, text)
        for name in keys.lookups(self.code, self.module):
            construct = self._record("key", str(name.value), name)
            line = keys.sent_on(self.flow, name, dead)
            if left or line:
                text = f"it is sent elsewhere, too (line {line})" if line else "calls that are left still need it"
                self.ledger.settle(construct, keys.RULE, Disposition.KEPT, text)
            else:
                self.ledger.settle(construct, keys.RULE, *self._renamed(name))

    def _renamed(self, name: ast.Constant) -> tuple[Disposition, str]:
        """What becomes of the name of a key that is looked up, which is rewritten where its place in the text is known."""
        if not self.module.is_placed(name):
            return Disposition.MANUAL, "read FAL_KEY here: fal_client's key has that name."
        self.flow.rewrite(name, name, (keys.renamed(self.module, name),), keys.RULE, "the name under which fal_client looks for its key")
        return Disposition.CONVERTED, "FAL_KEY, under which fal_client looks for its key"

    def _settle_imports(self, gone: set[str]) -> None:
        for bound in self.code.imports(self.module).values():
            if bound.dotted.split(".")[0] in imports.SDKS and not bound.level and not bound.dotted.startswith(WORKERS):
                construct = self._record("import", bound.dotted, bound.node)
                if bound.name in gone:
                    self.ledger.settle(construct, imports.RULE, Disposition.CONVERTED, imports.REASON)
                else:
                    self.ledger.settle(construct, imports.RULE, Disposition.KEPT, "it is still used, or was not used before")

    def _settle_addresses(self, gone: set[ast.AST]) -> None:
        for node in self.addresses:
            construct = self._record("address", next(host for host in HOSTS if host in str(node.value)), node)
            if isinstance(self.module.parents[node], ast.Expr):
                self.ledger.settle(construct, PROSE, Disposition.KEPT, "a text for readers of the code")
            elif node in gone:
                self.ledger.settle(construct, rules.CL004, Disposition.CONVERTED, "fal_client knows the addresses of fal")
            elif self._is_of_left_calls(node):
                self.ledger.settle(construct, MANUAL, Disposition.KEPT, "calls that are left need it")
            elif self._is_base_url(node):
                self.ledger.settle(construct, rules.CL004, Disposition.MANUAL, BASE_URL)
            else:
                self._leave(construct, "what it is used for is not followed here", rules.CL004)

    def _is_not_followed(self, node: ast.AST) -> bool:
        """Whether the platform is asked at an address in a way that is not followed: what asks it there needs its key."""
        if isinstance(self.module.parents[node], ast.Expr) or self._is_of_left_calls(node):
            return False
        targets = [parent.targets[0] for parent in self.module.ancestors(node) if isinstance(parent, ast.Assign)]
        variable = self.flow.variables.of(targets[0]) if targets else None
        return variable is None or bool(list(variable.loads))

    def _is_base_url(self, node: ast.AST) -> bool:
        """Whether an address is where a client with paths of its own sends its requests, such as OpenAI's."""
        targets = [parent.targets[0] for parent in self.module.ancestors(node) if isinstance(parent, ast.Assign)]
        variable = self.flow.variables.of(targets[0]) if targets else None
        places: list[ast.AST] = [node, *(variable.loads if variable is not None else ())]
        around = (parent for place in places for parent in self.module.ancestors(place))
        return any(isinstance(parent, ast.keyword) and parent.arg in BASES for parent in around)

    def _is_of_left_calls(self, node: ast.AST) -> bool:
        """Whether an address stands in calls that were accounted for, or in a name that such calls read."""
        around = list(self.module.ancestors(node))
        if any(parent in self.flow.steps for parent in around):
            return True
        targets = [parent.targets[0] for parent in around if isinstance(parent, ast.Assign)]
        variable = self.flow.variables.of(targets[0]) if targets else None
        places: list[ast.AST] = list(variable.loads) if variable is not None else [node]
        return any(parent in self.flow.steps for place in places for parent in self.module.ancestors(place))

    def _remarks(self, changed: bool) -> None:
        for remark in self.flow.remarks:
            if not self.flow.refusal(remark.owner):
                origin = self.module.origin(remark.place or remark.owner)
                self.ledger.note(remark.rule, Disposition.MANUAL, remark.message, origin, scope=remark.scope)
        if changed:
            text = "set FAL_KEY where this program runs (https://fal.ai/dashboard/keys): fal_client reads its key from there."
            self.ledger.note(keys.RULE, Disposition.MANUAL, text, Origin(file=self.module.path, line=1), scope=Scope.DEPLOY)
