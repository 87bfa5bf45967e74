"""The `fal.App` of a RunPod worker in keep style: a thin, typed file that imports the original module inside `setup()`."""

from __future__ import annotations

from converters.concepts.literals import string
from converters.concepts.names import is_dotted_name
from converters.ir import App
from converters.targets import app as app_parts
from converters.targets import imports, methods, preparation
from converters.targets.native import worker as native_worker
from converters.targets.templating import render


def emit(app: App) -> str:
    """The app file, in either style."""
    if app.style == "native":
        return native_worker.emit(app)
    endpoint = app.endpoints[0]
    config, note = app_parts.input_config(app)
    body = render(
        "app.py.j2",
        app=app,
        title=app_parts.title(app, "RunPod worker"),
        imports="@IMPORTS@",
        aliases=app_parts.aliases(app),
        input_config=config,
        input_note=note,
        models=app_parts.nested_models(app),
        fields=app_parts.input_fields([*endpoint.input.fields, *app_parts.envelope_fields(app)], app.class_name),
        outputs=[app_parts.output_field(field) for field in endpoint.output.fields] if methods.has_model(app) else [],
        settings=[app_parts.setting(setting) for setting in app.settings],
        image_arguments=app_parts.image_arguments(app),
        requirements=app_parts.requirements(app),
        app_files=app_parts.app_files(app),
        setup=setup_lines(app),
        methods=[*methods.hooks(app), *methods.endpoints(app)],
        helpers=methods.helpers(app),
    )
    text = imports.complete(body)
    return app_parts.tidy(text)


def setup_lines(app: App) -> list[str]:
    """The body of `setup()`: search path, working directory, environment, arguments, import, load."""
    return [*preparation.lines(app), *_import_lines(app)]


def _coroutine_lines(app: App, module: str, keep: str) -> list[str]:
    """The handler as a function that a thread can call, where calling it makes a coroutine."""
    handler = app.handler
    assert handler is not None
    lines = [f"self.worker = {module}"] if methods.has_hooks(handler) else []
    if handler.load and not handler.returned:
        lines.append(f"{module}.{handler.load}()")
    lines += [f"{module}.{check.name}()  # a fitness check of the worker" for check in handler.checks if not check.asynchronous]
    lines.append(f"handle = {module}.{f'{handler.load}()' if handler.returned else handler.name}")
    return [*lines, f"{keep} lambda job: asyncio.run(handle(job))  # it never awaits: a thread keeps the runner's event loop free"]


def _import_lines(app: App) -> list[str]:
    handler = app.handler
    assert handler is not None
    module = handler.module
    last = module.rsplit(".", 1)[-1]
    if not is_dotted_name(module):
        lines = [f"worker = importlib.import_module({string(module)})  # loads what the worker loads, once per runner"]
        last = "worker"
    elif "." in module:
        lines = [f"from {module.rsplit('.', 1)[0]} import {last}  # loads what the worker loads, once per runner"]
    else:
        lines = [f"import {module}  # loads what the worker loads, once per runner"]
    lines.append("")
    keep = "return" if handler.dedicated_thread else "self.handler ="
    if handler.coroutine:
        return [*lines, *_coroutine_lines(app, last, keep)]
    if methods.has_hooks(handler):
        lines.append(f"self.worker = {last}")
    checks = [f"{last}.{check.name}()  # a fitness check of the worker" for check in handler.checks if not check.asynchronous]
    if handler.returned:
        return [*lines, *checks, f"{keep} {last}.{handler.load}()"]
    if handler.load:
        lines.append(f"{last}.{handler.load}()")
    return [*lines, *checks, f"{keep} {last}.{handler.name}"]
