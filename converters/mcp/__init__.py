"""A server of the Model Context Protocol, by which a program that edits code converts, checks and proves it.

`places` says what it may read and write, `commands` runs one command of ours in a process of its own, `results` keeps answers that are too
long for a message, and `server` puts these together as tools. It answers on its standard output; what its commands ask of other machines
docs/agents.md says.
"""
