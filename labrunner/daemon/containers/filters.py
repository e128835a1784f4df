"""Which containers a list shows: Docker's filters, each with one or more values of which one has to fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from labrunner.daemon.containers.container import Container, Status
from labrunner.daemon.containers.registry import Registry
from labrunner.daemon.errors import ApiError, bad_request
from labrunner.daemon.images.store import Images
from labrunner.daemon.networks import BRIDGE, identity
from labrunner.daemon.resolve import mounts
from labrunner.daemon.times import moment

KNOWN = frozenset(
    [
        "ancestor",
        "before",
        "exited",
        "expose",
        "health",
        "id",
        "is-task",
        "isolation",
        "label",
        "name",
        "network",
        "publish",
        "since",
        "status",
        "volume",
    ]
)
PRUNE = frozenset({"label", "label!", "until"})
_STATUSES = frozenset({"created", "restarting", "running", "removing", "paused", "exited", "dead"})
#: Filters that ask for containers that do not run as well.
_OF_ALL = frozenset({"exited", "status", "before", "since"})

Values = tuple[str, ...]
Filters = Mapping[str, Values]


def shows_all(filters: Filters) -> bool:
    """Whether these filters are about containers that do not run, so that ``all`` is implied."""
    return bool(_OF_ALL & filters.keys())


def has_labels(labels: Mapping[str, str], wanted: tuple[str, ...]) -> bool:
    """Whether all of these are among the labels, each as NAME or NAME=VALUE."""
    for entry in wanted:
        name, equals, value = entry.partition("=")
        if name not in labels or (equals and labels[name] != value):
            return False
    return True


def _search(pattern: str, name: str) -> bool:
    """A name's filter is a regular expression, as in Docker, on the name with and without its slash."""
    try:
        return any(re.search(pattern, text) for text in (f"/{name}", name))
    except re.error:
        return pattern in name


def _on_network(container: Container, values: Values) -> bool:
    mode = container.record.host.network_mode
    name = BRIDGE if mode == "default" else mode
    return any(value == name or (value and identity(name).startswith(value)) for value in values)


def _has_bind(container: Container, values: Values) -> bool:
    binds = mounts.binds(container.record.host)
    return any(value in {bind.source, bind.target} for bind in binds for value in values)


def _exposes(container: Container, values: Values) -> bool:
    exposed = container.record.config.exposed_ports or {}
    return any((port if "/" in port else f"{port}/tcp") in exposed for port in values)


def _was_made_before(container: Container, values: Values) -> bool:
    return all(container.record.created <= (moment(value) or 0) for value in values)


_TESTS: Mapping[str, Callable[[Container, Values], bool]] = {
    "exited": lambda container, values: container.status is Status.EXITED and str(container.exit_code) in values,
    "expose": _exposes,
    "health": lambda _, values: "none" in values,
    "id": lambda container, values: any(container.id.startswith(value) for value in values),
    "is-task": lambda _, values: not any(value in {"1", "true"} for value in values),
    "label": lambda container, values: has_labels(container.record.config.labels or {}, values),
    "label!": lambda container, values: not has_labels(container.record.config.labels or {}, values),
    "name": lambda container, values: any(_search(value, container.name) for value in values),
    "network": _on_network,
    "publish": lambda *_: False,
    "status": lambda container, values: str(container.status) in values,
    "until": _was_made_before,
    "volume": _has_bind,
}


class Matcher:
    """Says of a container whether all filters fit. ApiError for values that make no sense."""

    def __init__(self, filters: Filters, registry: Registry, images: Images) -> None:
        for status in filters.get("status", ()):
            if status not in _STATUSES:
                raise bad_request(f"invalid filter 'status={status}'")
        for code in filters.get("exited", ()):
            if not code.lstrip("-").isdecimal():
                raise bad_request(f"invalid filter 'exited={code}'")
        self._filters = filters
        self._images = images
        self._before = [registry.find(text).record.created for text in filters.get("before", ())]
        self._since = [registry.find(text).record.created for text in filters.get("since", ())]

    def __call__(self, container: Container) -> bool:
        """Whether the container is to be shown."""
        record = container.record
        return (
            all(record.created < time for time in self._before)
            and all(record.created > time for time in self._since)
            and all(self._fits(container, name, values) for name, values in self._filters.items())
        )

    def _fits(self, container: Container, name: str, values: tuple[str, ...]) -> bool:
        if name == "ancestor":
            return any(self._descends(container, value) for value in values)
        test = _TESTS.get(name)
        return test is None or test(container, values)

    def _descends(self, container: Container, text: str) -> bool:
        """Whether the container's image is that one or is built upon it."""
        try:
            ancestor = self._images.find(text)
        except ApiError:
            return False
        if container.record.image == ancestor.id:
            return True
        below = [layer.diff_id for layer in ancestor.record.layers]
        return bool(below) and self._images.diff_ids_of(container.record.image)[: len(below)] == below
