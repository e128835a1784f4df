"""Which containers there are, and how a client names one: by name, by ID or by the beginning of one."""

from __future__ import annotations

from collections.abc import Iterator

from labrunner.daemon.containers.container import Container
from labrunner.daemon.errors import ambiguous, name_in_use, no_such_container


class Registry:
    """The containers, by ID and by name."""

    def __init__(self) -> None:
        self._by_id: dict[str, Container] = {}
        self._names: dict[str, str] = {}

    def __iter__(self) -> Iterator[Container]:
        return iter(list(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)

    @property
    def names(self) -> frozenset[str]:
        """All names."""
        return frozenset(self._names)

    def find(self, text: str) -> Container:
        """A container by its ID, its name or the beginning of its ID. ApiError where none or several have it."""
        found = self._by_id.get(text) or self._by_id.get(self._names.get(text.removeprefix("/"), ""))
        if found is not None:
            return found
        matching = [identity for identity in self._by_id if text and identity.startswith(text)]
        if len(matching) > 1:
            raise ambiguous(text)
        if not matching:
            raise no_such_container(text)
        return self._by_id[matching[0]]

    def reserve(self, name: str, identity: str) -> None:
        """Take a name for a container. ApiError where another one has it."""
        owner = self._names.setdefault(name, identity)
        if owner != identity:
            raise name_in_use(name, owner)

    def release(self, name: str) -> None:
        """Give a name back."""
        self._names.pop(name, None)

    def add(self, container: Container) -> None:
        """A container whose name was reserved."""
        self._by_id[container.id] = container
        self._names[container.name] = container.id

    def remove(self, container: Container) -> None:
        """A container that is no more."""
        self._by_id.pop(container.id, None)
        self._names.pop(container.name, None)
