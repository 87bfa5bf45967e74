"""Where a secret can stand in a project: one small project for each place, and the value that no output may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import dedent

WORKER = """
import os
import runpod


def handler(job):
    return {"text": job["input"]["prompt"].upper()}


runpod.serverless.start({"handler": handler})
"""
SERVER = """
from fastapi import FastAPI

app = FastAPI()


@app.get("/health")
def health():
    return {"ok": True}
"""
SERVER_IMAGE = """
FROM python:3.11-slim
WORKDIR /app
RUN pip install fastapi uvicorn
COPY . .
EXPOSE 8000
CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]
"""
WORKER_IMAGE = """
FROM python:3.11-slim
RUN apt-get update && apt-get install -y ffmpeg
RUN pip install runpod==1.7.9
COPY handler.py /handler.py
CMD ["python", "-u", "/handler.py"]
"""
PREDICTOR = """
from cog import BasePredictor, Input


class Predictor(BasePredictor):
    def predict(self, prompt: str = Input(description="Text")) -> str:
        return prompt.upper()
"""
COG = """
build:
  python_version: "3.11"
predict: predict.py:Predictor
"""
PEM = "-----BEGIN PRIVATE KEY-----\nbm90LXJlYWwtcHJpdmF0ZS1rZXktYm9keQ\n-----END PRIVATE KEY-----"
DISCORD = "https://discord.com/api/webhooks/123456789/notreal-Discord_w3bhook"
SLACK = "https://hooks.slack.com/services/T0NOTREAL/B0NOTREAL/n0tr3alSl4ckW3bh00k"
ACCOUNT = "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=bm90LXJlYWwtYWNjb3VudC1rZXk=;EndpointSuffix=core.example.net"


@dataclass(frozen=True)
class Place:
    """A project with a secret in it. `kept`: files of the user that go along with the value in them."""

    files: Mapping[str, str]
    values: tuple[str, ...]
    kept: tuple[str, ...] = ()
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Options that name a file: option -> its content."""
    tells: tuple[str, ...] = ()
    """Variables that MIGRATION.md names."""
    calls: bool = False
    """The project calls an endpoint, so `migrate callers` says more than that."""

    @property
    def texts(self) -> dict[str, str]:
        return {path: dedent(text).lstrip("\n").rstrip() + "\n" for path, text in self.files.items()}


def worker(line: str = "", **files: str) -> dict[str, str]:
    """A worker with a line above its handler, and further files by name (`__` for a dot, `___` for a slash)."""
    handler = WORKER.replace("import runpod\n", f"import runpod\n\n{line}\n" if line else "import runpod\n")
    return {"handler.py": handler, **_named(files)}


def server(**files: str) -> dict[str, str]:
    return {"main.py": SERVER, "Dockerfile": SERVER_IMAGE, **_named(files)}


def predictor(**files: str) -> dict[str, str]:
    return {"predict.py": PREDICTOR, "cog.yaml": COG, **_named(files)}


def _named(files: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("___", "/").replace("__", "."): text for name, text in files.items()}


def image(old: str, new: str, of: str = WORKER_IMAGE) -> str:
    assert old in of
    return of.replace(old, new)


def compose(lines: str) -> str:
    return "services:\n  api:\n    build: .\n    ports: ['8000:8000']\n" + "\n".join(
        f"    {line}" for line in dedent(lines).strip().splitlines()
    )


