"""The launcher's requests: the labs with where the learner stands, and a lab to be opened.

``GET labrunner/labs`` answers ``{"labs": [{"lab", "title", "minutes", "steps", "passed"}]}``, and
``POST labrunner/labs/LAB`` ``{"notebook": its path below the server's root, "aside": the name of one that was kept, or
null, "terminal": its name}``. What cannot be done is answered as every command does it with ``--json``.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from labrunner.jupyter.server.opening import Opened, labs, open_lab
from labrunner.model.errors import LabrunnerError, ToolError, UsageError
from labrunner.report.data import error_data


def handlers(base_url: str) -> list[tuple[str, type[APIHandler]]]:
    """What answers below the server's address."""
    at = url_path_join(base_url, "labrunner/labs")
    return [(at, LabsHandler), (f"{at}/([a-z0-9-]+)", LabHandler)]


class _Handler(APIHandler):
    """Jupyter's own rules hold: a login or a token, and nothing that another site makes the browser send."""

    auth_resource = "labrunner"

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Answer with the sentence of whatever is raised."""
        try:
            yield
        except LabrunnerError as error:
            self.set_status(HTTPStatus.BAD_REQUEST if isinstance(error, UsageError) else HTTPStatus.SERVICE_UNAVAILABLE)
            self.finish(error_data(error))


class LabsHandler(_Handler):
    """All labs."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """The labs, and where the learner stands."""
        with self.telling():
            self.finish({"labs": await asyncio.to_thread(labs)})


class LabHandler(_Handler):
    """One lab."""

    @web.authenticated
    @authorized
    async def post(self, name: str) -> None:
        """Make or resume the lab's folder and notebook, and a terminal that shows the one of ``labrunner shell``."""
        with self.telling():
            terminals = self._terminals()
            opened = await asyncio.to_thread(open_lab, name, Path(self.settings["server_root_dir"]))
            shell = _shell(terminals, opened)
            self.finish({"notebook": opened.notebook, "aside": opened.aside, "terminal": shell})

    def _terminals(self) -> Any:  # noqa: ANN401 - jupyter_server_terminals types its manager by terminado, which has none
        manager = self.settings.get("terminal_manager")
        if manager is None:
            raise ToolError(
                "a terminal was to be opened beside the notebook, and this server has none",
                next="jupyter lab --ServerApp.terminals_enabled=True",
            )
        return manager


def _shell(terminals: Any, opened: Opened) -> str:  # noqa: ANN401 - as above
    """The server's terminal that runs ``labrunner shell``, which is for the lab that was started last: this one."""
    name = opened.lab.replace("-", "_")  # such a name is a word
    if name not in terminals.terminals:
        shell = [sys.executable, "-P", "-m", "labrunner", "shell", "--home", str(opened.home.path)]
        terminals.create(name=name, shell_command=shell, cwd=str(opened.home.folder(opened.lab)))
    return name
