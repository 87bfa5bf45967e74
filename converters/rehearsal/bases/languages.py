"""Stand-ins for the images of languages and their tools: Python, uv, conda, Node.js, Go, Rust."""

from __future__ import annotations

import json
import re

from converters.rehearsal.bases.made import (
    SUITE_IMAGE,
    Base,
    NotKnown,
    Reference,
    collected,
    differences,
    installed,
    placed,
    python_of,
    run,
    runs_on,
    suite_in,
)
from converters.rehearsal.bases.suites import SUITES, Suite
from converters.rehearsal.outside import programs

BUILD_TOOLS = (
    "build-essential", "ca-certificates", "curl", "git", "gnupg", "libffi-dev", "libssl-dev", "netbase", "openssh-client", "pkg-config",
    "procps", "unzip", "wget", "xz-utils", "zlib1g-dev",
)  # fmt: skip
_LATEST_PYTHON = "3.13"
#: From which patch release on the official images of a minor are built on a release of Debian, where their tag names none.
_PYTHON_PATCHES = {
    "trixie": {9: 23, 10: 18, 11: 13, 12: 11, 13: 6},
    "bookworm": {8: 17, 9: 17, 10: 12, 11: 4, 12: 0, 13: 0},
}


def python(image: Reference) -> Base:
    """The official images: Python in /usr/local, on Debian, with build tools but for the slim ones."""
    if "alpine" in image.tag or "windows" in image.tag:
        raise NotKnown("its packages are neither Debian's nor Ubuntu's")
    match = re.match(r"3\.(\d+)(?:\.(\d+))?", image.tag)
    minor = f"3.{match.group(1)}" if match else _LATEST_PYTHON
    wanted = suite_in(image.tag) or _suite_of(int(minor[2:]), int(match.group(2)) if match and match.group(2) else None)
    return with_python(image.reference, minor, wanted, slim="slim" in image.tag)


def with_python(reference: str, minor: str, wanted: Suite, *, slim: bool = True) -> Base:
    """A release with a Python in /usr/local."""
    source = python_of(minor)
    target = runs_on(source, wanted)
    text = collected(source) + f"FROM {SUITE_IMAGE}:{target.name}\n"
    text += installed("ca-certificates", "netbase", "tzdata") if slim else installed(*BUILD_TOOLS, "tzdata")
    text += placed() + 'ENV PATH=/usr/local/bin:$PATH LANG=C.UTF-8\nCMD ["python3"]\n'
    told = f"{target.title} with Python {source.python}" + ("" if source is target else f" of {source.title}")
    differs = differences(minor, source, wanted, target)
    return Base(reference, text, tuple(dict.fromkeys((source, target))), by=told, differs=differs)


def _suite_of(minor: int, patch: int | None) -> Suite:
    for name, since in _PYTHON_PATCHES.items():
        if patch is None or patch >= since.get(minor, 0 if minor > 13 else 1 << 30):
            return SUITES[name]
    return SUITES["bullseye"]


def uv(image: Reference) -> Base:
    """Either the two programs alone, to be copied from, or a Python image that has them."""
    version = match.group() if (match := re.match(r"\d+\.\d+(\.\d+)?", image.tag)) else ""
    pin = f"=={version}" if version.count(".") == 2 else f"=={version}.*" if version else ""
    inner = match.group(1) if (match := re.search(r"python(3\.\d+.*)$", image.tag)) else ""
    under = python(Reference(image.reference, "python", inner or f"{_LATEST_PYTHON}-slim-trixie"))
    programs_of_uv = "/uv-package/bin/uv /uv-package/bin/uvx"
    fetch = run(f"python -m pip install -q --no-cache-dir --target /uv-package 'uv{pin}' && cp {programs_of_uv} /usr/local/bin/")
    if inner:
        return Base(
            image.reference, f"FROM {under.tag}\n{fetch}", upon=(under,), by=f"{under.by} and uv from Python's index", differs=under.differs
        )
    if image.tag not in ("latest", "") and not version and suite_in(image.tag):
        under = with_python(image.reference, _LATEST_PYTHON, SUITES["trixie"])
        return Base(image.reference, f"FROM {under.tag}\n{fetch}", upon=(under,), by=f"{under.by} and uv from Python's index")
    text = f"FROM {under.tag} AS fetched\n{fetch}FROM scratch\nCOPY --from=fetched /usr/local/bin/uv /usr/local/bin/uvx /\n"
    return Base(image.reference, text + 'ENTRYPOINT ["/uv"]\n', upon=(under,), by="uv from Python's index")


