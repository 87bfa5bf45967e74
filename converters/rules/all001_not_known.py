"""ALL001: what no rule speaks for is left to a person."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import PIP, WORKER

rule = Rule(
    code="ALL001",
    title="a construct that this converter does not know",
    safety="manual",
    expected="every construct of the source platform has its counterpart on fal, or is taken out because nothing needs it",
    explanation="""
    Every SDK name, option, key, Dockerfile instruction and build command that was read has exactly one line in the report. What no
    rule speaks for is never passed over in silence: it is left to a person, whatever it is called.
    Find out what it does on the source platform and carry it over by hand; if it is a common one, it deserves a rule.
    """,
    links=(runpod_docs("serverless/overview"), fal_docs("documentation/serverless/index")),
    cases=(
        Case(
            "an unknown option of start is reported",
            "partial",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler, "colour": "green"})
                """
            },
            seen=(Seen("manual", 6),),
            status="partial",
        ),
        Case(
            "an unknown call of the SDK is reported",
            "partial",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    runpod.serverless.paint(job)
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("manual", 4),),
            status="partial",
        ),
        Case(
            "an unknown key of hub.json is reported",
            "partial",
            {"handler.py": WORKER, ".runpod/hub.json": '{"config": {"colour": "green"}}'},
            seen=(Seen("manual", 1, ".runpod/hub.json"),),
            status="converted",
        ),
        Case(
            "an unknown Dockerfile instruction is reported",
            "partial",
            {"handler.py": WORKER, "Dockerfile": "FROM python:3.11-slim\nPAINT green\nCOPY handler.py /\nCMD python /handler.py"},
            seen=(Seen("manual", 2, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "an ordinary worker leaves nothing unknown",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": PIP, ".runpod/hub.json": '{"title": "worker", "config": {"gpuIds": "ADA_24"}}'},
            status="converted",
        ),
        Case(
            "calls of other libraries are none of its business",
            "untouched",
            {
                "handler.py": """
                import paint
                import runpod

                def handler(job):
                    return {"text": paint.serverless.paint(job["input"]["prompt"])}

                runpod.serverless.start({"handler": handler})
                """
            },
            status="converted",
        ),
    ),
)
