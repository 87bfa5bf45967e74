#!/bin/sh
# Stands in for pget: fetches ADDRESS to DESTINATION, with -x an archive's content.
extract=
force=
address=
target=
while [ $# -gt 0 ]; do
    case $1 in
        --version | version) echo "pget version v0.8.2 (stand-in)"; exit 0 ;;
        -x | --extract | -xf | -fx) extract=yes ;;
        -f | --force) force=yes ;;
        -c | --concurrency | -m | --chunk-size | --max-chunks | --max-conn-per-host | --connect-timeout | --log-level | -o | --output | --pid-file | --resolve | -r | --retries) shift ;;
        -*) ;;
        multifile) manifest=$2; shift ;;
        *) if [ -z "$address" ]; then address=$1; else target=$1; fi ;;
    esac
    shift
done
fetch() {
    mkdir -p "$(dirname "$2")"
    if command -v curl > /dev/null 2>&1; then curl -fsSL -o "$2" "$1"
    elif command -v wget > /dev/null 2>&1; then wget -qO "$2" "$1"
    else python3 -c 'import sys, urllib.request; urllib.request.urlretrieve(*sys.argv[1:])' "$1" "$2"
    fi
}
if [ -n "${manifest:-}" ]; then
    if [ "$manifest" = - ]; then cat; else cat "$manifest"; fi | while read -r address target; do
        [ -z "$address" ] || fetch "$address" "$target" || exit 1
    done
    exit $?
fi
if [ -z "$target" ]; then
    echo "Error: accepts 2 arg(s)" >&2
    exit 1
fi
if [ -e "$target" ] && [ -z "$force" ] && [ -z "$extract" ]; then
    echo "Error: destination $target already exists" >&2
    exit 1
fi
if [ -z "$extract" ]; then
    fetch "$address" "$target"
else
    mkdir -p "$target"
    archive=$(mktemp) && fetch "$address" "$archive" && tar -xf "$archive" -C "$target" && rm -f "$archive"
fi
