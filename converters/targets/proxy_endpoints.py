"""The endpoints of a proxy: one per operation of the OpenAPI document, with what goes where in the server's own request."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from converters.concepts.literals import source_of, string
from converters.concepts.names import is_name
from converters.escape import docstring
from converters.targets.json_models import Models, field_names

METHODS = ("get", "post", "put", "patch", "delete")
OWN = frozenset(
    {"setup", "wait", "health", "teardown", "forward", "server", "client", "provide_hints", "handle_exit", "serve", "image", "requirements"}
)
MEDIA = {"image": "Image", "video": "Video", "audio": "Audio"}
SKIPPED = frozenset({"/health", "/openapi.json", "/docs", "/redoc"})
"""fal answers these for every app itself."""


@dataclass
class Operation:
    """One endpoint. `path` is fal's, `target` the server's with `{name}` for path parameters."""

    path: str
    method: str
    target: str
    name: str
    summary: str
    model: str = ""
    in_path: list[str] = field(default_factory=list)
    query: list[str] = field(default_factory=list)
    json: str = ""
    """`` (no body), `fields` (what is left of the input) or `body` (one field of it)."""
    files: list[str] = field(default_factory=list)
    """Keys of uploads."""
    uploads: dict[str, str] = field(default_factory=dict)
    """Key of an upload -> name of its field."""
    output: str = "Response"
    """The annotation from which fal's OpenAPI document is made; what is returned is the server's own answer."""
    form: bool = False
    multipart: bool = False


def operations(document: dict[str, Any], models: Models) -> list[Operation]:
    """All operations that an endpoint can stand for, in the order of the document."""
    found: list[Operation] = []
    paths: set[str] = set()
    names: set[str] = set(OWN)
    for target, item in document.get("paths", {}).items():
        for method in METHODS:
            stated = item.get(method) if isinstance(item, dict) else None
            if isinstance(stated, dict) and str(target).startswith("/") and target not in SKIPPED:
                found.append(
                    _operation(
                        str(target),
                        method,
                        {**stated, "parameters": [*item.get("parameters", []), *stated.get("parameters", [])]},
                        models,
                        paths,
                        names,
                    )
                )
    return found


def _operation(target: str, method: str, stated: dict[str, Any], models: Models, paths: set[str], names: set[str]) -> Operation:
    path = re.sub(r"\{(\w+)[^}]*\}", r"\1", target).rstrip("/") or "/"
    if path in paths:
        path = f"{path.rstrip('/')}/{method}"
    while path in paths:
        path += "-2"
    paths.add(path)
    name = re.sub(r"\W+", "_", str(stated.get("summary") or stated.get("operationId") or target).lower()).strip("_") or "endpoint"
    name = f"call_{name}" if name[0].isdigit() else name
    base, number = name, 2
    while name in names or not is_name(name):
        name, number = f"{base}_{number}", number + 1
    names.add(name)
    made = Operation(path, method.upper(), target, name, str(stated.get("summary") or stated.get("description") or ""))
    _inputs(made, stated, models)
    made.output = _output(made, stated, models)
    return made


def _output(made: Operation, stated: dict[str, Any], models: Models) -> str:
    """JSON by its schema, media as the toolkit's file of that kind, anything else as it comes."""
    responses = stated.get("responses") or {}
    answer: dict[str, Any] = next((responses[code] for code in ("200", "201", "default") if isinstance(responses.get(code), dict)), {})
    content = answer.get("content") or {}
    if "application/json" in content:
        annotation = models.annotation(content["application/json"].get("schema") or {})
        return annotation if annotation not in ("Any", "None") else "Response"
    kind = next((known for one in content if (known := one.split("/")[0]) in MEDIA), "")
    if not kind:
        return "Response"
    name = models.fresh("".join(part.title() for part in made.name.split("_")) + "Output")
    models.classes.append(f"class {name}(BaseModel):\n    {kind}: {MEDIA[kind]}")
    return name


