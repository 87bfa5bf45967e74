"""CL015: the client's package."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, runpod_docs
from converters.rules.samples import APPS, CALLER

rule = Rule(
    code="CL015",
    title="import runpod, import replicate -> import fal_client",
    safety="safe",
    expected="the package fal-client is installed where the program runs",
    explanation="""
    fal's client is imported where the old one was, once nothing uses that any more; requirements files get `fal-client` in the same
    way. A client that the file still uses stays beside it. Where no requirements file covers the program, the package to install is
    named.
    """,
    links=(
        runpod_docs("serverless/endpoints/send-requests"),
        "https://pypi.org/project/fal-client/",
    ),
    cases=(
        Case(
            "the import and the requirement give way",
            "converted",
            {
                "client.py": CALLER,
                "requirements.txt": """
                requests==2.32.3
                runpod==1.7.9
                """,
            },
            seen=(
                Seen("converted", 1, "client.py"),
                Seen("converted", 2, "requirements.txt"),
            ),
            has={"client.py": ("import fal_client\n",), "requirements.txt": ("requests==2.32.3\nfal-client>=1.0\n",)},
            apps=APPS,
        ),
        Case(
            "without a requirements file the package is named",
            "partial",
            {"client.py": CALLER},
            seen=(Seen("manual", 1, "client.py"),),
            status="converted",
            apps=APPS,
        ),
        Case(
            "a client that is still used stays",
            "untouched",
            {
                "client.py": """
                import runpod

                print(runpod.Endpoint("abc123").health())
                """,
                "requirements.txt": """
                runpod==1.7.9
                """,
            },
            has={"client.py": ("import runpod",), "requirements.txt": ("runpod==1.7.9",)},
            within=("requirements.txt",),
            status="partial",
            apps=APPS,
        ),
        Case(
            "a program that calls neither platform is none of ours",
            "untouched",
            {
                "client.py": """
                import requests

                print(requests.post("https://example.com/run", json={"input": 1}).json()["output"])
                """
            },
            status="unsupported",
            apps=APPS,
        ),
        Case(
            "a package that another program still imports stays listed",
            "converted",
            {
                "client.py": CALLER,
                "watch.py": """
                import runpod

                print(runpod.Endpoint("abc123").health())
                """,
                "requirements.txt": "runpod==1.7.9\n",
            },
            seen=(
                Seen("converted", 1, "client.py"),
                Seen("kept", 1, "requirements.txt"),
                Seen("kept", 1, "watch.py"),
            ),
            apps=APPS,
        ),
    ),
)
