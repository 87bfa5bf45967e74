"""The id of the fal app where a call named an endpoint or a model."""

from __future__ import annotations

import ast

from converters import rules
from converters.callers.apps import placeholder_message
from converters.callers.contract import Contract
from converters.callers.flow import Flow, Part, Remark
from converters.callers.variables import Variable
from converters.concepts.literals import string
from converters.ir import Scope
from converters.python.module import FunctionNode

RULE = rules.CL006
GALLERY = "fal-ai/"
REASON = "fal's clients name the app as `owner/app`"


def application(flow: Flow, owner: ast.expr, node: ast.expr) -> tuple[Part, ...]:
    """The parts that name the app: a literal is mapped where it stands, anything else must give the id of the app from now on."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return (string(named(flow, owner, node.value, node)),)
    variable = flow.variables.of(node)
    constant = single(variable) if variable is not None else None
    if variable is not None and isinstance(constant, ast.Constant) and isinstance(constant.value, str):
        flow.application_uses.setdefault(variable, {})[node] = owner
        named(flow, owner, constant.value, constant)
        return (node,)
    text = flow.text((node,))
    given = node if constant is None else constant
    if _is_put_together(given):
        flow.refuse(
            owner, f"the name of what it calls is put together here (`{flow.brief(given)}`), and apps of fal have names of their own"
        )
    message = f"whatever gives `{text}` must give the id of the fal app, `owner/app`, from now on."
    flow.remarks.append(Remark(owner, RULE, message, Scope.DEPLOY if _is_handed_over(flow, given) else Scope.CODE))
    return (node,)


def _is_put_together(node: ast.expr) -> bool:
    """Whether a text is made of pieces, of which some stand in the code: `f"meta/{model}:{version}"`."""
    match node:
        case ast.JoinedStr(values=values):
            return any(isinstance(value, ast.Constant) for value in values)
        case ast.BinOp(op=ast.Add() | ast.Mod()):
            return True
        case ast.Call(func=ast.Attribute(attr="format" | "join")):
            return True
    return False


def _is_handed_over(flow: Flow, node: ast.expr) -> bool:
    """Whether an id comes from the environment, another module or a caller, and no other id stands here for where nothing comes."""
    match node:
        case ast.Call(args=[_, ast.Constant(value=str(default)), *_]) if default:
            return False
        case ast.Call():
            return True
        case ast.Subscript(value=held):
            return flow.code.dotted(flow.module, held) == "os.environ"
        case ast.Name(id=name):
            return not _has_default(flow, node, name)
        case ast.BoolOp(values=values):
            return all(_is_handed_over(flow, value) for value in values)
    return isinstance(node, ast.Attribute)


def _has_default(flow: Flow, node: ast.expr, name: str) -> bool:
    """Whether a name is a parameter with an id of its own: `def run(prompt, model="acme/upscaler")`."""
    function = next((parent for parent in flow.module.ancestors(node) if isinstance(parent, FunctionNode)), None)
    if function is None:
        return False
    arguments = function.args
    pairs = [
        *zip(reversed([*arguments.posonlyargs, *arguments.args]), reversed(arguments.defaults), strict=False),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return any(one.arg == name and isinstance(given, ast.Constant) and bool(given.value) for one, given in pairs)


def contract_of(flow: Flow, node: ast.expr) -> Contract | None:
    """What the app that an expression names takes and answers; None where it changes nothing, or nobody knows."""
    variable = flow.variables.of(node)
    constant = single(variable) if variable is not None else node
    known = isinstance(constant, ast.Constant) and isinstance(constant.value, str)
    return flow.apps.contract(constant.value) if known else None  # type: ignore[union-attr]


def literal(flow: Flow, owner: ast.expr, endpoint: str) -> str:
    """Source of the id of the app for an endpoint that stands inside a text."""
    return string(named(flow, owner, endpoint, owner))


def named(flow: Flow, owner: ast.expr, endpoint: str, place: ast.expr) -> str:
    """The app for an endpoint; a placeholder, which is left to a person, where none was given."""
    app = flow.apps.find(endpoint)
    if app.startswith(GALLERY):
        flow.refuse(owner, f"`{app}` is a model of fal's own, whose input and result have names of their own")
    if app:
        return app
    app = flow.apps.placeholder(endpoint)
    flow.remarks.append(Remark(owner, RULE, placeholder_message(app, endpoint), Scope.CODE, place))
    return app


def single(variable: Variable) -> ast.expr | None:
    """The one value that a variable ever has."""
    return variable.values[0] if not variable.open and len(variable.origins) == len(variable.values) == 1 else None


def settle(flow: Flow) -> None:
    """Write the ids of apps where names hold the ids or addresses of endpoints, once all of the module is understood."""
    for variable, reads in flow.prefix_uses.items():
        owners = [owner for owner, _ in reads.values()]
        endpoint = next(iter(reads.values()))[1]
        for owner in owners:
            flow.join(owners[0], owner)
            if not all(load in reads for load in variable.loads):
                flow.refuse(owner, f"`{variable.name}` is read for more than these calls")
        flow.rewrite(variable.values[0], owners[0], application(flow, owners[0], endpoint), RULE, REASON)
    for variable, uses in flow.application_uses.items():
        _constant(flow, variable, uses)


def _constant(flow: Flow, variable: Variable, uses: dict[ast.expr, ast.expr]) -> None:
    """A constant is mapped where it stands, or at the calls where calls that are left read it, too."""
    constant = single(variable)
    assert isinstance(constant, ast.Constant)
    rewritten = {load: owner for load, owner in uses.items() if not flow.refusal(owner)}
    if rewritten and all(load in rewritten or flow.is_shown(load) for load in variable.loads):
        owner = next(iter(rewritten.values()))
        flow.rewrite(constant, owner, (string(named(flow, owner, str(constant.value), constant)),), RULE, REASON)
        return
    for load, owner in rewritten.items():
        flow.rewrite(load, owner, (string(named(flow, owner, str(constant.value), constant)),), RULE, REASON)
