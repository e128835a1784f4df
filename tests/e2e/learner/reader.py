"""A learner who does what the screen says: types its fences, writes its files, opens its pages, answers its question.

What a fence's words mean is docs/reference/lab-format.md.
"""

from __future__ import annotations

import json
import re
import shlex
import urllib.error
import urllib.request
from collections.abc import Callable

from tests.e2e.learner.person import Person, unwrapped
from tests.unit.processes import waited

_FENCE = re.compile(
    r"^```(?:bash|text|python|dockerfile) (?P<words>[^\n]+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
_CHECK = re.compile(r"When it is done: `labrunner check ([a-z-]+)/([a-z-]+)( --answer TEXT)?`")
_LABS_OWN = re.compile(r"^[0-9a-f]{12}\s.*(?:registry:2|hello-world)", re.MULTILINE)
_QUESTIONS = {"y": r"\[y/N\]"}


def _in(pattern: str) -> Callable[[str], str]:
    def found(shown: str) -> str:
        return str(re.findall(pattern, shown, re.MULTILINE)[-1])

    return found


#: What a learner reads from what their terminal has shown, where a step asks.
ANSWERS: dict[str, Callable[[str], str]] = {
    "first-container/list": _in(r'^([0-9a-f]{12})\s+ubuntu(?::latest)?\s+"top"'),
    "first-container/host": _in(r"^root\s+(\d+)\s.*\d\stop$"),
    "first-container/namespaces": _in(r"^(\w+:\[\d+\])$"),
    "nginx-and-mongo/images": _in(r"map\[(\d+)/tcp"),
    "nginx-and-mongo/inspect": _in(r"^([0-9a-f]{12}) .* mongo$"),
    "build-flask-image/archive": _in(r"^(\d+)$"),
    "build-flask-image/logs": _in(r"^([\d.]+) - - .*GET / HTTP"),
    "clean-up/list": lambda shown: str(len(_LABS_OWN.findall(shown))),
}


def follows(person: Person, screen: str) -> tuple[str, str]:
    """Do all that a screen says, but for the last word: ``labrunner next``. The lab and the step."""
    (lab, step, asks) = _CHECK.findall(unwrapped(screen))[-1]
    text = json.loads(person.does("show", f"{lab}/{step}", "--json"))["text"]
    shown = ""
    for fence in _FENCE.finditer(text):
        shown += _acts(person, lab, fence["words"], fence["body"])
    if asks:
        said = person.does("check", f"{lab}/{step}", "--answer", ANSWERS[f"{lab}/{step}"](shown))
        assert "PASSED" in said
    return lab, step


def _acts(person: Person, lab: str, words: str, body: str) -> str:
    """Do what one fence says; what a terminal showed."""
    folder = person.home / lab
    settings = dict(word.partition("=")[::2] for word in shlex.split(words))
    lines = body.replace("\\\n", "").strip().splitlines()
    if "file" in settings:
        folder.joinpath(settings["file"]).write_text(body, encoding="utf-8")
    elif "open" in settings:
        opens(settings["open"])
    elif settings.keys() & {"run", "type", "press"}:
        return _types(person, lab, settings, lines)
    return ""


def _types(person: Person, lab: str, settings: dict[str, str], lines: list[str]) -> str:
    window = person.window(lab, settings.get("term", "main"))
    if "press" in settings:
        window.presses(settings["press"].removeprefix("Ctrl-").lower())
        return ""
    if "ready" in settings:
        for line in lines:
            window.holds(line, settings["ready"])
        return ""
    reply = None
    if "reply" in settings:
        reply = _QUESTIONS[settings["reply"]], settings["reply"]
    if "secret" in settings:
        secret = (person.home / lab / f"{settings['secret']}.txt").read_text(encoding="utf-8").strip()
        reply = "[Pp]assword: ", secret
    return "".join(window.types(line, reply=reply) for line in lines)


def opens(url: str) -> None:
    """Open a page, as soon as something answers there."""

    def answers() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - of this host
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    assert waited(answers), url
