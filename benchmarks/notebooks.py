"""What a notebook costs: each lab through nbclient beside ``labrunner run``, ``%check`` beside the command, the export.

``python benchmarks/notebooks.py [ROUNDS]`` needs a running engine with the labs' images, and Jupyter.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from labrunner.engine.find import find_engine
from labrunner.jupyter.execute import kernel
from labrunner.runner.home import Home

LABRUNNER = [sys.executable, "-m", "labrunner"]
CHECKS = 15


def seconds(work: Callable[[], object]) -> float:
    """How long one piece of work takes, on the wall clock."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def lab_seconds(*more: str) -> dict[str, float]:
    """The seconds of each lab of one run, and ``all`` of the command itself."""
    began = time.perf_counter()
    command = [*LABRUNNER, "run", "--all", "--offline", "--json", *more]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    took = {lab["lab"]: sum(s["seconds"] for s in lab["steps"]) for lab in json.loads(done.stdout)["labs"]}
    return {**took, "all": time.perf_counter() - began}


def notebooks_against_run(rounds: int) -> None:
    """Both in turn, so that a busy host slows both; ``all`` counts the start of the kernel too."""
    pairs = [(lab_seconds("--notebook"), lab_seconds()) for _ in range(rounds)]
    for lab in pairs[0][0]:
        ours, theirs = ([side[lab] for side in column] for column in zip(*pairs, strict=True))
        ratio = statistics.median(our / their for our, their in zip(ours, theirs, strict=True))
        print(
            f"notebook {lab:18} {statistics.median(ours):6.2f} s   run {statistics.median(theirs):6.2f} s"
            f"   ratio {ratio:.2f} (at most 1.25)"
        )


def check_against_command() -> None:
    """``%check`` in a kernel that is up, beside ``labrunner check``, of the same step."""
    with tempfile.TemporaryDirectory(prefix="lr-") as place:
        home = Path(place, "home")
        with kernel(Home(home), find_engine("auto").endpoint, Path(place)) as client:
            client.start_new_kernel_client()
            run(client, "%load_ext labrunner\n%lab nginx-and-mongo")
            run(client, "%%bash\ndocker container run --detach nginx")
            step = "nginx-and-mongo/again"
            command = [*LABRUNNER, "check", step, "--home", str(home)]
            pairs = [
                (
                    seconds(lambda: run(client, f"%check {step}")),
                    seconds(lambda: subprocess.run(command, capture_output=True, check=False)),
                )
                for _ in range(CHECKS)
            ]
            subprocess.run([*LABRUNNER, "reset", "--all", "--home", str(home)], capture_output=True, check=True)
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(
        f"%check                  {ours * 1000:6.0f} ms  command {theirs * 1000:6.0f} ms"
        f"  ratio {ours / theirs:.2f} (at most 1.20)"
    )


def run(client: NotebookClient, source: str) -> None:
    """Run one cell."""
    client.nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])  # type: ignore[no-untyped-call] # it has no types
    client.execute_cell(client.nb.cells[0], 0)


def export() -> None:
    """All six notebooks into a folder."""
    with tempfile.TemporaryDirectory() as folder:
        command = [*LABRUNNER, "notebook", "--output", folder]
        took = statistics.median(
            seconds(lambda: subprocess.run(command, capture_output=True, check=True)) for _ in range(5)
        )
    print(f"notebook --output       {took * 1000:6.0f} ms (at most 1000)")


def main(rounds: int) -> None:
    """One after the other, since each takes the whole host."""
    export()
    check_against_command()
    notebooks_against_run(rounds)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
