"""Local means local: the platform's host names lead to the gateway, and children of the runtime hold a key of its own.

:class:`Interceptor` listens and makes the environment that redirects a process and everything that it starts;
:func:`without_credentials` takes the user's keys out of an environment.
"""

from __future__ import annotations

from .credentials import LOCAL_KEY, without_credentials
from .hosts import is_platform
from .interceptor import Interceptor, in_thread

__all__ = ["LOCAL_KEY", "Interceptor", "in_thread", "is_platform", "without_credentials"]
