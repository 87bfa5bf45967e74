"""RC035: secrets of a build command."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, cog_docs, fal_docs
from converters.rules.samples import COG, PREDICTOR

rule = Rule(
    code="RC035",
    title="mounts of type secret",
    safety="manual",
    expected="the secret that the build reads is set in the account and reaches the build",
    explanation="""
    A build command may read a secret of the machine that builds. fal builds the image on its own machines, which hold only secrets
    that were set with `fal secrets set` and named for the image.
    A command that stays in the image mounts it, and the image gets it by `ContainerImage(secrets=...)`; where the packages become a list
    of requirements, fetch in `setup()` what the command fetched.
    """,
    links=(cog_docs("yaml"), fal_docs("documentation/development/use-custom-container-image")),
    cases=(
        Case(
            "a secret of the build is left to a person",
            "partial",
            {
                "cog.yaml": """
                build:
                  run:
                    - command: pip install private
                      mounts:
                        - type: secret
                          id: pip
                          target: /etc/pip.conf
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
            },
            seen=(Seen("manual", 4, "cog.yaml"),),
            status="partial",
        ),
        Case(
            "a secret that a step mounts by a flag of its own is named, and mounted once",
            "partial",
            {
                "cog.yaml": """
                build:
                  run:
                    - --mount=type=secret,id=HUB curl -sf -u "user:$(cat /run/secrets/HUB)" https://example.com/net.bin -o /opt/net.bin
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
            },
            seen=(Seen("manual", 3, "cog.yaml"),),
            has={"app.py": ('secrets={"HUB": "$HUB"}',), "Dockerfile": ("RUN --mount=type=secret,id=HUB curl",)},
            status="converted",
        ),
        Case(
            "a step that stays in the image mounts its secret",
            "partial",
            {
                "cog.yaml": """
                build:
                  run:
                    - command: curl -sf -u "user:$(cat /run/secrets/HUB)" https://example.com/net.bin -o /opt/net.bin
                      mounts:
                        - type: secret
                          id: HUB
                          target: /run/secrets/HUB
                predict: predict.py:Predictor
                """,
                "predict.py": PREDICTOR,
            },
            seen=(Seen("manual", 4, "cog.yaml"),),
            has={"app.py": ('secrets={"HUB": "$HUB"}',), "Dockerfile": ("--mount=type=secret,id=HUB,target=/run/secrets/HUB curl",)},
            status="converted",
        ),
        Case("a cog.yaml without commands needs no secret", "untouched", {"cog.yaml": COG, "predict.py": PREDICTOR}),
        Case(
            "a command without mounts needs no secret",
            "untouched",
            {"cog.yaml": "build:\n  run:\n    - make tools\npredict: predict.py:Predictor", "predict.py": PREDICTOR},
        ),
    ),
)
