#!/bin/sh
# git where a rehearsal answers for other machines: the real one, for repositories of one commit on the branches main and master.
# Branches, tags and commits that a build names are taken to be that commit; histories are always whole.
real=
saved=$IFS
IFS=:
for folder in $PATH; do
    case $folder in /rehearsal/*) continue ;; esac
    if [ -x "$folder/git" ] && [ ! -d "$folder/git" ]; then real=$folder/git; break; fi
done
IFS=$saved
if [ -z "$real" ]; then
    echo "git: command not found" >&2
    exit 127
fi

# Options before the command, one a line: no option of git's own holds a line break.
globals=
command=
count=$#
while [ "$count" -gt 0 ]; do
    word=$1
    case $word in
        -C | -c | --git-dir | --work-tree | --namespace) globals="$globals$word
$2
"; shift 2; count=$((count - 2)) ;;
        -*) globals="$globals$word
"; shift; count=$((count - 1)) ;;
        *) command=$word; shift; break ;;
    esac
done

git() {
    saved=$IFS
    IFS='
'
    set -f
    # shellcheck disable=SC2086
    "$real" $globals "$@"
    status=$?
    set +f
    IFS=$saved
    return $status
}

# The commit that stands for every name: what is checked out, else what was fetched.
any() { git rev-parse -q --verify HEAD 2> /dev/null || git rev-parse -q --verify FETCH_HEAD 2> /dev/null; }

branch=
case $command in
    clone | fetch | pull)
        # Take out what asks for a part of the history.
        left=$#
        while [ "$left" -gt 0 ]; do
            word=$1
            shift
            left=$((left - 1))
            case $word in
                --depth=* | --filter=* | --shallow-* | --single-branch | --no-single-branch | --deepen=* | --unshallow) ;;
                --depth | --filter | --deepen) shift; left=$((left - 1)) ;;
                --branch=* | --revision=*) branch=${word#*=} ;;
                -b | --branch | --revision)
                    if [ "$command" = clone ]; then branch=$1; shift; left=$((left - 1)); else set -- "$@" "$word"; fi ;;
                *) set -- "$@" "$word" ;;
            esac
        done
        ;;
esac

case $command in
    clone)
        git clone "$@" || exit $?
        [ -n "$branch" ] || exit 0
        address=
        target=
        skip=
        for word in "$@"; do
            if [ -n "$skip" ]; then skip=; continue; fi
            case $word in
                -o | --origin | -u | --upload-pack | -c | --config | --reference | --template | -j | --jobs | --server-option) skip=yes ;;
                -*) ;;
                *) if [ -z "$address" ]; then address=$word; else target=$word; fi ;;
            esac
        done
        if [ -z "$target" ]; then
            target=${address%/}
            target=${target##*/}
            target=${target%.git}
        fi
        git -C "$target" checkout -q -B "$branch"
        ;;
    fetch)
        git fetch "$@" 2> /dev/null && exit 0
        # A name that the double does not have: fetch all, and take its commit for what was asked.
        remote=
        refs=
        for word in "$@"; do
            case $word in
                -*) ;;
                *) if [ -z "$remote" ]; then remote=$word; else refs="$refs $word"; fi ;;
            esac
        done
        git fetch -q ${remote:+"$remote"} || exit $?
        commit=$(git ls-remote "${remote:-origin}" HEAD | cut -f 1)
        [ -n "$commit" ] || exit 128
        printf '%s\t\tstand-in\n' "$commit" > "$(git rev-parse --git-dir)/FETCH_HEAD"
        for ref in $refs; do
            case $ref in *:?*) git update-ref "${ref##*:}" "$commit" ;; esac
        done
        ;;
    checkout | switch | reset | merge | cherry-pick)
        left=$#
        given=
        while [ "$left" -gt 0 ]; do
            word=$1
            shift
            left=$((left - 1))
            case $word in
                --) set -- "$@" "$word"; while [ "$left" -gt 0 ]; do set -- "$@" "$1"; shift; left=$((left - 1)); done ;;
                -b | -B | -c | --orphan) set -- "$@" "$word" "$1"; shift; left=$((left - 1)) ;;
                -*) set -- "$@" "$word" ;;
                *)
                    if [ -z "$given" ] && [ ! -e "$word" ] && ! git rev-parse -q --verify "$word^{commit}" > /dev/null 2>&1 \
                        && ! git rev-parse -q --verify "refs/remotes/origin/$word" > /dev/null 2>&1; then
                        word=$(any) || word=HEAD
                    fi
                    given=yes
                    set -- "$@" "$word"
                    ;;
            esac
        done
        git "$command" "$@"
        ;;
    '') git "$@" ;;
    *) git "$command" "$@" ;;
esac
