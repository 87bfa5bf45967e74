"""The `fal.App` of a Cog predictor: a thin, typed file that imports the predictor inside `setup()`, or holds its methods itself."""

from __future__ import annotations

import re

from converters.concepts.fields import BOUNDED_NUMBER, NUMBER
from converters.concepts.literals import source_of, string
from converters.escape import comment
from converters.ir import App, InputField, OutputField, OutputModel
from converters.targets import app as app_parts
from converters.targets import imports, predictor_methods
from converters.targets.app import field_name
from converters.targets.native.predictor_form import model_name, native_of, output_name
from converters.targets.native.predictor_pieces import PredictorPieces
from converters.targets.templating import render

FIELDS = {"image": "ImageField", "video": "VideoField", "audio": "AudioField", "file": "FileField"}
WIDTH = 100
"""Letters of a line."""
HINTS = (
    ("file", r"zip|tar|archive|dataset|lora|weights|json|csv|pdf|document"),
    ("image", r"image|photo|img|picture|mask|logo|face|portrait"),
    ("video", r"video|movie|clip"),
    ("audio", r"audio|sound|music|voice|speech|speaker|song|wav|mp3|melody"),
)


def emit(app: App) -> str:
    """The app file."""
    assert app.predictor is not None
    endpoint = app.endpoints[0]
    output = endpoint.output
    kind = app.predictor.kind
    wraps_media = bool(output.wrap and output.fields[0].media)
    streams = kind in ("generator", "async_generator")
    native = native_of(app)
    pieces = PredictorPieces(app, native) if native is not None else None
    top = pieces.top() if pieces else ""
    methods = [*(pieces.others() if pieces else ()), *([pieces.endpoint()] if pieces and native and native.merged else ())]
    body = render(
        "predictor.py.j2",
        app=app,
        title=app_parts.title(app, "Cog predictor"),
        imports="@IMPORTS@",
        input_config=_input_config(app),
        aliases=[BOUNDED_NUMBER] if any(_is_number(field) for field in endpoint.input.fields) else [],
        fields=[input_field(field) for field in endpoint.input.fields],
        models=_models(app),
        settings=[app_parts.setting(setting) for setting in app.settings],
        image_arguments=app_parts.image_arguments(app),
        requirements=app_parts.requirements(app),
        app_files=_top_level(app),
        top="\n\n".join(part for part in (pieces.for_types(), top) if part) if pieces else "",
        attributes=pieces.attributes() if pieces else [],
        above=pieces.above() if pieces else [],
        setup=pieces.setup() if pieces else predictor_methods.setup(app),
        methods=[*methods, *predictor_methods.endpoints(app)],
        kind=output.fields[0].media.title() if output.fields and output.fields[0].media else "",
        optional=native is None or not native.merged or streams,
        native=native is not None,
        cancels=predictor_methods.cancels(app),
        cancelation=predictor_methods.cancels(app) and not app.predictor.cancel,
        fetches=any(field.media in ("path", "paths", "file", "files") for field in endpoint.input.fields),
        uploads=wraps_media,
        encodes=predictor_methods.encodes(app),
        omits=output.omits,
        events=streams,
        asynchronous=kind in ("async", "async_generator"),
        datetime="datetime.datetime" if native is not None and "import datetime" in native.light else "datetime",
    )
    return app_parts.tidy(imports.complete(body, pieces.imports() if pieces else ()))


def _input_config(app: App) -> str:
    """Cog takes JSON types as they are and drops unknown keys, as pydantic does by itself."""
    fields = app.endpoints[0].input.fields
    parts = ["strict=True"] if fields else []
    if any(field.name.startswith("model_") for field in fields):
        parts.append("protected_namespaces=()")
    return ", ".join(parts)


