"""The parts of a generated `fal.App` that every source shares: models, settings, environment, search path."""

from __future__ import annotations

import ast
import keyword
import os.path
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from converters.concepts.fields import ALIASES, INTEGER, REAL
from converters.concepts.literals import source_of, string
from converters.concepts.names import is_identifier
from converters.escape import comment
from converters.ir import App, EnvVar, InputField, InputSchema, OutputField, Setting
from converters.python.module import nodes, tree_of
from converters.targets.templating import listing

SHADOWED = frozenset(
    {"copy", "json", "dict", "schema", "construct", "validate", "parse_obj", "parse_raw", "parse_file", "from_orm", "fields", "register"}
    | {
        "str",
        "int",
        "float",
        "bool",
        "list",
        "set",
        "tuple",
        "bytes",
        "Any",
        "Literal",
        "Number",
        "Integer",
        "Real",
        "ToInt",
        "ToFloat",
        "Annotated",
        "Field",
        "Image",
        "Video",
        "Audio",
        "File",
    }
    | {
        f"model_{name}"
        for name in ("config", "fields", "computed_fields", "dump", "dump_json", "extra", "fields_set", "construct", "copy", "json_schema")
    }
    | {f"model_{name}" for name in ("parametrized_name", "post_init", "rebuild", "validate", "validate_json", "validate_strings")}
)
"""Attributes of pydantic's BaseModel that a field of the same name would hide, and names that the annotations of other fields need."""
JSON_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
"""Bounds of a field -> keywords of JSON Schema, which an alias with a schema of its own leaves to the field."""


def aliases(app: App) -> list[str]:
    """Definitions of the types that the request's annotations name."""
    used = {word for field in all_fields(app.endpoints[0].input) for word in re.findall(r"\w+", field.annotation)}
    return [line for name, line in ALIASES.items() if name in used]


def all_fields(schema: InputSchema) -> list[InputField]:
    """The fields of a request with those of its nested objects."""
    return [inner for field in schema.fields for inner in (field, *(all_fields(field.model) if field.model else ()))]


def input_config(app: App) -> tuple[str, str]:
    """(arguments of the request model's `ConfigDict`, why it is so)."""
    schema = app.endpoints[0].input
    note = "as rp_validator" if schema.extra == "forbid" else "" if schema.fields else "the worker passes its whole input on"
    return _config(schema), note


def _config(schema: InputSchema) -> str:
    parts = [f'extra="{schema.extra}"']
    if schema.fields:
        parts.append("strict=True")
    if any(field.name.startswith("model_") for field in schema.fields):
        parts.append("protected_namespaces=()")
    return ", ".join(parts)


@dataclass(frozen=True)
class NestedModel:
    """The class of a nested object of the request."""

    name: str
    config: str
    fields: list[str]


def nested_models(app: App) -> list[NestedModel]:
    """The classes for nested objects, in the order of the fields that hold them."""
    fields = app.endpoints[0].input.fields
    names = _model_names(fields, {app.class_name, "Input", "Output"})
    return [NestedModel(names[field.name], _config(field.model), input_fields(field.model.fields)) for field in fields if field.model]


def _model_names(fields: list[InputField], taken: set[str]) -> dict[str, str]:
    """Key -> class name: `train` -> `TrainInput`."""
    found: dict[str, str] = {}
    for field in fields:
        if field.model is not None:
            name = "".join(part[:1].upper() + part[1:] for part in re.split(r"\W|_", field_name(field.name))) + "Input"
            while name in taken or name in found.values():
                name += "_"
            found[field.name] = name
    return found


def field_name(name: str) -> str:
    """The name of a model field for a key: the key itself, or a safe name with an alias."""
    stable = unicodedata.normalize("NFKC", name) == name  # Python reads names in this form, and a key stays as it is
    if stable and name not in SHADOWED and (is_identifier(name) or (name.startswith("model_") and name.isidentifier())):
        return name
    made = re.sub(r"\W+", "_", name, flags=0 if stable and name.isalpha() else re.ASCII).strip("_") or "field"
    made = f"field_{made}" if made[0].isdigit() else made
    return made if made != name and made not in SHADOWED and not keyword.iskeyword(made) else f"{made}_"


