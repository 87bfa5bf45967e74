"""Callers of a converted server: its address and fal's key, or a person where something is in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.callers.made import Made, rewritten

APPS = {"http://10.0.0.7:8000": "acme/captions"}
KEY = '"Authorization": f"Key {os.environ[\'FAL_KEY\']}"'


def client(folder: Path, text: str, apps: dict[str, str] = APPS) -> Made:
    return rewritten(folder, {"client.py": text}, apps)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param('import requests\nrequests.get("http://10.0.0.7:8000/health")', f'requests.get("https://fal.run/acme/captions/health", headers={{{KEY}}})', id="an address alone"),
        pytest.param('import requests\nrequests.get("http://10.0.0.7:8000")', f'requests.get("https://fal.run/acme/captions", headers={{{KEY}}})', id="the root"),
        pytest.param('import requests\nrequests.get("http://10.0.0.7:8000?a=1")', f'requests.get("https://fal.run/acme/captions?a=1", headers={{{KEY}}})', id="a query"),
        pytest.param('import requests\nrequests.post(url="http://10.0.0.7:8000/x", json={})', f'requests.post(url="https://fal.run/acme/captions/x", json={{}}, headers={{{KEY}}})', id="a keyword"),
        pytest.param('import requests\nH = {"A": "b"}\nrequests.get("http://10.0.0.7:8000/x", headers=H)', f"headers={{**H, {KEY}}})", id="headers under a name"),
        pytest.param('import requests\nrequests.get("http://10.0.0.7:8000/x", headers={"Authorization": "Bearer x"})', f"headers={{{KEY}}})", id="a key of its own goes"),
        pytest.param('import requests\nrequests.request("POST", "http://10.0.0.7:8000/x")', f'requests.request("POST", "https://fal.run/acme/captions/x", headers={{{KEY}}})', id="request"),
        pytest.param('import httpx\nwith httpx.Client() as c:\n    c.get("http://10.0.0.7:8000/x")', f'c.get("https://fal.run/acme/captions/x", headers={{{KEY}}})', id="a client that is entered"),
        pytest.param('import httpx\nc = httpx.AsyncClient(base_url="http://10.0.0.7:8000")', f'httpx.AsyncClient(base_url="https://fal.run/acme/captions", headers={{{KEY}}})', id="a client with a base"),
        pytest.param('import openai\nc = openai.AsyncOpenAI(base_url="http://10.0.0.7:8000/v1")', f'base_url="https://fal.run/acme/captions/v1", default_headers={{{KEY}}})', id="OpenAI's client"),
        pytest.param('import os, requests\nrequests.get(os.getenv("URL", "http://10.0.0.7:8000") + "/x")', f'requests.get(os.getenv("URL", "https://fal.run/acme/captions") + "/x", headers={{{KEY}}})', id="a default of a variable"),
        pytest.param('from urllib.request import Request\nr = Request("http://10.0.0.7:8000/x")', f'Request("https://fal.run/acme/captions/x", headers={{{KEY}}})', id="a request of the standard library"),
        pytest.param('import requests\nB = "http://10.0.0.7:8000"\ndef f(n):\n    return requests.get(f"{B}/{n}", timeout=3).json()', f'requests.get(f"{{B}}/{{n}}", timeout=3, headers={{{KEY}}}).json()', id="a name in another scope"),
    ],
)  # fmt: skip
def test_a_request_gets_address_and_key(before: str, after: str, tmp_path: Path) -> None:
    made = client(tmp_path, before + "\n")
    assert after in made.texts["client.py"]
    assert "10.0.0.7" not in made.texts["client.py"] and not made.manual
    assert "import os" in made.texts["client.py"]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param('Service("http://10.0.0.7:8000").ask()', id="a class of the project"),
        pytest.param('cache.get("http://10.0.0.7:8000/x")', id="get of something else"),
        pytest.param('requests.get("http://10.0.0.7:8000/x", **options)', id="unpacked keywords"),
        pytest.param('urlopen("http://10.0.0.7:8000/x")', id="an opened address, which takes no headers"),
        pytest.param('requests.get(urljoin("http://10.0.0.7:8000", "/x"))', id="a joined address, which would lose the app's name"),
        pytest.param('HOSTS = ["http://10.0.0.7:8000"]', id="a list of addresses"),
    ],
)
def test_what_is_not_known_is_left_whole(line: str, tmp_path: Path) -> None:
    text = f"import requests\nfrom urllib.parse import urljoin\nfrom urllib.request import urlopen\nfrom here import Service, cache, options\n{line}\n"
    made = client(tmp_path, text)
    assert made.texts["client.py"] == text
    assert made.manual


def test_one_use_that_is_not_known_keeps_the_others(tmp_path: Path) -> None:
    text = 'import requests\nfrom here import show\nB = "http://10.0.0.7:8000"\nrequests.get(B)\nshow(B)\n'
    assert client(tmp_path, text).texts["client.py"] == text


@pytest.mark.parametrize(("method", "left"), [("post", False), ("get", True)])
def test_a_typed_app_takes_post_alone(method: str, left: bool, tmp_path: Path) -> None:
    app = tmp_path / "app"
    app.mkdir()
    (app / "pyproject.toml").write_text('[tool.fal.apps.captions]\nref = "app.py::Captions"\n')
    (app / "app.py").write_text("import fal\n\n\nclass Captions(fal.App):\n    pass\n")
    text = f'import requests\nrequests.{method}("http://10.0.0.7:8000/x")\n'
    made = client(tmp_path, text, {"http://10.0.0.7:8000": f"acme/captions:{app}"})
    assert (made.texts["client.py"] == text) == left


@pytest.mark.parametrize(
    ("line", "after"),
    [
        pytest.param("curl http://10.0.0.7:8000/x", 'curl https://fal.run/acme/captions/x -H "Authorization: Key $FAL_KEY"', id="an address"),
        pytest.param('A=$(curl -s "http://10.0.0.7:8000/x?a=$B")', '$(curl -s "https://fal.run/acme/captions/x?a=$B" -H "Authorization: Key $FAL_KEY")', id="in a substitution"),
        pytest.param('curl -H "Authorization: Bearer x" http://10.0.0.7:8000/', 'curl -H "Authorization: Key $FAL_KEY" https://fal.run/acme/captions/', id="another key"),
    ],
)  # fmt: skip
def test_a_script_gets_address_and_key(line: str, after: str, tmp_path: Path) -> None:
    assert after in rewritten(tmp_path, {"ask.sh": f"#!/bin/sh\n{line}\n"}, APPS).texts["ask.sh"]


@pytest.mark.parametrize("line", ["wget http://10.0.0.7:8000/x", "HOST=http://10.0.0.7:8000"])
def test_a_script_that_does_something_else_stays(line: str, tmp_path: Path) -> None:
    made = rewritten(tmp_path, {"ask.sh": f"#!/bin/sh\n{line}\n"}, APPS)
    assert line in made.texts["ask.sh"] and made.manual == ["ask.sh:2 CL020"]