def _inputs(made: Operation, stated: dict[str, Any], models: Models) -> None:
    properties: dict[str, Any] = {}
    required: list[str] = []
    for parameter in stated["parameters"]:
        if not isinstance(parameter, dict) or parameter.get("in") not in ("path", "query"):
            continue
        key = str(parameter.get("name"))
        properties[key] = {
            **(parameter.get("schema") or {}),
            **({"description": parameter["description"]} if parameter.get("description") else {}),
        }
        required += [key] if parameter.get("required") else []
        (made.in_path if parameter["in"] == "path" else made.query).append(key)
    content = (stated.get("requestBody") or {}).get("content") or {}
    kind = next((one for one in ("application/json", "multipart/form-data", "application/x-www-form-urlencoded") if one in content), "")
    if kind:
        schema = models.resolve(content[kind].get("schema"))
        made.form, made.multipart = kind != "application/json", kind == "multipart/form-data"
        if (
            schema.get("type") == "object"
            and isinstance(schema.get("properties"), dict)
            and not (schema["properties"].keys() & properties.keys())
        ):
            made.json = "fields"
            required += [key for key in schema.get("required", []) if key in schema["properties"]]
            for key, value in schema["properties"].items():
                properties[key] = value
                if _binary(value):
                    made.files.append(key)
        elif "body" not in properties:
            made.json = "body"
            properties["body"] = content[kind].get("schema") or {}
            required.append("body")
    if properties or made.json:
        made.model = models.fresh("".join(part.title() for part in made.name.split("_")) + "Input")
        shown = {key: ({"x-file": True} if key in made.files else value) for key, value in properties.items()}
        text = models.render(made.model, {"properties": shown, "required": required})
        names = field_names(properties)
        models.classes.append(_file_fields(text, {names[key]: properties[key] for key in made.files}))
        made.uploads = {key: names[key] for key in made.files}


def _binary(schema: Any) -> bool:
    return isinstance(schema, dict) and (
        "binary" in str(schema.get("format", ""))
        or "contentMediaType" in schema
        or any(_binary(one) for one in [*schema.get("anyOf", []), schema.get("items")])
    )


def _file_fields(text: str, files: dict[str, Any]) -> str:
    """Uploads become URL inputs. `files`: name of the field -> schema."""
    for name, schema in files.items():
        many = isinstance(schema, dict) and schema.get("type") == "array"
        text = re.sub(rf"(?m)^(\s+{re.escape(name)}): Any\b", rf"\1: {'list[File]' if many else 'File'}", text)
        text = re.sub(rf"(?m)^(\s+{re.escape(name)}: (?:list\[File\]|File)) = (None|Field\(default=None)", r"\1 | None = \2", text)
    return text


def source(operation: Operation) -> str:
    """The method of the class."""
    lines = [f"    @fal.endpoint({string(operation.path)})"]
    argument = f", input: {operation.model}" if operation.model else ""
    lines.append(f"    def {operation.name}(self{argument}, request: Request) -> {operation.output}:")
    if operation.summary:
        lines.append(f"        {docstring(operation.summary)}")
    lines += [f"        {line}" for line in _body(operation)]
    return "\n".join(lines)


def _body(operation: Operation) -> list[str]:
    if not operation.model:
        return [f"return self.forward(request, {string(operation.method)}, {string(operation.target)})"]
    excluded = f", exclude={source_of(set(operation.uploads.values()))}" if operation.files else ""
    lines = [f'body = input.model_dump(mode="json", by_alias=True, exclude_unset=True{excluded})']
    path = string(operation.target)
    for key in operation.in_path:
        path += f'.replace({string("{" + key + "}")}, quote(str(body.pop({string(key)})), safe=""))'
    arguments = []
    if operation.query:
        lines.append(f"params = {{key: body.pop(key) for key in {source_of(tuple(operation.query))} if key in body}}")
        arguments.append("params=params")
    if operation.files:
        pairs = source_of(tuple(operation.uploads.items()))
        lines += [f"files = [(key, upload(file)) for key, name in {pairs} for file in listed(getattr(input, name))]"]
        arguments += ["data=body", "files=files"]
    elif operation.multipart:
        arguments.append("files=[(key, (None, str(value))) for key, value in body.items()]")
    elif operation.form:
        arguments.append("data=body")
    elif operation.json:
        arguments.append("json=body" if operation.json == "fields" else 'json=body["body"]')
    tail = "".join(f", {one}" for one in arguments)
    return [*lines, f"return self.forward(request, {string(operation.method)}, {path}{tail})"]