CONDA = json.dumps(programs.text("conda.py.in").decode())
"""The program that stands in for conda, as a literal of Python."""


def conda_program(prefix: str) -> str:
    """A step that puts our conda into a prefix with a Python."""
    write = f"import pathlib; pathlib.Path('{prefix}/bin/conda').write_text({CONDA})"
    keep = f"chmod 755 {prefix}/bin/conda && mkdir -p {prefix}/conda-meta {prefix}/envs"
    return run(f"cat > /tmp/conda.py <<'END'\n{write}\nEND\n{prefix}/bin/python /tmp/conda.py && rm /tmp/conda.py && {keep}")


def conda(image: Reference) -> Base:
    """A conda prefix on Debian; packages of conda's channels are not there."""
    match = re.search(r"py3(\d+)", image.tag)
    minor = f"3.{match.group(1)}" if match else "3.12"
    prefix = "/opt/conda"
    source = python_of(minor)
    target = runs_on(source, SUITES["trixie"])
    text = collected(source) + f"FROM {SUITE_IMAGE}:{target.name}\n" + installed("bzip2", "ca-certificates", "git", "procps", "wget")
    text += placed(prefix) + conda_program(prefix)
    text += f'ENV PATH={prefix}/bin:$PATH LANG=C.UTF-8 LC_ALL=C.UTF-8\nCMD ["/bin/bash"]\n'
    differs = (*differences(minor, source, SUITES["trixie"], target), "conda installs the pip part of environments alone")
    return Base(
        image.reference,
        text,
        tuple(dict.fromkeys((source, target))),
        by=f"{target.title} with Python {source.python} in {prefix}",
        differs=differs,
    )


_NPM = {"bookworm": "9.9.4", "trixie": "10.9.2"}
"""The release of npm for the Node.js of a release: the package of apt brings hundreds of others."""


def node(image: Reference) -> Base:
    """Node.js of a release, where the official image has its own."""
    if "alpine" in image.tag:
        raise NotKnown("its packages are neither Debian's nor Ubuntu's")
    suite = suite_in(image.tag)
    suite = suite if suite is not None and suite.name in _NPM else SUITES["trixie"]
    packages = ["ca-certificates", "curl", "nodejs", *([] if "slim" in image.tag else BUILD_TOOLS)]
    text = f"FROM {SUITE_IMAGE}:{suite.name}\n" + installed(*dict.fromkeys(packages))
    fetch = f"curl -fsSL https://registry.npmjs.org/npm/-/npm-{_NPM[suite.name]}.tgz | tar -xz --strip-components=1"
    user = "groupadd -g 1000 node && useradd -u 1000 -g node -s /bin/bash -m node"
    folder = "/usr/local/lib/node_modules/npm"
    links = f"ln -s /usr/bin/node . && ln -s {folder}/bin/npm-cli.js npm && ln -s {folder}/bin/npx-cli.js npx"
    text += run(f"mkdir -p {folder} && cd {folder} && {fetch} && cd /usr/local/bin && {links} && {user}")
    return Base(
        image.reference,
        text + 'CMD ["node"]\n',
        (suite,),
        by=f"{suite.title} with its own Node.js",
        differs=("Node.js is the release's own",),
    )


def compiled(image: Reference) -> Base:
    """Go and Rust of a release."""
    go = image.repository.endswith("golang")
    suite = suite_in(image.tag) or SUITES["trixie"]
    text = f"FROM {SUITE_IMAGE}:{suite.name}\n" + installed(*BUILD_TOOLS, *(["golang"] if go else ["cargo", "rustc"]))
    text += (
        "ENV GOPATH=/go PATH=/go/bin:/usr/lib/go/bin:$PATH\nWORKDIR /go\n"
        if go
        else "ENV PATH=/usr/local/cargo/bin:$PATH CARGO_HOME=/usr/local/cargo\n"
    )
    name = "Go" if go else "Rust"
    return Base(image.reference, text, (suite,), by=f"{suite.title} with its own {name}", differs=(f"{name} is the release's own",))
