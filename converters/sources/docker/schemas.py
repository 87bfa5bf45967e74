"""JSON Schemas of the types that a server's code declares: pydantic models, dataclasses, enums, typing's constructs."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from converters.python.code import Code
from converters.python.constants import NotConstant, constant
from converters.python.module import Module
from converters.sources.docker.defaults import dotted, keyword

MAX_DEPTH = 12
PLAIN: dict[str, dict[str, Any]] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "None": {"type": "null"},
    "bytes": {"type": "string", "format": "binary"},
    "dict": {"type": "object"},
    "list": {"type": "array", "items": {}},
    "tuple": {"type": "array", "items": {}},
    "set": {"type": "array", "items": {}, "uniqueItems": True},
    "Dict": {"type": "object"},
    "List": {"type": "array", "items": {}},
    "datetime": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "UUID": {"type": "string", "format": "uuid"},
    "HttpUrl": {"type": "string", "format": "uri"},
    "AnyUrl": {"type": "string", "format": "uri"},
    "AnyHttpUrl": {"type": "string", "format": "uri"},
    "EmailStr": {"type": "string", "format": "email"},
    "Decimal": {"type": "number"},
    "UploadFile": {"type": "string", "format": "binary"},
    "Path": {"type": "string", "format": "path"},
    "PositiveInt": {"type": "integer", "exclusiveMinimum": 0},
    "PositiveFloat": {"type": "number", "exclusiveMinimum": 0},
    "NonNegativeInt": {"type": "integer", "minimum": 0},
    "NonNegativeFloat": {"type": "number", "minimum": 0},
    "StrictStr": {"type": "string"},
    "StrictInt": {"type": "integer"},
    "StrictFloat": {"type": "number"},
    "StrictBool": {"type": "boolean"},
}
CONSTRAINTS = {
    "ge": "minimum",
    "le": "maximum",
    "gt": "exclusiveMinimum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
    "pattern": "pattern",
    "regex": "pattern",
}
LENGTHS = {
    "min_length": ("minLength", "minItems"),
    "max_length": ("maxLength", "maxItems"),
    "min_items": ("minItems", "minItems"),
    "max_items": ("maxItems", "maxItems"),
}
MODELS = frozenset({"BaseModel", "SQLModel", "RootModel", "TypedDict", "FalBaseModel", "GenericModel"})


@dataclass
class Schemas:
    """Collects the models that annotations name, under `#/components/schemas`."""

    code: Code
    components: dict[str, dict[str, Any]] = field(default_factory=dict)
    security: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The security schemes that operations name, under `#/components/securitySchemes`."""
    _names: dict[tuple[str, str], str] = field(default_factory=dict)

    def of(self, module: Module, node: ast.expr | None, depth: int = 0) -> dict[str, Any]:
        """The schema of an annotation; `{}` (anything) where it cannot be told."""
        if node is None or depth > MAX_DEPTH:
            return {}
        if isinstance(node, ast.Constant):
            return self._constant(module, node, depth)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return self._union(module, [node.left, node.right], depth)
        if isinstance(node, ast.Subscript):
            return self._subscript(module, node, depth)
        name = dotted(node)
        last = name.rsplit(".", 1)[-1]
        if last in ("Any", "object"):
            return {}
        if (known := self._model(module, node, depth)) is not None:
            return known
        if last in PLAIN:
            return dict(PLAIN[last])
        return self._alias(module, node, depth)

    def _constant(self, module: Module, node: ast.Constant, depth: int) -> dict[str, Any]:
        if node.value is None:
            return {"type": "null"}
        if isinstance(node.value, str):
            try:
                return self.of(module, ast.parse(node.value, mode="eval").body, depth + 1)
            except (SyntaxError, ValueError):
                return {}
        return {}

    def _alias(self, module: Module, node: ast.expr, depth: int) -> dict[str, Any]:
        if not isinstance(node, ast.Name):
            return {}
        found = self.code.definition(module, node.id)
        if found is not None and isinstance(found.node, ast.Subscript | ast.BinOp | ast.Name) and found.node is not node:
            return self.of(found.module, found.node, depth + 1)
        return {}

    def _union(self, module: Module, nodes: list[ast.expr], depth: int) -> dict[str, Any]:
        parts: list[dict[str, Any]] = []
        for one in nodes:
            made = self.of(module, one, depth + 1)
            parts += made["anyOf"] if set(made) == {"anyOf"} else [made]
        if any(not part for part in parts):
            return {}
        unique = [part for index, part in enumerate(parts) if part not in parts[:index]]
        return unique[0] if len(unique) == 1 else {"anyOf": unique}

    def _subscript(self, module: Module, node: ast.Subscript, depth: int) -> dict[str, Any]:
        last = dotted(node.value).rsplit(".", 1)[-1]
        inner = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
        if last == "Annotated" and inner:
            made = self.of(module, inner[0], depth + 1)
            for extra in inner[1:]:
                if isinstance(extra, ast.Call):
                    made = {**made, **self.constraints(module, extra, made)}
            return made
        if last == "Optional":
            return self._union(module, [*inner, ast.Constant(None)], depth)
        if last == "Union":
            return self._union(module, inner, depth)
        if last == "Literal":
            return _enumeration(self._values(module, inner))
        if last in ("dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "OrderedDict"):
            value = self.of(module, inner[1], depth + 1) if len(inner) > 1 else {}
            return {"type": "object", "additionalProperties": value} if value else {"type": "object"}
        if last in ("set", "Set", "frozenset", "FrozenSet"):
            return {"type": "array", "items": self.of(module, inner[0], depth + 1), "uniqueItems": True}
        if last in ("list", "List", "Sequence", "Iterable", "tuple", "Tuple", "conlist", "Collection", "deque"):
            return {"type": "array", "items": self.of(module, inner[0], depth + 1)}
        if last in ("type", "Type", "ClassVar", "Callable"):
            return {}
        return self.of(module, node.value, depth + 1)

    def _values(self, module: Module, nodes: list[ast.expr]) -> list[Any]:
        found = []
        for one in nodes:
            try:
                found.append(constant(self.code, module, one))
            except NotConstant:
                continue
        return found

    def _model(self, module: Module, node: ast.expr, depth: int) -> dict[str, Any] | None:
        found = self.code.function(module, node)
        if found is None or not isinstance(found.node, ast.ClassDef):
            return None
        key = (found.module.path, found.node.name)
        if key not in self._names:
            bases = self._lineage(found.module, found.node)
            names = {dotted(base).rsplit(".", 1)[-1] for _, one in bases for base in one.bases}
            decorated = any("dataclass" in dotted(one) for one in found.node.decorator_list)
            if names & {"Enum", "StrEnum", "IntEnum"}:
                return self._enum(found.module, found.node)
            if not names & MODELS and not decorated:
                return None
            name = found.node.name
            while name in self.components:
                name += "_"
            self._names[key] = name
            self.components[name] = {"type": "object", "title": found.node.name}
            self.components[name] = self._object(found.node, bases, depth)
        return {"$ref": f"#/components/schemas/{self._names[key]}"}

    def _enum(self, module: Module, node: ast.ClassDef) -> dict[str, Any]:
        values = [one.value for one in node.body if isinstance(one, ast.Assign)]
        return _enumeration(self._values(module, values))

    def _lineage(self, module: Module, node: ast.ClassDef, depth: int = 0) -> list[tuple[Module, ast.ClassDef]]:
        """The class and its bases in the project, the furthest first."""
        found: list[tuple[Module, ast.ClassDef]] = []
        for base in node.bases if depth < 6 else ():
            parent = self.code.function(module, base)
            if parent is not None and isinstance(parent.node, ast.ClassDef) and parent.node is not node:
                found += self._lineage(parent.module, parent.node, depth + 1)
        return [*found, (module, node)]

    def _object(self, node: ast.ClassDef, bases: list[tuple[Module, ast.ClassDef]], depth: int) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        required: list[str] = []
        for module, one in bases:
            for statement in one.body:
                if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
                    continue
                name = statement.target.id
                if name.startswith("_") or dotted(statement.annotation).endswith("ClassVar") or name == "model_config":
                    continue
                name, made, needed = self.member(module, name, statement.annotation, statement.value, depth)
                properties[name] = made
                required = [known for known in required if known != name] + ([name] if needed else [])
        found: dict[str, Any] = {"type": "object", "title": node.name, "properties": properties}
        if required:
            found["required"] = required
        text = ast.get_docstring(node)
        if text:
            found["description"] = text.strip().splitlines()[0]
        return found

    def member(
        self, module: Module, name: str, annotation: ast.expr | None, value: ast.expr | None, depth: int = 0
    ) -> tuple[str, dict[str, Any], bool]:
        """(key, schema, required) of a field or parameter."""
        made = self.of(module, annotation, depth + 1)
        default: ast.expr | None = value
        needed = value is None or (isinstance(value, ast.Constant) and value.value is ...)
        for extra in _annotated(annotation):
            name = self._alias_of(module, extra) or name
        if isinstance(value, ast.Call) and dotted(value.func).rsplit(".", 1)[-1] in (
            "Field",
            "Query",
            "Body",
            "Form",
            "File",
            "Path",
            "Header",
            "Cookie",
            "field",
        ):
            made = {**made, **self.constraints(module, value, made)}
            name = self._alias_of(module, value) or name
            default = keyword(value, "default") or (value.args[0] if value.args else None)
            factory = keyword(value, "default_factory")
            needed = factory is None and (default is None or (isinstance(default, ast.Constant) and default.value is ...))
            default = None if needed else default
        if not needed and default is not None:
            try:
                plain = constant(self.code, module, default)
                made = {**made, "default": plain} if isinstance(plain, str | int | float | bool | list | dict) or plain is None else made
            except NotConstant:
                pass
        return name, made, needed

    def _alias_of(self, module: Module, call: ast.expr) -> str | None:
        alias = keyword(call, "alias") if isinstance(call, ast.Call) else None
        return alias.value if isinstance(alias, ast.Constant) and isinstance(alias.value, str) else None

    def constraints(self, module: Module, call: ast.Call, made: dict[str, Any]) -> dict[str, Any]:
        """What `Field(...)` says beside the type."""
        found: dict[str, Any] = {}
        for one in call.keywords:
            if one.arg in CONSTRAINTS or one.arg in LENGTHS or one.arg in ("description", "title"):
                try:
                    value = constant(self.code, module, one.value)
                except NotConstant:
                    continue
                if one.arg in LENGTHS:
                    found[LENGTHS[one.arg][made.get("type") == "array"]] = value
                elif value is not None:
                    found[CONSTRAINTS.get(one.arg or "", one.arg or "")] = value
        return found


def _annotated(annotation: ast.expr | None) -> list[ast.expr]:
    if isinstance(annotation, ast.Subscript) and dotted(annotation.value).endswith("Annotated") and isinstance(annotation.slice, ast.Tuple):
        return [one for one in annotation.slice.elts[1:] if isinstance(one, ast.Call)]
    return []


def _enumeration(values: list[Any]) -> dict[str, Any]:
    kinds = {str: "string", bool: "boolean", int: "integer", float: "number"}
    types = {kinds.get(type(value)) for value in values}
    made: dict[str, Any] = {"enum": values} if values else {}
    if len(types) == 1 and None not in types:
        made["type"] = types.pop()
    return made
