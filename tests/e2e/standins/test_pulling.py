"""What a registry has is pulled; each refusal is understood."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import docker
import pytest

from labrunner.engine.stock import Obtained, Progress, obtain
from labrunner.model.errors import ToolError
from tests.e2e.standins.helping import IMAGES, nobody, quiet, tiny_image

pytestmark = pytest.mark.engine


def test_what_a_registry_has_is_pulled(
    stocked: docker.DockerClient, registry: str, forget: Callable[[str], str]
) -> None:
    reference = forget(f"{registry}/thing:1")
    made = tiny_image(stocked, reference)
    stocked.api.push(f"{registry}/thing", tag="1")
    stocked.api.remove_image(reference)
    told: list[Progress] = []
    got = obtain(stocked, [reference], recipes=IMAGES, offline=False, consent=nobody, progress=told.append)
    assert got == (Obtained(reference, "pulled", stand_in=False),)
    assert stocked.images.get(reference).id == made
    done = [progress.done for progress in told if progress.doing == "pull"]
    assert done[-1] == 1.0
    assert done[0] is not None
    assert done[0] < 1.0


def refused(client: docker.DockerClient, reference: str) -> ToolError:
    """The error of a pull that nobody gives a stand-in for."""
    with pytest.raises(ToolError) as raised:
        obtain(client, [reference], recipes=IMAGES, offline=False, consent=nobody, progress=quiet)
    return raised.value


def test_the_engine_s_words_for_each_refusal_are_understood(stocked: docker.DockerClient, registry: str) -> None:
    assert f"{registry}/nowhere:1 was asked of {registry}, and it gives no such image (manifest" in (
        refused(stocked, f"{registry}/nowhere:1").says
    )
    assert "connection refused" in (closed := refused(stocked, "127.0.0.1:9/thing:1")).says
    assert "and it cannot be reached (" in closed.says
    assert "no such host" in (nowhere := refused(stocked, "registry.invalid/thing:1")).says
    assert "and it cannot be reached (" in nowhere.says


class UsedUp(BaseHTTPRequestHandler):
    """A registry whose quota of pulls is used up."""

    def do_GET(self) -> None:
        body = json.dumps({"errors": [{"code": "TOOMANYREQUESTS", "message": "You have reached your limit"}]})
        self.send_response(429 if "manifests" in self.path else 200)
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body.encode())

    do_HEAD = do_GET  # noqa: N815 - http.server's name

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_used_up_quota_is_understood(stocked: docker.DockerClient) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), UsedUp) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        error = refused(stocked, f"127.0.0.1:{server.server_port}/thing:1")
        server.shutdown()
    assert "its quota of pulls is used up" in error.says
    assert error.next == "docker login"
