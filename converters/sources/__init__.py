"""Front ends: one package per platform, each with `detect()` and `analyze()`."""
