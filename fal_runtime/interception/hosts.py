"""Which host names are the platform's."""

from __future__ import annotations

#: With every name below them: what fal 1.83, fal_client 1.0.3 and @fal-ai/client 1.10.1 call, the backup hosts included.
DOMAINS = ("fal.ai", "fal.media", "fal.run", "falrun.com")
#: The names themselves, for tables that know no others.
KNOWN = (
    *("fal.run", "queue.fal.run", "ws.fal.run", "gateway.fal.run", "wma.fal.run", "falrun.com", "queue.falrun.com", "ws.falrun.com"),
    *("fal.ai", "api.fal.ai", "api.alpha.fal.ai", "rest.fal.ai", "rest.alpha.fal.ai", "auth.fal.ai"),
    *("fal.media", "v2.fal.media", "v3.fal.media", "v3b.fal.media", "kv.fal.media"),
)
_ENDINGS = tuple(f".{domain}" for domain in DOMAINS)


def is_platform(host: str) -> bool:
    """True for a host name that is, or lies below, one of the platform's domains."""
    return f".{host.rstrip('.').lower()}".endswith(_ENDINGS)
