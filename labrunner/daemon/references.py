"""Image references, NAME[:TAG][@DIGEST], read once at the edge (the grammar of distribution/reference)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from labrunner.daemon.errors import ApiError, bad_request

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:]+\])"
_REFERENCE = re.compile(
    rf"(?P<name>(?:{_HOST}(?::[0-9]+)?/)?{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_HEX = re.compile(r"[0-9a-f]{64}")
_HUB = ("docker.io/library/", "docker.io/", "index.docker.io/library/", "index.docker.io/")
_MAX_NAME = 255


@dataclass(frozen=True)
class Reference:
    """A reference as Docker shows it: ``name`` is without docker.io/ and library/, ``tag`` is latest by default."""

    name: str
    tag: str
    digest: str = ""

    def __str__(self) -> str:
        return f"{self.name}@{self.digest}" if self.digest else f"{self.name}:{self.tag}"


def parse(text: str) -> Reference:
    """A reference. ApiError (400) where it is none."""
    match = _REFERENCE.fullmatch(text)
    if _HEX.fullmatch(text):
        raise bad_request(f"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings")
    if match is None:
        raise _invalid(text)
    name = match["name"]
    if len(name) > _MAX_NAME:
        raise bad_request(f"invalid reference format: repository name must not be more than {_MAX_NAME} characters")
    for prefix in _HUB:
        if name.startswith(prefix):
            name = name.removeprefix(prefix)
            break
    return Reference(name, match["tag"] or "latest", match["digest"] or "")


def parse_pair(repository: str, tag: str) -> Reference:
    """A reference of a repository and a tag, which may be empty. ApiError (400) where either is none."""
    if tag and not _TAG.fullmatch(tag):
        raise bad_request("invalid tag format")
    reference = parse(repository)
    return Reference(reference.name, tag or reference.tag)


def _invalid(text: str) -> ApiError:
    if _REFERENCE.fullmatch(text.lower()):
        return bad_request("invalid reference format: repository name must be lowercase")
    return bad_request("invalid reference format")
