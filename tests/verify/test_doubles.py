"""Model doubles, in a process of their own as they are used: they change the interpreter."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import textwrap
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from converters.verify.observe import HOOK, Observation

CASES: dict[str, tuple[str, Any]] = {
    "calling": ("import net\nanswer = net.load('a', steps=3).run(1).images[0]", "net.load('a', steps=3).run(1).images[0]"),
    "long expressions keep their last name": (
        "import net\nvalue = net.start\nfor number in range(99):\n    value = value.step(number)\nanswer = str(value.images)[-7:]",
        ".images",
    ),
    "keywords have no order": ("import net\nanswer = net.f(a=1, b=2).text == net.f(b=2, a=1).text", True),
    "members of a mapping have no order": ("import net\nanswer = net.f({'a': 1, 'b': 2}).text == net.f({'b': 2, 'a': 1}).text", True),
    "items of a list have one": ("import net\nanswer = net.f(['a', 'b']).text == net.f(['b', 'a']).text", False),
    "arguments have one": ("import net\nanswer = net.f(1, 2).text == net.f(2, 1).text", False),
    "a picture's content is the same however it is written": (
        ("import io, net\nfrom pathlib import Path\nfirst, second = io.BytesIO(), io.BytesIO()\nnet.x.save(first, format='PNG')\n"
        "net.x.save(second, 'png', optimize=True)\nnet.x.save('/tmp/of-doubles.png')\n"
        "answer = first.getvalue() == second.getvalue() == Path('/tmp/of-doubles.png').read_bytes() == bytes(net.x)"),
        True,
    ),
    "options that change a picture change its content": (
        ("import io, net\nfirst, second = io.BytesIO(), io.BytesIO()\nnet.x.save(first, format='JPEG', quality=50)\n"
        "net.x.save(second, format='JPEG')\nanswer = first.getvalue() == second.getvalue()"),
        False,
    ),
    "what is no picture is saved by a call": ("import net\nanswer = str(net.x.save('/tmp/of-doubles.safetensors'))", "net.x.save(<temporary file.safetensors>)"),
    "arithmetic": ("import net\nx = net.x\nanswer = [x + 1, 2 * x, -x, x @ x]", ["(net.x + 1)", "(2 * net.x)", "(-net.x)", "(net.x @ net.x)"]),
    "numbers": ("import net\nanswer = [1 <= int(net.x) <= 8, 0 < float(net.x) < 1, float(net.x) == float(net.x)]", [True, True, True]),
    "whole numbers are one kind": ("import net\nanswer = net.f(2.0) == net.f(2)", True),
    "formatting": ("import net\nanswer = f'{net.x} {net.x:>8} {net.n:d}'.split()[0]", "net.x"),
    "iteration": ("import net\nanswer = [str(item) for item in net.x]", ["net.x[0]", "net.x[1]"]),
    "unpacking": ("import net\na, b, c = net.f()\nfirst, *rest = net.g()\nanswer = [c, len(rest)]", ["net.f()[2]", 1]),
    "lengths that the code chose": ("import net\nanswer = [len(net.arange(7)), len(list(net.linspace(0, 1, 24))), len(net.zeros((5, 2)))]", [7, 24, 5]),
    "trees end": (
        ("import net\ndef depth(node):\n    return 1 + max((depth(part) for _, part in node.named_children()), default=0)\n"
        "answer = depth(net.model) < 10"),
        True,
    ),
    "items that were set": ("import net\nx = net.x\nx['a'] = 4\nanswer = [x['a'], x['b']]", [4, "net.x['b']"]),
    "with": ("import net\nwith net.no_grad() as grad:\n    answer = grad", "net.no_grad()"),
    "decorators": ("import net\n@net.inference_mode()\ndef f():\n    return 5\nanswer = f()", 5),
    "subclassing": (
        ("import net\nclass Own(net.Module):\n    def __init__(self, size):\n        super().__init__()\n        self.size = size\n"
        "    def forward(self, x):\n        return x + self.size\nanswer = Own(4)(net.x)"),
        "(net.x + 4)",
    ),
    "subclassing with __new__": (
        ("import net\nclass Own(net.Module):\n    def __new__(cls, size):\n        return super().__new__(cls, size=size)\n"
        "    def __init__(self, size):\n        self.size = size\nanswer = Own(4).size"),
        4,
    ),
    "subclasses that are copied": (
        ("import copy, net\nclass Own(net.Module):\n    def __init__(self, size):\n        super().__init__()\n        self.size = size\n"
        "    def __setstate__(self, state):\n        super().__setstate__(state)\nanswer = copy.deepcopy(Own(4)).size"),
        4,
    ),
    "what a class has that a subclass does not": (
        (
            "import abc, net\nclass Own(net.Module, abc.ABC):\n    size = 4\nclass Further(Own):\n    pass\n"
            "answer = [str(Further.from_pretrained('a')), Own.size, hasattr(Own, '_own'), str(Own()(net.x))]"
        ),
        ["Further.from_pretrained('a')", 4, False, "Own()(net.x)"],
    ),
    "subclasses beside a class of another kind": (
        "import net, pydantic\nclass Own(net.Module, pydantic.BaseModel):\n    size: int = 4\nanswer = Own.model_fields['size'].default",
        4,
    ),
    "numbers that are drawn": (
        (
            "import net\nanswer = [type(net.random.randint(5, 9)).__name__, 5 <= net.random.randint(5, 9) < 9, 0 <= net.random.randint(3) < 3,"
            "\n    net.random.randint(0, 9) == net.random.randint(0, 9), str(net.randint(0, 9, size=3)), str(net.randint(0, 9, (2, 2))), "
            "net.random.randint(0, 2**32) > 9]"
        ),
        ["int", True, True, True, "net.randint(0, 9, size=3)", "net.randint(0, 9, (2, 2))", True],
    ),
    "what is known by a name": ("import net\nanswer = [net.functional.relu == 'relu', net.functional.relu == 'gelu', net.relu() == 'relu']", [True, False, False]),
    "isinstance": ("import net\nanswer = [isinstance(net.x, net.Tensor), isinstance(3, net.Tensor)]", [True, False]),
    "exceptions": ("import net\ntry:\n    raise net.OutOfMemoryError('full')\nexcept net.OutOfMemoryError as error:\n    answer = str(error)", "full"),
    "await": (
        ("import asyncio, net\nasync def f():\n    found = [await net.load()]\n    async for item in net.stream():\n        found.append(item)\n"
        "    return found\nanswer = asyncio.run(f())"),
        ["net.load()", "net.stream()[0]", "net.stream()[1]"],
    ),
    "waiting takes no time": (
        "import asyncio, time\nstart = time.time()\nasyncio.run(asyncio.sleep(3600))\nanswer = time.time() - start > 3600",
        True,
    ),
    "comparing": ("import net\nmask = net.x > 0.5\nanswer = [bool(mask) in (True, False), mask.sum(), (~mask).any()]", [True, "(net.x > 0.5).sum()", "(~(net.x > 0.5)).any()"]),
    "comparing with another": (
        ("import net\nx, y = net.x, net.y\nanswer = [(x == y).any(), (x != y).sum(), x == net.x, {x: 1}[net.x], x != 'a'],\n"
        "answer = [str(part) for part in answer[0]]"),
        ["(net.x == net.y).any()", "(net.x != net.y).sum()", "True", "1", "True"],
    ),
    "a mask that is changed": ("import net\nmask = net.x == net.y\nmask[0] = True\nanswer = str(mask[0])", "(net.x == net.y)[0]"),
    "what a checker finds": ("import net\nanswer = [bool(net.safety_checker(net.x)[1][0]), net.nsfw_score > 0.1]", [False, False]),
    "assertions about doubles": ("import helper\nanswer = helper.check()", "passed"),
    "assertions about requests": ("import helper\ntry:\n    helper.refuse(3)\nexcept AssertionError:\n    answer = 'failed'", "failed"),
    "waiting loops end": ("import net\nturns = 0\nwhile not net.ready.closed:\n    turns += 1\n    if turns > 999:\n        break\nanswer = turns < 999", True),
    "from x import *": ("from net import *\nanswer = load('a')", "net.load('a')"),
    "submodules": ("import net.nn.functional as F\nfrom net.parts import Block\nanswer = [F.relu(1), Block(2)]", ["net.nn.functional.relu(1)", "net.parts.Block(2)"]),
    "find_spec": ("import importlib.util\nanswer = importlib.util.find_spec('net') is not None", True),
    "versions": (
        "import importlib.metadata, net\nanswer = [net.__version__ >= (2, 1), net.__version__ < '3', importlib.metadata.version('net')]",
        [True, True, "2.7.1"],
    ),
    "metadata of what is not installed": (
        "import importlib.metadata\nfound = importlib.metadata.metadata('not-installed')\nanswer = [found['Name'], found['Version']]",
        ["not-installed", "2.4.0"],
    ),
    "devices": ("import torch\nanswer = [torch.cuda.is_available(), torch.cuda.device_count(), torch.backends.mps.is_available()]", [True, 1, False]),
    "kinds of values": ("import torch\nanswer = [torch.is_tensor([1]), torch.is_tensor(torch.x)]", [False, True]),
    "pictures": ("import net\nfrom PIL import Image\nanswer = list(Image.fromarray(net.x).size)", [16, 16]),
    "bytes": ("import base64, net\nanswer = base64.b64decode(base64.b64encode(net.x))[:4] == b'\\x89PNG'", True),
    "JSON": ("import json, net\nanswer = json.loads(json.dumps({'x': net.x, 'y': net.x > 2}))['x']", "net.x"),
    "servers see text": ("import collections, net\nanswer = json_kind(net.x)", "text"),
    "downloads into a folder": (
        ("import os\nfrom huggingface_hub import snapshot_download\nplace = snapshot_download('a/b', local_dir='kept/here')\n"
        "answer = [place, os.path.isdir(place)]"),
        ["kept/here", True],
    ),
    "loops that wait for None end": (
        "import json, net\nturns = 0\nwhile turns < 999:\n    turns += 1\n    if net.next()['node'] is None:\n        break\nanswer = turns < 999",
        True,
    ),
    "what is looked up often is no None": ("import net\nanswer = [net.row()['a'] for _ in range(99)].count(None)", 0),
    "a loop that waits for an end or a failure ends": (
        (
            "import net\nfor turn in range(999):\n    if net.tell()['type'] == 'execution_error':\n        answer = 'failed'\n        break\n"
            "    if net.tell()['type'] == 'done':\n        answer = 'done'\n        break"
        ),
        "done",
    ),
    "a callback is told of a step, and of each text that it knows": (
        (
            "import net\ntold = []\ndef tell(name, *parts):\n    if name == 'embeddings':\n        told.append(str(parts[0]))\n"
            "    told.append(str(name))\nnet.run('a', hook=tell)\nanswer = told"
        ),
        ["net.run('a', hook=<function tell>).hook.name", "net.run('a', hook=<function tell>).hook.parts", "embeddings"],
    ),
    "a method, and one that fails with doubles": (
        (
            "import net\nclass Own:\n    told = 0\n    def tell(self, step, last=False):\n        self.told += 1\n        {}[step]\n"
            "own = Own()\nnet.run(progress_callback=own.tell)\nanswer = own.told"
        ),
        1,
    ),
    "no callback: another keyword, a class, a coroutine": (
        (
            "import net\ntold = []\nclass Own:\n    def __init__(self, a):\n        told.append(a)\nasync def later(a):\n    told.append(a)\n"
            "net.run(key=told.append, collate=lambda a: told.append(a), callback=Own, hook=later)\nanswer = told"
        ),
        [],
    ),
    "archives by pget": (
        "import os, subprocess\nsubprocess.check_call(['pget', '-x', 'https://files.example/model.tar', 'model'])\nanswer = os.listdir('model')",
        ["a.png"],
    ),
    "pget with options": (
        ("import os, subprocess\nsubprocess.check_call(['pget', '--log-level', 'warn', '-xf', 'https://files.example/more.tar', 'more'])\n"
        "answer = os.listdir('more')"),
        ["a.png"],
    ),
    "pget into a folder of the system": (
        "import os, subprocess\nsubprocess.check_call(['pget', '-xf', 'https://files.example/a.tar', '/sys/no/such'])\nanswer = os.path.exists('/sys/no')",
        False,
    ),
    "pget where a file lies": (
        (
            "import subprocess\nopen('file', 'w').close()\n"
            "answer = subprocess.call(['pget', 'https://files.example/a.bin', 'file/a.bin'], stderr=subprocess.DEVNULL)"
        ),
        1,
    ),
    "archives of an address that names no kind": (
        (
            "import os, net, requests, subprocess\nopen('found.tar.gz', 'wb').write(requests.get(net.entry.replace('a', 'b')).content)\n"
            "os.mkdir('unpacked')\nsubprocess.run(['tar', 'xf', 'found.tar.gz', '-C', 'unpacked'], check=True)\nanswer = os.listdir('unpacked')"
        ),
        ["a.png"],
    ),
    "files by pget": (
        ("import os, subprocess\nsubprocess.check_call(['pget', 'https://files.example/model.bin', 'there/model.bin'])\n"
        "answer = open('there/model.bin').read()"),
        "GET https://files.example/model.bin",
    ),
    "model files can be replaced by links": (
        (
            "import os, pathlib\nplace = pathlib.Path('linked.safetensors')\nanswer = [place.exists()]\nplace.unlink()\n"
            "place.symlink_to('cases.json')\nanswer += [place.is_symlink()]\ntry:\n    os.remove('missing.txt')\nexcept FileNotFoundError:\n    answer += ['missing']"
        ),
        [True, True, "missing"],
    ),
    "documents from elsewhere": (
        (
            "import json, urllib.request\nfound = json.loads(urllib.request.urlopen('https://files.example/a.json').read())\n"
            "answer = [str(found['id']), json.loads('{\"double\": 1, \"a\": 2}')]"
        ),
        ["json.loads(GET https://files.example/a.json)['id']", {"double": 1, "a": 2}],
    ),
    "addresses that a model gave": (
        (
            "import net, requests, urllib.request, httpx\nurl = net.find().url\n"
            "answer = [requests.get(url).status_code, urllib.request.urlopen(url).status, httpx.get(url).status_code, requests.get(url).url]"
        ),
        [200, 200, 200, "https://files.example/net.find%28%29.url"],
    ),
    "addresses that are cut out of what a model gave": (
        (
            "import net, requests\nentry = net.find().entry_id\n"
            "answer = [requests.get(entry.replace('/abs/', '/pdf/')).status_code, requests.get(f'{entry}.zip').headers['Content-Type']]\n"
            "try:\n    requests.get('nowhere')\nexcept requests.exceptions.MissingSchema:\n    answer.append('refused')"
        ),
        [200, "application/zip", "refused"],
    ),
    "documents of an address that names no kind": (
        (
            "import json, urllib.request\nanswer = str(json.loads(urllib.request.urlopen('http://127.0.0.1:1/history/a b').read())['outputs'])\n"
        ),
        "json.loads(GET http://127.0.0.1:1/history/a b)['outputs']",
    ),
    "masks that are gone through": ("import net\nanswer = [str(item) for item in net.x > 0]", ["(net.x > 0)[0]", "(net.x > 0)[1]"]),
    "masks": ("import net\nmask = net.x > 0\nmask[net.y] = 0\nanswer = str(mask.sum())", "(net.x > 0).sum()"),
    "to a library they are text": ("import library_code, net\nanswer = library_code.is_of(net.x, net.integer)", False),
    "names that tempfile made up": (
        "import net\nanswer = [net.f('out/tmpj13js764clip.mp4'), net.f('tmp_dir/clip.mp4'), net.f('out/tmpabcdefgh')]",
        ["net.f('out/clip.mp4')", "net.f('tmp_dir/clip.mp4')", "net.f('out/')"],
    ),
    "model files, however they are opened": (
        (
            "import io, pathlib\nplace = '/weights/model.safetensors'\n"
            "answer = [open(place).read(), io.open(place).read(), pathlib.Path(place).read_text(), pathlib.Path(place).exists()]"
        ),
        [*["placeholder of model.safetensors"] * 3, True],
    ),
    "an answer tells of no error": (
        "import net\nanswer = [net.ask().get('error'), net.ask().get('error', 'none'), bool(net.ask().get('prompt_id'))]",
        [None, "none", True],
    ),
    "what a double holds can be decoded": (
        (
            "import base64, net\nanswer = [base64.b64decode(net.ask()['images'][at]) == bytes(net.ask()['images'][at]) for at in range(5)]"
            "\nanswer += [base64.b64decode('YWI=').decode(), base64.b64decode(base64.b64encode(net.ask())) == bytes(net.ask())]"
        ),
        [True] * 5 + ["ab", True],
    ),
    "a model that is saved leaves its folder": (
        "import net\nimport os\nnet.model.save_pretrained('tuned')\nanswer = sorted(os.listdir('tuned'))",
        ["config.json"],
    ),
    "a model that is fetched leaves none under its name": (
        "import net\nimport os\nnet.Model.from_pretrained('tuner/small')\nanswer = os.path.exists('tuner')",
        False,
    ),
    "model files that the code writes itself": (
        (
            "import os, tempfile\nplace = os.path.join(tempfile.mkdtemp(), 'adapter.safetensors')\n"
            "with open(place, 'wb') as file:\n    file.write(b'abc')\n"
            "beside = place.replace('adapter', 'model')\n"
            "answer = [os.path.getsize(place), open(place).read(), open(beside).read()]"
        ),
        [3, "abc", "placeholder of model.safetensors"],
    ),
    "programs that are not there": (
        (
            "import json, subprocess\nrun = lambda *words: subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()\n"
            "film = json.loads(run('ffprobe', '-v', 'quiet', '-of', 'json', 'a.mp4'))\n"
            "answer = [run('no-such-program', '-a'), film['streams'][0]['width'], run('ffprobe', '-of', 'csv=p=0', 'a.mp4')]"
        ),
        ["'no-such-program' '-a'", 16, "1.0"],
    ),
    "later parameters of tempfile": (
        ("import os, tempfile\nwith tempfile.TemporaryDirectory(delete=False) as folder:\n    pass\n"
        "with tempfile.NamedTemporaryFile(delete_on_close=False) as file:\n    file.close()\n    kept = os.path.exists(file.name)\n"
        "answer = [os.path.isdir(folder), kept]"),
        [True, True],
    ),
}  # fmt: skip

WRITTEN = {
    "net.imwrite('a.png', net.x)": ("a.png", b"\x89PNG"),
    "net.image.save('a.jpg')": ("a.jpg", b"\xff\xd8"),
    "net.write('a.wav', 16000, net.x)": ("a.wav", b"RIFF"),
    "net.export_to_video(net.frames, 'a.mp4')": ("a.mp4", b"\0\0\0\x1cftyp"),
    "net.x.save_archive('a.zip')": ("a.zip", b"PK"),
}

HELPER = """
import net

