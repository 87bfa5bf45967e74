"""The Docker source: Dockerfiles, shell scripts and the servers that they start."""
