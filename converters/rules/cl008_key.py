"""CL008: the key that a caller sends."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import APPS

rule = Rule(
    code="CL008",
    title="RUNPOD_API_KEY, REPLICATE_API_TOKEN -> FAL_KEY",
    safety="manual",
    expected="FAL_KEY is set in the environment of the program",
    explanation="""
    fal_client reads its key from FAL_KEY, so `runpod.api_key = ...` goes, and names of keys that the program looks up in the
    environment become FAL_KEY. Set FAL_KEY where the program runs. Where calls of the file are left as they are, the old key stays.
    """,
    links=(
        runpod_docs("serverless/endpoints/send-requests"),
        fal_docs("documentation/setting-up/authentication"),
    ),
    cases=(
        Case(
            "a key from the environment is no longer handed over",
            "partial",
            {
                "client.py": """
                import os
                import runpod

                runpod.api_key = os.getenv("RUNPOD_API_KEY")
                print(runpod.Endpoint("abc123").run_sync({"prompt": "a cat"}))
                """
            },
            seen=(
                Seen("dropped", 4, "client.py"),
                Seen("manual", 1, "client.py"),
            ),
            has={"client.py": ("import fal_client\n\nprint(",)},
            lacks={"client.py": ("api_key", "import os")},
            status="converted",
            apps=APPS,
        ),
        Case(
            "a check that the key is there asks for fal's",
            "partial",
            {
                "client.py": """
                import os
                import replicate

                if not os.environ.get("REPLICATE_API_TOKEN"):
                    raise SystemExit("no key")
                print(replicate.run("abc123", input={"prompt": "a cat"}))
                """
            },
            seen=(Seen("converted", 4, "client.py"),),
            has={"client.py": ('os.environ.get("FAL_KEY")',)},
            status="converted",
            apps=APPS,
        ),
        Case(
            "a key that is sent to another host, too, keeps its name",
            "untouched",
            {
                "client.py": """
                import os
                import requests
                import runpod

                KEY = os.getenv("RUNPOD_API_KEY")
                pod = requests.get("https://pod.example", headers={"Authorization": f"Bearer {KEY}"}).json()
                print(runpod.Endpoint("abc123").run_sync({"prompt": pod}))
                """
            },
            seen=(Seen("kept", 5, "client.py", rule="CL008"),),
            has={"client.py": ('KEY = os.getenv("RUNPOD_API_KEY")', "fal_client.subscribe(")},
            within=("nothing",),
            status="converted",
            apps=APPS,
        ),
        Case(
            "the old key stays for calls that are left",
            "untouched",
            {
                "client.py": """
                import runpod

                runpod.api_key = "rp_1"
                print(runpod.Endpoint("abc123").health())
                """
            },
            seen=(Seen("kept", 3, "client.py", rule="CL008"),),
            has={"client.py": ('runpod.api_key = "rp_1"',)},
            within=("nothing",),
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
            "a name of the old key stays beside calls that are left",
            "converted",
            {
                "client.py": """
                import os
                import runpod

                if "RUNPOD_API_KEY" not in os.environ:
                    raise SystemExit("no key")
                print(runpod.Endpoint("abc123").health())
                """,
            },
            seen=(Seen("kept", 4, "client.py"),),
            apps=APPS,
        ),
        Case(
            "a name of the key inside a text of several lines becomes the new one",
            "partial",
            {
                "client.py": '''
                import os
                import runpod

                HELP = f"""
                the key is {os.environ["RUNPOD_API_KEY"]}
                """
                print(HELP, runpod.Endpoint("abc123").run_sync({"prompt": "a cat"}))
                ''',
            },
            seen=(
                Seen("manual", 1, "client.py"),
                Seen("converted", 5, "client.py"),
            ),
            apps=APPS,
            status="converted",
        ),
        Case(
            "a key that is found by a function of the program is left to a person",
            "partial",
            {
                "client.py": """
                import runpod
                from elsewhere import key

                runpod.api_key = key()
                print(runpod.Endpoint("abc123").run_sync({"prompt": "a cat"}))
                """,
            },
            seen=(
                Seen("manual", 1, "client.py"),
                Seen("manual", 4, "client.py"),
            ),
            apps=APPS,
        ),
        Case(
            "a script asks for the new key where it runs",
            "partial",
            {
                "call.sh": """
                #!/bin/sh
                curl https://api.runpod.ai/v2/abc123/runsync -H "Authorization: Bearer $RUNPOD_API_KEY" -d '{"input": {"prompt": "a cat"}}'
                """,
            },
            seen=(Seen("manual", 1, "call.sh"),),
            apps=APPS,
            status="converted",
        ),
        Case(
            "a script that asks a server needs the key, too",
            "partial",
            {
                "call.sh": """
                #!/bin/sh
                curl http://10.0.0.7:8000/caption
                """,
            },
            seen=(Seen("manual", 1, "call.sh"),),
            apps={"http://10.0.0.7:8000": "acme/captions"},
            status="converted",
        ),
    ),
)
