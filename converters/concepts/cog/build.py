"""What a cog.yaml says about the image that Cog builds."""

from __future__ import annotations

from dataclasses import dataclass, field

from converters.concepts.cog.packages import Packages
from converters.concepts.cog.steps import RunStep
from converters.ir import EnvVar, Origin, Value


@dataclass
class Build:
    """What was read of `build`, and what the environment came to."""

    python: Value[str]
    gpu: bool
    cuda: str
    packages: Packages
    steps: list[RunStep]
    every_step: list[RunStep] = field(default_factory=list)
    """With those that fetch pget, which the result may not need."""
    system: list[str] = field(default_factory=list)
    """apt packages in their present names."""
    renamed: dict[str, str] = field(default_factory=dict)
    implied: dict[str, str] = field(default_factory=dict)
    """System packages that Cog's base image holds and the project needs, with the reason."""
    reasons: list[tuple[str, Origin]] = field(default_factory=list)
    """Why a list of requirements does not suffice."""
    variables: list[EnvVar] = field(default_factory=list)
    demand: tuple[str, Origin] | None = None
    """What in the code asks for a GPU, which cog.yaml does not."""
