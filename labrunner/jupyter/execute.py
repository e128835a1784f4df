"""Run the labs' notebooks by nbclient, cell by cell, and report as ``labrunner run`` does.

A cell shows an error and goes on, for the person who sits there. Here it is read from what the cell shows: verdicts and
errors carry the JSON of ``--json``.
"""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from labrunner.content.substitute import with_placeholders, with_variables
from labrunner.engine.find import ENDPOINT
from labrunner.jupyter.export import ANSWER, KEY, written
from labrunner.jupyter.shown import MEDIA_TYPE
from labrunner.jupyter.writing import notebook_path
from labrunner.model.errors import ToolError
from labrunner.model.lab import Course, Lab, Step
from labrunner.model.verdict import LabReport, StepReport
from labrunner.report.data import step_from
from labrunner.runner.course_run import broken
from labrunner.runner.hands import asked_for
from labrunner.runner.home import Home
from labrunner.runner.keeping import Keeping
from labrunner.runner.terminal import COMMAND_SECONDS


@dataclass(frozen=True)
class NotebookRun:
    """One run of notebooks in one kernel, and whom it tells of each step (before it, and after it).

    ``client`` has a kernel that has been started, and may still be starting.
    """

    course: Course
    home: Home
    client: NotebookClient
    beginning: Callable[[Lab, Step], None]
    ended: Callable[[Lab, StepReport], None]

    def labs(self, asked: Iterable[Lab]) -> Iterator[LabReport]:
        """Run the notebook of each lab and give its report; ToolError where a lab cannot even be begun."""
        self.client.start_new_kernel_client()
        for lab in asked:
            self.client.nb = nbformat.reads(written(lab), as_version=4)
            yield self._lab(lab)
            nbformat.write(self.client.nb, notebook_path(self.home.folder(lab.name), lab))

    def _lab(self, lab: Lab) -> LabReport:
        _, begin = self.client.nb.cells[:2]
        self._run(begin)
        here = with_variables(lab, self.home.journal.progress().of_lab(lab))
        reports: list[StepReport] = []
        for step in here.steps:
            self.beginning(here, step)
            reports.append(self._step(here, step))
            self.ended(here, reports[-1])
        return LabReport(lab.name, lab.title, tuple(reports))

    def _step(self, lab: Lab, step: Step) -> StepReport:
        """Run a step's cells, if what it needs is there, and take the verdict from the last one."""
        began = time.monotonic()
        cells = [cell for cell in self.client.nb.cells if cell.cell_type == "code" and _step_of(cell) == step.name]
        *doing, check = cells
        progress = self.home.journal.progress()
        try:
            if all(need in progress.passed for need in step.needs):
                for cell in doing:
                    self._run(cell)
            filled = with_placeholders(lab, step, progress.recorded())
            if answer := asked_for(filled, _last_line(doing)):
                check.source = check.source.replace(ANSWER, shlex.quote(answer))
            report = step_from(lab.name, self._run(check)["labs"][0]["steps"][0])
        except ToolError as error:
            report = broken(step, error)
        return replace(report, seconds=round(time.monotonic() - began, 3))

    def _run(self, cell: NotebookNode) -> Mapping[str, Any]:
        """Run one cell; the JSON that it shows, if any. ToolError, which names the cell, where it shows an error."""
        try:
            self.client.execute_cell(cell, self.client.nb.cells.index(cell))
        except CellTimeoutError as error:
            raise ToolError(
                f"the cell {cell.id} did not end within {COMMAND_SECONDS} s", next="labrunner doctor"
            ) from error
        except DeadKernelError as error:
            raise ToolError(f"the cell {cell.id} was run, and the kernel ended", next="labrunner doctor") from error
        found: Mapping[str, Any] = {}
        for output in cell.outputs:
            if output.output_type == "error":
                raise ToolError(
                    f"the cell {cell.id} was run, and it ended with {output.ename}: {output.evalue}",
                    next="pip install 'labrunner[jupyter]', for the Python of the kernel python3",
                )
            found = output.get("data", {}).get(MEDIA_TYPE, found)
            if "error" in found:
                raise ToolError(f"the cell {cell.id} was run: {found['error']['says']}", next=found["error"]["next"])
        return found


@contextmanager
def kernel(home: Home, endpoint: str, sockets: Path) -> Iterator[NotebookClient]:
    """A kernel for the notebooks of a home, which starts while its user goes on; it and the home's keeper end together.

    It talks over unix sockets in the folder ``sockets``: on TCP everybody on this host could reach it.
    """
    connection = str(sockets / "kernel.json")
    manager = AsyncKernelManager(kernel_name="python3", transport="ipc", connection_file=connection)
    client = NotebookClient(nbformat.v4.new_notebook(), km=manager, timeout=COMMAND_SECONDS, allow_errors=True)
    environ = {**os.environ, "LABRUNNER_HOME": str(home.path), ENDPOINT: endpoint}
    try:
        client.start_new_kernel(cwd=str(sockets), env=environ)
        yield client
    except NoSuchKernel as error:
        raise ToolError(
            "the notebooks were to be run, and there is no kernel for them here",
            next="pip install 'labrunner[jupyter]'",
        ) from error
    finally:
        client._cleanup_kernel()  # noqa: SLF001 - its own setup_kernel() waits until the kernel is up
        Keeping(home.path).stop()


def _step_of(cell: NotebookNode) -> str | None:
    step = cell.metadata.get(KEY, {}).get("step")
    return None if step is None else str(step)


def _last_line(cells: list[NotebookNode]) -> str:
    """The last line that the last command of some cells printed, ``none`` where it printed nothing."""
    outputs = cells[-1].outputs if cells else []
    text = "".join(output.text for output in outputs if output.output_type == "stream")
    if cells and cells[-1].source.startswith("%%term"):  # which shows what is typed, too
        text = f"\n{text}".rpartition("\n$ ")[2].partition("\n")[2]
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else "none"
