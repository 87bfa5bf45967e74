"""How the methods of a predictor's app call each other, in native style and where the predictor's own module stays."""

from __future__ import annotations

from converters.ir import App
from converters.native_plan import NativePredictor


def native_of(app: App) -> NativePredictor | None:
    """The plan of a native app; None where the predictor's own module stays."""
    return app.native if app.style == "native" and isinstance(app.native, NativePredictor) else None


def decorators(app: App) -> list[str]:
    """What stands above the endpoint; in native style, what is to be done around every prediction stands once, in a decorator."""
    native = native_of(app)
    around = [] if native is None else ["@cancellable"] if native.cancels else ["@failing_with_message"]
    return ['@fal.endpoint("/")', *around]


def endpoint_name(app: App) -> str:
    """The method of the endpoint: the predictor's own name, unless the predictor's method stays beside it."""
    native, predictor = native_of(app), app.predictor
    assert predictor is not None
    if native is None or native.merged:
        return app.endpoints[0].method
    return "generate" if "generate" not in (predictor.method, predictor.name) else "answer"


def output_name(app: App) -> str:
    """The model of the response; the predictor's file may have a class of that name itself."""
    native = native_of(app)
    return "Response" if native is not None and "Output" in native.classes else "Output"


def model_name(app: App, name: str) -> str:
    """The response's model of an object in it, beside the predictor's own class."""
    native = native_of(app)
    return f"{name}Response" if native is not None and name in native.classes else name


def target(app: App) -> str:
    """What answers a prediction."""
    predictor = app.predictor
    assert predictor is not None
    if native_of(app) is not None:
        return f"self.{predictor.method or predictor.name}"
    return f"self.predictor.{predictor.method}" if predictor.method else "self.predictor"


def uploaded(app: App, value: str) -> str:
    """The expression that uploads a file."""
    media = app.endpoints[0].output.fields[0].media
    assert app.predictor is not None and media is not None
    kind = "" if native_of(app) is not None else f", {media.title()}"
    if app.predictor.kind == "async":
        return f"await asyncio.to_thread(upload, {value}{kind})"
    return f"upload({value}{kind})"
