"""Image configurations are read as Docker and others write them, and made as they read them."""

from __future__ import annotations

import json

import pytest

from labrunner.runtime import images
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.images import History

_DIFF = ["sha256:" + digit * 64 for digit in "123"]


def test_a_configuration_is_made_and_read_again() -> None:
    steps = [History(created="2026-01-01T00:00:00Z", created_by="one"), History(created_by="two", empty_layer=True)]
    content = images.made({"Cmd": ["sh"], "Env": None}, _DIFF[:1], steps, author="somebody")
    image = images.read(content)
    assert (image.os, image.author, image.config) == ("linux", "somebody", {"Cmd": ["sh"], "Env": None})
    assert image.rootfs.diff_ids == tuple(_DIFF[:1])
    assert image.history == tuple(steps)
    assert json.loads(content)["rootfs"]["type"] == "layers"


def test_a_commit_adds_a_layer_and_a_step() -> None:
    parent = images.read(images.made({"Cmd": ["sh"]}, _DIFF[:1], [History(created_by="one")]))
    child = images.read(
        images.committed(parent, {"Cmd": ["ls"]}, _DIFF[1], created_by="sh", author="me", comment="why")
    )
    assert child.rootfs.diff_ids == tuple(_DIFF[:2])
    assert [step.created_by for step in child.history or ()] == ["one", "sh"]
    assert child.history
    assert child.created == child.history[-1].created
    assert (child.history[-1].author, child.history[-1].comment) == ("me", "why")


def test_each_step_of_the_history_knows_its_layer() -> None:
    steps = [History(created_by="a"), History(created_by="b", empty_layer=True), History(created_by="c")]
    image = images.read(images.made({}, _DIFF[:2], steps))
    assert images.layer_of_each_step(image) == (0, None, 1)


@pytest.mark.parametrize("content", ["", "[]", "{", "{}", '{"rootfs": {"diff_ids": 5}}'])
def test_what_is_no_configuration_is_refused(content: str) -> None:
    with pytest.raises(RuntimeFailure) as failure:
        images.read(content)
    assert failure.value.kind is Kind.BAD_ARCHIVE


def test_fields_that_others_add_are_passed_over() -> None:
    content = json.dumps({"rootfs": {"type": "layers", "diff_ids": _DIFF}, "container_config": {}, "moby.v0": 1})
    assert images.read(content).rootfs.diff_ids == tuple(_DIFF)


def test_a_chain_id_says_what_lies_below() -> None:
    """By the formula of the OCI image specification: the digest of the chain so far, a space, and the next diff ID."""
    first, second, third = images.chain_ids(_DIFF)
    assert first == _DIFF[0]
    assert second == images.digest(f"{_DIFF[0]} {_DIFF[1]}")
    assert third == images.digest(f"{second} {_DIFF[2]}")
    assert images.chain_ids([]) == ()


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("ubuntu:latest", "docker.io/library/ubuntu:latest"),
        ("some/thing:1", "docker.io/some/thing:1"),
        ("localhost/thing:1", "localhost/thing:1"),
        ("localhost:5000/thing", "localhost:5000/thing"),
        ("quay.io/some/thing:1", "quay.io/some/thing:1"),
    ],
)
def test_a_full_name_has_its_registry(name: str, full: str) -> None:
    assert images.full_name(name) == full
