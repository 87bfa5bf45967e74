"""The model between sources and targets: what was found in a project, where, and what becomes of it.

Front ends (`sources/`) fill it, targets turn it into files. Every value that was read carries its origin.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Generic, Literal, TypeVar

from pydantic import Field

from converters.native_plan import NativeSource
from converters.provenance import Certainty, Decision, Subject
from converters.provenance import Model as Model
from converters.provenance import Origin as Origin

T = TypeVar("T")


class Value(Model, Generic[T]):
    """A value with its origin; `note` says how it was derived."""

    value: T
    origin: Origin | None = None
    note: str = ""
    certainty: Certainty = Certainty.STATED


class Disposition(str, Enum):
    """What became of a construct."""

    CONVERTED = "converted"
    KEPT = "kept"
    DROPPED = "dropped"
    MANUAL = "manual"


class Safety(str, Enum):
    """`safe`: no value on the wire changes; `idiomatic`: fal's own media types and names; `manual`: a person decides."""

    SAFE = "safe"
    IDIOMATIC = "idiomatic"
    MANUAL = "manual"


class Scope(str, Enum):
    """Whether an item is about the code or about the deployment (a secret to set, a console setting to look up)."""

    CODE = "code"
    DEPLOY = "deploy"


class Edit(Model):
    """A replacement in a kept file: `start` and `end` are character offsets into its decoded text."""

    file: str
    start: int
    end: int
    replacement: str
    rule: str
    reason: str


class Suggestion(Model):
    """A change of one place that is known to be right: on the first line from `line` on that holds it, `old` becomes `new`.

    Where `old` is '', `new` becomes a line of its own before `line`; at line 0 it is added at the end of the file, which is made
    where it is not there.
    """

    file: str
    line: int
    old: str
    new: str


class InputField(Model):
    """A key of the request: `annotation` and `default` are Python source, made by a serializer."""

    name: str
    annotation: str
    required: bool
    default: str | None = None
    description: str = ""
    constraints: dict[str, Any] = Field(default_factory=dict)
    origin: Origin | None = None
    evidence: str = ""
    media: Literal["path", "paths", "file", "files", "secret", "secrets"] | None = None
    """What the caller's text becomes before the code sees it: a downloaded file, an open file, a masked secret."""
    computed: bool = False
    """The default is computed where the code is loaded, so the value is passed on only where the caller sent one."""
    deprecated: bool = False
    accept: str = ""
    model: InputSchema | None = None
    """The keys of a nested object: the `dict[str, Any]` in the annotation stands for it."""


class InputSchema(Model):
    """What an endpoint accepts. `extra`: what the source does with unknown keys."""

    fields: list[InputField] = Field(default_factory=list)
    extra: Literal["forbid", "allow"] = "allow"
    known: bool = True
    """False where the whole input is passed on and no field can be derived."""
    evidence: str = ""


class OutputField(Model):
    name: str
    annotation: str
    optional: bool = False
    description: str = ""
    media: Literal["image", "video", "audio", "file"] | None = None
    """A local path that the handler wrote and returns: it is uploaded, because a path means nothing to a caller."""
    many: bool = False
    """A list of such paths."""
    origin: Origin | None = None


class OutputModel(Model):
    """A class of the results, beside `Output` itself."""

    name: str
    fields: list[OutputField] = Field(default_factory=list)


class OutputSchema(Model):
    """What the handler returns where it succeeds; `annotation` for results that are no dict with known keys."""

    fields: list[OutputField] = Field(default_factory=list)
    annotation: str = "Any"
    errors: bool = False
    """Some results carry `error`."""
    refresh: bool = False
    """Some results carry `refresh_worker`."""
    opaque: bool = True
    """Some results could not be read statically, so `error` and `refresh_worker` are looked for at run time."""
    wrap: str = ""
    """The key under which a result that is no mapping itself is answered (Cog's `output`)."""
    models: list[OutputModel] = Field(default_factory=list)
    omits: bool = False
    """Fields that a result does not set are left out of the answer, not null (Cog's models up to 0.16)."""
    is_json: bool = False
    """Every result is by reading a string, a number or a truth value of Python's own, of which JSON can be made as it is."""


HandlerKind = Literal["sync", "async", "generator", "async_generator"]


class Hook(Model):
    """A function or value of the worker, by the name that reaches it in the entry module."""

    name: str
    asynchronous: bool = False
    ends: bool = False
    """It calls `sys.exit`, which is not what ends a runner."""


