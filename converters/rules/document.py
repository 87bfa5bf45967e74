"""docs/rules.md: a section for each rule, with an example that is converted while the document is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent

from converters.outcome import Outcome
from converters.rules import Case, Rule, all_rules
from converters.rules.text import paragraph, site

HEAD = """# Rules

<!-- Written by `python -m converters.rules`; edit the files in `converters/rules/` instead. -->

Every line of a report cites one of these rules, and `migrate explain RULE` prints its section. *safe*: no value on the wire changes
and behaviour is kept; *idiomatic*: fal's own media types and names, on request; *manual*: a person decides.
"""
LANGUAGES = {".py": "python", ".json": "json", ".toml": "toml", ".yaml": "yaml", ".yml": "yaml", ".sh": "bash", ".md": "markdown"}


def document() -> str:
    """The whole text of docs/rules.md."""
    rules = all_rules()
    index = [f"| [{rule.code}](#{rule.code.lower()}) | {_plain(rule.title)} | {rule.safety} | {', '.join(rule.guide)} |" for rule in rules]
    table = "\n".join(["| rule | what it is about | safety | rows of fal's guide |", "|---|---|---|---|", *index])
    return "\n".join([HEAD, table, "", *("\n".join(_section(rule)) for rule in rules)])


def _plain(text: str) -> str:
    """Text without characters that Markdown reads."""
    return "".join(f"\\{letter}" if letter in "_*|[]<>`" else letter for letter in text)


def _section(rule: Rule) -> Iterator[str]:
    yield f"## {rule.code}\n"
    yield f"**{_plain(rule.title)}** ({rule.safety}{'; guide: ' + ', '.join(rule.guide) if rule.guide else ''})\n"
    yield f"{paragraph(rule)}\n"
    if rule.expected:
        yield f"Expected: {rule.expected}.\n"
    yield f"{' · '.join(f'[{site(link)}]({link})' for link in rule.links)}\n"
    case = next((case for case in rule.cases if case.kind != "untouched"), None)
    if case is not None:
        yield f"For example, {case.id}:\n"
        yield from _example(rule, case)


def _example(rule: Rule, case: Case) -> Iterator[str]:
    """What the case is about, as it was, and the lines that show what came of it."""
    outputs = _outputs(case)
    source = case.seen[0].file if case.seen and case.seen[0].file in case.project else next(iter(case.files))
    yield _fenced(source, case.project[source])
    if case.image:
        yield f"with `--image-config image.json`:\n\n{_fenced('image.json', case.image)}"
    if case.endpoint:
        yield f"with `--endpoint-config endpoint.json`:\n\n{_fenced('endpoint.json', case.endpoint)}"
    for path, texts in case.has.items():
        if path == source:
            yield f"becomes\n\n{_fenced(path, outputs.get(path, ''))}"
        else:
            yield f"in `{path}`:\n\n{_fenced(path, _excerpt(outputs.get(path, ''), texts))}"
    if not case.has:
        yield f"{case.seen[0].disposition if case.seen else rule.safety}, see the report.\n"


def _outputs(case: Case) -> dict[str, str]:
    from converters.outcome import Converted

    with TemporaryDirectory() as folder:
        root = Path(folder) / "worker"
        for path, text in case.project.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(text.encode())
        for path, target in case.symlinks.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).symlink_to(target)
        outcome = convert_case(case, root)
    changes = outcome.files if isinstance(outcome, Converted) else ()
    return {change.path: change.data.decode() for change in changes if change.data is not None}


def convert_case(case: Case, root: Path) -> Outcome:
    """Convert the project of a case, which stands in `root`, as its command would; other files that it needs go beside `root`."""
    from converters.callers.convert import convert_callers
    from converters.convert import convert

    return convert(root, case.options(root.parent)) if case.apps is None else convert_callers(root, case.apps)


def _excerpt(text: str, wanted: tuple[str, ...]) -> str:
    """The lines that hold the wanted texts, with `...` for what is left out between them."""
    keep: set[int] = set()
    for part in wanted:
        if part in text:
            first = text.count("\n", 0, text.index(part))
            keep |= set(range(first, first + part.strip("\n").count("\n") + 1))
    lines = text.splitlines()
    shown: list[str] = []
    for index in sorted(keep):
        if shown and index - 1 not in keep:
            shown.append("...")
        shown.append(lines[index])
    return dedent("\n".join(shown))


def _fenced(path: str, text: str) -> str:
    name = Path(path).name
    language = "dockerfile" if name.lower().startswith("dockerfile") else LANGUAGES.get(Path(path).suffix, "text")
    return f"```{language}\n{text.rstrip()}\n```\n"