RUN = "RUN pip install runpod==1.7.9\n"
CMD = 'CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]'
PLACES: dict[str, Place] = {
    # Files that hold credentials
    "a .env beside a worker": Place(worker(__env="HF_TOKEN=hf_notreal-env-1\nLEVEL=debug"), ("hf_notreal-env-1",), tells=("HF_TOKEN",)),
    "a .env.production beside a server": Place(
        server(__env__production="DATABASE_URL=postgres://app:notreal-pw-2@db/app"), ("notreal-pw-2",)
    ),
    "a .env that the code loads": Place(
        worker("from dotenv import load_dotenv; load_dotenv()", __env="API_KEY=notreal-loaded"), ("notreal-loaded",), tells=("API_KEY",)
    ),
    "a .env that compose reads": Place(
        server(__env="SERVICE_PASSWORD=notreal-word-3", compose__yaml=compose("environment:\n  SERVICE_PASSWORD: ${SERVICE_PASSWORD}")),
        ("notreal-word-3",),
        tells=("SERVICE_PASSWORD",),
    ),
    "an env_file of compose": Place(
        server(secrets__env="SMTP_PASSWORD=notreal-smtp-4", compose__yaml=compose("env_file: secrets.env")),
        ("notreal-smtp-4",),
        tells=("SMTP_PASSWORD",),
    ),
    "a private key": Place(worker(keys___server__pem=PEM), ("bm90LXJlYWwtcHJpdmF0ZS1rZXktYm9keQ",)),
    "an SSH folder": Place(server(__ssh___id_custom="notreal-ssh-key-body-5"), ("notreal-ssh-key-body-5",)),
    "credentials of AWS": Place(
        worker(__aws___credentials="[default]\naws_secret_access_key = notrealnotrealnotrealnotrealnotreal01234"),
        ("notrealnotrealnotrealnotrealnotreal01234",),
    ),
    "a .netrc": Place(worker(__netrc="machine example.com login a password notreal-netrc-6"), ("notreal-netrc-6",)),
    "a .pypirc": Place(worker(__pypirc="[pypi]\nusername = __token__\npassword = pypi-notreal-7a8b9c"), ("pypi-notreal-7a8b9c",)),
    "a .npmrc": Place(worker(__npmrc="//registry.example.com/:_authToken=notreal-npm-8f7e6d"), ("notreal-npm-8f7e6d",)),
    "logins of Docker": Place(
        server(__docker___config__json='{"auths": {"r.example.com": {"auth": "bm90cmVhbDpub3RyZWFs"}}}'), ("bm90cmVhbDpub3RyZWFs",)
    ),
    "a service account": Place(
        worker(google__json='{"type": "service_account", "private_key_id": "notreal-key-id-9", "private_key": "notreal-account-10"}'),
        ("notreal-account-10", "notreal-key-id-9"),
    ),
    "a kubeconfig": Place(
        server(kubeconfig="apiVersion: v1\nkind: Config\nusers:\n- user: {token: notreal-kube-11}"), ("notreal-kube-11",)
    ),
    # Code, which is kept
    "a token in the worker's code": Place(
        worker('HF_TOKEN = "hf_notrealnotrealnotrealnotreal0123456"'),
        ("hf_notrealnotrealnotrealnotreal0123456",),
        kept=("handler.py",),
        tells=("handler.py:4",),
    ),
    "a header in the worker's code": Place(
        worker('HEADERS = {"Authorization": "Bearer notreal-bearer-12"}'),
        ("notreal-bearer-12",),
        kept=("handler.py",),
        tells=("handler.py:4",),
    ),
    "a webhook in the worker's code": Place(worker(f'HOOK = "{DISCORD}"'), ("notreal-Discord_w3bhook",), kept=("handler.py",)),
    "a token in a module beside it": Place(
        worker("import settings", settings__py=f'HOOK = "{SLACK}"'),
        ("n0tr3alSl4ckW3bh00k",),
        kept=("settings.py",),
        tells=("settings.py:1",),
    ),
    "a default of os.getenv": Place(
        worker('KEY = os.getenv("SERVICE_API_KEY", "notreal-default-13")'),
        ("notreal-default-13",),
        kept=("handler.py",),
        tells=("SERVICE_API_KEY",),
    ),
    "a default of an input": Place(
        {"handler.py": WORKER.replace('["prompt"]', '.get("access_token", "notreal-input-14")')},
        ("notreal-input-14",),
        kept=("handler.py",),
    ),
    "a key in a predictor": Place(
        {
            "cog.yaml": COG,
            "predict.py": PREDICTOR.replace("\n\nclass", '\nURL = "https://example.com/w.bin?token=notreal-url-15"\n\nclass'),
        },
        ("notreal-url-15",),
        kept=("predict.py",),
    ),
    "a password in a server's code": Place(
        {**server(), "main.py": SERVER.replace("app = FastAPI()", 'DB = "mysql://app:notreal-db-16@db.example.com/app"\napp = FastAPI()')},
        ("notreal-db-16",),
        kept=("main.py",),
    ),
    # Dockerfiles
    "ENV of a worker's image": Place(
        worker(Dockerfile=image(RUN, f"{RUN}ENV HF_TOKEN=hf_notreal-17 LEVEL=info\n")), ("hf_notreal-17",), tells=("HF_TOKEN",)
    ),
    "ENV by the shape of its value": Place(
        worker(Dockerfile=image(RUN, f'{RUN}ENV HOOK="{SLACK}"\n')), ("n0tr3alSl4ckW3bh00k",), tells=("HOOK",)
    ),
    "ENV of an image that gives way to requirements": Place(
        worker(
            Dockerfile=f"FROM python:3.11-slim\nRUN pip install runpod\nENV STORE='{ACCOUNT}'\nCOPY handler.py /\nCMD python /handler.py"
        ),
        ("bm90LXJlYWwtYWNjb3VudC1rZXk=",),
        tells=("STORE",),
    ),
    "ENV of a server's image": Place(
        server(Dockerfile=image("COPY . .", "ENV PGPASSWORD notreal-pg-18\nCOPY . .", SERVER_IMAGE)),
        ("notreal-pg-18",),
        tells=("PGPASSWORD",),
    ),
    "ARG with a default": Place(
        worker(Dockerfile=image(RUN, f"ARG GITHUB_TOKEN=ghp_notreal-19\n{RUN}")), ("ghp_notreal-19",), tells=("GITHUB_TOKEN",)
    ),
    "ARG that a step uses": Place(
        server(
            Dockerfile=image(
                "COPY . .", "ARG REPO_TOKEN=notreal-20\nRUN git clone https://x:${REPO_TOKEN}@example.com/r /r\nCOPY . .", SERVER_IMAGE
            )
        ),
        ("notreal-20",),
        tells=("REPO_TOKEN",),
    ),
    "a step that clones": Place(
        worker(Dockerfile=image(RUN, f"{RUN}RUN git clone https://bot:notreal-git-21@example.com/a.git /a\n")), ("notreal-git-21",)
    ),
    "a step that downloads": Place(
        server(
            Dockerfile=image(
                "COPY . .", "RUN curl -H 'Authorization: Bearer notreal-22' -o /m.bin https://example.com/m\nCOPY . .", SERVER_IMAGE
            )
        ),
        ("notreal-22",),
    ),
    "a step with an address": Place(
        worker(Dockerfile=image(RUN, f'{RUN}RUN wget -O /m.bin "https://example.com/m.safetensors?token=notreal-23&x=1"\n')),
        ("notreal-23",),
    ),
    "a step of several lines": Place(
        worker(Dockerfile=image(RUN, f"{RUN}RUN echo start && \\\n    wget --password=notreal-24 \\\n      https://example.com/m.bin\n")),
        ("notreal-24",),
    ),
    "a heredoc": Place(
        server(Dockerfile=image("COPY . .", "RUN <<EOF\ncurl -u user:notreal-25 https://example.com/m\nEOF\nCOPY . .", SERVER_IMAGE)),
        ("notreal-25",),
    ),
    "an index of pip": Place(
        worker(Dockerfile=image(RUN, "RUN pip install runpod --extra-index-url https://u:notreal-26@pypi.example.com/simple\n")),
        ("notreal-26",),
    ),
    "a label": Place(worker(Dockerfile=image(RUN, f'{RUN}LABEL hook="{DISCORD}"\n')), ("notreal-Discord_w3bhook",)),
    "a comment": Place(server(Dockerfile=image("COPY . .", f"# posts to {SLACK}\nCOPY . .", SERVER_IMAGE)), ("n0tr3alSl4ckW3bh00k",)),
    "CMD of a server's image": Place(
        server(Dockerfile=image(CMD, CMD.replace('"8000"]', '"8000", "--api-key", "notreal-27"]'), SERVER_IMAGE)),
        ("notreal-27",),
        tells=("API_KEY",),
    ),
    "CMD of a shell": Place(
        server(Dockerfile=image(CMD, "CMD uvicorn main:app --host 0.0.0.0 --port 8000 --token 'notreal-28'", SERVER_IMAGE)),
        ("notreal-28",),
        tells=("TOKEN",),
    ),
    "CMD of a worker": Place(worker(Dockerfile=image('"/handler.py"]', '"/handler.py", "--api-key", "notreal-29"]')), ("notreal-29",)),
    "HEALTHCHECK": Place(
        server(Dockerfile=image(CMD, f"HEALTHCHECK CMD curl -f http://localhost:8000/health?token=notreal-30\n{CMD}", SERVER_IMAGE)),
        ("notreal-30",),
    ),
    # Compose, Kubernetes, images
    "environment of compose": Place(
        server(compose__yaml=compose("environment:\n  DATABASE_URL: postgres://app:notreal-31@db/app\n  LEVEL: info")),
        ("notreal-31",),
        tells=("DATABASE_URL",),
    ),
    "environment of compose as a list": Place(
        server(compose__yaml=compose("environment:\n  - PGPASSWORD=notreal-32\n  - LEVEL=info")), ("notreal-32",), tells=("PGPASSWORD",)
    ),
    "the command of compose": Place(
        server(compose__yaml=compose("command: uvicorn main:app --port 8000 --db mongodb+srv://app:notreal-33@c.example.com/app")),
        ("notreal-33",),
    ),
    "the command of compose as a list": Place(
        server(compose__yaml=compose("command:\n  - uvicorn\n  - main:app\n  - --port\n  - '8000'\n  - --api-key\n  - notreal-34a")),
        ("notreal-34a",),
    ),
    "build arguments of compose": Place(
        {
            **server(
                compose__yaml="services:\n  api:\n    build:\n      context: .\n      args:\n        HUB_TOKEN: notreal-35\n    ports: ['8000:8000']\n"
            ),
            "Dockerfile": image("COPY . .", "ARG HUB_TOKEN\nRUN echo $HUB_TOKEN > /dev/null\nCOPY . .", SERVER_IMAGE),
        },
        ("notreal-35",),
        tells=("HUB_TOKEN",),
    ),
    "a service beside the server": Place(
        server(
            compose__yaml=compose("environment: {A: b}")
            + "\n  db:\n    image: postgres\n    environment:\n      POSTGRES_PASSWORD: notreal-36\n"
        ),
        ("notreal-36",),
    ),
    "a manifest of Kubernetes": Place(
        server(
            k8s__yaml="""
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: api}
            spec:
              template:
                spec:
                  containers:
                    - name: api
                      image: api
                      args: ["uvicorn", "main:app", "--api-key", "notreal-37b"]
                      env:
                        - name: HF_TOKEN
                          value: notreal-37
            """
        ),
        ("notreal-37", "notreal-37b"),
    ),
    "a ready image": Place(
        {
            "compose.yaml": "services:\n  api:\n    image: vllm/vllm-openai:v0.6.0\n    command: --model a/b --api-key notreal-38\n    ports: ['8000:8000']\n"
        },
        ("notreal-38",),
    ),
    "the configuration of an image": Place(
        {"readme.txt": "An image."},
        ("notreal-39", "notreal-39b"),
        arguments={
            "--image-config": '{"config": {"Env": ["API_KEY=notreal-39"], "Cmd": ["serve", "--token", "notreal-39b"], "ExposedPorts": {"8000/tcp": {}}}}',
            "--set": "image=acme/server:1",
        },
    ),
    # RunPod and Cog
    "hub.json": Place(
        worker(
            __runpod___hub__json='{"title": "a", "config": {"env": [{"key": "HF_TOKEN", "input": {"type": "string", "default": "notreal-40"}}]}}'
        ),
        ("notreal-40",),
        tells=("HF_TOKEN",),
    ),
    "hub.json by the shape of a value": Place(
        worker(__runpod___hub__json=f'{{"title": "a", "config": {{"env": [{{"key": "HOOK", "value": "{SLACK}"}}]}}}}'),
        ("n0tr3alSl4ckW3bh00k",),
    ),
    "an exported endpoint": Place(
        worker(),
        ("notreal-41", "n0tr3alSl4ckW3bh00k"),
        arguments={"--endpoint-config": f'{{"name": "a", "env": {{"API_KEY": "notreal-41", "HOOK": "{SLACK}"}}}}'},
    ),
    "an example of the input": Place(
        worker(test_input__json='{"input": {"prompt": "a", "hf_token": "hf_notrealnotrealnotreal42abc"}}'),
        ("hf_notrealnotrealnotreal42abc",),
    ),
    "a start script": Place(
        worker(
            start__sh="#!/bin/bash\nexport HF_TOKEN=hf_notreal-43\nexport LEVEL=info\npython -u /handler.py",
            Dockerfile=image('CMD ["python", "-u", "/handler.py"]', 'COPY start.sh /start.sh\nCMD ["bash", "/start.sh"]'),
        ),
        ("hf_notreal-43",),
        kept=("start.sh",),
        tells=("HF_TOKEN",),
    ),
    "requirements": Place(worker(requirements__txt="runpod\ngit+https://bot:notreal-44@example.com/a.git"), ("notreal-44",)),
    "cog.yaml's environment": Place(
        {**predictor(), "cog.yaml": COG + "environment:\n  - REPLICATE_API_TOKEN=notreal-45\n  - LEVEL=info\n"}, ("notreal-45",)
    ),
    "cog.yaml's commands": Place(
        {
            **predictor(),
            "cog.yaml": COG.replace("predict:", "  run:\n    - curl -o /m.bin https://u:notreal-46@example.com/m.bin\npredict:"),
        },
        ("notreal-46",),
    ),
    "cog.yaml's packages": Place(
        {
            **predictor(),
            "cog.yaml": COG.replace(
                "predict:", "  python_packages:\n    - git+https://notreal0123456789abcdef47@example.com/a.git\npredict:"
            ),
        },
        ("notreal0123456789abcdef47",),
    ),
    "pyproject.toml": Place(
        worker(pyproject__toml='[project]\nname = "a"\n\n[[tool.uv.index]]\nurl = "https://u:notreal-48@pypi.example.com/simple"'),
        ("notreal-48",),
        kept=("pyproject.toml",),
    ),
    "a setting on the command line": Place(server(), ("notreal-49",), arguments={"--set": 'cmd=["serve", "--api-key", "notreal-49"]'}),
    # Errors
    "a broken compose file": Place(
        server(compose__yaml="services:\n  api:\n    command: --api-key notreal-50\n   bad: ["), ("notreal-50",)
    ),
    "an image that serves nothing": Place({"Dockerfile": 'FROM alpine\nCMD ["sh", "-c", "echo --api-key notreal-51"]'}, ("notreal-51",)),
    "code that is no Python": Place(worker('API_KEY = "notreal-key-52" ('), ("notreal-key-52",)),
    # Callers
    "a caller in Python": Place(
        {
            "client.py": 'import runpod\n\nrunpod.api_key = "rpa_NOTREALNOTREALNOTREALNOTREAL53"\nprint(runpod.Endpoint("abc").run_sync({"input": {"n": 1}}))'
        },
        ("rpa_NOTREALNOTREALNOTREALNOTREAL53",),
        kept=("client.py",),
        calls=True,
    ),
    "a caller with curl": Place(
        {
            "call.sh": "curl -X POST https://api.runpod.ai/v2/abc/runsync -H 'Authorization: Bearer rpa_NOTREALNOTREALNOTREAL54' -d '{\"input\": {}}'"
        },
        ("rpa_NOTREALNOTREALNOTREAL54",),
        kept=("call.sh",),
        calls=True,
    ),
}