class Handler(Model):
    """The callable that answers one job."""

    name: str
    """The expression that reaches it inside `module`, such as `handler` or `proxy.handler`."""
    module: str
    """The name under which `setup()` imports it."""
    file: str
    kind: HandlerKind
    summary: str = ""
    load: str = ""
    """A function of `module` that `setup()` must call first (what stood under `if __name__ == "__main__"`)."""
    returned: bool = False
    """`load` returns the handler, which only its own names reach."""
    coroutine: bool = False
    """It is a coroutine function that never awaits: it runs in a thread (kind `sync`), where nothing waits for it."""
    debugger: bool = False
    """The code uses `rp_debugger`, whose checkpoints RunPod's worker loop clears after every job."""
    dedicated_thread: str = ""
    """Why one thread loads and answers; '' where any thread will do."""
    uses_arguments: bool = False
    """The code reads the command line, so `setup()` sets `sys.argv`."""
    checks: list[Hook] = Field(default_factory=list)
    """Fitness checks: called before the first request and by the health check."""
    teardown: list[Hook] = Field(default_factory=list)
    handle_exit: list[Hook] = Field(default_factory=list)
    hints: list[Hook] = Field(default_factory=list)
    """Values that name the loaded model."""
    origin: Origin


class Predictor(Model):
    """The Cog predictor that answers one prediction: a class with a method, or a function."""

    name: str
    module: str
    file: str
    method: str = ""
    """Empty for a function."""
    kind: HandlerKind
    setup: Literal["", "sync", "async"] = ""
    weights: bool = False
    """`setup` takes the model's weights (COG_WEIGHTS)."""
    healthcheck: Literal["", "sync", "async"] = ""
    cancel: bool = False
    """The predictor's file defines the CancelationException that its code catches."""
    uses_arguments: bool = False
    """The code reads the command line, so `setup()` sets `sys.argv`."""
    prepare: list[str] = Field(default_factory=list)
    """Lines of setup() that fetch model files before the predictor is loaded, made by a serializer."""
    origin: Origin

    @property
    def trains(self) -> bool:
        """Whether it is Cog's `train()`, as a method or a function."""
        return "train" in (self.method, self.name)


class Endpoint(Model):
    path: str = "/"
    kind: Literal["unary", "stream", "websocket"] = "unary"
    method: str = "generate"
    summary: str = ""
    input: InputSchema = Field(default_factory=InputSchema)
    output: OutputSchema = Field(default_factory=OutputSchema)


class EnvVar(Model):
    """`secret` names never carry a value. `preset`: fal sets the name itself, so it is assigned and not defaulted."""

    name: str
    value: str | None = None
    secret: bool = False
    preset: bool = False
    origin: Origin | None = None


class Environment(Model):
    """What the code runs in: a list of pip requirements, or an image built from a Dockerfile."""

    kind: Literal["requirements", "image"] = "requirements"
    requirements: list[Value[str]] = Field(default_factory=list)
    layers: list[list[str]] = Field(default_factory=list)
    """Install layers, where pip options (an index, `--pre`) apply to some requirements only."""
    dockerfile: str | None = None
    build_args: dict[str, str] = Field(default_factory=dict)
    build_secrets: dict[str, str] = Field(default_factory=dict)
    """Secrets that a build step mounts: its id -> `$NAME` of the fal secret."""
    context: str = "."
    python_version: Value[str]
    variables: list[EnvVar] = Field(default_factory=list)
    workdir: str = ""
    script_dir: str = ""
    """Folder of the entry script in the image (kind image) or relative to the app file (kind requirements)."""
    files: list[str] = Field(default_factory=list)
    """Paths of the project that the app needs on the runner."""
    installs: list[str] = Field(default_factory=list)
    """Packages that the image needs beside what its Dockerfile installs."""
    copies: list[tuple[str, str]] = Field(default_factory=list)
    """(path in the build context, path in the image) of files that the Dockerfile does not copy though the code imports them."""
    argv: list[str] = Field(default_factory=list)
    """Arguments after the script in the start command."""
    start_script: str = ""
    why: str = ""


class Setting(Model):
    """A host setting of the app, such as `machine_type`: only what the source states is written."""

    name: str
    value: Any
    origin: Origin | None = None
    note: str = ""


class Weights(Model):
    """Model files that the source bakes, mounts or downloads; what becomes of them."""

    what: str
    where: str
    action: Literal["image", "startup", "data", "manual"]
    origin: Origin | None = None


class Finding(Model):
    """One piece of evidence about a server: what it says about `subject`, where it stands, and whether it decided.

    `certainty` is that of the value, if this decides.
    """

    subject: Literal["port", "command", "health", "openapi", "bind", "concurrency", "shutdown", "gpu"]
    value: str
    why: str
    origin: Origin | None = None
    decided: bool = False
    certainty: Certainty = Certainty.STATED


class Registry(Model):
    """Credentials of a private registry: `secret` names the fal secret that holds the password."""

    host: str
    username: str
    secret: str
    origin: Origin | None = None


class Unproxied(Model):
    """What a proxy in front of a server cannot pass on: `what` of which operation, and why."""

    what: str
    why: str
    origin: Origin | None = None


