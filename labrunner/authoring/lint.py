"""Judge the labs themselves: every rule on every lab, and what the labs acknowledge."""

from __future__ import annotations

from dataclasses import replace

from labrunner.authoring.finding import Finding, Findings
from labrunner.authoring.rules import RULES
from labrunner.authoring.source import CourseSource, LabSource


def lint(course: CourseSource, labs: frozenset[str] | None = None) -> tuple[Finding, ...]:
    """All findings in the labs of these names, or in all, in the order of files and lines.

    Those that their lab acknowledges have its reason. What is acknowledged and not found is a finding too.
    """
    found: list[Finding] = []
    for lab in course.labs:
        if labs is None or lab.name in labs:
            found += _acknowledged(lab, [*_found(lab, course)])
    if labs is None:
        found += _strays(course)
    return tuple(sorted(dict.fromkeys(found), key=lambda each: (str(each.file), each.line, each.rule, each.says)))


def _found(lab: LabSource, course: CourseSource) -> Findings:
    return (replace(finding, rule=name) for name, rule in RULES.items() for finding in rule(lab, course))


def _acknowledged(lab: LabSource, findings: list[Finding]) -> Findings:
    reasons = lab.lab.acknowledged
    for finding in findings:
        yield replace(finding, reason=reasons.get(finding.rule, {}).get(finding.about) or None)
    found = {(finding.rule, finding.about) for finding in findings}
    for rule, what in reasons.items():
        if rule not in RULES:
            yield _idle(lab, rule, f"expected one of {', '.join(RULES)} in 'acknowledged', found {rule}")
            continue
        for about, reason in what.items():
            if not reason.strip():
                yield _idle(lab, rule, f"expected a reason for {about} under {rule}, found none")
            elif (rule, about) not in found:
                yield _idle(lab, rule, f"expected {rule} to find {about}, found that it does not")


def _idle(lab: LabSource, rule: str, says: str) -> Finding:
    return Finding(lab.file, lab.line("acknowledged", rule), says, rule="acknowledged")


def _strays(course: CourseSource) -> Findings:
    for stray in course.strays:
        says = f"expected checks of a lab that exists, found those of {stray.lab}"
        yield Finding(stray.file, 1, says, rule="check-step")
