"""RC001: the sections of cog.yaml, and the files of it that were left aside."""

from __future__ import annotations

from converters.ir import Disposition
from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR, WORKER

KEYS = {
    "build": (Disposition.CONVERTED, "its keys are accounted for one by one"),
    "concurrency": (Disposition.CONVERTED, "its keys are accounted for one by one"),
}
"""Keys that hold others."""

rule = Rule(
    code="RC001",
    title="cog.yaml -> the app's class",
    safety="safe",
    expected="cog.yaml is valid, and what it names is in the project",
    guide=("Replicate 1",),
    explanation="""
    Every key of cog.yaml has a line of its own in the report; this rule speaks for the sections that only hold other keys, and for a
    cog.yaml of an example or a test, which is a project of its own. A predictor that cannot be read is named with the reason.
    Where a template (`cog.yaml.template`) stands in place of a cog.yaml, every configuration in a folder `*cog-configs` beside it is merged
    into it, lists behind lists, and becomes an app.
    One of several models that cannot be read or found is named, and the others are converted.
    Convert an example by its own folder if you want to serve it.
    """,
    links=(cog_docs("yaml"), fal_docs("documentation/development/migrate-from-replicate")),
    cases=(
        Case(
            "a section is accounted for key by key",
            "converted",
            {"cog.yaml": COG, "predict.py": PREDICTOR},
            seen=(Seen("converted", 1, "cog.yaml"), Seen("converted", 2, "cog.yaml", "RC022")),
        ),
        Case(
            "the cog.yaml of an example is a project of its own",
            "converted",
            {"cog.yaml": COG, "predict.py": PREDICTOR, "examples/cog.yaml": COG, "examples/predict.py": PREDICTOR},
            seen=(Seen("dropped", 1, "examples/cog.yaml"),),
        ),
        Case(
            "a model that cannot be converted leaves the others alone",
            "partial",
            {
                "cog.yaml.template": "build:\n  python_version: '3.11'\n",
                "cog-configs/broken.yaml": "predict: [\n",
                "cog-configs/draft.yaml": "predict: predict.py:Draft\n",
                "cog-configs/small.yaml": "predict: predict.py:Predictor\n",
                "predict.py": PREDICTOR,
            },
            seen=(Seen("manual", 2, "cog-configs/broken.yaml"), Seen("manual", 1, "predict.py")),
            has={"small_app.py": ('class Small(fal.App, name="small"',)},
            status="partial",
        ),
        Case(
            "a configuration is merged into the template beside it",
            "converted",
            {
                "cog.yaml.template": "build:\n  python_version: '3.11'\n  python_packages: [six==1.16.0]\n",
                "cog-configs/small.yaml": "build:\n  python_packages: [idna==3.7]\npredict: predict.py:Predictor\n",
                "predict.py": PREDICTOR,
            },
            seen=(Seen("converted", 1, "cog.yaml.template"), Seen("converted", 1, "cog-configs/small.yaml")),
            has={"small_app.py": ('requirements = ["six==1.16.0", "idna==3.7"]',)},
        ),
        Case("a worker of another platform has no cog.yaml", "untouched", {"handler.py": WORKER}),
        Case(
            "a YAML file of another name is none",
            "untouched",
            {"cog.yaml": COG, "predict.py": PREDICTOR, "config.yaml": "build: fast"},
            within=("config.yaml",),
        ),
        Case(
            "a cog.yaml beside a worker that cannot be read is named",
            "partial",
            {
                "handler.py": WORKER,
                "cog.yaml": "build: [\n",
            },
            seen=(Seen("manual", 2, "cog.yaml"),),
            status="converted",
        ),
        Case(
            "a cog.yaml beside a worker gives its packages",
            "converted",
            {
                "handler.py": WORKER,
                "cog.yaml": """
                build:
                  python_version: "3.11"
                  python_packages: ["runpod==1.7.9"]
                concurrency:
                  max: 2
                """,
            },
            seen=(Seen("converted", 1, "cog.yaml"),),
        ),
        Case(
            "a worker that Cog builds and that does without Cog gets its packages alone",
            "converted",
            {"handler.py": WORKER, "cog.yaml": "build:\n  python_packages: [numpy==1.26.4]\n"},
            seen=(Seen("converted", 1, "cog.yaml"),),
            has={"app.py": ('requirements = ["numpy==1.26.4"]',)},
        ),
    ),
)
