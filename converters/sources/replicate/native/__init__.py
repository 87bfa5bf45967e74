"""Whether a predictor can be written natively, as fal's guide writes it: its file dissolves into the app's, its methods are the app's own.

It must be provable from the code that nothing changes. What is loaded while the file is imported moves into `setup()`; the project's
other modules stay as they are.
"""

from __future__ import annotations

import ast
from pathlib import PurePosixPath

from converters.concepts.cog.pget import MODULE
from converters.concepts.native import APP_ATTRIBUTES, APP_IMPORTS, NotNative, must_define, shows
from converters.ir import App
from converters.native_plan import NativePredictor
from converters.python.code import Code, imports
from converters.python.separated import separated
from converters.sources.replicate.native import definitions
from converters.sources.replicate.native.class_form import form_of
from converters.sources.replicate.native.layout import Layout, layout_of

OWN = frozenset(
    {"CancelationException", "HERE", "Input", "Integer", "Number", "Output", "Real", "Response", "encode", "events", "failing_with_message",
     "fetch", "upload"}
)  # fmt: skip
"""Names that an app file defines."""
UNREADABLE = frozenset({"locals", "globals", "vars", "exec", "eval", "__class__", "__file__", "__spec__"})
PICKLES = frozenset({"dill", "joblib", "multiprocessing", "pickle", "ProcessPoolExecutor"})
"""What may ask for a function or class by the name of its module, which is gone."""


def source(app: App, text: str, code: Code, closure: list[str]) -> NativePredictor:
    """The plan for the predictor's file once Cog is taken out of it. Raises `NotNative` with the first reason against it."""
    _alone(app, code, closure)
    text = separated(text)
    layout = layout_of(app, text)
    must_define(_served(layout))
    renamed = _renamed(app, layout)
    _readable(app, layout)
    if shows(layout.tree, {*renamed, *layout.attributes, *layout.methods}):
        raise NotNative("an f-string shows how a name is written that would be another")
    classes = [node.name for node in layout.definitions() if isinstance(node, ast.ClassDef)]
    if app.predictor is not None and app.predictor.cancel and "CancelationException" not in classes:
        raise NotNative("its code makes Cog's exception where no class statement can stand")
    form = form_of(app, layout)
    definitions.check(layout)
    attributes = {name: f"self.{_attribute(name, layout, form.attributes)}" for name in sorted(layout.attributes)}
    methods = {name: f"self.{name}" for name in sorted(layout.methods)}
    if taken := layout.methods & form.attributes:
        raise NotNative(f"`{min(taken)}` is a function of its file and an attribute of its class")
    return NativePredictor(
        text=text,
        places=layout.places,
        statements=layout.imports,
        names={**renamed, **attributes, **methods},
        classes=classes,
        methods=sorted(layout.methods),
        light=layout.light,
        deferred=_deferred(layout),
        merged=form.merged,
        searches=closure != [app.entry] or app.environment.kind == "image" or MODULE in text,
        cancels=form.cancels,
        bare=form.bare,
        alone=True,
    )


def _served(layout: Layout) -> str:
    """The file without its block for `python FILE`, which Cog never runs."""
    lines = layout.text.split("\n")
    for statement in layout.at("drop"):
        if isinstance(statement, ast.If):
            first, last = statement.lineno - 1, statement.end_lineno or statement.lineno
            lines[first:last] = [""] * (last - first)
    return "\n".join(lines)


def _alone(app: App, code: Code, closure: list[str]) -> None:
    """No other module reads the entry file, which is gone then."""
    name = PurePosixPath(app.entry).stem
    for path in closure:
        module = code.module(path)
        if path == app.entry or module is None:
            continue
        if app.entry in code.closure(path):
            raise NotNative(f"{path} imports it")
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in (name, f"{name}.py"):
                raise NotNative(f"{path}:{node.lineno} names its file")


def _renamed(app: App, layout: Layout) -> dict[str, str]:
    """Names of the file that the app file has for something else get another."""
    assert app.predictor is not None
    for found in imports(ast.parse("\n".join(layout.light))):
        as_module = found.name == found.dotted == "datetime"  # the app file takes the class out of it then
        if (APP_IMPORTS.get(found.name, found.dotted) != found.dotted and not as_module) or found.name in OWN:
            raise NotNative(f"`{found.name}` is also a name of the app file")
    made = {"__name__": repr(app.predictor.module).replace("'", '"')}
    taken = (OWN | set(APP_IMPORTS)) - {"CancelationException", "Output"}
    for name in sorted((layout.constants | {node.name for node in layout.definitions()}) & taken):
        if any(node.name == name and isinstance(node, ast.ClassDef) for node in layout.definitions()):
            raise NotNative(f"the class `{name}` is also a name of the app file")
        made[name] = f"{name}_"
    return made


def _readable(app: App, layout: Layout) -> None:
    """The code does not look at its own file, namespace or class, all of which are others in an app."""
    assert app.predictor is not None
    for statement in layout.tree.body:
        if layout.places[statement.lineno] == "drop":
            if isinstance(statement, ast.Import | ast.ImportFrom) and (used := {alias.name for alias in statement.names} & PICKLES):
                raise NotNative(f"it imports `{min(used)}`, which may look for its own names in its file")
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and node.id in UNREADABLE | {app.predictor.name}:
                raise NotNative(f"its code uses the name `{node.id}`")
            if isinstance(node, ast.Import | ast.ImportFrom) and (used := {alias.name for alias in node.names} & PICKLES):
                raise NotNative(f"it imports `{min(used)}`, which may look for its own names in its file")


def _deferred(layout: Layout) -> list[str]:
    """Names that an annotation can only quote: what is imported later, and in code of the future also what is defined below."""
    below = {node.name for node in layout.definitions() if isinstance(node, ast.ClassDef)} if layout.future else set()
    return sorted(layout.late | below)


def _attribute(name: str, layout: Layout, taken: set[str]) -> str:
    """The attribute that a value of the module becomes: `MODEL` is `self.model`, unless that is something else."""
    others = taken | APP_ATTRIBUTES | layout.methods | (layout.attributes - {name})
    for made in (name.lower().strip("_") if name.isupper() or name.startswith("_") else name, name, f"{name}_"):
        if made not in others and made.isidentifier() and not made.startswith("__"):
            return made
    raise NotNative(f"`{name}` finds no name as an attribute")
