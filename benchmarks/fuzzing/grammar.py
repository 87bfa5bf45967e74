"""Lines of files that have a grammar of their own: Dockerfiles, shell scripts, requirements, ignore files, TOML."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from benchmarks.fuzzing import odd

WORDS = (
    "a", "x.py", "handler.py", "server.py", "python", "-u", "-m", "uvicorn", "server:app", "--port", "8000", "--port=$PORT", "/app",
    "/data", "..", "../x", ".", "*", "?", "[a", "&&", "||", ";", "|",
    "&", ">", "2>&1", "<", "<<EOF", "'", '"', "\\", "`x`", "$(x)", "$((1+1))", "${PORT}", "${X:-8000}", "${X:?no}", "${", "$", "$1", "$@",
    '"$@"', "'a b'", '"a b"', "{a,b}", "~", "#", "!", "=",
    "A=b", "A='b c'", "exec", "sh", "-c", "bash", "pip", "install", "-r", "requirements.txt", "torch==2.1", "apt-get", "update", "curl",
    "-o", "https://x.y/z", "git", "clone", "cd", "export",
    "true", "sleep", "1", "é", "\u2028", "\x0c", "a" * 200, "--", "-", "env", "-i", "nohup", "timeout", "5", "gunicorn", "-b",
    "0.0.0.0:8000", "supervisord", "python3", "uv", "run", "conda", "huggingface-cli",
    "download", "wget", "-O-", "chmod", "+x", "source", "venv/bin/activate", "tee", "/etc/x.conf", "\\n", "\n", "COPY",
)  # fmt: skip
INSTRUCTIONS = (
    "FROM {w}", "FROM {w} AS {w}", "FROM --platform={w} python:3.11", "FROM python:{w}",
    "FROM nvidia/cuda:12.1.0-cudnn8-runtime-ubuntu22.04", "FROM scratch", "FROM base", "ARG {w}", "ARG A={w}", "ARG",
    "RUN {w} {w} {w} {w}", "RUN [{j}]", "RUN --mount=type={w},target={w} {w}", "RUN <<EOF\n{w} {w}\n{w}\nEOF",
    "RUN <<-'A' <<B\n{w}\nA\n{w}\nB", "RUN {w} \\\n  {w} \\\n\n # c\n {w}", "COPY {w} {w}",
    "COPY [{j}]", "COPY --from={w} {w} {w}", "COPY --chmod=755 --link {w} {w} {w}", "COPY <<EOF {w}\n{w}\nEOF", "ADD {w} {w}",
    "ADD https://x.y/z.tar.gz /{w}", "ENV {w}", "ENV {w} {w}", "ENV {w}={w} {w}={w}",
    "ENV A=\"{w}\" B='{w}' \\\n C={w}", "WORKDIR {w}", "WORKDIR /{w}/$A", "EXPOSE {w}", "EXPOSE $PORT 8000-8010/tcp", "USER {w}",
    "VOLUME {w}", "VOLUME [{j}]", "CMD {w} {w} {w}", "CMD [{j}]", "CMD []", "CMD",
    "ENTRYPOINT {w} {w}", "ENTRYPOINT [{j}]", "HEALTHCHECK NONE", "HEALTHCHECK --interval={w} CMD {w} {w}", "HEALTHCHECK CMD [{j}]",
    "SHELL [{j}]", "SHELL {w}", "LABEL {w}={w}", "STOPSIGNAL {w}",
    "ONBUILD {w} {w}", "MAINTAINER {w}", "# syntax={w}", "# escape=`", "# escape=\\", "{w} {w}", "FROM", "\\", "run {w}", "Cmd {w}",
)  # fmt: skip
COMMANDS = (
    "{w} {w} {w}", "{w}={w}", "export {w}={w}", "if [ {w} ]; then\n  {w}\nelif {w}; then {w}\nelse\n {w} {w}\nfi",
    "for x in {w} {w}; do {w}; done", "while {w}; do\n{w}\ndone", "case {w} in\n {w}) {w};;\n *) ;;\nesac",
    "{w}() {{\n {w} {w}\n}}", "function {w} {{ {w}; }}", "cat <<EOF > {w}\n{w}\nEOF", "cat <<'A' | {w}\n{w}\nA", "( {w}; {w} ) &",
    "{{ {w}; }} > {w}", "{w} | {w} && {w} || {w}", "trap '{w}' EXIT", "set -{w}", "source {w}",
    "exec {w} {w}", "wait", "{w} &", "[[ {w} == {w} ]] && {w}", "(( x++ ))", "until {w}; do :; done", "eval \"{w}\"", "echo {w} >> {w}",
    "# {w}", "{w} \\\n  {w}", "python - <<PY\nimport {w}\nPY", "A={w} B={w} {w}", "'", '"',
    "fi", "done", "esac", "}}", "$(", "((", "[[", "select x in {w}; do {w}; done", "readonly {w}={w}", "unset {w}", "local x=${{1:-{w}}}",
    "x=(a b {w})", "${{x[@]}}", "if", "for", "case x in", "<<EOF", "{w} <<<{w}",
)  # fmt: skip
PINS = (
    "{w}", "{w}=={w}", "torch=={w}", "{w}>={w},<{w}", "{w}~={w}", "{w}==={w}", "{w}!={w}", "{w}[{w}]", "{w} @ {w}", "{w} @ file:///{w}",
    "-r {w}", "-r requirements.txt", "-c {w}", "-e {w}", "-e .", "--index-url {w}", "--extra-index-url={w}",
    "-f {w}", "git+https://x.y/{w}@{w}#egg={w}", "https://x.y/{w}.whl", "./{w}", "{w}; python_version < '{w}'", "{w}; {w}",
    "{w} \\\n  --hash={w}", "# {w}", "--{w}", "-{w} {w}", "numpy==1.26.4", "runpod=={w}", "cog=={w}", "fal=={w}",
    "torch==2.1.0+{w}", "pydantic<2", "{w} # {w}", "${{X}}", "\\", "==", "[", "@", ";", "--no-binary {w}",
    "flash-attn --no-build-isolation", "nvidia-{w}-cu12", "tensorflow[and-cuda]=={w}",
)  # fmt: skip
IGNORED = (
    "{w}", "!{w}", "{w}/", "/{w}", "**/{w}", "{w}/**", "**", "*", "!*", "!", "!!{w}", "[", "[a-", "[]", "[!a]", "[z-a]", "{w}\\", "\\{w}",
    "\\", "\\!x", "# {w}", "#", " {w} ", "?", "{w}?*", "**{w}**", "./{w}", "../{w}", "/", "//", ".", "..",
    "!handler.py", "!requirements.txt", "!server.py", "*.py", "{{a,b}}", "a\tb", "{w}\r", "\ufeff{w}", "[[:alpha:]]", "a[b\\", "(", ")",
    "+", "^$", "|",
)  # fmt: skip
TABLES = (
    "[project]", "[tool.fal]", "[tool.fal.apps]", "[tool.fal.apps.{k}]", "[[tool.fal.apps]]", "[tool]", "[tool.fal-migrate]",
    "[tool.poetry]", "[tool.poetry.dependencies]", "[build-system]", "[{k}]", "[a.{k}.b]", "[[a]]", "[project.scripts]",
    "tool = {v}", "tool.fal = {v}", "tool.fal.apps = {v}", "apps = {v}", "name = {v}", "version = {v}", "dependencies = {v}",
    "dependencies = [{v}, {v}]", "requires-python = {v}", "python = {v}", "{k} = {v}", "{k}.{k} = {v}", "dynamic = {v}",
    "target = {v}", "style = {v}", "set = {v}", "set = {{keep_alive = {v}, machine_type = {v}}}", "only = {v}", "skip = [{v}]",
    "output = {v}", "endpoint-config = {v}", "openapi = {v}", "idiomatic = {v}", "torch = {v}", "optional-dependencies = {v}",
    "# {k}", "", "[", "= {v}", "{k} =", "[project", "requires = {v}", "sources = {v}", "ref = {v}", "[tool.uv.sources]",
    "[dependency-groups]", "dev = [{v}, {{include-group = {v}}}]",
)  # fmt: skip
TOML_VALUES = (
    '"x"', "'x'", '"""x\ny"""', "''", "1", "-1", "1.5", "nan", "inf", "true", "1979-05-27", "07:32:00", "[]", "[1, 'a']", "[[]]", "{}",
    "{a = 1}", "{a = {b = []}}", '"\\u2028"', '"torch==2"', '">=3.10"', '"../x"', '"app"', '"a\\u0000b"', "0x1f",
    "'torch'", '"^3.11"', '{version = "2"}', '{version = 2}', "[{}]", '"é"', "1e400", '"keep"', '["RP001"]', '"/"',
)  # fmt: skip


def dockerfile(random: Random, data: bytes) -> bytes:
    return _mixed(random, data, INSTRUCTIONS, start=b"FROM python:3.11-slim\n")


def script(random: Random, data: bytes) -> bytes:
    return _mixed(random, data, COMMANDS, start=b"#!/bin/bash\n")


def requirements(random: Random, data: bytes) -> bytes:
    return _mixed(random, data, PINS)


def ignore(random: Random, data: bytes) -> bytes:
    return _mixed(random, data, IGNORED)


def toml(random: Random, data: bytes) -> bytes:
    return _mixed(random, data, TABLES)


def _mixed(random: Random, data: bytes, forms: tuple[str, ...], start: bytes = b"") -> bytes:
    """Lines of the grammar alone, put among the file's own, or the file changed by lines or bytes."""
    roll = random.random()
    if roll < 0.35:
        return start + b"".join(line(random, forms) + b"\n" for _ in range(random.randint(0, 8)))
    if roll < 0.75:
        lines = data.split(b"\n")
        for _ in range(random.randint(1, 3)):
            place = random.randrange(len(lines) + 1)
            lines[place : place + random.choice((0, 0, 1))] = [line(random, forms)]
        return b"\n".join(lines)
    if roll < 0.85:
        return odd.lines_of(random, data)
    return odd.bytes_of(random, data, [word.encode() for word in WORDS])


def line(random: Random, forms: tuple[str, ...]) -> bytes:
    """One line of a grammar: `{w}` a word, `{j}` a JSON list without brackets, `{k}` a key, `{v}` a TOML value."""
    form = random.choice(forms)
    makers: dict[str, Callable[[], str]] = {
        "{w}": lambda: word(random),
        "{j}": lambda: ", ".join(f'"{word(random)}"' for _ in range(random.randint(0, 4))),
        "{k}": lambda: random.choice(("a", "b-c", '"a b"', "'é'", '""', "name", "handler", "worker")),
        "{v}": lambda: random.choice(TOML_VALUES),
    }
    for mark, make in makers.items():
        while mark in form:
            form = form.replace(mark, make(), 1)
    return form.replace("{{", "{").replace("}}", "}").encode(errors="replace")


def word(random: Random) -> str:
    """A word, sometimes two grown together; it may hold what its place does not allow."""
    made = random.choice(WORDS) if random.random() < 0.85 else odd.text(random)
    made = made + random.choice(WORDS) if random.random() < 0.1 else made
    return made.replace("{w}", "w").replace("{j}", "j").replace("{k}", "k").replace("{v}", "v")
