"""The last look at an output: it finds what everything before it would have let through."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from converters import convert as conversion
from converters.credentials import withhold
from converters.credentials.recognize import Dialect
from converters.credentials.seal import seal
from converters.credentials.vault import Vault
from converters.ledger import Ledger
from converters.options import Options
from converters.outcome import Converted, FileChange
from tests.credentials.places import PLACES

TOKEN = "hf_" + "n0tr3al4" * 4
VAULT = Vault()
VAULT.read("a.env", f"HF_TOKEN={TOKEN}", Dialect.CONFIG)


@pytest.mark.parametrize(
    "name", ["the command of compose", "requirements", "a step that clones", "CMD of a worker", "an exported endpoint"]
)
def test_what_the_model_lets_through_is_found_in_the_files(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = PLACES[name]
    for path, text in place.texts.items():
        (tmp_path / path).write_text(text)
    endpoint = tmp_path / "endpoint"
    endpoint.write_text(place.arguments.get("--endpoint-config", "{}"))
    options = Options(endpoint_config=endpoint if place.arguments else None)
    monkeypatch.setattr(conversion, "withhold", lambda application, vault, ledger: withhold.withhold_items(ledger, vault))
    outcome = conversion.convert(tmp_path, options)
    assert isinstance(outcome, Converted)
    written = [change for change in outcome.files if change.action in ("added", "modified")]
    assert written
    assert [(change.path, value) for change in written for value in place.values if value.encode() in (change.data or b"")] == []


@pytest.mark.parametrize(
    ("path", "action", "text", "left"),
    [
        ("app.py", "added", f'x = "{TOKEN}"\n', 'x = "${HF_TOKEN}"\n'),
        ("Dockerfile", "copied", f"FROM a\nENV HF_TOKEN={TOKEN}\n", 'FROM a\nENV HF_TOKEN=""\n'),
        ("Dockerfile", "copied", f"FROM a\nARG HF_TOKEN={TOKEN}\n", "FROM a\nARG HF_TOKEN\n"),
        ("compose.yaml", "copied", f"a: {TOKEN}\n", "a: ${HF_TOKEN}\n"),
        ("k8s/api.yaml", "copied", f"apiVersion: v1\nkind: Pod\na: {TOKEN}\n", "apiVersion: v1\nkind: Pod\na: ${HF_TOKEN}\n"),
        ("handler.py", "copied", f'x = "{TOKEN}"\n', None),
        ("start.sh", "copied", f"export X={TOKEN}\n", None),
        ("settings.yaml", "copied", f"a: {TOKEN}\n", None),
        ("compose.yaml", "copied", "a: b\n", None),
    ],
)
def test_generated_files_are_masked_and_kept_ones_stay(path: str, action: str, text: str, left: str | None) -> None:
    ledger = Ledger()
    before = None if action == "added" else text.encode()
    sealed = seal({path: FileChange(path, action, text.encode(), before)}, {"Dockerfile"}, [], VAULT, ledger)  # type: ignore[arg-type]
    assert sealed.files[path].data == (text if left is None else left).encode()
    assert bool(sealed.literals) == (left is None and TOKEN in text)
    assert bool(ledger.items()) == (TOKEN in text)


def test_nothing_is_masked_in_the_users_own_tree() -> None:
    text = f"a: {TOKEN}\n".encode()
    sealed = seal({"compose.yaml": FileChange("compose.yaml", "copied", text, text)}, set(), [], VAULT, Ledger(), in_place=True)
    assert sealed.files["compose.yaml"].data == text and sealed.literals == [("compose.yaml", 1, "HF_TOKEN")]


def test_an_edit_brings_no_secret_into_a_kept_file() -> None:
    before, after = b"x = 1\n", f'x = "{TOKEN}"\n'.encode()
    sealed = seal({"handler.py": FileChange("handler.py", "modified", after, before)}, set(), [], VAULT, Ledger())
    assert sealed.files["handler.py"].data == b'x = "${HF_TOKEN}"\n'


@pytest.mark.parametrize("value", ["handler.py", "handle_request", "handle_requests", "handle_re", "serverless_start"])
def test_a_secret_that_reads_like_a_name_of_the_code_leaves_the_code_alone(value: str, tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    code = (
        "import runpod\n\n\ndef handle_request(job):\n    return job['input']\n\n\nrunpod.serverless.start({'handler': handle_request})\n"
    )
    (tmp_path / "p" / "handler.py").write_text(code)
    (tmp_path / "endpoint.json").write_text(json.dumps({"env": {"HF_TOKEN": value}}))
    outcome = conversion.convert(tmp_path / "p", Options(style="keep", endpoint_config=tmp_path / "endpoint.json"))
    assert isinstance(outcome, Converted), outcome
    texts = {change.path: (change.data or b"").decode() for change in outcome.files}
    assert "handler.handle_request\n" in texts["app.py"] and "def handle_request(job)" in texts["handler.py"]
