"""RC039: a Dockerfile that `cog debug` wrote."""

from __future__ import annotations

from converters.rules.model import Case, Rule, cog_docs, fal_docs
from converters.rules.samples import COG, IMAGE, PREDICTOR, WORKER

rule = Rule(
    code="RC039",
    title="a Dockerfile of cog debug stays, without Cog",
    safety="safe",
    guide=("Replicate 1",),
    explanation="""
    fal's guide lets a person write Cog's own Dockerfile out with `cog debug` and adapt it. Such a file beside cog.yaml is kept, with the
    edits that the guide asks for: EXPOSE goes, the installation of Cog goes, and the packages stand in place of the requirement file
    that Cog wrote for one build only.
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
        Case("a predictor without a Dockerfile has none to adapt", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
        Case("a Dockerfile of a queue worker is another matter", "untouched", {"handler.py": WORKER, "Dockerfile": IMAGE + "EXPOSE 5000"}),
    ),
)
