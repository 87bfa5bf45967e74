"""fal's own Python clients, in programs and in apps: answered by the gateway alone."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest

from .conftest import Running
from .outside import KEY, World


def test_the_outside_would_see_a_request_and_its_key(world: World) -> None:
    """Without `migrate exec` the same programs reach it: by the proxy, and directly where the system has namespaces."""
    code = "import httpx, os, sys; httpx.post('https://v3.fal.media/x', headers={'a': os.environ['FAL_KEY']}, trust_env=sys.argv[1] == '1', verify=__import__('ssl').create_default_context())"
    for how, trusts in [("proxy", "1"), *([("direct", "0")] if world.is_whole else [])]:
        before = len(world.seen())
        subprocess.run([*world.prefix, sys.executable, "-c", code, trusts], env=world.environment, check=True, timeout=60)
        assert any(entry.startswith(how) and KEY in entry for entry in world.seen()[before:])


@pytest.mark.whole
def test_fal_client(fal: Running) -> None:
    answer = fal.python(
        """
        import fal_client, json
        handle = fal_client.submit("local/demo", {"value": 2})
        print(json.dumps([
            fal_client.run("local/demo", {"value": 1}),
            handle.get(),
            fal_client.subscribe("local/demo", {"value": 3}),
            list(fal_client.stream("local/demo", {})),
            fal_client.upload(b"abc", "text/plain"),
        ]))
        """
    )
    assert answer[:4] == [{"value": 2}, {"value": 3}, {"value": 4}, [{"number": 0}, {"number": 1}, {"number": 2}]]
    assert answer[4].startswith(f"http://127.0.0.1:{fal.port}/files/")


@pytest.mark.versions
def test_fal_client_without_the_import_hook(fal: Running) -> None:
    """An isolated interpreter reads no PYTHONPATH: the proxy alone leads it here."""
    code = """
        import asyncio, fal_client, json
        async def main():
            answers = [await fal_client.run_async("local/demo", {"value": 1}), await fal_client.subscribe_async("local/demo", {"value": 2})]
            async with fal_client.realtime_async("local/demo") as connection:
                await connection.send({"value": 3})
                answers.append(await connection.recv())
            return [*answers, await fal_client.upload_async(b"abc", "text/plain")]
        print(json.dumps(asyncio.run(main())))
        """
    answer = json.loads(fal.execute(sys.executable, "-I", "-c", textwrap.dedent(code)))
    assert answer[:3] == [{"value": 2}, {"value": 3}, {"value": 6}]
    assert answer[3].startswith(f"http://127.0.0.1:{fal.port}/files/")


def test_fal_client_async_and_realtime(fal: Running) -> None:
    answer = fal.python(
        """
        import asyncio, fal_client, json
        async def main():
            answers = [await fal_client.subscribe_async("local/demo", {"value": 1})]
            async with fal_client.realtime_async("local/demo") as connection:
                await connection.send({"value": 2})
                answers.append(await connection.recv())
            return answers
        with fal_client.SyncClient().realtime("local/demo") as connection:
            connection.send({"value": 3})
            print(json.dumps([*asyncio.run(main()), connection.recv()]))
        """
    )
    assert answer == [{"value": 2}, {"value": 4}, {"value": 6}]


APPS = """
    import fal.apps, json
    handle = fal.apps.submit("local/demo", {"value": 2})
    answers = [fal.apps.run("local/demo", {"value": 1}), handle.get(), type(handle.status()).__name__]
    answers.append([json.loads(event[5:]) for event in fal.apps.stream("local/demo", {}, path="/stream")])
    with fal.apps._connect("local/demo") as connection:
        answers.append(connection.run({"value": 3}))
    with fal.apps.ws("local/demo") as connection:
        connection.send({"value": 4})
        answers.append(json.loads(connection.recv()))
"""
FROM_APPS = [{"value": 2}, {"value": 3}, "Completed", [{"number": 0}, {"number": 1}, {"number": 2}], {"value": 6}, {"value": 5}]


def test_fal_apps(fal: Running) -> None:
    assert fal.python(textwrap.dedent(APPS) + "print(json.dumps(answers))") == FROM_APPS


def test_an_app_calls_another_app(fal: Running) -> None:
    answer = fal.in_app(
        """
        import fal_client
        return [await fal_client.subscribe_async("local/demo", {"value": 1}), await fal_client.run_async("local/demo", {"value": 2})]
        """
    )
    assert answer == [{"value": 2}, {"value": 3}]


def test_an_app_calls_another_app_with_fal_apps(fal: Running) -> None:
    code = f"def call():\n{textwrap.indent(textwrap.dedent(APPS), '    ')}\n    return answers\nimport asyncio\nreturn await asyncio.to_thread(call)"
    assert fal.in_app(code) == FROM_APPS


def test_an_app_of_the_platform_is_a_404_that_says_what_to_do(fal: Running) -> None:
    answer = fal.in_app(
        """
        import fal_client, httpx
        details = []
        for call in (fal_client.run_async, fal_client.submit_async):
            try:
                await call("fal-ai/flux", {})
            except fal_client.FalClientHTTPError as error:
                details.append([error.status_code, str(error)])
        return details
        """
    )
    detail = (
        'Application "fal-ai/flux" not found: only local apps are served here (local/caller, local/demo). '
        "Call one of these; to call an app of the platform, deploy the caller, or run it without `migrate exec`."
    )
    assert answer == [[404, detail], [404, detail]]
