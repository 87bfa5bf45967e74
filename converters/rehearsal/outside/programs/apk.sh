#!/bin/sh
# Stands in for Alpine's installer: it installs the packages of Debian that do the same.
command=
packages=
while [ $# -gt 0 ]; do
    case $1 in
        -t | --virtual | -X | --repository | -p | --root | --repositories-file | --keys-dir | --cache-dir | --arch) shift ;;
        -*) ;;
        *) if [ -z "$command" ]; then command=$1; else packages="$packages $1"; fi ;;
    esac
    [ $# -gt 0 ] && shift
done
[ "$command" = add ] || exit 0
apt-get update -q || exit 1
for package in $packages; do
    name=$(printf %s "$package" | sed 's/[=<>~@].*//')
    case $name in
        .* | *[!A-Za-z0-9.+_-]* | gcompat | libc6-compat | musl | musl-utils | shadow) continue ;;
        build-base | alpine-sdk) name=build-essential ;;
        musl-dev) name=libc6-dev ;;
        linux-headers) name=linux-libc-dev ;;
        openssh) name=openssh-client ;;
        openssl-dev) name=libssl-dev ;;
        xz) name=xz-utils ;;
        aria2c) name=aria2 ;;
        py3-*) name=python3-${name#py3-} ;;
        *-dev) apt-cache show "$name" > /dev/null 2>&1 || name=lib$name ;;
    esac
    if apt-cache show "$name" > /dev/null 2>&1; then
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$name" || exit 1
    else
        echo "apk: $package is left out: Debian has no package $name" >&2
    fi
done
