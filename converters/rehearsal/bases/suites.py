"""Releases of Debian and Ubuntu, made once by debootstrap from their signed packages and kept as archives."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_DEBIAN, _UBUNTU = "http://deb.debian.org/debian", "http://archive.ubuntu.com/ubuntu"
_KEYS = Path(__file__).with_name("keys")
_DEBIAN_KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_UBUNTU_KEYS = _KEYS / "ubuntu-archive-2018.gpg"
"""Fingerprint F6EC B376 2474 EDA9 D21B 7022 8719 20D1 991B C93C: it signs every release since 18.04. Debian packages none of Ubuntu's."""


@dataclass(frozen=True)
class Suite:
    """A release: `python` is the minor of its own interpreter, `glibc` the minor of its C library."""

    name: str
    distribution: str
    version: str
    python: str
    glibc: int

    @property
    def title(self) -> str:
        return f"{self.distribution.capitalize()} {self.version} ({self.name})"

    @property
    def mirror(self) -> str:
        return _DEBIAN if self.distribution == "debian" else _UBUNTU

    @property
    def keys(self) -> Path:
        return _DEBIAN_KEYS if self.distribution == "debian" else _UBUNTU_KEYS

    @property
    def components(self) -> str:
        return "main" if self.distribution == "debian" else "main,restricted,universe,multiverse"

    @property
    def sources(self) -> str:
        """What the official image has in /etc/apt/sources.list."""
        parts, security = self.components.replace(",", " "), "http://security.ubuntu.com/ubuntu"
        names = [(self.mirror, self.name), (self.mirror, f"{self.name}-updates")]
        if self.distribution == "debian":
            names.append((f"{_DEBIAN}-security", f"{self.name}-security"))
        else:
            names += [(self.mirror, f"{self.name}-backports"), (security, f"{self.name}-security")]
        return "".join(f"deb {mirror} {name} {parts}\n" for mirror, name in names)


SUITES = {
    suite.name: suite
    for suite in (
        Suite("focal", "ubuntu", "20.04", "3.8", 31),
        Suite("bullseye", "debian", "11", "3.9", 31),
        Suite("jammy", "ubuntu", "22.04", "3.10", 35),
        Suite("bookworm", "debian", "12", "3.11", 36),
        Suite("noble", "ubuntu", "24.04", "3.12", 39),
        Suite("trixie", "debian", "13", "3.13", 41),
    )
}


class SuiteFailure(Exception):
    """A release could not be made; the message says why and what to do."""


def missing() -> str | None:
    """What must be installed to make releases; None where they can be made."""
    if shutil.which("debootstrap") is None:
        return "debootstrap (apt-get install debootstrap)"
    return None


def archive(suite: Suite, folder: Path, on_line: Callable[[str], None] = lambda line: None) -> Path:
    """The archive of a release below ``folder``, made where it is not there yet (a minute or two). Raises SuiteFailure."""
    made = folder / f"{suite.name}.tar"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{suite.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another rehearsal may be making it
        if not made.exists():
            _make(suite, made, on_line)
    return made


def _make(suite: Suite, made: Path, on_line: Callable[[str], None]) -> None:
    if (why := missing()) is not None:
        raise SuiteFailure(f"{suite.title} is made by debootstrap: install {why}")
    if not suite.keys.exists():
        raise SuiteFailure(f"{suite.title} cannot be verified without {suite.keys} (apt-get install debian-archive-keyring)")
    root, partial = made.with_suffix(".root"), made.with_suffix(".partial")
    shutil.rmtree(root, ignore_errors=True)
    command = ["debootstrap", "--variant=minbase", f"--components={suite.components}", f"--keyring={suite.keys}", "--force-check-gpg"]
    script = Path("/usr/share/debootstrap/scripts", suite.name)
    with subprocess.Popen(
        [*command, suite.name, str(root), suite.mirror, *(() if script.exists() else (_script_of(suite),))],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
    ) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line.rstrip())
            on_line(said[-1])
    if process.returncode != 0:
        shutil.rmtree(root, ignore_errors=True)
        raise SuiteFailure(f"debootstrap could not make {suite.title}: {'; '.join(said[-3:])}")
    try:
        with tarfile.open(partial, "w") as tar:
            tar.add(root, ".", filter=_wanted)
        partial.rename(made)
    finally:
        shutil.rmtree(root, ignore_errors=True)
        partial.unlink(missing_ok=True)


def _script_of(suite: Suite) -> str:
    """How a release is laid out that this debootstrap does not know yet: as those before it."""
    return f"/usr/share/debootstrap/scripts/{'sid' if suite.distribution == 'debian' else 'gutsy'}"


def _wanted(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """No device nodes, no packages and lists that were fetched."""
    name = member.name.removeprefix("./")
    if member.isdev() or name.startswith(("dev/", "debootstrap")):
        return None
    fetched = name.startswith("var/lib/apt/lists/") or (name.startswith("var/cache/apt/") and member.isfile())
    return None if fetched else member
