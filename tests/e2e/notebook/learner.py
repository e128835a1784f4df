"""Somebody who runs cells in a kernel of their own, with an empty home."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from labrunner.engine.engine import Engine
from labrunner.jupyter.execute import kernel
from labrunner.jupyter.shown import MEDIA_TYPE
from labrunner.runner.home import Home


class Learner:
    """Somebody who runs cells in one kernel; ``home`` is theirs."""

    def __init__(self, client: NotebookClient, home: Path) -> None:
        self._client = client
        self.home = home

    def runs(self, source: str) -> tuple[str, dict[str, Any]]:
        """Run a cell: the text that it shows, and the JSON that it carries. It may show no traceback."""
        self._client.nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])  # type: ignore[no-untyped-call] # it has no types
        cell = self._client.execute_cell(self._client.nb.cells[0], 0)
        assert not [output for output in cell.outputs if output.output_type == "error"], cell.outputs
        data = [output.data for output in cell.outputs if "data" in output]
        text = "".join(output.text for output in cell.outputs if output.output_type == "stream")
        carried: dict[str, Any] = next((each[MEDIA_TYPE] for each in data if MEDIA_TYPE in each), {})
        return text + "".join(each.get("text/markdown", each.get("text/plain", "")) for each in data), carried


@contextmanager
def seated(engine: Engine, place: Path) -> Iterator[Learner]:
    """A learner at a kernel, whose home and sockets are in ``place``; the kernel and the keeper end with it."""
    sockets = place / "s"
    sockets.mkdir()
    with kernel(Home(place / "home"), engine.host, sockets) as client:
        client.start_new_kernel_client()
        yield Learner(client, place / "home")
