"""Two outcomes are compared value by value; what the sides cannot share is no difference."""

from __future__ import annotations

from typing import Any

import pytest

from converters.verify.compare import Difference, differences, is_noise, leaves, noise, of_loading, proven, unsteady
from converters.verify.outcome import File, LocalPath, Outcome

PNG, OTHER = File(b"picture", "image/png"), File(b"other", "image/png")
NAN = float("nan")


def paths(source: Outcome, target: Outcome, calls: tuple[list[str], list[str]] = ([], [])) -> list[str]:
    return [difference.path for difference in differences(source, target, *calls)]


def result(value: Any, **more: Any) -> Outcome:
    return Outcome("result", value, **more)


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        pytest.param({"a": 1}, {"a": 1}, [], id="the same"),
        pytest.param({"a": 1, "b": 2}, {"b": 2, "a": 1}, [], id="the order of keys is none"),
        pytest.param({"a": 1}, {"a": 2}, ["$.a"], id="a value"),
        pytest.param({"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 3}]}}, ["$.a.b[1].c"], id="a value deep inside"),
        pytest.param({"a": 1}, {}, ["$.a"], id="a key that is lost"),
        pytest.param({}, {"a": None}, ["$.a"], id="a key that is new"),
        pytest.param([1, 2], [2, 1], ["$[0]", "$[1]"], id="the order of a list"),
        pytest.param([1], [1, 2], ["$.length"], id="a longer list"),
        pytest.param((1, 2), [1, 2], [], id="a tuple is a list in JSON"),
        pytest.param(1, 1.0, [], id="JSON has one kind of number"),
        pytest.param(1, True, ["$"], id="but a bool is none"),
        pytest.param(True, True, [], id="the same bool"),
        pytest.param(0, None, ["$"], id="nothing is not zero"),
        pytest.param("1", 1, ["$"], id="nor is a text a number"),
        pytest.param(NAN, NAN, [], id="NaN is NaN"),
        pytest.param(NAN, 1.0, ["$"], id="and nothing else"),
        pytest.param({}, [], ["$"], id="no object is a list"),
        pytest.param(None, None, [], id="nothing"),
    ],
)
def test_values(source: Any, target: Any, expected: list[str]) -> None:
    assert paths(result(source), result(target)) == expected


@pytest.mark.parametrize(
    ("source", "target", "same"),
    [
        pytest.param(PNG, PNG, True, id="the same content"),
        pytest.param(PNG, File(b"picture", "image/webp"), False, id="another media type"),
        pytest.param(File(b"a", "audio/wav"), File(b"a", "audio/x-wav"), True, id="an older name of a media type"),
        pytest.param(File(b"a", "image/jpg"), File(b"a", "image/jpeg"), True, id="a name that servers use"),
        pytest.param(File(b"a", "audio/wav"), File(b"a", "video/wav"), False, id="another family"),
        pytest.param(File(b"a", "text/plain; charset=utf-8"), File(b"a", "text/plain"), False, id="without its parameters"),
        pytest.param(File(b"a", "text/x-tex"), File(b"a", "application/x-tex"), True, id="a name that nobody registered"),
        pytest.param(File(b"a", "text/plain"), File(b"a", "application/plain"), False, id="a registered name"),
        pytest.param(File(b"picture"), PNG, True, id="a media type that one side does not tell"),
        pytest.param(PNG, OTHER, False, id="other content"),
        pytest.param(PNG, "picture", False, id="a text is no file"),
        pytest.param("/tmp/a.png", PNG, False, id="a path to no file"),
        pytest.param(LocalPath("/tmp/a.png", PNG), PNG, True, id="a path that the conversion uploads"),
        pytest.param(LocalPath("/tmp/a.png", PNG), OTHER, False, id="an upload of another file"),
        pytest.param(LocalPath("/tmp/a.png", PNG), "/tmp/a.png", True, id="a path that stays a path"),
        pytest.param(LocalPath("/data/a.png", PNG), "/data/b.png", False, id="another path"),
        pytest.param(LocalPath("/data/a.png", PNG), LocalPath("/data/b.png", PNG), True, id="two runs of the source"),
        pytest.param(LocalPath("/data/a.png", PNG), LocalPath("/data/a.png", OTHER), False, id="two runs with other files"),
    ],
)
def test_files_are_compared_by_content(source: Any, target: Any, same: bool) -> None:
    assert paths(result({"image": [source]}), result({"image": [target]})) == ([] if same else ["$.image[0]"])


