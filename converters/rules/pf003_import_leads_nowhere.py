"""PF003: an import that leads nowhere."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, PIP, SERVER, SERVER_IMAGE, WORKER

LOGS = "import logging\n\nLOG = logging.getLogger(__name__)\n"
SHADOWED = "import runpod\nfrom flows import other\n\nLOG = other.LOG"
ASKS = "FLOW = first.Flow() if hasattr(first, 'Flow') else 0"
OF_REQUESTS = WORKER.replace("import runpod", "import runpod\nfrom flows import first").replace("    return", "    first.Flow\n    return")
TAKES = WORKER.replace("import runpod", "import runpod\nfrom flows import first\n\nFLOW = first.Flow()")
TWO_FILES = IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py /handler.py\nCOPY flows /flows")
TUNES = WORKER.replace("import runpod", "import runpod\nfrom peft import LoraConfig")
TORCH = """
FROM pytorch/pytorch:2.4.1-cuda12.1-cudnn9-runtime
RUN apt-get update && apt-get install -y git
RUN git clone https://github.com/owner/models.git /models
RUN pip install runpod==1.7.9 transformers==4.45.0
WORKDIR /srv
COPY handler.py /srv/handler.py
CMD ["python", "-u", "/srv/handler.py"]
"""
"""A worker on PyTorch's image, beside a repository that nothing is installed from."""


BRINGS = """import os
try:
    import vllm
except ImportError:
    {call}
    import vllm
"""


def _brought(call: str) -> dict[str, str]:
    """A worker that does this where a package is not there, and asks for it again."""
    return {
        "handler.py": WORKER.replace("import runpod", f"import runpod\n{BRINGS.format(call=call)}"),
        "requirements.txt": "numpy==1.26.4",
    }


SPREADS = "import runpod\nimport parallel\n\nif parallel.COUNT > 1:\n    import spread"

