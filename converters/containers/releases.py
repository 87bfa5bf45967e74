"""Which release of Debian or Ubuntu an image is today, and the apt packages that a release no longer has.

Debian's packages: compared with the package indexes of Debian 12 and 13, what a package provides under another name included
(https://packages.debian.org). Images: https://github.com/docker-library/official-images/blob/master/library/python and library/debian;
a tag without the name of a release moves on with each one. Ubuntu's: https://packages.ubuntu.com/noble.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from converters.containers import base_images


@dataclass(frozen=True)
class Release:
    """A release of a distribution."""

    system: str
    version: float
    name: str
    floating: bool = False
    """The tag does not say which one: it is a newer one from time to time."""

    @property
    def title(self) -> str:
        return f"{self.system} {self.version:g} ({self.name})" if self.system == "Debian" else f"{self.system} {self.version:.2f}"


DEBIAN = {"bullseye": 11, "bookworm": 12, "trixie": 13}
NEWEST = "trixie"
LAST_OF = {"3.6": "bullseye", "3.7": "bookworm", "3.8": "bookworm"}
"""Pythons that are no longer built -> the release of Debian that their tags stay at."""
MOVED = {"3.9": 24, "3.10": 19, "3.11": 14, "3.12": 12, "3.13": 8, "3.14": 0}
"""Python -> the first patch release that was only built on Debian 13; the tag of an earlier one stays where it was."""


def release_of(reference: str) -> Release | None:
    """The release that an image holds, as far as its name and tag tell."""
    base = base_images.describe(reference)
    tag = base.tag
    if base.repository in ("python", "debian") or base.repository.endswith("/python"):
        if named := next((name for name in DEBIAN if re.search(rf"(^|-){name}(-|$)", tag)), None):
            return Release("Debian", DEBIAN[named], named)
        return _of_python(tag) if base.repository == "python" else _of_debian(tag) if base.repository == "debian" else None
    stated = re.search(r"ubuntu-?(\d\d)\.?(\d\d)|(noble)", f"{base.repository}{tag}" if base.repository == "ubuntu" else tag)
    if stated and (base.repository in ("ubuntu", "nvidia/cuda") or base.repository.endswith("/nvidia/cuda")):
        number = 24.04 if stated[3] else float(f"{stated[1]}.{stated[2]}")
        return Release("Ubuntu", number, "noble" if number == 24.04 else "")
    return None


def _of_debian(tag: str) -> Release | None:
    if match := re.match(r"(\d+)(\.\d+)?(-|$)", tag):
        name = next((name for name, number in DEBIAN.items() if number == int(match[1])), None)
        return Release("Debian", int(match[1]), name) if name else None
    floating = re.match(r"(latest|stable)(-slim)?$", tag) is not None
    return Release("Debian", DEBIAN[NEWEST], NEWEST, floating=True) if floating else None


def _of_python(tag: str) -> Release | None:
    match = re.match(r"(?:(\d+(?:\.\d+)?)(?:\.(\d+))?|latest)?-?(slim)?$", tag)
    if match is None:
        return None
    minor, patch = match[1] or "3", match[2]
    if minor in LAST_OF:
        return Release("Debian", DEBIAN[LAST_OF[minor]], LAST_OF[minor]) if patch is None else None
    if patch is not None:
        return Release("Debian", DEBIAN[NEWEST], NEWEST) if int(patch) >= MOVED.get(minor, 10**6) else None
    return Release("Debian", DEBIAN[NEWEST], NEWEST, floating=True) if minor == "3" or minor in MOVED else None


_DEBIAN_12 = {
    "netcat": "netcat-openbsd", "libssl1.1": "libssl3", "libssl1.0-dev": "libssl-dev", "libffi7": "libffi8", "libwebp6": "libwebp7",
    "libtiff5": "libtiff6", "libpng12-0": "libpng16-16", "libjpeg8": "libjpeg62-turbo", "libjpeg8-dev": "libjpeg62-turbo-dev",
    "libjpeg-turbo8": "libjpeg62-turbo", "libjpeg-turbo8-dev": "libjpeg62-turbo-dev", "libopenblas-base": "libopenblas0",
    "libtbb2": "libtbb12", "libdc1394-22-dev": "libdc1394-dev", "libjasper-dev": "", "libmysqlclient-dev": "default-libmysqlclient-dev",
    "mysql-client": "default-mysql-client", "qt5-default": "qtbase5-dev", "libtesseract4": "libtesseract5",
    "chromium-browser": "chromium", "freeglut3": "libglut3.12", "lib32gcc1": "lib32gcc-s1", "libreadline7": "libreadline8",
    "libcurl3": "libcurl4", "libidn11": "libidn12", "libavcodec58": "ffmpeg", "libavformat58": "ffmpeg", "libavutil56": "ffmpeg",
    "libswscale5": "ffmpeg", "multiarch-support": "", "lsb-core": "", "ttf-dejavu": "fonts-dejavu", "ttf-dejavu-core": "fonts-dejavu-core",
    "ttf-freefont": "fonts-freefont-ttf", "fonts-ubuntu": "fonts-liberation", "python": "python3", "python-dev": "python3-dev",
    "python-pip": "python3-pip", "python-setuptools": "python3-setuptools", "python-numpy": "python3-numpy", "python-opencv":
    "python3-opencv", "python-tk": "python3-tk", "python2": "python3", "python2.7": "python3", "openjdk-8-jdk": "default-jdk",
    "openjdk-8-jre": "default-jre", "openjdk-8-jdk-headless": "default-jdk-headless", "openjdk-8-jre-headless": "default-jre-headless",
    "openjdk-11-jdk": "default-jdk", "openjdk-11-jre": "default-jre", "openjdk-11-jdk-headless": "default-jdk-headless",
    "openjdk-11-jre-headless": "default-jre-headless", "gcc-9": "gcc-12", "g++-9": "g++-12", "gcc-10": "gcc-12", "g++-10": "g++-12",
}  # fmt: skip
_DEBIAN_13 = {
    "libgl1-mesa-glx": "libgl1", "libegl1-mesa": "libegl1", "libgles2-mesa": "libgles2", "libncurses5": "libncurses6",
    "libtinfo5": "libtinfo6", "python3-distutils": "python3-setuptools", "libaio1": "libaio1t64", "software-properties-common": "",
    "libatlas-base-dev": "libopenblas-dev", "policykit-1": "polkitd", "libpcre3": "libpcre2-8-0", "libpcre3-dev": "libpcre2-dev",
    "libappindicator1": "", "libgconf-2-4": "", "neofetch": "fastfetch", "openjdk-17-jdk": "default-jdk", "openjdk-17-jre": "default-jre",
    "openjdk-17-jdk-headless": "default-jdk-headless", "openjdk-17-jre-headless": "default-jre-headless", "wkhtmltopdf": "weasyprint",
    "libhdf5-103": "libhdf5-310", "libhdf5-103-1": "libhdf5-310", "gcc-11": "gcc-12", "g++-11": "g++-12", "clang-13": "clang-19",
    "clang-14": "clang-19", "clang-15": "clang-19", "llvm-13": "llvm-19", "llvm-14": "llvm-19", "llvm-15": "llvm-19",
    "libicu72": "libicu76", "libavcodec59": "ffmpeg", "libavformat59": "ffmpeg", "libavutil57": "ffmpeg", "libswscale6": "ffmpeg",
    "libmagickwand-6.q16-6": "libmagickwand-7.q16-10", "libgdk-pixbuf2.0-0": "libgdk-pixbuf-2.0-0", "youtube-dl": "yt-dlp", "ntp": "ntpsec",
    "ttf-wqy-microhei": "fonts-wqy-microhei", "libldap-2.5-0": "libldap2", "2to3": "", "python3-lib2to3": "", "libpython3.11": "",
}  # fmt: skip
_UBUNTU_24 = {
    "libgl1-mesa-glx": "libgl1", "libegl1-mesa": "libegl1", "libgles2-mesa": "libgles2", "libasound2": "libasound2t64",
    "libncurses5": "libncurses6", "libtinfo5": "libtinfo6", "python3-distutils": "python3-setuptools", "netcat": "netcat-openbsd",
    "libssl1.1": "libssl3", "libjasper-dev": "", "qt5-default": "qtbase5-dev", "libdc1394-22-dev": "libdc1394-dev", "python": "python3",
    "python-dev": "python3-dev", "python-pip": "python3-pip", "libpng12-0": "libpng16-16t64", "libgconf-2-4": "",
    "libopenblas-base": "libopenblas0",
}  # fmt: skip

OF_THE_HOST = frozenset({"nvidia-docker2", "nvidia-container-toolkit", "nvidia-container-runtime"})
"""Packages of NVIDIA's own repository for the machine that runs containers; no release of Debian or Ubuntu has them."""


def gone(package: str, release: Release) -> str | None:
    """What takes the place of a package that a release does not have: '' for nothing; None where the release has it, or it is not known."""
    if package in OF_THE_HOST:
        return ""
    if release.system == "Ubuntu":
        return _UBUNTU_24.get(package) if release.version == 24.04 else None
    found = _DEBIAN_13.get(package) if release.version >= 13 else None
    return found if found is not None else _DEBIAN_12.get(package) if release.version >= 12 else None
