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
rm -f $lib/config-*/libpython*.a
find /python -name __pycache__ -prune -exec rm -rf {} +
python3 - $lib <<'PATCH'
import pathlib, sys
lib = pathlib.Path(sys.argv[1])
# The module `site` is frozen into the interpreter from 3.11 on, so this comes after it.
(lib / "sitecustomize.py").write_text('''
import site
import sys

if sys.prefix == sys.base_prefix:

    def getsitepackages(prefixes=None):
        minor = "python%d.%d" % sys.version_info[:2]
        return list(dict.fromkeys(f"{prefix}/lib/{minor}/site-packages" for prefix in prefixes or site.PREFIXES))

    site.getsitepackages = getsitepackages
    for folder in getsitepackages():
        site.addsitedir(folder)
''')
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
