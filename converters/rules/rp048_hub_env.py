"""RP048: environment variables of the listing."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="RP048",
    title="env of hub.json -> setup() and secrets",
    safety="safe",
    expected="the variable is a secret of the account",
    guide=("RunPod 19",),
    explanation="""
    A variable with a default is set in `setup()`, before the worker's code is imported; one that is empty by default is left out, so
    that the code's own default stands. A secret never gets a value in the output: it is named, with the command that sets it.
    Check the variables against the endpoint in RunPod's console, where each may have been changed.
    """,
    links=(runpod_docs("hub/publishing-guide"), fal_docs("documentation/development/manage-secrets-securely")),
    cases=(
        Case(
            "a default of the hub is set before the code is imported",
            "converted",
            {
                "handler.py": WORKER,
                ".runpod/hub.json": """
                {
                    "config": {
                        "env": [
                            {"key": "MODE", "input": {"type": "string", "default": "fast"}},
                            {"key": "NOTE", "input": {"type": "string", "default": ""}}
                        ]
                    }
                }
                """,
            },
            seen=(Seen("converted", 4, ".runpod/hub.json"), Seen("dropped", 5, ".runpod/hub.json")),
            has={"app.py": ('os.environ.setdefault("MODE", "fast")',)},
            lacks={"app.py": ("NOTE",)},
        ),
        Case(
            "a secret is named and never given a value",
            "partial",
            {"handler.py": WORKER, ".runpod/hub.json": '{"config": {"env": [{"key": "HF_TOKEN", "value": "hf_abc"}]}}'},
            seen=(Seen("manual", 1, ".runpod/hub.json"),),
            has={"MIGRATION.md": ("fal secrets set HF_TOKEN=",)},
            lacks={"app.py": ("hf_abc",), "MIGRATION.md": ("hf_abc",)},
            status="converted",
        ),
        Case(
            "a listing without variables sets none",
            "untouched",
            {"handler.py": WORKER, ".runpod/hub.json": '{"config": {"gpuIds": "ADA_24"}}'},
            lacks={"app.py": ("os.environ",)},
        ),
        Case(
            "the variables of the hub's tests are not the worker's",
            "untouched",
            {"handler.py": WORKER, ".runpod/tests.json": '{"tests": [], "config": {"env": [{"key": "MODE", "value": "test"}]}}'},
            lacks={"app.py": ("MODE",)},
        ),
        Case(
            "a variable that must be given is a secret",
            "partial",
            {
                "handler.py": WORKER,
                ".runpod/hub.json": """
                {
                 "title": "w",
                 "config": {
                  "env": [
                   {
                    "key": "LEVEL",
                    "input": {
                     "name": "Level",
                     "type": "string",
                     "required": true
                    }
                   }
                  ]
                 }
                }
                """,
            },
            seen=(
                Seen("converted", 4, ".runpod/hub.json"),
                Seen("manual", 5, ".runpod/hub.json"),
            ),
            status="converted",
        ),
        Case(
            "a switch of the hub is a word, a number its digits",
            "converted",
            {
                "handler.py": WORKER,
                ".runpod/hub.json": """
                {
                    "config": {
                        "env": [
                            {"key": "FAST", "input": {"type": "boolean", "default": true}},
                            {"key": "STEPS", "input": {"type": "number", "default": 1}}
                        ]
                    }
                }
                """,
            },
            seen=(Seen("converted", 4, ".runpod/hub.json"), Seen("converted", 5, ".runpod/hub.json")),
            has={"app.py": ('os.environ.setdefault("FAST", "true")', 'os.environ.setdefault("STEPS", "1")')},
        ),
        Case(
            "a default that is a token is a secret by its value",
            "partial",
            {
                "handler.py": WORKER,
                ".runpod/hub.json": """
                {"config": {"env": [{"key": "LICENSE", "input": {
                  "type": "string", "default": "hf_abcdefghijklmnopqrstuvwxyzabcdefgh"
                }}]}}
                """,
            },
            seen=(Seen("manual", 1, ".runpod/hub.json", says="`LICENSE` is a secret: set it"),),
            status="converted",
        ),
    ),
)
