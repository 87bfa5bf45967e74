"""Whether a predictor can be written natively, as fal's guide writes it: its methods as the app's own, its imports in `setup()`.

It must be provable from the one file that nothing changes: nothing is loaded while the file is imported, the class stands for itself,
and every path through the method answers.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass, field
from typing import Literal

from converters.concepts.native import APP_ATTRIBUTES, NotNative
from converters.ir import App, NativeSource, OutputField
from converters.python.code import imports
from converters.python.module import FunctionNode, assigned, is_main_test
from converters.sources.replicate import weights
from converters.sources.replicate.results import always_answers

Place = Literal["top", "setup", "drop", "handler"]
PLAIN = ("str", "int", "float", "bool")
OWN = frozenset(
    {"Input", "Output", "BaseModel", "ConfigDict", "Field", "HTTPException", "JSONResponse", "ContainerImage", "Literal", "Any",
     "SecretStr", "Image", "Video", "Audio", "File", "ImageField", "VideoField", "AudioField", "FileField", "Path", "fal",
     "failing_with_message", "fetch", "upload", "encode", "Number", "Annotated", "WrapValidator", "HERE", "input", "folder"}
)  # fmt: skip
"""Names of the app file, and of its endpoint."""
CONTEXTS = frozenset({"torch.inference_mode()", "torch.no_grad()"})
"""Decorators that are contexts, too: `with torch.no_grad():` around a body does what they do."""
UNREADABLE = frozenset({"locals", "globals", "vars", "exec", "eval", "super", "__class__", "__file__", "__name__", "__spec__"})


@dataclass
class Plan:
    """Where each top-level statement goes, by its first line, and which statement imports which third-party name."""

    places: dict[int, Place] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)


def source(app: App, text: str, closure: list[str]) -> NativeSource:
    """The plan for the predictor's file once Cog is taken out of it. Raises `NotNative` with the first reason against it."""
    _simple_app(app, closure)
    assert app.predictor is not None
    tree = ast.parse(text)
    found = Plan()
    for statement in tree.body:
        if statement.lineno in found.places:
            raise NotNative(f"line {statement.lineno} holds several statements")
        found.places[statement.lineno] = _place(text, tree, statement, app.predictor.name, found)
    class_ = next((node for node in tree.body if found.places[node.lineno] == "handler"), None)
    if not isinstance(class_, ast.ClassDef):
        raise NotNative("its predictor's class stands inside another statement")
    _free_names(tree, class_)
    _class(app, class_, found)
    _functions(app, tree, class_, found)
    return NativeSource(text=text, places=found.places, loaded=[], imports=found.imports, job="", aliases=[])


def _simple_app(app: App, closure: list[str]) -> None:
    """The app has one file, no image, and an answer that a single expression makes."""
    predictor, output = app.predictor, app.endpoints[0].output
    assert predictor is not None
    if closure != [app.entry]:
        raise NotNative("it consists of several modules")
    if not predictor.method:
        raise NotNative("its predictor is a function")
    if predictor.kind not in ("sync", "async"):
        raise NotNative("it streams")
    if app.environment.kind != "requirements":
        raise NotNative("its image holds the whole folder")
    if predictor.weights or predictor.prepare or predictor.cancel or predictor.healthcheck or predictor.uses_arguments:
        raise NotNative("setup() does more than to load it")
    answer: OutputField | None = output.fields[0] if output.wrap else None
    if answer is None or answer.optional or not (answer.media or answer.annotation in PLAIN):
        raise NotNative("its answer is neither a file nor a plain value")
    if any(entry.media in ("file", "files") or entry.computed for entry in app.endpoints[0].input.fields):
        raise NotNative("it takes open files, or its code computes a default")


def _place(text: str, tree: ast.Module, statement: ast.stmt, name: str, found: Plan) -> Place:
    match statement:
        case ast.ClassDef() if statement.name == name:
            return "handler"
        case ast.If() if is_main_test(statement.test):
            return "drop"
        case ast.Import() | ast.ImportFrom():
            return _import(text, statement, found)
        case ast.Expr(value=ast.Constant()):
            return "drop"
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return "top"
        case ast.Assign(targets=[ast.Subscript() | ast.Attribute()]) | ast.Expr(value=ast.Call()):
            return "setup"
        case ast.Assign():
            names = [one for one, _ in assigned(statement)]
            stores = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)]
            if not _is_literal(statement.value) or any(stores.count(one) != 1 for one in names) or not names:
                raise NotNative(f"line {statement.lineno} makes a value while the file is imported")
            return "top"
    raise NotNative(f"line {statement.lineno} runs code while the file is imported")


def _is_literal(node: ast.expr | None) -> bool:
    try:
        ast.literal_eval(node) if node is not None else None
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return node is not None


def _import(text: str, statement: ast.Import | ast.ImportFrom, found: Plan) -> Place:
    if isinstance(statement, ast.ImportFrom) and (statement.level or statement.names[0].name == "*" or statement.module == "__future__"):
        raise NotNative("it imports relatively, with a star, or from __future__")
    modules = [alias.name for alias in statement.names] if isinstance(statement, ast.Import) else [str(statement.module)]
    tops = {module.partition(".")[0] for module in modules}
    if weights.MODULE in tops:
        raise NotNative("its code fetches model files by another module")
    if tops & {"fastapi", "starlette", "pydantic", "fal", "cog"}:
        raise NotNative("it imports a package of the app's own")
    if tops <= sys.stdlib_module_names:
        return "top"
    if tops & sys.stdlib_module_names:
        raise NotNative("an import statement mixes the standard library and packages")
    for alias in statement.names:
        found.imports[alias.asname or alias.name.partition(".")[0]] = ast.get_source_segment(text, statement) or ""
    return "setup"


