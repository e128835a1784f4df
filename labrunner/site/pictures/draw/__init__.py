"""Draw the pictures of the concepts: for each one a function of what was recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from labrunner.site.pictures.draw.cache import cache
from labrunner.site.pictures.draw.kernel import kernel
from labrunner.site.pictures.draw.layers import layers
from labrunner.site.pictures.draw.limits import limits
from labrunner.site.pictures.draw.namespaces import namespaces
from labrunner.site.pictures.draw.network import network
from labrunner.site.pictures.draw.overlay import overlay
from labrunner.site.pictures.draw.processes import processes
from labrunner.site.pictures.draw.pushes import pushes
from labrunner.site.pictures.picture import Picture

#: By name; the data of each lies in ``NAME.json``.
PICTURES: Mapping[str, Callable[[Mapping[str, Any]], Picture]] = {
    "kernel": kernel,
    "namespaces": namespaces,
    "processes": processes,
    "network": network,
    "limits": limits,
    "layers": layers,
    "overlay": overlay,
    "pushes": pushes,
    "cache": cache,
}
