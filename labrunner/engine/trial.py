"""Find out why a build fails: build the learner's folder once more, and read which line the engine stops at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import docker
from docker.errors import APIError, DockerException

#: Seconds of silence that a trial may keep.
_TIMEOUT = 60


@dataclass(frozen=True)
class BuildError:
    """Where a build stopped: the Dockerfile's line (0 where the engine names none), the instruction, the reason."""

    line: int
    instruction: str
    reason: str


def why_build_fails(host: str, folder: Path) -> BuildError | None:
    """The error of a build of ``folder``; None where it builds.

    An image that comes of it is removed again, unless it was there before: all of it cached, it is the learner's own.
    """
    client = docker.DockerClient(base_url=host, timeout=_TIMEOUT)
    instruction, reason, built = "", "", None
    try:
        before = {row["Id"] for row in client.api.images(all=True)}
        for part in client.api.build(path=str(folder), rm=True, forcerm=True, decode=True):
            if found := re.match(r"Step \d+/\d+ : (.+)", part.get("stream", "")):
                instruction = found[1].strip()
            reason = reason or part.get("error", "")
            built = part.get("aux", {}).get("ID", built)
        if built is not None and built not in before:
            client.api.remove_image(built)
    except APIError as error:
        reason = reason or str(error.explanation or error)
    except DockerException as error:
        reason = reason or str(error)
    finally:
        client.close()
    if not reason:
        return None
    return BuildError(_line_of(folder / "Dockerfile", instruction, reason), instruction, reason.strip())


def _line_of(dockerfile: Path, instruction: str, reason: str) -> int:
    """The line that the engine names, else the one on which the instruction begins."""
    if named := re.search(r"line (\d+)", reason):
        return int(named[1])
    first = instruction.split()
    lines = dockerfile.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((n for n, line in enumerate(lines, start=1) if first and line.split()[: len(first)] == first), 0)