def check():
    sizes = [1, 2, 3]
    weights = net.load()
    assert len(sizes) == len(weights)
    return "passed"

def refuse(number):
    assert number > 5
"""

RUNNER = """
import json, sys, traceback
from library_code import json_kind
found = {}
for name, file in json.load(open("cases.json")).items():
    space = {"json_kind": json_kind}
    try:
        exec(compile(open(file).read(), file, "exec"), space)
        found[name] = json.loads(json.dumps(space["answer"]))
    except BaseException:
        found[name] = traceback.format_exc()
print("\\n" + json.dumps(found))
"""


@cache
def answers() -> dict[str, Any]:
    """What every case answers, all in one process with the hook."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        library = folder / "site-packages"
        library.mkdir()
        (library / "library_code.py").write_text(
            "def json_kind(value):\n    return 'model' if hasattr(value, 'model_dump') or hasattr(value, 'dict') else 'text'\n"
            "def is_of(value, kind):\n    return isinstance(value, kind)\n"
        )
        observation = Observation(folder / "observed", frozenset({"helper", "library_code"}), {"net": "2.7.1"}, [])
        project = folder / "project"
        project.mkdir()
        (project / "helper.py").write_text(HELPER)
        codes = {case: code for case, (code, _) in CASES.items()}
        codes.update({call: f"import net\n{call}\nanswer = list(open({file!r}, 'rb').read()[:8])" for call, (file, _) in WRITTEN.items()})
        for number, code in enumerate(codes.values()):
            (project / f"case{number}.py").write_text(textwrap.dedent(code))
        (project / "cases.json").write_text(json.dumps({case: f"case{number}.py" for number, case in enumerate(codes)}))
        (project / "main.py").write_text(RUNNER)
        environment = observation.environment()
        environment["PYTHONPATH"] += f":{library}"
        done = subprocess.run([sys.executable, "main.py"], cwd=project, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found


@pytest.mark.parametrize("case", CASES)
def test_doubles_are_what_code_wants_them_to_be(case: str) -> None:
    assert answers()[case] == CASES[case][1]


@pytest.mark.parametrize("call", WRITTEN)
def test_calls_that_write_leave_valid_files(call: str) -> None:
    found = answers()[call]
    assert isinstance(found, list), found
    assert bytes(found).startswith(WRITTEN[call][1])


def test_a_process_that_cannot_be_prepared_runs_nothing(tmp_path: Path) -> None:
    observation = Observation(tmp_path / "doubles", frozenset(), {}, [])
    (tmp_path / "doubles" / "child.json").write_text("{}")
    found = subprocess.run([sys.executable, "-c", "print('ran')"], env=observation.environment(), capture_output=True, text=True)
    assert (found.returncode, found.stdout) == (1, "")
    assert "KeyError" in found.stderr


def observed(tmp_path: Path, code: str, hook: Path = HOOK, request_number: int = 0) -> tuple[str, list[tuple[str, str]]]:
    """What a project's code prints, and the events of it."""
    observation = Observation(tmp_path / "doubles", frozenset(), {}, [])
    observation.begin(request_number)
    (tmp_path / "main.py").write_text(code)
    environment = observation.environment()
    environment["PYTHONPATH"] = str(hook)
    done = subprocess.run([sys.executable, "main.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip(), [(event.kind, event.text) for event in observation.events() if event.kind not in ("line", "import")]


@pytest.mark.parametrize(
    ("request_number", "printed"), [(1, "net.socket().recv() was called 1000 times: a double never answers in another way"), (0, "1500")]
)
def test_a_loop_that_waits_in_a_double_ends_but_a_model_may_have_many_layers(tmp_path: Path, request_number: int, printed: str) -> None:
    code = (
        "import net\nsocket, count = net.socket(), 0\ntry:\n    for count in range(1, 1501):\n        socket.recv()\n"
        "    print(count)\nexcept TimeoutError as error:\n    print(error)\n"
    )
    assert observed(tmp_path, code, request_number=request_number)[0] == printed


def test_what_pget_fetches_again_is_recorded_once(tmp_path: Path) -> None:
    fetch = "subprocess.check_call(['pget', 'https://files.example/a.bin', 'a.bin'])\n"
    _, events = observed(tmp_path, f"import os, subprocess\n{fetch}os.remove('a.bin')\n{fetch}")
    assert events == [("network", "GET https://files.example/a.bin")]


@pytest.mark.parametrize(
    ("suffixes", "members"),
    [
        ((), ["a.png"]),
        ((".tex", ".bib"), ["a.png", "a.tex", "a.bib"]),
        ((".png", ".txt"), ["a.png"]),
        ((".ckpt", ".jpg", ".json"), ["a.png", "a.jpg"]),
        ((".ckpt", ".json"), ["a.png"]),
        ((".zip", ".tar"), ["a.png"]),
    ],
)
def test_archives_hold_what_the_project_looks_for(suffixes: tuple[str, ...], members: list[str], tmp_path: Path) -> None:
    observation = Observation(tmp_path / "doubles", frozenset(), {}, [], suffixes=suffixes)
    code = (
        "import io, requests, zipfile; print(zipfile.ZipFile(io.BytesIO(requests.get('https://files.example/a.zip').content)).namelist())"
    )
    (tmp_path / "main.py").write_text(code)
    done = subprocess.run([sys.executable, "main.py"], cwd=tmp_path, env=observation.environment(), capture_output=True, text=True)
    assert done.stdout.strip() == str(members), done.stderr


@pytest.mark.parametrize(
    "code",
    [
        "@torch.inference_mode()\n@net.timed\ndef f():\n    return net.run()\n",
        "@net.timed\n@torch.inference_mode()\ndef f():\n    return net.run()\n",
        "def f():\n    with torch.inference_mode():\n        return net.run()\n",
        "@torch.inference_mode\ndef f():\n    return net.run()\n",
    ],
)
def test_a_mode_is_entered_with_each_call_however_it_is_written(tmp_path: Path, code: str) -> None:
    printed, events = observed(tmp_path, f"import net, torch\n{code}net.load()\nprint(f())\n")
    entered = [("call", "with torch.inference_mode()"), ("call", "net.run()"), ("call", "end with torch.inference_mode()")]
    assert (printed, [event for event in events if event[0] == "call"]) == ("net.run()", [("call", "net.load()"), *entered])


def test_coroutines_in_a_mode_stay_what_they_are(tmp_path: Path) -> None:
    code = "import asyncio, torch\n@torch.no_grad()\nasync def f(a, *, b=1):\n    return b\nprint(asyncio.run(f(0)))\n"
    assert observed(tmp_path, code)[0] == "1"


def test_model_files_are_found_where_the_doubles_are_installed(tmp_path: Path) -> None:
    installed = tmp_path / "site-packages" / "child"
    shutil.copytree(HOOK.parent, installed)
    printed, events = observed(tmp_path, "import os\nprint(os.path.exists('/weights/model.safetensors'))", installed / "hook")
    assert (printed, events) == ("True", [("file", "model '/weights/model.safetensors'")])
