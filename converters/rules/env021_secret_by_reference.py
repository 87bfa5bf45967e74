"""ENV021: secrets in commands, build steps and requirements are written as references to variables."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import IMAGE, SERVER, SERVER_IMAGE, WORKER

BUILD = """
FROM python:3.11-slim
RUN apt-get update && apt-get install -y ffmpeg
RUN pip install runpod==1.7.9
RUN {step}
COPY handler.py /handler.py
CMD ["python", "-u", "/handler.py"]
"""
rule = Rule(
    code="ENV021",
    title="a secret in a command -> a reference to its variable",
    safety="manual",
    expected="the secret is set in the account and reaches the build",
    explanation="""
    What is generated or edited never holds a secret. The command of a server reads it from its variable, by a shell; a build step mounts
    it as a build secret, which fal hands over by `secrets` of the image; a requirement names it as `${NAME}`, which fal fills in when it
    installs. Set every variable that is named with `fal secrets set` before the first deployment.
    """,
    links=(docker_docs("build/building/secrets/"), fal_docs("documentation/development/use-custom-container-image")),
    cases=(
        Case(
            "the command of a server reads its key from the variable",
            "partial",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  api:
                    build: .
                    ports: ["8000:8000"]
                    command: uvicorn main:app --host 0.0.0.0 --port 8000 --api-key notreal-key-17
                """,
            },
            seen=(Seen("manual", 5, "compose.yaml"),),
            has={"pyproject.toml": ("--api-key", "${API_KEY}", "exec uvicorn")},
            lacks={"pyproject.toml": ("notreal-key-17",), "MIGRATION.md": ("notreal-key-17",)},
            status="converted",
        ),
        Case(
            "a token in the address that a build step clones from is mounted",
            "partial",
            {"handler.py": WORKER, "Dockerfile": BUILD.format(step="git clone https://bot:notreal-git-1@example.com/a/b.git /opt/b")},
            seen=(Seen("manual", 4, "Dockerfile"),),
            has={
                "Dockerfile": ("--mount=type=secret,id=URL_PASSWORD", "bot:${URL_PASSWORD}@"),
                "app.py": ('secrets={"URL_PASSWORD": "$URL_PASSWORD"}',),
            },
            lacks={"Dockerfile": ("notreal-git-1",), "MIGRATION.md": ("notreal-git-1",), "app.py": ("notreal-git-1",)},
            status="converted",
        ),
        Case(
            "a token in a requirement is filled in by fal",
            "partial",
            {"handler.py": WORKER, "requirements.txt": "runpod==1.7.9\ngit+https://bot:notreal-git-1@example.com/a/b.git"},
            seen=(Seen("manual", 2, "requirements.txt"),),
            has={"app.py": ("bot:${URL_PASSWORD}@example.com",)},
            lacks={"app.py": ("notreal-git-1",), "MIGRATION.md": ("notreal-git-1",)},
            status="converted",
        ),
        Case(
            "a build step whose token comes from a variable of the shell stays as it is",
            "untouched",
            {
                "handler.py": WORKER,
                "Dockerfile": BUILD.format(step='curl -H "Authorization: Bearer $(cat /tmp/none)" https://example.com/a -o /opt/a'),
            },
        ),
        Case(
            "an address without a login stays as it is",
            "untouched",
            {"handler.py": WORKER, "Dockerfile": BUILD.format(step="git clone https://example.com/a/b.git?depth=1 /opt/b")},
        ),
        Case(
            "options that only sound like secrets stay as they are",
            "untouched",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE,
                "compose.yaml": """
                services:
                  api:
                    build: .
                    ports: ["8000:8000"]
                    command: uvicorn main:app --host 0.0.0.0 --port 8000 --max-tokens 256 --tokenizer-mode auto
                """,
            },
            has={"pyproject.toml": ('"--max-tokens", "256"',)},
        ),
        Case(
            "a secret in a label is left out",
            "converted",
            {
                "handler.py": WORKER,
                "Dockerfile": IMAGE.replace("COPY", 'LABEL token="hf_abcdefghijklmnopqrstuvwxyzabcdefgh"\nCOPY'),
            },
            seen=(Seen("converted", 4, "Dockerfile"),),
        ),
        Case(
            "a secret among the arguments of a worker is read from a variable",
            "partial",
            {
                "handler.py": WORKER,
                "Dockerfile": IMAGE.replace('"/handler.py"]', '"/handler.py", "--token", "hf_abcdefghijklmnopqrstuvwxyzabcdefgh"]'),
            },
            seen=(Seen("manual", 8),),
        ),
        Case(
            "a health check with a secret is not written",
            "partial",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace(
                    "EXPOSE", "HEALTHCHECK CMD curl -f http://localhost:8000/health/hf_abcdefghijklmnopqrstuvwxyzabcdefgh\nEXPOSE"
                ),
            },
            seen=(
                Seen("manual", 5, "Dockerfile"),
                Seen("converted", 5, "Dockerfile"),
            ),
        ),
        Case(
            "a default of an input that is a secret is not told",
            "partial",
            {
                "handler.py": WORKER.replace(
                    'job["input"]["prompt"]', 'job["input"].get("prompt", "hf_abcdefghijklmnopqrstuvwxyzabcdefgh")'
                ),
            },
            seen=(Seen("manual", 5),),
        ),
        Case(
            "a secret in another line of the image is named",
            "partial",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace("EXPOSE", "WORKDIR /srv/hf_abcdefghijklmnopqrstuvwxyzabcdefgh\nEXPOSE"),
            },
            seen=(Seen("manual", 5, "Dockerfile"),),
            target="auto",
        ),
    ),
)
