"""Names of apps, classes, methods and modules, and what import names are called on PyPI."""

from __future__ import annotations

import re
import sys
from pathlib import PurePosixPath

from converters.ir import Value
from converters.project import Project
from converters.python import pip
from converters.python.code import Code
from converters.sources.runpod.handler import Resolved
from converters.sources.runpod.units import Survey, Unit

GPU_PACKAGES = frozenset(
    {
        "torch",
        "diffusers",
        "transformers",
        "vllm",
        "tensorflow",
        "onnxruntime",
        "jax",
        "faster_whisper",
        "whisper",
        "TTS",
        "exllamav2",
        "bitsandbytes",
        "xformers",
    }
)
WITHOUT_CUDA = frozenset({"onnxruntime"})
"""Those of them of which another distribution has CUDA, so that the one of this name, where it is listed, uses no GPU."""
DISTRIBUTIONS = {
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
    "yaml": "pyyaml",
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "dotenv": "python-dotenv",
    "bs4": "beautifulsoup4",
    "faster_whisper": "faster-whisper",
    "whisper": "openai-whisper",
    "google": "google-cloud-storage",
    "jwt": "pyjwt",
    "websocket": "websocket-client",
    "git": "gitpython",
    "magic": "python-magic",
}
RESERVED = frozenset(
    {
        "setup",
        "teardown",
        "health",
        "handle_exit",
        "provide_hints",
        "stream",
        "fitness",
        "load",
        "realtime",
        "handler",
        "serve",
        "run",
        "openapi",
        "collect_routes",
        "current_request",
        "spawn",
        "local",
        "get_endpoints",
    }
)
GENERIC = frozenset({"src", "worker", "app", "runpod", "serverless", "docker", "service", "services"})


def unit_name(project: Project, unit: Unit, found: Survey) -> str:
    """The project's own name; where several units share the tree, the shortest of folder, folders and file that no other unit has."""
    if len(found.entries) == 1:
        return project.name
    taken = [_long_names(project, entry) for entry in found.entries if entry != unit.entry]
    own = _long_names(project, unit.entry)
    return next((name for at, name in enumerate(own) if all(name != other[at] for other in taken)), own[-1])


def _long_names(project: Project, entry: str) -> list[str]:
    """Names of a unit, each one longer than the one before."""
    path = PurePosixPath(entry)
    folders = list(path.parent.parts) or [project.name]
    short = next((part for part in reversed(folders) if part not in GENERIC), folders[-1])
    stem = re.sub(r"(^|_)handler$|^rp_", "", path.stem)
    stems = [stem] if stem and stem not in GENERIC else []
    return [short, "-".join([short, *stems]), "-".join([*folders, *stems])]


def method_name(resolved: Resolved) -> str:
    """The handler's own name where it can be a method of an app; `generate` otherwise."""
    name = getattr(resolved.node, "name", "")
    if not name or name.startswith("_") or name in RESERVED or not name.isidentifier():
        return "generate"
    return name


def module_name(unit: Unit, *, in_image: bool) -> str:
    """The name under which the entry file is imported: dotted where it is started with `python -m`, and the image's in an image."""
    entry = unit.packaging.entry if unit.packaging else None
    if entry is not None and entry.file == unit.entry and entry.module:
        relative = entry.image_path[len(entry.workdir.rstrip("/")) + 1 :]
        return relative.removesuffix(".py").replace("/", ".")
    if in_image and unit.packaging is not None:
        places = [entry.image_path] if entry is not None and entry.file == unit.entry else []
        places += [image for image, path in unit.packaging.layout.files.items() if path == unit.entry]
        return PurePosixPath(next(iter(places), unit.entry)).stem
    return PurePosixPath(unit.entry).stem


def requirements_of_imports(imported: set[str], code: Code) -> list[str]:
    """Packages for third-party imports, by their usual name on PyPI; the SDK and the project's own modules left out."""
    own = {PurePosixPath(path).stem for path in code.project.files if path.endswith(".py")}
    own |= {part for path in code.project.files for part in PurePosixPath(path).parent.parts}
    names = [
        name
        for name in sorted(imported)
        if name not in sys.stdlib_module_names and name not in own and name not in ("runpod", "__future__")
    ]
    return [DISTRIBUTIONS.get(name, name.replace("_", "-")) for name in names]


def sdk_pin(requirements: list[Value[str]]) -> str:
    return next((spec.value for spec in requirements if pip.name(spec.value) == "runpod"), "")


def skips_checks(specs: list[Value[str]]) -> bool:
    """Whether the project's runpod skips the checks of fields that have a default of the value's own type (1.7.8 and later)."""
    pin = sdk_pin(specs)
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        specifiers = SpecifierSet(re.sub(r"^[A-Za-z0-9._-]+(\[[^\]]*\])?", "", pin).split(";")[0].strip())
    except InvalidSpecifier:
        return True
    return not pin or specifiers.contains("1.7.9") or specifiers.contains("1.10.0") or specifiers.contains("99.0")
