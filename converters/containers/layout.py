"""Where the files of a build context land in the image, and which file of the project a start command runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from converters.containers.dockerfile import command_line
from converters.containers.dockerfile_model import Copy, Dockerfile, Stage
from converters.containers.shell import ShellCommand, expand, split
from converters.project import Project, SourceFile, normalize

if TYPE_CHECKING:
    import pathspec

PYTHON = re.compile(r"^(.*/)?(python|pypy)(3(\.\d+)?)?$")
ARGUMENTS = "\0arguments"
"""Key under which the words of CMD are known to an ENTRYPOINT script."""
VALUE_FLAGS = frozenset({"-W", "-X", "--check-hash-based-pycs"})


SYSTEM = frozenset(
    {"/bin", "/etc", "/home", "/lib", "/mnt", "/opt", "/root", "/sbin", "/srv", "/tmp", "/usr", "/usr/bin", "/usr/lib", "/usr/local"}
    | {"/usr/local/bin", "/usr/local/lib", "/usr/local/sbin", "/usr/sbin", "/usr/share", "/var", "/var/lib", "/var/log", "/var/tmp"}
)
"""Folders that every base image has."""


@dataclass
class Layout:
    """`files`: path in the image -> path in the project. `missing`: sources that the context does not hold, with their line."""

    files: dict[str, str] = field(default_factory=dict)
    missing: list[tuple[str, int]] = field(default_factory=list)
    withheld: list[tuple[str, int]] = field(default_factory=list)
    """Sources that are credential files, which are left out, with their line."""
    folders: list[tuple[str, str]] = field(default_factory=list)
    """(folder in the image, folder in the project) of every folder that was copied."""
    starting: frozenset[str] = frozenset()
    """Files of the project that are meant to be started, where a command runs several."""


@dataclass(frozen=True)
class Entry:
    """What a start command runs. `file` is in the project; `script` the shell script on the way, if any."""

    file: str
    image_path: str
    workdir: str
    args: tuple[str, ...] = ()
    script: str = ""
    module: bool = False
    interpreter: str = "python"

    @property
    def script_dir(self) -> str:
        """The folder that Python puts first on the module search path (`python -m` takes the working directory)."""
        return self.workdir if self.module else str(PurePosixPath(self.image_path).parent)


def layout(dockerfile: Dockerfile, stage: Stage, project: Project, context: str) -> Layout:
    """Expand the COPY and ADD lines of a stage over the build context (a folder of the project)."""
    found = Layout()
    left_out = ignored(project, context)
    for copy in (_into_folder(dockerfile, stage, one, found) for one in stage.copies):
        if copy.from_stage is not None:
            if copy.from_index is not None and copy.from_index < len(dockerfile.stages) and copy.from_index != stage.index:
                _from_stage(layout(dockerfile, dockerfile.stages[copy.from_index], project, context), copy, found)
            continue
        for source in copy.sources:
            if "://" not in source and not source.startswith("git@"):
                _place(project, context, copy, source, found, left_out)
    return found


def _into_folder(dockerfile: Dockerfile, stage: Stage, copy: Copy, found: Layout) -> Copy:
    """The COPY with a slash behind its destination, where that is a folder by then: a file is copied into one that exists."""
    if copy.dest.endswith("/") or not _exists(dockerfile, stage, copy, found):
        return copy
    return replace(copy, dest=f"{copy.dest}/")


def _exists(dockerfile: Dockerfile, stage: Stage, copy: Copy, found: Layout) -> bool:
    """Whether a folder is there before a COPY: by the base image, an earlier COPY or WORKDIR, or a `mkdir`."""
    folder = copy.dest
    if folder in SYSTEM or any(path.startswith(f"{folder}/") for path in found.files):
        return True
    workdirs = [one.value.strip() for one in dockerfile.instructions if one.keyword == "WORKDIR" and one.line < copy.line]
    runs = [run for run in stage.runs if run.line < copy.line]
    made = {*workdirs, *(run.workdir or "/" for run in runs)}
    for run in runs:
        for outer in run.commands():
            for command in (outer, *outer.inner):
                if command.words[:1] == ("mkdir",):
                    made |= {str(PurePosixPath(run.workdir or "/", word)) for word in command.words[1:] if not word.startswith("-")}
    return any(one.rstrip("/") == folder or one.startswith(f"{folder}/") for one in made)


def best_context(dockerfile: Dockerfile, stage: Stage, project: Project, folder: str) -> str:
    """The build context under which most sources exist: the Dockerfile's folder or one above it, the nearest first."""
    candidates = [folder]
    while candidates[-1]:
        parent = str(PurePosixPath(candidates[-1]).parent)
        candidates.append("" if parent == "." else parent)
    scored = [
        (len(found.missing), index)
        for index, candidate in enumerate(candidates)
        for found in [layout(dockerfile, stage, project, candidate)]
    ]
    return candidates[min(scored)[1]]


