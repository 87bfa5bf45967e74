"""Which hosts are asked for real, and which are indexes of Python packages."""

from __future__ import annotations

import re

SYSTEMS = frozenset(
    {
        "deb.debian.org", "security.debian.org", "ftp.debian.org", "httpredir.debian.org", "archive.debian.org", "snapshot.debian.org",
        "cdn-fastly.deb.debian.org", "archive.ubuntu.com", "security.ubuntu.com", "ports.ubuntu.com", "old-releases.ubuntu.com",
        "dl-cdn.alpinelinux.org", "registry.npmjs.org", "registry.yarnpkg.com", "rubygems.org", "index.rubygems.org", "proxy.golang.org",
        "sum.golang.org", "index.crates.io", "static.crates.io", "crates.io",
    }
)  # fmt: skip
"""Package registries of systems and of other languages: requests are forwarded, with GET and HEAD alone."""
_MIRRORS = re.compile(r"(^|\.)(archive\.ubuntu\.com|debian\.org)$")
PYPI = frozenset({"pypi.org", "pypi.python.org", "www.pypi.org"})
PYPI_FILES = "files.pythonhosted.org"
LASTING = re.compile(
    r"\.(deb|udeb|apk|whl|crate|gem|tgz)$|/by-hash/|/packages/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{60}/|/@v/[^/]+\.(zip|mod|info)$"
)
"""Paths of files that never change."""


def is_forwarded(host: str) -> bool:
    """Whether a host is a package registry that is asked for real."""
    return host in SYSTEMS or _MIRRORS.search(host) is not None
