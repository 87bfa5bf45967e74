"""The predictor itself: whether its methods can be the app's, and whether the one that answers can be the endpoint itself."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from converters.concepts.native import APP_ATTRIBUTES, NotNative, contexts, shows
from converters.ir import App
from converters.python.module import FunctionNode, own_nodes
from converters.python.names import plain_names
from converters.python.unparsed import unparse
from converters.sources.replicate.native.definitions import defined_early
from converters.sources.replicate.native.layout import Layout, is_pure
from converters.sources.replicate.results import always_answers

Function = ast.FunctionDef | ast.AsyncFunctionDef
OF_THE_ENDPOINTS = frozenset({"answer", "cancel", "cancelation", "check_health", "outputs", "running", "stream"})
OF_THE_BODY = frozenset(
    {"HTTPException", "JSONResponse", "Output", "Response", "asyncio", "encode", "fetch", "folder", "input", "tempfile", "upload"}
)
"""Names that an endpoint's own lines use."""
OF_THE_LINES = frozenset({"error", "folder", "given", "input", "result", "self", "url"})
"""Names that the lines before its body use, which downloaded inputs cannot have."""


@dataclass
class ClassForm:
    """How the predictor's method is written."""

    merged: bool
    cancels: bool
    bare: bool
    attributes: set[str] = field(default_factory=set)
    """Names that the class uses for itself."""


def form_of(app: App, layout: Layout) -> ClassForm:
    """The form of the predictor. Raises `NotNative` where its methods cannot be the app's."""
    assert app.predictor is not None
    handler = layout.at("handler")[0]
    if isinstance(handler, FunctionNode):
        _function(app, handler, layout)
        return ClassForm(_is_merged(app, handler, layout), _is_stopped(app, handler), _needs_more(handler, layout))
    assert isinstance(handler, ast.ClassDef)
    attributes = _class(app, handler, layout)
    methods = {node.name: node for node in handler.body if isinstance(node, FunctionNode)}
    if app.predictor.method not in methods:
        raise NotNative("its method stands in another class")
    predict = methods[app.predictor.method]
    called = any(isinstance(node, ast.Attribute) and node.attr == predict.name and _is_self(node.value) for node in ast.walk(handler))
    if called:
        defined_early(predict, layout)
    return ClassForm(not called and _is_merged(app, predict, layout), _is_stopped(app, predict), _needs_more(predict, layout), attributes)


def _function(app: App, node: Function, layout: Layout) -> None:
    """A function can be a method where it has no `self` of its own."""
    if "self" in layout.scopes.binds(node):
        raise NotNative("its function has a `self` of its own")
    if node.name in APP_ATTRIBUTES | OF_THE_ENDPOINTS:
        raise NotNative(f"`self.{node.name}` is a name that fal.App uses itself")
    _method(app, node, layout)


def _class(app: App, class_: ast.ClassDef, layout: Layout) -> set[str]:
    """The attributes of the class, none of which is one of `fal.App`'s."""
    assert app.predictor is not None
    if class_.bases or class_.keywords or class_.decorator_list:
        raise NotNative("its class is derived or decorated")
    own: set[str] = set()
    for statement in class_.body:
        if isinstance(statement, FunctionNode):
            if statement.name in own:
                raise NotNative(f"`{statement.name}` is defined more than once")
            own.add(statement.name)
            _method(app, statement, layout)
        elif isinstance(statement, ast.Assign | ast.AnnAssign) and _is_constant(statement, layout):
            own |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        elif not isinstance(statement, ast.Pass) and not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            raise NotNative(f"line {statement.lineno} stands in the class beside its methods")
    used = {node.attr for node in ast.walk(class_) if isinstance(node, ast.Attribute) and _is_self(node.value)} | own
    taken = (used - {"setup"}) & (APP_ATTRIBUTES | OF_THE_ENDPOINTS) | {name for name in used if name.startswith("__")}
    if taken:
        raise NotNative(f"`self.{min(taken)}` is a name that fal.App uses itself")
    return used | {"setup"}


