"""Models that a server's build leaves in the Hugging Face cache of the home folder, where fal's own HF_HOME does not look."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from converters import rules
from converters.concepts import variables
from converters.containers.dockerfile_model import Run
from converters.containers.packaging import Packaging
from converters.ir import App, Disposition, Origin
from converters.ledger import Ledger
from converters.project import Project

if TYPE_CHECKING:
    from converters.sources.docker.analysis import Reading

LOADS = re.compile(
    r"\b(from_pretrained|snapshot_download|hf_hub_download|SentenceTransformer|CrossEncoder|WhisperModel|pipeline)\s*\("
    r"|\b(huggingface-cli|hf)\s+download\b"
)
"""What puts a model of the Hub into its cache."""
ELSEWHERE = re.compile(
    r"cache_dir|cache_folder|local_dir|--local-dir|--cache-dir|download_root|output_dir|save_pretrained|\.save\(|HF_HOME|HF_HUB_CACHE"
    r"|TRANSFORMERS_CACHE|SENTENCE_TRANSFORMERS_HOME|HUGGINGFACE_HUB_CACHE"
)
"""What names another folder for it."""
SCRIPT = re.compile(r"\bpython[\d.]*\s+(?:-\w+\s+)*(?P<path>[\w./-]+\.py)\b")


def settle(project: Project, found: Packaging, reading: Reading, app: App, ledger: Ledger) -> None:
    """Point the server at the cache that its image holds, by its start command, which comes after what fal sets."""
    stage, server = found.stage, app.server
    if server is None or not server.command or variables.CACHES & stage.env.keys():
        return
    filled = next((run for run in stage.runs if _fills(project, found, run)), None)
    if filled is None or variables.CACHES & reading.candidate.env().keys() or any(word.startswith("HF_HOME=") for word in server.command):
        return
    home = "/root" if filled.user in (None, "root", "0") else f"/home/{filled.user}"
    server.command = ["env", f"HF_HOME={home}/.cache/huggingface", *server.command]
    server.entrypoint, server.cmd, reading.changed = server.command, [], True
    message = (
        f"models that the build caches under {home}/.cache would be invisible, since fal sets HF_HOME: the start command names it again"
    )
    ledger.note(rules.FS004, Disposition.CONVERTED, message, Origin(file=found.file.path, line=filled.line, end_line=filled.end_line))


def _fills(project: Project, found: Packaging, run: Run) -> bool:
    """Whether a step of the final image loads a model and names no folder for it."""
    text = run.script
    for match in SCRIPT.finditer(run.script):
        name = match["path"].rsplit("/", 1)[-1]
        paths = [path for path in found.layout.files.values() if path.rsplit("/", 1)[-1] == name]
        text += "".join(project.files[path].data.decode(errors="replace") for path in paths if project.files[path].size < 2**18)
    return LOADS.search(text) is not None and ELSEWHERE.search(text) is None
