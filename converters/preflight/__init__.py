"""Preflight: the finished files of a fal project against a model of where they will run, before anything is built.

It takes files, never the converter's model, so that it serves any fal project: what a conversion is about to write, and whatever
`migrate check APP` is pointed at.

- `tree`: files in memory as a `Project`; `apps` reads the apps out of them: `fal.App` classes, `@fal.function`, `[tool.fal.apps]`.
- `Deployment` (`deployment`) is one app where it runs: its settings, its image, the files that fal's client sends (`client`), the
  file system of a runner (`runner`), and the Python that runs there (`running`): which modules, and which of their functions.
- `values` evaluates paths and texts as the code on the runner would see them; what it cannot tell is `UNKNOWN`, never a guess.
- `checks/`: one small module for each check; `check(deployment)` yields findings. A module is found by its name, no list is kept.
- `pins` and `resolve` compare requirements with what fal itself installs, read from the metadata of the installed `fal`.

A finding cites a rule (`PF...`), a place in the files and what to do. What cannot be told is no finding: a false alarm is a fault, too.
"""

from converters.preflight.deployment import Deployment
from converters.preflight.finding import Finding
from converters.preflight.inspect import deployments, findings

__all__ = ["Deployment", "Finding", "deployments", "findings"]
