"""How much room a text takes: an estimate on the safe side, since the reader's fonts are not known."""

from __future__ import annotations

#: Widths in em; those of DejaVu Sans, among the widest that browsers fall back to, and a little more.
_NARROW, _WIDE, _CAPITAL, _OTHER, _MONO = 0.42, 1.0, 0.78, 0.66, 0.63
_BOLD = 1.1


def width(words: str, size: float, *, bold: bool = False, mono: bool = False) -> float:
    """The width in pixels that the words take at most, at that font size in pixels."""
    em = len(words) * _MONO if mono else sum(map(_em, words))
    return em * size * (_BOLD if bold and not mono else 1)


def wrap(words: str, room: float, size: float, *, bold: bool = False, mono: bool = False) -> list[str]:
    """The words in lines of at most ``room`` pixels; a word that is wider than a line goes on in the next one."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if width(longer, size, bold=bold, mono=mono) <= room:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            if lines[-1] and width(lines[-1] + letter, size, bold=bold, mono=mono) > room:
                lines.append("")
            lines[-1] += letter
    return lines


def _em(letter: str) -> float:
    if letter in "ijlft.,:;'|!()[]/ ·":
        return _NARROW
    if letter in "mwMW@%—→…":
        return _WIDE
    return _CAPITAL if letter.isupper() else _OTHER
