"""ENV013: a release that is kept back."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import COG, PIP, PREDICTOR, WORKER


def _listed(*lines: str) -> dict[str, str]:
    """A worker with a list of requirements."""
    return {"handler.py": WORKER, "requirements.txt": "\n".join(lines)}


def _predictor(python: str, packages: str, system: str = "") -> dict[str, str]:
    """A predictor with packages, of which Cog builds an image where it wants one of the system."""
    build = f'python_version: "{python}"\n{system}  python_packages: [{packages}]'
    return {"cog.yaml": COG.replace('python_version: "3.11"', build), "predict.py": PREDICTOR}


SYSTEM = '  system_packages: ["libgl1"]\n'
OLD = '"diffusers==0.19.3", "torch==2.0.1", "transformers==4.31.0"'
rule = Rule(
    code="ENV013",
    title="a release that is kept back",
    safety="safe",
    explanation="""
    A list of requirements that leaves a release open gets the newest one, and what was built a year ago is not what is built today. Where
    two such releases are known not to work together, the list that is written for fal gets the bound that was not needed then, as the
    image had it which served the requests so far: an old diffusers, pyannote.audio or speechbrain an older huggingface_hub, an old PyTorch
    an older transformers and NumPy 1.
    In an image whose Dockerfile stays it is PF036 that names the pair.
    """,
    links=(
        "https://github.com/huggingface/transformers/releases",
        "https://github.com/huggingface/huggingface_hub/releases/tag/v0.26.0",
        runpod_docs("serverless/workers/create-dockerfile"),
        fal_docs("documentation/development/container-setup"),
    ),
    cases=(
        Case("an old diffusers of a worker gets its huggingface_hub", "converted",
             _listed("diffusers==0.21.4", "torch", "transformers==4.33.2"),
             seen=(Seen("converted", 1, "requirements.txt"),), has={"app.py": ('"huggingface_hub<0.26.0"',)}),
        Case("a huggingface_hub that is listed gets the bound", "converted", _listed("diffusers==0.27.2", "huggingface_hub>=0.20"),
             seen=(Seen("converted", 1, "requirements.txt"),), has={"app.py": ('"huggingface_hub>=0.20,<0.26.0"',)}),
        Case("transformers without a bound beside an old PyTorch gets one", "converted", _listed("torch==2.1.0", "transformers"),
             seen=(Seen("converted", 2, "requirements.txt"),), has={"app.py": ('"transformers<5"',)}),
        Case("an index without newer releases tells the PyTorch", "converted",
             {"handler.py": WORKER,
              "Dockerfile": PIP.replace("RUN pip", "RUN pip install torch --index-url https://download.pytorch.org/whl/cu121\n"
                                        "RUN pip install transformers\nRUN pip")},
             seen=(Seen("converted", 3, "Dockerfile"),), has={"app.py": ('"transformers<5"',)}),
        Case("a list of a cog.yaml is kept back, too", "converted", _predictor("3.10", OLD),
             seen=(Seen("converted", 3, "cog.yaml"),), has={"app.py": ('"huggingface_hub<0.26.0"',)}),
        Case("the image that Cog would build has the bound", "converted", _predictor("3.10", OLD, SYSTEM),
             seen=(Seen("converted", 4, "cog.yaml"),), has={"Dockerfile": ("'huggingface_hub<0.26.0'",)}),
        Case("what hands on a keyword that newer releases refuse", "converted", _listed("torch==2.4.0", "pyannote.audio==3.3.2"),
             seen=(Seen("converted", 2, "requirements.txt"),), has={"app.py": ('"huggingface_hub<1.0.0"',)}),
        Case("what reads a name that NumPy 2 has no more", "converted", _listed("torch==2.4.0", "pyannote.audio==3.1.1"),
             has={"app.py": ('"huggingface_hub<1.0.0"', '"numpy<2"')}),
        Case("a newer release of it takes the newest", "untouched", _listed("torch==2.8.0", "pyannote.audio==4.0.1")),
        Case("a huggingface_hub that is pinned stays", "untouched", _listed("speechbrain==1.0.2", "huggingface_hub==0.36.0")),
        Case("a marker stays behind the bound", "converted", _listed("torch==2.0.1", "transformers>=4.30; sys_platform == 'linux'"),
             has={"app.py": ("transformers>=4.30,<4.50; sys_platform == 'linux'",)}),
        Case("the NumPy of a PyTorch that was built for the first is kept back", "converted",
             _listed("torch==2.2.1", "opencv-python==4.10.0.84"),
             seen=(Seen("converted", 1, "requirements.txt"),), has={"app.py": ('"numpy<2"',)}),
        Case("a package of a repository is known by its address", "converted",
             _listed("torch==2.2", "git+https://github.com/huggingface/diffusers.git@ec068f9#egg=diffusers"),
             seen=(Seen("converted", 1, "requirements.txt"),), has={"app.py": ('"numpy<2"',)}),
        Case("a package of a repository that nobody knows may keep it back itself", "untouched",
             _listed("torch==2.2", "git+https://github.com/acme/voices")),
        Case("a package that wants the second NumPy is left to a person", "untouched", _listed("torch==2.2.1", "opencv-python==4.12.0.88")),
        Case("a release of NumPy that is stated stays", "untouched", _listed("torch==2.2.1", "numpy==2.1.0")),
        Case("what works with the newest is left open", "untouched", _listed("diffusers==0.29.0", "torch==2.6.0", "transformers")),
        Case("a bound of the project's own is enough", "untouched", _listed("diffusers==0.27.2", "huggingface_hub==0.25.2")),
        Case("a package that may keep it back itself is asked first", "untouched",
             _listed("torch==2.1.0", "transformers", "compel", "numpy<2")),
        Case("a transformers that needs the newer huggingface_hub is left to a person", "untouched",
             _listed("diffusers==0.27.2", "transformers==4.49.0")),
        Case("a PyTorch of no known release tells nothing", "untouched", _listed("torch", "transformers")),
    ),
)  # fmt: skip
