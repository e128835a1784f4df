"""The proof as a page: check by check what was tried, and what it answered."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

from labrunner.authoring.proving.proof import CheckProof, Tried
from labrunner.model.lab import Course, StepRef
from labrunner.model.verdict import Verdict

_HEAD = """\
# The proof of the checks

Made by `labrunner lint --prove --write docs/proof.md`, on a real engine; edit the labs' `nearmiss/` instead of this
page. Every check was asked before its step was done, in each of these near misses and other right ways, and after the
solution. Each assertion by which it refused was switched off, and the near miss that noticed is named.
"""
#: What differs each time: IDs, digests, the names that an engine makes up, and the folders of the run.
_FLEETING = (
    (re.compile(r"(sha256:)?\b[0-9a-f]{12,64}\b…?"), "ID"),
    (re.compile(r"\b[a-z]+_[a-z]+\d?\b"), "NAME"),
    (re.compile(r"/\S*/labrunner-run-[^/\s]+/home"), "HOME"),
)


#: How a table's cell has a bar, in code as well.
_BAR = r"\|"


def proof_page(course: Course, proofs: Iterable[CheckProof]) -> str:
    """The page in Markdown, in the course's order."""
    found = tuple(proofs)
    off = {mutant.at for proof in found for mutant in proof.mutants}
    parts = [_HEAD, f"Assertions that were switched off, and noticed: {len(off)}.\n"]
    for lab, of_lab in groupby(found, key=lambda proof: proof.lab):
        parts.append(f"## {course.lab(lab).title}\n")
        for step, of_step in groupby(of_lab, key=lambda proof: proof.step):
            told = course.step(StepRef(lab, step))
            parts.append(f"### {told.position} {step}: {told.title}\n")
            parts += ["\n".join(_check(proof)) + "\n" for proof in of_step]
    return "\n".join(parts)


def _check(proof: CheckProof) -> Iterator[str]:
    yield f"**{proof.says}** (`{proof.check}`): {proof.before.value} before, {proof.after.value} after."
    yield ""
    yield "| tried | answered |"
    yield "| --- | --- |"
    yield from (f"| {_cell(tried.name)} | {_answer(tried)} |" for tried in (*proof.near_misses, *proof.alternatives))
    yield ""
    yield f"| assertions switched off: {len(proof.mutants)} | noticed by |"
    yield "| --- | --- |"
    yield from (f"| `{mutant.text.replace('|', _BAR)}` | {_cell(mutant.by)} |" for mutant in proof.mutants)


def _answer(tried: Tried) -> str:
    if tried.verdict is Verdict.PASSED:
        return "**passed**"
    reason = tried.reason or ""
    for pattern, word in _FLEETING:
        reason = pattern.sub(word, reason)
    return f"{tried.verdict.value}: {_cell(reason)}"


def _cell(text: str) -> str:
    return text.replace("|", _BAR).replace("<", "&lt;").replace("*", "\\*")
