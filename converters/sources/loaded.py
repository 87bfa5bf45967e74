"""Imports what every front end needs, for a process that others are forked from."""

from __future__ import annotations

from converters.sources.registry import platforms

for platform in platforms():
    platform.load()
