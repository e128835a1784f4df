"""Names of images as clients write them and as engines list them."""

from __future__ import annotations

#: What an engine puts before a short name, and Docker leaves out where it shows one.
_DEFAULTS = ("docker.io/library/", "docker.io/", "index.docker.io/library/", "index.docker.io/", "localhost/")


def repository(reference: str) -> str:
    """A reference without its tag and digest: ``localhost:5055/student/app:1`` is ``localhost:5055/student/app``."""
    name = reference.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name


def familiar(reference: str) -> str:
    """A reference as Docker lists it: with a tag or digest, without the default registry.

    ``docker.io/library/nginx`` is ``nginx:latest``; a tag beside a digest is left out; Podman's ``localhost/app:1``
    is ``app:1``.
    """
    name, _, digest = reference.partition("@")
    for prefix in _DEFAULTS:
        if name.startswith(prefix) and len(name) > len(prefix):
            name = name.removeprefix(prefix)
            break
    if digest:
        return f"{repository(name)}@{digest}"
    return f"{name}:latest" if repository(name) == name else name