def field_names(fields: Sequence[InputField | OutputField]) -> dict[str, str]:
    """Key -> name of its model field, each name once (`max-tokens` and `max_tokens` may both be keys)."""
    found = {field.name: field.name for field in fields if field_name(field.name) == field.name}
    for field in fields:
        name = field_name(field.name)
        while field.name not in found and name in found.values():
            name += "_"
        found.setdefault(field.name, name)
    return found


def input_fields(fields: list[InputField], class_name: str = "") -> list[str]:
    """The lines of an input model; `class_name` is the app's, which no nested model may have."""
    names, models = field_names(fields), _model_names(fields, {class_name, "Input", "Output"})
    return [input_field(field, names[field.name], models.get(field.name, "")) for field in fields]


def envelope_fields(app: App) -> list[InputField]:
    """Keys that the worker reads beside its input."""
    return [InputField(name=key, annotation="Any", required=False, default="None") for key in app.envelope]


def input_field(field: InputField, name: str, model: str = "") -> str:
    """`steps: int = Field(default=25, ge=1)`, or without `Field` where a plain default says it all. `model`: class of a nested object."""
    arguments: list[str] = []
    annotation = field.annotation.replace("dict[str, Any]", model) if model else field.annotation
    constraints = dict(field.constraints)
    if "choices" in constraints:
        choices = constraints.pop("choices")
        if choices and all(isinstance(choice, str | int | bool) for choice in choices):
            annotation = "Literal[" + ", ".join(source_of(choice) for choice in choices) + "]" + (" | None" if "None" in annotation else "")
    if name != field.name:
        arguments.append(f"alias={string(field.name)}")
    arguments += [f"{key}={source_of(value)}" for key, value in constraints.items()]
    if constraints and re.search(rf"\b({INTEGER}|{REAL})\b", annotation):
        arguments.append(f"json_schema_extra={source_of({JSON_BOUNDS[key]: value for key, value in constraints.items()})}")
    if field.description:
        arguments.append(f"description={string(comment(field.description))}")
    mutable = field.default is not None and field.default[:1] in "[{"
    if not arguments and not mutable:
        return f"{name}: {annotation}" + ("" if field.required else f" = {field.default}")
    if not field.required:
        default = f"default_factory=lambda: {field.default}" if mutable else f"default={field.default}"
        default = {"default_factory=lambda: []": "default_factory=list", "default_factory=lambda: {}": "default_factory=dict"}.get(
            default, default
        )
        arguments.insert(0, default)
    return f"{name}: {annotation} = Field({', '.join(arguments)})"


def idiomatic_name(field: OutputField) -> str:
    """`image_path` is `image` on fal, which answers the file and not its path."""
    return re.sub(r"_(path|file|filename|location)$", "", field.name) if field.media else field.name


def output_field(field: OutputField) -> str:
    annotation = {"image": "Image", "video": "Video", "audio": "Audio", "file": "File"}[field.media] if field.media else field.annotation
    name = field_name(field.name)
    arguments = [f"alias={string(field.name)}"] if name != field.name else []
    if field.description:
        arguments.append(f"description={string(comment(field.description))}")
    if field.optional:
        annotation = annotation if annotation == "Any" else f"{annotation} | None"
    if not arguments:
        return f"{name}: {annotation}" + (" = None" if field.optional else "")
    if field.optional:
        arguments.insert(0, "default=None")
    return f"{name}: {annotation} = Field({', '.join(arguments)})"


def setting(setting: Setting) -> str:
    value = listing(setting.value, 4, len(setting.name)) if isinstance(setting.value, list) else source_of(setting.value)
    where = " ".join(part for part in (str(setting.origin) if setting.origin else "", setting.note) if part)
    line = f"{setting.name} = {value}"
    if where and value.startswith("[") and "\n" not in value and len(line) + len(comment(where)) + 8 > 100:
        return f"# {comment(where)}\n    {line}"
    return line + (f"  # {comment(where)}" if where else "")


