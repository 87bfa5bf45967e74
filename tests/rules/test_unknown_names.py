"""What no table of a rule holds is told as not known: made-up names beside every name of an SDK and every key of a configuration file.

The names and keys are those of the tables. Cog has rules of its own for keys and names that are not known, RC036 and RC037.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from converters import rules
from converters.convert import convert
from converters.ledger import Item
from converters.options import Options
from converters.outcome import Converted
from converters.rules import dk025_compose, dk041_image_config, rc005_moved_type, rc006_iterator, rp042_hub_listing, rp051_endpoint_config
from converters.rules.samples import PREDICTOR, SERVER, SERVER_IMAGE, WORKER
from converters.sources.replicate import report, sdk
from converters.sources.runpod.endpoint_config import KINDS, _Reader
from converters.sources.runpod.helpers import HELPERS
from tests.rules.projects import write

MADE_UP = "paint"
RUNPOD = sorted({name.removesuffix(".*") for helper in HELPERS for name in helper.names})
"""Every name of RunPod's SDK that is known."""
COG = sorted({*sdk._HOMES, *(f"cog.{name}" for name in {*rc005_moved_type.MOVED, *rc006_iterator.MOVED})})


def items(folder: Path, files: dict[str, str], **options: Any) -> list[Item]:
    outcome = convert(write(folder, files), Options(**options))
    assert isinstance(outcome, Converted), outcome
    return outcome.ledger.items()


def not_known(found: Iterable[Item]) -> set[str]:
    """Names that are left to a person because nothing says what they are."""
    return {item.name for item in found if item.rule in (rules.ALL001, rules.RC036, rules.RC037) and item.disposition.value == "manual"}


def settled(found: Iterable[Item], names: Iterable[str]) -> dict[str, str]:
    """Those of these names that are not told as not known, with what is said of them."""
    unknown, said = not_known(found), {item.name: f"{item.rule} {item.disposition.value}" for item in found}
    return {name: said.get(name, "nothing") for name in names if name not in unknown}


def test_a_name_below_a_name_of_runpod_s_sdk_is_not_known(tmp_path: Path) -> None:
    lines = "".join(f"    {name}.{MADE_UP}()\n" for name in RUNPOD)
    text = WORKER.replace("import runpod\n", "import runpod\n\ndef tools():\n" + lines, 1)
    found = items(tmp_path, {"handler.py": text})
    assert len(RUNPOD) > 50
    assert settled(found, [f"{name}.{MADE_UP}" for name in RUNPOD]) == {}


def test_a_name_beside_a_name_of_runpod_s_sdk_is_not_known(tmp_path: Path) -> None:
    beside = [f"{name}{MADE_UP}" for name in RUNPOD if "." in name]
    lines = "".join(f"    {name}()\n" for name in beside)
    found = items(tmp_path, {"handler.py": WORKER.replace("import runpod\n", "import runpod\n\ndef tools():\n" + lines, 1)})
    assert settled(found, beside) == {}


def imported_and_used(modules: Iterable[str]) -> str:
    names = {module: f"{MADE_UP}{number}" for number, module in enumerate(modules)}
    imports = "".join(f"from {module} import {MADE_UP} as {name}\n" for module, name in names.items())
    return imports + "\ndef tools():\n" + "".join(f"    {name}()\n" for name in names.values())


def test_what_is_imported_from_a_module_of_runpod_s_sdk_must_be_known(tmp_path: Path) -> None:
    modules = [name for name in RUNPOD if any(other.startswith(f"{name}.") for other in RUNPOD)]
    lines = imported_and_used(modules)
    found = items(tmp_path, {"handler.py": WORKER.replace("import runpod\n", f"import runpod\n{lines}", 1)})
    assert len(modules) > 10
    assert settled(found, [f"{module}.{MADE_UP}" for module in modules]) == {}


def test_what_is_imported_from_cog_must_be_known(tmp_path: Path) -> None:
    lines = imported_and_used(COG)
    text = PREDICTOR.replace("from cog import BasePredictor, Input\n", f"from cog import BasePredictor, Input\n{lines}", 1)
    found = items(tmp_path, {"predict.py": text, "cog.yaml": "predict: predict.py:Predictor\n"})
    assert settled(found, [f"{name}.{MADE_UP}" for name in COG]) == {}


def beside(keys: Iterable[str]) -> dict[str, Any]:
    return {f"{key}{MADE_UP}": 1 for key in sorted(keys)}


