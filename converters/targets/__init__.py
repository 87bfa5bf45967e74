"""Back ends: the model becomes files."""
