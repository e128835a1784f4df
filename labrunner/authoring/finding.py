"""What a rule says of one place in the course."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Finding:
    """A place where the course is not as a rule wants it.

    ``says`` has what was expected and what was found; ``about`` names the thing (an image, a step, a check), by which a
    lab's front matter acknowledges it. Which ``rule`` it was, and the front matter's ``reason``, ``lint`` fills in.
    """

    file: Path
    line: int
    says: str
    about: str = ""
    rule: str = ""
    reason: str | None = None


Findings = Iterator[Finding]
