"""Prove the steps of some labs, in the course's order, and go on after a finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from labrunner.authoring.proving.assertions import HELPERS, Assertion, assertions_of
from labrunner.authoring.proving.case import Case
from labrunner.authoring.proving.general import general_cases
from labrunner.authoring.proving.known import Known, key_of
from labrunner.authoring.proving.proof import StepProof
from labrunner.authoring.proving.prover import Prover, at
from labrunner.authoring.proving.read import FOLDER, read_cases
from labrunner.authoring.source import LabSource
from labrunner.content.course import before
from labrunner.engine.api import ApiError, EngineUnreachable
from labrunner.model.errors import ToolError
from labrunner.model.lab import Course, Lab, Step
from labrunner.runner.catch_up import labs_before

RULE = "proof"


def cases_of(lab: Lab, step: Step) -> tuple[Case, ...]:
    """All cases of a step: what must be accepted, whose builds the others find cached, then all near misses."""
    written = read_cases(lab)[0].get(step.ref, ())
    return tuple(sorted((*general_cases(lab, step), *written), key=lambda case: case.refused))


def assertions_in(sources: Iterable[LabSource]) -> tuple[Assertion, ...]:
    """The assertions of these labs' checks, and those of the helpers that all checks share."""
    files = (*(source.checks.file for source in sources), *HELPERS)
    return tuple(chain.from_iterable(map(assertions_of, files)))


@dataclass(frozen=True)
class Walk:
    """Proves labs; ``rests_on`` are words that a proof rests on besides files: the engine, its images."""

    course: Course
    sources: Iterable[LabSource]
    prover: Prover
    known: Known
    rests_on: tuple[str, ...]
    beginning: Callable[[Step], None]
    ended: Callable[[Step, StepProof, bool], None]

    def prove(self, steps: Iterable[Step]) -> Iterator[StepProof]:
        """The proof of each step, in the course's order; some may be left out, and are done on the way.

        The tool's error on the way is a finding; EngineUnreachable ends the walk.
        """
        done: Lab | None = None
        for step in steps:
            lab = self.course.lab(step.ref.lab)
            if done not in labs_before(self.course, lab):
                self.prover.bench.anew()
            done = lab
            self.beginning(step)
            key = self._key(lab, step)
            checks = self.known.find(key)
            proof = self._proven(lab, step) if checks is None else StepProof(checks)
            if checks is None and not proof.findings:
                self.known.keep(key, proof.checks)
            self.ended(step, proof, checks is not None)
            yield proof

    def _proven(self, lab: Lab, step: Step) -> StepProof:
        try:
            proof = self.prover.prove(lab, step)
        except EngineUnreachable as error:
            raise EngineUnreachable(f"{step.ref} was being proven, and {error.says}", next=error.next) from error
        except (ToolError, ApiError) as error:
            self.prover.bench.anew()
            proof = StepProof((), (at(lab, step, f"expected a proof of {step.ref}, found that {error}"),))
        return replace(proof, findings=tuple(replace(finding, rule=RULE) for finding in proof.findings))

    def _key(self, lab: Lab, step: Step) -> str:
        """Of the step's own files, and of the labs and checks that it stands on."""
        names = {lab.name, *(each.ref.lab for each in before(self.course, step))}
        sources = [source for source in self.sources if source.name in names]
        files = chain.from_iterable((source.file, source.checks.file) for source in sources)
        return key_of(str(step.ref), (*files, *HELPERS, _own_file(lab, step)), *self.rests_on)


def _own_file(lab: Lab, step: Step) -> Path:
    return lab.folder / FOLDER / f"{step.name}.yaml"
