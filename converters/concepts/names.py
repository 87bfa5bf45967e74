"""Names that fal and Python take: of apps, of classes and of fields."""

from __future__ import annotations

import keyword
import re


def app_name(wanted: str, taken: set[str]) -> str:
    """A name that fal takes: lower case, digits and hyphens; numbered where another app of the project has it."""
    base = re.sub(r"-+", "-", re.sub(r"[^a-z0-9]+", "-", wanted.lower())).strip("-")[:60].strip("-") or "app"
    name, number = base, 2
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    taken.add(name)
    return name


def class_name(name: str) -> str:
    """`sdxl-turbo` -> `SdxlTurbo`. The target takes another where the file has this name already (`targets/class_names.py`)."""
    made = "".join(part[:1].upper() + part[1:] for part in name.split("-"))
    return made if made.isidentifier() else f"App{made}"


def is_name(text: str) -> bool:
    """Whether code can bind it: `class` and `True` are identifiers that it cannot."""
    return text.isidentifier() and not keyword.iskeyword(text)


def is_dotted_name(text: str) -> bool:
    """Whether an import statement can name it; a file `class.py` or `my-handler.py` can be imported by `importlib` alone."""
    return all(map(is_name, text.split(".")))


def is_identifier(name: str) -> bool:
    """Whether a key can be a field name as it is (others get an alias)."""
    return is_name(name) and not name.startswith("_") and not name.startswith("model_")
