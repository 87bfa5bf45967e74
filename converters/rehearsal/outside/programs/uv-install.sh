#!/bin/sh
# Stands in for uv's installer: puts the real programs where it would.
set -eu
if [ -n "${UV_INSTALL_DIR:-}" ]; then bin=$UV_INSTALL_DIR
elif [ -n "${UV_UNMANAGED_INSTALL:-}" ]; then bin=$UV_UNMANAGED_INSTALL
elif [ -n "${XDG_BIN_HOME:-}" ]; then bin=$XDG_BIN_HOME
else bin=$HOME/@BIN@
fi
mkdir -p "$bin"
fetch() {
    if command -v curl > /dev/null 2>&1; then curl -fsSL -o "$2" "$1"
    elif command -v wget > /dev/null 2>&1; then wget -qO "$2" "$1"
    else echo "need 'curl or wget' (command not found)" >&2; exit 1
    fi
}
for name in uv uvx; do
    fetch "https://astral.sh/rehearsal/@VERSION@/$name" "$bin/$name"
    chmod 755 "$bin/$name"
done
printf '#!/bin/sh\nexport PATH="%s:$PATH"\n' "$bin" > "$bin/env"
echo "installing to $bin"
