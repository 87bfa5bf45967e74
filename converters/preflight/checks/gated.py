"""Gated models come with a token."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from converters import rules
from converters.ir import Scope
from converters.preflight.deployment import Deployment
from converters.preflight.finding import Finding

GATED = re.compile(
    r"^(black-forest-labs/FLUX\.1-(dev|Fill-dev|Depth-dev|Canny-dev|Redux-dev|Kontext-dev|Krea-dev)|black-forest-labs/FLUX\.2-dev"
    r"|meta-llama/(Meta-)?Llama-.+|meta-llama/CodeLlama-.+|google/(gemma|paligemma|codegemma|recurrentgemma|shieldgemma|medgemma)-.+"
    r"|mistralai/(Mistral-Large|Mistral-Small-24B|Codestral|Mixtral-8x22B|Ministral).*"
    r"|stabilityai/(stable-diffusion-3(\.5)?-.+|stable-audio-open-.+|stable-cascade.*|sdxl-turbo-gated|stable-fast-3d|stable-video-diffusion-.+-1-1)"
    r"|pyannote/(speaker-diarization|segmentation|voice-activity-detection|overlapped-speech-detection|brouhaha|speaker-segmentation)[\w.-]*"
    r"|CohereForAI/.+|CohereLabs/.+|bigcode/starcoder.*|nvidia/Cosmos-.+|facebook/(sam3|dinov3)[\w.-]*|briaai/RMBG-2\.0|briaai/BRIA-.+)$"
)
"""Models of the Hugging Face Hub whose files are handed out only with a token of somebody who accepted the licence."""
TOKENS = frozenset({"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_HUB_TOKEN", "HUGGINGFACE_TOKEN"})
MODEL = re.compile(r"(?<![\w./])[A-Za-z]\w[\w-]*/[\w.-]*\w")
"""`owner/name`, also behind the `:-` of a shell."""
_ADDRESS = re.compile(r"https://huggingface\.co/([\w.-]+/[\w.-]+)/(?:resolve|raw)/")
_CONFIG = re.compile(r"\.(?:json|ya?ml|toml|ini|cfg|conf)$", re.IGNORECASE)
_VALUE = re.compile(rf"""(?:["']({MODEL.pattern})["']|(?:[:=]|^\s*-)\s*({MODEL.pattern}))\s*(?:[,\]}}]|[#;].*|$)""")
"""A model that is a whole value of a line of JSON, YAML, TOML or INI."""
_COMMENT = re.compile(r"^\s*[#;]")
GIVEN = frozenset({"token", "use_auth_token", "hf_token", "auth_token"})
"""Keywords by which calls are given a token."""
PLACEHOLDER = re.compile(r"your|here\b|insert|replace|change|<|\.\.\.|x{3,}|^hf_?(token)?$|^token$", re.IGNORECASE)
"""What stands where an author left room for a token ..."""
ISSUED = re.compile(r"hf_[A-Za-z0-9]{30,}")
"""... unless it has the form of one that the Hub gave out, which is quoted nowhere."""
_LIMIT = 2**18
"""Bytes of a file of settings that is read."""


def check(deployment: Deployment) -> Iterator[Finding]:
    """PF021: a model whose files need a token, and no secret that holds one; a token that is none."""
    yield from _placeholders(deployment)
    secrets = deployment.program.value("secrets", None)
    if isinstance(secrets, list) and TOKENS & set(map(str, secrets)):
        return
    for model, file, line in gated(deployment):
        message = f"{model} is handed out only to who accepted its licence: accept it on the Hub and `fal secrets set HF_TOKEN=...`."
        yield Finding(file, line, rules.PF021, message, about=model, scope=Scope.DEPLOY)
        return


def _placeholders(deployment: Deployment) -> Iterator[Finding]:
    """Calls that name a gated model and give a text for a token that stands for one."""
    for scope in deployment.scopes:
        for node in scope.nodes:
            if not isinstance(node, ast.Call) or not any(_is_gated(part) for part in (*node.args, *(one.value for one in node.keywords))):
                continue
            for one in node.keywords:
                given = one.value.value if one.arg in GIVEN and isinstance(one.value, ast.Constant) else None
                if isinstance(given, str) and not ISSUED.fullmatch(given) and (PLACEHOLDER.search(given) or not given):
                    message = (
                        f'`{one.arg}` is given a placeholder, {given!r}: write `os.environ["HF_TOKEN"]` there, and set it with '
                        "`fal secrets set HF_TOKEN=...`."
                    )
                    yield Finding(scope.unit.path, one.value.lineno, rules.PF021, message, about=str(one.arg), scope=Scope.CODE)


def _is_gated(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(GATED.match(node.value))


def gated(deployment: Deployment) -> Iterator[tuple[str, str, int]]:
    """(model, file, line) of gated models that what runs names: code, files of settings that it opens, scripts, an image's command."""
    for scope in deployment.scopes:
        for node in scope.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield from (
                    (model, scope.unit.path, node.lineno) for model in (node.value, *_ADDRESS.findall(node.value)) if GATED.match(model)
                )
    for path in (*_settings(deployment), *deployment.scripts):
        yield from _in_lines(path, deployment.project.files[path].data.decode(errors="replace"), script=path in deployment.scripts)
    for text, line in _stated(deployment):
        file = deployment.image.image.file if deployment.image is not None else deployment.program.file
        yield from ((model, file, line) for model in MODEL.findall(text) if GATED.match(model))


def _in_lines(path: str, text: str, *, script: bool) -> Iterator[tuple[str, str, int]]:
    """What a script names anywhere, and a file of settings as a whole value."""
    for number, line in enumerate(text.splitlines(), 1):
        if not _COMMENT.match(line):
            named = MODEL.findall(line) if script else [one for pair in _VALUE.findall(line) for one in pair]
            yield from ((model, path, number) for model in (*named, *_ADDRESS.findall(line)) if GATED.match(model))


def _settings(deployment: Deployment) -> Iterator[str]:
    """Paths of the project of files of settings that the code names: by their whole path, or by a name that only one file has."""
    named = {
        PurePosixPath(node.value.lstrip("./")).parts
        for scope in deployment.scopes
        for node in scope.nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CONFIG.search(node.value) and "\n" not in node.value
    }
    places = {place: path for place, path in deployment.runner.files.items() if _CONFIG.search(place)}
    for parts in named:
        found = {path for place, path in places.items() if PurePosixPath(place).parts[-len(parts) :] == parts}
        if len(found) == 1 and deployment.project.files[path := found.pop()].size < _LIMIT:
            yield path


def _stated(deployment: Deployment) -> Iterator[tuple[str, int]]:
    """(text, line) of what an image says of its model: variables, and of a server the command and its overrides."""
    image, stated = deployment.image, deployment.program.image
    if image is not None:
        commands = (image.stage.entrypoint, image.stage.cmd) if deployment.program.kind == "server" else ()
        yield from ((" ".join(command.words), image.line_of(command.line)) for command in commands if command is not None)
        yield from ((value.value, image.line_of(value.line)) for name, value in image.stage.env.items() if "MODEL" in name)
    for given in (stated.entrypoint, stated.cmd) if deployment.program.kind == "server" and stated is not None and image is None else ():
        yield " ".join(map(str, given)) if isinstance(given, list) else str(given or ""), deployment.program.line_of("image")
