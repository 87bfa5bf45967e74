"""The release of Cog that this converter knows."""

VERSION = "0.23.1"
"""Read and measured; code that asks for `cog.__version__` gets it as a literal."""
