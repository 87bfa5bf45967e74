#!/bin/sh
# Stands in for the installers of Miniconda and Miniforge: an environment of the Python that is there, and a `conda` that makes more of them.
prefix=$HOME/miniconda3
while [ $# -gt 0 ]; do
    case $1 in
        -p) prefix=$2; shift ;;
        -*p) prefix=$2; shift ;;
    esac
    shift
done
for python in python3 python; do command -v "$python" > /dev/null 2>&1 && break; done
if ! command -v "$python" > /dev/null 2>&1; then
    echo "a rehearsal cannot stand in for conda where no Python is installed" >&2
    exit 1
fi
"$python" -m venv "$prefix" || exit 1
mkdir -p "$prefix/bin" "$prefix/etc/profile.d" "$prefix/envs" "$prefix/condabin"
cat > "$prefix/bin/conda" << 'END'
@CONDA@
END
chmod 755 "$prefix/bin/conda"
for name in mamba micromamba; do ln -sf conda "$prefix/bin/$name"; done
ln -sf ../bin/conda "$prefix/condabin/conda"
printf 'conda() {\n    if [ "${1:-}" = activate ]; then . "%s/bin/activate-stand-in" "${2:-base}"; else command conda "$@"; fi\n}\nexport PATH="%s/condabin:$PATH"\n' "$prefix" "$prefix" > "$prefix/etc/profile.d/conda.sh"
printf 'if [ "$1" = base ]; then folder="%s"; else case $1 in */*) folder=$1 ;; *) folder="%s/envs/$1" ;; esac; fi\n[ -d "$folder" ] || { echo "EnvironmentNameNotFound: Could not find conda environment: $1" >&2; return 1; }\nexport PATH="$folder/bin:$PATH" CONDA_PREFIX="$folder" CONDA_DEFAULT_ENV="$1"\n' "$prefix" "$prefix" > "$prefix/bin/activate-stand-in"
printf '. "%s/bin/activate-stand-in" "${1:-base}"\n' "$prefix" > "$prefix/bin/activate"
echo "installation finished."
