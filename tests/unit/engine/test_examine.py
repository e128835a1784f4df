"""What doctor says of images: missing, old, a stand-in, for another processor."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from labrunner.engine.engine import Engine
from labrunner.engine.examine import examine_images
from tests.unit.conftest import Serve
from tests.unit.servers import routes

NOW = datetime.now(UTC).isoformat()


def test_each_image_is_told_with_what_is_remarkable_about_it(serve: Serve, socket_folder: Path) -> None:
    """Only a missing one blocks; an image for another processor may run by emulation."""
    known = {
        "/v1.41/info": {"Architecture": "x86_64"},
        "/v1.41/images/new:1/json": {"Id": "1", "Created": NOW, "Architecture": "amd64"},
        "/v1.41/images/old:1/json": {"Id": "2", "Created": "2017-06-01T00:00:00Z", "Architecture": "amd64"},
        "/v1.41/images/arm:1/json": {"Id": "3", "Created": NOW, "Architecture": "arm64"},
        "/v1.41/images/own:1/json": {
            "Id": "4", "Created": NOW, "Architecture": "amd64", "Config": {"Labels": {"labrunner.stand-in": "own:1"}},
        },
    }  # fmt: skip
    engine = Engine(serve(routes(known), socket_folder / "engine.sock").host)
    found = list(examine_images(engine, ["new:1", "old:1", "arm:1", "own:1", "none:1"]))
    assert [(finding.what, finding.says, finding.next) for finding in found] == [
        ("image", "new:1 is there", None),
        ("image", "old:1 is there, old: it was made on 2017-06-01", None),
        ("image", "arm:1 is there", None),
        (
            "processor",
            "arm:1 is for arm64, and the engine's host is amd64; without an emulator it cannot run",
            "docker image rm arm:1",
        ),
        ("image", "own:1 is there, a stand-in built on this host", None),
        ("image", "none:1 is not on the engine", "labrunner images prepare"),
    ]
    assert [finding.what for finding in found if finding.blocks] == ["image"]
