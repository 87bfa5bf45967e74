"""Rehearsal: what fal would build is built, what it would start is started in its image, and asked, without fal, a GPU or a registry.

- `rehearse` leads an app of a finished fal project from its files to its answers; `result` is what it tells, `report` how one reads it.
- `apps` loads and pickles the app as `fal deploy` does, `recipe` writes down what fal would build.
- `start` starts the app in its image, `ask` sends it requests.
- `engines/` build images and start processes in them, `bases/` stand in for base images.
- `outside/` is all of the internet that they see, `stubs/` are the packages that are too large or need a GPU.

It takes finished files, never the model of a conversion.
"""
