"""Names of the SDK that its present releases no longer have: what takes their place.

Read from the SDK's released versions and its history: `utils.download`, `utils.upload` and `utils.validator` were renamed after 0.8.4
(the validator returned a plain list until then), `rp_download.download_input_objects` and `rp_upload.file` went after 0.9.1, and
`modules.rp_metrics` stood on a branch that was never released.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from converters import rules
from converters.ir import Disposition, Edit
from converters.ledger import Ledger
from converters.python import edits
from converters.python.module import Module
from converters.sources.runpod.sdk import Occurrence

UTILS = "runpod.serverless.utils"
RENAMED = re.compile(rf"^{re.escape(UTILS)}\.(download|upload)(\.|$)")
DOWNLOAD = re.compile(rf"^{re.escape(UTILS)}\.(rp_)?download\.download_input_objects$")
UPLOAD = f"{UTILS}.rp_upload.file"
METRICS = "runpod.serverless.modules.rp_metrics"


@dataclass(frozen=True)
class Gone:
    """A name with the releases that had it; `last` is '' for one that no release ever had."""

    pattern: re.Pattern[str]
    first: str
    last: str


GONE = (
    Gone(re.compile(rf"^{re.escape(UTILS)}\.(download|upload|validator)(\.|$)"), "0.6.0", "0.8.4"),
    Gone(re.compile(rf"^{re.escape(UTILS)}\.(rp_download\.download_input_objects|rp_upload\.file)$"), "0.9.0", "0.9.1"),
    Gone(re.compile(rf"^{re.escape(METRICS)}(\.|$)"), "", ""),
)


def gone(occurrence: Occurrence) -> Gone | None:
    """The entry for a name that present releases do not have."""
    return next((entry for entry in GONE if entry.pattern.search(occurrence.dotted)), None)


def release(found: list[Occurrence], pin: str) -> str:
    """The one release that the code asks for: stated by `pin`, or the last that has every name; '' where none has them or a newer works.

    `found`: the names of the SDK in the worker's files; `pin`: its requirement of the SDK, '' where there is none.
    """
    from packaging.version import Version

    entries = {entry for occurrence in found if (entry := gone(occurrence)) is not None}
    if not entries or any(not entry.last for entry in entries):
        return ""
    exact = re.search(r"==\s*([\d.]+)\s*$", pin)
    wanted = exact.group(1) if exact else min((entry.last for entry in entries), key=Version)
    has_all = all(Version(entry.first) <= Version(wanted) <= Version(entry.last) for entry in entries)
    if not has_all or not (exact or (_allows(pin, wanted) and not _newer(found))):
        return ""
    needed = exact or any(re.search(r"\.validator(\.|$)", occurrence.dotted) for occurrence in found if gone(occurrence))
    return wanted if needed else ""


def _allows(pin: str, version: str) -> bool:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return not pin or Requirement(pin).specifier.contains(version)
    except InvalidRequirement:
        return False


def _newer(found: list[Occurrence]) -> bool:
    """Whether the code names modules that came only after 0.8.4."""
    return any(re.search(r"\.(rp_(?!cleanup)\w+|modules\.rp_logger|RunPodLogger|progress_update)\b", one.dotted) for one in found)


def is_taken_out(occurrence: Occurrence) -> bool:
    """Whether the repair of a use leaves nothing that needs the import."""
    return not occurrence.is_import and occurrence.dotted.startswith(METRICS)


def repair(found: list[Occurrence], ledger: Ledger) -> list[Edit]:
    """The edits of one file that put present names in the place of old ones. What they cannot do stays unsettled."""
    made: list[Edit] = []
    for occurrence in found:
        if gone(occurrence) is None:
            continue
        change = _change(occurrence.module, occurrence, found)
        if change is not None:
            made += [edit for edit in change[0] if edit not in made]
            ledger.settle(occurrence.construct, rules.RP038, Disposition.CONVERTED, change[1])
    return made


def _change(module: Module, occurrence: Occurrence, found: list[Occurrence]) -> tuple[list[Edit], str] | None:
    """(edits, what they do) for one use of an old name; None where nothing present means the same."""
    name = occurrence.dotted
    if occurrence.imported is not None:
        return _import(module, occurrence, found)
    if name.startswith(METRICS):
        return _statement(module, occurrence)
    if DOWNLOAD.match(name):
        return _download(module, occurrence)
    if name == UPLOAD:
        return _upload(module, occurrence)
    if RENAMED.match(name):
        return _attribute(module, occurrence)
    return None


def _import(module: Module, occurrence: Occurrence, found: list[Occurrence]) -> tuple[list[Edit], str] | None:
    """The import of a renamed module, or of a name in one: `from runpod.serverless.utils import rp_upload as upload`."""
    imported = occurrence.imported
    assert imported is not None
    node, alias, name = imported.node, imported.alias, occurrence.dotted
    uses = [use for use in found if not use.is_import and gone(use) is not None and use.dotted.startswith(name)]
    if any(_change(module, use, found) is None for use in uses):
        return None
    if name in (f"{UTILS}.download", f"{UTILS}.upload"):
        old, new = name.rpartition(".")[2], f"rp_{name.rpartition('.')[2]}"
        if isinstance(node, ast.ImportFrom):
            text = f"{new} as {alias.asname or old}"
        else:
            text = name.replace(old, new) + (f" as {alias.asname}" if alias.asname else "")
        return [edits.replace(module, alias, text, rules.RP038, _renamed(old))], _renamed(old)
    if DOWNLOAD.match(name) or name == UPLOAD:
        called = "file" if DOWNLOAD.match(name) else "upload_file_to_bucket"
        bound = _direct(module, name)
        text = f"{called} as {bound}" if bound != called else called
        made = [edits.replace(module, alias, text, rules.RP038, f"`{called}` is its present name")]
        return [*made, *_source_module(module, node)], f"`{called}` takes its place"
    if RENAMED.match(name):
        return _source_module(module, node), _renamed(name.split(".")[3])
    return None


def _renamed(old: str) -> str:
    return f"the SDK calls `{old}` `rp_{old}` since 0.8.5"


def _source_module(module: Module, node: ast.Import | ast.ImportFrom) -> list[Edit]:
    """`from runpod.serverless.utils.upload import ...` -> `from runpod.serverless.utils.rp_upload import ...`."""
    old = re.search(rf"{re.escape(UTILS)}\.(download|upload)\b", module.source(node))
    if old is None or not isinstance(node, ast.ImportFrom):
        return []
    start = module.span(node)[0] + old.start(1)
    reason = _renamed(old.group(1))
    return [Edit(file=module.path, start=start, end=start, replacement="rp_", rule=rules.RP038, reason=reason)]


def _direct(module: Module, name: str) -> str:
    """The name that an imported helper gets: a new one, since the old one is called otherwise."""
    wanted = ["download_file", "download_from_url"] if DOWNLOAD.match(name) else ["upload_file_to_bucket", "upload_to_bucket"]
    return edits.unused_name(module, wanted)


def _owner(module: Module, occurrence: Occurrence, direct: str, called: str) -> str:
    """The expression that reaches the present helper from where the old one was called."""
    node = occurrence.node
    if isinstance(node, ast.Attribute):
        owner = re.sub(rf"^{re.escape(UTILS)}\.(download|upload)$", rf"{UTILS}.rp_\1", module.source(node.value))
        return f"{owner}.{called}"
    return direct


def _download(module: Module, occurrence: Occurrence) -> tuple[list[Edit], str] | None:
    call = occurrence.call
    if call is None or len(call.args) != 1 or call.keywords or isinstance(call.args[0], ast.Starred):
        return None
    helper = _owner(module, occurrence, _direct(module, occurrence.dotted), "file")
    reason = "`rp_download.file` downloads one file and fails where it cannot, as `download_input_objects` did for a list"
    head = f'[None if url is None else {helper}(url)["file_path"] for url in'
    end = module.span(call)[1]
    if call.lineno != call.end_lineno and not module.text[module.span(call.args[0])[1] : end - 1].strip():  # the lines stay as they are
        made = [edits.replace(module, call.func, f"{head} ", rules.RP038, reason)]
        return [*made, Edit(file=module.path, start=end, end=end, replacement="]", rule=rules.RP038, reason=reason)], reason
    return edits.surround(module, call, call.args[0], f"{head} ", "]", rules.RP038, reason), reason


def _upload(module: Module, occurrence: Occurrence) -> tuple[list[Edit], str] | None:
    call = occurrence.call
    if call is None or len(call.args) != 3 or call.keywords or not isinstance(credentials := call.args[2], ast.Name):
        return None
    helper = _owner(module, occurrence, _direct(module, occurrence.dotted), "upload_file_to_bucket")
    reason = "`upload_file_to_bucket` takes the bucket's name by itself, which `file` found among the credentials"
    text = f'{credentials.id}, {credentials.id}["bucketName"]'
    return [
        edits.replace(module, call.func, helper, rules.RP038, reason),
        edits.replace(module, credentials, text, rules.RP038, reason),
    ], reason


def _attribute(module: Module, occurrence: Occurrence) -> tuple[list[Edit], str]:
    """A use through the whole name, or through an import that is repaired itself."""
    source = module.source(occurrence.node)
    old = re.match(rf"{re.escape(UTILS)}\.(download|upload)\b", source)
    name = occurrence.dotted.split(".")[3]
    if old is None:
        return [], _renamed(name)
    start = module.span(occurrence.node)[0] + old.start(1)
    return [Edit(file=module.path, start=start, end=start, replacement="rp_", rule=rules.RP038, reason=_renamed(name))], _renamed(name)


def _statement(module: Module, occurrence: Occurrence) -> tuple[list[Edit], str] | None:
    """A call whose result nobody takes told RunPod's worker loop how to count a stream."""
    call = occurrence.call
    statement = module.parents.get(call) if call is not None else None
    if not isinstance(statement, ast.Expr):
        return None
    reason = "it fed the metrics of RunPod's worker loop, which no release of the SDK and no runner of fal has"
    return [edits.remove_statement(module, statement, rules.RP038, reason)], reason