SIGNED = "https://s.example/a.png?X-Amz-Expires=60"
MAKES, MAKES_LEAF = "makes '<volume>/models'", "makes '<volume>/models/small'"


@pytest.mark.parametrize(
    ("source", "target", "same"),
    [
        pytest.param("<Image at 0x7f00aa12bb>", "<Image at 0x55e1c0ffee>", True, id="addresses"),
        pytest.param("saved /tmp/tmpab12/a.png", "saved /var/tmp/xyz/b.png", True, id="temporary files"),
        pytest.param("saved /tmp/a.png", "saved /tmp/a.jpg", False, id="of another kind"),
        pytest.param("saved /data/a.png", "saved /data/b.png", False, id="files that are not temporary"),
        pytest.param('File "handler.py", line 3, in f', 'File "handler.py", line 9, in f', True, id="lines of tracebacks"),
        pytest.param('File "handler.py", line 3, in f', 'File "other.py", line 3, in f', False, id="files of tracebacks"),
        pytest.param("line 3", "line 9", False, id="numbers elsewhere"),
        pytest.param("0x1f", "0x2f", False, id="short numbers are no addresses"),
        pytest.param("0xff0000", "0x00ff00", False, id="colours are no addresses"),
        pytest.param("https://cdn.example/tmp/a.png", "https://cdn.example/tmp/b.png", False, id="an address is no temporary file"),
        pytest.param("file:///tmp/tmpab12/a.png", "file:///tmp/xyz/b.png", True, id="a file's address"),
        pytest.param(
            f"{SIGNED}&X-Amz-Date=20261130T1&X-Amz-Signature=ab",
            f"{SIGNED}&X-Amz-Date=20261130T2&X-Amz-Signature=cd",
            True,
            id="when an address was signed",
        ),
        pytest.param(
            f"{SIGNED}&X-Amz-Signature=ab",
            f"{SIGNED.replace('=60', '=90')}&X-Amz-Signature=cd",
            False,
            id="for how long an address is signed",
        ),
        pytest.param(
            "https://s.example/a?AWSAccessKeyId=k&Signature=a&Expires=1",
            "https://s.example/a?AWSAccessKeyId=k&Signature=b&Expires=2",
            True,
            id="signed as S3 did before",
        ),
        pytest.param(
            "https://s.example/a?Expires=1&Signature=a",
            "https://s.example/a?Expires=2&Signature=a",
            False,
            id="not signed for an object store",
        ),
    ],
)
def test_texts_without_what_the_sides_do_not_share(source: str, target: str, same: bool) -> None:
    assert paths(result(source), result(target)) == ([] if same else ["$"])
    assert paths(result(1), result(1), ([source], [target])) == ([] if same else ["calls[0]"])


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        pytest.param(Outcome("result", 1), Outcome("error", 1), ["outcome"], id="an error instead of a result"),
        pytest.param(Outcome("error", "a"), Outcome("result", "a"), ["outcome"], id="a lost error"),
        pytest.param(Outcome("error", "a"), Outcome("error", "a"), [], id="the same error"),
        pytest.param(Outcome("error", "a"), Outcome("error", "b"), ["$"], id="another message"),
        pytest.param(Outcome("error", {"x": [1]}), Outcome("error", {"x": [2]}), ["$.x[0]"], id="an error with structure"),
        pytest.param(Outcome("error", "['a', 1]"), Outcome("error", ["a", 1]), [], id="the text of an error with structure"),
        pytest.param(Outcome("error", "['a', 1]"), Outcome("error", ["a", 2]), ["$"], id="the text of another error"),
        pytest.param(Outcome("error", ["a", 1]), Outcome("error", "['a', 1]"), ["$"], id="a text where the source has structure"),
        pytest.param(result("['a', 1]"), result(["a", 1]), ["$"], id="a result is what it is"),
        pytest.param(Outcome("error", "a"), Outcome("refused", []), [], id="the schema may say what the source's check says"),
        pytest.param(Outcome("refused", ""), Outcome("refused", []), [], id="both refuse"),
        pytest.param(Outcome("result", 1), Outcome("refused", []), ["outcome"], id="but not refuse what was taken"),
        pytest.param(Outcome("refused", ""), Outcome("result", 1), [], id="the app may take more"),
        pytest.param(Outcome("silence", ""), Outcome("silence", "x"), [], id="neither answers"),
        pytest.param(Outcome("result", 1), Outcome("silence", ""), ["outcome"], id="only one answers"),
        pytest.param(Outcome("silence", ""), Outcome("result", 1), ["outcome"], id="the source alone is silent"),
        pytest.param(Outcome("silence", ""), Outcome("error", "x"), [], id="one is ended by its limit, the other fails at it"),
        pytest.param(Outcome("error", "x"), Outcome("silence", ""), ["outcome"], id="the target alone is silent"),
        pytest.param(result(1, stops=True), result(1), ["stops"], id="a fresh worker is asked for"),
        pytest.param(result(1, stops=True), result(1, stops=True), [], id="by both"),
        pytest.param(result(1, pauses=(0.5, 2.0)), result(1, pauses=(0.5,)), ["pauses"], id="a pause that is left out"),
        pytest.param(
            result(1, effects=(MAKES_LEAF,)),
            result(1, effects=(MAKES, MAKES_LEAF)),
            [],
            id="a folder that lies below one that is there on one side",
        ),
        pytest.param(result(1, effects=()), result(1, effects=(MAKES,)), ["effects"], id="a folder that one side makes"),
        pytest.param(
            result(1, effects=(MAKES_LEAF,)), result(1, effects=("makes '<volume>/other'", MAKES_LEAF)), ["effects"], id="beside another"
        ),
        pytest.param(result(1, variables={"A": "1"}), result(1, variables={"A": None}), ["variables.A"], id="a variable that is not set"),
        pytest.param(result(1, variables={"A": "/models"}), result(1, variables={"A": "/data/x"}), [], id="a place in the image"),
        pytest.param(result(1, variables={"A": "/models"}), result(1, variables={"A": None}), ["variables.A"], id="no place"),
        pytest.param(result(1, variables={"A": "1"}), result(1), [], id="where one side called no model its calls differ"),
    ],
)
def test_kinds_of_outcomes(source: Outcome, target: Outcome, expected: list[str]) -> None:
    assert paths(source, target) == expected


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        pytest.param((1, 2), (1, 2), [], id="the same"),
        pytest.param((1, 2), (2, 1), ["chunks[0]", "chunks[1]"], id="another order"),
        pytest.param((1, 2), (1,), ["chunks.length"], id="a lost chunk"),
        pytest.param((), (), [], id="none"),
        pytest.param(({"a": PNG},), ({"a": OTHER},), ["chunks[0].a"], id="a file in a chunk"),
        pytest.param((1,), None, [], id="a side that was not streamed"),
    ],
)
def test_chunks_of_streams(source: Any, target: Any, expected: list[str]) -> None:
    assert paths(result(None, chunks=source), result(None, chunks=target)) == expected


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        pytest.param(["a()", "b()"], ["a()", "b()"], [], id="the same"),
        pytest.param(["a()", "b()"], ["b()", "a()"], [Difference("calls[0]", "a()", "b()")], id="another order: only the first is told"),
        pytest.param(["a()"], ["a()", "a()"], [Difference("calls[1]", "nothing more", "a()")], id="an extra call"),
        pytest.param(["a()", "b()"], ["a()"], [Difference("calls[1]", "b()", "nothing more")], id="a lost call"),
        pytest.param(["a(x=1)"], ["a(x=2)"], [Difference("calls[0]", "a(x=1)", "a(x=2)")], id="another argument"),
    ],
)
def test_calls_of_models(source: list[str], target: list[str], expected: list[Difference]) -> None:
    assert differences(result(1), result(1), source, target) == expected


