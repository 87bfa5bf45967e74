"""What a child asks of other machines and of programs: how it is told, and that each can fail once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from converters.verify.observe import Observation

ASKED = {
    "requests": (
        (
            "import requests\nanswer = requests.post('http://far.example/a', json={'b': 1}, headers={'Authorization': 'Bearer x'}, timeout=7)\n"
            "answer.raise_for_status()"
        ),
        "POST http://far.example/a '{\"b\": 1}' (Authorization: Bearer x, timeout 7)",
        "500 Server Error",
    ),
    "requests without options": (
        "import requests\nrequests.get('http://far.example:8000/a').raise_for_status()",
        "GET http://far.example:8000/a",
        "500 Server Error",
    ),
    "urllib": (
        (
            "import urllib.request\n"
            "urllib.request.urlopen(urllib.request.Request('http://far.example/a', headers={'X-Key': 'x'}, method='HEAD'), timeout=3)"
        ),
        "HEAD http://far.example/a (X-key: x, timeout 3)",
        "HTTP Error 500",
    ),
    "urllib with a context": (
        "import ssl, urllib.request\nurllib.request.urlopen('http://far.example/a', context=ssl.create_default_context())",
        "GET http://far.example/a (a TLS context of its own)",
        "HTTP Error 500",
    ),
    "httpx": (
        "import httpx\nhttpx.get('http://far.example/a', headers={'X-Key': 'x'}, timeout=4).raise_for_status()",
        "GET http://far.example/a (x-key: x, timeout 4)",
        "Server error '500",
    ),
    "aiohttp": (
        (
            "import asyncio, aiohttp\nasync def ask():\n    async with aiohttp.ClientSession(headers={'X-Key': 'x'}) as session:\n"
            "        async with session.get('http://far.example/a', timeout=aiohttp.ClientTimeout(total=9)) as answer:\n"
            "            answer.raise_for_status()\nasyncio.run(ask())"
        ),
        "GET http://far.example/a (X-Key: x, timeout 9)",
        "500, message=",
    ),
    "a program": (
        "import subprocess\nsubprocess.run(['comfy', 'run'], check=True, timeout=300)",
        "'comfy' 'run'",
        "returned non-zero exit status 1",
    ),
    "a shell's": ("import os\nassert os.system('comfy run') == 0, 'failed'", "'comfy' 'run'", "failed"),
}


@pytest.fixture
def side(tmp_path: Path) -> Observation:
    return Observation(tmp_path / "side", frozenset({"main"}), {}, [])


def run(side: Observation, code: str) -> subprocess.CompletedProcess[str]:
    main = side.folder.parent / "main.py"
    main.write_text(code)
    return subprocess.run([sys.executable, str(main)], cwd=main.parent, env=side.environment(), capture_output=True, text=True, timeout=60)


def failing(side: Observation, call: int, code: str) -> subprocess.CompletedProcess[str]:
    """The code once as it is, in request 1, and once more with one of its calls failing, counted from 0, in request 2."""
    side.begin(1)
    run(side, code)
    side.begin(2)
    side.let_fail(side.fallible_calls(1)[call])
    return run(side, code)


@pytest.mark.parametrize("name", ASKED)
def test_a_question_is_told_with_its_options_and_can_fail(side: Observation, name: str) -> None:
    code, told, failure = ASKED[name]
    side.begin(1)
    assert run(side, code).returncode == 0
    side.begin(2)
    side.let_fail(side.fallible_calls(1)[0])
    failed = run(side, code)
    assert failed.returncode == 1
    assert failure in failed.stderr
    assert side.calls(1)[0] == told
    assert side.calls(2)[0] == told
    assert len(side.fallible_calls(1)) == 1


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import requests\nrequests.get('http://far.example/a', timeout=7.0)", "GET http://far.example/a (timeout 7)"),
        (
            (
                "import asyncio, aiohttp\nasync def ask():\n    async with aiohttp.ClientSession() as session:\n"
                "        await session.get('http://far.example/a', params={'q': 2}, headers=[('X-Key', 'x')])\nasyncio.run(ask())"
            ),
            "GET http://far.example/a?q=2 (X-Key: x, timeout 300)",
        ),
    ],
)
def test_a_question_is_told_whole(side: Observation, code: str, told: str) -> None:
    side.begin(1)
    done = run(side, code)
    assert (done.returncode, side.calls(1)) == (0, [told]), done.stderr


SAME = [
    pytest.param("json={'a': {'c': 1, 'd': 2}, 'b': [1, 2]}", True, id="the same order"),
    pytest.param("json={'b': [1, 2], 'a': {'d': 2, 'c': 1}}", True, id="members in another order"),
    pytest.param('data=\'{"b": [1, 2], "a": {"d": 2, "c": 1}}\'', True, id="members in another order, as a text"),
    pytest.param("json={'a': {'c': 1, 'd': 2}, 'b': [2, 1]}", False, id="items in another order"),
    pytest.param("data='a=1&b=2'", False, id="no document"),
]


@pytest.mark.parametrize(("body", "same"), SAME)
def test_the_members_of_a_document_have_no_order(side: Observation, body: str, same: bool) -> None:
    for number, given in ((1, "json={'a': {'c': 1, 'd': 2}, 'b': [1, 2]}"), (2, body)):
        side.begin(number)
        assert run(side, f"import requests\nrequests.post('http://far.example/a', {given})").returncode == 0
    assert (side.calls(1) == side.calls(2)) == same


def test_how_a_platform_s_own_download_is_asked_is_not_told(side: Observation) -> None:
    side.begin(1)
    code = "import urllib.request\ndef {}:\n    urllib.request.urlopen(url, timeout=5)\nfetch('http://far.example/a', '', '')"
    run(side, code.format("fetch(url, folder, field)"))
    run(side, code.format("fetch(url, folder, name)"))
    assert side.calls(1) == ["GET http://far.example/a", "GET http://far.example/a (timeout 5)"]


def test_what_asks_again_by_itself_gets_an_answer(side: Observation) -> None:
    done = failing(
        side,
        0,
        "import requests\nfrom requests.adapters import HTTPAdapter, Retry\nsession = requests.Session()\n"
        "session.mount('http://', HTTPAdapter(max_retries=Retry(3, status_forcelist=[500])))\n"
        "print(session.get('http://far.example/a').status_code, requests.get('http://far.example/b').json())",
    )
    assert done.stdout.startswith("200 "), done.stderr
    assert side.calls(2) == ["GET http://far.example/a"] * 2 + ["GET http://far.example/b"]


def test_an_answer_that_is_a_failure_is_read_as_it_is(side: Observation) -> None:
    done = failing(side, 0, "import httpx\nprint(httpx.get('http://far.example/a').json())")
    assert done.stdout.strip() == "{'error': 'out of order'}"


def test_a_double_of_a_library_is_left_alone(tmp_path: Path) -> None:
    side = Observation(tmp_path / "side", frozenset({"main"}), {}, [], ("httpx", "torch"))
    run(side, "import httpx\nimport torch")
    assert side.loading() == []


def test_only_calls_that_can_fail_are_counted(side: Observation) -> None:
    side.begin(1)
    run(side, "import net\nwith net.scope() as scope:\n    scope.size = 1\n    scope.run()")
    assert len(side.calls(1)) > len(side.fallible_calls(1)) == 2


def test_only_the_named_one_of_several_fails(side: Observation) -> None:
    done = failing(
        side,
        2,
        "import net, subprocess, requests\nnet.one()\nprint(requests.get('http://far.example').status_code)\n"
        "print(subprocess.run(['comfy'], capture_output=True).returncode)\nnet.two()\nprint('end')",
    )
    assert done.stdout.split() == ["200", "1", "end"]
    assert len(side.fallible_calls(2)) == 4


def test_a_call_fails_by_what_it_says_in_whichever_order_threads_make_it(tmp_path: Path) -> None:
    code = (
        "import net, threading, sys\nfailed = []\ndef ask(name):\n    try:\n        net.model(name, '/tmp/tmp' + name * 8)\n"
        "    except RuntimeError:\n        failed.append(name)\nfor name in {names!r}:\n"
        "    thread = threading.Thread(target=ask, args=[name])\n    thread.start()\n    thread.join()\nprint(*failed)"
    )
    source, target = (Observation(tmp_path / name, frozenset({"main"}), {}, []) for name in ("source", "target"))
    source.begin(1)
    run(source, code.format(names="abcb"))
    by_b = [fault for fault in source.fallible_calls(1) if fault.text.startswith("net.model('b'")]
    assert [fault.which for fault in by_b] == [1, 2]
    target.begin(1)
    target.let_fail(by_b[0])
    assert run(target, code.format(names="cab")).stdout.split() == ["b"]
    target.let_fail(by_b[1])
    assert run(target, code.format(names="bcba")).stdout.split() == ["b"]
    assert run(target, code.format(names="cab")).stdout.split() == []


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        pytest.param("server = Popen(['comfy-server'])\nprint([server.poll() for _ in range(9)])", str([None] * 9), id="a server goes on"),
        pytest.param("server = Popen(['comfy', '--port', '8188'])\nprint([server.poll() for _ in range(9)])", str([None] * 9), id="with a port"),
        pytest.param("server = Popen(['comfy-server'])\nserver.terminate()\nprint(server.poll(), server.wait())", "-15 -15", id="until it is ended"),
        pytest.param("job = Popen(['comfy'])\nprint([job.poll() for _ in range(4)])", "[None, None, 0, 0]", id="a job ends"),
        pytest.param("job = Popen(['comfy'])\nprint(job.wait(), job.poll())", "0 0", id="a job that is waited for"),
        pytest.param("real = Popen(['true'])\nprint(real.wait(), real.poll())", "0 0", id="a program that is there"),
    ],
)  # fmt: skip
def test_a_program_runs_as_long_as_its_kind_does(side: Observation, code: str, printed: str) -> None:
    done = run(side, f"from subprocess import Popen\n{code}")
    assert printed in done.stdout.splitlines(), done.stderr


@pytest.mark.parametrize(
    ("command", "made"),
    [
        pytest.param(["comfy", "-o", "out.mp4"], ["out.mp4"], id="a file"),
        pytest.param(["comfy", "--output=out.wav"], ["out.wav"], id="a file behind an equals sign"),
        pytest.param(["comfy", "empty.wav"], ["empty.wav"], id="a file that is empty so far"),
        pytest.param(["comfy", "--output-dir", "results/one"], ["results/one/"], id="a folder for results"),
        pytest.param(["comfy", "full.wav", "--model", "small", "http://far.example/b.png"], [], id="what is there, a name, an address"),
    ],
)
def test_a_program_leaves_the_files_that_it_is_told_to_write(side: Observation, command: list[str], made: list[str]) -> None:
    folder = side.folder.parent
    (folder / "full.wav").write_text("full")
    (folder / "empty.wav").touch()
    before = set(folder.iterdir())
    run(side, f"import subprocess\nsubprocess.run({command!r})")
    assert all((folder / path).is_dir() if path.endswith("/") else (folder / path).stat().st_size for path in made)
    assert len({*folder.iterdir()} - before - {folder / "main.py"}) == len([path for path in made if path != "empty.wav"])
    assert (folder / "full.wav").read_text() == "full"


@pytest.mark.parametrize(
    ("command", "doubled"),
    [
        pytest.param("sed -i s/a/b/ models/vae/config.json", True, id="in a folder that is not here"),
        pytest.param("python diffusers/scripts/convert.py --half", True, id="a script in a folder that is not here"),
        pytest.param("python -u gone.py", False, id="a script that is missing from a folder"),
        pytest.param("sed -i s/a/b/ gone.json", False, id="of a file that is missing from a folder"),
        pytest.param("sed s/a/b/ models/vae/config.json", False, id="which only reads"),
    ],
)
def test_what_an_image_would_hold_can_be_edited_and_run(side: Observation, command: str, doubled: bool) -> None:
    side.begin(1)
    done = run(side, f"import subprocess\nprint(subprocess.run({command!r}, shell=True, capture_output=True).returncode)")
    assert ((done.stdout.strip() == "0"), bool(side.calls(1))) == (doubled, doubled)


LOOK_UP = """
import ipaddress
import socket


