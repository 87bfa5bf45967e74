"""Model files: the `weights:` key, files that were baked by hand and are not in the project, caches of the Hugging Face libraries."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from converters.concepts.literals import source_of, string
from converters.concepts.storage import data_folder
from converters.ir import App, Disposition, Origin, Scope, Weights
from converters.ledger import Ledger
from converters.project import Project, normalize
from converters.python.code import Code
from converters.python.module import Module
from converters.sources.replicate.cog_yaml import CogYaml, Entry
from converters.sources.replicate.pget import MODULE

FILES = re.compile(r"^(\./)?[\w./*-]+\.(pth|pt|ckpt|safetensors|bin|onnx|h5|pkl|gguf|ggml|tflite|pb|npz|msgpack|model)$")
CACHE = re.compile(r"^(HF_HOME|HUGGINGFACE_HUB_CACHE|HF_HUB_CACHE|TRANSFORMERS_CACHE|TORCH_HOME|DIFFUSERS_CACHE)$")


def managed(config: CogYaml, app: App, ledger: Ledger) -> tuple[list[str], bool]:
    """The `weights:` key as lines for setup(), and whether the Hub is asked."""
    entry = config.find("weights")
    lines: list[str] = []
    hub = False
    for item in entry.items() if entry is not None else []:
        target = item.get("target")
        for source in _sources(item.get("source")):
            uri = _text(source, "uri") or source.text
            made = _line(uri, target.text if target else "", source)
            hub |= uri.startswith("hf://")
            if made:
                lines.append(made)
                app.weights.append(Weights(what=uri, where=target.text if target else "", action="startup", origin=item.origin))
            else:
                app.weights.append(Weights(what=uri, where=target.text if target else "", action="manual", origin=item.origin))
                ledger.note(
                    "RC028",
                    Disposition.MANUAL,
                    f"the weights {uri} are files of your machine: copy them with `fal files upload`, link them to their target.",
                    item.origin,
                )
    for path, constructs in config.constructs.items():
        if path == "weights" or path.startswith(("weights.", "weights[]")):
            for construct in constructs:
                message = "the files are fetched into /data by setup(), once, and linked to where the code expects them"
                ledger.settle(construct, "RC028", Disposition.CONVERTED, message)
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


def baked(project: Project, code: Code, closure: list[str], folder: str, app: App, ledger: Ledger) -> None:
    """Weights that the code opens and the project does not hold: they were put beside the code by hand before the build."""
    seen: set[str] = set()
    for module, node in _strings(code, closure):
        path = str(node.value)
        if not FILES.match(path) or "/" not in path or path in seen or _present(project, folder, path) or _is_made(module, path):
            continue
        seen.add(path)
        app.weights.append(Weights(what=path, where=path, action="manual", origin=module.origin(node)))
        ledger.note(
            "RC034",
            Disposition.MANUAL,
            f"`{path}` is not in the project: it was put there before `cog build`. Upload it to {data_folder(app.name)} "
            "(`fal files upload`) and link it, or place it beside the code before `fal deploy`.",
            module.origin(node),
            scope=Scope.DEPLOY,
        )


def _strings(code: Code, closure: list[str]) -> Iterator[tuple[Module, ast.Constant]]:
    for path in closure:
        module = code.module(path)
        for node in ast.walk(module.tree) if module else ():
            if module is None or not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
                continue
            if not isinstance(module.parents.get(node), ast.Expr):
                yield module, node


def _present(project: Project, folder: str, path: str) -> bool:
    relative = normalize(path)
    if relative is None or "*" in path:
        parent = str(PurePosixPath(path).parent)
        return project.is_folder(f"{folder}/{parent}".strip("/"))
    return project.get(f"{folder}/{relative}".strip("/")) is not None


def _is_made(module: Module, path: str) -> bool:
    """Whether the file itself downloads what it names: a URL or a download stands near."""
    return bool(re.search(r"pget|urlretrieve|wget|hf_hub_download|snapshot_download|download", module.text)) or path.startswith("/tmp")


def caches(code: Code, closure: list[str], ledger: Ledger) -> None:
    """Caches that the code puts beside itself: they are empty on a new runner, and fal's own HF_HOME persists."""
    for path in closure:
        module = code.module(path)
        for node in ast.walk(module.tree) if module else ():
            name = _cache_name(node)
            if name and module is not None:
                ledger.note(
                    "RC034",
                    Disposition.MANUAL,
                    f"the code sets {name}, which a new runner finds empty: without it, fal's own below /data keeps the files.",
                    Origin(file=module.path, line=node.lineno),  # type: ignore[attr-defined]
                    scope=Scope.DEPLOY,
                )


def _cache_name(node: ast.AST) -> str:
    match node:
        case ast.Assign(targets=[ast.Subscript(value=ast.Attribute(attr="environ"), slice=ast.Constant(value=str(name)))]):
            return name if CACHE.match(name) else ""
    return ""


__all__ = ["MODULE", "baked", "caches", "managed"]
