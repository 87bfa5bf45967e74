"""What the distribution `fal` requires, from the metadata of the one that is installed."""

from __future__ import annotations

from importlib import metadata

from converters.measured import FAL

KNOWN = (
    "isolate[build]<0.27.0,>=0.26.12", "isolate-proto<1,>=0.34.5", "grpcio<2,>=1.64.0", "dill==0.3.7", "cloudpickle<3.2,>=3.0.0",
    "typing-extensions<5,>=4.7.1", "structlog<26,>=22.3.0", "opentelemetry-api<2,>=1.15.0", "opentelemetry-sdk<2,>=1.15.0",
    "grpc-interceptor<1,>=0.15.0", "colorama<1,>=0.4.6", "certifi>=2024.2.2", "portalocker<3,>=2.7.0", "rich<15,>=13.3.2",
    "argcomplete<4,>=3.1.0", "packaging>=21.3", "pathspec<1,>=0.11.1", "pydantic!=2.0.*,!=2.1.*,!=2.2.*,!=2.3.*,!=2.4.*",
    "fastapi!=0.119.*,!=0.120.*,!=0.121.*,!=0.122.*,!=0.123.0,<0.137,>=0.99.1", "starlette-exporter>=0.21.0", "httpx>=0.15.4",
    "attrs>=21.3.0", "python-dateutil<3,>=2.8.0", "dateparser<2,>=1.2.0", "msgpack<2,>=1.0.7", "websockets>=12.0",
    "pillow<14,>=13.0; python_version >= '3.11'", "pillow<13,>=10.2.0; python_version < '3.11'", "pyjwt[crypto]<3,>=2.8.0",
    "uvicorn<1,>=0.29.0", "tomli<3,>2", "tomli-w<2,>=1", "tblib<3.2.0", "build<2,>=1.0",
)  # fmt: skip
"""Of fal 1.83, for installations without it."""


def version() -> str:
    """Of the installed `fal`, which is the one that deploys."""
    try:
        return metadata.version("fal")
    except metadata.PackageNotFoundError:
        return FAL.release


def requires() -> tuple[str, ...]:
    """The requirements, as the distribution's metadata states them."""
    try:
        return tuple(metadata.requires("fal") or KNOWN)
    except metadata.PackageNotFoundError:
        return KNOWN
