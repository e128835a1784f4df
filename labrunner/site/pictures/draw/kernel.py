"""Containers on their host's kernel, and beside them a virtual machine, which has one of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labrunner.site.pictures.picture import Picture
from labrunner.site.pictures.shapes import Arrow, Box, Look, Row, Text


def kernel(recorded: Mapping[str, Any]) -> Picture:
    """What ``record.separation.one_kernel`` saw; the virtual machine is drawn for comparison, and says so."""
    version, containers = recorded["host"]["kernel"], recorded["containers"]
    told = " ".join(
        f"The container of {row['image']} runs {_program(row)} and reports kernel {row['kernel']}; {_image(row)}."
        for row in containers
    )
    return Picture(
        "Containers share the host's kernel",
        f"The host runs Linux {version}. {told} For comparison, not recorded: a virtual machine runs its programs on a "
        f"kernel of its own, that one on virtual hardware, and only that hardware on the host's Linux {version}.",
        (
            Row(
                (
                    Box((Text("Containers", bold=True), *map(_container, containers), Arrow("system calls"))),
                    Box(
                        (
                            Text("A virtual machine", bold=True),
                            Text("for comparison, not recorded", size=12),
                            Box((Text("programs", bold=True),)),
                            Arrow("system calls"),
                            Box((Text("its own kernel", bold=True), Text("booted for it alone", size=12))),
                            Box((Text("virtual hardware", bold=True), Text("from a hypervisor", size=12))),
                        ),
                        Look.DASHED,
                    ),
                )
            ),
            Box(
                (
                    Text(f"the host's kernel: Linux {version}", size=15, bold=True, centred=True),
                    Text("one for all of them", size=12, centred=True),
                ),
                Look.STRONG,
            ),
        ),
    )


def _container(row: Mapping[str, Any]) -> Box:
    return Box(
        (
            Text(_program(row), bold=True),
            Text(f"image {row['image']}", size=12),
            Text(f"sees Linux {row['kernel']}", size=12),
            Text(_image(row), size=12),
        )
    )


def _program(row: Mapping[str, Any]) -> str:
    return str(row["program"]).rstrip(":")


def _image(row: Mapping[str, Any]) -> str:
    return "a kernel in the image, unused" if row["kernel_in_image"] else "no kernel in the image"
