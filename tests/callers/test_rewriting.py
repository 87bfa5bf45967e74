"""The text of rewritten calls: layout, comments, bytes, and conditions that mean the same."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.callers.made import client, rewritten

fal_client = pytest.importorskip("fal_client", reason="needs fal's client")
OUTCOMES = {
    "IN_QUEUE": fal_client.Queued(position=0),
    "IN_PROGRESS": fal_client.InProgress(logs=None),
    "COMPLETED": fal_client.Completed(logs=None, metrics={}),
    "FAILED": fal_client.Completed(logs=None, metrics={}, error="boom", error_type="runner_server_error"),
}
NAMES = [list(names) for size in range(1, 5) for names in itertools.combinations(OUTCOMES, size)]


@pytest.mark.parametrize("operator", ["in", "not in"])
def test_a_condition_means_the_same_in_every_status(tmp_path: Path, operator: str) -> None:
    """Every set of names, asked of every status: of RunPod's name before, of fal's object after."""
    lines = "\n".join(f"print(job.status() {operator} {names})" for names in NAMES)
    text = f'import runpod\n\njob = runpod.Endpoint("abc123").run({{"n": 1}})\n{lines}\n'
    conditions = [line[len("print(") : -1] for line in client(tmp_path, text).texts["client.py"].splitlines() if line.startswith("print(")]
    assert len(conditions) == len(NAMES)
    for (before, after), (name, status) in itertools.product(zip(lines.splitlines(), conditions, strict=True), OUTCOMES.items()):
        scope: dict[str, Any] = {"fal_client": fal_client, "job": _Job(status)}
        assert bool(eval(after, scope)) == eval(before[len("print(") : -1], {"job": _Job(name)}), (before, after, name)


class _Job:
    def __init__(self, status: Any) -> None:
        self._status = status

    def status(self) -> Any:
        return self._status


def test_comments_in_a_call_are_not_lost(tmp_path: Path) -> None:
    made = client(
        tmp_path,
        """
        import requests


        def ask():
            return requests.post(
                "https://api.runpod.ai/v2/abc123/runsync",
                # the key of the team
                headers={"Authorization": "Bearer 1"},
                json={"input": {"n": 1}},  # one
            ).json()["output"]
        """,
    )
    assert "    # the key of the team\n    # one\n    return fal_client.subscribe(" in made.texts["client.py"]


def test_a_string_over_several_lines_keeps_its_lines(tmp_path: Path) -> None:
    text = '''
        import runpod

        runpod.Endpoint("abc123").run_sync(
            {
                "input": {
                    "prompt": """one
                        two""",
                }
            }
        )
        '''
    assert 'one\n                two"""' in client(tmp_path, text).texts["client.py"]


def test_a_file_keeps_its_encoding_and_line_endings(tmp_path: Path) -> None:
    source = (
        '# coding: latin-1\r\nimport runpod\r\nTITLE = "caf\xe9"\r\nprint(runpod.Endpoint("abc123").run_sync({"input": {"t": TITLE}}))\r\n'
    )
    root = tmp_path / "callers"
    root.mkdir()
    (root / "client.py").write_bytes(source.encode("latin-1"))
    from converters.callers.convert import convert_callers
    from converters.outcome import Converted

    outcome = convert_callers(root, {"abc123": "acme/up"})
    assert isinstance(outcome, Converted)
    wanted = source.replace("import runpod", "import fal_client").replace(
        'runpod.Endpoint("abc123").run_sync({"input": {"t": TITLE}})', 'fal_client.subscribe("acme/up", arguments={"t": TITLE})'
    )
    assert outcome.files[0].data == wanted.encode("latin-1")


LINES = st.lists(
    st.sampled_from(
        [
            "x = 1",
            "",
            "# a comment",
            "def f(a):\n    return a",
            "text = '''\n  {\"input\": 1}\n'''",
            "y = {'input': {'n': 1}}",
            "é = 'ü'",
            "for i in x: pass",
        ]
    ),
    max_size=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=LINES, after=LINES)
def test_what_is_no_call_stays_to_the_byte(tmp_path_factory: pytest.TempPathFactory, before: list[str], after: list[str]) -> None:
    head, tail = "".join(f"{line}\n" for line in before), "".join(f"{line}\n" for line in after)
    call, new = 'runpod.Endpoint("abc123").run_sync({"input": {"n": 1}})', 'fal_client.subscribe("acme/upscaler", arguments={"n": 1})'
    made = client(tmp_path_factory.mktemp("bytes"), f"import runpod\n{head}result = {call}\n{tail}")
    assert made.texts["client.py"] == f"import fal_client\n{head}result = {new}\n{tail}"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(alphabet=st.characters(codec="utf-8", exclude_characters="/:= \n\r\t\x0b\x0c"), min_size=1, max_size=12).filter(lambda name: not any(letter.isspace() for letter in name)))  # fmt: skip
