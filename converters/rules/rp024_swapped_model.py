"""RP024: models that a request may exchange."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="RP024",
    title="A model that requests exchange",
    safety="safe",
    explanation="""
    A worker that loads another model where a request names one pays for it with every change. fal prefers a runner whose hints hold what
    a request asks for in the header `X-Fal-Runner-Hint`, so `provide_hints()` answers the name of the loaded model. Callers that send no
    hint are served as before.
    """,
    links=(runpod_docs("serverless/workers/handler-functions"), fal_docs("documentation/deployment/routing")),
    cases=(
        Case(
            "the name of the loaded model is given as a hint",
            "converted",
            {
                "handler.py": """
                import runpod
                from models import load_model

                loaded = None
                model = None

                def handler(job):
                    global loaded, model
                    name = job["input"]["model"]
                    if name != loaded:
                        model = load_model(name)
                        loaded = name
                    return {"text": model(job["input"]["prompt"])}

                runpod.serverless.start({"handler": handler})
                """,
                "models.py": """
                def load_model(name):
                    return str.upper
                """,
            },
            seen=(Seen("converted", 7),),
            has={
                "app.py": (
                    "def provide_hints(self):",
                    "names = [str(name) for name in (self.worker.loaded,) if name]",
                    "if name.isascii() and name.isprintable()",
                )
            },
            status="converted",
        ),
        Case(
            "a folder that is remembered while JSON is read names no model",
            "untouched",
            {
                "handler.py": """
                import json
                import runpod

                last = None

                def handler(job):
                    global last
                    folder = job["input"]["folder"]
                    if folder != last:
                        json.loads("{}")
                        last = folder
                    return {"folder": folder}

                runpod.serverless.start({"handler": handler})
                """
            },
            lacks={"app.py": ("provide_hints",)},
        ),
        Case("a worker with one model gives no hints", "untouched", {"handler.py": WORKER}, lacks={"app.py": ("provide_hints",)}),
        Case(
            "a counter that is compared names no model",
            "untouched",
            {
                "handler.py": """
                import runpod

                last = None

                def handler(job):
                    global last
                    text = job["input"]["prompt"]
                    if text != last:
                        last = text
                    return {"text": text}

                runpod.serverless.start({"handler": handler})
                """
            },
            lacks={"app.py": ("provide_hints",)},
        ),
    ),
)
