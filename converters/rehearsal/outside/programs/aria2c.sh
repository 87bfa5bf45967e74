#!/bin/sh
# aria2c where a rehearsal answers for other machines: the real one, which no variable tells of the certificate to trust.
saved=$IFS
IFS=:
for folder in $PATH; do
    case $folder in /rehearsal/*) continue ;; esac
    if [ -x "$folder/aria2c" ] && [ ! -d "$folder/aria2c" ]; then
        IFS=$saved
        exec "$folder/aria2c" --ca-certificate=@CA@ "$@"
    fi
done
echo "aria2c: command not found" >&2
exit 127
