"""DK030: images that are pulled with a login."""

from __future__ import annotations

from converters.rules.model import Case, Rule, docker_docs, fal_docs
from converters.rules.samples import IMAGE, SERVER, SERVER_IMAGE, WORKER

rule = Rule(
    code="DK030",
    title="private registries -> image.registries and a secret",
    safety="manual",
    expected="the login of the registry is a secret of the account",
    guide=("Docker 3",),
    explanation="""
    An image of a private registry needs a login, which the machine that builds has and the project does not state. The registry and
    its user are written into the app's table, the password is a fal secret.
    Set the secret that is named, with a token that may only read.
    """,
    links=(docker_docs("reference/cli/docker/login/"), fal_docs("documentation/development/private-registries")),
    cases=(
        Case(
            "a base image of a private registry asks for a login",
            "partial",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace("python:3.11-slim", "123456789012.dkr.ecr.us-east-1.amazonaws.com/base:1"),
            },
            has={"MIGRATION.md": ("- [ ] `Dockerfile:1` 123456789012.dkr.ecr.us-east-1.amazonaws.com/base:1 is pulled with a login",)},
            status="converted",
        ),
        Case(
            "a public image needs none",
            "untouched",
            {"main.py": SERVER, "Dockerfile": SERVER_IMAGE},
            lacks={
                "MIGRATION.md": (
                    "Still to do in the code",
                    "Where results live",
                    "Left out, since they hold credentials",
                )
            },
        ),
        Case("a queue worker on a public base needs none", "untouched", {"handler.py": WORKER, "Dockerfile": IMAGE}),
    ),
)
