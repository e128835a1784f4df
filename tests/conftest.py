"""What holds for every test: how the two workers share them, and that Ctrl-C reaches what a test starts."""

from __future__ import annotations

import re
import signal

import pytest
from xdist.remote import Producer  # type: ignore[import-untyped] # xdist has no types
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped] # as above

_ENGINE, _LOOKING = ("tests/e2e/", "tests/browser/"), "tests/e2e/looking/"
_CONTRACT = re.compile(r"tests/(?:contract|attacks)/.*\[((?:docker|namespace)-[a-z0-9.]+)")


class Scheduling(LoadScopeScheduling):  # type: ignore[misc] # as above
    """Tests that change what is on an engine, or take the labs' ports, follow each other in one worker.

    So do those in a browser: Chromium gives up what it loads when a container's network comes or goes.
    The contract's tests of one engine, and the attacks on it, follow each other too, since each is started once.
    xdist's own groups need a part of pytest that 9.2 has no more.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(_ENGINE) and not nodeid.startswith(_LOOKING):
            return "engine"
        contract = _CONTRACT.match(nodeid)
        return contract.group(1) if contract else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """What ``--numprocesses`` makes use of."""
    return Scheduling(config, log)


def pytest_configure() -> None:
    """Ctrl-C reaches what a test starts, even where the tests were started in the background.

    A process that was told to ignore SIGINT hands that on to its children; one with a handler does not.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
