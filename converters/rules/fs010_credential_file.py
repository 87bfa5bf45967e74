"""FS010: files that hold credentials are left out."""

from __future__ import annotations

from converters.rules.model import Case, Rule, Seen, docker_docs, fal_docs
from converters.rules.samples import PIP, SERVER, SERVER_IMAGE, WORKER

KEY = "-----BEGIN PRIVATE KEY-----\nbm90LXJlYWwtcHJpdmF0ZS1rZXk\n-----END PRIVATE KEY-----"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nbm90LXJlYWwtY2VydGlmaWNhdGU\n-----END CERTIFICATE-----"

rule = Rule(
    code="FS010",
    title="credential files are left out",
    safety="safe",
    expected="files with the variables of one machine do not reach the image",
    explanation="""
    `.env` and its variants, SSH and cloud credentials, logins of registries and package indexes, kubeconfigs, keys of service accounts
    and files with a PRIVATE KEY block hold nothing that an app should carry: they are no part of the output, and `fal deploy` uploads
    none of them. The variables of a `.env` are set in the app's environment, secrets by `fal secrets set`. Templates such as
    `.env.example`, certificates, and an `.npmrc` or `.pypirc` without a login stay.
    With `--in-place` nothing is removed: name the files in `.dockerignore`.
    """,
    links=(docker_docs("build/building/secrets/"), fal_docs("documentation/development/manage-secrets-securely")),
    cases=(
        Case(
            "a .env is left out, and its variables come from the environment",
            "converted",
            {"handler.py": WORKER, ".env": "HF_TOKEN=hf_notreal\nLOG_LEVEL=debug"},
            seen=(Seen("dropped", 1, ".env"), Seen("manual", 1, ".env", "ENV004"), Seen("converted", 2, ".env", "ENV001")),
            has={"app.py": ("LOG_LEVEL",), "MIGRATION.md": ("fal secrets set HF_TOKEN=...",)},
            lacks={"app.py": ("hf_notreal", "app_files"), "MIGRATION.md": ("hf_notreal",)},
            status="converted",
        ),
        Case(
            "a private key and an SSH folder are left out wherever they stand",
            "converted",
            {"handler.py": WORKER, "keys/server.pem": KEY, ".ssh/config": "Host example.com\n  User git"},
            seen=(Seen("dropped", 1, "keys/server.pem"), Seen("dropped", 1, ".ssh/config")),
            lacks={"app.py": ("server.pem", ".ssh")},
        ),
        Case(
            "a service account is known by what it holds",
            "converted",
            {
                "main.py": SERVER,
                "Dockerfile": SERVER_IMAGE.replace("COPY main.py /app/main.py", "COPY . /app"),
                "config/google.json": '{"type": "service_account", "private_key": "notreal", "client_email": "a@example.com"}',
            },
            seen=(Seen("dropped", 1, "config/google.json"),),
        ),
        Case(
            "a login of a package registry is left out",
            "converted",
            {"handler.py": WORKER, ".npmrc": "//registry.example.com/:_authToken=notreal-4f1d9a7c"},
            seen=(Seen("dropped", 1, ".npmrc"),),
        ),
        Case(
            "templates of variables stay",
            "untouched",
            {"handler.py": WORKER, ".env.example": "HF_TOKEN=", ".env.sample": "HF_TOKEN=your-token", "Dockerfile": PIP},
        ),
        Case(
            "a certificate and a public key stay",
            "untouched",
            {"handler.py": WORKER, "ca.pem": CERTIFICATE, "id.pub": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 user@example.com"},
            has={"app.py": ("ca.pem", "id.pub")},
        ),
        Case(
            "a configuration of npm without a login stays",
            "untouched",
            {"handler.py": WORKER, ".npmrc": "registry=https://registry.example.com/\nsave-exact=true"},
            has={"app.py": (".npmrc",)},
        ),
        Case(
            "JSON that only has a type, and code about environments, stay",
            "untouched",
            {"handler.py": WORKER, "account.json": '{"type": "service", "name": "a"}', "env.py": "NAME = '.env'"},
            has={"app.py": ("account.json", "env.py")},
        ),
        Case(
            "in place a credential file is named for .dockerignore",
            "partial",
            {
                "handler.py": WORKER,
                ".env.local": "API_TOKEN=notreal-1234567890\n",
            },
            seen=(Seen("manual", 1, ".env.local"),),
            in_place=True,
            status="converted",
        ),
    ),
)
