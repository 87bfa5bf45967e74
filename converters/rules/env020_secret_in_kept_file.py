"""ENV020: secrets in files that go along as they are."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs

HANDLER = """
import runpod

{line}


def handler(job):
    return {{"text": job["input"]["prompt"], "size": len(str({name}))}}


runpod.serverless.start({{"handler": handler}})
"""
rule = Rule(
    code="ENV020",
    title="a secret in a file that is kept -> fal secrets set",
    safety="manual",
    expected="the file holds no secret and reads the variable in its place",
    explanation="""
    The project's own files go along to the byte, and so does a key that stands in one. It is recognised by its shape (a token with a
    known prefix, a password in an address, a webhook) or by the name that it is given to, together with a value that looks generated;
    `changeme`, `<token>` and `${TOKEN}` are none. The app works as it is, but whoever can read the image or the repository has the value:
    set it with `fal secrets set`, read the variable instead, and ask the service for a new one.
    """,
    links=(docker_docs("build/building/secrets/"), fal_docs("documentation/development/manage-secrets-securely")),
    cases=(
        Case(
            "a token in the worker's code is named, with the variable to read",
            "partial",
            {"handler.py": HANDLER.format(line='HF_TOKEN = "hf_notrealnotrealnotrealnotreal0123456"', name="HF_TOKEN")},
            seen=(Seen("manual", 3),),
            has={"MIGRATION.md": ("`handler.py:3`",)},
            lacks={"MIGRATION.md": ("hf_notreal", "No value was copied"), "app.py": ("hf_notreal",)},
            status="converted",
        ),
        Case(
            "a password in an address is one under any name",
            "partial",
            {"handler.py": HANDLER.format(line='DSN = "postgresql://app:notreal-pw1@db.example.com/app"', name="DSN")},
            seen=(Seen("manual", 3),),
            lacks={"MIGRATION.md": ("notreal-pw1",), "app.py": ("notreal-pw1",)},
            status="converted",
        ),
        Case(
            "a blank to fill in is no secret",
            "untouched",
            {"handler.py": HANDLER.format(line='API_KEY = "your-api-key-here"', name="API_KEY")},
        ),
        Case(
            "tokens of a vocabulary and words are no secrets",
            "untouched",
            {"handler.py": HANDLER.format(line='PAD_TOKEN = "<|endoftext|>"; TOKEN_TYPE = "bearer-2024-format"', name="PAD_TOKEN")},
        ),
        Case(
            "an address without a password is no secret",
            "untouched",
            {"handler.py": HANDLER.format(line='DSN = "postgresql://db.example.com:5432/app?sslmode=require"', name="DSN")},
        ),
        Case(
            "a value that the environment gives is no literal",
            "untouched",
            {
                "handler.py": HANDLER.format(
                    line='import os; HEADERS = {"Authorization": f"Bearer {os.environ.get(\'SERVICE_TOKEN\')}"}', name="HEADERS"
                )
            },
        ),
    ),
)
