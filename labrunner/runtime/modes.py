"""The ways to run containers: as root, or as an ordinary user with one id.

LABRUNNER_NAMESPACE_MODE forces one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from labrunner.runtime.errors import Kind, RuntimeFailure

VARIABLE = "LABRUNNER_NAMESPACE_MODE"


class Mode(StrEnum):
    """How containers get their users."""

    ROOT = "root"  # the host's root, no user namespace
    SINGLE = "single"  # a user namespace in which our own id is root, and there is no other one


def choose(environment: Mapping[str, str], *, privileged: bool) -> Mode:
    """The way to run; ``privileged`` is whether this process may mount (CAP_SYS_ADMIN) without a user namespace.

    RuntimeFailure (MISSING_FEATURE) where the variable names one that there is not, or that this process cannot go.
    """
    asked = environment.get(VARIABLE, "")
    if not asked:
        return Mode.ROOT if privileged else Mode.SINGLE
    if asked == "subid":
        raise RuntimeFailure(
            Kind.MISSING_FEATURE,
            f"{VARIABLE} asks for subid, subordinate ids, which this version does not use yet: set it to single",
        )
    try:
        mode = Mode(asked)
    except ValueError:
        raise RuntimeFailure(
            Kind.MISSING_FEATURE,
            f"{VARIABLE} is root, single or not set, not {asked!r}: unset it to let labrunner choose",
        ) from None
    if mode is Mode.ROOT and not privileged:
        raise RuntimeFailure(
            Kind.MISSING_FEATURE,
            f"{VARIABLE} asks for root, and this process lacks CAP_SYS_ADMIN: set it to single, or start as root",
        )
    return mode
