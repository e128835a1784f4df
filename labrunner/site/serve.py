"""Serve a built site to this machine's own browser."""

from __future__ import annotations

import errno
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from labrunner.model.errors import ToolError, UsageError
from labrunner.site.output import LIST

HOST = "127.0.0.1"


class _Quiet(SimpleHTTPRequestHandler):
    """Files of a folder, without a line on the terminal for each request."""

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


def site_server(site: Path, port: int) -> ThreadingHTTPServer:
    """A server of the site on the loopback address, which the caller runs and closes; port 0 takes a free one."""
    if not (site / LIST).is_file():
        raise UsageError(f"there is no site in {site}", next=f"labrunner site build --output {site}")
    try:
        return ThreadingHTTPServer((HOST, port), partial(_Quiet, directory=str(site)))
    except OverflowError as error:
        raise UsageError(f"the site was to be served on port {port}, and there is no such port") from error
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        why = "which is taken" if taken else f"and that failed: {error.strerror}"
        raise ToolError(
            f"the site was to be served on port {port}, {why}", next=f"labrunner site serve --output {site} --port 0"
        ) from error