def ignored(project: Project, context: str) -> set[str]:
    """Paths below the context that `.dockerignore` leaves out (gitignore matching; the last pattern wins in both)."""
    file = project.get(f"{context}/.dockerignore" if context else ".dockerignore")
    if file is None:
        return set()
    key = ("dockerignore", context, file.data, frozenset(project.files))
    if key not in project.readings:
        project.readings[key] = _ignored(project, context, file)
    found: set[str] = project.readings[key]
    return found


def _ignored(project: Project, context: str, file: SourceFile) -> set[str]:
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", file.data.decode(errors="replace"))]
    spec = _spec([_anchored(line) for line in lines if line and not line.startswith("#")])
    prefix = f"{context}/" if context else ""
    return {path for path in (entry.path for entry in project.below(context)) if spec.match_file(path[len(prefix) :])}


def _spec(patterns: list[str]) -> pathspec.PathSpec:
    """What the patterns match; one that is none (`\\` alone, a range that runs backwards) matches nothing, and Docker refuses it."""
    import pathspec

    read: list[pathspec.Pattern] = []
    for pattern in patterns:
        try:
            read += pathspec.PathSpec.from_lines("gitwildmatch", [pattern]).patterns
        except (ValueError, re.error):
            continue
    return pathspec.PathSpec(read)


def _anchored(pattern: str) -> str:
    """A `.dockerignore` pattern is anchored at the context; a gitignore pattern without a slash is not."""
    negated, body = ("!", pattern[1:]) if pattern.startswith("!") else ("", pattern)
    body = body.removeprefix("./")
    return negated + (body if body.startswith(("/", "**")) else f"/{body}")


def _place(project: Project, context: str, copy: Copy, source: str, found: Layout, ignored: set[str]) -> None:
    path = normalize(f"{context}/{source}")
    names = [] if path is None else _expand(project, path)
    names = [name for name in names if name not in ignored or project.is_folder(name)]
    if not names and path is not None and _is_withheld(project, path):
        found.withheld.append((source, copy.line))
        return
    if not names:
        found.missing.append((source, copy.line))
        return
    many = len(copy.sources) > 1 or len(names) > 1 or copy.dest.endswith("/")
    for name in names:
        if name in project.files:
            dest = f"{copy.dest.rstrip('/')}/{PurePosixPath(name).name}" if many else copy.dest
            found.files[dest] = name
        else:
            _place_folder(project, name, copy.dest.rstrip("/"), found, ignored)


def _place_folder(project: Project, folder: str, dest: str, found: Layout, ignored: set[str]) -> None:
    prefix = f"{folder}/" if folder else ""
    found.folders.append((dest or "/", folder))
    for file in project.below(folder):
        if file.path not in ignored:
            found.files[f"{dest}/{file.path[len(prefix) :]}"] = file.path


def _from_stage(earlier: Layout, copy: Copy, found: Layout) -> None:
    for source in copy.sources:
        start = "/" + source.strip("/")
        for image_path, path in earlier.files.items():
            if image_path == start:
                found.files[f"{copy.dest}{PurePosixPath(image_path).name}" if copy.dest.endswith("/") else copy.dest] = path
            elif image_path.startswith(start.rstrip("/") + "/"):
                found.files[f"{copy.dest.rstrip('/')}/{image_path[len(start.rstrip('/')) + 1 :]}"] = path


