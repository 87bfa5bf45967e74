"""Classes that are derived from doubles: what they do not have themselves, the double's class has."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Callable, Sequence
from typing import Any, ClassVar


class OfDouble(ABCMeta):
    """The class of classes that are derived from a double: ``Own.from_pretrained("a/b")`` is that of the package."""

    made: ClassVar[Callable[[str, str], Any]]
    """What gives the attribute of an expression."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return OfDouble.made(cls.__name__, name)


def kind(bases: Sequence[object]) -> type[type]:
    """The class of a class with these bases: beside such as have a class of their own, as pydantic's models, the usual one."""
    return OfDouble if {type(base) for base in bases if isinstance(base, type)} <= {type, ABCMeta, OfDouble} else type


def own(cls: type, name: str) -> Any:
    """An attribute that a class or one of its bases defines; None where none does."""
    return next((vars(one)[name] for one in cls.__mro__ if name in vars(one)), None)
