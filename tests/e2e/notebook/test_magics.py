"""The magics in a real kernel: verdicts of the same home, and errors that are sentences and end nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from labrunner.engine.engine import Engine
from labrunner.jupyter.execute import kernel
from labrunner.jupyter.shown import MEDIA_TYPE
from labrunner.runner.home import Home
from labrunner.runner.keeping import Keeping
from tests.e2e.test_run import environ, labrunner, report, untouched

__all__ = ["environ", "untouched"]

pytestmark = pytest.mark.engine


class Learner:
    """Somebody who runs cells in one kernel."""

    def __init__(self, client: NotebookClient) -> None:
        self._client = client

    def runs(self, source: str) -> tuple[str, dict[str, Any]]:
        """Run a cell: the text that it shows, and the JSON that it carries. It may show no traceback."""
        self._client.nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])  # type: ignore[no-untyped-call] # it has no types
        cell = self._client.execute_cell(self._client.nb.cells[0], 0)
        assert not [output for output in cell.outputs if output.output_type == "error"], cell.outputs
        data = [output.data for output in cell.outputs if "data" in output]
        text = "".join(output.text for output in cell.outputs if output.output_type == "stream")
        carried: dict[str, Any] = next((each[MEDIA_TYPE] for each in data if MEDIA_TYPE in each), {})
        return text + "".join(each.get("text/markdown", each.get("text/plain", "")) for each in data), carried


@pytest.fixture
def learner(
    engine: Engine, environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Learner]:
    """A learner in a kernel, with an empty home; what they made goes when the test ends."""
    monkeypatch.setenv("XDG_STATE_HOME", environ["XDG_STATE_HOME"])
    sockets = tmp_path / "s"
    sockets.mkdir()
    with kernel(Home(tmp_path / "home"), engine.host, sockets) as client:
        client.start_new_kernel_client()
        yield Learner(client)
        labrunner(environ, "reset", "--all", "--home", str(tmp_path / "home"))


@pytest.mark.usefixtures("untouched")
def test_terminal_and_notebook_stand_in_the_same_place(
    learner: Learner, environ: dict[str, str], tmp_path: Path
) -> None:
    """A step is done and checked in the notebook, and has passed on the command line; and the other way round."""
    home = str(tmp_path / "home")
    assert "run the cell with %lab" in learner.runs("%load_ext labrunner\n%check step1")[0]
    assert "run the cell with %lab" in learner.runs("%%bash\ndocker container ls")[0]
    assert "another text" in learner.runs("%lab first-container --text 000000000000")[0]

    text, carried = learner.runs("%check step3")  # out of order
    assert carried["verdict"] == "blocked"
    assert "next: %check first-container/top" in text
    assert "BLOCKED" in learner.runs("%%term second\ndocker container exec TOP_ID true")[0]

    assert (
        "left running in the terminal main" in learner.runs("%%term --until PID\ndocker container run -t ubuntu top")[0]
    )
    assert learner.runs("%check step1")[1]["verdict"] == "passed"
    judged = report(labrunner(environ, "check", "first-container/top", "--home", home, "--json"))
    assert judged["labs"][0]["steps"][0]["state"] == "holds"

    assert "your answer is to stand" in learner.runs("%check list --answer TEXT")[0]
    assert learner.runs("%check list --answer 0")[1]["verdict"] == "failed"
    assert "hint 1 of 2" in learner.runs("%hint list")[0].lower()
    assert "there is no step of first-container 'stepp'" in learner.runs("%check stepp")[0]
    assert learner.runs("%solve shell")[1]["verdict"] == "passed"
    assert "ps -ef" in learner.runs("%term second")[0]

    Keeping(tmp_path / "home").stop()
    while Keeping(tmp_path / "home").runs:
        pass
    text, _ = learner.runs("%%bash\ndocker container ls")
    assert "terminals had ended" in text
    assert "CONTAINER ID" in text

    assert learner.runs("%goto leave")[1]["verdict"] == "passed"
    assert "is at its start" in learner.runs("%reset_lab")[0]
    assert learner.runs("%check step1")[1]["verdict"] == "failed"
    shutil.rmtree(tmp_path / "home" / "first-container")
    assert "that folder is gone" in learner.runs("%check step1")[0]
