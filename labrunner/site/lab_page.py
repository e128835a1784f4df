"""A lab as a page: its Markdown once more, with what a reader without a teacher needs around each step."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from labrunner.content.explain import Meaning
from labrunner.model.lab import Course, Lab, Step
from labrunner.model.progress import exchangeable
from labrunner.report.page import check_command
from labrunner.site.fences import block, labelled
from labrunner.site.solution import solution


def page_name(lab: Lab) -> str:
    """The page of a lab, as Sphinx names it: without a suffix, from the site's root."""
    return f"labs/{lab.folder.name}"


def lab_page(course: Course, lab: Lab, meanings: Mapping[str, Meaning]) -> str:
    """The lab's page in MyST Markdown."""
    parts = [
        f"# {lab.title}",
        _facts(course, lab),
        progress_bar(lab),
        labelled(lab.intro),
        "\n".join(block("run", "Begin the lab", "bash", f"labrunner start {lab.name}\nlabrunner shell")),
        _values(lab),
        *(_step(step, meanings) for step in lab.steps),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def progress_bar(lab: Lab) -> str:
    """How many of the lab's steps are ticked; progress.js fills it in."""
    steps = " ".join(str(step.ref) for step in lab.steps)
    label = escape(f"Progress in {lab.title}", quote=True)
    return (
        f'<p class="lab-progress" hidden><progress max="{len(lab.steps)}" value="0" data-steps="{steps}" '
        f'aria-label="{label}"></progress> <span></span></p>'
    )


def _facts(course: Course, lab: Lab) -> str:
    facts = [f"{lab.minutes} minutes", f"{len(lab.steps)} steps"]
    if lab.needs:
        others = (course.lab(name) for name in lab.needs)
        facts.append("builds on " + ", ".join(f"[{other.title}]({other.folder.name}.md)" for other in others))
    return "{.lab-facts}\n" + " · ".join(facts)


def _values(lab: Lab) -> str:
    """Fields for what is another on the reader's machine; values.js shows them, and the page follows them."""
    ports = {name: value for name, value in lab.variables.items() if exchangeable(name)}
    fields = [_field(name, value, value, code="") for name, value in ports.items()]
    fields += [_field(name, "", name, code=" data-code") for name in lab.ids]
    if not fields:
        return ""
    says = "`labrunner start` says where another port was taken in place of one that is in use. " if ports else ""
    says += (
        "Write here what is yours, and the commands of this page follow; words in capitals stand for what your engine "
        "answers."
        if lab.ids
        else "Write here what is yours, and the commands of this page follow."
    )
    return "\n\n".join(
        ['<div class="lab-values" hidden>', says, f'<div class="lab-fields">{"".join(fields)}</div>', "</div>"]
    )


def _field(name: str, value: str, word: str, *, code: str) -> str:
    shown = escape(name.replace("_", " ") if value else name)
    return f'<label>{shown} <input value="{escape(value)}" data-word="{escape(word)}"{code} spellcheck="false" autocomplete="off"></label>'


def _step(step: Step, meanings: Mapping[str, Meaning]) -> str:
    parts = [f"({step.ref.lab}-{step.name})=\n## {step.number}. {step.title}", labelled(step.text)]
    for number, hint in enumerate(step.hints, start=1):
        parts += _folded("lab-hint", f"Hint {number} of {len(step.hints)}", labelled(hint))
    parts += _folded("lab-solution", "Solution", solution(step, meanings))
    parts += [
        '<div class="lab-check">',
        "\n".join(block("run", "Check this step", "bash", check_command(step))),
        f'<label class="lab-tick" hidden><input type="checkbox" data-step="{step.ref}"> '
        f"Step {step.number} is done</label>",
        "</div>",
    ]
    return "\n\n".join(parts)


def _folded(kind: str, summary: str, text: str) -> list[str]:
    return [f'<details class="{kind}"><summary>{summary}</summary>', text, "</details>"]
