"""CL021: callers of an app whose answer has other names, or files where paths were."""

from __future__ import annotations

import json

from converters.rules.model import Case, Rule, Seen, fal_docs
from converters.rules.samples import APPS

CONTRACT = {
    "version": 1,
    "apps": {"upscaler": {"key": "", "output": {"image_path": "image"}, "files": {"image": "file", "frames": "files"}}},
}
FOLDER = {"up/fal-contract.json": json.dumps(CONTRACT)}
"""What a conversion left: one field renamed, one file, and a list of files."""
READ = {"abc123": "acme/upscaler:up"}

rule = Rule(
    code="CL021",
    title='answer["image_path"] -> answer["image"]["url"]',
    safety="safe",
    expected="the program reads the answer under the keys that the app gives it",
    explanation="""
    A converted app answers a file as an object with a `url` where the worker answered a path, and with `--idiomatic` under fal's own
    name. The conversion leaves both in `fal-contract.json`; `--map ENDPOINT=owner/app:FOLDER` reads it, and callers look where the
    answer is. Check what reads an answer that goes on as a whole.
    """,
    links=(fal_docs("documentation/development/calling-your-endpoints"),),
    cases=(
        Case(
            "a field that is a file under another name is read there",
            "converted",
            {
                "client.py": """
                import runpod

                endpoint = runpod.Endpoint("abc123")
                answer = endpoint.run_sync({"input": {"prompt": "a cat"}})
                print(answer["image_path"], answer["seed"], answer.get("frames"))
                """,
                **FOLDER,
            },
            seen=(Seen("converted", 5, "client.py"),),
            has={"client.py": ('print(answer["image"]["url"], answer["seed"], [file["url"] for file in answer.get("frames") or []])',)},
            apps=READ,
        ),
        Case(
            "an answer by HTTP is read in the same way",
            "converted",
            {
                "client.py": """
                import requests

                answer = requests.post("https://api.runpod.ai/v2/abc123/runsync", json={"input": {"prompt": "a"}}).json()
                print(answer["output"]["image_path"])
                """,
                **FOLDER,
            },
            has={"client.py": ('print(answer["image"]["url"])',)},
            apps=READ,
        ),
        Case(
            "an answer that goes on as a whole is looked at by a person",
            "partial",
            {
                "client.py": """
                import runpod

                def ask():
                    return runpod.Endpoint("abc123").run_sync({"input": {"prompt": "a cat"}})
                """,
                **FOLDER,
            },
            seen=(Seen("manual", 4, "client.py"),),
            apps=READ,
        ),
        Case(
            "an app that nobody has read answers as before",
            "untouched",
            {
                "client.py": """
                import runpod

                print(runpod.Endpoint("abc123").run_sync({"input": {"prompt": "a cat"}})["image_path"])
                """
            },
            has={"client.py": ('["image_path"])',)},
            apps=APPS,
        ),
        Case(
            "an app whose answer is the worker's answers as before",
            "untouched",
            {
                "client.py": """
                import runpod

                print(runpod.Endpoint("abc123").run_sync({"input": {"prompt": "a cat"}})["image_path"])
                """,
                "up/fal-contract.json": json.dumps({"apps": {"upscaler": {"key": "", "output": {}, "files": {}}}}),
            },
            has={"client.py": ('["image_path"])',)},
            apps=READ,
        ),
    ),
)
