"""A rule as text: for `migrate explain`."""

from __future__ import annotations

from textwrap import fill

from converters.rules.model import Rule

WIDTH = 100
SITES = (("docs.runpod.io", "RunPod"), ("cog.run", "Cog"), ("replicate.com", "Replicate"), ("docker.com", "Docker"), ("fal.ai", "fal"))


def paragraph(rule: Rule) -> str:
    """The explanation in one line."""
    return " ".join(rule.explanation.split())


def site(link: str) -> str:
    """Whose documentation a link leads to; the host where it is nobody's that is known."""
    host = link.removeprefix("https://").split("/")[0]
    return next((name for part, name in SITES if host == part or host.endswith(f".{part}")), host)


def headline(rule: Rule) -> str:
    rows = f", rows of fal's guide: {', '.join(rule.guide)}" if rule.guide else ""
    return f"{rule.code} {rule.title} ({rule.safety}{rows})"


def body(rule: Rule, indent: str = "") -> str:
    """The explanation, wrapped, and a line for each link."""
    lines = [fill(paragraph(rule), WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)]
    lines += [f"{indent}Expected: {rule.expected}."] if rule.expected else []
    lines += [f"{indent}{site(link)}: {link}" for link in rule.links]
    return "\n".join(lines) + "\n"


def explained(rule: Rule) -> str:
    return f"{headline(rule)}\n\n{body(rule)}"
