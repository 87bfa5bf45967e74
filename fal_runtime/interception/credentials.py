"""The user's own keys, taken out of what children inherit."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: What children are given instead of the user's key ("id:secret").
LOCAL_KEY = "local:local"

#: Variables that hold a credential for fal, also under the prefixes of front-end tools (``VITE_FAL_KEY``).
_CREDENTIAL = re.compile(r"(?:^|_)FAL(?:_AI)?(?:_API)?_(?:KEY|TOKEN|SECRET|CREDENTIALS|ACCESS_TOKEN|KEY_ID|KEY_SECRET)$")
#: Variables that lead fal's clients to other hosts, or to other credentials (fal 1.83, ``fal/flags.py``, ``fal/config.py``, ``fal/auth``).
_LEADING = re.compile(r"FAL_(?:\w+_)?HOST$|FAL_PROFILE$|FAL_FORCE_AUTH_BY_USER$|FAL_HOME_DIR$|FAL_CONFIG_PATH$")
#: Shorter values are words that may stand anywhere.
_SHORTEST = 8


def without_credentials(base: Mapping[str, str], key: str = LOCAL_KEY) -> dict[str, str]:
    """``base`` with ``key`` ("id:secret") in place of every credential for fal, whatever its variable is called.

    A credential is told by the name of a variable; where its value stands in other variables it is replaced there, too.
    """
    secrets = sorted({part for name, value in base.items() if _CREDENTIAL.search(name) for part in _parts(value)}, key=len, reverse=True)
    result = {"FAL_KEY": key}
    for name, value in base.items():
        if _LEADING.match(name):
            continue
        if _CREDENTIAL.search(name):
            result[name] = _local(name, key)
            continue
        for secret in secrets:
            value = value.replace(secret, key if ":" in secret else key.partition(":")[2])
        result[name] = value
    return result


def _parts(value: str) -> list[str]:
    """A credential and its secret half, which others may use by itself; the id alone opens nothing."""
    return [part for part in (value, value.partition(":")[2]) if len(part) >= _SHORTEST and part not in LOCAL_KEY]


def _local(name: str, key: str) -> str:
    identifier, _, secret = key.partition(":")
    if name.endswith("_ID"):
        return identifier
    return secret if name.endswith("_SECRET") else key
