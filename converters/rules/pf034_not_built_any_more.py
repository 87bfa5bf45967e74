"""PF034: a requirement that pip cannot build any more."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, PIP, SERVER, SERVER_IMAGE, WORKER


def _worker(requirement: str, dockerfile: str = IMAGE) -> dict[str, str]:
    return {"handler.py": WORKER, "Dockerfile": dockerfile.replace("runpod==1.7.9", f"runpod==1.7.9 '{requirement}'")}


BESIDE = "RUN pip install torch\nRUN pip install flash-attn --no-build-isolation"
KEPT = IMAGE.replace("RUN pip", "RUN echo 'setuptools<81' > /c.txt\nENV PIP_CONSTRAINT=/c.txt\nRUN pip")
rule = Rule(
    code="PF034",
    title="a requirement that pip cannot build any more",
    safety="manual",
    expected="every requirement has a wheel, or is built with the setuptools that pip takes",
    explanation="""
    pip builds a distribution that has no wheel with the newest setuptools, whichever is installed. Since release 82 that has no
    `pkg_resources`, so a `setup.py` which imports it fails. It builds it apart from what is installed, too, so that one which imports
    torch fails. Only distributions of which that was tried are named.
    Take a release that builds, keep setuptools back for the build, or build it beside torch.
    """,
    links=(runpod_docs("serverless/workers/create-dockerfile"), fal_docs("documentation/development/container-setup")),
    cases=(
        Case("a pin of an image is named with both ways out", "partial", _worker("openai-whisper==20231117"),
             seen=(Seen("manual", 3, "Dockerfile", says="write `openai-whisper==20250625`, or keep the release with"),), status="partial"),
        Case("a pin of a list of requirements is named", "partial", _worker("openai-whisper==20240930", PIP),
             style="keep", seen=(Seen("manual", 29, "app.py", says="write `openai-whisper==20250625`."),), status="partial"),
        Case("a range that holds no newer release is named", "partial", _worker("clip-interrogator<0.5"),
             seen=(Seen("manual", 3, "Dockerfile"),), status="partial"),
        Case("a server's image is built the same way", "partial",
             {"main.py": SERVER, "Dockerfile": SERVER_IMAGE.replace("fastapi==0.115.0", "fastapi==0.115.0 openai-whisper==20230314")},
             seen=(Seen("manual", 2, "Dockerfile"),), status="partial"),
        Case("a package that is built against torch, apart from it", "partial", _worker("flash-attn"),
             seen=(Seen("manual", 3, "Dockerfile", says="with `--no-build-isolation`, in an image that has `nvcc`."),), status="partial"),
        Case("one that is built beside torch", "untouched",
             {"handler.py": WORKER, "Dockerfile": IMAGE.replace("RUN pip", f"{BESIDE}\nRUN pip")}),
        Case("one of another index", "untouched", _worker("flash-attn' --extra-index-url 'https://example.com/wheels")),
        Case("one that is a wheel", "untouched", _worker("flash-attn @ https://example.com/flash_attn-2.8.3-cp311-cp311-linux_x86_64.whl")),
        Case("no release is stated", "untouched", _worker("openai-whisper")),
        Case("a release that builds", "untouched", _worker("openai-whisper==20250625")),
        Case("a range that holds a newer release", "untouched", _worker("openai-whisper>=20230314")),
        Case("a release that has a wheel", "untouched", _worker("clip-interrogator==0.6.0")),
        Case("a build with an older setuptools", "untouched", _worker("openai-whisper==20231117", KEPT)),
        Case("a version that is none", "untouched", _worker("openai-whisper==latest")),
    ),
)  # fmt: skip