def _free_names(tree: ast.Module, class_: ast.ClassDef) -> None:
    """No name of the file is one of the app file's, but for what both import alike; the class is not named by its own code."""
    alike = {"Path": "pathlib.Path", "Any": "typing.Any", "Literal": "typing.Literal", "Annotated": "typing.Annotated"}
    bound = {found.name for found in imports(tree) if alike.get(found.name) != found.dotted}
    bound |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    bound |= {node.name for node in tree.body if isinstance(node, FunctionNode)}
    bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    if taken := sorted(bound & OWN):
        raise NotNative(f"`{taken[0]}` is also a name of the app file")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in UNREADABLE | {class_.name} and not _in_main_block(tree, node):
            raise NotNative(f"its code uses the name `{node.id}`")
        if isinstance(node, ast.Global | ast.Nonlocal):
            raise NotNative("a function rebinds a global name")


def _in_main_block(tree: ast.Module, node: ast.AST) -> bool:
    return any(
        node is inner
        for statement in tree.body
        if isinstance(statement, ast.If) and is_main_test(statement.test)
        for inner in ast.walk(statement)
    )


def _class(app: App, class_: ast.ClassDef, found: Plan) -> None:
    """The class has methods and nothing else, and none of its names is one of `fal.App`'s."""
    assert app.predictor is not None
    if class_.bases or class_.keywords or class_.decorator_list:
        raise NotNative("its class is derived or decorated")
    methods: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}
    for statement in class_.body:
        if isinstance(statement, FunctionNode):
            methods[statement.name] = statement
        elif not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            raise NotNative(f"line {statement.lineno} stands in the class beside its methods")
    predict = methods.pop(app.predictor.method)
    names = {node.attr for node in ast.walk(class_) if isinstance(node, ast.Attribute) and _is_self(node.value)} | set(methods) - {"setup"}
    taken = sorted((names & (APP_ATTRIBUTES | {app.endpoints[0].method, predict.name})) | {name for name in names if name.startswith("__")})
    if taken:
        raise NotNative(f"`self.{taken[0]}` is a name that fal.App uses itself")
    if any(_first(method) != "self" or method.decorator_list for method in methods.values()) or _first(predict) != "self":
        raise NotNative("its methods are decorated")
    if any(ast.unparse(decorator) not in CONTEXTS or app.predictor.kind != "sync" for decorator in predict.decorator_list):
        raise NotNative("its method is decorated")
    if "setup" in methods and len(methods["setup"].args.args) != 1:
        raise NotNative("its setup takes arguments")
    _predict(app, predict)


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _first(method: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    return method.args.args[0].arg if method.args.args else ""


def _predict(app: App, predict: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """The method's inputs are local names of its own, and every path through it answers."""
    inputs = {argument.arg for argument in [*predict.args.args[1:], *predict.args.kwonlyargs]}
    if (
        predict.args.vararg
        or predict.args.kwarg
        or predict.args.posonlyargs
        or inputs != {found.name for found in app.endpoints[0].input.fields}
    ):
        raise NotNative("its method takes other arguments than its inputs")
    for node in ast.walk(predict):
        if isinstance(node, FunctionNode | ast.Lambda | ast.ClassDef) and node is not predict:
            raise NotNative("its method defines functions or classes of its own")
        if isinstance(node, ast.comprehension) and any(isinstance(name, ast.Name) and name.id in inputs for name in ast.walk(node.target)):
            raise NotNative("a comprehension rebinds an input")
        if isinstance(node, ast.Return) and node.value is None:
            raise NotNative("its method may answer nothing")
        if isinstance(node, ast.Try) and (node.finalbody or any(handler.type is None for handler in node.handlers)):
            raise NotNative("its method cleans up, which a cancelled request has to reach, too")
    if not always_answers(predict.body):
        raise NotNative("its method may answer nothing")


def _functions(app: App, tree: ast.Module, class_: ast.ClassDef, found: Plan) -> None:
    """What is evaluated while functions are defined needs nothing heavy, and no function hides an import."""
    assert app.predictor is not None
    rewritten = [node for node in class_.body if isinstance(node, FunctionNode) and node.name in ("setup", app.predictor.method)]
    heavy = set(found.imports)
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.arg in heavy:
            raise NotNative(f"`{node.arg}` is also the name of a parameter")
        if isinstance(node, ast.Name) and node.id in heavy and not isinstance(node.ctx, ast.Load):
            raise NotNative(f"`{node.id}` is also a local name")
    for function in [node for node in ast.walk(tree) if isinstance(node, FunctionNode)]:
        args = function.args
        outside: list[ast.expr | None] = []
        if function not in rewritten:
            outside += [*function.decorator_list, *args.defaults, *args.kw_defaults]
            outside += [argument.annotation for argument in ast.walk(args) if isinstance(argument, ast.arg)] + [function.returns]
        used = {node.id for part in outside if part is not None for node in ast.walk(part) if isinstance(node, ast.Name)}
        if used & heavy:
            raise NotNative(f"the definition of `{function.name}` needs `{sorted(used & heavy)[0]}` while the file is imported")
