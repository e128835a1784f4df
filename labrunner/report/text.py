"""Reports as text for a terminal: plain words first, colour only where it is wanted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from labrunner.model.verdict import EngineFacts, LabReport, Report, State, StepReport, Verdict
from labrunner.report.screen import NARROW, Colour, Screen, length

_COLOURS = {
    Verdict.PASSED: Colour.GREEN,
    Verdict.BLOCKED: Colour.YELLOW,
    Verdict.FAILED: Colour.RED,
    Verdict.ERRORED: Colour.MAGENTA,
}
#: Where the sentences below a verdict begin, on a wide and on a narrow screen.
_INDENT, _NARROW_INDENT = 10, 2


def engine_line(engine: EngineFacts) -> str:
    """The first line of every report: which engine, and why that one."""
    rootless = ", rootless" if engine.rootless else ""
    return f"engine: {engine.kind} {engine.version}{rootless} at {engine.endpoint} ({engine.why})"


def report_head(report: Report, screen: Screen) -> str:
    """The lines before the verdicts."""
    lines = [engine_line(report.engine)]
    if report.stand_ins:
        lines.append(f"stand-ins, built here in place of the hub's images: {', '.join(report.stand_ins)}")
    return "\n".join(screen.wrapped(line, indent=2) for line in [*lines, *report.notes])


def report_text(report: Report, screen: Screen) -> str:
    """A whole report: head, every step with what was found, and the sum."""
    parts = [report_head(report, screen)]
    parts += [
        "\n".join(
            [screen.wrapped(f"{lab.lab}: {lab.title}", indent=2), *(step_text(step, screen) for step in lab.steps)]
        )
        for lab in report.labs
    ]
    return "\n\n".join([*parts, sum_line(report, screen)])


def step_text(step: StepReport, screen: Screen) -> str:
    """One step: its verdict, and for each check its sentence, or its reason and the next command."""
    indent = " " * (_INDENT if screen.width >= NARROW else _NARROW_INDENT)
    state = {State.ENDED: ", ended as planned", State.BROKEN: ", it held before"}.get(step.state, "")
    title = f"step{step.number} {step.step.step}: {step.title}{state}"
    lines = [screen.wrapped(title, f"{_verdict(step.verdict, screen)}  ", indent=len(indent))]
    told: set[tuple[str | None, str | None]] = set()
    for check in step.checks:
        if check.verdict is Verdict.PASSED:
            limited = check.evidence.get("limited")
            lines.append(screen.wrapped(f"{check.says}{f' (limited: {limited})' if limited else ''}", indent))
        else:
            says = check.says if check.verdict is step.verdict else f"{check.verdict.value}: {check.says}"
            lines.append(screen.wrapped(says, indent))
            if (check.reason, check.next) not in told:  # two checks that miss the same thing say it once
                lines.append(screen.wrapped(check.reason or "no reason was given", f"{indent}why:  "))
                lines += commands(check.next, screen, f"{indent}next: ") if check.next else []
            told.add((check.reason, check.next))
    return "\n".join(lines)


def commands(following: str, screen: Screen, lead: str) -> Iterator[str]:
    """What follows, behind ``lead``: each command on a line of its own, so that each can be copied as it stands."""
    first, *more = re.split(r", (then|or) ", following)
    yield screen.command(first, lead)
    indent = " " * (len(lead) - len(lead.lstrip()))
    for word, command in zip(more[::2], more[1::2], strict=True):
        yield screen.command(command, f"{indent}{word}: ")


def _verdict(verdict: Verdict, screen: Screen) -> str:
    word = verdict.value.upper()
    return screen.paint(word, _COLOURS[verdict]) + " " * (8 - len(word))


def sum_line(report: Report, screen: Screen) -> str:
    """The last line: the verdict and how many steps have it."""
    steps = [step for lab in report.labs for step in lab.steps]
    return f"{_verdict(report.verdict, screen).rstrip()}: {_counts(steps) or 'no step'}"


def _counts(steps: Iterable[StepReport]) -> str:
    verdicts = [step.verdict for step in steps]
    return ", ".join(f"{count} {verdict.value}" for verdict in Verdict if (count := verdicts.count(verdict)))


def what_now(report: Report) -> tuple[str, str]:
    """The command to go on with after a check, and what leads to it."""
    if report.verdict is Verdict.PASSED:
        return "labrunner next", "next: "
    wanting = next(step for lab in report.labs for step in lab.steps if step.verdict is not Verdict.PASSED)
    helps = "goto" if wanting.verdict is Verdict.BLOCKED else "hint"  # goto brings about what a step waits for
    return f"labrunner {helps} {wanting.step}", "stuck? "


def verdict_table(report: Report, screen: Screen) -> str:
    """For each lab how many of its steps have which verdict, and how long they took; columns where they fit."""
    table = list(_table(report.labs, screen))
    if max(map(length, table)) <= screen.width:
        return "\n".join(table)
    return "\n".join(
        screen.wrapped(
            f"{_verdict(lab.verdict, screen).rstrip()}: {_counts(lab.steps)}, {_seconds(lab):.1f} seconds",
            f"{lab.lab}  ",
            indent=2,
        )
        for lab in report.labs
    )


def _table(labs: tuple[LabReport, ...], screen: Screen) -> Iterator[str]:
    width = max((len(lab.lab) for lab in labs), default=3)
    yield f"{'lab'.ljust(width)}  {'verdict':8}" + "".join(f"  {verdict.value:>7}" for verdict in Verdict) + "  seconds"
    for lab in labs:
        counts = [sum(step.verdict is verdict for step in lab.steps) for verdict in Verdict]
        yield (
            f"{lab.lab.ljust(width)}  {_verdict(lab.verdict, screen)}"
            + "".join(f"  {count:7}" for count in counts)
            + f"  {_seconds(lab):7.1f}"
        )


def _seconds(lab: LabReport) -> float:
    return sum(step.seconds for step in lab.steps)