def test_the_name_of_an_app_cannot_become_code(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    files = {"client.py": 'import runpod\n\nendpoint = runpod.Endpoint("abc123")\nprint(endpoint.run_sync({"n": 1}))\n'}
    text = rewritten(tmp_path_factory.mktemp("name"), files, {"abc123": f"acme/{name}"}).texts["client.py"]
    scope: dict[str, Any] = {}
    exec(text.splitlines()[2], scope)
    assert scope["endpoint"] == f"acme/{name}"


@pytest.mark.parametrize("nested", ["def take():\n                        return state['output']", "take = lambda: state['output']"])
def test_nothing_is_awaited_in_a_function_that_is_not_asynchronous(tmp_path: Path, nested: str) -> None:
    text = f"""
        import aiohttp

        async def ask(session):
            answer = await session.post("https://api.runpod.ai/v2/abc123/run", json={{"input": {{"n": 1}}}})
            request = (await answer.json())["id"]
            while True:
                state = await (await session.get(f"https://api.runpod.ai/v2/abc123/status/{{request}}")).json()
                if state["status"] == "COMPLETED":
                    {nested}
                    return take()
        """
    compile(client(tmp_path, text).texts["client.py"], "client.py", "exec")


def test_what_aiohttp_awaits_is_there_already(tmp_path: Path) -> None:
    text = """
        import aiohttp

        async def ask(session):
            answer = await session.post("https://api.runpod.ai/v2/abc123/run", json={"input": {"n": 1}})
            request = (await answer.json())["id"]
            while True:
                state = await (await session.get(f"https://api.runpod.ai/v2/abc123/status/{request}")).json()
                if state["status"] == "COMPLETED":
                    return state["output"]
        """
    made = client(tmp_path, text).texts["client.py"]
    compile(made, "client.py", "exec")
    assert "request = answer.request_id" in made
    assert 'state = await fal_client.status_async("acme/upscaler", request)' in made
    assert 'return await fal_client.result_async("acme/upscaler", request)' in made


@pytest.mark.parametrize(
    "literal",
    ["f\"Bearer {os.environ['RUNPOD_API_KEY']}\"", "f'Bearer {os.environ[\"RUNPOD_API_KEY\"]}'", '"" f"{os.environ[\'RUNPOD_API_KEY\']}"'],
)
def test_the_name_of_the_key_keeps_the_quotes_that_its_place_asks_for(tmp_path: Path, literal: str) -> None:
    text = f"""
        import os
        import runpod

        print({literal})
        print(runpod.Endpoint("abc123").run_sync({{"input": {{"n": 1}}}}))
        """
    compile(client(tmp_path, text).texts["client.py"], "client.py", "exec")


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        pytest.param("ask(f'{API}/abc123/run', key)", True, id="an address whose use is not followed"),
        pytest.param("print(runpod.Endpoint('abc123').run_sync({'input': {'n': 1}}))", False, id="calls of fal_client alone"),
    ],
)
def test_the_key_of_the_platform_stays_with_calls_that_stay(tmp_path: Path, asked: str, kept: bool) -> None:
    text = f"""
        import os
        import runpod
        from elsewhere import ask

        API = "https://api.runpod.ai/v2"
        key = os.environ["RUNPOD_API_KEY"]
        {asked}
        """
    made = client(tmp_path, text).texts["client.py"]
    assert ("RUNPOD_API_KEY" in made, "FAL_KEY" in made) == (kept, not kept)


@pytest.mark.parametrize("value", ["(yield {})", "(yield from ({},))", "(found := {})"])
def test_an_argument_keeps_the_parentheses_that_it_needs(tmp_path: Path, value: str) -> None:
    text = f'import runpod\n\n\ndef ask():\n    return runpod.Endpoint("abc123").run_sync({{"input": {value}}})\n'
    assert f"arguments={value}" in client(tmp_path, text).texts["client.py"]


def test_arguments_that_are_passed_with_a_star_are_left_to_a_person(tmp_path: Path) -> None:
    made = client(
        tmp_path,
        """
        import runpod

        given = [{"input": {"n": 1}}]
        print(runpod.Endpoint("abc123").run_sync(*given))


        async def ask():
            return await runpod.AsyncioEndpoint("abc123", None).run(*given)
        """,
    )
    assert "run_sync(*given)" in made.texts["client.py"]
    assert made.manual


def test_an_import_behind_the_last_line_stands_on_a_line_of_its_own(tmp_path: Path) -> None:
    """The file ends with an import and without a line end."""
    call = 'requests.post("https://api.runpod.ai/v2/abc123/runsync", json={"input": {"n": 1}}).json()["output"]'
    made = client(tmp_path, f"def ask(requests):\n    return {call}\n\n\nimport json").texts["client.py"]
    assert made.endswith("\nimport json\nimport fal_client\n"), made