def test_a_key_of_a_compose_service_must_be_known(tmp_path: Path) -> None:
    made_up = beside({*dk025_compose.KEYS, *dk025_compose.UNSUPPORTED, "environment", "env_file", "volumes", "depends_on"})
    compose = {"services": {"web": {"build": ".", "ports": ["8000:8000"], **made_up}}}
    found = items(tmp_path, {"main.py": SERVER, "Dockerfile": SERVER_IMAGE, "compose.yaml": json.dumps(compose)})
    assert settled(found, [f"web.{key}" for key in made_up]) == {}


def test_a_key_of_a_cog_yaml_must_be_known(tmp_path: Path) -> None:
    keys = {*report.KEPT, "predict", "run", "image", "model", "train", "environment", "concurrency.max", "build.gpu", "build.cuda",
            "build.cudnn", "build.python_version", "build.python_packages", "build.python_requirements", "build.system_packages",
            "build.run", "build.pre_install"}  # fmt: skip
    config: dict[str, Any] = {"predict": "predict.py:Predictor", "build": {}, "concurrency": {}}
    for key in keys:
        place, _, name = key.rpartition(".")
        (config[place] if place else config)[f"{name}{MADE_UP}"] = "1"
    found = items(tmp_path, {"predict.py": PREDICTOR, "cog.yaml": json.dumps(config)})
    assert settled(found, [f"{key}{MADE_UP}" for key in keys]) == {}


def test_a_key_of_the_hub_s_listing_must_be_known(tmp_path: Path) -> None:
    config = beside(("gpuIds", "gpuCount", "runsOn", "containerDiskInGb", "allowedCudaVersions", "env", "presets"))
    listing = {**beside({*rp042_hub_listing.LISTING, "config"}), "config": config}
    found = items(tmp_path, {"handler.py": WORKER, ".runpod/hub.json": json.dumps(listing)})
    names = [*(key for key in listing if key != "config"), *(f"config.{key}" for key in config)]
    assert settled(found, names) == {}


def test_a_key_of_an_exported_endpoint_must_be_known(tmp_path: Path) -> None:
    known = _Reader("endpoint.json", None, {}, None, None).keys  # type: ignore[arg-type]
    endpoint: dict[str, Any] = beside({*known, *rp051_endpoint_config.IDENTITY, *(key for key in KINDS if "." not in key)})
    endpoint["template"] = beside({*rp051_endpoint_config.TEMPLATE, "env", "dockerArgs", "dockerStartCmd", "volumeMountPath"})
    file = tmp_path / "endpoint.json"
    file.write_text(json.dumps(endpoint))
    found = items(tmp_path, {"handler.py": WORKER}, endpoint_config=file)
    names = [*(key for key in endpoint if key != "template"), *(f"template.{key}" for key in endpoint["template"])]
    assert settled(found, names) == {}


def test_a_key_of_an_image_s_configuration_must_be_known(tmp_path: Path) -> None:
    tables = (dk041_image_config.KEPT, dk041_image_config.CONVERTED, dk041_image_config.DROPPED)
    config = beside({"Env", "Volumes", *(key for table in tables for key in table)})
    image = {
        "architecture": "amd64",
        **beside(dk041_image_config.AROUND),
        "config": {"Cmd": ["serve"], "ExposedPorts": {"80/tcp": {}}, **config},
    }
    file = tmp_path / "image.json"
    file.write_text(json.dumps(image))
    compose = {"services": {"web": {"image": "acme/web:1", "ports": ["80:80"]}}}
    found = items(tmp_path, {"compose.yaml": json.dumps(compose)}, image_config=file)
    assert settled(found, [*config, *(key for key in image if key.endswith(MADE_UP))]) == {}


def test_a_name_that_a_table_holds_is_known(tmp_path: Path) -> None:
    """The tests above would pass if nothing at all were known."""
    known = {name: helper.rule for helper in HELPERS for name in helper.names if name.count(".") > 2 and "*" not in name}
    lines = "".join(f"    {name}\n" for name in known)
    text = WORKER.replace("import runpod\n", "import runpod\n\ndef tools():\n" + lines, 1)
    found = {(item.name, item.rule) for item in items(tmp_path, {"handler.py": text}, style="keep")}
    assert {name for name, rule in known.items() if (name, rule) not in found} == set()
