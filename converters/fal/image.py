"""What fal needs inside an image that it runs Python in."""

from __future__ import annotations

CURL = (
    "RUN command -v curl >/dev/null || (apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*)"
)
"""The line of a Dockerfile that installs curl where the image has none."""
CURL_OF_ALPINE = "RUN command -v curl >/dev/null || apk add --no-cache curl"
"""The same where the system's packages come by apk."""
