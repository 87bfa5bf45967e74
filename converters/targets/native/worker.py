"""The `fal.App` of a worker in native style: one file as a fal engineer would write it, made of the worker's own statements.

libcst moves the statements, so that comments and formatting go along; what is heavy goes into `setup()`.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from converters.concepts.literals import string
from converters.ir import App
from converters.native_plan import NativeWorker
from converters.targets import app as app_parts
from converters.targets import imports, methods
from converters.targets.native.worker_pieces import WorkerPieces
from converters.targets.templating import render


def emit(app: App) -> str:
    """The app file. `app.native` holds the worker's file and the plan for it."""
    assert isinstance(app.native, NativeWorker) and app.handler is not None
    pieces = WorkerPieces(app, app.native)
    endpoint = app.endpoints[0]
    config, note = app_parts.input_config(app)
    if app.native.reads == "fields":  # the endpoint reads its fields by name
        config, note = config.replace('extra="allow", ', "") if endpoint.input.fields else "", ""
    model = not app.native.answers or methods.has_model(app)
    body = render(
        "native.py.j2",
        app=app,
        title=app_parts.title(app, "RunPod worker"),
        imports="@IMPORTS@",
        top=pieces.top(),
        aliases=app_parts.aliases(app),
        models=app_parts.nested_models(app),
        input_config=config,
        input_note=note,
        fields=app_parts.input_fields([*endpoint.input.fields, *app_parts.envelope_fields(app)], app.class_name),
        outputs=[
            app_parts.output_field(field.model_copy(update={"name": pieces.output_name(field)}))
            for field in (endpoint.output.fields if model else ())
        ],
        settings=[app_parts.setting(setting) for setting in app.settings],
        image_arguments=app_parts.image_arguments(app),
        requirements=app_parts.requirements(app),
        app_files=[path for path in app_parts.app_files(app) if path != PurePosixPath(app.entry).name],
        setup=pieces.setup(),
        path=string(endpoint.path),
        signature=pieces.signature(),
        body=pieces.body(),
        methods=pieces.methods(),
        decorator="answering" if app.native.answers else "failing_with_message",
        asynchronous=app.handler.kind == "async",
        **methods.answer_options(app),
    )
    return app_parts.tidy(imports.complete(body, pieces.own_imports()))