rule = Rule(
    code="PF003",
    title="an import that leads nowhere",
    safety="manual",
    expected="every import leads to a file of the app under that name, to a requirement, or to the standard library",
    explanation="""
    Every import of what runs is looked up among the standard library, the files of the runner under the names that they have there,
    and the packages that are installed. What reading cannot tell, such as a package that another one brings along, is passed over,
    and so is an import that the code does without. Names that are taken out of a module of the project are looked up in it, unless it
    makes names that only running it tells.
    Copy the file under its own name, or add the requirement.
    """,
    links=(
        runpod_docs("serverless/workers/create-dockerfile"),
        fal_docs("documentation/development/import-code"),
    ),
    cases=(
        Case(
            "a module beside the code that the image has under another name is named",
            "partial",
            {
                "handler.py": """
                import runpod
                from speech import say

                def handler(job):
                    return {"text": say(job["input"]["prompt"])}

                runpod.serverless.start({"handler": handler})
                """,
                "speech.py": "def say(text):\n    return text",
                "Dockerfile": IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py /handler.py\nCOPY speech.py /voice.py"),
            },
            seen=(Seen("manual", 2),),
            status="partial",
        ),
        Case(
            "a module of the standard library that is gone is named",
            "partial",
            {
                "handler.py": WORKER.replace("import runpod", "import imp\nimport runpod"),
                "Dockerfile": PIP.replace("3.11", "3.12"),
            },
            status="partial", style="keep",),
        Case(
            "a name that a module of the project lacks is named where the start takes it",
            "partial",
            {"handler.py": TAKES, "flows/first.py": "class Flows:\n    pass\n", "Dockerfile": TWO_FILES},
            seen=(Seen("manual", 4),),
            style="keep",
            status="partial",
        ),
        *(
            Case(
                f"what the start takes from a module of the project is no finding where {why}",
                "untouched",
                {"handler.py": code, "flows/first.py": module, "flows/other.py": LOGS, "flows/logging.py": "", "Dockerfile": TWO_FILES},
                style="keep",
            )
            for why, code, module in (
                ("it has the name", TAKES, "class Flow:\n    pass\n"),
                ("it takes all of another module", TAKES, "from flows.other import *\n"),
                ("the worker sets it", TAKES.replace("FLOW =", "first.Flow = dict\nFLOW ="), "FLOWS = 1\n"),
                ("the worker asks for it first", TAKES.replace("FLOW = first.Flow()", ASKS), ""),
                ("another name is meant", TAKES.replace("FLOW =", "first = __import__('types')\nFLOW ="), ""),
                ("only a request takes it", OF_REQUESTS, ""),
                ("its name is that of a module of Python's", WORKER.replace("import runpod", SHADOWED), ""),
            )
        ),
        *(
            Case(
                f"a package of the project that {how} is no finding",
                "untouched",
                {
                    "main.py": f"import voices\n{SERVER}",
                    "src/voices/__init__.py": "",
                    "pyproject.toml": "[project]\nname = 'voices'\n",
                    "Dockerfile": SERVER_IMAGE.replace("COPY main.py", f"COPY pyproject.toml src /build/\nRUN {command}\nCOPY main.py"),
                },
            )
            for how, command in (
                ("the build installs from its folder", "cd /build && pip install ."),
                ("the build installs as a wheel", "cd /build && pip wheel -w /w . && pip install --no-deps /w/voices-0-py3-none-any.whl"),
                ("poetry installs", "cd /build && poetry install --only main"),
            )
        ),
        Case(
            "a package of the project that no command installs is named",
            "partial",
            {
                "main.py": f"import voices\n{SERVER}",
                "voices/__init__.py": "",
                "Dockerfile": SERVER_IMAGE,
            },
            seen=(Seen("manual", 1, "main.py"),),
            status="partial",
        ),
        Case(
            "a package that neither a base with PyTorch nor a requirement brings is named",
            "partial",
            {"handler.py": TUNES, "Dockerfile": TORCH},
            seen=(Seen("manual", 2),),
            style="keep",
            status="partial",
        ),
        *(
            Case(
                f"on a base with PyTorch a package may come from {what}",
                "untouched",
                {"handler.py": TUNES, "Dockerfile": TORCH.replace(old, new), "install.py": "import os\n\nos.system('pip install peft')\n"},
                style="keep",
            )
            for what, old, new in (
                ("a script", "WORKDIR", "COPY install.py /install.py\nRUN python /install.py\nWORKDIR"),
                ("the repository that it works in", "WORKDIR /srv", "WORKDIR /models/src"),
                ("a folder of PYTHONPATH", "WORKDIR", "ENV PYTHONPATH=/models\nWORKDIR"),
                ("a list of requirements in a repository", "transformers==4.45.0", "-r /models/requirements.txt"),
                ("a repository that is installed", "transformers==4.45.0", "/models"),
                ("a requirement that brings it", "transformers==4.45.0", "trl==0.11.0"),
                ("an image made upon it", "pytorch/pytorch:2.4.1-cuda12.1-cudnn9-runtime", "owner/pytorch:2.4.1"),
            )
        ),
        Case(
            "a package that no requirement brings is named",
            "partial",
            {
                "handler.py": WORKER.replace("import runpod", "import runpod\nfrom diffusers import DiffusionPipeline"),
                "requirements.txt": "numpy==1.26.4",
            },
            style="keep",
            status="partial",
        ),
        Case(
            "a module that neither the project nor a requirement has is named",
            "partial",
            {
                "handler.py": WORKER.replace("import runpod", "import runpod\nfrom voice_of_ours import say"),
                "requirements.txt": "numpy==1.26.4",
            },
            seen=(Seen("manual", 2, "handler.py"),),
            style="keep",
            status="partial",
        ),
        Case(
            "a module that setup imports and nothing brings is named",
            "partial",
            {
                "handler.py": WORKER.replace("import runpod", "import runpod\nfrom voice_of_mine import say"),
                "requirements.txt": "numpy==1.26.4",
            },
            style="native",
            status="partial",
        ),
        Case(
            "a name that a module of the project does not have is named",
            "partial",
            {
                "handler.py": WORKER.replace("import runpod", "import runpod\nfrom settings import LEAST, MOST"),
                "settings.py": "LEAST = 1",
                "Dockerfile": IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py settings.py /"),
            },
            seen=(Seen("manual", 2, says="`MOST` is imported from settings.py"),),
            status="partial",
        ),
        Case(
            "a name that a package beside the code does not have is named",
            "partial",
            {
                "handler.py": WORKER.replace("import runpod", "import runpod\nfrom tools import voices"),
                "tools/__init__.py": "from tools.texts import TITLE",
                "tools/texts.py": "TITLE = 'x'",
                "Dockerfile": IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py /handler.py\nCOPY tools /tools"),
            },
            seen=(Seen("manual", 2),),
            status="partial",
        ),
        Case(
            "names that a module has in whichever way are in order",
            "untouched",
            {
                "handler.py": WORKER.replace(
                    "import runpod", "import runpod\nfrom settings import A, B, C, D, E, F, loads, __file__\nfrom tools import texts"
                ),
                "settings.py": """
                from json import loads

                if (A := 1):
                    B, (C, *_) = 2, (3,)
                else:
                    for D in range(3):
                        pass
                try:
                    import numpy as E
                except ImportError:
                    E = None

                def start():
                    global F
                    F = 1

                start()
                """,
                "tools/__init__.py": "",
                "tools/texts.py": "TITLE = 'x'",
                "Dockerfile": IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py settings.py /\nCOPY tools /tools"),
            },
        ),
        Case(
            "names of a module that makes them while it runs are in order",
            "untouched",
            {
                "handler.py": WORKER.replace("import runpod", "import runpod\nfrom settings import LEAST\nfrom voices import LOUD"),
                "settings.py": "globals().update(LEAST=1)",
                "voices.py": "from json import *",
                "Dockerfile": IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py settings.py voices.py /"),
            },
        ),
        Case(
            "a module of the package that nothing has is named",
            "partial",
            {
                "handler.py": WORKER.replace("import runpod", "import runpod\nfrom tools import texts"),
                "tools/__init__.py": "",
                "tools/texts.py": "from .voices import LOUD",
                "Dockerfile": IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py /handler.py\nCOPY tools /tools"),
            },
            seen=(Seen("manual", 1, "tools/texts.py"),),
            status="partial",
        ),
        Case(
            "a module of the package that only some requests need is passed over",
            "untouched",
            {
                "handler.py": WORKER.replace("import runpod", "import runpod\nfrom tools import texts"),
                "tools/__init__.py": "",
                "tools/texts.py": "def upper(text):\n    from .voices import LOUD\n    return LOUD(text)",
                "Dockerfile": IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py /handler.py\nCOPY tools /tools"),
            },
        ),
        Case(
            "a name that the code does without is in order",
            "untouched",
            {
                "handler.py": WORKER.replace(
                    "import runpod", "import runpod\ntry:\n    from settings import MOST\nexcept ImportError:\n    MOST = 9"
                ),
                "settings.py": "LEAST = 1",
                "Dockerfile": IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py settings.py /"),
            },
        ),
        Case(
            "modules of two workers in folders of their own are found",
            "untouched",
            {
                "common/texts.py": "VOICE = 1",
                **{f"workers/{name}/handler.py": WORKER.replace("import runpod", "import runpod\nimport common.texts") for name in "ab"},
                **{
                    f"workers/{name}/Dockerfile": PIP.replace(
                        "COPY handler.py /handler.py", f"COPY common /common\nCOPY workers/{name}/handler.py /handler.py"
                    )
                    for name in "ab"
                },
            },
        ),
        Case(
            "a module whose requirement has a longer name is in order",
            "untouched",
            {
                "handler.py": WORKER.replace("import runpod", "import runpod\nimport phonemizer_fork\nimport websocket"),
                "requirements.txt": "websocket-client==1.8.0\nphonemizer-fork-en==3.3.1",
            },
        ),
        Case(
            "a module that only some requests need is passed over",
            "untouched",
            {
                "handler.py": WORKER.replace(
                    'return {"text"', 'if job["input"].get("loud"):\n        import voice_of_ours\n    return {"text"'
                ),
                "requirements.txt": "numpy==1.26.4",
            },
        ),
        Case(
            "a module that only some machines import may lack what it imports",
            "untouched",
            {
                "handler.py": WORKER.replace("import runpod", SPREADS),
                "parallel.py": "COUNT = 1",
                "spread.py": "import voice_of_ours",
                "requirements.txt": "numpy==1.26.4",
            },
        ),
        Case(
            "a module that a condition and another module import is looked at",
            "partial",
            {
                "handler.py": WORKER.replace("import runpod", SPREADS),
                "parallel.py": "import spread\n\nCOUNT = 1",
                "spread.py": "import voice_of_ours",
                "requirements.txt": "numpy==1.26.4",
            },
            seen=(Seen("manual", 1, "spread.py"),),
        ),
        Case(
            "a module that the image has under its own name is in order",
            "untouched",
            {
                "handler.py": WORKER.replace("import runpod", "import runpod\nimport speech"),
                "speech.py": "VOICE = 1",
                "Dockerfile": IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py speech.py /"),
            },
        ),
        Case(
            "an import that the code does without is in order",
            "untouched",
            {
                "handler.py": WORKER.replace("import runpod", "import runpod\ntry:\n    import vllm\nexcept ImportError:\n    vllm = None"),
                "requirements.txt": "numpy==1.26.4",
            },
        ),
        Case("a folder that a server puts on sys.path is read", "partial",
             {"main.py": SERVER.replace("app = ", "import sys\nsys.path.append('utils')\nimport texts\napp = "),
              "utils/texts.py": "import voice_of_ours\n", "Dockerfile": SERVER_IMAGE.replace("COPY main.py /app/main.py", "COPY . /app")},
             seen=(Seen("manual", 1, "utils/texts.py"),), status="partial"),
        Case("a package that the code installs where it is not there is in order", "untouched",
             _brought("os.system('pip install vllm')")),
        Case("a package that the code only complains about is named", "partial", _brought("print('no vllm')")),
        Case(
            "a package that another one may bring along is in order",
            "untouched",
            {
                "handler.py": WORKER.replace("import runpod", "import runpod\nimport numpy"),
                "requirements.txt": "torch==2.4.0",
            },
        ),
    ),
)  # fmt: skip
