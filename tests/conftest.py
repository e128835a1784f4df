"""What holds for every test: Ctrl-C reaches what a test starts, even where the tests were started in the background."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """A process that was told to ignore SIGINT hands that on to its children; one with a handler does not."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
