"""Reports as text for a terminal: plain words first, colour only where it is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from textwrap import wrap

from labrunner.model.verdict import EngineFacts, LabReport, Report, State, StepReport, Verdict

_COLOURS = {Verdict.PASSED: "32", Verdict.BLOCKED: "33", Verdict.FAILED: "31", Verdict.ERRORED: "35"}
_INDENT = " " * 10
_WIDTH = 110

Paint = Callable[[str, Verdict], str]


def painter(*, colours: bool) -> Paint:
    """A function that gives a word the colour of a verdict, or leaves it plain."""
    if not colours:
        return lambda word, _: word
    return lambda word, verdict: f"\033[{_COLOURS[verdict]}m{word}\033[0m"


def engine_line(engine: EngineFacts) -> str:
    """The first line of every report: which engine, and why that one."""
    rootless = ", rootless" if engine.rootless else ""
    return f"engine: {engine.kind} {engine.version}{rootless} at {engine.endpoint} ({engine.why})"


def report_head(report: Report) -> str:
    """The lines before the verdicts."""
    lines = [engine_line(report.engine)]
    if report.stand_ins:
        lines.append(f"stand-ins, built here in place of the hub's images: {', '.join(report.stand_ins)}")
    return "\n".join([*lines, *report.notes])


def report_text(report: Report, paint: Paint) -> str:
    """A whole report: head, every step with what was found, and the sum."""
    parts = [report_head(report)]
    parts += [
        "\n".join([f"{lab.lab}: {lab.title}", *(step_text(step, paint) for step in lab.steps)]) for lab in report.labs
    ]
    return "\n\n".join([*parts, sum_line(report, paint)])


def step_text(step: StepReport, paint: Paint) -> str:
    """One step: its verdict, and for each check its sentence, or its reason and the next command."""
    state = {State.ENDED: ", ended as planned", State.BROKEN: ", it held before"}.get(step.state, "")
    verdict = paint(step.verdict.value.upper().ljust(8), step.verdict)
    lines = [f"{verdict}  step{step.number} {step.step.step}: {step.title}{state}"]
    for check in step.checks:
        if check.verdict is Verdict.PASSED:
            limited = check.evidence.get("limited")
            lines += _wrapped(f"{check.says}{f' (limited: {limited})' if limited else ''}")
        else:
            lines += _wrapped(check.says if check.verdict is step.verdict else f"{check.verdict.value}: {check.says}")
            lines += _wrapped(check.reason or "no reason was given", "why:  ")
            lines += _wrapped(check.next, "next: ") if check.next else []
    return "\n".join(lines)


def _wrapped(text: str, head: str = "") -> list[str]:
    """Long sentences are wrapped; a command is never broken inside a word."""
    return wrap(
        text,
        _WIDTH,
        initial_indent=_INDENT + head,
        subsequent_indent=_INDENT + " " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    )


def sum_line(report: Report, paint: Paint) -> str:
    """The last line: the verdict and how many steps have it."""
    steps = [step for lab in report.labs for step in lab.steps]
    counts = ", ".join(
        f"{count} {verdict.value}" for verdict in Verdict if (count := sum(s.verdict is verdict for s in steps))
    )
    return f"{paint(report.verdict.value.upper(), report.verdict)}: {counts or 'no step'}"


def verdict_table(report: Report, paint: Paint) -> str:
    """One line a lab: how many of its steps have which verdict, and how long they took."""
    return "\n".join(_table(report.labs, paint))


def _table(labs: tuple[LabReport, ...], paint: Paint) -> Iterator[str]:
    width = max((len(lab.lab) for lab in labs), default=3)
    yield f"{'lab'.ljust(width)}  {'verdict':8}" + "".join(f"  {verdict.value:>7}" for verdict in Verdict) + "  seconds"
    for lab in labs:
        counts = [sum(step.verdict is verdict for step in lab.steps) for verdict in Verdict]
        seconds = sum(step.seconds for step in lab.steps)
        yield (
            f"{lab.lab.ljust(width)}  {paint(lab.verdict.value.upper().ljust(8), lab.verdict)}"
            + "".join(f"  {count:7}" for count in counts)
            + f"  {seconds:7.1f}"
        )
