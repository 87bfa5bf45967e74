"""The import statements of a rewritten file: fal_client's takes the place of what nothing uses any more."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from converters import rules
from converters.callers.calls import indentation
from converters.callers.flow import Flow
from converters.callers.render import Renderer
from converters.ir import Edit
from converters.python.code import Import
from converters.python.edits import remove_statement
from converters.python.module import FunctionNode
from converters.sources.registry import platforms

RULE = rules.CL015
REASON = "fal's client takes the place of what nothing uses any more"
FAL = "import fal_client"
SDKS = tuple(platform.caller.package for platform in platforms() if platform.caller is not None)
HTTP = ("requests", "httpx", "aiohttp")


def needed(flow: Flow, renderer: Renderer) -> list[str]:
    """The import lines that the rewritten code needs and the file does not have."""
    parts = [part for rewrite in renderer.rewrites.values() for part in rewrite.parts or () if isinstance(part, str)]
    lines = [FAL] if any("fal_client" in part for part in parts) else []
    lines += sorted({line for owner, line in flow.helpers if not flow.refusal(owner)})
    return [line for line in lines if line not in flow.module.text]


def edits(flow: Flow, gone: Sequence[Import], lines: Sequence[str]) -> list[Edit]:
    """Take unused names out of their statements and put new lines in the place of the first that goes."""
    statements: dict[ast.Import | ast.ImportFrom, list[ast.alias]] = {}
    for bound in gone:
        statements.setdefault(bound.node, []).append(bound.alias)
    whole = [node for node, aliases in statements.items() if len(aliases) == len(node.names)]
    whole.sort(key=lambda node: (not _is_sdk(node), _package(node) not in HTTP, node.lineno))
    places = [node for node in whole if not _function(flow, node)][:1] or ([node for node in whole if _is_sdk(node)])
    found = []
    for node, aliases in statements.items():
        if node in places and lines:
            text = (flow.module.newline + indentation(flow, node.lineno)).join(lines)
            start, end = flow.module.span(node)
            found.append(Edit(file=flow.module.path, start=start, end=end, replacement=text, rule=RULE, reason=REASON))
        elif node in whole:
            found.append(remove_statement(flow.module, node, RULE, REASON))
        else:
            found += _without(flow, node, aliases)
    return found if places or not lines else [*found, _inserted(flow, lines)]


def _is_sdk(node: ast.Import | ast.ImportFrom) -> bool:
    return _package(node) in SDKS


def _package(node: ast.Import | ast.ImportFrom) -> str:
    module = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
    return (module or "").split(".")[0]


def _function(flow: Flow, node: ast.AST) -> bool:
    return any(isinstance(parent, FunctionNode) for parent in flow.module.ancestors(node))


def _without(flow: Flow, node: ast.Import | ast.ImportFrom, gone: list[ast.alias]) -> list[Edit]:
    """The statement without some of its names, written anew where it stands on one line."""
    kept = ", ".join(flow.module.source(alias) for alias in node.names if alias not in gone)
    start, end = flow.module.span(node.names[0])[0], flow.module.span(node.names[-1])[1]
    return [Edit(file=flow.module.path, start=start, end=end, replacement=kept, rule=RULE, reason=REASON)]


def _inserted(flow: Flow, lines: Sequence[str]) -> Edit:
    """New lines behind the last import at the top of the file."""
    body = flow.module.tree.body
    imports = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    is_documented = bool(body) and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    before = imports[-1] if imports else body[0] if is_documented else None
    at = flow.module.line_end(before.end_lineno or before.lineno) if before else 0
    is_cut = at > 0 and not flow.module.text[:at].endswith(("\n", "\r"))  # the file ends without a line end
    blank = flow.module.newline if is_cut or (is_documented and not imports) else ""
    text = blank + "".join(line + flow.module.newline for line in lines)
    return Edit(file=flow.module.path, start=at, end=at, replacement=text, rule=RULE, reason=REASON)
