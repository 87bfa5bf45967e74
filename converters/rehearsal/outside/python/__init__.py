"""Python's package indexes: the real versions with their real metadata, and a stub for what a rehearsal does not install."""
