"""What project code tells the gateway in the runtime's name: it has the pipe on which its own process reports."""

from __future__ import annotations

import pytest

from .test_run import Serve, Write

PYPROJECT = """
    [tool.fal.apps.demo]
    ref = "app.py::Demo"
"""
APP = """
    import os
    import fal

    def forge(text):
        for name in os.listdir("/proc/self/fd"):
            if int(name) > 2 and os.path.realpath(f"/proc/self/fd/{name}").rpartition("/")[2].startswith("pipe:"):
                try:
                    os.write(int(name), text.encode())
                except OSError:
                    pass

    AT_IMPORT

    class Demo(fal.App, name="demo"):
        @fal.endpoint("/")
        def run(self) -> dict:
            forge(FORGED)
            return {"answered": True}
"""


@pytest.mark.parametrize("forged", ["no JSON\n", "[]\n", '{"event": 1}\n', '{"event": "bound", "pid": 1, "port": 1, "metrics_port": 1}\n'])
def test_a_runner_that_forges_reports_goes_on(project: Write, serve: Serve, forged: str) -> None:
    app = APP.replace("AT_IMPORT", "").replace("FORGED", repr(forged))
    served = serve(project(pyproject_toml=PYPROJECT, app_py=app))
    for _ in range(3):
        assert served.post("demo", {}).json() == {"answered": True}


@pytest.mark.parametrize("description", ["null", "{}", '{"name": "demo", "settings": 1}'])
def test_a_loader_that_forges_a_description_fails_alone(project: Write, serve: Serve, description: str) -> None:
    forged = f'{{"event": "loaded", "description": {description}}}\n'
    app = APP.replace("AT_IMPORT", f"forge({forged!r}); os._exit(0)").replace("FORGED", "''")
    pyproject = PYPROJECT + '\n    [tool.fal.apps.good]\n    ref = "good.py::Good"\n'
    good = APP.replace("AT_IMPORT", "").replace("FORGED", "''").replace("Demo", "Good").replace('"demo"', '"good"')
    served = serve(project(pyproject_toml=pyproject, app_py=app, good_py=good))
    served.line(r"^error: demo: loading it told no description of an app")
    assert served.post("good", {}).json() == {"answered": True}
