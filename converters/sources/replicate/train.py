"""`train:` -> a second app with an input of its own; what a training did on Replicate besides is explained."""

from __future__ import annotations

from converters import rules
from converters.concepts.cog.units import Unit
from converters.errors import Unreadable, Unsupported
from converters.ir import App, Disposition, Scope, Setting
from converters.ledger import Ledger
from converters.python.code import Code
from converters.sources.replicate import predictor
from converters.sources.replicate.predictor import Predictor

NAMES = ("train_app.py", "fal_train_app.py", "fal_train_entry.py")
RETRIES = ["timeout", "server_error", "connection_error"]


def resolve(code: Code, unit: Unit, ledger: Ledger) -> Predictor | None:
    """What `train:` names; None where there is no such key, or where it cannot be followed, which the ledger says."""
    entry = unit.config.find("train")
    if entry is None or unit.key == "train":
        return None
    try:
        return predictor.resolve(code, unit.folder, entry, predictor.TRAINING)
    except (Unsupported, Unreadable) as error:
        for construct in unit.config.constructs.get("train", []):
            ledger.settle(construct, rules.RC013, Disposition.MANUAL, f"the training was not converted: {error.file} {error.message}")
        return None


def settle(unit: Unit, app: App, ledger: Ledger) -> None:
    """A training is never run twice by a retry; its result is a file, not a version of a model."""
    app.why = "Cog's train() becomes an app of its own"
    app.settings.append(Setting(name="skip_retry_conditions", value=RETRIES, note="a training must not run twice"))
    entry = unit.config.find("train")
    assert entry is not None
    for construct in unit.config.constructs.get("train", []):
        ledger.settle(construct, rules.RC013, Disposition.CONVERTED, f"the training is served by {app.app_file}")
    ledger.note(
        rules.RC013,
        Disposition.MANUAL,
        f"a training on Replicate makes a new version of the model; {app.name} answers with the URL of the weights. Give it to the "
        "predictor's app as COG_WEIGHTS (where its setup takes weights), and raise `request_timeout` for more than an hour.",
        entry.origin,
        scope=Scope.DEPLOY,
    )