def input_field(field: InputField) -> str:
    """`scale: int = Field(default=2, description="Factor", ge=1, le=4)`; a file input gets fal's own field type."""
    name, constraints = field_name(field.name), dict(field.constraints)
    annotation = _annotation(field, constraints)
    arguments = [] if name == field.name else [f"alias={string(field.name)}"]
    if field.description:
        arguments.append(f"description={string(comment(field.description))}")
    arguments += [f"{key}={source_of(value)}" for key, value in constraints.items()]
    extra = {key: value for key, value in (("deprecated", field.deprecated), ("x-accept", field.accept)) if value}
    if _is_number(field) and annotation != NUMBER:
        extra |= {app_parts.JSON_BOUNDS[key]: value for key, value in constraints.items() if key in app_parts.JSON_BOUNDS}
    if extra:
        arguments.append(f"json_schema_extra={source_of(extra)}")
    function = media_field(field)
    if not arguments and function == "Field":
        return f"{name}: {annotation}" + (
            "" if field.required else f" = {field.default}" if not _mutable(field) else f" = Field({_default(field)})"
        )
    if not field.required:
        arguments.insert(0, _default(field))
    return _call(f"{name}: {annotation} = {function}", arguments)


def _annotation(field: InputField, constraints: dict[str, object]) -> str:
    """Choices become a Literal."""
    choices = constraints.pop("choices", None)
    annotation = field.annotation
    if isinstance(choices, list) and choices and all(isinstance(choice, str | int) for choice in choices):
        null = " | None" if annotation.endswith("| None") else ""
        inside = ", ".join(source_of(choice) for choice in choices)
        if len(f"    {field_name(field.name)}: Literal[{inside}]{null} = FileField(") <= WIDTH:
            return f"Literal[{inside}]{null}"
        lines = [inside] if len(inside) + 8 <= WIDTH else [f"{source_of(choice)}," for choice in choices]
        return "\n".join(["Literal[", *(f"        {line}" for line in lines), f"    ]{null}"])
    return annotation


def _is_number(field: InputField) -> bool:
    return re.search(rf"\b{NUMBER}\b", field.annotation) is not None


def _mutable(field: InputField) -> bool:
    return field.default is not None and field.default[:1] in "[{"


def _default(field: InputField) -> str:
    if not _mutable(field):
        return f"default={field.default}"
    known = {"[]": "list", "{}": "dict"}
    return f"default_factory={known.get(str(field.default), f'lambda: {field.default}')}"


def media_field(field: InputField) -> str:
    """fal's field function for a file input, by what its name or its `accept` says it holds."""
    if field.media not in ("path", "file"):
        return "Field"
    for kind, pattern in HINTS:
        if field.accept.startswith(f"{kind}/") or (not field.accept and re.search(pattern, field.name.lower())):
            return FIELDS[kind]
    return "FileField"


def _call(head: str, arguments: list[str]) -> str:
    """A call as a formatter writes it: on one line, else with its arguments on one line, else with one argument a line."""
    inside = ", ".join(arguments)
    if len(head.rpartition("\n")[2].strip()) + len(inside) + 6 <= WIDTH:
        return f"{head}({inside})"
    if len(inside) + 8 <= WIDTH:
        return f"{head}(\n        {inside}\n    )"
    return f"{head}(\n" + "".join(f"        {argument},\n" for argument in arguments) + "    )"


def _models(app: App) -> list[dict[str, object]]:
    output = app.endpoints[0].output
    wanted = [*output.models, OutputModel(name="Output", fields=output.fields)]
    names = {**{model.name: model_name(app, model.name) for model in output.models}, "Output": output_name(app)}
    return [{"name": names[model.name], "fields": [output_field(_named(field, names)) for field in model.fields]} for model in wanted]


def _named(field: OutputField, names: dict[str, str]) -> OutputField:
    """A field whose type has the name that its model has in the app file."""
    annotation = re.sub(r"\w+", lambda match: names.get(match.group(), match.group()), field.annotation)
    return field.model_copy(update={"annotation": annotation})


def output_field(field: OutputField) -> str:
    made = field.model_copy()
    if field.many and field.media:
        made.annotation, made.media = f"list[{field.media.title()}]", None
    return app_parts.output_field(made)


def _top_level(app: App) -> list[str]:
    """Files of the app; a folder that goes along whole stands for its files."""
    found = dict.fromkeys(path.split("/")[0] if not path.startswith("..") else path for path in app_parts.app_files(app))
    return sorted(found)
