"""Which import a name of a module goes back to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.python.code import code, module


@pytest.mark.parametrize(
    ("text", "dotted"),
    [
        pytest.param("from a import x\nfrom b import x\n", "b.x", id="the last of a block"),
        pytest.param("try:\n    from a import x\nexcept ImportError:\n    from b import x\n", "a.x", id="the one that is tried"),
        pytest.param("from a import x\ndef f():\n    from b import x\n", "a.x", id="the module's before a function's"),
        pytest.param("class A:\n    from a import x\nfrom b import x\n", "b.x", id="the module's before a class's"),
        pytest.param("def f():\n    from a import x\n", "a.x", id="the only one"),
    ],
)
def test_of_several_imports_of_a_name(tmp_path: Path, text: str, dotted: str) -> None:
    found = code(tmp_path, main=text)
    assert found.imports(module(found))["x"].dotted == dotted
