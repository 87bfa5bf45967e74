"""A Jina flow: its YAML with the port and protocol of its gateway."""

from __future__ import annotations

from dataclasses import dataclass

from converters.project import SourceFile
from converters.sources.docker.defaults import Known


@dataclass(frozen=True)
class Flow:
    """A flow's YAML: `stated` is the name under which the program loads it, `argument` whether the command line may name another."""

    file: SourceFile
    stated: str
    argument: bool
    port: Known
    protocol: str
    line: int
    """Of the port, which stands in the gateway's section."""
    protocol_line: int
    """0 where the protocol is not stated."""
