"""What becomes of a variable that is read without a default and is not set."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from converters.python.absence import absence
from converters.python.module import Module
from tests.python.code import code, module

USED = {
    "it is passed to a library": "s3.upload_file(path, Bucket=os.getenv('BUCKET'))",
    "it is passed by position": "open_bucket(os.getenv('BUCKET'))",
    "it is passed through a constant": "BUCKET = os.getenv('BUCKET')\ndef handler(job):\n    s3.upload_file(job, Bucket=BUCKET)",
    "it is passed through a local name": "def handler(job):\n    bucket = os.getenv('BUCKET')\n    s3.upload_file(job, bucket)",
    "it is passed through a class": "class Settings:\n    bucket = os.getenv('BUCKET')\nupload(Settings().bucket)",
    "it is passed through a data class": (
        "@dataclass\nclass Settings:\n    bucket: str = field(default_factory=lambda: os.getenv('BUCKET'))\nupload(Settings().bucket)"
    ),
    "it is passed through an attribute": (
        "class A:\n    def __init__(self):\n        self.bucket = os.getenv('BUCKET')\n    def run(self):\n        upload(self.bucket)"
    ),
    "a function of the project passes it on": "def save(to):\n    s3.put(Bucket=to)\nsave(os.getenv('BUCKET'))",
    "a method of the project passes it on": "class A:\n    def save(self, to):\n        s3.put(Bucket=to)\nA().save(to=os.getenv('BUCKET'))",
    "it becomes part of an address": "url = f\"https://{os.getenv('BUCKET')}.example.com\"\nget(url)",
    "it is joined to a text": "get('https://' + os.getenv('BUCKET'))",
    "it is the default of a parameter": "def save(to=os.getenv('BUCKET')):\n    s3.put(Bucket=to)",
}
OPTIONAL = {
    "a method of the project asks for it": (
        "class A:\n    def setup(self, weights):\n        if weights:\n            load(weights)\nA().setup(os.getenv('BUCKET'))"
    ),
    "it has a replacement": "upload(os.getenv('BUCKET') or 'models')",
    "it is asked for": "if os.getenv('BUCKET'):\n    start()",
    "it is asked for under its name": "BUCKET = os.getenv('BUCKET')\nif BUCKET:\n    upload(BUCKET)",
    "it is refused under its name in a function": (
        "BUCKET = os.getenv('BUCKET')\ndef handler(job):\n    if not BUCKET:\n        return None\n    return upload(BUCKET)"
    ),
    "it gets another value": "BUCKET = os.getenv('BUCKET')\nif BUCKET is None:\n    BUCKET = 'models'\nupload(BUCKET)",
    "a conditional expression asks for it": "BUCKET = os.getenv('BUCKET')\nclient = make(BUCKET) if BUCKET else None",
    "it is compared": "DEBUG = os.getenv('BUCKET') == '1'\nrun(DEBUG)",
    "it is only shown": "print('bucket', os.getenv('BUCKET'))\nlogging.info(f\"bucket {os.getenv('BUCKET')}\")",
    "None is what the library takes for its own choice": "boto3.client('s3', region_name=os.getenv('BUCKET'))",
    "nothing reads what keeps it": "BUCKET = os.getenv('BUCKET')",
    "a function of the project asks for it": "def save(to):\n    if to:\n        s3.put(Bucket=to)\nsave(os.getenv('BUCKET'))",
}
UNKNOWN = {
    "it is returned": "def bucket():\n    return os.getenv('BUCKET')",
    "it is looked up": "REGIONS.get(os.getenv('BUCKET'))",
    "it stands in a table": "CONFIG = {'bucket': os.getenv('BUCKET')}",
    "one place asks for it and another does not": (
        "BUCKET = os.getenv('BUCKET')\ndef ready():\n    return bool(BUCKET)\ndef handler(job):\n    upload(BUCKET)"
    ),
}


def _read(module: Module) -> ast.AST:
    return next(node for node in ast.walk(module.tree) if isinstance(node, ast.Call) and "getenv" in ast.unparse(node.func))


@pytest.mark.parametrize(
    ("text", "expected"),
    [pytest.param(text, kind, id=name) for kind, table in (("used", USED), ("optional", OPTIONAL), ("unknown", UNKNOWN))
     for name, text in table.items()],
)  # fmt: skip
def test_what_becomes_of_a_variable_that_is_not_set(tmp_path: Path, text: str, expected: str) -> None:
    made = module(code(tmp_path, main=text))
    assert absence([made], made, _read(made)) == expected


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ("from settings import BUCKET\nupload(BUCKET)", "used"),
        ("import settings\nupload(settings.BUCKET)", "used"),
        ("from settings import BUCKET\nupload(BUCKET or 'models')", "optional"),
        ("import settings\nif settings.BUCKET:\n    upload(settings.BUCKET)", "optional"),
    ],
)
def test_a_constant_is_followed_into_the_modules_that_import_it(tmp_path: Path, other: str, expected: str) -> None:
    found = code(tmp_path, settings="BUCKET = os.getenv('BUCKET')", main=other)
    settings = module(found, "settings.py")
    assert absence([settings, module(found)], settings, _read(settings)) == expected


def test_names_that_are_given_to_one_another_are_followed_once(tmp_path: Path) -> None:
    lines = "".join(f"        self.a{n % 20} = self.a{(n * 7 + 1) % 20}\n" for n in range(400))
    text = f"class A:\n    def __init__(self):\n        self.a0 = os.getenv('BUCKET')\n{lines}"
    made = module(code(tmp_path, main=text))
    assert absence([made], made, _read(made)) == "optional"
    made = module(code(tmp_path, main=text.replace("% 20", "% 97")))
    assert absence([made], made, _read(made)) in ("optional", "unknown")
