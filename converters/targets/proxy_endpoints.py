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
BODIES = ("application/json", "multipart/form-data", "application/x-www-form-urlencoded")
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
    headers: list[str] = field(default_factory=list)
    """In lower case. A header may also come with the caller's request, so that no input for one is required."""
    cookies: list[str] = field(default_factory=list)
    json: str = ""
    """`` (no body), `fields` (what is left of the input) or `body` (one field of it)."""
    raw: str = ""
    """The media type of a body that is no JSON and no form: one field `body`, a file where it is not text."""
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
    schemes = (document.get("components") or {}).get("securitySchemes") or {}
    whole = document.get("security")
    for target, item in document.get("paths", {}).items():
        for method in METHODS:
            stated = item.get(method) if isinstance(item, dict) else None
            if isinstance(stated, dict) and str(target).startswith("/") and target not in SKIPPED:
                parameters = [_shared(one, document) for one in (*item.get("parameters", []), *stated.get("parameters", []))]
                stated = {**stated, "parameters": parameters, "security": stated.get("security", whole)}
                made = _operation(str(target), method, stated, paths, names)
                _inputs(made, stated, models, schemes if isinstance(schemes, dict) else {})
                made.output = _output(made, stated, models)
                found.append(made)
    return found


def _shared(parameter: Any, document: dict[str, Any]) -> Any:
    """The parameter, or the one among the components that it refers to."""
    reference = parameter.get("$ref") if isinstance(parameter, dict) else None
    shared = (document.get("components") or {}).get("parameters")
    return shared.get(str(reference).rsplit("/", 1)[-1]) if reference and isinstance(shared, dict) else parameter


def _operation(target: str, method: str, stated: dict[str, Any], paths: set[str], names: set[str]) -> Operation:
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
    return Operation(path, method.upper(), target, name, str(stated.get("summary") or stated.get("description") or ""))


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


def _inputs(made: Operation, stated: dict[str, Any], models: Models, schemes: dict[str, Any]) -> None:
    properties: dict[str, Any] = {}
    required: list[str] = []
    for parameter in [*stated["parameters"], *_keys(stated.get("security"), schemes)]:
        place = parameter.get("in") if isinstance(parameter, dict) else None
        if place not in ("path", "query", "header", "cookie"):
            continue
        key = str(parameter.get("name"))
        key = key.lower() if place == "header" else key
        if key in properties:
            continue
        properties[key] = {
            **(parameter.get("schema") or {}),
            **({"description": parameter["description"]} if parameter.get("description") else {}),
        }
        required += [key] if parameter.get("required") and place in ("path", "query") else []
        {"path": made.in_path, "query": made.query, "header": made.headers, "cookie": made.cookies}[str(place)].append(key)
    content = (stated.get("requestBody") or {}).get("content") or {}
    kind = next((one for one in BODIES if one in content), "")
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
    elif content and "body" not in properties:
        made.raw = next(iter(content))
        properties["body"] = {"type": "string"} if made.raw.startswith("text/") else {"format": "binary"}
        made.files += [] if made.raw.startswith("text/") else ["body"]
        required += ["body"] if (stated.get("requestBody") or {}).get("required") else []
    if properties or made.json:
        made.model = models.fresh("".join(part.title() for part in made.name.split("_")) + "Input")
        shown = {key: ({"x-file": True} if key in made.files else value) for key, value in properties.items()}
        text = models.render(made.model, {"properties": shown, "required": required})
        names = field_names(properties)
        models.classes.append(_file_fields(text, {names[key]: properties[key] for key in made.files}))
        made.uploads = {key: names[key] for key in made.files}


def _keys(security: Any, schemes: dict[str, Any]) -> list[dict[str, Any]]:
    """What security schemes ask callers for, as parameters; a caller's own Authorization is the key for fal."""
    found = []
    for name in [name for one in security or () if isinstance(one, dict) for name in one] if isinstance(security, list) else []:
        scheme = schemes.get(name)
        if not isinstance(scheme, dict):
            continue
        if scheme.get("type") == "apiKey" and isinstance(scheme.get("name"), str):
            found.append({"name": scheme["name"], "in": scheme.get("in"), "schema": {"type": "string"}})
        elif scheme.get("type") in ("http", "oauth2", "openIdConnect"):
            kind = "Basic ..." if scheme.get("scheme") == "basic" else "Bearer ..."
            schema = {"type": "string", "description": f"What the server takes as Authorization: {kind}"}
            found.append({"name": "authorization", "in": "header", "schema": schema})
    return found


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
    if operation.headers:
        lines.append(f"headers = {{key: str(body.pop(key)) for key in {source_of(tuple(operation.headers))} if body.get(key) is not None}}")
        arguments.append("headers=headers")
    if operation.cookies:
        lines.append(f"cookies = {{key: str(body.pop(key)) for key in {source_of(tuple(operation.cookies))} if body.get(key) is not None}}")
        arguments.append("cookies=cookies")
    if operation.query:
        lines.append(f"params = {{key: body.pop(key) for key in {source_of(tuple(operation.query))} if key in body}}")
        arguments.append("params=params")
    if operation.raw:
        arguments.append('content=body.get("body", "")' if not operation.files else "file=input.body")
    elif operation.files:
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
