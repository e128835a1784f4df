"""Rules that hold the text against the solution: what is shown and not done, what is done and not told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from labrunner.authoring.finding import Finding, Findings
from labrunner.authoring.markup import Kind, Part
from labrunner.authoring.solution import SHELLS, acts, commands
from labrunner.authoring.source import CourseSource, LabSource

#: The digits of a container's ID, as examples show them.
_ID = re.compile(r"[0-9a-f]{3,64}")
#: So many words say what a command does: ``docker container run``.
_VERB = 3
#: A command of fewer words differs from too many others in one.
_FEWEST_WORDS = 5


def shown(source: LabSource, _course: CourseSource) -> Findings:
    """A command that is shown is done by the solution, or marked as one that is not; what is shown is what is done."""
    for part in source.of(Kind.FENCE):
        first = part.text.strip().partition("\n")[0]
        if not part.words and part.language in SHELLS:
            says = (
                f"expected 'run' or, where the solution does not do it, 'aside' behind {part.language}, found {first!r}"
            )
            yield Finding(source.file, part.line, says, first)
        elif part.step is None and (surplus := part.words.keys() - {"aside", "shows"}):
            says = f"expected 'aside' or 'shows' before the first '##', found {min(surplus)!r}, which nobody would do"
            yield Finding(source.file, part.line, says, first)
        elif done := part.words.get("open") or part.words.get("press"):
            if first != done:
                yield Finding(source.file, part.line, f"expected {done} to be shown, found {first!r}", first)
        elif "run" in part.words and re.match(r"[$#>%] ", first):
            yield Finding(source.file, part.line, f"expected a command without a prompt, found {first!r}", first)


def told(source: LabSource, _course: CourseSource) -> Findings:
    """What the words behind a fence's language make the solution do, the text tells: it shows nobody those words."""
    for part in source.of(Kind.FENCE):
        if not acts(part) or part.step is None:
            continue
        step = [each for each in source.of(Kind.CODE, Kind.PROSE, step=part.step) if each.hint is None]
        file, reply, terminal = part.words.get("file"), part.words.get("reply"), part.words.get("term", "main")
        if file and not any(file in each.text for each in step):
            yield _untold(source, part, f"the name of the file, `{file}`", file)
        if reply and not any(each.kind is Kind.CODE and each.text == reply for each in step):
            yield _untold(source, part, f"the answer, `{reply}`", reply)
        if terminal != "main" and not _mentions(source, part, terminal):
            yield _untold(source, part, f"which terminal is the {terminal} one", terminal)


def _untold(source: LabSource, part: Part, what: str, about: str) -> Finding:
    return Finding(source.file, part.line, f"expected the text of the step to say {what}, found nothing", about)


def _mentions(source: LabSource, part: Part, word: str) -> bool:
    """Whether the word stands in the step or in what the learner has read before it."""
    read = (each for each in source.of(Kind.PROSE) if each.step is None or each.step <= (part.step or 0))
    return any(word in each.text for each in read)


def drift(source: LabSource, _course: CourseSource) -> Findings:
    """A command in the words or hints of a step is not one of its solution but for a single word."""
    for step in source.lab.steps:
        solution = [line.split() for line in commands(step)]
        for part in source.of(Kind.CODE, step=step.number - 1):
            shown = part.text.split()
            if any(_alike(shown, done[: len(shown)], source.lab.ids) for done in solution):  # its beginning is enough
                continue
            for done in solution:
                if min(len(shown), len(done)) >= _FEWEST_WORDS and _nearly(shown, done, source.lab.ids):
                    says = f"expected {' '.join(done)!r}, as the solution has it, found {part.text!r}"
                    yield Finding(source.file, part.line, says, part.text)


def _nearly(shown: Sequence[str], done: Sequence[str], placeholders: Iterable[str]) -> bool:
    """Whether two commands differ in one word behind their verb: it is another one, or stands in one of them only."""
    return any(
        _alike([*shown[:at], *shown[at + one :]], [*done[:at], *done[at + other :]], placeholders)
        for at in range(_VERB, max(len(shown), len(done)))
        for one, other in ((1, 1), (1, 0), (0, 1))
    )


def _alike(shown: Sequence[str], done: Sequence[str], placeholders: Iterable[str]) -> bool:
    """Whether two commands are the same, an ID being like any other word."""
    return len(shown) == len(done) and all(
        one == other
        or _ID.fullmatch(one)
        or any(
            name in other and not one.startswith("-") and one.startswith(other.partition(name)[0])
            for name in placeholders
        )
        for one, other in zip(shown, done, strict=True)
    )
