"""What the unit tests share: short folders for sockets, an ordinary user's rights, servers that end with the test."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import hypothesis
import hypothesis.configuration
import pytest

from tests.unit.servers import Respond, Server

hypothesis.configuration.set_hypothesis_home_dir(Path(tempfile.gettempdir(), f"hypothesis-{os.getuid()}"))
hypothesis.settings.register_profile("labrunner", deadline=None, database=None, max_examples=60)
hypothesis.settings.load_profile("labrunner")

Serve = Callable[..., Server]
Powerless = Callable[[], AbstractContextManager[None]]


def pytest_configure(config: pytest.Config) -> None:
    """Know the mark of the checks: labrunner.verify.checking has it, and these tests' pytest is strict about marks."""
    config.addinivalue_line("markers", "step(name): the step of its lab that a check judges")


@pytest.fixture
def socket_folder() -> Iterator[Path]:
    """A folder with a short path, since that of a unix socket may have 107 bytes only; everybody may enter it."""
    folder = Path(tempfile.mkdtemp(prefix="lr-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """``serve(respond, place, tls)`` starts a server that ends with the test."""
    with ExitStack() as servers:

        def start(respond: Respond, place: Path | str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Server:
            return servers.enter_context(Server(respond, place, tls))

        yield start


@pytest.fixture
def powerless() -> Powerless:
    """A context in which all is done with an ordinary user's rights, under root too."""

    @contextmanager
    def ordinary() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)

    return ordinary


@pytest.fixture
def silent_port() -> int:
    """A loopback port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
