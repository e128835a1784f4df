"""``python -m labrunner.daemon --data DIR --socket PATH``: the namespace engine, until SIGTERM.

With SIGTERM containers are stopped, as Docker does it; a daemon that is killed leaves them running, and the next one
finds them. What it has to say goes to standard error; one sentence, and exit code 1, where it cannot start.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from labrunner.daemon import data as data_folder
from labrunner.daemon.engine import Engine
from labrunner.daemon.server import Server, listen
from labrunner.daemon.zygote import Zygote
from labrunner.runtime import capabilities, modes, needs
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.zygote.spawn import spawn

_log = logging.getLogger("labrunner.daemon")
_ZYGOTE_SECONDS = 5


def main() -> None:
    """Run the engine."""
    asked = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        lock = data_folder.take(asked.data)
        mode = modes.choose(os.environ, privileged=capabilities.may_mount())
        lacking = [need for need in needs.examine(asked.data, mode) if not need.ok]
        for need in lacking:
            _tell(need)
        copies = any(need.name == needs.OVERLAY for need in lacking)
        connection, zygote = spawn(asked.data, mode)
        _allow_many_descriptors()
        own = Zygote(connection)
        asyncio.run(_serve(asked, own, lambda: Engine(asked.data, own, mode, copies=copies)))
        zygote.wait(_ZYGOTE_SECONDS)
    except RuntimeFailure as failure:
        sys.exit(f"labrunner: {failure.says}")
    os.close(lock)


async def _serve(asked: argparse.Namespace, zygote: Zygote, make: Callable[[], Engine]) -> None:
    """Serve until SIGTERM. RuntimeFailure where it cannot begin."""
    loop, ends = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ends.set)
    await zygote.greet()
    engine = make()
    await engine.begin()
    server = Server(engine)
    await server.open(listen(asked.socket))
    gc.collect()
    gc.freeze()  # what is there now stays, and need not be looked at again
    if asked.ready_fd is not None:
        os.write(asked.ready_fd, b"1")
        os.close(asked.ready_fd)
    _log.info("serving on %s, data in %s", asked.socket, asked.data)
    await ends.wait()
    _log.info("stopping %d containers", sum(container.running for container in engine.parts.registry))
    await engine.end()
    await server.close()
    asked.socket.unlink(missing_ok=True)
    zygote.close()


def _allow_many_descriptors() -> None:
    """For as many clients as the host allows; after the zygote was started, whose containers keep what they had."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _tell(need: needs.Need) -> None:
    """Say what is missing. RuntimeFailure where nothing works without it."""
    says = f"{need.says}: {need.lifts}" if need.lifts else need.says
    if need.blocks:
        raise RuntimeFailure(Kind.MISSING_FEATURE, says)
    _log.warning("%s", says)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m labrunner.daemon", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of images and containers")
    parser.add_argument("--socket", type=Path, required=True, help="where clients connect")
    parser.add_argument("--ready-fd", type=int, help="a descriptor that gets one byte when the API answers")
    return parser.parse_args()


if __name__ == "__main__":
    main()
