"""Images and what describes them: Dockerfiles, shell, layouts, compose files, packaging, and positions in YAML and JSON."""
