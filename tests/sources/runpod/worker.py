"""Workers of one file, converted: their request model as a class, and their model of the conversion."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from converters.concepts.fields import ALIASES
from converters.convert import convert
from converters.ir import App
from converters.ledger import Item
from converters.options import Options
from converters.outcome import Converted

NAMES = {"Annotated": Annotated, "Any": Any, "Literal": Literal, "BaseModel": BaseModel, "ConfigDict": ConfigDict, "Field": Field,
         "WithJsonSchema": WithJsonSchema}  # fmt: skip
VALIDATOR = "from runpod.serverless.utils.rp_validator import validate\n"


def converted(folder: Path, text: str, *, start: str = "{'handler': handler}", **files: str) -> Converted:
    """The conversion of a worker in keep style; `files` are further files, `requirements_txt` for requirements.txt."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "handler.py").write_text(f"import runpod\n{text}\nrunpod.serverless.start({start})\n")
    for name, content in files.items():
        (folder / (name.removesuffix("_txt") + (".txt" if name.endswith("_txt") else ".py"))).write_text(content)
    outcome = convert(folder, Options(style="keep"))
    assert isinstance(outcome, Converted), outcome
    return outcome


def app_of(outcome: Converted) -> App:
    (app,) = outcome.application.apps
    return app


def text_of(outcome: Converted, path: str = "app.py") -> str:
    """The text of a file of the output."""
    (data,) = [change.data for change in outcome.files if change.path == path]
    assert data is not None
    return data.decode()


def items_of(outcome: Converted, rule: str) -> list[Item]:
    return [item for item in outcome.ledger.items() if item.rule == rule]


def request_model(outcome: Converted) -> type[BaseModel]:
    """The `Input` of the app file, without the rest of the file being run."""
    tree = ast.parse(text_of(outcome))
    models = [node for node in tree.body if isinstance(node, ast.ClassDef) and ast.unparse(node.bases[0]) == "BaseModel"]
    aliases = [node for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ALIASES]
    namespace: dict[str, Any] = dict(NAMES)
    exec(compile(ast.Module(body=[*aliases, *models], type_ignores=[]), "app.py", "exec", dont_inherit=True), namespace)
    model = namespace["Input"]
    assert issubclass(model, BaseModel)
    return model


def received(model: type[BaseModel], request: dict[str, Any]) -> dict[str, Any]:
    """What the handler gets for a request, as the app hands it on. Raises `ValidationError` where it is refused."""
    return model.model_validate(request).model_dump(exclude_unset=True)
