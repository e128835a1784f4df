"""Explain a command line: what each command of it does, and each of its flags, from ``labs/commands.yaml``."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml


@dataclass(frozen=True)
class Meaning:
    """What a command does, and what its flags mean, each by all its spellings.

    ``starts`` marks one whose last words are another command: ``docker container exec ID COMMAND``.
    """

    says: str
    flags: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    starts: bool = False


def load_meanings(file: Path) -> Mapping[str, Meaning]:
    """The commands by their first words."""
    rows = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {
        command: Meaning(
            row["says"],
            {tuple(names.split(", ")): says for names, says in row.get("flags", {}).items()},
            starts=row.get("starts", False),
        )
        for command, row in rows.items()
    }


def explain(line: str, meanings: Mapping[str, Meaning]) -> tuple[tuple[str, str], ...]:
    """Pairs of words and what they mean, in the order of the line; a word that nobody has explained is left out."""
    return tuple(dict.fromkeys(pair for words in _commands(line) for pair in _explained(words, meanings)))


def _explained(words: list[str], meanings: Mapping[str, Meaning]) -> Iterator[tuple[str, str]]:
    command = next((c for n in (3, 2, 1) if (c := " ".join(words[:n])) in meanings), None)
    if command is None:
        return
    meaning, rest = meanings[command], words[len(command.split()) :]
    started = next((place for place, word in enumerate(rest) if meaning.starts and word in meanings), len(rest))
    yield command, meaning.says
    for flag in _flags(rest[:started], meaning):
        yield flag, next(says for names, says in meaning.flags.items() if flag in names)
    yield from _explained(rest[started:], meanings)


def _commands(line: str) -> Iterator[list[str]]:
    """The simple commands of a line: its pipes and lists taken apart, redirections left out."""
    reader = shlex.shlex(line, posix=True, punctuation_chars="|;&")
    reader.whitespace_split = True
    words: list[str] = []
    for word in reader:
        if re.fullmatch(r"[|;&]+", word):
            yield words
            words = []
        else:
            words.append(word)
    yield words


def _flags(words: list[str], meaning: Meaning) -> Iterator[str]:
    """The known flags among the words; ``-it`` is ``-i`` and ``-t``."""
    known = {name for names in meaning.flags for name in names}
    for word in words:
        name = word.partition("=")[0]
        if name in known:
            yield name
        elif re.fullmatch(r"-[a-zA-Z]{2,}", word):
            yield from (f"-{letter}" for letter in word[1:] if f"-{letter}" in known)
