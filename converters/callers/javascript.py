"""Calls in JavaScript and TypeScript: found outside comments, and listed with what to write in their place."""

from __future__ import annotations

import re

from converters import rules
from converters.ir import Disposition, Origin
from converters.ledger import Ledger
from converters.project import SourceFile

RULE = rules.CL017
ENDINGS = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts")
_TOKEN = re.compile(r"//[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"|`(?:\\.|[^`\\])*`", re.DOTALL)
RUN = (
    "`(await fal.subscribe(APP, { input })).data`, with the result under `output`; a file stands under a key of its own (`image`, "
    "`images`, `audio` ...) and is an object: its `url` takes the place of `.url()`, `await fetch(file.url)` that of the stream"
)
CALLS = (
    (
        re.compile(r"(?:from|require\s*\(|import)\s*(['\"])(replicate|runpod-sdk)\1"),
        "import",
        'import `fal` from "@fal-ai/client" and give it FAL_KEY',
    ),
    (re.compile(r"\breplicate\s*\.\s*run\s*\("), "replicate.run", RUN),
    (re.compile(r"\breplicate\s*\.\s*stream\s*\("), "replicate.stream", "`await fal.stream(APP, { input })`, whose events are the values"),
    (
        re.compile(r"\breplicate\s*\.(?:\s*deployments\s*\.)?\s*predictions\s*\.\s*create\s*\("),
        "predictions.create",
        "`await fal.queue.submit(APP, { input, webhookUrl })`, which gives `request_id`",
    ),
    (
        re.compile(r"\breplicate\s*\.\s*predictions\s*\.\s*(?:get|cancel|list)\s*\(|\breplicate\s*\.\s*wait\s*\("),
        "predictions",
        "`fal.queue.status`, `result` or `cancel(APP, { requestId })`",
    ),
    (re.compile(r"\.\s*runSync\s*\("), "endpoint.runSync", "`(await fal.subscribe(APP, { input })).data`, without the envelope"),
    (
        re.compile(r"https?://api\.runpod\.ai/"),
        "api.runpod.ai",
        "`fal.subscribe` for /runsync, `fal.queue.submit`, `status` and `result` for /run and /status, `fal.stream` for /stream",
    ),
    (re.compile(r"https?://api\.replicate\.com/"), "api.replicate.com", "`fal.subscribe(APP, { input })` or `fal.queue.submit`"),
)


_SHARED = re.compile(
    r"import\s*(?:\{[^}]*\breplicate\b[^}]*\}|replicate\b)\s*from\s*['\"][^'\"]*/"
    r"|\breplicate\b\s*\}?\s*=\s*(?:await\s+)?(?:require\s*\(\s*['\"][^'\"]*/|\w*[rR]eplicate\w*\s*\()"
)
"""A client that another file of the program makes: `import { replicate } from "./client"`, `const replicate = getReplicate()`."""


def account(file: SourceFile, text: str, ledger: Ledger) -> bool:
    """Enter every call of a file in the ledger; False where it calls neither platform."""
    code = _TOKEN.sub(lambda found: re.sub(r"[^\n]", " ", found[0]) if found[0].startswith(("//", "/*")) else found[0], text)
    if not re.search(r"(['\"])(?:replicate|runpod-sdk)\1|api\.runpod\.ai|api\.replicate\.com", code) and not _SHARED.search(code):
        return False
    for pattern, name, instead in CALLS:
        if name == "endpoint.runSync" and "runpod-sdk" not in code:
            continue
        for found in pattern.finditer(code):
            origin = Origin(file=file.path, line=code.count("\n", 0, found.start()) + 1)
            construct = ledger.record("call", name, origin, offset=found.start())
            message = f"`{name}` is left as it is, since JavaScript is not rewritten here. In its place: {instead}."
            ledger.settle(construct, RULE, Disposition.MANUAL, message)
    return True
