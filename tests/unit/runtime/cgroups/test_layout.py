"""Where control groups are, by the mount tables of several hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from labrunner.runtime.cgroups.layout import Layout, layout

ROOT = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n22 27 0:21 / /proc rw shared:3 master:1 - proc proc rw\n"
#: Version 1, each controller by itself, and version 2 without controllers.
BARE = ROOT + "".join(
    f"{40 + at} 31 0:{30 + at} / /sys/fs/cgroup/{name} rw,relatime - cgroup cgroup rw,{name}\n"
    for at, name in enumerate(["cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids"])
) + "50 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"  # fmt: skip
#: What systemd mounts where it is told to use version 1.
HYBRID = (
    ROOT
    + """\
30 23 0:26 / /sys/fs/cgroup/unified rw,nosuid shared:10 - cgroup2 cgroup2 rw,nsdelegate
31 23 0:27 / /sys/fs/cgroup/systemd rw,nosuid shared:11 - cgroup cgroup rw,xattr,name=systemd
34 23 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:15 - cgroup cgroup rw,cpu,cpuacct
35 23 0:31 / /sys/fs/cgroup/memory rw,nosuid shared:16 - cgroup cgroup rw,memory
36 23 0:32 / /sys/fs/cgroup/pids rw,nosuid shared:17 - cgroup cgroup rw,pids
37 23 0:33 / /sys/fs/cgroup/devices rw,nosuid shared:18 - cgroup cgroup rw,devices
"""
)
#: What systemd mounts.
UNIFIED = ROOT + "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n"

CGROUP = Path("/sys/fs/cgroup")


@pytest.mark.parametrize(
    ("mountinfo", "expected"),
    [
        (BARE, Layout(1, tuple((name, CGROUP / name) for name in ("memory", "pids", "cpu", "cpuacct", "devices")))),
        (
            HYBRID,
            Layout(
                1,
                (
                    ("memory", CGROUP / "memory"),
                    ("pids", CGROUP / "pids"),
                    ("cpu", CGROUP / "cpu,cpuacct"),
                    ("cpuacct", CGROUP / "cpu,cpuacct"),
                    ("devices", CGROUP / "devices"),
                ),
            ),
        ),
        (UNIFIED, Layout(2, tuple((name, CGROUP) for name in ("memory", "pids", "cpu", "cpuacct")))),
        (ROOT, Layout(0, says="no control groups are mounted here, so there are no limits of memory or CPU")),
        ("", Layout(0, says="no control groups are mounted here, so there are no limits of memory or CPU")),
    ],
    ids=["bare", "hybrid", "unified", "none", "empty"],
)
def test_a_hosts_layout_is_found(mountinfo: str, expected: Layout) -> None:
    assert layout(mountinfo) == expected


def test_devices_are_refused_by_version_1_only() -> None:
    assert layout(HYBRID).refuses_devices
    assert not layout(UNIFIED).refuses_devices
    assert not layout(ROOT).refuses_devices


def test_a_place_with_blanks_is_read_as_the_kernel_writes_it() -> None:
    found = layout(UNIFIED.replace("/sys/fs/cgroup", "/with\\040a\\134blank"))
    assert found.folders[0] == ("memory", Path("/with a\\blank"))


def test_the_first_of_two_mounts_counts() -> None:
    again = "99 23 0:32 / /elsewhere rw - cgroup cgroup rw,pids\n"
    assert dict(layout(HYBRID + again).folders)["pids"] == CGROUP / "pids"
