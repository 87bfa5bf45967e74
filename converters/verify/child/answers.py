"""What doubles answer where the general rule would be wrong: about the machine, and how long they are."""

from __future__ import annotations

import hashlib
from typing import Any

ITEMS = 2
"""How many items a double has."""
DIMENSIONS = 3
"""Of an array, as of a picture."""
_LONGEST_ARRAY = 1000
CALLS: dict[str, Any] = {
    "cuda.is_available": True,
    "mps.is_available": False,
    "cuda.device_count": 1,
    "cuda.current_device": 0,
    "cuda.is_bf16_supported": True,
    "cuda.mem_get_info": (85_000_000_000, 85_000_000_000),
    "cuda.get_device_capability": (9, 0),
    "cuda.get_device_name": "NVIDIA H100 80GB HBM3",
    "cuda.memory_allocated": 0,
    "cuda.memory_reserved": 0,
    "cuda.max_memory_allocated": 0,
    "cuda.max_memory_reserved": 0,
    ").dim": DIMENSIONS,
}
"""What calls about the machine answer, by the end of their name."""
ATTRIBUTES: dict[str, Any] = {"total_memory": 85_000_000_000, "version.cuda": "12.4", "__version__": "2.4.0", "ndim": DIMENSIONS}
"""What attributes are, by the end of their expression."""


def length(name: str, args: tuple[Any, ...]) -> int | None:
    """How long an array is that the code made itself; None where the call does not say."""
    places = {"linspace": 2, "arange": 1 if len(args) > 1 else 0, "zeros": 0, "ones": 0, "full": 0, "empty": 0, "randn": 0, "rand": 0}
    if name not in places or len(args) <= places[name]:
        return None
    size = args[places[name]]
    if type(size) is tuple and size:
        size = size[0]
    if name == "arange" and len(args) > 1 and type(size) is type(args[0]) is int:
        size = -((args[0] - size) // (args[2] if len(args) > 2 and type(args[2]) is int and args[2] else 1))
    return min(max(size, 0), _LONGEST_ARRAY) if type(size) is int else None


def drawn(text: str, name: str, args: tuple[Any, ...], given: dict[str, Any]) -> int | None:
    """The number that ``numpy.random.randint(low, high)`` draws, which follows from the expression; None of anything else."""
    bounds = [*args[:2], *(given[key] for key in ("low", "high") if key in given)]
    if name not in ("randint", "random_integers") or given.keys() - {"low", "high", "dtype"} or len(args) > 2:
        return None
    if not bounds or any(type(bound) is not int for bound in bounds):
        return None
    low, high = (0, *bounds) if len(bounds) == 1 else bounds
    span: int = max(high - low, 1)
    first: int = low
    return first + int(hashlib.sha256(text.encode(errors="replace")).hexdigest(), 16) % span