def named_sources(project: Project, context: str, copy: Copy) -> list[str] | None:
    """The sources of a COPY line with its patterns written out, as paths of the context; None where it has none, or one names nothing."""
    if copy.from_stage is not None or not any(re.search(r"[*?\[]", source) for source in copy.sources):
        return None
    prefix = f"{context}/" if context else ""
    found: list[str] = []
    for source in copy.sources:
        path = normalize(prefix + source)
        names = _expand(project, path) if path is not None and "://" not in source else []
        if not names and not re.search(r"[*?\[]", source):
            return None
        found += [name.removeprefix(prefix) for name in names]
    return found or None


def _is_withheld(project: Project, pattern: str) -> bool:
    """Whether a source names nothing but credential files."""
    expression = re.compile(_glob(pattern))
    return any(expression.fullmatch(path) or path.startswith(f"{pattern}/") for path in project.withheld)


def _expand(project: Project, pattern: str) -> list[str]:
    """Files and folders that a source names; `*`, `?` and `[...]` do not cross a slash (Go's filepath.Match)."""
    if not any(sign in pattern for sign in "*?["):
        return [pattern] if pattern in project.files or project.is_folder(pattern) else []
    depth = pattern.count("/") + 1
    expression = re.compile(_glob(pattern))
    prefixes = dict.fromkeys("/".join(path.split("/")[:depth]) for path in project.files if path.count("/") + 1 >= depth)
    return [prefix for prefix in prefixes if expression.fullmatch(prefix)]


def _glob(pattern: str) -> str:
    found = []
    index = 0
    while index < len(pattern):
        sign = pattern[index]
        if sign == "*":
            found.append("[^/]*")
        elif sign == "?":
            found.append("[^/]")
        elif sign == "[" and (end := pattern.find("]", index + 2)) > 0:
            inner = pattern[index + 1 : end]
            found.append("[" + ("^" + re.escape(inner[1:]) if inner[:1] in "^!" else inner.replace("\\", "\\\\")) + "]")
            index = end
        else:
            found.append(re.escape(sign))
        index += 1
    return "".join(found)


def entry_of(stage: Stage, files: Layout, project: Project) -> Entry | None:
    """The Python file of the project that the image starts, also through shell scripts; None where there is none."""
    words = command_line(stage)
    if not words:
        return None
    env = {name: value.value for name, value in stage.env.items()}
    if stage.entrypoint is not None and stage.entrypoint.form == "exec" and stage.cmd is not None:
        env[ARGUMENTS] = "\0".join(stage.cmd.words)
    return _run(list(words), env, stage.workdir or "/", files, project, "", 0)


def _run(words: list[str], env: dict[str, str], workdir: str, files: Layout, project: Project, script: str, depth: int) -> Entry | None:
    if depth > 4 or not words:
        return None
    words = _without_wrappers(words)
    if not words:
        return None
    program = PurePosixPath(words[0]).name
    if program in ("sh", "bash", "dash", "ash") and len(words) > 1:
        rest = [word for word in words[1:] if not word.startswith("-")]
        for index, flag in enumerate(words[1:-1], 1):
            if re.fullmatch(r"-[a-z]*c", flag):
                return _shell(words[index + 1], env, workdir, files, project, script, depth)
        return _script(rest[0], env, workdir, files, project, depth) if rest else None
    if PYTHON.match(words[0]) or words[0].startswith("$"):
        return _python(words, workdir, files, script)
    if program in ("conda", "micromamba", "poetry", "uv", "pdm") and "run" in words:
        rest = words[words.index("run") + 1 :]
        while rest and not PYTHON.match(rest[0]):
            rest = rest[1:]
        return _run(rest, env, workdir, files, project, script, depth + 1)
    found = _script(words[0], env, workdir, files, project, depth)
    return found or (_python(["python", *words], workdir, files, script) if words[0].endswith(".py") else None)