def is_public(host):
    return all(ipaddress.ip_address(found[4][0]).is_global for found in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM))


"""


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        pytest.param("print(is_public('far.example'))", "True", id="another machine is public"),
        pytest.param("print(is_public('10.0.0.1'))", "False", id="an address of a private network is none"),
        pytest.param("print(is_public('localhost'))", "False", id="this machine is none"),
        pytest.param("print(ipaddress.ip_address(socket.gethostbyname('far.example')).is_global)", "True", id="by its name alone"),
        pytest.param("print(socket.socket().connect_ex(('far.example', 443)))", "111", id="and it is not reached"),
    ],
)
def test_a_project_can_ask_where_a_name_leads(side: Observation, code: str, printed: str) -> None:
    done = run(side, LOOK_UP + code)
    assert done.stdout.strip() == printed, done.stderr


S3 = """
import boto3
store = boto3.client("s3", "us-east-1", endpoint_url="http://far.example", aws_access_key_id="a", aws_secret_access_key="b")
"""


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        pytest.param("print(store.put_object(Bucket='b', Key='a.png', Body=b'x')['ETag'])", '"double"', id="a file is put"),
        pytest.param("print(store.create_multipart_upload(Bucket='b', Key='a.png')['UploadId'])", "double", id="an upload in parts begins"),
        pytest.param(
            "print(store.delete_object(Bucket='b', Key='a.png')['ResponseMetadata']['HTTPStatusCode'])", "200", id="a file is removed"
        ),
        pytest.param(
            "import requests\nprint(requests.put('http://far.example/a.png', data=b'x').content[:4])", "b'\\x89PNG'", id="another server"
        ),
    ],
)
def test_an_object_store_answers_as_one(side: Observation, code: str, printed: str) -> None:
    pytest.importorskip("boto3")
    main = side.folder.parent / "site-packages" / "store.py"  # a library's file: to the project itself, the client is a double
    main.parent.mkdir()
    main.write_text(S3 + code)
    done = run(side, f"import sys\nsys.path.insert(0, {str(main.parent)!r})\nimport store")
    assert done.stdout.strip() == printed, done.stderr


def test_how_long_a_program_may_take_is_told_once(side: Observation) -> None:
    side.begin(1)
    run(side, "import subprocess\nsubprocess.run(['comfy'], capture_output=True, timeout=300)\nsubprocess.run(['comfy'])")
    assert side.calls(1) == ["'comfy'"] * 2
    assert side.machine(1) == ("at most 300 s for the program",)


def test_what_is_asked_of_the_machine_is_told(side: Observation) -> None:
    side.begin(1)
    run(side, "import torch\nfor _ in range(3):\n    torch.cuda.is_available()\ntorch.cuda.empty_cache()")
    assert (side.machine(1), side.calls(1)) == (("torch.cuda.is_available()",), ["torch.cuda.empty_cache()"])


def test_a_start_script_is_told_by_its_name_where_it_is_there(side: Observation) -> None:
    (side.folder.parent / "start.sh").write_text("exit 9")
    said = run(
        side,
        "import subprocess\nfor script in ('start.sh', './gone.sh', '/start.sh'):\n"
        "    print(subprocess.run(['bash', script], capture_output=True).returncode)",
    )
    assert said.stdout.split() == ["0", "127", "0"]
    assert [event.text for event in side.events() if event.kind == "program"] == ["'bash' 'start.sh'"] * 2


def test_a_command_that_always_fails(tmp_path: Path) -> None:
    side = Observation(tmp_path / "side", frozenset({"main"}), {}, [], failing=(("bash", "start.sh"),))
    assert run(side, "import subprocess\nsubprocess.run(['bash', '-c', 'x'], check=True)").returncode == 0
    assert run(side, "import subprocess\nsubprocess.run(['bash', '/start.sh'], check=True)").returncode == 1


GUARD = """
import socket
class SSRFError(ValueError): pass
def is_safe_address(ip): return ip == "8.8.8.8"
def resolve_and_validate(host, port):
    try:
        socket.getaddrinfo(host, port)
    except socket.gaierror as error:
        raise SSRFError("could not resolve") from error
    raise SSRFError("not public")
