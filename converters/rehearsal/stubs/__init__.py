"""Stub distributions: a distribution of the very name, version and metadata, whose modules are the doubles of verification."""
