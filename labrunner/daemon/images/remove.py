"""An image loses a name, or is removed: first its row, then the files that no other image has."""

from __future__ import annotations

from labrunner.daemon.errors import conflict
from labrunner.daemon.images.store import Image
from labrunner.daemon.parts import Parts

_SHORT = 12
Removed = dict[str, str]


def remove(parts: Parts, text: str, *, force: bool) -> list[Removed]:
    """Do what ``docker rmi`` asks for: of several names take away the one that was said, else the image. ApiError.

    An image of which containers are made loses its last name by force only, and is kept while one of them runs.
    """
    image = parts.images.find(text)
    names = parts.images.names_of(image)
    users = [container for container in parts.registry if container.record.image == image.id]
    short = image.id.partition(":")[2][:_SHORT]
    if reference := parts.images.name_in(text):
        if len(names) > 1:
            return [untag(parts, image, reference)]
        if users and not force:
            raise conflict(
                f'conflict: unable to remove repository reference "{text}" (must force) - '
                f"container {users[0].id[:_SHORT]} is using its referenced image {short}"
            )
    elif len(names) > 1 and not force:
        raise conflict(
            f"conflict: unable to delete {short} (must be forced) - image is referenced in multiple repositories"
        )
    running = next((container for container in users if container.running), None)
    if running is not None and not parts.images.name_in(text):
        raise conflict(
            f"conflict: unable to delete {short} (cannot be forced) - "
            f"image is being used by running container {running.id[:_SHORT]}"
        )
    if users and not force:
        raise conflict(
            f"conflict: unable to delete {short} (must be forced) - "
            f"image is being used by stopped container {users[0].id[:_SHORT]}"
        )
    untagged = [untag(parts, image, name) for name in names]
    return untagged if users else untagged + delete(parts, image)


def untag(parts: Parts, image: Image, reference: str) -> Removed:
    """Take a name away."""
    parts.images.untag(reference)
    tell(parts, image, "untag")
    return {"Untagged": reference}


def delete(parts: Parts, image: Image) -> list[Removed]:
    """Remove an image of which there is no container, and its layers that nobody else has."""
    layers = parts.images.remove(image)
    for layer in layers:
        parts.sweeper.throw_away(parts.data / "layers" / layer.name)
    for digest in (image.id, *(layer.blob for layer in layers)):
        algorithm, _, digits = digest.partition(":")
        parts.sweeper.throw_away(parts.data / "blobs" / algorithm / digits)
    tell(parts, image, "delete")
    return [{"Deleted": image.id}, *({"Deleted": layer.diff_id} for layer in reversed(layers))]


def tell(parts: Parts, image: Image, action: str, name: str = "") -> None:
    """An event of an image."""
    parts.events.tell("image", action, image.id, {**(image.config.labels or {}), "name": name or image.id})


def in_use(parts: Parts) -> set[str]:
    """The images of which there are containers."""
    return {container.record.image for container in parts.registry}
