"""podman, as root: its containers confine, and our network takes the place of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from converters.rehearsal.dockerfile import FILES, Prepared
from converters.rehearsal.engines import Build
from converters.rehearsal.engines.builder import MEMORY, TASKS
from converters.rehearsal.engines.commands import CommandLine, arguments, resolver


class Podman(CommandLine):
    """The engine."""

    name = "podman"
    pulls = True

    def build_words(self, build: Build, prepared: Prepared, network: Sequence[str], scratch: Path) -> list[str]:
        """The arguments of a build but for its context."""
        (scratch / "Dockerfile").write_text(prepared.text)
        (scratch / "ignored").touch()
        file, ignored = scratch / "Dockerfile", scratch / "ignored"
        words = [
            "build",
            "--layers",
            f"--pull={'missing' if self._bases.real else 'never'}",
            "--format",
            "docker",
            "-t",
            build.tag,
            "-f",
            str(file),
            "--ignorefile",
            str(ignored),
        ]
        words += ["--memory", str(build.memory or MEMORY), "--ulimit", f"nproc={TASKS}:{TASKS}", *network, *resolver()]
        words += self.volumes(self.own(scratch))
        for name, content in prepared.files.items():
            file = scratch / "context" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        if prepared.files:
            words += ["--build-context", f"{FILES}={scratch / 'context'}"]
        for number, (name, value) in enumerate(build.secrets.items()):
            file = scratch / f"secret-{number}"
            file.write_text(value)
            words += ["--secret", f"id={name},src={file}"]
        return [*words, *arguments(build)]
