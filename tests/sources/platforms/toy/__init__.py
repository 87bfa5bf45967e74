"""The smallest platform: toy.json names a function that answers jobs, and the keys of their input."""

import json

from converters.concepts.machine import assume
from converters.concepts.names import app_name, class_name
from converters.ir import (
    App,
    Application,
    Disposition,
    Endpoint,
    Environment,
    Evidence,
    Handler,
    InputField,
    InputSchema,
    Origin,
    Value,
)  # fmt: skip
from converters.sources.platform import Platform
from converters.verify.posts import Posts
from converters.verify.runner import Runner
from converters.verify.source import Process, free_port, running

SERVER = """
import json, sys, http.server, importlib
sys.path.insert(0, "")
answer = getattr(importlib.import_module(sys.argv[1]), sys.argv[2])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        try:
            status, found = 200, answer({"id": "1", "input": json.loads(self.rfile.read(int(self.headers["Content-Length"])))})
        except Exception as error:
            status, found = 500, str(error)
        self.send_response(status), self.end_headers(), self.wfile.write((found if status > 200 else json.dumps(found)).encode())
http.server.HTTPServer(("127.0.0.1", int(sys.argv[3])), Handler).serve_forever()
"""


class ToyRunner(Runner):
    def serve(self, sources, observation, *, confinement, seconds):
        handler, port = sources.app.handler, free_port()
        program = [str(sources.interpreter.executable), "-c", SERVER, handler.module, handler.name, str(port)]
        process = Process(sources.staged, program, observation, sources.secrets, interpreter=sources.interpreter, confinement=confinement)
        return running(process, Posts(process, observation, port, seconds))


class Toy(Platform):
    name, title, label, recognised_by, emitter, files = "toy", "Toyland", "toy", "a toy.json", "worker", ("toy.json",)

    def detect(self, project):
        return [Evidence(file=path, line=1, why="names a handler") for path in self.files if path in project.files]

    def analyze(self, project, options, ledger):
        stated, place = json.loads(project.files["toy.json"].text), Origin(file="toy.json", line=1)
        module, _, function = stated["handler"].partition(":")
        ledger.settle(ledger.record("key", "handler", place), "FAL001", Disposition.CONVERTED, f"`{function}` answers the app's requests")
        fields = [InputField(name=key, annotation="str", required=True, origin=place) for key in stated["input"]]
        name = app_name(options.name or project.name, set())
        app = App(
            name=name, class_name=class_name(name), entry=f"{module}.py", app_file="app.py",
            handler=Handler(name=function, module=module, file=f"{module}.py", kind="sync", origin=place),
            endpoints=[Endpoint(input=InputSchema(fields=fields))],
            environment=Environment(python_version=Value(value=stated["python"]), files=[f"{module}.py"]),
        )  # fmt: skip
        assume(app, ledger, rule="FAL001", gpu="", message="{machine} is assumed ({why}).", place=place)
        return Application(platform=self.name, evidence=self.detect(project), apps=[app])

    def runner(self):
        return ToyRunner()


platform = Toy()
