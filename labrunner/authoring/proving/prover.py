"""Prove one step after the other: refused before it, refused in every near miss, accepted in every other right way."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain

from labrunner.authoring.finding import Finding, Findings
from labrunner.authoring.proving.bench import Bench, Place
from labrunner.authoring.proving.case import Case
from labrunner.authoring.proving.mutants import Mutants, Results, Seen
from labrunner.authoring.proving.proof import ENOUGH, CheckProof, StepProof, Tried
from labrunner.content.frontmatter import line_of
from labrunner.content.substitute import with_placeholders, with_variables
from labrunner.engine.api import EngineUnreachable
from labrunner.model.errors import ToolError
from labrunner.model.lab import Lab, Step
from labrunner.model.verdict import CheckResult, StepReport, Verdict
from labrunner.runner.hands import asked_for

#: What differs each time: IDs and digests, and the names that an engine makes up.
_FLEETING = re.compile(r"[0-9a-f]{12,}|\b[a-z]+_[a-z]+\d?\b")


@dataclass(frozen=True)
class Prover:
    """Proves steps on a bench; ``cases`` are those of a step, and ``telling`` hears of each before it is tried.

    In every state in which the checks refuse, ``mutants`` are asked, too.
    """

    bench: Bench
    mutants: Mutants
    cases: Callable[[Lab, Step], tuple[Case, ...]]
    telling: Callable[[str], None] = lambda _: None

    def prove(self, lab: Lab, step: Step) -> StepProof:
        """Prove the step's checks, on a bench that has come to it or to any earlier one. The solution is done at last.

        Raises EngineUnreachable where the engine goes away.
        """
        began = time.monotonic()
        if (broken := self.bench.come_to(step)) is not None:
            says = f"expected what comes before {step.ref} to be done, found {_summary(broken)}"
            return StepProof((), (at(lab, step, says),))
        before = self._look(step)
        place = self.bench.mark()
        findings = [*_findings_before(lab, step, before)]
        seen: Seen = {}
        if not findings:
            self.mutants.switch_off(step, None, "before the step", seen, partial(_findings_before, lab, step))
        tried: list[tuple[Case, tuple[str, ...], Results]] = []
        for case in self.cases(lab, step):
            if tried and not case.goes_on:
                before, place = self._restore(lab, step, before, place)
            self.telling(case.name)
            results, answer = self._try(lab, step, case)
            wanted = self._reasons(lab, step, case)
            tried.append((case, wanted, results))
            wrong = [*judged(case, wanted, results)]
            if case.refused and not wrong:
                self.mutants.switch_off(step, answer, case.name, seen, partial(judged, case, wanted))
            findings += wrong
        if tried:
            before, place = self._restore(lab, step, before, place)
        self.telling("the solution")
        after = self._solve(lab, step)
        if after.verdict is not Verdict.PASSED:
            findings.append(at(lab, step, f"expected the solution of {step.ref} to pass, found {_summary(after)}"))
        proofs = tuple(
            _proof(step, check, before, after.checks, tried, seen) for check in _checks(before, after.checks)
        )
        findings += chain.from_iterable(_too_few(lab, step, proof) for proof in proofs)
        return StepProof(proofs, tuple(findings), round(time.monotonic() - began, 3))

    def _look(self, step: Step, answer: str | None = None) -> Results:
        answers = {} if answer is None else {str(step.ref): answer}
        (report,) = self.bench.run.look((step,), answers)
        return report.checks

    def _solve(self, lab: Lab, step: Step) -> StepReport:
        with self.bench.run.hands(lab) as hands:
            report = self.bench.run.step(hands.lab.steps[step.number - 1], hands)
        self.bench.kept.keep_builds(str(self.bench.home))
        return report

    def _try(self, lab: Lab, step: Step, case: Case) -> tuple[Results, str | None]:
        """What the checks say of the case, or that the tool broke on the way; and what was answered in it."""
        try:
            with self.bench.run.hands(lab) as hands:
                filled = self._filled(lab, step, case)
                output = hands.do(filled)
            if not case.refused:  # its layers are as good as the solution's, and some took long to build
                self.bench.kept.keep_builds(str(self.bench.home))
            answer = asked_for(filled, output)
            return self._look(step, answer), answer
        except EngineUnreachable:
            raise
        except ToolError as error:
            return (CheckResult(step.ref, "", case.name, Verdict.ERRORED, error.says, error.next),), None

    def _filled(self, lab: Lab, step: Step, case: Case) -> Step:
        """The case as a step, with variables and placeholders filled in as of now."""
        progress = self.bench.run.home.journal.progress()
        alone = Lab(**{**vars(lab), "steps": (case.as_step(step),)})
        here = with_variables(alone, progress.of_lab(lab))
        return with_placeholders(here, here.steps[0], progress.recorded())

    def _reasons(self, lab: Lab, step: Step, case: Case) -> tuple[str, ...]:
        return tuple(self._filled(lab, step, case).text.split("\n"))

    def _restore(self, lab: Lab, step: Step, before: Results, place: Place) -> tuple[Results, Place]:
        """Come back to the state before the step, as cheaply as it can be had.

        What the checks say there, and the place to come back to. The last resort is a home in which nothing was done.
        """
        bench = self.bench
        bench.back_to(place)
        now = self._look(step)
        if _alike(now, before):
            return now, place
        for anew in (False, lab, None):
            if anew is not False:
                bench.anew(anew)
            broken = bench.come_to(step)
            if broken is None and _alike(now := self._look(step), before):
                return now, bench.mark()
        if broken is not None:
            raise ToolError(
                f"the state before {step.ref} was to be made anew, and {_summary(broken)}",
                next=f"labrunner goto {step.ref}",
            )
        return now, bench.mark()


def judged(case: Case, wanted: tuple[str, ...], results: Results) -> Findings:
    """What is wrong with what the checks said of a case; a near miss has to be refused for one of ``wanted``."""
    broken = next((each for each in results if each.verdict is Verdict.ERRORED), None)
    refusals = [each for each in results if each.verdict is not Verdict.PASSED]
    said = "; ".join(f"{each.check} said: {each.reason}" for each in refusals)
    if broken is not None:
        what = broken.check or "it"
        yield _of(case, f"expected a verdict on {case.name!r}, found that {what} broke: {broken.reason}")
    elif not case.refused and refusals:
        yield _of(case, f"expected {case.name!r} to be accepted, found it refused: {said}")
    elif case.refused and not refusals:
        yield _of(case, f"expected {case.name!r} to be refused, found it accepted")
    elif case.refused and not any(_is_among(each.reason, wanted) for each in refusals):
        reasons = " or ".join(map(repr, wanted))
        yield _of(case, f"expected {case.name!r} to be refused because of {reasons}, found: {said}")


def _proof(
    step: Step,
    check: CheckResult,
    before: Results,
    after: Results,
    tried: list[tuple[Case, tuple[str, ...], Results]],
    seen: Seen,
) -> CheckProof:
    misses, ways = [], []
    for case, wanted, results in tried:
        said = next((each for each in results if each.check == check.check), None)
        if said is None:
            continue
        if not case.refused:
            ways.append(Tried(case.name, said.verdict, said.reason))
        elif said.verdict is Verdict.FAILED and _is_among(said.reason, wanted):
            misses.append(Tried(case.name, said.verdict, said.reason))
    return CheckProof(
        step.ref.lab,
        step.name,
        check.check,
        check.says,
        _verdict(before, check.check),
        _verdict(after, check.check),
        tuple(misses),
        tuple(ways),
        tuple(noticed for (name, _), noticed in seen.items() if name == check.check),
    )


def _checks(before: Results, after: Results) -> Iterator[CheckResult]:
    """Each check that was run, once."""
    found: Mapping[str, CheckResult] = {each.check: each for each in (*before, *after) if each.check}
    yield from found.values()


def _verdict(results: Results, check: str) -> Verdict:
    return next((each.verdict for each in results if each.check == check), Verdict.ERRORED)


def _findings_before(lab: Lab, step: Step, before: Results) -> Findings:
    if all(each.verdict is Verdict.PASSED for each in before):
        yield at(lab, step, f"expected the checks of {step.ref} to fail before it is done, found that they pass")
    for each in before:
        if each.verdict is Verdict.ERRORED:
            yield at(lab, step, f"expected a verdict of {each.check}, found that it broke: {each.reason}")


def _too_few(lab: Lab, step: Step, proof: CheckProof) -> Findings:
    count = len(proof.near_misses)
    if count < ENOUGH:
        yield at(lab, step, f"expected {ENOUGH} near misses that {proof.check} refuses, found {count}")
    if not proof.alternatives:
        yield at(lab, step, f"expected another right way of {step.ref} that {proof.check} accepts, found none")


def _is_among(reason: str | None, wanted: tuple[str, ...]) -> bool:
    return reason is not None and any(each in reason for each in wanted)


def _alike(now: Results, before: Results) -> bool:
    """Whether the checks say the same, apart from names and IDs, and not that all is done."""
    if all(each.verdict is Verdict.PASSED for each in now):
        return False
    return [_lasting(each) for each in now] == [_lasting(each) for each in before]


def _lasting(result: CheckResult) -> tuple[str, Verdict, str]:
    return result.check, result.verdict, _FLEETING.sub("…", result.reason or "")


def _summary(report: StepReport) -> str:
    reason = next((each.reason for each in report.checks if each.verdict is not Verdict.PASSED), None)
    return f"{report.step} is {report.verdict.value}: {reason}"


def _of(case: Case, says: str) -> Finding:
    return Finding(case.file, case.line, says, case.name)


def at(lab: Lab, step: Step, says: str) -> Finding:
    """A finding on a step as a whole, at its place in the front matter."""
    file = lab.folder / "lab.md"
    return Finding(file, line_of(file.read_text(encoding="utf-8"), "steps", step.name), says, step.name)
