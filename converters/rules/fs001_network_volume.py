"""FS001: RunPod's network volume becomes a folder of fal's persistent storage."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, PIP, WORKER

LOADER = """
from importlib.util import module_from_spec, spec_from_file_location

import runpod

SPEC = spec_from_file_location("steps", "steps.v2.py")
STEPS = module_from_spec(SPEC)
SPEC.loader.exec_module(STEPS)


def handler(job):
    return {"text": job["input"]["prompt"], "models": STEPS.MODELS}


runpod.serverless.start({"handler": handler})
"""

KEEPS = WORKER.replace("    return", '    open("/runpod-volume/last.txt", "w").write("x")\n    return')
"""A worker that writes onto the volume."""

rule = Rule(
    code="FS001",
    title="/runpod-volume -> a folder of the app below /data",
    safety="safe",
    expected="the files of the volume are below /data",
    guide=("RunPod 18",),
    explanation="""
    RunPod mounts a network volume at `/runpod-volume`; fal mounts `/data` on every runner. `/data` is one folder for all apps of an
    account, so each volume becomes a folder of its own below it, named after the app, and two volumes never merge; workers that share
    a module which names the volume share the folder of the first. Paths in strings and f-strings of the code are rewritten; text that
    only describes them stays. Code that looks for the volume's folder itself finds it on fal, too: `setup()` makes it.
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
            style="keep",
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
            "two workers that use a volume are told that each has a folder of its own",
            "converted",
            {
                "one/handler.py": KEEPS,
                "one/Dockerfile": IMAGE,
                "two/handler.py": KEEPS,
                "two/Dockerfile": IMAGE,
            },
            seen=(Seen("dropped", 1, "one/handler.py", says="/data/one and /data/two are folders of their own"),),
        ),
        Case(
            "of two workers one of which uses a volume nothing is told",
            "untouched",
            {"one/handler.py": WORKER, "one/Dockerfile": IMAGE, "two/handler.py": KEEPS, "two/Dockerfile": IMAGE},
            within=("one/handler.py",),
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
        Case(
            "a path on the volume in a file that code loads by its path is moved",
            "converted",
            {
                "handler.py": LOADER,
                "steps.v2.py": "MODELS = '/runpod-volume/models'",
                "Dockerfile": IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py steps.v2.py /"),
            },
            seen=(Seen("converted", 1, "steps.v2.py"),),
            has={"steps.v2.py": ("/data/worker/models",)},
        ),
        Case(
            "a path on the volume in a file that nothing loads stays",
            "untouched",
            {"handler.py": WORKER, "steps.v2.py": "MODELS = '/runpod-volume/models'", "Dockerfile": IMAGE},
        ),
        Case(
            "the folder of a volume that code looks for is there",
            "converted",
            {
                "handler.py": WORKER.replace(
                    "import runpod\n",
                    "import os\nimport runpod\n\nFOLDER = '/runpod-volume/models' if os.path.exists('/runpod-volume') else '/models'\n",
                ),
                "Dockerfile": IMAGE,
            },
            seen=(Seen("converted", 4),),
            has={"app.py": ('os.makedirs("/data/worker", exist_ok=True)',)},
            status="converted",
        ),
        Case(
            "the folder of a volume that a start script looks for is there",
            "converted",
            {
                "handler.py": WORKER,
                "start.sh": "if [ -d /runpod-volume ]; then ln -s /runpod-volume/models /models; fi\npython handler.py\n",
                "Dockerfile": IMAGE.replace("COPY handler.py /handler.py", "COPY . /").replace(
                    '"python", "-u", "/handler.py"', '"bash", "/start.sh"'
                ),
            },
            has={"app.py": ('os.makedirs("/data/worker", exist_ok=True)',), "start.sh": ("[ -d /data/worker ]",)},
        ),
        Case(
            "a path below the volume is left to the code",
            "converted",
            {
                "handler.py": WORKER.replace(
                    "import runpod\n", "import os\nimport runpod\n\nMODELS = os.path.exists('/runpod-volume/models')\n"
                ),
                "Dockerfile": IMAGE,
            },
            seen=(Seen("converted", 4),),
            lacks={"app.py": ("makedirs",)},
        ),
        Case(
            "a variable of the image that names the folder of the volume has it there",
            "partial",
            {
                "handler.py": WORKER.replace("import runpod\n", "import os\nimport runpod\n\nFILES = os.listdir(os.environ['FILES'])\n"),
                "Dockerfile": IMAGE.replace("COPY", "ENV FILES=/runpod-volume\nCOPY"),
            },
            seen=(Seen("manual", 1),),
            has={"app.py": ('os.makedirs("/data/worker", exist_ok=True)',)},
            status="converted",
        ),
        Case(
            "a cache on the volume fills by itself",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": IMAGE.replace("COPY", "ENV HF_HOME=/runpod-volume/cache\nCOPY")},
        ),
        Case(
            "a cache on the volume to which nothing may be fetched is copied",
            "partial",
            {"handler.py": WORKER, "Dockerfile": IMAGE.replace("COPY", "ENV HF_HOME=/runpod-volume/cache HF_HUB_OFFLINE=1\nCOPY")},
            seen=(Seen("manual", 1),),
            status="converted",
        ),
        Case(
            "a cache elsewhere is no volume, whatever may be fetched to it",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": IMAGE.replace("COPY", "ENV HF_HOME=/models/cache HF_HUB_OFFLINE=1\nCOPY")},
        ),
        Case(
            "the files of two workers' volumes are copied to two folders",
            "partial",
            {
                f"{name}/{path}": text
                for name in ("one", "two")
                for path, text in {
                    "handler.py": WORKER,
                    "Dockerfile": IMAGE.replace("COPY", "ENV MODELS=/runpod-volume/models\nCOPY"),
                }.items()
            },
            seen=(Seen("manual", 1, "one/handler.py"), Seen("manual", 1, "two/handler.py")),
            status="converted",
        ),
        Case(
            "of three workers that share files on the volume the first to move a file names its folder",
            "converted",
            {
                "a/handler.py": WORKER.replace("import runpod", "import one\nimport runpod"),
                "b/handler.py": WORKER.replace("import runpod", "import runpod\nimport two"),
                "c/handler.py": WORKER.replace("import runpod", "import one\nimport runpod\nimport two\n\nOWN = '/runpod-volume/own'"),
                "one.py": "MODEL = '/runpod-volume/one'",
                "two.py": "MODEL = '/runpod-volume/two'",
                **{
                    f"{name}/Dockerfile": PIP.replace("COPY handler.py /handler.py", f"COPY {name}/handler.py {files} /")
                    for name, files in (("a", "one.py"), ("b", "two.py"), ("c", "one.py two.py"))
                },
            },
            has={
                "one.py": ("MODEL = '/data/a/one'\n",),
                "two.py": ("MODEL = '/data/b/two'\n",),
                "c/handler.py": ("OWN = '/data/a/own'",),
            },
        ),
    ),
)
