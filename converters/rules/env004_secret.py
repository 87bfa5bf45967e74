"""ENV004: secrets are named and never carry a value."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="ENV004",
    title="secrets -> fal secrets set",
    safety="manual",
    expected="the secret is set in the account and read from the environment, and its value stands nowhere",
    guide=("RunPod 19",),
    explanation="""
    A variable whose name has a word such as TOKEN, SECRET, PASSWORD or API_KEY among its parts is a secret, whether the code reads
    it or the Dockerfile sets it. Its value is never written into the output: on fal it is set once with `fal secrets set` and reaches
    the runner as a variable of the same name. The app lists it in `secrets`, which keeps every other secret of the account from it.
    `TOKENIZERS_PARALLELISM` and `MAX_TOKENS` are none.
    Set every secret that MIGRATION.md lists before the first deployment.
    """,
    links=(runpod_docs("serverless/development/environment-variables"), fal_docs("documentation/development/manage-secrets-securely")),
    cases=(
        Case(
            "a token that the code reads is listed with its command",
            "partial",
            {
                "handler.py": """
                import os
                import runpod

                def handler(job):
                    return {"text": job["input"]["prompt"], "ready": bool(os.environ["HF_TOKEN"])}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("manual", 5),),
            has={"MIGRATION.md": ("fal secrets set HF_TOKEN=",), "app.py": ('secrets = ["HF_TOKEN"]',)},
            status="converted",
        ),
        Case(
            "a token in the Dockerfile never reaches the app file",
            "partial",
            {
                "handler.py": WORKER,
                "Dockerfile": """
                FROM python:3.11-slim
                ENV HF_TOKEN=hf_abc
                COPY handler.py /handler.py
                CMD ["python", "/handler.py"]
                """,
            },
            seen=(Seen("manual", 2, "Dockerfile", says="its value stands in the Dockerfile and is not copied; "),),
            has={"MIGRATION.md": ("fal secrets set HF_TOKEN=...\n",)},
            lacks={"app.py": ("hf_abc",), "MIGRATION.md": ("hf_abc",)},
            status="converted",
        ),
        Case(
            "a variable that is asked for before it is read is not demanded",
            "untouched",
            {
                "handler.py": """
                import os
                import runpod

                os.environ.setdefault("MODE", "fast")

                def start():
                    os.environ.update({"STEP": "1"})

                def rank(job):
                    if "CLUSTER_RANK" not in os.environ:
                        return 0
                    return int(os.environ["CLUSTER_RANK"])

                def handler(job):
                    try:
                        shard = os.environ["SHARD"]
                    except KeyError:
                        shard = "0"
                    node = os.environ["NODE"] if "NODE" in os.environ else ""
                    start()
                    return {"text": job["input"]["prompt"] + shard + node + os.environ["MODE"] + os.environ["STEP"], "rank": rank(job)}

                runpod.serverless.start({"handler": handler})
                """
            },
            lacks={"MIGRATION.md": ("fal secrets set",)},
            has={"app.py": ("secrets = []",)},
        ),
        Case(
            "names that only contain the word are no secrets",
            "untouched",
            {
                "handler.py": """
                import os
                import runpod

                PARALLEL = os.environ.get("TOKENIZERS_PARALLELISM")
                LIMIT = int(os.environ.get("MAX_TOKENS", "100"))
                MONKEY = os.environ.get("MONKEY_PATCH")

                def handler(job):
                    return {"text": job["input"]["prompt"][:LIMIT]}

                runpod.serverless.start({"handler": handler})
                """
            },
            lacks={"MIGRATION.md": ("fal secrets set",)},
        ),
        Case(
            "a token among the input's fields is no variable",
            "untouched",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    return {"text": job["input"]["HF_TOKEN"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            lacks={"MIGRATION.md": ("fal secrets set",)},
        ),
        Case(
            "a token of a server's image and one of compose become secrets",
            "partial",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace("EXPOSE", "ENV HF_TOKEN=hf_abcdefghijklmnopqrstuvwxyzabcdefgh\nEXPOSE"),
                "compose.yaml": """
                services:
                  web:
                    build: .
                    ports: ["8000:8000"]
                    environment:
                      API_TOKEN: s3cr3t-t0ken-of-ours
                """,
            },
            seen=(
                Seen("manual", 5, "Dockerfile", says="its value stands in the Dockerfile: remove it there, and set it"),
                Seen("manual", 6, "compose.yaml"),
            ),
            status="converted",
        ),
        Case(
            "a token of an exported endpoint is listed with its command",
            "partial",
            {
                "handler.py": WORKER,
            },
            seen=(Seen("manual", 1, "endpoint.json"),),
            endpoint='{"env": {"HF_TOKEN": "x"}}',
            status="converted",
        ),
        Case(
            "a token of a ready image is listed with its command",
            "partial",
            {
                "compose.yaml": """
                services:
                  web:
                    image: acme/web:1
                    ports: ["8000:8000"]
                """,
            },
            seen=(Seen("manual", 15, "image.json"),),
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
            status="converted",
            has={"pyproject.toml": ('secrets = ["HF_TOKEN"]',)},
        ),
        Case(
            "a secret of an exported endpoint is set by hand, once",
            "partial",
            {"handler.py": WORKER},
            seen=(Seen("manual", 1, "endpoint.json"),),
            has={"MIGRATION.md": ("```bash\nfal secrets set HF_TOKEN=...\n",)},
            lacks={"app.py": ("hf_abc",), "MIGRATION.md": ("hf_abc",)},
            endpoint='{"env": [{"key": "HF_TOKEN", "value": "hf_abcdefghijklmnopqrstuvwxyzabcdefgh"}]}',
            status="converted",
        ),
        Case(
            "an argument of the build that is a secret loses its value, an ENV line keeps its name",
            "partial",
            {
                "handler.py": WORKER,
                "Dockerfile": IMAGE.replace(
                    "RUN apt", "ARG HF_TOKEN=hf_abcdefghijklmnopqrstuvwxyzabcdefgh\nENV API_TOKEN=sdlkfj23lkjsdf MODE=x\nRUN apt"
                ),
            },
            seen=(Seen("manual", 3, "Dockerfile", says="its value stands in the Dockerfile and is not copied; "),),
            has={"Dockerfile": ('ARG HF_TOKEN\nENV API_TOKEN="" MODE=x\n',)},
            status="converted",
        ),
        Case(
            "a variable of an image that stays is a secret by its value",
            "partial",
            {"handler.py": WORKER, "Dockerfile": IMAGE.replace("RUN apt", "ENV LICENSE=hf_abcdefghijklmnopqrstuvwxyzabcdefgh\nRUN apt")},
            seen=(Seen("manual", 2, "Dockerfile", says="LICENSE is a secret: its value stands in the Dockerfile and is not copied"),),
            status="converted",
        ),
        Case(
            "a secret that a start script exports is asked for once",
            "partial",
            {
                "handler.py": WORKER.replace("import runpod", "import os\n\nimport runpod\n\nTOKEN = os.environ['HF_TOKEN']"),
                "start.sh": "#!/bin/bash\nexport HF_TOKEN=hf_abcdefghijklmnopqrstuvwxyzabcdefgh\npython -u /handler.py\n",
                "Dockerfile": IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py start.sh /").replace(
                    '["python", "-u", "/handler.py"]', '["bash", "/start.sh"]'
                ),
            },
            seen=(Seen("manual", 2, "start.sh", says="the start script exports the secret HF_TOKEN"),),
            has={"app.py": ('secrets = ["HF_TOKEN"]',)},
        ),
    ),
)
