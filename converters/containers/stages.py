"""What the instructions mean: build stages with their environment, commands, ports, copies and runs.

The rules are those of BuildKit (frontend/dockerfile/dockerfile2llb/convert.go) and of
https://docs.docker.com/reference/dockerfile/. Nothing raises: what Docker would refuse becomes a diagnostic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from converters.containers import base_images, instruction_options
from converters.containers.build_scope import Build, Scope, expand
from converters.containers.dockerfile_model import Arg, Command, Copy, EnvValue, Instruction, Run, Stage
from converters.containers.dockerfile_words import after_json, json_words, pairs, split_words
from converters.containers.expansion import WordError
from converters.containers.logical_lines import split_keyword

MAX_STAGES = 256


class StageBuilder:
    """One stage in the making: every instruction of it goes through `add`."""

    def __init__(self, build: Build, stage: Stage, scope: Scope) -> None:
        self.build = build
        self.scope = scope
        self.stage = stage
        self.env = dict(stage.env)
        self.args = dict(stage.args)
        self.labels = dict(stage.labels)
        self.copies = list(stage.copies)
        self.runs = list(stage.runs)
        self.onbuild: list[Instruction] = []
        self.workdir, self.workdir_line = stage.workdir, stage.workdir_line
        self.user, self.user_line = stage.user, stage.user_line
        self.cmd, self.entrypoint, self.shell = stage.cmd, stage.entrypoint, stage.shell
        self.expose, self.volumes = list(stage.expose), list(stage.volumes)
        self.healthcheck, self.stopsignal = stage.healthcheck, stage.stopsignal
        self.cmd_is_own = False

    def finish(self) -> Stage:
        """The stage as it stands after its last instruction."""
        return replace(
            self.stage,
            env=MappingProxyType(self.env),
            args=MappingProxyType(self.args),
            labels=MappingProxyType(self.labels),
            copies=tuple(self.copies),
            runs=tuple(self.runs),
            onbuild=tuple(self.onbuild),
            workdir=self.workdir,
            workdir_line=self.workdir_line,
            user=self.user,
            user_line=self.user_line,
            cmd=self.cmd,
            entrypoint=self.entrypoint,
            shell=self.shell,
            expose=tuple(self.expose),
            volumes=tuple(self.volumes),
            healthcheck=self.healthcheck,
            stopsignal=self.stopsignal,
        )

    def add(self, instruction: Instruction) -> None:
        """Applies one instruction; what is wrong with it is reported and leaves the stage as it was."""
        method = self._methods.get(instruction.keyword)
        if method is None:
            self.build.report(instruction.line, f"unknown instruction {instruction.keyword[:40]}")
            return
        try:
            method(self, instruction)
        except WordError as error:
            self.build.report(instruction.line, f"{instruction.keyword}: {error}")

    def expand(self, word: str, escape: str) -> str:
        """`word` with the variables of the stage. Raises WordError, also when the result grows without bounds."""
        return expand(self.build, word, self.scope.values, escape).text

    def _env(self, instruction: Instruction) -> None:
        found = pairs(instruction.value, instruction.escape)
        new: list[tuple[str, EnvValue]] = []
        for offset, name, raw in found:  # values see the variables as they were before the instruction
            word = expand(self.build, raw, self.scope.values, instruction.escape)
            value = EnvValue(word.text, instruction.line_at(offset), raw, word.unset)
            new.append((self.expand(name, instruction.escape), value))
        for name, value in new:
            self.env[name] = value
            self.scope.set(name, value.value)

    def _label(self, instruction: Instruction) -> None:
        for offset, name, raw in pairs(instruction.value, instruction.escape):
            word = expand(self.build, raw, self.scope.values, instruction.escape)
            name = self.expand(name, instruction.escape)
            self.labels[name] = EnvValue(word.text, instruction.line_at(offset), raw, word.unset)

    def _arg(self, instruction: Instruction) -> None:
        words = split_words(instruction.value, instruction.escape)
        if not words:
            raise WordError("at least one argument is needed")
        for offset, word in words:
            name, equals, default = word.partition("=")
            value = self.build.build_args.get(name)
            if value is None and equals:
                value = self.expand(default, instruction.escape)
            elif value is None:
                value = self.build.globals.get(name)
            self.args[name] = Arg(name, value, default if equals else None, instruction.line_at(offset))
            if value is not None:
                self.scope.set(name, value)

    def _workdir(self, instruction: Instruction) -> None:
        path = self._one(instruction)
        self.workdir, self.workdir_line = instruction_options.join(self.workdir, path), instruction.line

    def _user(self, instruction: Instruction) -> None:
        self.user, self.user_line = self._one(instruction), instruction.line

    def _stopsignal(self, instruction: Instruction) -> None:
        self.stopsignal = self._one(instruction)

    def _one(self, instruction: Instruction) -> str:
        if not instruction.value:
            raise WordError("exactly one argument is needed")
        return self.expand(instruction.value, instruction.escape)

    def _json(self, instruction: Instruction, text: str | None = None) -> tuple[str, ...] | None:
        text = instruction.value if text is None else text
        words = json_words(text)
        if words is not None and (rest := after_json(text)):
            message = f"{rest[:40]!r} after the JSON array: newer versions of Docker take all of it for shell text"
            self.build.report(instruction.line, f"{instruction.keyword}: {message}")
        return words

    def _command(self, instruction: Instruction, text: str) -> Command:
        argv = self._json(instruction, text)
        return Command("shell" if argv is None else "exec", argv, text, instruction.line, instruction.end_line, self.shell)

    def _cmd(self, instruction: Instruction) -> None:
        self.cmd, self.cmd_is_own = self._command(instruction, instruction.value), True

    def _entrypoint(self, instruction: Instruction) -> None:
        self.entrypoint = self._command(instruction, instruction.value)
        if not self.cmd_is_own:
            self.cmd = None

    def _shell(self, instruction: Instruction) -> None:
        argv = self._json(instruction)
        if not argv:
            raise WordError("a JSON array with at least one string is needed")
        self.shell = argv

    def _expose(self, instruction: Instruction) -> None:
        if not instruction.value:
            raise WordError("at least one argument is needed")
        for offset, raw in instruction_options.blank_words(instruction.value):
            for word in expand(self.build, raw, self.scope.values, instruction.escape).words:
                port = instruction_options.port(word, instruction.line_at(offset))
                if port.port is None:
                    self.build.report(port.line, f"EXPOSE: {word[:40]!r} is no port")
                self.expose.append(port)

    def _volume(self, instruction: Instruction) -> None:
        words = self._json(instruction)
        raw = [word for _, word in instruction_options.blank_words(instruction.value)] if words is None else words
        self.volumes.extend(self.expand(word, instruction.escape) for word in raw)

    def _healthcheck(self, instruction: Instruction) -> None:
        kind, offset = split_keyword(instruction.value)
        text = instruction.value[offset:]
        if kind not in ("NONE", "CMD") or (kind == "CMD") != bool(text):
            raise WordError("NONE, or CMD with a command, is needed")
        command = None if kind == "NONE" else self._command(instruction, text)
        self.healthcheck = instruction_options.healthcheck(command, instruction)

    def _onbuild(self, instruction: Instruction) -> None:
        trigger = instruction_options.trigger(instruction)
        if trigger.keyword in ("ONBUILD", "FROM", "MAINTAINER", ""):
            raise WordError(f"{trigger.keyword or 'nothing'} is not allowed as a trigger")
        self.onbuild.append(trigger)

    def _maintainer(self, instruction: Instruction) -> None:
        self._one(instruction)

    def _copy(self, instruction: Instruction) -> None:
        words = self._json(instruction)
        raw = [word for _, word in instruction_options.blank_words(instruction.value)] if words is None else list(words)
        if len(raw) < 2:
            raise WordError("at least one source and a destination are needed")
        names = {heredoc.name for heredoc in instruction.heredocs}
        sources = [word for word in raw[:-1] if instruction_options.heredoc_name(word) not in names]
        origin = instruction_options.flag(instruction.flags, "from")
        self.copies.append(
            Copy(
                keyword=instruction.keyword,
                sources=tuple(self.expand(word, instruction.escape) for word in sources),
                dest=instruction_options.join(self.workdir, self.expand(raw[-1], instruction.escape), keep_slash=True),
                from_stage=origin,
                from_index=self.build.find(origin, numbers=True) if origin is not None else None,
                files=instruction.heredocs,
                flags=instruction.flags,
                stage=self.stage.index,
                line=instruction.line,
                end_line=instruction.end_line,
            )
        )

    def _run(self, instruction: Instruction) -> None:
        argv = self._json(instruction)
        script, shell, segments = instruction_options.script(instruction, self.shell)
        mounts = [
            instruction_options.mount(value, lambda word: self.expand(word, instruction.escape))
            for value in instruction_options.flags(instruction.flags, "mount")
        ]
        self.runs.append(
            Run(
                script=script,
                argv=argv,
                shell=shell,
                flags=instruction.flags,
                mounts=tuple(mounts),
                heredocs=instruction.heredocs,
                workdir=self.workdir,
                user=self.user,
                stage=self.stage.index,
                line=instruction.line,
                end_line=instruction.end_line,
                segments=segments,
                history=self.scope.history(),
            )
        )

    _methods: Mapping[str, Callable[[StageBuilder, Instruction], None]] = MappingProxyType(
        {
            "ADD": _copy,
            "ARG": _arg,
            "CMD": _cmd,
            "COPY": _copy,
            "ENTRYPOINT": _entrypoint,
            "ENV": _env,
            "EXPOSE": _expose,
            "HEALTHCHECK": _healthcheck,
            "LABEL": _label,
            "MAINTAINER": _maintainer,
            "ONBUILD": _onbuild,
            "RUN": _run,
            "SHELL": _shell,
            "STOPSIGNAL": _stopsignal,
            "USER": _user,
            "VOLUME": _volume,
            "WORKDIR": _workdir,
        }
    )


def evaluate(instructions: Sequence[Instruction], build_args: Mapping[str, str]) -> Build:
    """Runs through the instructions in order and returns all stages, with what was wrong."""
    build = Build(build_args)
    builder: StageBuilder | None = None
    for instruction in instructions:
        if instruction.keyword == "FROM":
            if builder:
                build.stages.append(builder.finish())
                build.scopes.append(builder.scope)
            builder = start_stage(build, instruction)
        elif builder:
            builder.add(instruction)
        elif instruction.keyword == "ARG":
            global_arg(build, instruction)
        else:
            build.report(instruction.line, f"{instruction.keyword[:40]} before the first FROM")
    if builder:
        build.stages.append(builder.finish())
        build.scopes.append(builder.scope)
    return build


def start_stage(build: Build, instruction: Instruction) -> StageBuilder:
    """A stage begins: it takes over everything from the earlier stage that it is FROM, ONBUILD triggers included."""
    words = [word for _, word in instruction_options.blank_words(instruction.value)]
    base = _global(build, words[0], instruction) if words else ""
    name = words[2].lower() if len(words) == 3 and words[1].lower() == "as" else None
    if len(words) != 1 and name is None:
        build.report(instruction.line, "FROM requires either one or three arguments")
    elif not base:
        build.report(instruction.line, f"FROM: {words[0]!r} is empty without a build argument")
    platform = instruction_options.flag(instruction.flags, "platform")
    index = len(build.stages)
    parent = build.find(base) if index < MAX_STAGES else None
    fresh = Stage(
        index=index,
        name=name,
        base=base,
        base_stage=parent,
        base_image=base if parent is None else build.stages[parent].base_image,
        platform=_global(build, platform, instruction) if platform else None,
        line=instruction.line,
        workdir=base_images.workdir(base),
    )
    if index >= MAX_STAGES:
        build.report(instruction.line, f"more than {MAX_STAGES} stages: what this one takes from an earlier one is not followed")
    if parent is None:
        return StageBuilder(build, fresh, Scope())
    keep = {key: getattr(fresh, key) for key in ("index", "name", "base", "base_stage", "base_image", "platform", "line")}
    builder = StageBuilder(build, replace(build.stages[parent], **keep, onbuild=()), build.scopes[parent].copy())
    for trigger in build.stages[parent].onbuild:
        builder.add(trigger)
    return builder


def global_arg(build: Build, instruction: Instruction) -> None:
    """An ARG before the first FROM: it counts for FROM lines, and for stages that declare it again."""
    for offset, word in split_words(instruction.value, instruction.escape):
        name, equals, default = word.partition("=")
        value = build.build_args.get(name)
        if value is None:
            value = _global(build, default, instruction) if equals else build.globals.get(name)
        build.args[name] = Arg(name, value, default if equals else None, instruction.line_at(offset))
        if value is not None:
            build.globals[name] = value


def _global(build: Build, word: str, instruction: Instruction) -> str:
    try:
        return expand(build, word, build.globals, instruction.escape).text
    except WordError as error:
        build.report(instruction.line, f"{instruction.keyword}: {error}")
        return word
