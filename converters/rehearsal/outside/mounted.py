"""What processes inside find below ``/rehearsal/outside``: the certificate, settings of programs, the doubles of stubs."""

from __future__ import annotations

import shutil
from pathlib import Path

import converters.verify.child as child
from converters.rehearsal.outside import programs
from converters.rehearsal.stubs import inside

MOUNTED_AT = "/rehearsal/outside"
_CA = "ca.pem"
_CA_VARIABLES = (
    "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS", "AWS_CA_BUNDLE",
    "CARGO_HTTP_CAINFO", "HTTPLIB2_CA_CERTS", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "NIX_SSL_CERT_FILE", "DENO_CERT", "BUNDLE_SSL_CA_CERT",
    "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
)  # fmt: skip
"""Where programs and libraries look for the certificates that they trust."""
_SECONDS = (
    "UV_HTTP_TIMEOUT", "UV_HTTP_CONNECT_TIMEOUT", "PIP_DEFAULT_TIMEOUT", "POETRY_REQUESTS_TIMEOUT", "HF_HUB_DOWNLOAD_TIMEOUT",
    "HF_HUB_ETAG_TIMEOUT",
)  # fmt: skip
"""How long programs wait for an answer: what is asked for real may be slow, and a step has a time limit of its own."""
_ATTEMPTS = ("UV_HTTP_RETRIES", "PIP_RETRIES")
_FILES = {
    "wgetrc": f"ca_certificate = {MOUNTED_AT}/{_CA}\n",
    "apt.conf": f'Acquire::https::CAInfo "{MOUNTED_AT}/{_CA}";\nAcquire::Retries "3";\n'
    'Acquire::http::Timeout "600";\nAcquire::https::Timeout "600";\n'
    'Acquire::AllowInsecureRepositories "true";\nAPT::Get::AllowUnauthenticated "true";\n',
}


def write(folder: Path, certificate: str) -> Path:
    """Fill the directory, and return the place of the certificate in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {_CA: certificate, **_FILES}.items():
        (folder / name).write_text(text)
    python = folder / "python"
    shutil.rmtree(python, ignore_errors=True)
    doubles = python / inside.DOUBLES
    doubles.mkdir(parents=True)
    for name in inside.MODULES:
        shutil.copyfile(Path(child.__file__).with_name(f"{name}.py"), doubles / f"{name}.py")
    shutil.copyfile(Path(inside.__file__).with_name(f"{inside.ENTRY}.py"), python / f"{inside.ENTRY}.py")
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin/git").write_bytes(programs.text("git.sh"))
    (folder / "bin/aria2c").write_bytes(programs.text("aria2c.sh", CA=f"{MOUNTED_AT}/{_CA}"))
    for place in (folder, *folder.rglob("*")):
        place.chmod(0o755 if place.is_dir() or place.parent.name == "bin" else 0o644)  # whoever runs inside is nobody of this machine
    return folder / _CA


def environment() -> dict[str, str]:
    """The variables of processes inside."""
    return {
        **dict.fromkeys(_CA_VARIABLES, f"{MOUNTED_AT}/{_CA}"),
        "WGETRC": f"{MOUNTED_AT}/wgetrc",
        "APT_CONFIG": f"{MOUNTED_AT}/apt.conf",
        "FAL_MIGRATE_STUBS": f"{MOUNTED_AT}/python",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        **dict.fromkeys(_SECONDS, "600"),
        **dict.fromkeys(_ATTEMPTS, "8"),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_ENABLE_HF_TRANSFER": "0",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
