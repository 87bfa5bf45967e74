"""FS001: RunPod's network volume becomes a folder of fal's persistent storage."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, PIP, WORKER

rule = Rule(
    code="FS001",
    title="/runpod-volume -> a folder of the app below /data",
    safety="safe",
    guide=("RunPod 18",),
    explanation="""
    RunPod mounts a network volume at `/runpod-volume`; fal mounts `/data` on every runner. `/data` is one folder for all apps of an
    account, so each volume becomes a folder of its own below it, named after the app, and two volumes never merge; workers that share
    a module which names the volume share the folder of the first. Paths in strings and f-strings of the code are rewritten; text that
    only describes them stays.
    Copy the volume's files there, and remember that `/data` is eventually consistent: write to a temporary name and rename.
    """,
    links=(runpod_docs("serverless/storage/overview"), fal_docs("documentation/development/use-persistent-storage")),
    cases=(
        Case(
            "paths on the volume move below data",
            "converted",
            {
                "handler.py": """
                import runpod

                MODELS = "/runpod-volume/models"

                def handler(job):
                    name = job["input"]["name"]
                    return {"model": MODELS, "lora": f"/runpod-volume/loras/{name}"}

                runpod.serverless.start({"handler": handler})
                """
            },
            seen=(Seen("converted", 3), Seen("converted", 7)),
            has={"handler.py": ('MODELS = "/data/worker/models"', 'f"/data/worker/loras/{name}"')},
            lacks={"handler.py": ("/runpod-volume",)},
        ),
        Case(
            "a folder whose name only begins like the volume stays",
            "untouched",
            {
                "handler.py": """
                import runpod

                BACKUP = "/runpod-volume-backup"

                def handler(job):
                    return {"text": job["input"]["prompt"], "backup": BACKUP}

                runpod.serverless.start({"handler": handler})
                """
            },
            has={"handler.py": ('BACKUP = "/runpod-volume-backup"',)},
            style="keep",
        ),
        Case(
            "a docstring and a comment about the volume stay",
            "untouched",
            {
                "handler.py": '''
                """Reads models from /runpod-volume."""
                import runpod

                # mounted at /runpod-volume on the old platform

                def handler(job):
                    return {"text": job["input"]["prompt"]}

                runpod.serverless.start({"handler": handler})
                '''
            },
            has={"handler.py": ('"""Reads models from /runpod-volume."""', "# mounted at /runpod-volume")},
            style="keep",
        ),
        Case(
            "a folder of the container is no volume",
            "untouched",
            {
                "handler.py": """
                import runpod

                def handler(job):
                    with open("/tmp/note.txt", "w") as file:
                        file.write(job["input"]["prompt"])
                    return {"written": True}

                runpod.serverless.start({"handler": handler})
                """
            },
        ),
        Case(
            "a path on the volume in a configuration file is moved",
            "converted",
            {
                "handler.py": WORKER.replace(
                    "import runpod\n", "import yaml\nimport runpod\n\nCONFIG = yaml.safe_load(open('/config.yaml'))\n"
                ),
                "config.yaml": "models: /runpod-volume/models\n",
                "Dockerfile": PIP.replace("COPY handler.py /handler.py", "COPY handler.py config.yaml /"),
            },
            seen=(Seen("converted", 1, "config.yaml"),),
        ),
        Case(
            "the files of a volume that a variable names are copied",
            "partial",
            {
                "handler.py": WORKER.replace("import runpod\n", "import os\nimport runpod\n\nMODELS = os.environ['MODELS']\n"),
                "Dockerfile": IMAGE.replace("COPY", "ENV MODELS=/runpod-volume/models\nCOPY"),
            },
            seen=(Seen("manual", 1),),
            status="converted",
        ),
    ),
)
