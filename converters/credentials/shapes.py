"""Values that are secrets by their shape, wherever they stand: tokens with a known prefix, passwords in addresses, headers, webhooks."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """A pattern whose group `value` is the secret, what it is, and the variable it is told as."""

    what: str
    name: str
    pattern: re.Pattern[str]
    hints: tuple[str, ...]
    """Lower-case texts of which one stands in every text that the pattern matches."""
    strict: bool = False
    """The surroundings say little, so the value itself must look generated."""


def _shape(what: str, name: str, pattern: str, *hints: str, strict: bool = False, flags: int = 0) -> Shape:
    return Shape(what, name, re.compile(pattern, flags), hints, strict)


_START, _END = r"(?<![A-Za-z0-9_])", r"(?![A-Za-z0-9_])"
_WORD = r"[A-Za-z0-9_-]"


def _token(what: str, name: str, body: str, *hints: str) -> Shape:
    return _shape(what, name, f"{_START}(?P<value>{body}){_END}", *hints)


TOKENS = (
    _token("a token of Hugging Face", "HF_TOKEN", r"hf_[A-Za-z0-9]{30,}", "hf_"),
    _token("a token of Replicate", "REPLICATE_API_TOKEN", r"r8_[A-Za-z0-9]{30,}", "r8_"),
    _token("a key of RunPod", "RUNPOD_API_KEY", r"rpa_[A-Za-z0-9]{30,}", "rpa_"),
    _token("a key of fal", "FAL_KEY", r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}:[0-9a-f]{32}", "fal", "key "),
    _token("a key of Anthropic", "ANTHROPIC_API_KEY", rf"sk-ant-{_WORD}{{20,}}", "sk-ant-"),
    _token("a key of OpenRouter", "OPENROUTER_API_KEY", r"sk-or-v1-[0-9a-f]{32,}", "sk-or-"),
    _token("a key of OpenAI", "OPENAI_API_KEY", rf"sk-(?:(?:proj|svcacct|admin)-{_WORD}{{20,}}|[A-Za-z0-9]{{32,}})", "sk-"),
    _token(
        "a token of GitHub",
        "GITHUB_TOKEN",
        r"github_pat_[A-Za-z0-9_]{22,}|gh[pousr]_[A-Za-z0-9]{30,}",
        "github_pat_",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
    ),
    _token(
        "a key of Google",
        "GOOGLE_API_KEY",
        r"AIza[A-Za-z0-9_-]{35}|GOCSPX-[A-Za-z0-9_-]{20,}|ya29\.[A-Za-z0-9_-]{20,}",
        "aiza",
        "gocspx",
        "ya29.",
    ),
    _token("a key of Groq", "GROQ_API_KEY", r"gsk_[A-Za-z0-9]{32,}", "gsk_"),
    _token("a key of NVIDIA", "NVIDIA_API_KEY", rf"nvapi-{_WORD}{{32,}}", "nvapi-"),
    _token("a token of Docker Hub", "DOCKERHUB_TOKEN", rf"dckr_pat_{_WORD}{{20,}}", "dckr_pat_"),
    _token("a token of npm", "NPM_TOKEN", r"npm_[A-Za-z0-9]{36}", "npm_"),
    _token("a key of Stripe", "STRIPE_API_KEY", r"[sr]k_(?:live|test)_[A-Za-z0-9]{16,}", "k_live_", "k_test_"),
    _token("a token of DigitalOcean", "DIGITALOCEAN_TOKEN", r"do[opr]_v1_[0-9a-f]{64}", "_v1_"),
    _token("a key of xAI", "XAI_API_KEY", r"xai-[A-Za-z0-9]{40,}", "xai-"),
    _token("a token of Vault", "VAULT_TOKEN", rf"hvs\.{_WORD}{{24,}}", "hvs."),
)
"""What services give out, by prefix; detect-secrets knows the others (`detectors.py`)."""

_HOST = r"(?:[\w-]+\.)*"
WEBHOOKS = (
    _shape(
        "the address of a Discord webhook",
        "DISCORD_WEBHOOK",
        rf"https://{_HOST}discord(?:app)?\.com/api/(?:v\d+/)?webhooks/(?P<value>\d+/[\w-]{{6,}})",
        "/webhooks/",
        flags=re.IGNORECASE,
    ),
    _shape(
        "the address of a Slack webhook",
        "SLACK_WEBHOOK",
        r"https://hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/(?P<value>[\w/-]{8,})",
        "hooks.slack",
        flags=re.IGNORECASE,
    ),
    _shape(
        "the address of a Teams webhook",
        "TEAMS_WEBHOOK",
        rf"https://{_HOST}webhook\.office\.com/(?P<value>[\w@/-]{{20,}})",
        "webhook.office",
        flags=re.IGNORECASE,
    ),
    _shape(
        "the token of a Telegram bot",
        "TELEGRAM_BOT_TOKEN",
        r"api\.telegram\.org/(?:file/)?bot(?P<value>\d+:[\w-]{6,})",
        "api.telegram.org/bot",
    ),
)

_VALUE = r"[^\s\"'`<>{}|\\^]"
_PARAMETER = r"(?:[\w-]*[_-])?(?:token|api_?-?key|access_?-?key|secret(?:_?-?key)?|password|passwd|pwd|signature)"
_CONNECTION = r"(?:Server|Data Source|Host|Uid|User ?Id|Database)=[^;\"'\n]*;(?:[^;\"'\n]*;){0,8}?[ ]*(?:Password|Pwd)"
ADDRESSES = (
    _shape(
        "the password of an address",
        "URL_PASSWORD",
        r"\b(?P<scheme>[A-Za-z][\w+.-]*)://(?P<user>[^\s/?#@:\"'`<>{}()|,]*):(?P<value>[^\s/?#@\"'`<>|,]+)@(?=[\w\[.$-])",
        "@",
    ),
    _shape(
        "the token of an address",
        "URL_TOKEN",
        r"\b(?P<scheme>[A-Za-z][\w+.-]*)://(?P<value>[A-Za-z0-9_-]{20,})@(?=[\w\[.-])",
        "@",
        strict=True,
    ),
    _shape(
        "the token in an address",
        "URL_TOKEN",
        rf"[?&](?P<key>{_PARAMETER})=(?P<value>{_VALUE}[^\s\"'`<>{{}}|\\^&#,;)]{{3,}})",
        "token=",
        "key=",
        "secret=",
        "password=",
        "passwd=",
        "pwd=",
        "signature=",
        flags=re.IGNORECASE,
    ),
    _shape(
        "the key in an address",
        "URL_KEY",
        r"[?&](?P<key>key|auth|sig)=(?P<value>[\w%+/=.~-]{16,})",
        "key=",
        "auth=",
        "sig=",
        strict=True,
        flags=re.IGNORECASE,
    ),
    _shape(
        "the key of a connection",
        "CONNECTION_KEY",
        r"\b(?:AccountKey|SharedAccessKey|SharedAccessSignature|SharedSecretValue)=(?P<value>[^\s;\"'`<>{}]{8,})",
        "accountkey=",
        "sharedaccess",
        "sharedsecret",
        flags=re.IGNORECASE,
    ),
    _shape(
        "the password of a connection",
        "CONNECTION_PASSWORD",
        rf"{_CONNECTION}=(?P<value>[^\s;\"'`<>{{}}]+)",
        "password=",
        "pwd=",
        flags=re.IGNORECASE,
    ),
)

_SCHEME = r"(?:Bearer|Basic|Token|Key|ApiKey)"
HEADERS = (
    _shape(
        "the token of a header",
        "AUTHORIZATION",
        rf"\b(?:proxy-)?authorization[\"']?\s*[:=,]\s*[bf]?[\"']?{_SCHEME}\s+(?P<value>{_VALUE}[^\s\"'`<>{{}}|\\^,;)]{{3,}})",
        "authorization",
        flags=re.IGNORECASE,
    ),
    _shape("the token of a header", "AUTHORIZATION", r"\bBearer\s+(?P<value>[A-Za-z0-9._~+/=-]{12,})", "bearer", strict=True),
    _shape(
        "the token of a header",
        "AUTHORIZATION",
        r"\b(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?(?P<value>[A-Za-z0-9._~+/=-]{20,})",
        "authorization",
        strict=True,
        flags=re.IGNORECASE,
    ),
    _shape(
        "the key of a header",
        "API_KEY",
        r"\b(?:x-)?(?:api-key|auth-token|access-token|auth-key|api-token)[\"']?\s*[:=]\s*[\"']?(?P<value>[A-Za-z0-9._~+/=-]{8,})",
        "-key",
        "-token",
        strict=True,
        flags=re.IGNORECASE,
    ),
)

_FLAG = (
    r"(?:api[-_]?key|api[-_]?token|auth[-_]?token|access[-_]?token|access[-_]?key|secret[-_]?key|token|password|passwd|secret|credentials?)"
)
_NEXT = r"(?:=|[ \t]+|[\"'][ \t]*,\s*(?=[\"'])|[\"']?[ \t]*\n[ \t]*-[ \t]+)[\"']?"
COMMANDS = (
    _shape(
        "the value of an option",
        "",
        rf"(?<![\w-])--(?P<flag>(?:[a-z0-9]+[-_])*{_FLAG}){_NEXT}(?P<value>(?!-)[^\s\"'`<>{{}}|,;)\]]{{2,}})(?![\w:=!])",
        "key",
        "token",
        "secret",
        "passw",
        "credential",
        flags=re.IGNORECASE,
    ),
    _shape(
        "the password of a login", "HTTP_PASSWORD", r"\bcurl\b[^\n|;&]*?\s(?:-u|--user)[ =]?[\"']?[^\s:\"'$]+:(?P<value>[^\s\"'`]+)", "curl"
    ),
    _shape("the password of a login", "SSH_PASSWORD", r"\bsshpass\s+-p\s*[\"']?(?P<value>[^\s\"'`]+)", "sshpass"),
    _shape(
        "the password of a login",
        "REGISTRY_PASSWORD",
        r"\b(?:docker|podman|buildah|registry)\s+login\b[^\n|;&]*?\s-p\s*[\"']?(?P<value>[^\s\"'`]+)",
        " login",
    ),
    _shape(
        "the password of a login", "DATABASE_PASSWORD", r"\bmysql(?:dump|admin)?\b[^\n|;&]*?\s-p(?P<value>[^\s\"'`-][^\s\"'`]+)", "mysql"
    ),
)

SHAPES = (*TOKENS, *WEBHOOKS, *ADDRESSES, *HEADERS, *COMMANDS)
PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?P<value>.*?)-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----", re.DOTALL
)
PREFIXED = re.compile(
    r"^(hf_|r8_|rpa_|sk-|gh[pousr]_|github_pat_|glpat-|xox[abposr]-|gsk_|nvapi-|AKIA|AIza|dckr_pat_|pypi-|npm_|SG\.)[A-Za-z0-9_.-]{8,}$"
)
"""A value that says by its beginning whose token it is; too short for its shape alone, enough together with its name."""
