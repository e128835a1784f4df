"""What can go wrong in the runtime, as a kind that crosses process boundaries and a sentence for whoever reads it."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a failure means to the one who asked; ``daemon/errors.py`` turns it into Docker's status and words."""

    NOT_FOUND = "not-found"  # the program is not in the container: exit code 127
    NOT_EXECUTABLE = "not-executable"  # the program may not be executed, or is a folder: exit code 126
    NO_SUCH_USER = "no-such-user"
    NO_SUCH_GROUP = "no-such-group"
    BAD_WORKDIR = "bad-workdir"
    BAD_MOUNT = "bad-mount"
    BAD_LIMIT = "bad-limit"
    NOT_RUNNING = "not-running"
    BAD_ARCHIVE = "bad-archive"
    BAD_DIGEST = "bad-digest"
    TOO_LARGE = "too-large"
    DISK_FULL = "disk-full"
    MISSING_FEATURE = "missing-feature"  # the kernel, or the way to run, does not give it
    OTHER_VERSION = "other-version"  # a message or a folder of another version
    BROKEN = "broken"  # the runtime itself


class RuntimeFailure(Exception):  # noqa: N818 - a failure is what crosses the processes, as ``messages.Failed``
    """A failure that the runtime explains. ``says`` is one lower-case sentence; ``errno`` is the kernel's, else 0."""

    def __init__(self, kind: Kind, says: str, *, errno: int = 0) -> None:
        super().__init__(says)
        self.kind = kind
        self.says = says
        self.errno = errno
