"""RP019: jobs that train or report outward are not run twice."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import WORKER

rule = Rule(
    code="RP019",
    title="A job that trains or reports outward is not run twice",
    safety="safe",
    explanation="""
    RunPod runs a failed job once. fal runs a queue request up to ten times when its runner is lost, answers 503 or 504, or takes too
    long. Where the worker's files train a model, post to an address that the caller gives (a callback, a presigned URL), or write to a
    database, a queue, a mail server or a service elsewhere, `skip_retry_conditions` keeps a job from running twice.
    Take the line out where a second run does no harm.
    """,
    links=(runpod_docs("serverless/endpoints/job-states"), fal_docs("documentation/deployment/retries")),
    cases=(
        Case(
            "a job that trains is not tried again",
            "converted",
            {
                "handler.py": """
                import runpod
                from trainer import Trainer

                def handler(job):
                    Trainer(job["input"]["data"]).train()
                    return {"done": True}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 5),),
            has={"app.py": ('skip_retry_conditions = ["timeout", "server_error", "connection_error"]',)},
        ),
        Case(
            "a job that posts to a callback is not tried again",
            "converted",
            {
                "handler.py": """
                import requests
                import runpod

                def handler(job):
                    callback_url = job["input"]["callback_url"]
                    requests.post(callback_url, json={"state": "done"})
                    return {"done": True}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 6),),
            has={"app.py": ("skip_retry_conditions",)},
        ),
        Case(
            "a job that writes to a database is not tried again",
            "converted",
            {
                "handler.py": """
                import psycopg2
                import runpod

                def handler(job):
                    with psycopg2.connect("dbname=jobs") as connection:
                        connection.cursor().execute("INSERT INTO jobs VALUES (%s)", (job["input"]["name"],))
                    return {"done": True}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 6),),
            has={"app.py": ("skip_retry_conditions",)},
        ),
        Case(
            "a job that writes to a service is not tried again",
            "converted",
            {
                "handler.py": """
                import requests
                import runpod

                def handler(job):
                    requests.put(f"https://example.com/items/{job['input']['name']}", json={"state": "done"})
                    return {"done": True}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 5),),
            has={"app.py": ("skip_retry_conditions",)},
        ),
        Case(
            "a job that sends a message is not tried again",
            "converted",
            {
                "handler.py": """
                import boto3
                import runpod

                queue = boto3.client("sqs")

                def handler(job):
                    queue.send_message(QueueUrl=job["input"]["queue"], MessageBody="done")
                    return {"done": True}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 7),),
            has={"app.py": ("skip_retry_conditions",)},
        ),
        Case(
            "a job that writes to an address that the code looks up is not tried again",
            "converted",
            {
                "handler.py": """
                import requests
                import runpod

                MODELS = {"small": {"url": "https://api.example.com/small"}}

                def handler(job):
                    address = MODELS[job["input"]["model"]]["url"]
                    return requests.post(url=address, json={"prompt": job["input"]["prompt"]}).json()

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 8),),
            has={"app.py": ("skip_retry_conditions",)},
        ),
        Case(
            "an address of the worker's own machine is known through variables, attributes and defaults",
            "untouched",
            {
                "handler.py": """
                import os

                import requests
                import runpod

                HOST = os.environ.get("ENGINE_HOST", "127.0.0.1:8188")


                class Engine:
                    def __init__(self, port="http://localhost:9000"):
                        self.base = port

                    def ask(self, words, where="http://0.0.0.0:7000"):
                        requests.post(f"{where}/warm")
                        return requests.post(f"{self.base}/ask", json=words).json()


                def handler(job):
                    url = f"http://{HOST}/prompt"
                    requests.post(url, json=job["input"])
                    return Engine().ask(job["input"])

                runpod.serverless.start({"handler": handler})
                """
            },
            lacks={"app.py": ("skip_retry_conditions",)},
        ),
        Case(
            "a job that only reads elsewhere may be tried again",
            "untouched",
            {
                "handler.py": """
                import requests
                import runpod

                def handler(job):
                    words = requests.get("https://example.com/words").json()
                    return {"text": words[0] + " update the " + job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                """
            },
            lacks={"app.py": ("skip_retry_conditions",)},
        ),
        Case("an ordinary job may be tried again", "untouched", {"handler.py": WORKER}, lacks={"app.py": ("skip_retry_conditions",)}),
        Case(
            "a job that asks a server beside it may be tried again",
            "untouched",
            {
                "handler.py": """
                import requests
                import runpod

                def handler(job):
                    return requests.post("http://127.0.0.1:3000/generate", json=job["input"]).json()

                runpod.serverless.start({"handler": handler})
                """
            },
            lacks={"app.py": ("skip_retry_conditions",)},
        ),
    ),
)
