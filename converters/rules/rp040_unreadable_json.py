"""RP040: a JSON file of the listing or of the tests that cannot be read."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="RP040",
    title="hub.json, tests.json or test_input.json cannot be read",
    safety="manual",
    expected="the configuration file is a JSON object",
    explanation="""
    These files say which GPU, variables and example requests belong to the worker. One that is no valid JSON, or no object, is not
    guessed at: its settings are missing from the output, and the rest of the project converts.
    Correct the file at the line that is named and convert again.
    """,
    links=(runpod_docs("hub/publishing-guide"), fal_docs("documentation/deployment/machine-types")),
    cases=(
        Case(
            "a listing with a syntax error is named with its line",
            "partial",
            {
                "handler.py": WORKER,
                ".runpod/hub.json": """
                {
                    "title": "worker",
                    "config": {"gpuIds": ADA_24}
                }
                """,
            },
            seen=(Seen("manual", 3, ".runpod/hub.json"),),
            status="converted",
        ),
        Case(
            "a listing that is a list is named",
            "partial",
            {"handler.py": WORKER, ".runpod/hub.json": '["worker"]'},
            seen=(Seen("manual", 1, ".runpod/hub.json"),),
        ),
        Case(
            "a test input with a syntax error is named",
            "partial",
            {"handler.py": WORKER, "test_input.json": '{"input": {"prompt": }}'},
            seen=(Seen("manual", 1, "test_input.json"),),
        ),
        Case(
            "a valid listing and a valid test input are read",
            "untouched",
            {"handler.py": WORKER, ".runpod/hub.json": '{"title": "worker"}', "test_input.json": '{"input": {"prompt": "hello"}}'},
            has={"MIGRATION.md": ('"prompt": "hello"',)},
        ),
        Case(
            "broken JSON that has nothing to do with RunPod is left alone",
            "untouched",
            {"handler.py": WORKER, "assets/settings.json": "{oops"},
        ),
    ),
)
