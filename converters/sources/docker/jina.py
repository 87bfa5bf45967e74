"""Jina flows: the port and protocol of their gateway.

A gateway speaks gRPC unless its YAML says otherwise (https://docs.jina.ai/concepts/serving/gateway/yaml-spec/).
"""

from __future__ import annotations

import re

from converters.containers.yaml_lines import Map, load
from converters.errors import Unreadable
from converters.ir import Origin
from converters.project import SourceFile
from converters.sources.docker.code_files import CodeFiles
from converters.sources.docker.defaults import Known
from converters.sources.docker.jina_flow import Flow
from converters.sources.docker.listener import is_port
from converters.sources.docker.processes import absolute
from converters.sources.docker.serving import Listener

LOADS = re.compile(rb"\bFlow\.load_config\(")
YAML = re.compile(r"""["']([\w./-]+\.ya?ml)["']""")
SECTIONS = ("gateway", "with")
"""Where a flow states its gateway's settings; the first that is there counts."""


def read(files: CodeFiles, listener: Listener, arguments: tuple[str, ...]) -> None:
    """Find the flow that a process serves and lay its port and protocol down in the listener."""
    listener.framework, listener.http = "Jina", False
    named = next((word for word in arguments if word.endswith((".yml", ".yaml"))), "")
    loading = [module for module in listener.modules if LOADS.search(module.file.data)]
    told = "flow" in arguments[:1] or any(b"sys.argv" in module.file.data for module in loading)
    stated = [named] if named and told else [name for module in loading for name in YAML.findall(module.file.text)]
    for name in stated:
        path = files.layout.files.get(absolute(name, listener.process.workdir)) or files.near(name)
        flow = _flow(files.project.files[path], name, told) if path else None
        if flow is not None:
            listener.flow, listener.port = flow, flow.port
            listener.http = flow.protocol == "http" or (flow.protocol == "grpc" and flow.argument)
            return


def _flow(file: SourceFile, stated: str, argument: bool) -> Flow | None:
    """None for a file that is no flow with a port of its own (a gateway without one takes any that is free)."""
    try:
        document = load(file)
    except Unreadable:
        return None
    if not isinstance(document, Map) or document.get("jtype") != "Flow":
        return None
    section = next((document[name] for name in SECTIONS if isinstance(document.get(name), Map)), Map())
    if not is_port(section.get("port")):
        return None
    lines = {name: section.lines[name][0] if name in section else 0 for name in ("port", "protocol")}
    port = Known(section["port"], Origin(file=file.path, line=lines["port"]), "gateway of the flow")
    protocol = str(section.get("protocol", "grpc")).lower()
    return Flow(file, stated, argument, port, protocol, lines["port"], lines["protocol"])
