"""Programs in JavaScript: answered by the gateway alone."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from .conftest import Running
from .outside import ROOT

needs_node = pytest.mark.skipif(not shutil.which("node"), reason="needs node")
PACKAGE = ROOT / "node_modules" / "@fal-ai" / "client"


@needs_node
@pytest.mark.skipif(not PACKAGE.is_dir(), reason="needs @fal-ai/client: .ci/run node")
def test_the_javascript_client(fal: Running) -> None:
    program = f"""
        const {{ fal }} = require({json.dumps(str(PACKAGE))});
        async function main() {{
          const stream = await fal.stream("local/demo", {{ input: {{}} }});
          const events = [];
          for await (const event of stream) events.push(event);
          const realtime = typeof WebSocket === "undefined" ? {{ value: 8 }} : await new Promise((resolve, reject) => {{
            const connection = fal.realtime.connect("local/demo", {{ onResult: resolve, onError: reject, throttleInterval: 0 }});
            connection.send({{ value: 4 }});
          }});
          const unknown = await fal.run("fal-ai/flux", {{ input: {{}} }}).catch((error) => error.status);
          return [
            (await fal.run("local/demo", {{ input: {{ value: 1 }} }})).data,
            (await fal.subscribe("local/demo", {{ input: {{ value: 2 }}, pollInterval: 50 }})).data,
            events, realtime.value, unknown,
            await fal.storage.upload(new Blob(["abc"], {{ type: "text/plain" }})),
          ];
        }}
        main().then((answers) => {{ console.log(JSON.stringify(answers)); process.exit(0); }}, (error) => {{ console.error(error); process.exit(1); }});
    """
    *answers, url = json.loads(fal.execute("node", *_with_websockets(), "--no-warnings", "-e", program))
    assert answers == [{"value": 2}, {"value": 3}, [{"number": 0}, {"number": 1}, {"number": 2}], 8, 404]
    assert url.startswith(f"http://127.0.0.1:{fal.port}/files/")


def _with_websockets() -> list[str]:
    """The option by which releases 20.10 and 21 offer what 22 has by itself and older ones have not."""
    version = subprocess.run(["node", "-p", "process.versions.node"], capture_output=True, text=True, check=True).stdout
    return ["--experimental-websocket"] if (20, 10) <= tuple(map(int, version.split(".")[:2])) < (22, 0) else []


NODE = """
    const options = { method: "POST", headers: { Authorization: "Key " + process.env.FAL_KEY, "Content-Type": "application/json" } };
    const body = JSON.stringify({ value: 1 });
    const read = async (stream) => { let text = ""; for await (const chunk of stream) text += chunk; return JSON.parse(text); };
    const clients = {
      fetch: async () => (await fetch("https://fal.run/local/demo", { ...options, body })).json(),
      https: () => new Promise((resolve, reject) =>
        require("node:https").request("https://fal.run/local/demo", options, (response) => resolve(read(response))).on("error", reject).end(body)),
      http: () => new Promise((resolve, reject) =>
        require("node:http").request("http://fal.run/local/demo", options, (response) => resolve(read(response))).on("error", reject).end(body)),
      tls: () => new Promise((resolve, reject) => {
        const socket = require("node:tls").connect(443, "fal.run", () => resolve({ value: socket.authorized ? 2 : 0 })).on("error", reject);
      }),
      child: async () => JSON.parse(require("node:child_process").execFileSync(process.execPath, ["-e",
        `fetch("https://fal.run/local/demo", ${JSON.stringify({ ...options, body })}).then((r) => r.text()).then(console.log)`])),
      worker: () => new Promise((resolve, reject) => {
        const code = `fetch("https://fal.run/local/demo", ${JSON.stringify({ ...options, body })}).then((r) => r.json())
          .then((answer) => require("node:worker_threads").parentPort.postMessage(answer))`;
        new (require("node:worker_threads").Worker)(code, { eval: true }).on("message", resolve).on("error", reject);
      }),
    };
    (async () => {
      const answers = {};
      for (const [name, client] of Object.entries(clients)) answers[name] = await client().catch((error) => String(error.cause || error));
      console.log(JSON.stringify(answers));
      process.exit(0);
    })();
"""


@needs_node
def test_what_node_itself_offers(fal: Running) -> None:
    answers = json.loads(fal.execute("node", "-e", NODE))
    assert answers == {name: {"value": 2} for name in ["fetch", "https", "http", "tls", "child", "worker"]}
