"""Which files hold nothing but credentials, and which places in code open one of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters.credentials.openers import find
from converters.ir import App, Application, Environment, Value
from converters.project import Project, open_project
from tests.credentials.places import PEM

ACCOUNT = '{"type": "service_account", "private_key": "notreal"}'
CLUSTER = "apiVersion: v1\nkind: Config\nclusters: []\nusers:\n- user: {token: notreal}\n"
LEFT_OUT = {
    ".env": "",
    ".env.local": "A=b",
    "config/.env.production": "A=b",
    "deploy/prod.env": "API_KEY=notreal-1",
    ".envrc": "export API_KEY=notreal-1",
    ".ssh/known_hosts": "example.com ssh-rsa AAAA",
    "keys/id_ed25519": "notreal",
    ".aws/credentials": "[default]",
    ".netrc": "machine a login b password c",
    ".pypirc": "[pypi]\npassword = notreal-1",
    ".npmrc": "//r.example.com/:_authToken=notreal-1",
    "pip.conf": "[global]\nindex-url = https://u:notreal-1@pypi.example.com/simple",
    ".docker/config.json": "{}",
    "service-account.json": "{}",
    "service_account_prod.json": "{}",
    "config/anything.json": ACCOUNT,
    "adc.json": '{"type": "authorized_user", "refresh_token": "notreal"}',
    "kubeconfig": CLUSTER,
    "deploy/cluster.yaml": CLUSTER,
    ".kube/config": CLUSTER,
    "tls/server.key": PEM,
    "tls/server.pem": PEM.replace("PRIVATE", "RSA PRIVATE"),
    "tls/both.crt": f"-----BEGIN CERTIFICATE-----\nnotreal\n-----END CERTIFICATE-----\n{PEM}",
    "store.p12": "notreal",
}
KEPT = {
    ".env.example": "API_KEY=your-key",
    ".env.sample": "API_KEY=",
    ".env.production.template": "API_KEY=",
    "prod.env": "LEVEL=info",
    "environment.py": "API_KEY = 1",
    ".npmrc": "save-exact=true\n//r.example.com/:_authToken=${NPM_TOKEN}",
    ".pypirc": "[distutils]\nindex-servers = pypi",
    "pip.conf": "[global]\nindex-url = https://pypi.example.com/simple",
    "config.json": '{"type": "service", "private_key_path": "/run/key"}',
    "docker/config.json": "{}",
    "manifest.yaml": "apiVersion: v1\nkind: ConfigMap\ndata: {users: a}\n",
    "ca.pem": "-----BEGIN CERTIFICATE-----\nnotreal\n-----END CERTIFICATE-----",
    "id_ed25519.pub": "ssh-ed25519 AAAA",
    "keys.py": f'KEY = """{PEM}"""',
    "README.md": f"Make a key:\n\n{PEM}\n",
    "netrc.py": "import netrc",
}


@pytest.mark.parametrize("path", LEFT_OUT)
def test_a_credential_file_is_no_part_of_a_project(path: str, tmp_path: Path) -> None:
    project = _project(tmp_path, {path: LEFT_OUT[path], "other.txt": "a"})
    assert (list(project.files), list(project.withheld)) == (["other.txt"], [path])


@pytest.mark.parametrize("path", KEPT)
def test_any_other_file_is(path: str, tmp_path: Path) -> None:
    project = _project(tmp_path, {path: KEPT[path]})
    assert (list(project.files), list(project.withheld)) == ([path], [])


def test_another_name_for_a_credential_file_makes_no_difference(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=b")
    (tmp_path / "settings.txt").symlink_to(".env")
    assert sorted(open_project(tmp_path).withheld) == [".env", "settings.txt"]


OPENING = [
    'open(".env")',
    'load_dotenv(".env")',
    'load_dotenv(dotenv_path="./.env")',
    'dotenv_values("/app/.env")',
    'json.load(open("keys/service-account.json"))',
    'Credentials.from_service_account_file("keys/service-account.json")',
    'Credentials.from_service_account_file(os.path.join(HERE, "keys", "service-account.json"))',
    'Path("keys/service-account.json").read_text()',
    '(Path(__file__).parent / "keys" / "service-account.json").read_bytes()',
    'KEY = "keys/service-account.json"\nstorage.Client.from_service_account_json(KEY)',
    'def load(path="keys/service-account.json"):\n    return open(path)',
]
HARMLESS = [
    "load_dotenv()",
    "load_dotenv(find_dotenv())",
    'os.path.exists(".env")',
    'Path(".env").exists()',
    'print("copy .env.example to .env")',
    'open(".env.example")',
    'open("environment")',
    'SettingsConfigDict(env_file=".env")',
    'open("other/service.json")',
    'x = ".env"',
]


@pytest.mark.parametrize("code", OPENING)
def test_code_that_opens_a_credential_file_is_found(code: str, tmp_path: Path) -> None:
    assert [opened.origin.line for opened in _opened(tmp_path, code)] == [code.count("\n") + 1]


@pytest.mark.parametrize("code", HARMLESS)
def test_code_that_opens_nothing_of_the_kind_is_not(code: str, tmp_path: Path) -> None:
    assert _opened(tmp_path, code) == []


@pytest.mark.parametrize(
    ("script", "lines"), [("source .env\n", [1]), ("set -a\n. ./.env\n", [2]), ("[ -f .env ] && . .env\n", []), ("echo .env\n", [])]
)
def test_a_script_that_reads_it_without_asking_is_found(script: str, lines: list[int], tmp_path: Path) -> None:
    assert [opened.origin.line for opened in _opened(tmp_path, script, "start.sh")] == lines


def _opened(folder: Path, text: str, name: str = "main.py") -> list[object]:
    project = _project(folder, {name: text, ".env": "A=b", "keys/service-account.json": ACCOUNT, ".env.example": ""})
    environment = Environment(python_version=Value(value="3.11"), files=[name])
    app = App(name="a", class_name="A", entry=name, app_file="app.py", environment=environment)
    return list(find(project, Application(platform="runpod", apps=[app])))


def _project(folder: Path, files: dict[str, str]) -> Project:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return open_project(folder)
