# Collects this release's own Python below /python, as one that lies in /usr/local: patched so that it installs into site-packages.
set -eu
v=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
lib=/python/local/lib/python$v
mkdir -p /python/local/bin /python/local/include /python/libraries /python/share
cp -a /usr/lib/python$v /python/local/lib.tmp && mkdir -p /python/local/lib && mv /python/local/lib.tmp $lib
cp -a /usr/bin/python$v /python/local/bin/
[ ! -d /usr/include/python$v ] || cp -a /usr/include/python$v /python/local/include/
cp -a /usr/share/python-wheels /python/share/
rm -f $lib/EXTERNALLY-MANAGED $lib/sitecustomize.py
cp -aL /etc/python$v/sitecustomize.py $lib/ 2>/dev/null || true
rm -f $lib/sitecustomize.py
find /python -name __pycache__ -prune -exec rm -rf {} +
python3 - $lib <<'PATCH'
import pathlib, sys
lib = pathlib.Path(sys.argv[1])
site = lib / "site.py"
own = '''
def getsitepackages(prefixes=None):
    found = []
    for prefix in PREFIXES if prefixes is None else prefixes:
        path = os.path.join(prefix, "lib", "python%d.%d" % sys.version_info[:2], "site-packages")
        if prefix and path not in found:
            found.append(path)
    return found

'''
text = site.read_text()
start = "# Prevent extending of sys.path when python was started with -S" if "# Prevent extending" in text else "if not sys.flags.no_site:"
assert start in text
site.write_text(text.replace(start, own + start, 1))
for name in ("sysconfig.py", "sysconfig/__init__.py"):
    file = lib / name
    if file.exists():
        text = file.read_text()
        at = text.rindex("\nif __name__ == '__main__'") if "\nif __name__ == '__main__'" in text else len(text)
        own = "\nfor _name in ('posix_local', 'deb_system'):\n    if _name in _INSTALL_SCHEMES:\n        _INSTALL_SCHEMES[_name] = _INSTALL_SCHEMES['posix_prefix']\n"
        file.write_text(text[:at] + own + text[at:])
file = lib / "distutils/command/install.py"
if file.exists():
    own = "\nfor _name in ('unix_local', 'deb_system', 'posix_local'):\n    if _name in INSTALL_SCHEMES:\n        INSTALL_SCHEMES[_name] = INSTALL_SCHEMES.get('unix_prefix') or INSTALL_SCHEMES['posix_prefix']\n"
    text = file.read_text()
    at = text.index("\nclass install(")
    file.write_text(text[:at] + own + text[at:])
PATCH
for file in /usr/bin/python$v $lib/lib-dynload/*.so; do ldd "$file"; done | awk '$2 == "=>" && $3 ~ /^\// {print $3}' | sort -u | while read -r file; do
    case $file in */libc.so.*|*/libm.so.*|*/libpthread.so.*|*/libdl.so.*|*/librt.so.*|*/libutil.so.*|*/libresolv.so.*|*/libcrypt.so.*) ;; *) cp -L "$file" /python/libraries/ ;; esac
done
