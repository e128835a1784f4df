"""Mutants of the checks: each assertion that refuses a case is switched off in turn, and the proof has to notice.

In one state a check refuses at one place. So only the assertions on the way there can change what it says, and one run
of the checks for each of them, in a state that the proof has made anyway, is a run of all mutants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from labrunner.authoring.finding import Finding
from labrunner.authoring.proving.assertions import Assertion, refused_at
from labrunner.authoring.proving.proof import CheckProof, Noticed
from labrunner.model.lab import Step
from labrunner.model.verdict import CheckResult, Verdict
from labrunner.runner.course_run import Run
from labrunner.runner.home import surroundings
from labrunner.verify.process import CheckHost
from labrunner.verify.verifier import verify

RULE = "mutant"
Results = tuple[CheckResult, ...]
#: By check and place: which assertions the proof of one step noticed.
Seen = dict[tuple[str, str], Noticed]


@dataclass(frozen=True)
class Mutants:
    """``host`` runs the checks with an assertion switched off, and nothing of that is recorded in the run's home."""

    run: Run
    host: CheckHost
    assertions: tuple[Assertion, ...]

    def look(self, step: Step, answer: str | None, switched_off: str = "") -> Results:
        """What the step's checks say as of now without the assertion at that place."""
        answers = {} if answer is None else {str(step.ref): answer}
        around = surroundings(self.run.course, self.run.home, self.run.engine.host, answers)
        around = replace(around, switched_off=switched_off)
        progress = self.run.home.journal.progress()
        (report,) = verify(self.run.course, progress, (step,), self.host, around).reports
        return report.checks

    def switch_off(
        self, step: Step, answer: str | None, by: str, seen: Seen, judge: Callable[[Results], Iterable[Finding]]
    ) -> None:
        """Add to ``seen`` each assertion without which ``judge`` finds something in this state, named ``by``."""
        for result in self.look(step, answer):
            if result.verdict is Verdict.PASSED:
                continue
            places = {(name, line) for name, line in result.evidence.get("refused_at", ())}
            for assertion in refused_at(places, self.assertions):
                key = (result.check, assertion.place)
                if key not in seen and any(judge(self.look(step, answer, assertion.place))):
                    seen[key] = Noticed(assertion.place, assertion.text, by)


def survivors(assertions: Iterable[Assertion], proofs: Iterable[CheckProof]) -> Iterator[Finding]:
    """A finding for each assertion that no proof noticed, and for each exception that is none."""
    noticed = {each.at for proof in proofs for each in proof.mutants}
    for assertion in assertions:
        if assertion.place not in noticed and assertion.reason is None:
            says = f"expected a near miss that is refused by this alone, found that nobody misses {assertion.text}"
        elif assertion.place in noticed and assertion.reason is not None:
            says = f"expected no near miss to reach this, as its comment says, found one that misses {assertion.text}"
        else:
            continue
        yield Finding(assertion.file, assertion.line, says, assertion.place, RULE)
