"""Gated models come with a token."""

from __future__ import annotations

from collections.abc import Iterator

from converters import rules
from converters.ir import Scope
from converters.preflight.checks.machine import TOKENS, gated
from converters.preflight.deployment import Deployment
from converters.preflight.finding import Finding


def check(deployment: Deployment) -> Iterator[Finding]:
    """PF021: a model whose files need a token, and no secret that holds one."""
    secrets = deployment.program.value("secrets", None)
    if isinstance(secrets, list) and TOKENS & set(map(str, secrets)):
        return
    for model, file, line in gated(deployment):
        message = f"{model} is handed out only to who accepted its licence: accept it on the Hub and `fal secrets set HF_TOKEN=...`."
        yield Finding(file, line, rules.PF021, message, about=model, scope=Scope.DEPLOY)
        return