class Server(Model):
    """A program that answers HTTP itself: what starts it and how it is reached."""

    port: int | None = None
    command: list[str] = Field(default_factory=list)
    """The argv that the container runs."""
    health_path: str | None = None
    openapi_path: str | None = None
    document: dict[str, Any] | None = None
    """Its OpenAPI document, as far as it can be had without running it."""
    document_origin: str = ""
    unproxied: list[Unproxied] = Field(default_factory=list)
    findings: list[Finding] = Field(default_factory=list)
    image: str = ""
    """Reference of a ready image, where no Dockerfile builds it."""
    entrypoint: list[str] | None = None
    cmd: list[str] | None = None
    """Overrides of the image's own ENTRYPOINT and CMD; None leaves them."""
    registries: list[Registry] = Field(default_factory=list)
    target: str = ""
    """The build stage that is the server, where it is not the last one."""
    workdir: str = ""
    user: str = ""
    python: str = ""
    """Version of the Python in the image; '' where it has none or none is known."""
    health: dict[str, int] = Field(default_factory=dict)
    """Times of the health check: `start_period_seconds`, `timeout_seconds`, `failure_threshold`."""
    extra: dict[str, Any] = Field(default_factory=dict)
    """Keys of the app's table in pyproject.toml that are no host settings."""


class App(Model):
    """One deployable program of the project."""

    name: str
    class_name: str
    entry: str
    app_file: str
    target: Literal["app", "function", "pyproject"] = "app"
    style: Literal["native", "keep"] | None = "keep"
    why: str = ""
    why_style: str = ""
    idiomatic: bool = False
    """fal's own media types and names in native style, which changes the response."""
    native: NativeSource | None = None
    """What native style needs; None where it is not safe (then `why_style` says why)."""
    handler: Handler | None = None
    predictor: Predictor | None = None
    endpoints: list[Endpoint] = Field(default_factory=list)
    environment: Environment
    settings: list[Setting] = Field(default_factory=list)
    secrets: list[EnvVar] = Field(default_factory=list)
    weights: list[Weights] = Field(default_factory=list)
    examples: list[Value[Any]] = Field(default_factory=list)
    envelope: list[str] = Field(default_factory=list)
    """Keys beside `input` that the handler reads from the job; callers send them among the input's fields."""
    module_path: list[str] = Field(default_factory=list)
    """Folders that `setup()` puts on the module search path, '' for the working directory; relative ones start from there."""
    start_command: list[str] = Field(default_factory=list)
    """What `setup()` runs first: the source's start script without the line that starts the worker."""
    chdir: str = ""
    """Working directory that `setup()` changes to, where it differs from the platform's."""
    context_dir: str = ""
    """`app_files_context_dir`, relative to the app file."""
    aggregate_stream: bool = False
    realtime: bool = False
    """Streams go out as messages of a websocket (`fal.realtime`) instead of server-sent events."""
    refresh_always: bool = False
    volume: str = ""
    """The app whose folder below `/data` holds the network volume, where a shared module names it; '' for the app's own."""
    asks_for_volume: bool = False
    """The code looks at the folder of the network volume itself, which a worker finds mounted: `setup()` makes it."""
    server: Server | None = None
    decisions: list[Decision] = Field(default_factory=list)
    """What was chosen, and how sure it is: one for each subject."""

    def decide(self, decision: Decision) -> None:
        """Record a decision in the place of an earlier one about the same subject."""
        self.decisions = [*(one for one in self.decisions if one.subject != decision.subject), decision]

    def decision(self, subject: Subject) -> Decision | None:
        """What was decided about a subject; None where nothing was."""
        return next((one for one in self.decisions if one.subject == subject), None)

    def setting(self, name: str) -> Setting | None:
        return next((setting for setting in self.settings if setting.name == name), None)


class NewFile(Model):
    """A file that the conversion adds beside the app file, such as a Dockerfile.

    Its text, or the template that a target renders with `values`.
    """

    path: str
    text: str = ""
    template: str = ""
    values: dict[str, Any] = Field(default_factory=dict)
    rule: str
    reason: str
    origin: Origin | None = None


class Evidence(Model):
    file: str
    line: int
    why: str


class Application(Model):
    """A whole project: the apps in it, and the edits of the files it keeps."""

    platform: str
    """The name of the platform that it comes from, as in `converters/sources/`."""
    evidence: list[Evidence] = Field(default_factory=list)
    apps: list[App] = Field(default_factory=list)
    edits: list[Edit] = Field(default_factory=list)
    files: list[NewFile] = Field(default_factory=list)
    defaults: list[tuple[str, str, str]] = Field(default_factory=list)
    """(setting, the source platform's default, fal's default) where the source is silent."""
    variables: list[tuple[str, str, str, str]] = Field(default_factory=list)
    """(variable, what it is to the app, what sets it, where it is read), of what runs in the finished output."""