def requirements(app: App) -> str:
    environment = app.environment
    if environment.layers and any(part.startswith("--") for layer in environment.layers for part in layer):
        inner = "".join(f"        {listing(layer, 8)},\n" for layer in environment.layers)
        return f"[\n{inner}    ]"
    return listing([spec.value for spec in environment.requirements], 4, 15)


def image_arguments(app: App) -> str:
    """The Dockerfile and its context, found from the app file wherever `fal` is started."""
    folder = str(PurePosixPath(app.app_file).parent)
    dockerfile = os.path.relpath(app.environment.dockerfile or "Dockerfile", folder)
    context = os.path.relpath(app.environment.context or ".", folder)
    parts = [f"str(HERE / {string(dockerfile)})", f"context_dir=HERE / {string(context)}" if context != "." else "context_dir=HERE"]
    if app.environment.build_args:
        parts.append(f"build_args={source_of(app.environment.build_args)}")
    if app.environment.build_secrets:
        parts.append(f"secrets={source_of(app.environment.build_secrets)}")
    return ", ".join(parts)


def app_files(app: App) -> list[str]:
    """Files for the runner, relative to the app file or to `app_files_context_dir`."""
    if app.environment.kind == "image":
        return []
    folder = str(PurePosixPath(app.app_file).parent)
    base = os.path.normpath(f"{folder}/{app.context_dir}") if app.context_dir else folder
    return sorted(os.path.relpath(path, base) for path in app.environment.files if path != app.app_file)


def search_path(app: App) -> list[str]:
    here = [
        "os.getcwd()" if not path else string(path) if path.startswith("/") else f"os.path.abspath({string(path)})"
        for path in app.module_path
    ]
    here = here or ["os.getcwd()"]
    if app.chdir:
        moved = [
            os.path.relpath(path or ".", app.chdir) if not path.startswith("/") and not app.chdir.startswith("/") else path
            for path in app.module_path
        ]
        here = [
            "os.getcwd()" if path in ("", ".") else string(path) if path.startswith("/") else f"os.path.abspath({string(path)})"
            for path in moved
        ] or here
    note = "  # the project's modules first, as in the worker"
    if len(here) == 1:
        return [f"sys.path.insert(0, {here[0]}){note}"]
    return [f"sys.path[:0] = [{', '.join(here)}]{note}"]


def environment_line(variable: EnvVar) -> str:
    where = f"  # {comment(str(variable.origin))}" if variable.origin else ""
    if variable.preset:
        return f"os.environ[{string(variable.name)}] = {string(variable.value or '')}{where}"
    return f"os.environ.setdefault({string(variable.name)}, {string(variable.value or '')}){where}"


def tidy(text: str) -> str:
    """No trailing blanks, at most two blank lines, one newline at the end; what stands inside a string stays as it is."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")  # as Python reads them, in strings, too
    inside = _lines_ending_in_strings("\n".join(lines))
    kept: list[str] = []
    blank = 0
    for number, line in enumerate(lines, 1):
        held = number in inside or number - 1 in inside
        blank = 0 if held or line.strip() else blank + 1
        if blank <= 2:
            kept.append(line if number in inside else line.rstrip())
    return "\n".join(kept).strip("\n") + "\n"


def _lines_ending_in_strings(text: str) -> set[int]:
    """Numbers of the lines whose end lies inside a string, by Python's own reading."""
    try:
        tree = tree_of(text)
    except (SyntaxError, ValueError):
        return set()
    strings = (node for node in nodes(tree) if isinstance(node, ast.Constant | ast.JoinedStr))
    return {line for node in strings for line in range(node.lineno, node.end_lineno or node.lineno)}


def title(app: App, what: str) -> str:
    """The first line of an app file: what it does, and which program it was."""
    summary = app.endpoints[0].summary.rstrip(".") or app.class_name
    return f"{summary} ({what} `{PurePosixPath(app.entry).name}`, served by fal)."
