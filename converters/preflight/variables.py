"""The environment of an app: every variable that what runs there reads, whether it can do without, and who sets it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from converters.concepts import variables
from converters.fal.runner import PRESET_VARIABLES
from converters.preflight.deployment import Deployment
from converters.preflight.running import Scope
from converters.python.absence import absence
from converters.python.code import Code
from converters.python.environ import environment_reads, without_default
from converters.python.guards import written
from converters.python.module import Module

Need = Literal["required", "used", "unknown", "optional"]
"""`required`: the code refuses to run without it; `used`: it passes on what it reads, None as well; `unknown`: reading does not tell."""
SEVERITY: tuple[Need, ...] = ("required", "used", "unknown", "optional")
AWS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
LIBRARIES: dict[str, tuple[str, ...]] = {
    "openai.OpenAI": ("OPENAI_API_KEY",),
    "openai.AsyncOpenAI": ("OPENAI_API_KEY",),
    "anthropic.Anthropic": ("ANTHROPIC_API_KEY",),
    "anthropic.AsyncAnthropic": ("ANTHROPIC_API_KEY",),
    "replicate.run": ("REPLICATE_API_TOKEN",),
    "wandb.init": ("WANDB_API_KEY",),
    "groq.Groq": ("GROQ_API_KEY",),
    "groq.AsyncGroq": ("GROQ_API_KEY",),
    "together.Together": ("TOGETHER_API_KEY",),
    "boto3.client": AWS,
    "boto3.resource": AWS,
    "boto3.Session": AWS,
    "boto3.session.Session": AWS,
}
"""Calls without an argument for the key -> the variables that the library reads in its place."""
KEYS = ("api_key", "key", "aws_access_key_id", "profile_name", None)
"""Arguments that give a key, or may give one."""
REFUSED = re.compile(r"\$\{(\w+):?\?")
EMPTY = re.compile(
    r"\[\[?\s+(?:!\s+-n|-z)\s+\"?\$\{?(\w+)(?::-)?\}?\"?\s+\]\]?\s*(?:;|\n|&&)?\s*(?:then)?(?P<body>.*?)(?:\bfi\b|\n\s*\n|\Z)", re.DOTALL
)
"""A test for an empty variable, and what follows it."""


@dataclass(frozen=True, order=True)
class Variable:
    """One variable. `setter`: what in the finished files sets it, '' for nothing."""

    name: str
    need: Need
    file: str
    line: int
    setter: str = ""
    why: str = ""

    @property
    def is_secret(self) -> bool:
        return variables.is_secret(self.name)


def environment(deployment: Deployment) -> list[Variable]:
    """The variables of an app by name, each with the place that needs it most. Those of the system are left out."""
    read: list[Variable] | None = deployment.__dict__.get("variables")
    if read is None:
        read = deployment.__dict__["variables"] = _environment(deployment)
    return read


def _environment(deployment: Deployment) -> list[Variable]:
    setters = _setters(deployment)
    found: dict[str, Variable] = {}
    for one in (*_of_code(deployment), *_of_libraries(deployment), *_of_scripts(deployment)):
        known = found.get(one.name)
        if one.name in variables.COMMON | PRESET_VARIABLES or variables.BUILD_ONLY.match(one.name) or not one.name.isidentifier():
            continue
        if variables.LAUNCHED.match(one.name):
            one = replace(one, need="optional")
        if known is None or SEVERITY.index(one.need) < SEVERITY.index(known.need):
            found[one.name] = Variable(one.name, one.need, one.file, one.line, setters.get(one.name, ""), one.why)
    return [found[name] for name in sorted(found)]


def _setters(deployment: Deployment) -> dict[str, str]:
    """Name -> what sets it: the image, or the file whose code does."""
    found: dict[str, str] = {}
    if deployment.image is not None:
        found |= dict.fromkeys(deployment.image.stage.env, "the image")
    for unit in deployment.running.units.values():
        for node in ast.walk(unit.module.tree) if b"environ" in unit.module.file.data else ():
            found |= dict.fromkeys(written(node), unit.path)
    return found


def _of_code(deployment: Deployment) -> Iterator[Variable]:
    code = Code(deployment.project)
    modules = [unit.module for unit in deployment.running.units.values()]
    for unit in deployment.running.units.values():
        running = {id(node) for scope in unit.scopes for node in scope.nodes}
        for node, name, required in environment_reads(code, unit.module):
            if id(node) in running or isinstance(node, ast.AnnAssign):
                need = "required" if required else _need(modules, unit.module, node)
                yield Variable(name, need, unit.path, getattr(node, "lineno", 1))


def _need(modules: Sequence[Module], module: Module, node: ast.AST) -> Need:
    """How much code needs a variable whose absence it does not refuse."""
    match without_default(module, node):
        case None:
            return "unknown"
        case False:
            return "optional"
    return absence(modules, module, node)


def _of_libraries(deployment: Deployment) -> Iterator[Variable]:
    code = Code(deployment.project)
    for scope in deployment.scopes:
        for node in scope.nodes:
            if isinstance(node, ast.Call):
                yield from _of_call(code, scope, node)


def _of_call(code: Code, scope: Scope, call: ast.Call) -> Iterator[Variable]:
    dotted = code.dotted(scope.unit.module, call.func) or ""
    if any(keyword.arg in KEYS for keyword in call.keywords) or (dotted.startswith("boto3.") and "UNSIGNED" in scope.unit.module.text):
        return
    conditional = any(isinstance(above, ast.If | ast.Try | ast.IfExp) for above in scope.unit.module.ancestors(call))
    for name in LIBRARIES.get(dotted, ()):
        yield Variable(name, "unknown" if conditional else "required", scope.unit.path, call.lineno, why=f"`{dotted}` reads it")


def _of_scripts(deployment: Deployment) -> Iterator[Variable]:
    """Shell scripts that are started: what they refuse to run without."""
    for path in deployment.scripts:
        text = deployment.project.files[path].data.decode(errors="replace")
        for match in REFUSED.finditer(text):
            yield Variable(match[1], "required", path, text.count("\n", 0, match.start()) + 1)
        for match in EMPTY.finditer(text):
            body = match["body"].split("\nelse")[0]
            if re.search(r"\b(exit\s+[1-9]|return\s+[1-9]|exit\s*$)", body, re.MULTILINE):
                yield Variable(match[1], "required", path, text.count("\n", 0, match.start()) + 1)
