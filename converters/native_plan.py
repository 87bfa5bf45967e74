"""The plan of an app in native style: where each statement of the program's file goes, and what changes on the way."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from converters.provenance import Model


class NativeSource(Model):
    """A program's file that is written into the app file itself."""

    text: str
    places: dict[int, Literal["top", "import", "setup", "drop", "handler", "method", "load"]]
    """First line of each statement -> where it goes."""
    spans: list[tuple[int, int, str]] = Field(default_factory=list)
    """First and last line of each statement of the source, and where it goes."""
    alone: bool = False
    """No other app of the project reads the file."""


class NativeWorker(NativeSource):
    """A worker's file, and how its handler reads and answers in the app."""

    loaded: list[str]
    """Names that become attributes of the app."""
    imports: dict[str, str]
    """Names of packages and of the project's modules -> the statements that import each."""
    job: str
    """The parameter that receives the job."""
    aliases: list[str]
    """Local names of the input, where its keys become fields."""
    methods: list[str] = Field(default_factory=list)
    """Functions that become methods."""
    reads: Literal["fields", "input", "job"] = "fields"
    """What the handler's body reads: fields of the request, the input as a dict, or the job with it."""
    validated: str = ""
    """The name of what RunPod's validator accepts, where the request's model takes the validator's place."""
    validated_whole: bool = False
    gone: list[int] = Field(default_factory=list)
    """First lines of the handler's statements that the model takes the place of."""
    siblings: bool = False
    """It imports modules of the project."""
    tracebacks: bool = False
    """Its answers may hold tracebacks, whose lines are the app file's."""
    answers: bool = False
    """Results go out as they are; else they become the answer's model."""


class NativePredictor(NativeSource):
    """A predictor's file, and what its names become in the app.

    `text` has one statement a line and one module an import.
    """

    statements: dict[str, list[str]]
    """Name -> the import statements that bind it, of packages and of the project's own modules."""
    names: dict[str, str]
    """Names of the module -> the expressions that stand for them in the app."""
    classes: list[str]
    """Classes that stay beside the app."""
    methods: list[str]
    """Functions that become methods, for they use what `setup()` makes."""
    light: list[str]
    """Import statements that stay at the top of the file."""
    deferred: list[str]
    """Names that are not there while the file is loaded: annotations that have them are quoted."""
    merged: bool
    """The predictor's method is the endpoint itself; else the endpoint calls it."""
    searches: bool
    """`setup()` puts the project's folder on the search path, for the modules that it finds there."""
    bare: bool
    """The method states no defaults, which it would need before they are there: the request has them all."""
    cancels: bool
    """The request's cancelation has to stop the method: it cleans up behind itself, or trains."""
