"""Private registries: how fal logs in to each (https://fal.ai/docs/documentation/development/private-registries)."""

from __future__ import annotations

import re
from dataclasses import dataclass

DOCKER_HUB = "https://index.docker.io/v1/"


@dataclass(frozen=True)
class Login:
    """How to log in: `username` may be a placeholder for the person to fill in, `secret` is the fal secret with the password."""

    host: str
    username: str
    secret: str
    advice: str
    public: bool = False
    """The registry also serves images to anyone, so a login may not be needed."""


def host_of(reference: str) -> str:
    """The registry of an image reference; '' for Docker Hub."""
    first, slash, _ = reference.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else ""


def login(reference: str) -> Login | None:
    """The login that an image may need; None where there is no reference, or the image is one of Docker's own."""
    host = host_of(reference)
    if not reference or reference.startswith("$") or reference == "scratch":
        return None
    if not host or host in ("docker.io", "index.docker.io", "registry-1.docker.io"):
        return _docker_hub(reference)
    if host == "gcr.io" or host.endswith(("-docker.pkg.dev", ".gcr.io")):
        advice = "base64 of the JSON key of a service account that may read the repository (`cat key.json | base64`)"
        return Login(host, "_json_key_base64", "GOOGLE_AR_JSON_BASE64", advice)
    if match := re.fullmatch(r"\d{12}\.dkr\.ecr\.([\w-]+)\.amazonaws\.com(?:\.cn)?", host):
        fetch = f'fal secrets set AWS_ECR_PASSWORD="$(aws ecr get-login-password --region {match.group(1)})"'
        advice = f"expires after 12 hours: set it again before a deploy, `{fetch}`"
        return Login(host, "AWS", "AWS_ECR_PASSWORD", advice)
    if host.endswith(".azurecr.io"):
        advice = (
            "the password of a service principal with the role AcrPull; its application id is the user name; valid for one year by default"
        )
        return Login(host, "<service-principal-app-id>", "AZURE_ACR_PASSWORD", advice)
    return _other(host)


def _docker_hub(reference: str) -> Login | None:
    name = re.sub(r"^(docker\.io|index\.docker\.io|registry-1\.docker\.io)/", "", reference)
    owner, slash, _ = name.partition("/")
    if not slash or owner == "library":
        return None
    return Login(DOCKER_HUB, owner, "DOCKERHUB_TOKEN", "an access token of the account", public=True)


def _other(host: str) -> Login | None:
    public = {
        "ghcr.io": "a token with read:packages",
        "quay.io": "the token of a robot account",
        "registry.gitlab.com": "a deploy token with read_registry",
    }
    if host in public:
        return Login(host, "<user>", f"{host.split('.')[0].upper()}_TOKEN", public[host], public=True)
    if host == "nvcr.io":
        return Login(host, "$oauthtoken", "NGC_API_KEY", "an API key of NGC", public=True)
    if host == "r8.im":
        return Login(host, "<user>", "REPLICATE_API_TOKEN", "a token of the account that owns the model")
    if host in ("mcr.microsoft.com", "public.ecr.aws", "registry.k8s.io", "docker.elastic.co", "cgr.dev", "vault.habana.ai", "k8s.gcr.io"):
        return None
    return Login(host, "<user>", "REGISTRY_PASSWORD", "the password or token that the registry gives for pulling")


OFFICIAL = frozenset(
    {"scratch", "alpine", "amazoncorretto", "amazonlinux", "archlinux", "busybox", "centos", "clojure", "debian", "docker",
     "eclipse-temurin", "elixir", "erlang", "fedora", "gcc", "golang", "gradle", "groovy", "haskell", "haproxy", "httpd", "julia",
     "maven", "memcached", "mongo", "mysql", "nginx", "node", "openjdk", "oraclelinux", "perl", "php", "postgres", "pypy", "python",
     "r-base", "rabbitmq", "redis", "rockylinux", "ruby", "rust", "sapmachine", "swift", "tomcat", "traefik", "ubuntu"}
)  # fmt: skip
"""Images of Docker Hub whose names have no owner; every other such name is an image of the author's own machine."""


def is_local(name: str) -> bool:
    """Whether an image exists on the author's machine alone: without an owner and no official one, or of a registry there."""
    if "/" in name:
        return re.match(r"(localhost|127\.0\.0\.1)(:|$)", name.split("/")[0]) is not None
    return "$" not in name and name.split(":")[0].split("@")[0] not in OFFICIAL
