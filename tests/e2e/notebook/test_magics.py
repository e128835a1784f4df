"""The magics in a real kernel: verdicts of the same home, and errors that are sentences and end nothing."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from labrunner.runner.keeping import Keeping
from tests.e2e.notebook.learner import Learner
from tests.e2e.test_run import labrunner, report

pytestmark = pytest.mark.engine


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
    for _ in range(200):
        if not Keeping(tmp_path / "home").runs:
            break
        time.sleep(0.05)
    text, _ = learner.runs("%%bash\ndocker container ls")
    assert "terminals had ended" in text
    assert "CONTAINER ID" in text

    learner.runs("import os, signal, threading\nthreading.Timer(1, os.kill, (os.getpid(), signal.SIGINT)).start()")
    assert "the cell was interrupted" in learner.runs("%%term third\nsleep 30")[0]

    assert learner.runs("%goto leave")[1]["verdict"] == "passed"
    assert "is at its start" in learner.runs("%reset_lab")[0]
    assert learner.runs("%check step1")[1]["verdict"] == "failed"
    shutil.rmtree(tmp_path / "home" / "first-container")
    assert "that folder is gone" in learner.runs("%check step1")[0]
