#!/bin/sh
# Stands in for Ollama's installer.
set -eu
bin=/usr/local/bin
for place in /usr/local/bin /usr/bin /bin; do case ":$PATH:" in *":$place:"*) bin=$place; break ;; esac; done
mkdir -p "$bin"
if command -v curl > /dev/null 2>&1; then curl -fsSL -o "$bin/ollama" https://ollama.com/rehearsal/ollama
else wget -qO "$bin/ollama" https://ollama.com/rehearsal/ollama
fi
chmod 755 "$bin/ollama"
echo ">>> The Ollama API is now available at 127.0.0.1:11434."
