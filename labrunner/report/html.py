"""Reports as HTML for a notebook: words and roles carry the meaning, the colour of an edge only repeats it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape

from labrunner.model.verdict import CheckResult, Report, State, StepReport, Verdict
from labrunner.report.screen import Screen
from labrunner.report.text import engine_line, sum_line, what_now

#: A sign and the colour of the edge; both can be seen on a light and on a dark page.
_SIGNS = {
    Verdict.PASSED: ("\N{HEAVY CHECK MARK}", "#2e8540"),
    Verdict.BLOCKED: ("\N{DOUBLE VERTICAL BAR}", "#b07d00"),
    Verdict.FAILED: ("\N{HEAVY BALLOT X}", "#d83933"),
    Verdict.ERRORED: ("\N{WARNING SIGN}", "#b50fb5"),
}
_STATES = {State.ENDED: ", ended as planned", State.BROKEN: ", it held before"}


def report_html(report: Report) -> str:
    """A whole report, as one element that a screen reader reads out when it appears."""
    steps = [step for lab in report.labs for step in lab.steps]
    command, lead = what_now(report)
    parts = [*map(_step, steps)]
    if len(steps) > 1:
        parts.append(f"<p><strong>{escape(sum_line(report, Screen()))}</strong></p>")
    parts.append(f"<p>{escape(lead)}{_code(command)}</p>")
    stand_ins = f"; stand-ins: {', '.join(report.stand_ins)}" if report.stand_ins else ""
    parts.append(f"<p><small>{escape(engine_line(report.engine) + stand_ins)}</small></p>")
    return f'<div role="status">{"".join(parts)}</div>'


def problem_html(says: str, following: str | None) -> str:
    """An error: its sentence, and what leads on."""
    more = f"<br>next: {_code(following)}" if following else ""
    return _edged(Verdict.ERRORED, f"<p><strong>not done</strong>: {escape(says)}{more}</p>", role="alert")


def _step(step: StepReport) -> str:
    name = f"step{step.number} {step.step.step}"
    title = f"<strong>{escape(name)}</strong>: {escape(step.title + _STATES.get(step.state, ''))}"
    checks = "".join(_checks(step))
    return _edged(step.verdict, f"<p>{_word(step.verdict)} {title}</p><ul>{checks}</ul>", role="group", label=name)


def _checks(step: StepReport) -> Iterator[str]:
    told: set[tuple[str | None, str | None]] = set()
    for check in step.checks:
        lines = [escape(check.says)]
        if check.verdict is not Verdict.PASSED:
            if check.verdict is not step.verdict:
                lines = [f"{_word(check.verdict)} {escape(check.says)}"]
            if (check.reason, check.next) not in told:  # two checks that miss the same thing say it once
                lines.append(f"why: {escape(check.reason or 'no reason was given')}")
                lines += [f"next: {_code(check.next)}"] if check.next else []
            told.add((check.reason, check.next))
        yield f"<li>{'<br>'.join(lines)}{_evidence(check)}</li>"


def _evidence(check: CheckResult) -> str:
    """What the check saw, folded; what an engine cannot give stands open."""
    limited = check.evidence.get("limited")
    said = f" (limited: {escape(str(limited))})" if limited else ""
    if not check.evidence:
        return said
    rows = "".join(
        f'<tr><th scope="row" style="text-align: left">{escape(key)}</th>'
        f'<td style="text-align: left; overflow-wrap: anywhere">{escape(_value(value))}</td></tr>'
        for key, value in check.evidence.items()
    )
    return f"{said}<details><summary>what it saw</summary><table>{rows}</table></details>"


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _word(verdict: Verdict) -> str:
    return f'<strong><span aria-hidden="true">{_SIGNS[verdict][0]}</span> {verdict.value.upper()}</strong>'


def _edged(verdict: Verdict, content: str, *, role: str, label: str | None = None) -> str:
    named = "" if label is None else f' aria-label="{escape(label)}"'
    style = f"border-left: 0.4em solid {_SIGNS[verdict][1]}; padding-left: 1em; margin: 0.5em 0"
    return f'<div role="{role}"{named} style="{style}">{content}</div>'


def _code(command: str) -> str:
    return f"<code>{escape(command)}</code>"
