"""What is a secret in a text, and what is none."""

from __future__ import annotations

import pytest

from converters.credentials.recognize import Dialect, dialect_of, find, is_secret
from converters.credentials.vault import Vault

CODE, CONFIG, EXAMPLE, PROSE = Dialect.CODE, Dialect.CONFIG, Dialect.EXAMPLE, Dialect.PROSE
HF = "hf_" + "aB3dE5gH" * 4
FOUND: list[tuple[Dialect, str, str, str]] = [
    (PROSE, f"token {HF}", HF, "HF_TOKEN"),
    (CODE, 'HF_TOKEN = "hf_notreal4code"', "hf_notreal4code", "HF_TOKEN"),
    (CODE, 'client = Client(api_key="sk-notreal1234567890")', "sk-notreal1234567890", "API_KEY"),
    (CODE, 'os.environ["SERVICE_TOKEN"] = "n0tr3al-0a1b2c3d"', "n0tr3al-0a1b2c3d", "SERVICE_TOKEN"),
    (CODE, 'KEY = os.getenv("SERVICE_API_KEY", "n0tr3al-0a1b2c3d")', "n0tr3al-0a1b2c3d", "SERVICE_API_KEY"),
    (CODE, 'password: str = "n0tr3al-0a1b2c3d"', "n0tr3al-0a1b2c3d", "PASSWORD"),
    (CODE, '{"authorization": "Bearer notreal-header"}', "notreal-header", "AUTHORIZATION"),
    (CONFIG, "curl -H 'X-API-Key: n0tr3al0a1b2c3d4e5f' https://example.com", "n0tr3al0a1b2c3d4e5f", "X_API_KEY"),
    (PROSE, "https://example.com/w.bin?download=1&token=notreal-query", "notreal-query", "URL_TOKEN"),
    (PROSE, "postgres://app:pw@db/app", "pw", "POSTGRES_PASSWORD"),
    (PROSE, "redis://:notreal@cache:6379/0", "notreal", "REDIS_PASSWORD"),
    (PROSE, "git+https://0123456789abcdef01234567@example.com/a.git", "0123456789abcdef01234567", "URL_TOKEN"),
    (PROSE, "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=bm90LXJlYWw=;E=b", "bm90LXJlYWw=", "CONNECTION_KEY"),
    (PROSE, "Server=db;Database=app;User Id=app;Password=notreal;", "notreal", "CONNECTION_PASSWORD"),
    (PROSE, "https://discord.com/api/webhooks/12345/notreal-hook", "12345/notreal-hook", "DISCORD_WEBHOOK"),
    (PROSE, "https://hooks.slack.com/services/T0A/B0B/n0tr3al", "T0A/B0B/n0tr3al", "SLACK_WEBHOOK"),
    (PROSE, "serve --api-key notreal-1", "notreal-1", "API_KEY"),
    (CONFIG, '["serve", "--hf-token", "notreal-2"]', "notreal-2", "HF_TOKEN"),
    (CONFIG, "command:\n  - serve\n  - --api-key\n  - notreal-3", "notreal-3", "API_KEY"),
    (CONFIG, "PGPASSWORD=notreal psql -c 'select 1'", "notreal", "PGPASSWORD"),
    (CONFIG, "ENV HF_TOKEN notreal", "notreal", "HF_TOKEN"),
    (CONFIG, "ARG GITHUB_TOKEN=notreal", "notreal", "GITHUB_TOKEN"),
    (CONFIG, "export api_token='notreal'", "notreal", "API_TOKEN"),
    (CONFIG, "DB_PASSWORD: ${DB_PASSWORD:-notreal}", "notreal", "DB_PASSWORD"),
    (CONFIG, "- name: HF_TOKEN\n  value: notreal", "notreal", "HF_TOKEN"),
    (CONFIG, '{"key": "HF_TOKEN", "input": {"type": "string", "default": "notreal"}}', "notreal", "HF_TOKEN"),
    (CONFIG, "curl -u user:notreal https://example.com", "notreal", "HTTP_PASSWORD"),
    (CONFIG, "serve --api-key correcthorse", "correcthorse", "API_KEY"),
    (CONFIG, "DB_PASSWORD=pa$$w0rd!", "pa$$w0rd!", "DB_PASSWORD"),
    (CONFIG, "sshpass -p notreal ssh a@example.com", "notreal", "SSH_PASSWORD"),
    (CONFIG, "docker login -u a -p notreal r.example.com", "notreal", "REGISTRY_PASSWORD"),
    # What detect-secrets knows
    (PROSE, "AKIA" + "N0TREALN0TREAL12", "AKIA" + "N0TREALN0TREAL12", "AWS_ACCESS_KEY"),
    (PROSE, "glpat-" + "n0tr3aln0tr3aln0tr3a", "glpat-" + "n0tr3aln0tr3aln0tr3a", "GITLAB_TOKEN"),
    (PROSE, "xoxb-" + "123456789012-n0tr3al", "xoxb-" + "123456789012-n0tr3al", "SLACK_TOKEN"),
    (
        PROSE,
        "SG." + "n0tr3aln0tr3aln0tr3al0" + "." + "n0tr3al" * 6 + "0",
        "SG." + "n0tr3aln0tr3aln0tr3al0" + "." + "n0tr3al" * 6 + "0",
        "SENDGRID_API_KEY",
    ),
]
NONE: list[tuple[Dialect, str]] = [
    # Blanks to fill in, and references
    *(
        (CONFIG, f"HF_TOKEN={blank}")
        for blank in ("", "your-key-here", "changeme", "xxx", "XXXXXXXX", "<token>", "${TOKEN}", "$TOKEN", "...", "****")
    ),
    *(
        (CONFIG, f"API_KEY: {blank}")
        for blank in ("null", "true", "{{ secrets.KEY }}", "!secret key", "replace_me", "<your key>", "%KEY%", "password")
    ),
    (CODE, 'HEADERS = {"Authorization": f"Bearer {token}"}'),
    (CODE, 'HEADERS = {"Authorization": "Bearer " + token}'),
    (CODE, 'KEY = os.environ["API_KEY"]'),
    (CODE, "token = tokenizer.encode(text2)"),
    (CONFIG, "curl -H 'Authorization: Bearer $(cat /run/secrets/a)' https://example.com"),
    (CONFIG, "serve --api-key ${API_KEY} --token=$TOKEN"),
    (CONFIG, "export HF_TOKEN=$(cat token)"),
    (CONFIG, 'secrets = ["HF_TOKEN", "OTHER_TOKEN"]'),
    (CONFIG, "- FIRST_PASSWORD=${FIRST_PASSWORD:?Variable not set}"),
    # Names that only sound like secrets
    (CONFIG, "MAX_NEW_TOKENS=256"),
    (CONFIG, "TOKENIZERS_PARALLELISM=false"),
    (CONFIG, "ACCESS_TOKEN_EXPIRE_MINUTES=30"),
    (CONFIG, "TOKEN_FILE=/run/secrets/token1234"),
    (CONFIG, "PASSWORD_HASH_ALGORITHM=bcrypt12"),
    (CONFIG, "ssh_public_key = ssh-ed25519-AAAAC3Nza1lZDI1"),
    (CODE, 'PAD_TOKEN = "<|endoftext|>"'),
    (CODE, 'IMAGE_TOKEN = "<image>"'),
    (CODE, 'parser.add_argument("--api-key", "-k", help="the key")'),
    (CODE, 'parser.add_argument("--token", type=str, default=None)'),
    (PROSE, "give the --token parameter"),
    (CONFIG, "serve --token type"),
    (CODE, 'secret_name = "projects/1234/secrets/model-key-01"'),
    (CODE, 'cache_key = "resnet50_v2_224"'),
    # Addresses without a login
    (PROSE, "postgres://db.example.com:5432/app"),
    (PROSE, "https://user@example.com/repo.git"),
    (PROSE, "postgresql://postgres:postgres@localhost/app"),
    (PROSE, "https://a.example.com,https://b.example.com:8443"),
    (PROSE, "git@github.com:owner/name.git"),
    (PROSE, "https://example.com/?key=value&page=2"),
    (PROSE, "sqlite:////app/state.db"),
    # Hashes, identifiers, data: no finding by entropy alone
    (CONFIG, "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
    (CONFIG, '"integrity": "sha512-n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=="'),
    (CODE, 'UUID = "123e4567-e89b-12d3-a456-426614174000"'),
    (CODE, 'DATA = "aGVsbG8gd29ybGQgdGhpcyBpcyBubyBzZWNyZXQgYXQgYWxsIDEyMzQ1Ng=="'),
    (PROSE, "-----BEGIN CERTIFICATE-----\nbm90LXJlYWwtY2VydGlmaWNhdGU\n-----END CERTIFICATE-----"),
    # Tests and documents: words
    (EXAMPLE, 'assert login(password="password123")'),
    (EXAMPLE, 'headers={"Authorization": "Bearer test-api-key-123"}'),
    (EXAMPLE, "api_key: sk-1234"),
]


@pytest.mark.parametrize(("dialect", "text", "value", "name"), FOUND, ids=[text for _, text, _, _ in FOUND])
def test_a_secret_is_recognised(dialect: Dialect, text: str, value: str, name: str) -> None:
    assert [(one.value, one.name) for one in find(text, dialect)] == [(value, name)]
    assert [text[one.start : one.end] for one in find(text, dialect)] == [value]


@pytest.mark.parametrize(("dialect", "text"), NONE, ids=[text for _, text in NONE])
def test_anything_else_is_none(dialect: Dialect, text: str) -> None:
    assert [(one.what, one.value) for one in find(text, dialect)] == []


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("HF_TOKEN", None, True),
        ("HF_TOKEN", "anything", True),
        ("PGPASSWORD", "pw", True),
        ("DATABASE_URL", "postgres://app:pw@db/app", True),
        ("NOTIFY", "https://hooks.slack.com/services/T0A/B0B/n0tr3al", True),
        ("DATABASE_URL", "postgres://db/app", False),
        ("USE_AUTH_TOKEN", "True", False),
        ("MODEL_URL", "https://example.com/model-2024.bin", False),
        ("TOKENIZER", "a/b", False),
    ],
)
def test_a_variable_is_a_secret_by_its_name_or_by_its_value(name: str, value: str | None, secret: bool) -> None:
    assert is_secret(name, value) is secret


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("Dockerfile", CONFIG),
        ("docker/api.Dockerfile", CONFIG),
        ("compose.yaml", CONFIG),
        (".env.production", CONFIG),
        ("start.sh", CONFIG),
        ("src/handler.py", CODE),
        ("tests/test_handler.py", EXAMPLE),
        ("README.md", EXAMPLE),
        (".env.example", EXAMPLE),
        ("notes.txt", PROSE),
    ],
)
def test_a_file_is_read_by_its_name(path: str, dialect: Dialect) -> None:
    assert dialect_of(path) is dialect


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"uses {HF} twice: {HF}", "uses ${HF_TOKEN} twice: ${HF_TOKEN}"),
        (f"`curl -H token:{HF[:20]}...`", "`curl -H token:${HF_TOKEN}...`"),
        (f"cut off at the end: {HF[:12]}", "cut off at the end: ${HF_TOKEN}"),
        ("the word letme1n-now in it", "the word ${DB_PASSWORD} in it"),
        ('as JSON: "p\\"q-12345678"', 'as JSON: "${ODD_PASSWORD}"'),
        ("postgres is a word", "postgres is a word"),
        ("POSTGRES_PASSWORD=postgres is told by its name", "POSTGRES_PASSWORD=${POSTGRES_PASSWORD} is told by its name"),
        (f"another {HF[:4]} word", f"another {HF[:4]} word"),
    ],
)
def test_a_text_is_masked(text: str, masked: str) -> None:
    vault = Vault()
    vault.read("a.env", f"HF_TOKEN={HF}\nDB_PASSWORD=letme1n-now\nPOSTGRES_PASSWORD=postgres\nODD_PASSWORD='p\"q-12345678'\n", CONFIG)
    assert vault.mask(text) == masked


def test_masking_is_done_once() -> None:
    vault = Vault()
    vault.read("a.env", f"HF_TOKEN={HF}", CONFIG)
    once = vault.mask(f"export HF_TOKEN={HF}", CONFIG)
    assert vault.mask(once, CONFIG) == once == "export HF_TOKEN=${HF_TOKEN}"


def test_what_was_found_in_a_long_text_is_remembered_for_each_dialect() -> None:
    text = "a plain line of a long file\n" * 100 + "DB_PASSWORD=lantern\n"
    before, after = "x" * 3000 + "\n" + text, text + "y" * 3000
    for _ in range(2):
        assert [secret.value for secret in find(text, CONFIG)] == ["lantern"]
        assert [secret.value for secret in find(text, Dialect.EXAMPLE)] == []
        assert [one.start for one in (*find(before, CONFIG), *find(after, CONFIG))] == [before.index("lantern"), text.index("lantern")]


def test_what_the_detectors_need_is_imported_only_where_it_may_be_needed() -> None:
    import subprocess
    import sys

    code = "import sys; from converters.credentials.recognize import find; find('HF_TOKEN = 1; no token'); print('requests' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
