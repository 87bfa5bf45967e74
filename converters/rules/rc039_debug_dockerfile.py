"""RC039: a Dockerfile that `cog debug` wrote."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, IMAGE, PREDICTOR, WORKER

rule = Rule(
    code="RC039",
    title="a Dockerfile of cog debug stays, without Cog",
    safety="safe",
    expected="every base image is one that a registry has",
    guide=("Replicate 1",),
    explanation="""
    fal's guide lets a person write Cog's own Dockerfile out with `cog debug` and adapt it. Such a file beside cog.yaml is kept, with the
    edits that the guide asks for: EXPOSE goes, the installation of Cog goes, and the packages stand in place of the requirement file
    that Cog wrote for one build only.
    Of a line that installs more than Cog, the rest stays. A base image without an owner exists on the author's machine only: it is left
    to a person.
    Check lines that you added to it by hand.
    """,
    links=(cog_docs("yaml"), fal_docs("documentation/development/migrate-from-replicate")),
    cases=(
        Case(
            "the port and the start of Cog go and the rest stays",
            "converted",
            {
                "cog.yaml": """
                build:
                  system_packages:
                    - ffmpeg
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
                "Dockerfile": """
                FROM python:3.11-slim
                COPY .cog/tmp/build1/cog-0.9.0-py3-none-any.whl /tmp/cog-0.9.0-py3-none-any.whl
                RUN pip install /tmp/cog-0.9.0-py3-none-any.whl
                RUN apt-get update && apt-get install -y ffmpeg
                WORKDIR /src
                EXPOSE 5000
                CMD ["python", "-m", "cog.server.http"]
                COPY . /src
                """,
            },
            has={"Dockerfile": ("RUN apt-get update && apt-get install -y ffmpeg",)},
            lacks={"Dockerfile": ("EXPOSE", "cog.server.http")},
        ),
        Case(
            "what is installed beside Cog stays, and a base that only the author has is named",
            "partial",
            {
                "cog.yaml": COG,
                "predict.py": PREDICTOR,
                "Dockerfile": """
                FROM our_base
                RUN pip install cog numpy==1.26.4 && apt-get update
                COPY . /src
                CMD ["python", "-m", "cog.server.http"]
                """,
            },
            seen=(Seen("manual", 1, "Dockerfile", says="`FROM our_base` names an image"),),
            has={"Dockerfile": ("RUN pip install numpy==1.26.4 && apt-get update",)},
            status="partial",
        ),
        Case(
            "a base that is a stage or an official image is no matter",
            "untouched",
            {
                "cog.yaml": COG,
                "predict.py": PREDICTOR,
                "Dockerfile": """
                FROM python:3.11-slim AS base
                FROM base
                RUN pip install cogapp uvicorn
                COPY . /src
                CMD ["python", "-m", "cog.server.http"]
                """,
            },
            has={"Dockerfile": ("RUN pip install cogapp uvicorn",)},
            within=("cog.yaml",),
        ),
        Case("a predictor without a Dockerfile has none to adapt", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
        Case("a Dockerfile of a queue worker is another matter", "untouched", {"handler.py": WORKER, "Dockerfile": IMAGE + "EXPOSE 5000"}),
        Case(
            "an image of the author's own that a step copies from is named as it stands there",
            "partial",
            {
                "cog.yaml": COG,
                "predict.py": PREDICTOR,
                "Dockerfile": """
                FROM python:3.11-slim
                RUN pip install cog numpy==1.26.4
                COPY --from=our_tools /usr/bin/tool /usr/bin/tool
                COPY . /src
                CMD ["python", "-m", "cog.server.http"]
                """,
            },
            seen=(Seen("manual", 3, "Dockerfile", says="`COPY --from=our_tools` names an image"),),
            status="partial",
        ),
    ),
)
