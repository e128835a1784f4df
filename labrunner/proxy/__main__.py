"""``python -m labrunner.proxy``: a scope as a process, which ends with its standard input."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

from labrunner.engine.engine import Engine
from labrunner.engine.ledger import Ledger
from labrunner.model.errors import LabrunnerError
from labrunner.proxy.connection import serve
from labrunner.proxy.removals import forget_gone, watch_removals
from labrunner.proxy.scope import Scope
from labrunner.proxy.server import Pool, listening, run

_BROKEN = 3


def main() -> int:
    """Listen on ``DIR/LAB.sock`` for each lab, say ``ready``, and serve until standard input or SIGTERM ends it."""
    asked = _arguments().parse_args()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who started it
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    pool = Pool()
    try:
        with suppress(KeyboardInterrupt), ExitStack() as stack:
            ledger = Ledger(asked.ledger, Engine(asked.engine))
            forget_gone(ledger)
            servers = {}
            for lab in asked.labs:
                server = stack.enter_context(listening(asked.folder / f"{lab}.sock"))
                scope = Scope(ledger.engine, ledger, asked.home, lab)
                servers[server] = partial(serve, scope=scope)
            threading.Thread(target=watch_removals, args=(ledger,), daemon=True).start()
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            run(servers, pool, sys.stdin.fileno())
        pool.finish()
    except LabrunnerError as error:
        sys.stderr.write(f"{error.says}\n")
        return _BROKEN
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m labrunner.proxy", description=main.__doc__)
    parser.add_argument("--engine", required=True, metavar="ENDPOINT", help="unix:///path or tcp://name:port")
    parser.add_argument("--ledger", required=True, type=Path, metavar="FILE")
    parser.add_argument("--home", required=True, metavar="PATH")
    parser.add_argument("--folder", required=True, type=Path, metavar="DIR", help="where the sockets are made")
    parser.add_argument("labs", nargs="+", metavar="LAB")
    return parser


if __name__ == "__main__":
    sys.exit(main())
