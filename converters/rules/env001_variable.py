"""ENV001: variables that the Dockerfile sets reach the worker's code."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, PIP, SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="ENV001",
    title="ENV -> os.environ.setdefault in setup()",
    safety="safe",
    expected="every variable that the app reads has the value that it had",
    guide=("RunPod 19",),
    explanation="""
    A list of requirements has no ENV lines, so `setup()` sets the variables before the worker's code is imported, as defaults: a fal
    secret of the same name wins, as a variable of the endpoint won on RunPod. In an image the ENV line stays.
    Check the values against the endpoint in RunPod's console.
    """,
    links=(runpod_docs("serverless/development/environment-variables"), fal_docs("documentation/development/environment-variables")),
    cases=(
        Case(
            "a variable is set before the code is imported",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                ENV MODE=fast
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            seen=(Seen("converted", 2, "Dockerfile", says="MODE is set as a default in setup()"),),
            has={"app.py": ('os.environ.setdefault("MODE", "fast")',)},
        ),
        Case(
            "a variable of an image stays in it",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                ENV MODE=fast
                RUN apt-get update && apt-get install -y ffmpeg
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            seen=(Seen("kept", 2, "Dockerfile"),),
            has={"Dockerfile": ("ENV MODE=fast",)},
            lacks={"app.py": ("MODE",)},
        ),
        Case(
            "a variable that only a shell line sets is none of the image",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                RUN MODE=fast true
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            lacks={"app.py": ("setdefault",)},
        ),
        Case(
            "a Dockerfile without variables sets none",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": PIP},
            lacks={"app.py": ("os.environ",)},
        ),
        Case(
            "a variable of a server's image stays in it",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace("EXPOSE", "ENV LEVEL=info\nEXPOSE"),
            },
            seen=(Seen("kept", 5, "Dockerfile"),),
        ),
        Case(
            "a variable of a compose service is written into the image",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  web:
                    build: .
                    ports: ["8000:8000"]
                    environment:
                      LEVEL: info
                """,
            },
            seen=(Seen("converted", 6, "compose.yaml"),),
            why={"Dockerfile": ("ENV001: fal's image has no table of variables",)},
        ),
        Case(
            "a variable of an exported endpoint is set",
            "converted",
            {
                "handler.py": WORKER,
            },
            seen=(Seen("converted", 1, "endpoint.json", says="LEVEL of the endpoint is set in setup()"),),
            endpoint='{"env": {"LEVEL": "info"}}',
        ),
        Case(
            "a variable of a ready image is the image's own",
            "converted",
            {
                "compose.yaml": """
                services:
                  web:
                    image: acme/web:1
                    ports: ["8000:8000"]
                """,
            },
            seen=(Seen("kept", 14, "image.json"),),
            image="""
                {
                 "architecture": "amd64",
                 "config": {
                  "Cmd": [
                   "serve"
                  ],
                  "Entrypoint": [],
                  "Hostname": "a1b2",
                  "ExposedPorts": {
                   "8000/tcp": {}
                  },
                  "Env": [
                   "LEVEL=info",
                   "HF_TOKEN=hf_abcdefghijklmnopqrstuvwxyzabcdefgh"
                  ],
                  "Volumes": {
                   "/results": {}
                  }
                 }
                }
                """,
        ),
        Case(
            "variables of a .env file beside a server are set",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                ".env": "LEVEL=info\n",
            },
            seen=(Seen("converted", 1, ".env"),),
        ),
        Case(
            "what a start script exports for the worker is set",
            "partial",
            {
                "handler.py": WORKER.replace(
                    "import runpod\n", "import os\nimport runpod\n\nL = os.environ['LEVEL'] + os.getenv('NOW', '')\n"
                ),
                "start.sh": """
                export LEVEL=info
                export NOW=$(date)
                export FOLDER=$(mktemp -d)
                python -u /handler.py
                """,
                "Dockerfile": IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py start.sh /").replace(
                    '["python", "-u", "/handler.py"]', '["bash", "/start.sh"]'
                ),
            },
            seen=(
                Seen("converted", 1, "start.sh"),
                Seen("manual", 2, "start.sh"),
                Seen("kept", 3, "start.sh"),
            ),
        ),
        Case(
            "a variable of the endpoint has the last word over the image's",
            "converted",
            {
                "handler.py": """
                import os

                import runpod


                def handler(job):
                    return {"text": os.environ["MODE"] + os.environ["STEP"]}


                runpod.serverless.start({"handler": handler})
                """,
                "Dockerfile": PIP.replace("COPY", "ENV MODE=slow STEP=1\nCOPY"),
            },
            seen=(Seen("dropped", 3, "Dockerfile"), Seen("converted", 3, "Dockerfile"), Seen("converted", 1, "endpoint.json")),
            has={"app.py": ('os.environ["LEVEL"] = "two"', 'os.environ["MODE"] = "fast"', 'os.environ.setdefault("STEP", "1")')},
            lacks={"app.py": ("slow",)},
            endpoint='{"env": [{"key": "LEVEL", "value": "two"}, {"key": "MODE", "value": "fast"}]}',
            status="converted",
        ),
        Case(
            "a folder of the volume that the endpoint names has the last word over the image's",
            "converted",
            {
                "handler.py": WORKER.replace("import runpod", 'import os\n\nimport runpod\n\nMODELS = os.environ["MODELS"]'),
                "Dockerfile": IMAGE.replace("COPY", "ENV MODELS=/runpod-volume/old\nCOPY"),
            },
            seen=(Seen("kept", 4, "Dockerfile"), Seen("converted", 1, "endpoint.json")),
            has={"app.py": ('os.environ["MODELS"] = "/data/worker/new"',)},
            lacks={"app.py": ("old",)},
            endpoint='{"env": [{"key": "MODELS", "value": "/runpod-volume/new"}]}',
        ),
        Case(
            "a variable of compose has the last word over the image's",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace("EXPOSE", "ENV MODE=slow STEP=1\nEXPOSE"),
                "compose.yaml": """
                services:
                  web:
                    build: .
                    ports: ["8000:8000"]
                    environment:
                      MODE: fast
                      LEVEL: two
                """,
            },
            seen=(Seen("kept", 5, "Dockerfile"), Seen("converted", 6, "compose.yaml")),
            has={"Dockerfile": ("ENV MODE=slow STEP=1\n", '8000"]\n\nENV MODE=fast\nENV LEVEL=two\n')},
            status="converted",
        ),
        Case(
            "what the start script exports has the last word over the listing",
            "converted",
            {
                "handler.py": WORKER.replace("import runpod", "import os\n\nimport runpod\n\nMODE = os.environ['MODE']"),
                ".runpod/hub.json": '{"config": {"env": [{"key": "MODE", "value": "medium"}, {"key": "KIND", "value": "plain"}]}}',
                "start.sh": "#!/bin/bash\nexport MODE=fast\npython -u /handler.py\n",
                "Dockerfile": PIP.replace("COPY handler.py /handler.py", "COPY handler.py start.sh /").replace(
                    '["python", "-u", "/handler.py"]', '["bash", "/start.sh"]'
                ),
            },
            seen=(Seen("converted", 2, "start.sh", says="MODE is exported by the start script"),),
            has={"app.py": ('os.environ["MODE"] = "fast"  # start.sh:2', '("KIND", "plain")')},
            lacks={"app.py": ("medium",)},
        ),
    ),
)
