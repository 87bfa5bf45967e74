"""Malformed, mutated and hostile inputs for the converter, and what it makes of them: `python -m benchmarks.fuzz`."""
