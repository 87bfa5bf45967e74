"""What a predictor answers: its return annotation, checked against what its body does."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from converters.ir import HandlerKind, InputSchema, Origin, OutputField, OutputModel, OutputSchema
from converters.python.code import Code, Found
from converters.python.module import Module
from converters.python.unparsed import unparse
from converters.sources.replicate import input_types, media
from converters.sources.replicate.input_types import LISTS, meaning
from converters.sources.replicate.predictor import Method, ancestry
from converters.sources.replicate.results import is_json, may_answer_nothing

CONCATENATE = frozenset({"cog.ConcatenateIterator", "cog.AsyncConcatenateIterator", "cog.types.ConcatenateIterator"})
ITERATORS = CONCATENATE | {
    "cog.types.AsyncConcatenateIterator",
    *(
        f"{where}{name}"
        for where in ("", "typing.", "collections.abc.")
        for name in ("Iterator", "AsyncIterator", "Generator", "AsyncGenerator", "Iterable", "AsyncIterable")
    ),
}
MODELS = frozenset({"cog.BaseModel", "pydantic.BaseModel", "typing.TypedDict", "typing_extensions.TypedDict", "typing.NamedTuple"})
DATACLASS = frozenset({"dataclasses.dataclass", "pydantic.dataclasses.dataclass"})


@dataclass
class Outputs:
    """`kind`: how the predictor answers, by body and annotation together; `remarks`: where the two disagree."""

    schema: OutputSchema
    kind: HandlerKind
    remarks: list[str] = field(default_factory=list)
    annotated: ast.expr | None = None


def read(code: Code, method: Method, kind: HandlerKind, inputs: InputSchema) -> Outputs:
    """The output of a method and whether it is a stream."""
    node, module = method.node.returns, method.module
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            node = ast.parse(node.value, mode="eval").body
        except (SyntaxError, ValueError):
            node = None
    found = Outputs(OutputSchema(opaque=False), kind, annotated=node)
    stream, item = _stream(code, module, node)
    yields = kind in ("generator", "async_generator")
    if stream and not yields:
        found.kind = "generator" if kind == "sync" else "async_generator" if kind == "async" else kind
        if kind == "async":
            found.remarks.append("returns a stream that it does not yield itself")
    elif yields and not stream and node is not None:
        item = _list_item(code, module, node) or node
        found.remarks.append(f"is annotated `{unparse(node)}` but yields: it is served as a stream")
    elif yields and node is not None and _synchronous(code, module, node) and kind == "async_generator":
        found.remarks.append(f"is annotated `{unparse(node)}` but is an async generator: it is served as one")
    if found.kind in ("generator", "async_generator"):
        _fill(code, method, item, found, inputs, many=True)
    else:
        _fill(code, method, node, found, inputs, many=False)
    return found


def _stream(code: Code, module: Module, node: ast.expr | None) -> tuple[bool, ast.expr | None]:
    """Whether an annotation is an iterator, and of what."""
    if isinstance(node, ast.Subscript) and meaning(code, module, node.value) in ITERATORS:
        return True, node.slice.elts[0] if isinstance(node.slice, ast.Tuple) else node.slice
    return (node is not None and meaning(code, module, node) in ITERATORS), None


def _synchronous(code: Code, module: Module, node: ast.expr) -> bool:
    name = meaning(code, module, node.value if isinstance(node, ast.Subscript) else node)
    return "Async" not in name


def _list_item(code: Code, module: Module, node: ast.expr) -> ast.expr | None:
    return node.slice if isinstance(node, ast.Subscript) and meaning(code, module, node.value) in LISTS else None


def _fill(code: Code, method: Method, node: ast.expr | None, found: Outputs, inputs: InputSchema, *, many: bool) -> None:
    schema, module = found.schema, method.module
    origin = Origin(file=module.path, line=method.node.lineno)
    if node is None:
        node = _guess(code, method)
    if not many and node is not None and (item := _list_item(code, module, node)) is not None:
        many, node = True, item
    model = _model(code, module, node)
    if model is not None and not many:
        schema.annotation, schema.fields = "Output", _fields(code, model, schema, 0)
        return
    schema.annotation = "Output"
    if model is not None:
        _add_model(code, model, schema, 0)
        schema.wrap = "output"
        schema.fields = [OutputField(name="output", annotation=f"list[{_class_name(model)}]", origin=origin)]
        return
    type_ = input_types.read(code, module, node) if node is not None else input_types.Type("Any")
    if type_.media in ("path", "file"):
        kind = media.kind_of(code, method, inputs)
        name = {"audio": "audio"}.get(kind, f"{kind}s") if many else kind
        optional = (type_.nullable or may_answer_nothing(method)) and not many
        schema.wrap = name
        schema.fields = [OutputField(name=name, annotation=kind.title(), media=kind, many=many, optional=optional, origin=origin)]
        return
    source = "Any" if type_.problem or type_.media else type_.source
    schema.wrap = "output"
    schema.fields = [OutputField(name="output", annotation=f"list[{source}]" if many else source, origin=origin)]
    schema.is_json = is_json(method, inputs)


def _guess(code: Code, method: Method) -> ast.expr | None:
    """The type of a result that is not annotated, by the values that the body returns or yields: a path, or text."""
    values = media.results(method)
    names = [media.shape(code, method, value) for value in values]
    known = {name for name in names if name}
    return ast.Name(known.pop()) if len(known) == 1 and all(names) else None


def _model(code: Code, module: Module, node: ast.expr | None) -> Found | None:
    """The project's class behind an annotation, where it is a model, a dataclass or a typed dictionary."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        node = ast.Name(node.value)
    found = code.function(module, node) if isinstance(node, ast.Name | ast.Attribute) else None
    if found is None or not isinstance(found.node, ast.ClassDef):
        return None
    return found if is_model(code, found.module, found.node) else None