def test_a_list_whose_order_differs_between_runs_of_the_source_proves_nothing() -> None:
    one, two = result({"a": [1, 2, 3], "b": 1}), result({"a": [2, 1, 3], "b": 1})
    found = unsteady(one, two, [], [])
    assert [difference.path for difference in found] == ["$.a[0]", "$.a[1]", "$.a"]
    other = differences(one, result({"a": [1, 3, 2], "b": 2}), [], [])
    assert [difference.path for difference in proven(other, found)] == ["$.b"]
    assert not unsteady(one, one, [], [])


def test_what_is_shown_is_not_endless() -> None:
    (found,) = differences(result("a" * 9999), result("b" * 9999), [], [])
    assert len(found.source) < 400 and "9999 characters" in found.source
    (found,) = differences(result(PNG), result(OTHER), [], [])
    assert (found.source, found.target) == ("<file: 7 bytes, image/png>", "<file: 5 bytes, image/png>")


@pytest.mark.parametrize(
    ("path", "noisy", "expected"),
    [
        ("$.a", {"$.a"}, True),
        ("$.a.b[0]", {"$.a"}, True),
        ("$.a[0]", {"$.a"}, True),
        ("$.ab", {"$.a"}, False),
        ("$", {"$.a"}, False),
        ("$.a", {"$"}, True),
        ("calls[7]", {"calls[2]"}, True),
        ("calls[1]", {"$.a"}, False),
        ("outcome", set(), False),
    ],
)
def test_noise_covers_what_lies_below_it(path: str, noisy: set[str], expected: bool) -> None:
    assert is_noise(path, frozenset(noisy)) is expected


