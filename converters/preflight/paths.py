"""Paths that code on a runner reads and cannot do without."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from converters.preflight.deployment import Deployment
from converters.preflight.running import Scope
from converters.preflight.values import absolute

LOADERS = {
    "torch.load": "torch.load reads",
    "torch.jit.load": "torch.jit.load reads",
    "np.load": "np.load reads",
    "numpy.load": "numpy.load reads",
    "joblib.load": "joblib.load reads",
    "cv2.imread": "cv2.imread reads",
    "Image.open": "Image.open reads",
    "ImageFont.truetype": "ImageFont.truetype reads",
    "OmegaConf.load": "OmegaConf.load reads",
    "load_file": "load_file reads",
    "safetensors.torch.load_file": "load_file reads",
    "InferenceSession": "InferenceSession reads",
    "onnxruntime.InferenceSession": "InferenceSession reads",
    "ort.InferenceSession": "InferenceSession reads",
    "load_from_checkpoint": "load_from_checkpoint reads",
    "tf.keras.models.load_model": "load_model reads",
    "keras.models.load_model": "load_model reads",
    "tf.saved_model.load": "saved_model.load reads",
    "pd.read_csv": "read_csv reads",
    "pd.read_json": "read_json reads",
    "np.loadtxt": "np.loadtxt reads",
}
"""Calls whose first argument is the path of a file that must be there."""
KEYWORDS = ("model_path", "checkpoint_path", "ckpt_path")
"""Arguments that name a file of weights, whatever is called."""
LOCAL = frozenset(
    {
        "weights", "weight", "checkpoints", "checkpoint", "ckpt", "ckpts", "models", "model", "pretrained", "pretrained_models",
        "pretrained_weights", "pretrain", "model_weights", "model_cache", "models_cache", "assets", "data", "cache", "lora", "loras",
        "saved_model", "saved_models",
    }
)  # fmt: skip
"""Names of folders, which no owner on a hub has."""
INTERPRETERS = re.compile(r"^(.*/)?(python[\d.]*|bash|sh)$")


@dataclass(frozen=True)
class Need:
    """A path that must be there. `text` is as the code has it, `path` where it lies on the runner."""

    text: str
    path: str
    line: int
    why: str
    scope: Scope


def needs(deployment: Deployment) -> Iterator[Need]:
    """The paths that the code of a runner reads, but for those that it asks for first or does without."""
    for scope in deployment.scopes:
        for node in scope.nodes:
            if isinstance(node, ast.Call):
                for argument, why in _reads(node, scope):
                    text = scope.text(argument)
                    if text and _is_path(text) and not _is_optional(scope, node, argument):
                        yield Need(text, absolute(text, deployment.running.runner.cwd), node.lineno, why, scope)


def _reads(call: ast.Call, scope: Scope) -> Iterator[tuple[ast.expr, str]]:
    name = ast.unparse(call.func)
    last = name.rpartition(".")[2]
    first = call.args[0] if call.args else None
    if name in ("open", "io.open", "codecs.open") and first is not None:
        if _reading(call, 1, scope):
            yield first, "the code opens"
    elif last in ("read_text", "read_bytes") and isinstance(call.func, ast.Attribute):
        yield call.func.value, "the code reads"
    elif last == "open" and isinstance(call.func, ast.Attribute) and "Path" in name and _reading(call, 0, scope):
        yield call.func.value, "the code opens"
    elif (name in LOADERS or last in ("load_from_checkpoint", "load_file", "InferenceSession", "truetype")) and first is not None:
        yield first, LOADERS.get(name, f"`{last}` reads")
    elif last == "from_pretrained" and (first := first or _keyword(call, "pretrained_model_name_or_path")) is not None:
        if _is_local(scope.text(first) or ""):
            yield first, "`from_pretrained` reads"
    elif name in ("subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output", "subprocess.Popen", "Popen"):
        yield from _programs(call, scope)
    for keyword in call.keywords:
        if keyword.arg in KEYWORDS:
            yield keyword.value, f"`{keyword.arg}` names"


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _reading(call: ast.Call, position: int, scope: Scope) -> bool:
    """Whether a file must be there to be opened: not where it is opened for writing, or in a mode that is not known."""
    mode = call.args[position] if len(call.args) > position else _keyword(call, "mode")
    if mode is None:
        return True
    text = scope.text(mode)
    return text is not None and text.startswith("r")


def _programs(call: ast.Call, scope: Scope) -> Iterator[tuple[ast.expr, str]]:
    """The script of the project that a list of words starts."""
    words = call.args[0] if call.args else None
    if not isinstance(words, ast.List | ast.Tuple) or not words.elts:
        return
    first = scope.text(words.elts[0]) or ast.unparse(words.elts[0])
    if INTERPRETERS.match(first) or first == "sys.executable":
        for element in words.elts[1:]:
            text = scope.text(element)
            if text is None or text == "-m" or text == "-c":
                return
            if text.endswith((".py", ".sh")):
                yield element, "the code starts"
                return
    elif first.endswith((".py", ".sh")) and "/" in first:
        yield words.elts[0], "the code starts"


def _is_path(text: str) -> bool:
    odd = "\0" in text or "\n" in text or "://" in text or text.startswith(("~", "<", "$"))
    return 0 < len(text) < 500 and not odd


def _is_local(text: str) -> bool:
    """Whether a name that `from_pretrained` is given is a folder and no repository of a hub (`owner/name`)."""
    if text.startswith(("./", "../", "/")):
        return True
    parts = PurePosixPath(text).parts
    return len(parts) > 2 or (bool(parts) and parts[0].lower() in LOCAL)


def _is_optional(scope: Scope, node: ast.AST, argument: ast.expr) -> bool:
    """Whether the code looks first whether the path is there, or goes on without it."""
    wanted = ast.dump(argument)
    child: ast.AST = node
    for above in scope.unit.module.ancestors(node):
        if isinstance(above, ast.Try) and child in above.body and any(_forgives(handler) for handler in above.handlers):
            return True
        if isinstance(above, ast.If | ast.IfExp | ast.While) and child is not above.test and _asks(above.test, wanted, scope, argument):
            return True
        child = above
    return _turned_back(scope, node, wanted, argument)


def _forgives(handler: ast.ExceptHandler) -> bool:
    """Whether the code goes on after a file was missing."""
    kinds = ast.unparse(handler.type) if handler.type is not None else "Exception"
    if not re.search(r"\b(Exception|BaseException|OSError|IOError|FileNotFoundError|EnvironmentError)\b", kinds):
        return False
    return not any(map(_gives_up, handler.body))


def _exits(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in ("sys.exit", "exit", "quit", "os._exit")


def _asks(test: ast.expr, wanted: str, scope: Scope, argument: ast.expr) -> bool:
    """Whether a condition asks for the path."""
    text = scope.text(argument)
    for node in ast.walk(test):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ("exists", "isfile", "isdir", "is_file", "is_dir"):
            asked = [*node.args, *([node.func.value] if isinstance(node.func, ast.Attribute) else [])]
            if any(ast.dump(one) == wanted or (text is not None and scope.text(one) == text) for one in asked):
                return True
    return False


def _turned_back(scope: Scope, node: ast.AST, wanted: str, argument: ast.expr) -> bool:
    """`if not os.path.exists(path): return` (or fetch it) before the path is used; not where that raises."""
    line = getattr(node, "lineno", 0)
    earlier = [other for other in scope.nodes if isinstance(other, ast.If) and other.lineno < line]
    return any(_asks(other.test, wanted, scope, argument) and not any(map(_gives_up, other.body)) for other in earlier)


def _gives_up(statement: ast.stmt) -> bool:
    return any(isinstance(part, ast.Raise) or _exits(part) for part in ast.walk(statement))
