"""The rules: each looks for one kind of mistake, in one lab of the course."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from labrunner.authoring.finding import Findings
from labrunner.authoring.rules import (
    cases,
    checks,
    commands,
    exchanging,
    images,
    judging,
    links,
    steps,
    structure,
    text,
    variables,
)
from labrunner.authoring.source import CourseSource, LabSource

Rule = Callable[[LabSource, CourseSource], Findings]

#: Each rule by the name that its findings have, and by which a lab acknowledges them.
RULES: Mapping[str, Rule] = {
    "lab": structure.loadable,
    "title": structure.title,
    "heading": structure.heading,
    "markup": structure.markup,
    "step-empty": steps.empty,
    "needs": steps.needs,
    "placeholder": steps.placeholder,
    "filled": steps.filled,
    "link": links.link,
    "name": links.name,
    "hints": text.hints,
    "alt-text": text.alt_text,
    "shown": commands.shown,
    "told": commands.told,
    "drift": commands.drift,
    "variable-unused": variables.unused,
    "secret": variables.secret,
    "variable-ambiguous": exchanging.ambiguous,
    "variable-literal": exchanging.literal,
    "image-unused": images.unused,
    "image-unknown": images.unknown,
    "image-age": images.age,
    "image-architecture": images.architecture,
    "check-missing": checks.missing,
    "check-step": checks.pointing,
    "check-says": checks.says,
    "check-asks": checks.asks,
    "check-needs": checks.needs,
    "check-literal": exchanging.literal_in_check,
    "check-reason": judging.reason,
    "check-looks": judging.looks,
    "near-miss": cases.near_miss,
}