def _refuse_if_proxied(url): raise SSRFError("through a proxy")
def resolved(host):
    try:
        _refuse_if_proxied(f"http://{host}/")
        return resolve_and_validate(host, 80)
    except SSRFError as error:
        return str(error)
"""
"""What RunPod's downloads do since 1.12 before they ask another machine."""


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("far.example", ["far.example"]),
        ("8.8.8.8", ["8.8.8.8"]),
        ("10.0.0.1", "host '10.0.0.1' resolves to non-public address 10.0.0.1"),
        ("169.254.169.254", "host '169.254.169.254' resolves to non-public address 169.254.169.254"),
        ("127.0.0.1", "not public"),
        ("localhost", "not public"),
    ],
)
def test_a_guard_of_downloads_lets_other_machines_pass_and_no_private_ones(host: str, expected: object, tmp_path: Path) -> None:
    package = tmp_path / "site-packages/runpod/serverless/utils"
    package.mkdir(parents=True)
    for folder in (package, *package.parents[:2]):
        (folder / "__init__.py").touch()
    (package / "rp_ssrf.py").write_text(GUARD)
    observation = Observation(tmp_path / "observed", frozenset(), {}, [])
    environment = observation.environment()
    environment["PYTHONPATH"] += f":{tmp_path / 'site-packages'}"
    script = f"from runpod.serverless.utils import rp_ssrf\nprint(repr(rp_ssrf.resolved({host!r})))"
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == repr(expected)
