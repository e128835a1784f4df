"""Image configurations are looked into as Docker and others write them."""

from __future__ import annotations

import json
import platform

import pytest

from labrunner.runtime import images
from labrunner.runtime.errors import Kind, RuntimeFailure

_DIFF_IDS = tuple("sha256:" + digit * 64 for digit in "123")


def test_layers_are_found_and_what_others_add_is_passed_over() -> None:
    document = {"rootfs": {"type": "layers", "diff_ids": _DIFF_IDS}, "container_config": {}, "moby.v0": 1}
    assert images.diff_ids(json.dumps(document).encode()) == _DIFF_IDS


@pytest.mark.parametrize("rootfs", [{"type": "layers"}, {"type": "layers", "diff_ids": None}])
def test_an_image_may_have_no_layer(rootfs: dict[str, object]) -> None:
    assert images.diff_ids(json.dumps({"rootfs": rootfs}).encode()) == ()


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"{}", b'{"rootfs": {"diff_ids": 5}}'])
def test_what_is_no_configuration_is_refused(content: bytes) -> None:
    with pytest.raises(RuntimeFailure) as failure:
        images.diff_ids(content)
    assert failure.value.kind is Kind.BAD_ARCHIVE


@pytest.mark.parametrize(("machine", "named"), [("x86_64", "amd64"), ("aarch64", "arm64"), ("riscv64", "riscv64")])
def test_a_machine_has_the_name_that_images_give_it(monkeypatch: pytest.MonkeyPatch, machine: str, named: str) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert images.architecture() == named


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
