"""Reading Python without running it: modules, names, imports and constants."""
