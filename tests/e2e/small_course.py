"""A course of one lab, small enough to be proven in a test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from labrunner.content.locate import course_folder

LABRUNNER = ("-m", "labrunner")
LAB = """\
---
title: A name
minutes: 1
images: [nginx:latest]
vars: {mine: labrunner-test-mine}
steps:
  port: {ask: "80"}
  tag: {}
---
# A name

## Find the port

## Give a name

```bash run
docker tag nginx labrunner-test-mine
```
"""
CHECKS = '''\
"""Checks of the lab a-name."""

from labrunner.verify.checking import require, step


@step("port")
def test_port(engine, answer):
    """you know the port"""
    ports = {str(port) for port in engine.image("nginx:latest").exposed}
    require(answer.removesuffix("/tcp") in ports, f"{answer!r} is not the port", next="docker image inspect nginx")


@step("tag")
def test_tag(engine, var, evidence):
    """nginx has another name"""
    image = engine.image(var["mine"])
    require(image is not None, "another name was asked for, and there is none", next="docker tag nginx NAME")
    same = image.id == engine.image("nginx:latest").id
    require(same, "it was to be a name of nginx", next="docker tag nginx NAME")
    evidence.update(image=image.id)
'''
PORT = """\
refused:
  - {name: a word, answer: http, because: "'http' is not the port"}
  - {name: the next one, answer: "81", because: "'81' is not the port"}
accepted:
  - {name: with the protocol, answer: 80/tcp}
"""
TAG = """\
refused:
  - {name: another tag, do: "docker tag nginx labrunner-test-mine:1", because: there is none}
  - {name: another name, do: "docker tag nginx labrunner-test-other", because: there is none}
  - name: another image
    do: printf 'FROM nginx\\nLABEL of=mine\\n' | docker build -t labrunner-test-mine -
    because: it was to be a name of nginx
accepted:
  - {name: the long command, do: docker image tag nginx:latest labrunner-test-mine}
"""


def write_course(place: Path) -> None:
    """Make it a course of its own there, which LABRUNNER_COURSE can name."""
    (place / "images").symlink_to(course_folder("images"))
    lab = place / "labs" / "01-a-name"
    (lab / "nearmiss").mkdir(parents=True)
    (place / "checks").mkdir()
    (lab / "lab.md").write_text(LAB)
    (place / "checks" / "test_01_a_name.py").write_text(CHECKS)
    (lab / "nearmiss" / "port.yaml").write_text(PORT)
    (lab / "nearmiss" / "tag.yaml").write_text(TAG)


@contextmanager
def proving(
    place: Path, *options: str, program: tuple[str, ...] = LABRUNNER, **environ: str
) -> Iterator[subprocess.Popen[str]]:
    """The proof of the course at that place, as a process; ``program`` is what Python is to run."""
    with subprocess.Popen(
        [sys.executable, *program, "lint", "--prove", "--json", *options],
        cwd=place,
        env={**os.environ, "XDG_STATE_HOME": str(place / "state"), "LABRUNNER_COURSE": str(place), **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process


def listen(process: subprocess.Popen[str], at: str = "", do: Callable[[], None] = lambda: None) -> tuple[str, str]:
    """All that the proof tells and what it answers; ``do`` is done as soon as it tells a line with ``at`` in it."""
    assert process.stderr is not None
    told = ""
    for line in process.stderr:
        told += line
        if at and at in line:
            do()
    return told, process.communicate(timeout=200)[0]
