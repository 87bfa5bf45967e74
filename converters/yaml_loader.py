"""The loader of every YAML file: PyYAML's, which also refuses what the parsers of these files' own programs refuse."""

from __future__ import annotations

import re

import yaml
from yaml.composer import ComposerError

_SURROGATE = re.compile("[\ud800-\udfff]")


class Loader(yaml.SafeLoader):
    """`yaml.SafeLoader`, but an escape such as `"\\ud83d"`, which is half of a character, is an error, as for Go's parsers."""

    def compose_scalar_node(self, anchor: dict[str, yaml.Node]) -> yaml.ScalarNode:
        """The next scalar. Raises `ComposerError` with its place."""
        node = super().compose_scalar_node(anchor)
        half = _SURROGATE.search(node.value)
        if half is not None:
            raise ComposerError(None, None, f"\\u{ord(half[0]):04x} is half of a character", node.start_mark)
        return node