def _without_wrappers(words: list[str]) -> list[str]:
    while words and PurePosixPath(words[0]).name in (
        "exec",
        "nohup",
        "tini",
        "dumb-init",
        "env",
        "stdbuf",
        "nice",
        "time",
        "xvfb-run",
        "/opt/nvidia/nvidia_entrypoint.sh",
    ):
        words = words[1:]
        while words and (words[0].startswith("-") or re.match(r"^[A-Za-z_]\w*=", words[0])):
            words = words[1:]
    return words


def _script(path: str, env: dict[str, str], workdir: str, files: Layout, project: Project, depth: int) -> Entry | None:
    absolute = _absolute(path, workdir)
    source = files.files.get(absolute)
    file = project.get(source) if source else None
    if file is None or file.size > 2**18 or file.path.endswith(".py"):
        return None
    return _shell(file.data.decode(errors="replace"), env, workdir, files, project, file.path, depth + 1)


def _shell(text: str, env: dict[str, str], workdir: str, files: Layout, project: Project, script: str, depth: int) -> Entry | None:
    """The last command of a script that runs a Python file of the project, one that is meant to be started before any other."""
    found: Entry | None = None
    known = dict(env)
    for command in _flattened(split(text)):
        known.update({name: expand([value], known)[0] if expand([value], known) else "" for name, value in command.assignments})
        words = _with_arguments(command, known)
        if not words:
            continue
        if words[0] in ("export", "declare", "local", "readonly"):
            for word in words[1:]:
                name, sign, value = word.partition("=")
                if sign:
                    known[name] = value
        elif words[0] in ("cd", "pushd") and len(words) > 1:
            workdir = _absolute(words[1], workdir)
        else:
            entry = _run(words, known, workdir, files, project, script, depth + 1) or _heredoc(command, workdir, files, script)
            if entry is not None and (found is None or found.file not in files.starting or entry.file in files.starting):
                found = entry
    return found


def _with_arguments(command: ShellCommand, known: dict[str, str]) -> list[str]:
    """The words of a command, `"$@"` replaced by what CMD hands to the ENTRYPOINT script."""
    if any(word in ("$@", "$*", "${@}") for word in command.words) and known.get(ARGUMENTS):
        kept = [word for word in command.words if word not in ("$@", "$*", "${@}")]
        return [*kept, *known[ARGUMENTS].split("\0")]
    return list(expand(command.raw_words, known)) if command.raw_words else []


def _flattened(commands: tuple[ShellCommand, ...]) -> Iterator[ShellCommand]:
    """Simple commands, with those inside compound ones."""
    for command in commands:
        if command.compound:
            yield from command.inner
        else:
            yield command


def _heredoc(command: ShellCommand, workdir: str, files: Layout, script: str) -> Entry | None:
    """`python - <<PY` whose program imports a file of the project and starts the worker itself."""
    for body in command.heredocs:
        if "serverless.start" not in body:
            continue
        for name in re.findall(r"(?m)^\s*(?:from|import)\s+(\w+)|,\s*(\w+)", body):
            path = _absolute(f"{name[0] or name[1]}.py", workdir)
            if path in files.files:
                return Entry(files.files[path], path, workdir, (), script, False, "python3")
    return None


def _python(words: list[str], workdir: str, files: Layout, script: str) -> Entry | None:
    interpreter, rest = words[0], words[1:]
    while rest:
        word = rest.pop(0)
        if word == "-m" and rest:
            module = rest.pop(0)
            for tail in (f"{module.replace('.', '/')}.py", f"{module.replace('.', '/')}/__main__.py"):
                path = _absolute(tail, workdir)
                if path in files.files:
                    return Entry(files.files[path], path, workdir, tuple(rest), script, True, interpreter)
            return None
        if word == "-c":
            return None
        if word in VALUE_FLAGS and rest:
            rest.pop(0)
        elif not word.startswith("-"):
            path = _absolute(word, workdir)
            source = files.files.get(path)
            return Entry(source, path, workdir, tuple(rest), script, False, interpreter) if source and source.endswith(".py") else None
    return None


def _absolute(path: str, workdir: str) -> str:
    parts: list[str] = []
    for part in PurePosixPath(workdir, path).parts[1:]:
        if part == "..":
            parts = parts[:-1]
        else:
            parts.append(part)
    return "/" + "/".join(parts)