def _is_constant(statement: ast.Assign | ast.AnnAssign, layout: Layout) -> bool:
    """Whether an attribute of the class has a value that the file itself can give it."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    annotation = statement.annotation if isinstance(statement, ast.AnnAssign) else None
    plain = all(isinstance(target, ast.Name) for target in targets) and not plain_names(annotation) & layout.late
    return plain and (statement.value is None or is_pure(statement.value, layout.constants))


def _method(app: App, node: Function, layout: Layout) -> None:
    """A method is called on the app as it was on the predictor."""
    assert app.predictor is not None
    decorators = [unparse(part) for part in node.decorator_list if part not in contexts(node)]
    first = [*node.args.posonlyargs, *node.args.args][:1]
    if app.predictor.method:
        if decorators not in ([], ["staticmethod"]):
            raise NotNative(f"`{node.name}` is decorated with `{decorators[0]}`")
        if not decorators and (not first or first[0].arg != "self"):
            raise NotNative(f"`{node.name}` calls its app something else than `self`")
    elif decorators:
        raise NotNative(f"`{node.name}` is decorated with `{decorators[0]}`")
    if used := layout.scopes.reads(node) & {"input", "super"}:
        raise NotNative(f"its code uses the name `{min(used)}`")
    late = layout.attributes | layout.methods
    if decorators and layout.scopes.reads(node) & late:
        raise NotNative(f"the static method `{node.name}` uses `{min(layout.scopes.reads(node) & late)}`, which setup() makes")
    for inner in ast.walk(node):
        if isinstance(inner, ast.ClassDef) and layout.scopes.reads(inner) & late:
            raise NotNative(f"the class `{inner.name}` in `{node.name}` uses what setup() makes")
    if node.name == "setup" and app.predictor.method:
        _setup(app, node)
    elif node.name != (app.predictor.method or app.predictor.name) or any(field.computed for field in app.endpoints[0].input.fields):
        defined_early(node, layout)


def _setup(app: App, node: Function) -> None:
    """`setup()` takes the weights of a training, or nothing."""
    arguments = [*node.args.posonlyargs, *node.args.args][1:]
    if node.args.vararg or node.args.kwarg or node.args.kwonlyargs or [argument.arg for argument in arguments] not in ([], ["weights"]):
        raise NotNative("its setup takes arguments")
    if node.decorator_list:
        raise NotNative("its setup is decorated")


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _is_stopped(app: App, predict: Function) -> bool:
    """Whether a cancelled prediction has to be stopped: it does something when Cog's exception reaches it, or runs for hours."""
    assert app.predictor is not None
    if app.predictor.kind not in ("sync", "generator"):
        return False
    if app.predictor.cancel or app.predictor.trains:
        return True
    return any(
        isinstance(node, ast.Try) and (node.finalbody or any(_takes_all(handler) for handler in node.handlers))
        for node in ast.walk(predict)
    )


def _takes_all(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or "BaseException" in plain_names(handler.type)


def _is_merged(app: App, predict: Function, layout: Layout) -> bool:
    """Whether the endpoint can be the method itself, which reads `input.prompt` where it read `prompt`."""
    predictor, endpoint = app.predictor, app.endpoints[0]
    assert predictor is not None
    arguments = predict.args
    given = {argument.arg for argument in [*arguments.args[1 if predictor.method else 0 :], *arguments.kwonlyargs]}
    fields = {found.name: found for found in endpoint.input.fields}
    if arguments.vararg or arguments.kwarg or arguments.posonlyargs or given != set(fields):
        return False
    if any(found.computed for found in fields.values()) or any(decorator not in contexts(predict) for decorator in predict.decorator_list):
        return False
    if any(found.media and name in OF_THE_LINES for name, found in fields.items()):
        return False
    if _own_names(predict, given, layout) & OF_THE_BODY or any(isinstance(node, ast.Nonlocal) for node in ast.walk(predict)):
        return False
    if shows(predict, given):
        return False
    if predictor.kind in ("generator", "async_generator"):
        return "file" not in layout.scopes.binds(predict) and _yields_plainly(predict)
    return _returns_plainly(app, predict)


def _needs_more(predict: Function, layout: Layout) -> bool:
    """Whether the defaults of the method are not there yet while it is defined."""
    defaults = [*predict.args.defaults, *predict.args.kw_defaults]
    return any(plain_names(default) & layout.late for default in defaults)


def _own_names(predict: Function, given: set[str], layout: Layout) -> set[str]:
    """Names that the method has for itself, but for the inputs that it only reads."""
    stored = {node.id for node in ast.walk(predict) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    reads = layout.scopes.reads(predict)
    return stored | (layout.scopes.binds(predict) - given) | (reads & set(layout.imports))


def _yields_plainly(predict: Function) -> bool:
    """Every value is yielded by a statement of its own, and nothing is returned or sent in."""
    plain = {node.value for node in own_nodes(predict) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield)}
    for node in own_nodes(predict):
        if isinstance(node, ast.YieldFrom) or (isinstance(node, ast.Yield) and (node not in plain or node.value is None)):
            return False
        if isinstance(node, ast.Return):
            return False
    return bool(plain)


def _returns_plainly(app: App, predict: Function) -> bool:
    """Every path ends in a `return` with a value, and no file is missing."""
    output = app.endpoints[0].output
    if output.wrap and output.fields[0].media and output.fields[0].optional:
        return False
    nothing = any(isinstance(node, ast.Return) and node.value is None for node in own_nodes(predict))
    return not nothing and always_answers(predict.body)
