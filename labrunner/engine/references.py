"""Names and IDs of images as clients write them and as engines list them."""

from __future__ import annotations

#: What an engine puts before a short name, and Docker leaves out where it shows one.
_DEFAULTS = ("docker.io/library/", "docker.io/", "index.docker.io/library/", "index.docker.io/", "localhost/")


def full_id(identity: str) -> str:
    """An image's ID with its algorithm, as Docker writes it; Podman leaves that out in some places. Empty for none."""
    return f"sha256:{identity}" if identity and ":" not in identity else identity


def repository(reference: str) -> str:
    """A reference without its tag and digest: ``localhost:5055/student/app:1`` is ``localhost:5055/student/app``."""
    name = reference.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name


def shown(reference: str) -> str:
    """A reference without its default registry: ``docker.io/library/nginx`` and ``localhost/nginx`` are ``nginx``."""
    for prefix in _DEFAULTS:
        if reference.startswith(prefix) and len(reference) > len(prefix):
            return reference.removeprefix(prefix)
    return reference


def familiar(reference: str) -> str:
    """A reference as Docker lists it: as ``shown``, and with a tag or digest; a tag beside a digest is left out."""
    name, _, digest = shown(reference).partition("@")
    if digest:
        return f"{repository(name)}@{digest}"
    return f"{name}:latest" if repository(name) == name else name
