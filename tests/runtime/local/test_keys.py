"""The user's own credentials reach no child."""

from __future__ import annotations

import json
from pathlib import Path

from ..conftest import descends
from .conftest import Running


def test_no_child_has_the_user_s_key(fal: Running) -> None:
    variables = fal.python("import json, os; print(json.dumps(dict(os.environ)))")
    assert variables["FAL_KEY"].startswith("local:")
    assert variables["VITE_FAL_KEY"] == variables["FAL_KEY"]
    assert variables["MY_HEADER"] == f"Key {variables['FAL_KEY']}"
    assert "outside" not in json.dumps({**variables, "HOME": "", "PATH": ""}).replace("outside-ca", "")
    in_app = fal.in_app("import os\nreturn dict(os.environ)")
    assert in_app["FAL_KEY"] == variables["FAL_KEY"]
    children = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and descends(int(entry.name), fal.process.pid)]
    assert len(children) > 2
    for pid in set(children) - {fal.process.pid}:
        assert b"outside-secret" not in Path(f"/proc/{pid}/environ").read_bytes()


def test_what_a_user_logged_in_with_is_not_read(fal: Running) -> None:
    code = """
        import json, os
        del os.environ["FAL_KEY"]
        import fal.auth, fal.config
        print(json.dumps([fal.auth.key_credentials(), fal.auth.local.load_token(), fal.config.Config().profile]))
        """
    assert fal.python(code) == [
        ["local", fal.python("import json, os; print(json.dumps(os.environ['FAL_KEY']))").partition(":")[2]],
        [None, None],
        None,
    ]