def test_noise_is_where_two_runs_of_the_source_differ() -> None:
    assert noise(differences(result({"id": 1, "a": 1}), result({"id": 0, "a": 1}), [], [])) == {"$.id"}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        pytest.param({"id": "c", "a": 1}, [], id="another random name"),
        pytest.param({"id": None, "a": 1}, ["$.id"], id="no name at all"),
        pytest.param({"id": "c", "a": 2}, ["$.a"], id="what is no noise"),
        pytest.param(None, ["$"], id="no result"),
    ],
)
def test_what_is_random_has_its_kind_all_the_same(target: Any, expected: list[str]) -> None:
    unsteady = differences(result({"id": "a", "a": 1}), result({"id": "b", "a": 1}), [], [])
    found = differences(result({"id": "a", "a": 1}), result(target), [], [])
    assert [difference.path for difference in proven(found, unsteady)] == expected


def test_where_the_source_itself_gives_two_kinds_nothing_is_proven() -> None:
    unsteady = differences(result({"id": 1}), result({"id": None}), [], [])
    assert not proven(differences(result({"id": 1}), result({"id": "x"}), [], []), unsteady)


def test_leaves_are_all_values_that_are_no_containers() -> None:
    assert leaves({"a": [1, {"b": PNG}], "c": {}, "d": []}) == ["$.a[0]", "$.a[1].b", "$.c", "$.d"]
    assert leaves([1], "chunks") == ["chunks[0]"]
    assert leaves(None) == ["$"]


@pytest.mark.parametrize(
    ("source", "again", "target", "expected"),
    [
        pytest.param(["a()", "b()"], ["a()", "b()"], ["a()", "b()"], [], id="the same calls"),
        pytest.param(["a()", "b()"], ["a()", "b()"], ["a()"], [Difference("loading[1]", "b()", "nothing more")], id="one is lost"),
        pytest.param(["a()"], ["a()"], ["b()", "a()"], [Difference("loading[0]", "a()", "b()")], id="only the first is told"),
        pytest.param(["a(1)"], ["a(2)"], ["a(3)"], [], id="the source differs from itself"),
        pytest.param(["a('/tmp/x1.bin')"], ["a('/tmp/x2.bin')"], ["a('/tmp/x3.bin')"], [], id="temporary files"),
    ],
)
def test_loading_is_compared_call_by_call(source: list[str], again: list[str], target: list[str], expected: list[Difference]) -> None:
    assert of_loading(source, again, target) == expected


def test_loading_in_threads_is_compared_in_no_order() -> None:
    assert of_loading(["b()", "a()"], ["a()", "b()"], ["a()", "b()"], in_order=False) == []
    assert of_loading(["b()", "a()"], ["a()", "b()"], ["b()"], in_order=False) == [Difference("loading[0]", "a()", "b()")]
