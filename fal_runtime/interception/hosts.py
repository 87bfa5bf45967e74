"""Which host names are the platform's."""

from __future__ import annotations

#: With every name below them: what fal 1.83, fal_client 1.0.3 and @fal-ai/client 1.10.1 call, the backup hosts included.
DOMAINS = ("fal.ai", "fal.media", "fal.run", "falrun.com")


def is_platform(host: str) -> bool:
    """True for a host name that is, or lies below, one of the platform's domains."""
    name = host.rstrip(".").lower()
    return any(name == domain or name.endswith(f".{domain}") for domain in DOMAINS)
