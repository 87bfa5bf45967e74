"""What hangs together is rewritten as a whole or stays, to the byte, as it is."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tests.callers.made import client, rewritten

STAYS = {
    "an endpoint is handed to a function": """
        import runpod
        from elsewhere import use
        endpoint = runpod.Endpoint("abc123")
        use(endpoint)
        print(endpoint.run_sync({"prompt": "a"}))
        """,
    "a job is returned": """
        import runpod
        def start():
            return runpod.Endpoint("abc123").run({"prompt": "a"})
        """,
    "a name holds an endpoint or something else": """
        import runpod
        import local
        endpoint = local.Endpoint()
        endpoint = runpod.Endpoint("abc123")
        print(endpoint.run_sync({"prompt": "a"}))
        """,
    "a parameter may hold another endpoint": """
        import runpod
        def ask(endpoint=None):
            if endpoint is None:
                endpoint = runpod.Endpoint("abc123")
            return endpoint.run_sync({"prompt": "a"})
        """,
    "an attribute is read outside of its class": """
        import runpod
        class Client:
            def __init__(self):
                self.endpoint = runpod.Endpoint("abc123")
        print(Client().endpoint.run_sync({"prompt": "a"}))
        """,
    "an endpoint is an attribute of the class": """
        import runpod
        class Client:
            endpoint = runpod.Endpoint("abc123")
            def ask(self):
                return self.endpoint.run_sync({"prompt": "a"})
        """,
    "a status is kept": """
        import runpod
        job = runpod.Endpoint("abc123").run({"prompt": "a"})
        statuses = {}
        statuses["job"] = job.status()
        """,
    "a status is compared with an unknown name": """
        import runpod
        job = runpod.Endpoint("abc123").run({"prompt": "a"})
        print(job.status() == "SLEEPING")
        """,
    "a body gets a key later": """
        import runpod
        payload = {"input": {"prompt": "a"}}
        payload["webhook"] = "https://example.com"
        runpod.Endpoint("abc123").run(payload)
        """,
    "a response is read as such": """
        import requests
        response = requests.post("https://api.runpod.ai/v2/abc123/runsync", json={"input": {"prompt": "a"}})
        print(response.headers)
        """,
    "errors of requests are caught around the call": """
        import requests
        try:
            print(requests.post("https://api.runpod.ai/v2/abc123/runsync", json={"input": {"n": 1}}).json()["output"])
        except requests.exceptions.RequestException:
            print("no answer")
        """,
    "a request is submitted here and asked for in a way that is not followed": """
        import requests
        def submit():
            return requests.post("https://api.runpod.ai/v2/abc123/run", json={"input": {"n": 1}}).json()["id"]
        def poll(job):
            response = requests.get(f"https://api.runpod.ai/v2/abc123/status/{job}")
            return response.status_code
        """,
    "a response is used in a with block": """
        import aiohttp
        async def ask(session):
            async with session.post("https://api.runpod.ai/v2/abc123/runsync", json={"input": {"n": 1}}) as response:
                return (await response.json())["output"]
        """,
    "a job is streamed twice": """
        import runpod
        job = runpod.Endpoint("abc123").run({"prompt": "a"})
        print(list(job.stream()), list(job.stream()))
        """,
    "what cancelling answers is used": """
        import runpod
        job = runpod.Endpoint("abc123").run({"prompt": "a"})
        print(job.cancel())
        """,
    "a client of Replicate has a call without a counterpart": """
        import replicate
        client = replicate.Client()
        print(client.models.list())
        print(client.run("acme/story", input={"prompt": "a"}))
        """,
    "the coroutine of a run is gathered": """
        import asyncio
        import replicate
        async def main():
            return await asyncio.gather(replicate.async_run("acme/story", input={"prompt": "a"}))
        """,
    "an attribute of Replicate's error is read": """
        import replicate
        from replicate.exceptions import ModelError
        try:
            print(replicate.run("acme/story", input={"prompt": "a"}))
        except ModelError as error:
            print(error.prediction.logs)
        """,
    "the endpoint's id comes from a place that the call cannot reach": """
        import requests
        def address(name):
            url = f"https://api.runpod.ai/v2/{name}"
            def ask(name):
                return requests.post(f"{url}/runsync", json={"input": {"n": 1}}).json()["output"]
            return ask
        """,
}  # fmt: skip


@pytest.mark.parametrize("text", STAYS.values(), ids=STAYS.keys())
def test_a_group_that_has_no_single_meaning_stays(tmp_path: Path, text: str) -> None:
    made = client(tmp_path, text)
    assert made.texts["client.py"] == dedent(text).lstrip("\n")
    assert made.manual


def test_an_endpoint_that_another_file_reads_stays(tmp_path: Path) -> None:
    files = {
        "shared.py": 'import runpod\n\nendpoint = runpod.Endpoint("abc123")\nprint(endpoint.run_sync({"n": 1}))\n',
        "main.py": "from shared import endpoint\n\nprint(endpoint.run_sync({'n': 2}))\n",
    }
    made = rewritten(tmp_path, files)
    assert made.texts["shared.py"] == files["shared.py"] and made.texts["main.py"] == files["main.py"]
    assert "shared.py:3 CL009" in made.manual


def test_groups_of_one_file_are_independent(tmp_path: Path) -> None:
    made = client(
        tmp_path,
        """
        import runpod

        print(runpod.Endpoint("abc123").health())
        print(runpod.Endpoint("abc123").run_sync({"prompt": "a"}))
        """,
    )
    assert 'print(runpod.Endpoint("abc123").health())' in made.texts["client.py"]
    assert 'print(fal_client.subscribe("acme/upscaler", arguments={"prompt": "a"}))' in made.texts["client.py"]
    assert made.texts["client.py"].startswith("import runpod\nimport fal_client\n")


def test_a_constant_that_calls_that_stay_read_is_not_mapped(tmp_path: Path) -> None:
    made = client(
        tmp_path,
        """
        import runpod

        ID = "abc123"
        print(runpod.Endpoint(ID).health())
        print(runpod.Endpoint(ID).run_sync({"prompt": "a"}))
        """,
    )
    text = made.texts["client.py"]
    assert 'ID = "abc123"' in text and "runpod.Endpoint(ID).health()" in text
    assert 'fal_client.subscribe("acme/upscaler", arguments={"prompt": "a"})' in text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param('d = replicate.deployments.get("acme/prod")\nd.predictions.create(input={"n": 1})', 'd = "acme/prod-fal"\nfal_client.submit(d, arguments={"n": 1})', id="a deployment"),
        pytest.param('replicate.deployments.predictions.create("acme/prod", input={"n": 1})', 'fal_client.submit("acme/prod-fal", arguments={"n": 1})', id="a deployment by name"),
        pytest.param('v = replicate.models.get("acme/prod").versions.get("1" * 64)\nreplicate.predictions.create(version=v, input={"n": 1})', 'v = "acme/prod-fal"\nfal_client.submit(v, arguments={"n": 1})', id="a version of a model"),
        pytest.param('replicate.trainings.create(model="acme/prod", version="ab12", input={"n": 1}, destination="acme/own")', 'fal_client.submit("acme/train-fal", arguments={"n": 1})', id="a training"),
        pytest.param('t = replicate.trainings.create(version="acme/prod:12", input={"n": 1}, destination="acme/own")\nprint(t.id)', 't = fal_client.submit("acme/train-fal", arguments={"n": 1})\nprint(t.request_id)', id="a training of a version"),
    ],
)  # fmt: skip
def test_what_stands_for_a_model_becomes_the_id_of_its_app(before: str, after: str, tmp_path: Path) -> None:
    apps = {"acme/prod": "acme/prod-fal", "acme/prod/trainings": "acme/train-fal"}
    made = rewritten(tmp_path, {"client.py": f"import replicate\n\n{before}\n"}, apps)
    assert after in made.texts["client.py"] and not made.manual


@pytest.mark.parametrize(
    "before",
    [
        'd = replicate.deployments.get("acme/prod")\nprint(d.current_release)',
        'm = replicate.models.get("acme/prod")\nprint(m.run_count)',
        'm = replicate.models.get("acme/prod")\nshow(m)',
        'if replicate.models.get("acme/prod"):\n    print("is there")',
        'm = replicate.models.get("acme/prod")\nprint(m)',
        'replicate.models.get("acme/prod")',
        'replicate.run(f"acme/{MODEL}:12", input={"n": 1})',
        'name = "acme/" + MODEL\nreplicate.run(name, input={"n": 1})',
        'replicate.run("acme/{}".format(MODEL), input={"n": 1})',
        'import io\ndata = io.BytesIO(b"a")\nreplicate.run("acme/prod", input={"image": data})',
        'import io\ngiven = {}\ngiven["image"] = io.BytesIO(b"a")\nreplicate.run("acme/prod", input=given)',
        'replicate.trainings.create(model=MODEL, version="ab12", input={"n": 1}, destination="acme/own")',
        "print(replicate.trainings.list())",
    ],
)
def test_what_has_no_single_meaning_is_left_whole(before: str, tmp_path: Path) -> None:
    text = f"import replicate\nfrom here import MODEL, show\n\n{before}\n"
    made = rewritten(tmp_path, {"client.py": text}, {"acme/prod": "acme/prod-fal"})
    assert made.texts["client.py"] == text and made.manual


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('with open("a.wav", "rb") as f:\n    print(replicate.run("acme/prod", input={"audio": f}))', 'arguments={"audio": fal_client.upload_file(f.name)}'),
        ('f = open("a.wav", "rb")\nprint(replicate.run("acme/prod", input={"audio": f}))', 'arguments={"audio": fal_client.upload_file(f.name)}'),
        ('given = {"audio": open("a.wav", "rb")}\nprint(replicate.run("acme/prod", input=given))', 'given = {"audio": fal_client.upload_file("a.wav")}'),
        ('given = {}\ngiven["audio"] = open(NAME, "rb")\nprint(replicate.run("acme/prod", input=given))', 'given["audio"] = fal_client.upload_file(NAME)'),
        ('given = {"all": [open("a.wav", "rb")]}\nprint(replicate.run("acme/prod", input=given))', 'given = {"all": [fal_client.upload_file("a.wav")]}'),
        ('text = open("a.txt").read()\nprint(replicate.run("acme/prod", input={"text": text}))', 'text = open("a.txt").read()'),
        ('given = {"text": open("a.txt").read()}\nprint(replicate.run("acme/prod", input=given))', 'given = {"text": open("a.txt").read()}'),
    ],
)  # fmt: skip
def test_an_opened_file_is_uploaded_wherever_it_is_put_into_the_input(before: str, after: str, tmp_path: Path) -> None:
    made = rewritten(tmp_path, {"client.py": f"import replicate\nfrom here import NAME\n\n{before}\n"}, {"acme/prod": "acme/prod-fal"})
    assert after in made.texts["client.py"] and not made.manual


@pytest.mark.parametrize(
    ("use", "is_left"),
    [
        ("def ask():\n    return replicate.run(MODEL, input={})", True),
        ("keep(image=replicate.run(MODEL, input={}))", True),
        ('kept = {}\nkept["a"] = replicate.run(MODEL, input={})[0]', True),
        ('print("".join(replicate.run(MODEL, input={})))', False),
        ("print(replicate.run(MODEL, input={}))", False),
        ("for word in replicate.run(MODEL, input={}):\n    print(word)", False),
        ("assert isinstance(replicate.run(MODEL, input={}), str)", False),
    ],
)
def test_a_result_that_goes_on_as_a_whole_may_be_a_file(use: str, is_left: bool, tmp_path: Path) -> None:
    made = rewritten(tmp_path, {"client.py": f"import replicate\nfrom here import MODEL, keep\n\n{use}\n"}, {})
    assert "fal_client.subscribe(MODEL" in made.texts["client.py"]
    assert any(item.rule == "CL013" and item.disposition.value == "manual" for item in made.items) is is_left
    assert not any("CL013" in one for one in made.manual)  # of a model that answers text there is nothing to do


@pytest.mark.parametrize(
    ("model", "is_of_the_code"),
    [
        ('os.environ["MODEL"]', False),
        ('os.getenv("MODEL")', False),
        ('os.getenv("MODEL", "")', False),
        ("settings.MODEL", False),
        ("settings", False),
        ('os.getenv("MODEL", "acme/prod")', True),
        ('os.getenv("MODEL") or "acme/prod"', True),
        ('MODELS["prod"]', True),
    ],
)
def test_a_name_that_stands_in_the_code_is_to_be_changed_there(model: str, is_of_the_code: bool, tmp_path: Path) -> None:
    text = f'import os\nimport replicate\nfrom here import settings\n\nMODELS = {{"prod": "acme/prod"}}\nprint(replicate.run({model}, input={{}}))\n'
    made = rewritten(tmp_path, {"client.py": text}, {})
    assert any("CL006" in one for one in made.manual) is is_of_the_code


def test_an_import_that_is_tried_in_two_ways_stays_whole(tmp_path: Path) -> None:
    text = "try:\n    from .config import KEY, ID\nexcept ImportError:\n    from config import KEY, ID\n"
    made = rewritten(
        tmp_path, {"client.py": f"import runpod\n{text}\nrunpod.api_key = KEY\nprint(runpod.Endpoint(ID).run_sync({{}}))\n"}, {}
    )
    assert text in made.texts["client.py"] and "fal_client.subscribe(ID" in made.texts["client.py"]


BASES = """
TEMPLATE = "https://api.runpod.ai/v2/{id}/runsync"
BASE = "https://api.runpod.ai/v2/"
"""


@pytest.mark.parametrize(
    ("address", "app"),
    [
        ("TEMPLATE.format(id=ID)", "ID"),
        ('"https://api.runpod.ai/v2/{}/{}".format(ID, "runsync")', "ID"),
        ('"https://api.runpod.ai/v2/%s/runsync" % ID', "ID"),
        ('"%s/%s/runsync" % (BASE.rstrip("/"), ID)', "ID"),
        ('"/".join([BASE.rstrip("/"), ID, "runsync"])', "ID"),
        ('f"{BASE}{ID}/runsync?wait=9000"', "ID"),
        ("f\"{BASE}{quote(ID, safe='')}/runsync?wait={WAIT}\"", "ID"),
        ('TEMPLATE.format(id="abc123")', '"acme/upscaler"'),
        ("TEMPLATE.format(id=f(ID))", "f(ID)"),
    ],
)
def test_addresses_are_followed_however_they_are_put_together(address: str, app: str, tmp_path: Path) -> None:
    text = f'import requests\nfrom urllib.parse import quote\nfrom here import ID, WAIT, f\n{BASES}\nprint(requests.post({address}, json={{"input": 1}}).json()["output"])\n'
    made = rewritten(tmp_path, {"client.py": text})
    assert f"print(fal_client.subscribe({app}, arguments=1))" in made.texts["client.py"]


@pytest.mark.parametrize(
    "address",
    [
        "TEMPLATE.format(**ID)",
        "TEMPLATE.format(*ID)",
        "TEMPLATE.format(id=ID, x=1).lower()",
        '"https://api.runpod.ai/v2/{id!r}/runsync".format(id=ID)',
        '"https://api.runpod.ai/v2/%(id)s/runsync" % ID',
        '"https://api.runpod.ai/v2/%s/%s" % ID',
        '"https://api.runpod.ai/v2/{/runsync".format(ID)',
        'f"{BASE}{ID}/runsync?other=1"',
    ],
)
def test_addresses_of_which_a_part_is_not_known_are_left(address: str, tmp_path: Path) -> None:
    text = f'import requests\nfrom here import ID\n{BASES}\nprint(requests.post({address}, json={{"input": 1}}).json()["output"])\n'
    made = rewritten(tmp_path, {"client.py": text})
    assert made.texts["client.py"] == text and made.manual


MAKERS = [
    pytest.param('def made():\n    return runpod.Endpoint("abc123")', 'print(made().run_sync({}))', True, id="an endpoint"),
    pytest.param('def made(name):\n    if name:\n        return runpod.Endpoint(name)\n    return runpod.Endpoint("abc123")', 'a = made(1)\nprint(a.run_sync({}))', True, id="one of several"),
    pytest.param('def made():\n    return replicate.Client()', 'print("".join(made().run("acme/story", input={})))', True, id="a client"),
    pytest.param('def made():\n    if ID:\n        return runpod.Endpoint("abc123")', 'print(made().run_sync({}))', False, id="it may give None"),
    pytest.param('def made():\n    if ID:\n        return None\n    return runpod.Endpoint("abc123")', 'print(made().run_sync({}))', False, id="it may say that it gives None"),
    pytest.param('def made():\n    return runpod.Endpoint("abc123")', 'print(made().health())', False, id="what it gives has no single meaning"),
    pytest.param('def made():\n    return runpod.Endpoint("abc123")', 'keep(made)', False, id="the function is handed on"),
    pytest.param('def made():\n    return runpod.Endpoint("abc123")\nmade = keep(made)', 'print(made().run_sync({}))', False, id="its name is bound again"),
    pytest.param('@keep\ndef made():\n    return runpod.Endpoint("abc123")', 'print(made().run_sync({}))', False, id="it is decorated"),
    pytest.param('def made():\n    yield runpod.Endpoint("abc123")', 'print(made().run_sync({}))', False, id="a generator"),
    pytest.param('def made():\n    if ID:\n        return "abc123"\n    return runpod.Endpoint("abc123")', 'print(made().run_sync({}))', False, id="it gives something else, too"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "use", "is_rewritten"), MAKERS)
def test_what_a_function_makes_is_followed_to_its_calls(function: str, use: str, is_rewritten: bool, tmp_path: Path) -> None:
    text = f"import replicate\nimport runpod\nfrom here import ID, keep\n\n{function}\n\n{use}\n"
    made = rewritten(tmp_path, {"client.py": text})
    assert ("fal_client" in made.texts["client.py"], bool(made.manual)) == (is_rewritten, not is_rewritten)
    assert is_rewritten or made.texts["client.py"] == text


def test_a_function_that_another_file_calls_stays(tmp_path: Path) -> None:
    files = {
        "shared.py": 'import runpod\n\n\ndef made():\n    return runpod.Endpoint("abc123")\n\n\nprint(made().run_sync({}))\n',
        "main.py": "from shared import made\n\nprint(made().endpoint_id)\n",
    }
    made = rewritten(tmp_path, files)
    assert made.texts["shared.py"] == files["shared.py"] and made.manual


def test_what_a_function_does_before_it_gives_a_client_is_still_done(tmp_path: Path) -> None:
    made = client(
        tmp_path,
        """
        import replicate

        def made():
            print("asking")
            return replicate.Client()

        asked = made()
        print("".join(asked.run("acme/story", input={})))
        """,
    )
    assert "asked = made()" in made.texts["client.py"] and 'fal_client.subscribe("acme/story-fal"' in made.texts["client.py"]


@pytest.mark.parametrize(
    ("text", "is_caller"),
    [
        ('import { replicate } from "./client";\nawait replicate.run("a/b", {});\n', True),
        ('import replicate from "@/lib/ai";\nawait replicate.predictions.create({});\n', True),
        ('const { replicate } = require("./client");\nawait replicate.run("a/b", {});\n', True),
        ('const replicate = getReplicate();\nawait replicate.run("a/b", {});\n', True),
        ('import { replicate } from "./shapes";\nreplicate(3);\n', False),
        ('const replicate = { run() {} };\nreplicate.run("a");\n', False),
    ],
)
def test_calls_of_a_client_that_another_file_makes_are_listed(text: str, is_caller: bool, tmp_path: Path) -> None:
    made = rewritten(tmp_path, {"ask.ts": text, "client.py": "import runpod\nprint(runpod.Endpoint('abc123').run_sync({}))\n"})
    assert any(one.startswith("ask.ts") for one in made.manual) is is_caller


@pytest.mark.parametrize(
    ("use", "is_kept"),
    [
        ('requests.get(HOST, headers={"Authorization": "Bearer " + KEY})', True),
        ('headers = {}\nheaders["Authorization"] = KEY\nrequests.get(HOST, headers=headers)', True),
        ("Other(api_key=KEY)", True),
        ('headers = {"X-Api-Key": KEY}\nrequests.get(HOST, headers=headers)', True),
        ('if not KEY:\n    raise SystemExit("no key")', False),
        ('print(f"Bearer {KEY}")', False),
        ('os.environ["RUNPOD_API_KEY"] = "a"', False),
        ("runpod.api_key = KEY", False),
        ('headers = {"Authorization": f"Bearer {KEY}"}\nrequests.post("https://api.runpod.ai/v2/abc123/runsync", headers=headers, json={"input": 1})', False),
    ],
)  # fmt: skip
def test_a_key_that_is_sent_to_another_host_keeps_its_name(use: str, is_kept: bool, tmp_path: Path) -> None:
    text = f'import os\nimport requests\nimport runpod\nfrom here import HOST, Other\n\nKEY = os.getenv("RUNPOD_API_KEY")\n{use}\nprint(runpod.Endpoint("abc123").run_sync({{}}), KEY)\n'
    made = rewritten(tmp_path, {"client.py": text})
    assert "fal_client.subscribe(" in made.texts["client.py"]
    assert ('KEY = os.getenv("RUNPOD_API_KEY")' in made.texts["client.py"]) is is_kept
