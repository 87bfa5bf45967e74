"""Model files: the `weights:` key, files that were baked by hand and are not in the project, caches of the Hugging Face libraries."""

from __future__ import annotations

import ast
import re

from converters import rules
from converters.concepts.cog.cog_yaml import CogYaml, Entry
from converters.concepts.cog.pget import MODULE
from converters.concepts.literals import source_of, string
from converters.ir import App, Disposition, Origin, Scope, Weights
from converters.ledger import Ledger
from converters.python.code import Code
from converters.python.guards import written

CACHE = re.compile(r"^(HF_HOME|HUGGINGFACE_HUB_CACHE|HF_HUB_CACHE|TRANSFORMERS_CACHE|TORCH_HOME|DIFFUSERS_CACHE)$")


def managed(config: CogYaml, app: App, ledger: Ledger) -> tuple[list[str], bool]:
    """The `weights:` key as lines for setup(), and whether the Hub is asked."""
    entry = config.find("weights")
    lines: list[str] = []
    hub = False
    for item in entry.items() if entry is not None else []:
        target = _text(item, "target")
        for source in _sources(item.get("source")):
            uri = _text(source, "uri") or source.text
            made = _line(uri, target, source)
            hub |= uri.startswith("hf://")
            if made:
                lines.append(made)
                app.weights.append(Weights(what=uri, where=target, action="startup", origin=item.origin))
            else:
                app.weights.append(Weights(what=uri, where=target, action="manual", origin=item.origin))
                ledger.note(
                    rules.RC028,
                    Disposition.MANUAL,
                    f"the weights {uri} are files of your machine: copy them with `fal files upload`, link them to their target.",
                    item.origin,
                )
    for path, constructs in config.constructs.items():
        if path == "weights" or path.startswith(("weights.", "weights[]")):
            for construct in constructs:
                message = "the files are fetched into /data by setup(), once, and linked to where the code expects them"
                ledger.settle(construct, rules.RC028, Disposition.CONVERTED, message)
    return lines, hub


def _sources(entry: Entry | None) -> list[Entry]:
    if entry is None:
        return []
    return entry.value if isinstance(entry.value, list) else [entry]


def _text(entry: Entry, key: str) -> str:
    found = entry.get(key)
    return found.text if found else ""


def _line(uri: str, target: str, source: Entry) -> str:
    """The call that fetches one source; '' for files that only the author's machine holds."""
    if uri.startswith("hf://"):
        patterns = f"include={_patterns(source, 'include')}, exclude={_patterns(source, 'exclude')}"
        return f"hub({string(uri.removeprefix('hf://'))}, {string(target)}, {patterns})"
    if uri.startswith(("http://", "https://")):
        return f"link(download({string(uri)}), Path({string(target)}))"
    return ""


def _patterns(source: Entry, key: str) -> str:
    found = source.get(key)
    return source_of([item.text for item in found.items()] if found else [])


def caches(code: Code, closure: list[str], ledger: Ledger) -> None:
    """Caches that the code puts beside itself: they are empty on a new runner, and fal's own HF_HOME persists."""
    for path in closure:
        module = code.module(path)
        for node in ast.walk(module.tree) if module else ():
            names = [name for name in written(node) if CACHE.match(name)]
            if names and module is not None:
                ledger.note(
                    rules.RC034,
                    Disposition.MANUAL,
                    f"the code sets {' and '.join(names)} to a folder that a new runner finds empty: without that, fal's own folders "
                    "below /data keep the files.",
                    Origin(file=module.path, line=node.lineno),  # type: ignore[attr-defined]
                    scope=Scope.DEPLOY,
                )


__all__ = ["MODULE", "caches", "managed"]
