"""The image that `cog push` made, run as it is: one table of pyproject.toml (or a function), the same `/predictions` API.

Cog's `/health-check` answers 200 while the model is still loading and says so in its JSON only. So the image's own Python starts Cog's
server on a second port and opens the exposed one when the status is READY.
"""

from __future__ import annotations

import re

from converters import rules
from converters.concepts.cog.environment import python_version
from converters.concepts.cog.units import Unit
from converters.ir import App, Disposition, Environment, Origin, Registry, Scope, Server
from converters.ledger import Ledger

PORT = 5000
HOST = "r8.im"
GATE = """\
import asyncio, json, os, subprocess, sys, time, urllib.request
cog = subprocess.Popen([sys.executable, "-m", "cog.server.http"], env={**os.environ, "PORT": "5001"})
while True:
    time.sleep(0.5)
    if cog.poll() is not None:
        sys.exit(cog.returncode or 1)
    try:
        status = json.load(urllib.request.urlopen("http://127.0.0.1:5001/health-check"))["status"]
    except OSError:
        continue
    if status in ("SETUP_FAILED", "DEFUNCT"):
        sys.exit(1)
    if status in ("READY", "BUSY"):
        break
async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
async def serve(reader, writer):
    cog_reader, cog_writer = await asyncio.open_connection("127.0.0.1", 5001)
    await asyncio.gather(copy(reader, cog_writer), copy(cog_reader, writer))
async def main():
    async with await asyncio.start_server(serve, "0.0.0.0", 5000) as server:
        await server.serve_forever()
asyncio.run(main())
"""
"""Runs in the image, whose Python is 3.8 or newer."""


def app(unit: Unit, name: str, class_name: str, app_file: str, ledger: Ledger) -> App:
    """The app of an image that stays as it is."""
    entry = unit.config.find("image") or unit.config.find("model")
    reference = entry.text if entry is not None else ""
    if "/" not in reference:
        origin = entry.origin if entry is not None else Origin(file=unit.path, line=1)
        ledger.note(
            rules.RC027, Disposition.MANUAL, f"cog.yaml names no image that was pushed: write it in place of {HOST}/OWNER/NAME.", origin
        )
        reference = f"{HOST}/OWNER/{reference or 'NAME'}"
    server = Server(
        port=PORT,
        command=["python", "-c", GATE],
        cmd=["python", "-c", GATE],
        health_path="/health-check",
        openapi_path="/openapi.json",
        image=reference,
        python=python_version(unit.config).value,
        registries=_login(reference, unit, ledger),
    )
    return App(
        name=name,
        class_name=class_name,
        entry=unit.path,
        app_file=app_file,
        target="pyproject",
        style=None,
        why="the image of `cog push` runs as it is",
        environment=Environment(kind="image", python_version=python_version(unit.config), why="the image of `cog push`"),
        server=server,
    )


def _login(reference: str, unit: Unit, ledger: Ledger) -> list[Registry]:
    """Credentials of a private registry; r8.im takes a token of Replicate under the name of its owner."""
    host = reference.split("/")[0]
    if "." not in host or host in ("docker.io",):
        return []
    owner = re.sub(r"[^\w.-]", "", reference.split("/")[1]) or "OWNER"
    secret = "REPLICATE_CLI_AUTH_TOKEN" if host == HOST else "REGISTRY_TOKEN"
    ledger.note(
        rules.RC027,
        Disposition.MANUAL,
        f"{host} asks for a login: set it with `fal secrets set {secret}=...` (for {HOST} the token that `cog login` takes).",
        Origin(file=unit.path, line=1),
        scope=Scope.DEPLOY,
    )
    return [Registry(host=host, username=owner, secret=secret)]


def settle(unit: Unit, ledger: Ledger) -> None:
    """Everything that the file says is in the image already."""
    for path, constructs in unit.config.constructs.items():
        for construct in constructs:
            message = "the image was built with it and stays as it is"
            ledger.settle(construct, rules.RC027, Disposition.CONVERTED if path in ("image", "model") else Disposition.KEPT, message)
