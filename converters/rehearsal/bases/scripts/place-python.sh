# Puts the Python of /python into a prefix, with those of its libraries that this release has not got, behind all others.
set -eu
prefix=@PREFIX@
mkdir -p $prefix && cp -a /python/local/. $prefix/
mkdir -p /usr/share/python-wheels && cp -a /python/share/python-wheels/. /usr/share/python-wheels/
v=$(basename /python/local/bin/python3.*); v=${v#python}
libraries=/usr/local/lib/python-libraries
mkdir -p $libraries
for file in $prefix/bin/python$v $prefix/lib/python$v/lib-dynload/*.so; do ldd "$file"; done | awk '/not found/ {print $1}' | sort -u | while read -r name; do
    cp "/python/libraries/$name" $libraries/
done
for file in $(find $libraries -type f); do
    ldd "$file" | awk '/not found/ {print $1}' | sort -u | while read -r name; do cp "/python/libraries/$name" $libraries/; done
done
echo $libraries > /etc/ld.so.conf.d/zz-python.conf && ldconfig
ln -sf python$v $prefix/bin/python3 && ln -sf python3 $prefix/bin/python
mkdir -p $prefix/lib/python$v/site-packages
case $v in 3.8|3.9|3.10|3.11) packages="pip setuptools" ;; *) packages=pip ;; esac
pip=$(echo /usr/share/python-wheels/pip-*.whl)
PIP_ROOT_USER_ACTION=ignore $prefix/bin/python3 "$pip/pip" install -q --no-cache-dir --disable-pip-version-check --no-index --find-links /usr/share/python-wheels $packages
$prefix/bin/python3 -c "import ssl, sqlite3, ctypes, lzma, bz2, readline, zlib, pip, site; assert site.getsitepackages()[0].startswith('$prefix/lib')"
