"""CL020: programs that call a server by its address."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs

SERVER = {"http://10.0.0.7:8000": "acme/captions"}

rule = Rule(
    code="CL020",
    title="http://HOST:PORT/... -> https://fal.run/APP/... with fal's key",
    safety="safe",
    expected="the program asks https://fal.run/OWNER/APP with FAL_KEY",
    explanation="""
    fal forwards every path of a server's app as it is, so the address of the server gives way to that of the app
    (`--map http://HOST:PORT=owner/app`), and each request gets the header `Authorization: Key ...`: of `requests` and `httpx`, of clients
    that take a `base_url` such as OpenAI's, and of `curl` in scripts. An address that goes elsewhere is left to a person together
    with all calls that read it. Check what a server was asked without its port, by another name.
    """,
    links=(fal_docs("documentation/model-apis/inference/synchronous"), "https://fal.ai/dashboard/keys"),
    cases=(
        Case(
            "requests go to the app with its key",
            "converted",
            {
                "client.py": """
                import requests

                BASE = "http://10.0.0.7:8000"
                print(requests.post(f"{BASE}/caption", json={"text": "a"}).json())
                print(requests.get(BASE + "/health", headers={"Accept": "text/plain"}, timeout=5).text)
                """
            },
            seen=(Seen("converted", 4, "client.py"), Seen("converted", 5, "client.py")),
            has={
                "client.py": (
                    "import os",
                    'BASE = "https://fal.run/acme/captions"',
                    """f"{BASE}/caption", json={"text": "a"}, headers={"Authorization": f"Key {os.environ['FAL_KEY']}"}).json()""",
                    """headers={"Accept": "text/plain", "Authorization": f"Key {os.environ['FAL_KEY']}"}, timeout=5""",
                )
            },
            apps=SERVER,
        ),
        Case(
            "OpenAI's client gets the address and the header",
            "converted",
            {
                "client.py": """
                from openai import OpenAI

                client = OpenAI(base_url="http://10.0.0.7:8000/v1", api_key="EMPTY")
                print(client.chat.completions.create(model="m", messages=[]))
                """
            },
            seen=(Seen("converted", 3, "client.py"),),
            has={"client.py": ('OpenAI(base_url="https://fal.run/acme/captions/v1", api_key="EMPTY", default_headers={"Authorization"',)},
            apps=SERVER,
        ),
        Case(
            "a script asks the app with its key",
            "converted",
            {
                "ask.sh": """
                #!/bin/sh
                curl -s http://10.0.0.7:8000/caption -d '{"text": "a"}'
                """
            },
            seen=(Seen("converted", 2, "ask.sh"),),
            has={"ask.sh": ("""curl -s https://fal.run/acme/captions/caption -H "Authorization: Key $FAL_KEY" -d""",)},
            apps=SERVER,
        ),
        Case(
            "an address that is only shown is the app's",
            "converted",
            {
                "client.py": """
                print("see", "http://10.0.0.7:8000/docs")
                """
            },
            seen=(Seen("converted", 1, "client.py"),),
            has={"client.py": ('print("see", "https://fal.run/acme/captions/docs")',)},
            apps=SERVER,
        ),
        Case(
            "an address that something else takes is left to a person",
            "untouched",
            {
                "client.py": """
                from labels import Service

                print(Service("http://10.0.0.7:8000").ask("a"))
                """
            },
            has={"client.py": ('Service("http://10.0.0.7:8000")',)},
            status="partial",
            apps=SERVER,
        ),
        Case(
            "an address in a script that no curl sends is left to a person",
            "partial",
            {
                "ask.sh": """
                #!/bin/sh
                wget http://10.0.0.7:8000/caption
                """
            },
            seen=(Seen("manual", 2, "ask.sh"),),
            apps=SERVER,
        ),
        Case(
            "another port is another server",
            "untouched",
            {
                "client.py": """
                import requests

                print(requests.get("http://10.0.0.7:80001/health").text)
                """
            },
            status="unsupported",
            apps=SERVER,
        ),
        Case(
            "a dictionary that has the address as a key is no client",
            "untouched",
            {
                "client.py": """
                CACHE = {}
                print(CACHE.get("http://10.0.0.7:8000/health"))
                """
            },
            has={"client.py": ('CACHE.get("http://10.0.0.7:8000/health")',)},
            status="partial",
            apps=SERVER,
        ),
        Case(
            "a comment names an address",
            "untouched",
            {
                "ask.sh": """
                #!/bin/sh
                # curl http://10.0.0.7:8000/health
                """
            },
            status="unsupported",
            apps=SERVER,
        ),
    ),
)
