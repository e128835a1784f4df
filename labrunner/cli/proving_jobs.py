"""``labrunner lint --prove --jobs N``: steps are handed out to N jobs, each with an engine of its own.

A job is a process, cli/proving_job.py. It reads the name of a step, and answers with one line of JSON. Since each takes
its next step when it is done with the last one, none waits; what comes before a step it does as ``goto`` does.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import IO

import click

from labrunner.authoring.proving.proof import StepProof, step_from
from labrunner.engine.api import EngineUnreachable
from labrunner.engine.engine import Engine
from labrunner.engine.own import OwnEngine, own_engine
from labrunner.model.errors import ToolError
from labrunner.model.lab import StepRef
from labrunner.model.verdict import EngineFacts


@dataclass(frozen=True)
class _Job:
    number: int
    engine: OwnEngine
    steps: IO[str]
    answers: IO[str]

    def take(self, step: StepRef) -> None:
        with suppress(BrokenPipeError):  # it has ended, which its answer says
            self.steps.write(f"{step}\n")
            self.steps.flush()

    def answer(self, step: StepRef) -> StepProof:
        """The proof of the step. ToolError where the job cannot go on, or is gone."""
        if not (line := self.answers.readline()):
            raise ToolError(
                f"{step} was being proven, and {self._lost()} has ended before that",
                next="the same again, which does not prove again what is proven",
            )
        answered = json.loads(line)
        if "error" in answered:
            raise ToolError(answered["error"]["says"], next=answered["error"]["next"])
        return step_from(answered)

    def _lost(self) -> str:
        """Which of the two has ended; a job ends with its engine."""
        try:
            Engine(self.engine.endpoint).api.json("GET", "/version")
        except EngineUnreachable:
            return "its engine"
        return f"job {self.number}"


def in_jobs(
    jobs: int, facts: EngineFacts, images: Iterable[str], steps: Iterable[StepRef], arguments: Iterable[str]
) -> Iterator[tuple[StepRef, StepProof]]:
    """The proof of each step, as it is done. ToolError ends all jobs."""
    waiting = iter(steps)
    with ExitStack() as stack, DefaultSelector() as answers:
        for number, step in zip(range(1, jobs + 1), waiting, strict=False):
            click.echo(f"{number}: an engine of its own, beside {facts.endpoint}", err=True)
            job = stack.enter_context(_job(number, facts, tuple(images), arguments))
            job.take(step)
            answers.register(job.answers, EVENT_READ, (job, step))
        while answers.get_map():
            for key, _ in answers.select():
                job, step = key.data
                yield step, job.answer(step)
                if (following := next(waiting, None)) is None:
                    answers.unregister(key.fileobj)
                else:
                    job.take(following)
                    answers.modify(key.fileobj, EVENT_READ, (job, following))


@contextmanager
def _job(number: int, facts: EngineFacts, images: tuple[str, ...], arguments: Iterable[str]) -> Iterator[_Job]:
    """A job that waits for steps; it ends with its engine, and is waited for after that."""
    with ExitStack() as last, own_engine(facts.endpoint, images) as engine:
        program = (sys.executable, "-m", "labrunner.cli.proving_job", str(number), *arguments)
        process = subprocess.Popen(  # noqa: S603 - this program, in the engine's namespaces
            engine.inside("env", f"--chdir={Path.cwd()}", *program),  # what enters a mount namespace is at its root
            env={**engine.environ(), "XDG_STATE_HOME": str(engine.folder / "state")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        last.enter_context(process)
        assert process.stdin is not None  # noqa: S101 - as asked for above
        assert process.stdout is not None  # noqa: S101 - as above
        yield _Job(number, engine, process.stdin, process.stdout)
