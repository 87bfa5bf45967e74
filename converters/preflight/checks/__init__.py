"""The checks: one module each, with `check(deployment)`, found by name."""
