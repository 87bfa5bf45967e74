"""What detect-secrets (Yelp) knows: the tokens of services by their shape, without its entropy and keyword findings.

Its import costs a tenth of a second, so it is asked only about texts that hold a mark of what it knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detect_secrets.plugins.base import RegexBasedDetector

DETECTORS = {
    "artifactory.ArtifactoryDetector": ("a token of Artifactory", "ARTIFACTORY_TOKEN", ("akc",)),
    "aws.AWSKeyDetector": ("a key of AWS", "AWS_ACCESS_KEY", ("akia", "asia", "abia", "acca", "a3t", "aws")),
    "azure_storage_key.AzureStorageKeyDetector": ("a key of Azure", "AZURE_STORAGE_KEY", ("accountkey=",)),
    "cloudant.CloudantDetector": ("a key of Cloudant", "CLOUDANT_API_KEY", ("cloudant",)),
    "discord.DiscordBotTokenDetector": ("the token of a Discord bot", "DISCORD_TOKEN", ("discord", "token", "bot")),
    "github_token.GitHubTokenDetector": ("a token of GitHub", "GITHUB_TOKEN", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_")),
    "gitlab_token.GitLabTokenDetector": (
        "a token of GitLab",
        "GITLAB_TOKEN",
        ("glpat-", "gldt-", "glft-", "glsoat-", "glrt-", "glcbt-", "glimt-", "glptt-", "glagent-", "gloas-", "gr1348941"),
    ),
    "ibm_cloud_iam.IbmCloudIamDetector": ("a key of IBM Cloud", "IBM_CLOUD_API_KEY", ("ibm", "bluemix")),
    "jwt.JwtTokenDetector": ("a JSON Web Token", "JWT", ("eyj",)),
    "mailchimp.MailchimpDetector": ("a key of Mailchimp", "MAILCHIMP_API_KEY", ("-us",)),
    "npm.NpmDetector": ("a token of npm", "NPM_TOKEN", ("_authtoken",)),
    "openai.OpenAIDetector": ("a key of OpenAI", "OPENAI_API_KEY", ("t3blbkfj",)),
    "pypi_token.PypiTokenDetector": ("a token of PyPI", "PYPI_TOKEN", ("pypi-age",)),
    "sendgrid.SendGridDetector": ("a key of SendGrid", "SENDGRID_API_KEY", ("sg.",)),
    "slack.SlackDetector": ("a token of Slack", "SLACK_TOKEN", ("xox",)),
    "softlayer.SoftlayerDetector": ("a key of SoftLayer", "SOFTLAYER_API_KEY", ("softlayer",)),
    "square_oauth.SquareOAuthDetector": ("a secret of Square", "SQUARE_SECRET", ("sq0csp-",)),
    "stripe.StripeDetector": ("a key of Stripe", "STRIPE_API_KEY", ("k_live_",)),
    "telegram_token.TelegramBotTokenDetector": ("the token of a Telegram bot", "TELEGRAM_BOT_TOKEN", ("telegram", "bot")),
    "twilio.TwilioKeyDetector": ("a key of Twilio", "TWILIO_AUTH_TOKEN", ("twilio",)),
}
"""Plugin -> what it finds, the variable it is told as, and lower-case marks of which one stands near everything that it finds."""
LIKELY = re.compile(
    r"AKC|A3T|ABIA|ACCA|AKIA|ASIA|AccountKey=|gh[pousr]_|gl[a-z]{2,5}-|GR1348941|eyJ[\w-]{8,}={0,2}\.eyJ|[0-9a-z]{32}-us\d|_authToken=|T3BlbkFJ"
    r"|pypi-AgE|SG\.[\w-]{22}\.|(?i:xox[abposr]-\d)|sq0csp-|[rs]k_live_|\d{8}:[\w-]{35}|[MNO][\w-]{23,25}\.[\w-]{6}\.|(?:AC|SK)[a-z0-9]{32}"
    r"|(?i:cloudant|ibm|bluemix|softlayer|aws.{0,20}(?:key|pass|pwd|secret|token).{0,20}[\"'][0-9a-zA-Z/+]{40})"
)
"""Without a match no plugin finds anything, and none is imported."""
MARKS = tuple(dict.fromkeys(mark for _, _, marks in DETECTORS.values() for mark in marks))
SHORTEST = 16
"""Characters of a group that is the token itself; a shorter one is its prefix."""
_EDGE = re.compile(r"[A-Za-z0-9+/_-]")


def findings(text: str) -> Iterator[tuple[int, int, str, str]]:
    """(start, end, what, variable) of every token in a text; parts of longer words, such as hashes and encoded files, are passed over."""
    if not LIKELY.search(text):
        return
    lowered = text.lower()
    for path, (what, name, marks) in DETECTORS.items():
        if not any(mark in lowered for mark in marks):
            continue
        detector = _detector(path)
        valid = getattr(detector, "is_formally_valid", lambda _: True)
        for match in (match for pattern in detector.denylist for match in pattern.finditer(text)):
            start, end = _span(match)
            before, after = text[:start][-1:], text[end:][:1]
            if valid(text[start:end]) and not _EDGE.match(before or " ") and not _EDGE.match(after or " "):
                yield start, end, what, name


def _span(match: re.Match[str]) -> tuple[int, int]:
    """Where the token stands in what a plugin matches: a long group of it, or all, up to a blank or quote."""
    spans = [match.span(number) for number in range(1, match.re.groups + 1) if match.group(number)]
    start, end = max((span for span in spans if span[1] - span[0] >= SHORTEST), key=lambda span: span[1] - span[0], default=match.span())
    text = match.string[start:end]
    lead = len(text) - len(text.lstrip("\"' \t\n:="))
    stop = re.search(r"[\s\"'`<>]", text[lead:])
    return start + lead, start + lead + stop.start() if stop else end


@cache
def _detector(path: str) -> RegexBasedDetector:
    from importlib import import_module

    module, _, name = path.partition(".")
    made: RegexBasedDetector = getattr(import_module(f"detect_secrets.plugins.{module}"), name)()
    return made
