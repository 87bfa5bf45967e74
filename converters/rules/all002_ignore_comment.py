"""ALL002: a comment that has findings passed over must name rules, say why, and speak for something."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, fal_docs, runpod_docs

WORKER = """
import runpod

def handler(job):
    return {"text": job["input"]["prompt"]}

%s
runpod.serverless.start({"handler": handler, "colour": "green"})%s
"""
"""A worker of which one item is left to a person, in line 7: with a comment above it, and beside it."""
PLAIN = WORKER.replace(', "colour": "green"', "")

rule = Rule(
    code="ALL002",
    title="an ignore comment that is not obeyed",
    safety="manual",
    expected="every comment that has findings passed over names rules that exist, and says why",
    explanation="""
    A comment `# fal-migrate: ignore[CODE] reason` has what a rule leaves to a person passed over: beside the code for its line or the
    statement that ends there, on a line of its own for what follows. Such an item stays in the report as suppressed, with the reason, and
    no longer makes exit code 3. A comment without a reason, without a rule or with a rule that does not exist is not obeyed; one that
    speaks for nothing is told, since what it was written for has changed. Correct the comment, or take it out.
    """,
    links=(runpod_docs("serverless/overview"), fal_docs("documentation/serverless/index")),
    cases=(
        Case(
            "an ignore without a reason is not obeyed",
            "partial",
            {"handler.py": WORKER % ("", "  # fal-migrate: ignore[ALL001]")},
            seen=(Seen("manual", 7, says="no reason"), Seen("manual", 7, rule="ALL001")),
            status="partial",
        ),
        Case(
            "an ignore of a rule that does not exist says which is meant",
            "partial",
            {"handler.py": WORKER % ("", "  # fal-migrate: ignore[ALL01] a colour of ours")},
            seen=(Seen("manual", 7, says="did you mean ALL001?"),),
            status="partial",
        ),
        Case(
            "an ignore that names no rule is not obeyed",
            "partial",
            {"handler.py": WORKER % ("# fal-migrate: ignore a colour of ours", "")},
            seen=(Seen("manual", 6, says="names no rule"),),
            status="partial",
        ),
        Case(
            "an ignore that speaks for nothing is told",
            "converted",
            {"handler.py": PLAIN % ("# fal-migrate: ignore[ALL001] a colour of ours", "")},
            seen=(Seen("kept", 6, says="speaks for nothing"),),
            status="converted",
        ),
        Case(
            "an ignore of what is converted changes nothing",
            "converted",
            {"handler.py": PLAIN % ("", "  # fal-migrate: ignore[RP002] our own start")},
            seen=(Seen("kept", 7, says="changes nothing"),),
            status="converted",
        ),
        Case(
            "an ignore with a reason is obeyed",
            "untouched",
            {"handler.py": WORKER % ("", "  # fal-migrate: ignore[ALL001] a colour of ours")},
            seen=(Seen("manual", 7, rule="ALL001"),),
            status="converted",
        ),
        Case(
            "an ignore above the line is obeyed",
            "untouched",
            {"handler.py": WORKER % ("# fal-migrate: ignore[ALL001, RP009] a colour of ours", "")},
            status="converted",
        ),
        Case(
            "a text that looks like an ignore is none",
            "untouched",
            {"handler.py": PLAIN % ('HELP = "# fal-migrate: ignore"', "")},
            status="converted",
        ),
        Case(
            "an ignore in a Dockerfile speaks for the instruction below it",
            "untouched",
            {
                "handler.py": PLAIN % ("", ""),
                "Dockerfile": """
                FROM python:3.11-slim
                # fal-migrate: ignore[ALL001] our own builder knows it
                PAINT green
                COPY handler.py /
                CMD python /handler.py
                """,
            },
            status="converted",
        ),
        Case(
            "calls that are left to a person are ignored like everything else",
            "untouched",
            {
                "client.py": """
                import runpod

                # fal-migrate: ignore[CL009] our own dashboard
                endpoint = runpod.Endpoint("abc")
                print(endpoint.health())  # fal-migrate: ignore[CL009] our own dashboard
                """
            },
            apps={"abc": "owner/app"},
            status="converted",
        ),
    ),
)
