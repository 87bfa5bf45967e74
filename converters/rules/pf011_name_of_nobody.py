"""PF011: a name that nothing defines."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs
from converters.rules.samples import IMAGE, SERVER, SERVER_IMAGE, WORKER

LATER = "def shout(job):\n    job['loud'] = True\n\n\nrunpod.serverless"
RESULT = 'return {"text": job["input"]["prompt"].upper()}'


def _worker(*lines: str, above: str = "") -> dict[str, str]:
    body = "\n    ".join((*lines, RESULT))
    return {"handler.py": WORKER.replace("import runpod", f"import runpod\n{above}").replace(RESULT, body), "Dockerfile": IMAGE}


rule = Rule(
    code="PF011",
    title="a name that nothing defines",
    safety="manual",
    expected="every name that is read is defined or imported",
    explanation="""
    Code that reads a name which its module neither defines nor imports fails with `NameError` there. Told is what a program comes to at
    each start and a handler at each request; what stands under a condition is passed over, functions that may never be called, and
    modules that define names unseen (`from module import *`, `globals()`).
    Define the name, or import it.
    """,
    links=(runpod_docs("serverless/workers/handler-functions"), fal_docs("documentation/development/core-concepts")),
    cases=(
        Case("a function that a handler calls and nobody wrote", "partial", _worker('job["address"] = upload(job)'),
             style="keep", seen=(Seen("manual", 6, says="`upload` is read, and nothing defines or imports it"),), status="partial"),
        Case("a name within a try that answers any error", "partial",
             _worker("try:", '    np.zeros(3)', "except Exception as error:", '    return {"error": str(error)}'), style="keep",
             seen=(Seen("manual", 7),), status="partial"),
        Case("a name that a server reads at its start", "partial",
             {"main.py": SERVER.replace("app = FastAPI()", "app = FastAPI(title=TITLE)"), "Dockerfile": SERVER_IMAGE},
             seen=(Seen("manual", 3, "main.py"),), status="partial"),
        Case("a function of a module that nobody may call", "untouched",
             {"handler.py": WORKER.replace("import runpod", "import runpod\nimport texts"),
              "texts.py": "def shout():\n    return upper_case()\n",
              "Dockerfile": IMAGE.replace("COPY handler.py /handler.py", "COPY handler.py texts.py /")}, style="keep"),
        Case("a name that only some requests come to", "untouched",
             _worker('if job["input"].get("loud"):', "    upload(job)"), style="keep"),
        Case("a name that the code does without", "untouched",
             _worker("try:", "    upload(job)", "except NameError:", "    pass"), style="keep"),
        Case("a name that may come from a module", "untouched", _worker("upload(job)", above="from acme import *"), style="keep"),
        Case("a name that is defined further down", "untouched",
             {"handler.py": WORKER.replace(RESULT, f"shout(job)\n    {RESULT}").replace("runpod.serverless", LATER),
              "Dockerfile": IMAGE}, style="keep"),
        Case("a name of Python's own", "untouched", _worker("print(len(job), __name__, __file__)"), style="keep"),
        Case("a name in an annotation that nobody evaluates", "untouched",
             {"handler.py": "from __future__ import annotations\n" + WORKER.lstrip().replace("def handler(job)", "def handler(job: Job)"),
              "Dockerfile": IMAGE}, style="keep"),
    ),
)  # fmt: skip