def is_model(code: Code, module: Module, node: ast.ClassDef) -> bool:
    """Whether a class, or one it is derived from, holds declared fields."""
    for where, owner in ancestry(code, module, node):
        if any(meaning(code, where, base) in MODELS for base in owner.bases):
            return True
        if any(meaning(code, where, d.func if isinstance(d, ast.Call) else d) in DATACLASS for d in owner.decorator_list):
            return True
    return False


def _class_name(found: Found) -> str:
    assert isinstance(found.node, ast.ClassDef)
    name = found.node.name
    return f"{name}Item" if name in ("Input", "Output", "Image", "Video", "Audio", "File", "Path") else name


def _add_model(code: Code, found: Found, schema: OutputSchema, depth: int) -> None:
    name = _class_name(found)
    if depth < 5 and all(model.name != name for model in schema.models):
        made = OutputModel(name=name)
        made.fields = _fields(code, found, schema, depth + 1)
        schema.models.append(made)


def _fields(code: Code, found: Found, schema: OutputSchema, depth: int) -> list[OutputField]:
    assert isinstance(found.node, ast.ClassDef)
    fields: dict[str, OutputField] = {}
    line = list(ancestry(code, found.module, found.node))
    of_cog = any(meaning(code, module, base) == "cog.BaseModel" for module, owner in line for base in owner.bases)
    for module, owner in reversed(line):
        for statement in owner.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                name = statement.target.id
                fields[name] = _field(code, module, name, statement, schema, depth)
                schema.omits = schema.omits or (of_cog and is_omittable(code, module, statement))
    return list(fields.values())


def is_omittable(code: Code, module: Module, statement: ast.stmt) -> bool:
    """Whether a field may be None and states no default: up to Cog 0.16 a result could go without it, and the answer then had no such key.

    Since 0.17 such a result is an error, so a class with such a field was written for Cog as it was, or always sets it.
    """
    return (
        isinstance(statement, ast.AnnAssign) and statement.value is None and input_types.read(code, module, statement.annotation).nullable
    )


def _field(code: Code, module: Module, name: str, statement: ast.AnnAssign, schema: OutputSchema, depth: int) -> OutputField:
    origin = module.origin(statement)
    node = statement.annotation
    inner = _list_item(code, module, node)
    nested = _model(code, module, inner or node)
    if nested is not None:
        _add_model(code, nested, schema, depth)
        source = f"list[{_class_name(nested)}]" if inner is not None else _class_name(nested)
        return OutputField(name=name, annotation=source, origin=origin)
    type_ = input_types.read(code, module, node)
    if type_.media in ("path", "paths"):
        many = type_.media == "paths"
        return OutputField(name=name, annotation="File", media="file", many=many, optional=type_.nullable, origin=origin)
    source = "Any" if type_.problem or type_.media else type_.source
    return OutputField(name=name, annotation=source.removesuffix(" | None"), optional=type_.nullable, origin=origin)
