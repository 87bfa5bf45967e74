"""`kill -9` at any system call by which `migrate` changes something: nothing is lost, nothing is half, and the next run is right.

`scripts/kill` (a stage of `.ci/run`) tries every call; without it some are drawn, among them all by which names change.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.killed import Commands, Point, commands, why_not

REASON = why_not()
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON)
EVERY = bool(os.environ.get("FAL_MIGRATE_EVERY_CALL"))
further = pytest.mark.skipif(not EVERY, reason="`.ci/run kill` tries these commands, too")
WORKER = """import runpod
from helper import twice


def handler(job):
    return {"n": twice(job["input"]["n"])}


if __name__ == "__main__":
    runpod.serverless.start({"handler": handler})
"""
HELPER = "import runpod\n\n\ndef twice(n):\n    return 2 * n\n"
GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
Tree = dict[str, bytes]


@dataclass
class Scene:
    """A folder `start` that a command starts from; `place` is where it is copied to for each attempt."""

    place: Path
    start: Path
    run: Commands

    @property
    def project(self) -> Path:
        return self.place / "worker"

    @property
    def output(self) -> Path:
        return self.place / "out"

    def reset(self) -> None:
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.copytree(self.start, self.place, symlinks=True)

    def keep(self) -> None:
        """Every attempt starts from what there is now."""
        shutil.rmtree(self.start, ignore_errors=True)
        shutil.copytree(self.place, self.start, symlinks=True)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    place = tmp_path / "scene"
    (place / "worker").mkdir(parents=True)
    (place / "worker/handler.py").write_text(WORKER)
    (place / "worker/helper.py").write_text(HELPER)
    (place / "worker/data").mkdir()
    (place / "worker/data/words.txt").write_text("one two\n")
    with commands({"XDG_CACHE_HOME": str(place / "cache"), **GIT}) as run:
        made = Scene(place, tmp_path / "start", run)
        made.keep()
        yield made


def tree(folder: Path) -> Tree:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }


def chosen(points: list[Point]) -> list[Point]:
    """All points, or some of those by which a name changes and of the others."""
    if EVERY:
        return points
    renaming = [point for point in points if point.call.startswith("rename")]
    return renaming[:2] + renaming[-2:] + [point for point in points if point not in renaming][::40]


def killed(scene: Scene, arguments: list[str], check: Callable[[Point], None]) -> int:
    """Kill the command at its calls, one attempt each, and check what is there then; the number of attempts."""
    points = scene.run.points(arguments, scene.place, scene.place.parent / "log")
    assert len(points) > 10, points
    reached = 0
    for point in chosen(points):
        scene.reset()
        code = scene.run.kill_at(arguments, point)
        reached += code == -9
        try:
            check(point)
        except AssertionError as error:
            raise AssertionError(f"killed at {point.call} {point.number}, {point.what}: {error}") from error
    assert reached >= len(chosen(points)) * 0.8
    print(f"{reached} of {len(points)} calls")
    return reached


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def whole(scene: Scene, arguments: list[str]) -> Tree:
    """What the command makes where nothing kills it."""
    scene.reset()
    assert scene.run.run(arguments) in (0, 3)
    made = tree(scene.output)
    scene.reset()
    return made


@further
def test_a_fresh_output_is_there_or_not(scene: Scene) -> None:
    arguments = [str(scene.project), "--output", str(scene.output), "--quiet"]
    expected = whole(scene, arguments)

    def check(point: Point) -> None:
        if scene.output.exists():
            assert tree(scene.output) == expected
        assert scene.run.run([*arguments, "--force"]) in (0, 3)
        assert tree(scene.output) == expected
        assert names(scene.place) == ["cache", "out", "worker"]

    killed(scene, arguments, check)


@pytest.mark.whole
def test_a_renewed_output_is_the_old_or_the_new_one_and_edits_stay(scene: Scene) -> None:
    arguments = [str(scene.project), "--output", str(scene.output), "--quiet", "--force"]
    assert scene.run.run(arguments) in (0, 3)
    (scene.output / "app.py").write_bytes((scene.output / "app.py").read_bytes() + b"\n\n# mine\n")
    (scene.output / "notes.txt").write_text("mine")
    (scene.project / "helper.py").write_text(HELPER.replace("2 * n", "n + n"))
    scene.keep()
    old, new = tree(scene.output), whole(scene, arguments)
    assert old != new
    assert new["notes.txt"] == b"mine" and new["app.py"].endswith(b"# mine\n")

    def check(point: Point) -> None:
        assert scene.output.exists(), names(scene.place)
        assert tree(scene.output) in (old, new)
        assert scene.run.run(arguments) in (0, 3)
        assert tree(scene.output) == new
        assert names(scene.place) == ["cache", "out", "worker"]

    killed(scene, arguments, check)


@further
def test_an_output_of_which_nothing_is_known_is_kept(scene: Scene) -> None:
    arguments = [str(scene.project), "--output", str(scene.output), "--quiet", "--force"]
    scene.output.mkdir()
    (scene.output / "mine.txt").write_text("mine")
    scene.keep()
    new = whole(scene, arguments)

    def check(point: Point) -> None:
        assert tree(scene.output) in ({"mine.txt": b"mine"}, new)
        assert scene.run.run(arguments) in (0, 3)
        assert tree(scene.output) == new
        assert names(scene.place) == ["cache", "out", "out.1.old", "worker"]
        assert tree(scene.place / "out.1.old") == {"mine.txt": b"mine"}

    killed(scene, arguments, check)


def repository(folder: Path) -> None:
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "start"]):
        subprocess.run(["git", *command], cwd=folder, check=True, env={**os.environ, **GIT})


@pytest.mark.whole
def test_in_place_is_done_or_undone(scene: Scene) -> None:
    arguments = [str(scene.project), "--in-place", "--quiet"]
    repository(scene.project)
    scene.keep()
    old = tree(scene.project)
    assert scene.run.run(arguments) in (0, 3)
    new = tree(scene.project)
    scene.reset()

    def check(point: Point) -> None:
        found = {path: data for path, data in tree(scene.project).items() if not path.startswith(".fal-migrate.")}
        assert all(data in (old.get(path), new.get(path)) for path, data in found.items())
        assert old.keys() <= found.keys()
        if found not in (old, new):
            assert scene.run.run([str(scene.project), "--check", "--quiet"]) == 2  # half converted: it says so, and what to do
        if found == new:
            subprocess.run(["git", "stash", "-qu"], cwd=scene.project, check=True, env={**os.environ, **GIT, **WHO})
        assert scene.run.run(arguments) in (0, 3)
        assert tree(scene.project) == new
        assert names(scene.project) == [*sorted([".git", "data", *(path for path in new if "/" not in path)])]

    killed(scene, arguments, check)


WHO = {"GIT_AUTHOR_NAME": "x", "GIT_AUTHOR_EMAIL": "x@example.com", "GIT_COMMITTER_NAME": "x", "GIT_COMMITTER_EMAIL": "x@example.com"}


@further
def test_undoing_may_be_killed_as_well(scene: Scene) -> None:
    arguments = [str(scene.project), "--in-place", "--quiet"]
    repository(scene.project)
    scene.keep()
    old = tree(scene.project)
    points = scene.run.points(arguments, scene.place, scene.place.parent / "log")
    new = tree(scene.project)
    renaming = [point for point in points if point.call == "rename"]
    scene.reset()
    assert scene.run.kill_at(arguments, renaming[3]) == -9  # the journal and two files have their names
    half = {path: data for path, data in tree(scene.project).items() if not path.startswith(".fal-migrate.")}
    assert half not in (old, new)
    scene.keep()

    def check(point: Point) -> None:
        assert scene.run.run(arguments) in (0, 3)
        assert tree(scene.project) == new

    killed(scene, arguments, check)
