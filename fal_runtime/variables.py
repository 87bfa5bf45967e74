"""Which variables of this process apps may see: those of programs, libraries, language and accelerators; nothing of the user's."""

from __future__ import annotations

from collections.abc import Mapping

_NAMES = frozenset(
    ("PATH", "LANG", "LANGUAGE", "TZ", "TERM", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "SYSTEMROOT", "PYTHONHASHSEED", "PYTHONDONTWRITEBYTECODE")
)
_FAMILIES = ("LC_", "CUDA_", "NVIDIA_", "ROCR_", "HIP_", "OMP_", "MKL_", "OPENBLAS_")


def of_the_machine(environment: Mapping[str, str]) -> dict[str, str]:
    """Those of an environment's variables that say something about the machine."""
    return {name: value for name, value in environment.items() if name in _NAMES or name.startswith(_FAMILIES)}
