"""PF051: a start that installs, compiles or downloads what belongs into the image."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import COG, SERVER, SERVER_IMAGE, WORKER

IMAGE = """
FROM nvidia/cuda:12.4.1-devel-ubuntu22.04
WORKDIR /app
COPY . .
EXPOSE 8000
CMD ["bash", "start.sh"]
"""
SERVE = "\npython3 -m uvicorn main:app --host 0.0.0.0 --port 8000"
FETCH = """
from huggingface_hub import snapshot_download

snapshot_download("acme/tiny", local_dir="/app/models"{more})
"""
LOOKING = """
fetch() {
  if [ ! -f "$1" ]; then
    wget -O "$1" "$2"
  fi
}
fetch model.gguf https://example.com/model.gguf
"""


def _started(script: str, dockerfile: str = IMAGE, **files: str) -> dict[str, str]:
    """A server whose start script does this before it serves."""
    return {"main.py": SERVER, "start.sh": "set -e\n" + script + SERVE, "Dockerfile": dockerfile, **files}


def _fetching(program: str) -> dict[str, str]:
    return {**_started("python3 fetch.py"), "fetch.py": program}


PREDICTOR = """
import subprocess

from cog import BasePredictor, Input


class Predictor(BasePredictor):
    def setup(self):
        subprocess.run("pip install torch==2.4.0", shell=True, check=True)

    def predict(self, prompt: str = Input(description="Text")) -> str:
        return prompt.upper()
"""

rule = Rule(
    code="PF051",
    title="a start that installs, compiles or downloads each time",
    safety="manual",
    expected="what installs or compiles runs in the build, or `startup_timeout` allows for it",
    explanation="""
    Every runner of fal is new: what a start script or `setup()` installs, compiles or downloads outside /data happens again at each of
    them, and fal ends a start after `startup_timeout`. A server that installs or downloads gets an hour, also where only the first start
    does, since Docker sets no limit. How long a compiler takes is not known, so that it is asked for. Small steps are left alone.
    Move such steps to RUN lines of the Dockerfile, and models to a folder below /data.
    """,
    links=(docker_docs("reference/dockerfile/#run"), fal_docs("documentation/deployment/scale-your-application")),
    cases=(
        Case("a package that is compiled at the start is asked for", "partial",
             _started("pip install flash-attn==2.7.4 --no-build-isolation"),
             seen=(Seen("manual", 2, "start.sh", says="RUN"),), status="partial"),
        Case("a setup.py that is built at the start is asked for", "partial", _started("cd ext && python setup.py install"),
             seen=(Seen("manual", 2, "start.sh"),), status="partial"),
        Case("a list of requirements that holds torch gets more time", "partial",
             {**_started("pip install -r requirements.txt"), "requirements.txt": "fastapi\nuvicorn\ntorch==2.4.0"},
             seen=(Seen("manual", 2, "start.sh"), Seen("converted", 2, "start.sh", says="startup_timeout")),
             has={"pyproject.toml": ("startup_timeout = 3600",)}, status="converted"),
        Case("a model that wget fetches gets more time", "partial",
             _started("wget -O /app/model.gguf https://example.com/model.gguf"), seen=(Seen("manual", 2, "start.sh", says="/data"),),
             has={"pyproject.toml": ("startup_timeout = 3600",)}, status="converted"),
        Case("a repository of the hub in a folder of the image gets more time", "partial",
             _started("hf download acme/tiny --local-dir /models/tiny"), seen=(Seen("manual", 2, "start.sh"),), status="converted"),
        Case("a program that the script runs is followed", "partial", _fetching(FETCH.format(more="")),
             seen=(Seen("manual", 3, "fetch.py"),), status="converted"),
        Case("a shell line of the command is read", "partial",
             {"main.py": SERVER, "Dockerfile": IMAGE.replace('["bash", "start.sh"]', f'["sh", "-c", "pip3 install vllm && {SERVE[1:]}"]')},
             seen=(Seen("manual", 5, "Dockerfile"),), status="converted"),
        Case("what setup installs is told", "partial", {"predict.py": PREDICTOR, "cog.yaml": COG},
             seen=(Seen("manual", 8, "predict.py"),), status="converted"),
        *(
            Case(f"{what} gets more time and nothing else", "converted", files, seen=(Seen("converted", line, file),),
                 has={"pyproject.toml": ("startup_timeout = 3600",)}, status="converted")
            for what, files, line, file in (
                ("a download that a test decides", _started("[ -f model.gguf ] || wget https://example.com/model.gguf"), 2, "start.sh"),
                ("a download in an arm of an if", _started("if [ ! -d /m ]; then\n  hf download acme/a --local-dir /m\nfi"), 3, "start.sh"),
                ("a download by a function that looks first", _started(LOOKING), 8, "start.sh"),
                ("a download into fal's own cache", _started("hf download acme/tiny"), 2, "start.sh"),
                ("a download into a folder below /data", _started("hf download acme/tiny --local-dir /data/models/tiny"), 2, "start.sh"),
            )
        ),
        Case("a build that a test decides is left alone", "untouched",
             _started("if ! python3 -c 'import flash_attn'; then\n  pip install flash-attn\nfi")),
        Case("a function that nothing calls is left alone", "untouched",
             _started("fetch() {\n  wget https://example.com/model.gguf\n}")),
        Case("small packages are left alone", "untouched", _started("pip install requests\napt-get install -y ffmpeg")),
        Case("what the image has installed is left alone", "untouched",
             _started("pip install torch==2.4.0", IMAGE.replace("EXPOSE", "RUN pip install torch==2.4.0\nEXPOSE"))),
        Case("a wheel needs no compiler", "untouched",
             _started("pip install https://example.com/flash_attn-2.7.4-cp311-cp311-linux_x86_64.whl")),
        Case("a build that a variable switches off needs no compiler", "untouched",
             _started("FLASH_ATTENTION_SKIP_CUDA_BUILD=TRUE pip install flash-attn --no-build-isolation")),
        Case("an address that is asked for its answer is no download", "untouched", _started("curl -s https://example.com/model.bin")),
        Case("a download of a program that asks first is left alone", "untouched",
             _fetching("import os\n\nif os.path.exists('/app/models'):\n    raise SystemExit\n" + FETCH.format(more=""))),
        Case("a download of a request is no start", "untouched",
             _fetching(FETCH.format(more="").replace("snapshot_download(\"", "def fetch():\n    snapshot_download(\""))),
        Case("a list of requirements without big packages is left alone", "untouched",
             {**_started("pip install -r requirements.txt"), "requirements.txt": "fastapi\nuvicorn"}),
        Case("a server that only serves is in order", "untouched", {"main.py": SERVER, "Dockerfile": SERVER_IMAGE}),
        Case("a worker that only works is in order", "untouched", {"handler.py": WORKER}),
    ),
)  # fmt: skip
