"""The images that projects build on, and the registries that fal has to reach for them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from converters.reports.json import Document, near

FROM = re.compile(r"FROM\s+(?:--\S+\s+)*(?P<image>\S+)(?:\s+AS\s+(?P<name>\S+))?", re.IGNORECASE)
HUB = "docker.io"


def registry(image: str) -> str:
    """The registry of an image's name as Docker reads it: the first part, where that is a host.

    https://docs.docker.com/reference/cli/docker/image/tag/
    """
    first, slash, _ = image.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else HUB


def registries(results: Sequence[Document]) -> list[Document]:
    """Each registry with the images that apps are built on and the projects that do so; environments of packages need none."""
    images: dict[str, set[str]] = defaultdict(set)
    projects: dict[str, set[str]] = defaultdict(set)
    for result in results:
        if all(app["environment"]["kind"] != "image" for app in result["apps"]):
            continue
        for image in _bases(result):
            images[registry(image)].add(image)
            projects[registry(image)].add(near(result["source"]["path"]))
    return [{"registry": name, "images": sorted(images[name]), "projects": sorted(projects[name])} for name in sorted(images)]


def _bases(result: Document) -> Iterator[str]:
    """Images that are pulled as they are, and what stages of Dockerfiles begin with, but for other stages and what a variable decides."""
    for app in result["apps"]:
        for decision in app["decisions"]:
            image, named, _ = str(decision["value"]).partition(" for service ")
            if decision["subject"] == "image" and named and "$" not in image:
                yield image
    stages: set[tuple[str, str]] = set()
    for item in result["ledger"]["items"]:
        found = FROM.match(item["name"]) if item["kind"] == "instruction" else None
        if found is None:
            continue
        image = found["image"]
        if (item["file"], image.lower()) not in stages and image != "scratch" and "$" not in image:
            yield image
        if found["name"]:
            stages.add((item["file"], found["name"].lower()))
