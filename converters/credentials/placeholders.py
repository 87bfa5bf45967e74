"""Texts that stand where a secret belongs and are none: references, blanks to fill in, words."""

from __future__ import annotations

import re

_REFERENCE = re.compile(r"^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$|^\$|\$\{|\$\(|\{\{|\}\}|%\(|^%[sdr]$|^%\w+%$|^<|>$|^\[.*\]$|^\{|^`|^@|^!|^\\?\(")
_BLANK = re.compile(r"^[xX*.•_#?0-]+$|x{6,}|X{4,}|\*{3,}|\.{3}|…|^(.)\1+$|^1234?5?6?7?8?9?0?$")
_WORDS = re.compile(
    r"(^|[^a-z])(your|my)([^a-z]|$)|^(your|my)[a-z]*(token|key|secret|password)|change.?(me|it|this)|replace.?(me|this|with)|insert|placeholder"
    r"|(^|[^a-z])(wrong|invalid|some|fake|mock|secure|super|strong)([^a-z]|$)|^(password|passw0rd|passwd|secret|token|admin|test|user|key)[-_]?\d{0,4}[!.]?$"
    r"|example|redacted|to.?be.?set|fill.?in|dummy|_here$|-here$|\bhere\b",
    re.IGNORECASE,
)
_PLAIN = frozenset(
    (
        *("password", "passwd", "pass", "pwd", "secret", "secrets", "token", "key", "apikey", "api_key", "api-key", "api_token"),
        *("access_token", "auth_token", "bearer", "basic", "none", "null", "nil", "undefined", "true", "false", "yes", "no", "on", "off"),
        *("na", "n/a", "default", "string", "str", "int", "value", "optional", "required", "empty", "unset", "test", "admin", "user"),
        *("username", "abc", "abcdef", "foo", "bar", "todo", "enabled", "disabled", "auto", "self", "os.environ", "getenv", "environ"),
    )
)


def is_placeholder(value: str) -> bool:
    """Whether a text only stands for a value: `${TOKEN}`, `<token>`, `your-key-here`, `xxx`, `changeme`, nothing at all."""
    text = value.strip().strip("\"'")
    if not text or text.lower() in _PLAIN:
        return True
    return bool(_REFERENCE.search(text) or _BLANK.search(text) or _WORDS.search(text))


def is_generated(value: str) -> bool:
    """Whether a text looks as if a machine or a careful person made it up as a secret, and not like a word, path, address or version."""
    if len(value) < 8 or re.search(r"\s", value) or is_placeholder(value):
        return False
    digits, letters = len(re.findall(r"\d", value)), len(re.findall(r"[A-Za-z]", value))
    if digits < 2 or letters < 2 or re.search(r"://|^\.?/|^[\w-]+(\.[A-Za-z_]\w*)+(\(|$)|^v?\d+(\.\d+)+|\[|\(", value):
        return False
    runs = re.findall(r"[A-Za-z0-9]+", value)
    mixed = [run for run in runs if re.search(r"\d", run) and re.search(r"[A-Za-z]", run)]
    return any(len(run) >= 6 for run in mixed) and not re.fullmatch(r"[a-z]+([_-][a-z0-9]+){3,}", value)


def is_coined(value: str) -> bool:
    """Whether a text may be a password that a person made up: long, with digits. Tells enough beside a name that says secret."""
    plain = re.fullmatch(r"[\w!@#%^&*+=.-]{12,}", value)
    other = re.search(r"^v?\d+\.|\.\w{1,5}$|^\d+$", value)
    return bool(plain) and len(re.findall(r"\d", value)) >= 2 and not other and not is_placeholder(value)
