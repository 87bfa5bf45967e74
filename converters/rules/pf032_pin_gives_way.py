"""PF032: a pin gives way to what fal itself needs."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, WORKER


def _locked(file: str, text: str, install: str, code: str = "import runpod\nfrom PIL import Image") -> dict[str, str]:
    steps = f"WORKDIR /app\nCOPY pyproject.toml {file} ./\nRUN {install}\nRUN pip install runpod==1.7.9"
    return {
        "handler.py": WORKER.replace("import runpod", code),
        "pyproject.toml": "[project]\nname = 'voices'\nversion = '1'\n",
        file: text,
        "Dockerfile": IMAGE.replace("RUN pip install runpod==1.7.9", steps),
    }


USING = WORKER.replace("import runpod", "import runpod\nfrom PIL import Image\n\nFILTER = Image.LANCZOS")
PILLOW = IMAGE.replace("runpod==1.7.9", "runpod==1.7.9 pillow==9.5.0")
UV = 'version = 1\n\n[[package]]\nname = "pillow"\nversion = "9.5.0"\n'
POETRY = UV.replace("version = 1", "")
PIPFILE = '{\n    "default": {\n        "pillow": {\n            "version": "==9.5.0"\n        }\n    }\n}\n'

rule = Rule(
    code="PF032",
    title="a pin gives way to what fal itself needs",
    safety="manual",
    expected="the pin allows a release that fal's own requirements allow",
    explanation="""
    fal is installed last in an image, and pip then replaces releases that fal's own requirements exclude, without a word, whether one
    release is pinned, a range of them, or one in a lock file. They are read from the metadata of the installed `fal`. A package that the
    code imports is left to a person, unless it is known what its releases took away and the code uses none of it (Pillow, FastAPI); so is
    one that another pinned package needs. One that nothing here imports is noted, and of a lock file not told at all.
    Pin a release that both take.
    """,
    links=(
        runpod_docs("serverless/workers/create-dockerfile"),
        fal_docs("documentation/development/container-setup"),
    ),
    cases=(
        Case(
            "a pin that fal replaces is named where the code uses what is gone",
            "partial",
            {"handler.py": USING.replace("LANCZOS", "ANTIALIAS"), "Dockerfile": PILLOW},
            style="keep",
            seen=(Seen("manual", 3, "Dockerfile", says="has no `Image.ANTIALIAS` (handler.py:3)"),),
            status="partial",
        ),
        *(
            Case(
                f"the bound {bound} keeps back what the code uses",
                "partial",
                {"handler.py": USING.replace("LANCZOS", "ANTIALIAS"), "Dockerfile": PILLOW.replace("pillow==9.5.0", f"'pillow{bound}'")},
                style="keep",
                seen=(Seen("manual", 3, "Dockerfile", says="has no `Image.ANTIALIAS`"),),
                status="partial",
            )
            for bound in ("<10", "<=9.5.0", "~=9.5", ">=9,<10.0.0")
        ),
        Case(
            "a release that lacks the name already misses nothing more",
            "converted",
            {"handler.py": USING.replace("LANCZOS", "ANTIALIAS"), "Dockerfile": PILLOW.replace("9.5.0", "10.4.0")},
            style="keep",
            status="converted",
        ),
        Case(
            "a pin that fal replaces is noted where the code uses nothing that is gone",
            "converted",
            {"handler.py": USING, "Dockerfile": PILLOW},
            style="keep",
            status="converted",
        ),
        Case(
            "a name of another module is none of the package's",
            "converted",
            {
                "handler.py": USING.replace("Image.LANCZOS", "Image.open.eval()")
                .replace("import runpod", "import os\nimport runpod", 1)
                .replace("{", "{'size': os.path.getsize('/a'), ", 1),
                "Dockerfile": PILLOW,
            },
            style="keep",
            status="converted",
        ),
        Case(
            "a pin that fal replaces is named where another package needs it",
            "partial",
            {"handler.py": WORKER, "Dockerfile": PILLOW.replace("pillow", "moviepy==1.0.3 pillow")},
            seen=(Seen("manual", 3, "Dockerfile", says="`moviepy==1.0.3` needs the older one"),),
            status="partial",
        ),
        Case(
            "a newer release of the other package needs it no more",
            "converted",
            {"handler.py": WORKER, "Dockerfile": PILLOW.replace("pillow", "moviepy==2.1.1 pillow")},
            status="converted",
        ),
        Case(
            "a package that only the app's own file has, to serve the app, is noted",
            "converted",
            {"handler.py": WORKER, "Dockerfile": PILLOW.replace("pillow==9.5.0", "fastapi==0.98.0")},
            style="native",
            status="converted",
        ),
        Case(
            "a pin that fal replaces is noted where nothing imports the package",
            "converted",
            {"handler.py": WORKER, "Dockerfile": IMAGE.replace("runpod==1.7.9", "runpod==1.7.9 pillow==9.5.0")},
            status="converted",
        ),
        Case(
            "the first pydantic gives way to the one that serves the app",
            "partial",
            {
                "handler.py": WORKER.replace("import runpod", "import runpod\nimport pydantic"),
                "Dockerfile": IMAGE.replace("runpod==1.7.9", "runpod==1.7.9 pydantic==1.10.13"),
            },
            style="keep",
            seen=(Seen("manual", 3, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "a range that fal leaves is named where the code imports the package",
            "partial",
            {
                "handler.py": WORKER.replace("import runpod", "import runpod\nimport pydantic"),
                "Dockerfile": IMAGE.replace("runpod==1.7.9", "runpod==1.7.9 'pydantic>=1.10,<2'"),
            },
            style="keep",
            seen=(Seen("manual", 3, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "a compatible release that fal leaves is named where the code imports the package",
            "partial",
            {
                "handler.py": WORKER.replace("import runpod", "import runpod\nimport pydantic"),
                "Dockerfile": IMAGE.replace("runpod==1.7.9", "runpod==1.7.9 pydantic~=1.10"),
            },
            style="keep",
            seen=(Seen("manual", 3, "Dockerfile"),),
            status="partial",
        ),
        Case(
            "a release that uv locks is named where the code imports the package",
            "partial",
            _locked("uv.lock", UV, "pip install uv && uv sync --system"),
            style="keep",
            seen=(Seen("manual", 4, "uv.lock", says="`pillow==9.5.0` is locked"),),
            status="partial",
        ),
        Case(
            "a release that poetry locks",
            "partial",
            _locked("poetry.lock", POETRY, "pip install poetry && POETRY_VIRTUALENVS_CREATE=false poetry install"),
            style="keep",
            seen=(Seen("manual", 2, "poetry.lock"),),
            status="partial",
        ),
        Case(
            "a release that pipenv locks",
            "partial",
            _locked("Pipfile.lock", PIPFILE, "pip install pipenv && pipenv install --system"),
            style="keep",
            seen=(Seen("manual", 3, "Pipfile.lock"),),
            status="partial",
        ),
        Case("a lock file that nothing installs", "untouched", _locked("uv.lock", UV, "pip install pillow==13.0.0"), style="keep"),
        Case(
            "a locked release of a package that nothing imports",
            "untouched",
            _locked("uv.lock", UV, "pip install uv && uv sync --system", "import runpod"),
            style="keep",
        ),
        Case(
            "a locked release that fal takes",
            "untouched",
            _locked("uv.lock", UV.replace("9.5.0", "13.0.0"), "pip install uv && uv sync"),
            style="keep",
        ),
        Case(
            "a lock file with two releases",
            "untouched",
            _locked("uv.lock", UV + UV.replace("version = 1", "").replace("9.5.0", "13.0.0"), "pip install uv && uv sync"),
            style="keep",
        ),
        Case(
            "a lock file that is renewed",
            "untouched",
            _locked("uv.lock", UV, "pip install uv && uv lock --upgrade && uv sync"),
            style="keep",
        ),
        Case("a lock file that is no TOML", "untouched", _locked("uv.lock", "[[package", "pip install uv && uv sync"), style="keep"),
        Case(
            "a locked release for development",
            "untouched",
            _locked("poetry.lock", POETRY + 'groups = ["dev"]\n', "pip install poetry && poetry install"),
            style="keep",
        ),
        *(
            Case(
                f"the range {spec} leaves fal room",
                "untouched",
                {
                    "handler.py": WORKER.replace("import runpod", "import runpod\nimport pydantic\nfrom PIL import Image"),
                    "Dockerfile": IMAGE.replace("runpod==1.7.9", f"runpod==1.7.9 '{spec}'"),
                },
                style="keep",
            )
            for spec in ("pydantic<3", "pydantic>=1.10", "pydantic!=2.5.0", "pydantic>=1,<3", "pydantic==2.*", "pillow")
        ),
        Case(
            "a pin that leaves fal room stays",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": IMAGE.replace("runpod==1.7.9", "runpod==1.7.9 numpy==1.26.4 httpx==0.27.2")},
        ),
        Case("a list of requirements has no fal in it", "untouched", {"handler.py": WORKER, "requirements.txt": "pillow==9.5.0"}),
    ),
)
