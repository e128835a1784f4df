"""The site is served to this machine alone, and what cannot be served is told in a sentence."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from labrunner.model.errors import ToolError, UsageError
from labrunner.site.output import LIST
from labrunner.site.serve import HOST, site_server


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder that counts as a site, with one page."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / LIST).write_text("index.html\n")
    (folder / "index.html").write_text("<h1>Hello</h1>")
    return folder


def test_page_is_served_and_nothing_is_said(site: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Nor of a page that is not there; what lies beside the site's folder is not served."""
    (site.parent / "secret").write_text("mine")
    with site_server(site, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        at = f"http://{HOST}:{server.server_port}/"
        with urllib.request.urlopen(at) as answer:
            assert answer.read() == b"<h1>Hello</h1>"
        for path in ("missing.html", "../secret", "%2e%2e/secret"):
            with pytest.raises(urllib.error.HTTPError, match="404") as refused:
                urllib.request.urlopen(at + path)  # noqa: S310 - as above
            refused.value.close()
        server.shutdown()
    assert capfd.readouterr() == ("", "")


def test_others_cannot_reach_it(site: Path) -> None:
    with site_server(site, 0) as server:
        assert server.socket.getsockname()[0] == "127.0.0.1"


def test_folder_without_a_site_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"there is no site in {tmp_path}") as caught:
        site_server(tmp_path, 0)
    assert caught.value.next == f"labrunner site build --output {tmp_path}"


def test_taken_port_is_told(site: Path) -> None:
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ToolError, match=f"served on port {port}, which is taken") as caught:
            site_server(site, port)
    assert caught.value.next == f"labrunner site serve --output {site} --port 0"


def test_command_says_where_and_ends_with_ctrl_c(site: Path) -> None:
    command = [sys.executable, "-u", "-m", "labrunner", "site", "serve", "--output", str(site), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        said = re.fullmatch(r"(http://127\.0\.0\.1:\d+/) \(Ctrl-C ends it\)\n", serving.stdout.readline())
        assert said is not None
        with urllib.request.urlopen(said[1]) as answer:  # noqa: S310 - our own
            assert answer.read() == b"<h1>Hello</h1>"
        serving.send_signal(signal.SIGINT)
        _, complaints = serving.communicate(timeout=60)
    assert (serving.returncode, complaints) == (0, "")
