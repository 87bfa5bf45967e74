"""Variables that a project demands in an error message."""

from __future__ import annotations

import pytest

from converters.verify.demand import demanded, made_up

SOURCES = """os.environ["LICENSE_ACCEPTED"]; os.getenv('MODEL_WEIGHTS'); os.getenv("API_TOKEN"); os.getenv("HOME_PAGE")
os.environ["MODEL"]; int(os.environ["WORKER_COUNT"]); os.environ['BUCKET_ENDPOINT']; json.loads(os.getenv("EXTRA_ARGS")); os.getenv("CACHE_DIR")
os.getenv("FAL_MIGRATE_CHILD"); os.getenv("LD_PRELOAD"); os.getenv("PYTHON_GIL")"""
CASES = [
    ("Set LICENSE_ACCEPTED=1 only after reading https://a.example", {"LICENSE_ACCEPTED": "1"}),
    ("Set MODEL_WEIGHTS environment variable to a URL to a tarball.", {"MODEL_WEIGHTS": "http://files.example/weights.tar"}),
    ("Missing environment variable API_TOKEN", {"API_TOKEN": "double"}),
    ("Set NOT_READ_HERE=1 first", {}),
    ("LICENSE_ACCEPTED was not what we hoped for", {}),
    ("KeyError: 'prompt'", {}),
    ("the source does not start: KeyError: 'MODEL'", {"MODEL": "double"}),
    ("no request reached a result: error 'WORKER_COUNT'", {"WORKER_COUNT": "1"}),
    ("KeyError: 'API_TOKEN'", {}),  # which is read in another way, so that it is a key of something else
    ("ValueError: BUCKET_ENDPOINT is not set", {"BUCKET_ENDPOINT": "http://files.example"}),
    ("EXTRA_ARGS must be given", {"EXTRA_ARGS": "{}"}),
    ("the environment variable CACHE_DIR is required", {"CACHE_DIR": "/tmp"}),
    ("CACHE_DIR holds nothing", {}),
    ("set FAL_MIGRATE_CHILD=/app/none, LD_PRELOAD=/app/a.so and PYTHON_GIL=1", {}),
    ("Missing environment variable FAL_MIGRATE_CHILD", {}),
]


@pytest.mark.parametrize(("message", "variables"), CASES)
def test_variables_come_from_the_project_s_own_words(message: str, variables: dict[str, str]) -> None:
    assert demanded(message, SOURCES) == variables


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WORKER_COUNT", "1"),
        ("EXTRA_ARGS", "{}"),
        ("BUCKET_ENDPOINT", "http://files.example"),
        ("CACHE_DIR", "/tmp"),
        ("API_TOKEN", "double"),
    ],
)
def test_a_variable_gets_a_value_of_the_kind_that_the_code_reads(name: str, value: str) -> None:
    assert made_up(name, SOURCES) == value
