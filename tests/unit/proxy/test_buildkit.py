"""What a client of BuildKit sends, and what of it the engine gets."""

from __future__ import annotations

import hpack
import pytest

from labrunner.proxy.buildkit import Requests, exported, with_labels
from labrunner.proxy.call import Refused
from labrunner.wire.http2 import DATA, END_HEADERS, END_STREAM, HEADERS, PREFACE, Frame, Frames
from labrunner.wire.protobuf import field, fields, pair

LABELS = {"labrunner.image": "/home/me/push"}
SOLVE = "/moby.buildkit.v1.Control/Solve"
PRUNE = "/moby.buildkit.v1.Control/Prune"
HISTORY = "/moby.buildkit.v1.Control/UpdateBuildHistory"


def request(path: str, message: bytes) -> bytes:
    """What a client of BuildKit sends: a preface, headers, and a message in two frames."""
    block = hpack.Encoder().encode([(":method", "POST"), (":path", path)])
    framed = b"\0" + len(message).to_bytes(4, "big") + message
    return (
        PREFACE
        + Frame(HEADERS, END_HEADERS, 1, block).serialise()
        + Frame(DATA, 0, 1, framed[:7]).serialise()
        + Frame(DATA, END_STREAM, 1, framed[7:]).serialise()
    )


def messages(sent: bytes) -> bytes:
    """The message that the engine gets."""
    found = [each for each in Frames().feed(sent.removeprefix(PREFACE)) if each.kind == DATA]
    assert found[-1].flags & END_STREAM
    return b"".join(each.payload for each in found)[5:]


def let(_: str) -> None:
    """A guard that lets every name be given."""


def guard(name: str) -> None:
    """A guard of one name."""
    if name == "theirs:latest":
        raise Refused(409, "theirs:latest is theirs")


def image_exporter(names: str) -> bytes:
    """A Solve's only exporter."""
    return field(3, b"moby") + pair(4, "name", names)


def test_buildkits_solve_gets_the_labels_and_tells_its_names() -> None:
    message = image_exporter("app:1,other") + field(6, b"dockerfile.v0")
    requests = Requests(LABELS, let)
    wire = request(SOLVE, message)
    sent = b"".join(requests(wire[at : at + 5]) for at in range(0, len(wire), 5))
    assert messages(sent) == message + pair(7, "label:labrunner.image", "/home/me/push")
    assert requests.names == {"app:1", "other:latest"}


@pytest.mark.parametrize(
    ("message", "names"),
    [
        (image_exporter("app:1,other"), ["app:1", "other"]),
        (field(13, field(1, b"image") + pair(2, "name", "one")) + field(13, field(1, b"moby")), ["one"]),
        (field(3, b"oci") + pair(4, "name", "file"), []),
        (pair(4, "name", "nowhere"), []),
        (field(6, b"dockerfile.v0"), []),
    ],
)
def test_names_are_those_of_images_that_the_engine_keeps(message: bytes, names: list[str]) -> None:
    """By the only exporter as clients before BuildKit 0.13 say it, and by several."""
    assert exported(message) == names


def test_solve_that_would_move_a_strangers_name_asks_for_a_sentence_as_its_frontend() -> None:
    """Of the request are left what build and session it is for, so that it can do nothing else."""
    message = field(1, b"ref") + image_exporter("mine,theirs") + field(5, b"session") + field(2, b"definition")
    requests = Requests(LABELS, guard)
    sent = messages(requests(request(SOLVE, message)))
    assert list(fields(sent)) == [(1, b"ref"), (5, b"session"), (6, b"theirs:latest is theirs")]
    assert requests.names == set()


def test_buildkits_prune_matches_nothing() -> None:
    """Whatever the client asks to prune."""
    sent = messages(Requests(LABELS, let)(request(PRUNE, field(1, b"type==regular"))))
    assert list(fields(sent)) == [(1, b"id==none")]


def test_change_of_a_build_record_asks_for_a_sentence_as_the_record() -> None:
    """The flags that remove or pin it are gone, and the engine finds none."""
    sent = messages(Requests(LABELS, let)(request(HISTORY, field(1, b"ref") + b"\x18\1")))
    ((number, reference),) = fields(sent)
    assert sent == field(number, reference)
    assert b"labrunner shell --no-scope" in reference


def test_other_calls_of_buildkit_pass_untouched() -> None:
    wire = request("/moby.buildkit.v1.Control/Status", b"anything")
    assert Requests(LABELS, let)(wire) == wire


def test_solve_without_a_frontend_passes_untouched() -> None:
    assert with_labels(SOLVE, field(2, b"definition"), LABELS) == field(2, b"definition")
