"""Attacks on the runtime itself; each has a control that shows what would be reached without the defence."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.spec import Bind
from tests.engine.harness import Runtime


def test_the_interpreter_cannot_be_written_to(running: Runtime) -> None:
    """CVE-2019-5736: a container whose program is /proc/self/exe is the runtime's own interpreter.

    The mount's flag is asked for: open(2) says ETXTBSY of a program that runs before it looks at the mount, and to an
    ordinary user EACCES. The control: what lies beside the interpreter is not read-only.
    """
    needed = {Path(path).parts[1] for path in (sys.prefix, sys.base_prefix, os.path.realpath(sys.executable))}
    binds = tuple(Bind(source=f"/{name}", target=f"/{name}") for name in (*needed, "lib64", "lib"))
    container = running.create("sleep", "100", binds=binds)
    container.start()
    beside = Path(os.path.realpath(sys.executable)).parent
    script = f"import os\nfor path in '/proc/self/exe', '{beside}': print(os.statvfs(path).f_flag & os.ST_RDONLY)"
    code, output = container.exec("/proc/self/exe", "-c", script)
    container.signal(9)
    container.wait()
    assert (code, output) == (0, "1\n0\n")


@pytest.mark.parametrize("number", range(3, 20))
def test_no_descriptor_of_the_runtime_is_a_working_directory(running: Runtime, number: int) -> None:
    """CVE-2024-21626."""
    with pytest.raises(RuntimeFailure) as caught:
        running.create("true", process={"cwd": f"/proc/self/fd/{number}"}).start()
    assert caught.value.kind in {Kind.BAD_WORKDIR, Kind.BROKEN}


def test_a_link_in_place_of_dev_stays_inside(running: Runtime, tmp_path: Path) -> None:
    spec = running.copied("ls", "/dev/null")
    upper = Path(spec.rootfs.upper)
    (upper / "dev").rmdir()
    (upper / "dev").symlink_to(f"../../../../../../..{tmp_path}")
    assert running.fork(spec).run() == (0, "/dev/null\n")
    assert not list(tmp_path.iterdir())


def test_a_link_in_place_of_proc_cannot_forge_it(running: Runtime) -> None:
    """CVE-2019-19921: /proc as a link to a folder of the image."""
    spec = running.copied("sh", "-c", "cat /proc/sys/kernel/ostype; cat /forged/sys/kernel/ostype")
    upper = Path(spec.rootfs.upper)
    (upper / "proc").rmdir()
    (upper / "forged/sys/kernel").mkdir(parents=True)
    (upper / "forged/sys/kernel/ostype").write_text("forged\n")
    (upper / "proc").symlink_to("/forged")
    assert running.fork(spec).run() == (0, "Linux\nLinux\n")


def test_a_link_to_nothing_in_place_of_a_file_stays_inside(running: Runtime, tmp_path: Path) -> None:
    spec = running.copied("cat", "/etc/hosts")
    (Path(spec.rootfs.upper) / "etc/hosts").symlink_to(f"../../../../../..{tmp_path}/made")
    assert running.fork(spec).run() == (0, "hosts of the test\n")
    assert not list(tmp_path.iterdir())


def test_a_container_makes_no_namespaces_and_no_mounts(running: Runtime) -> None:
    """CVE-2022-0492 needs both."""
    container = running.create("sh", "-c", "unshare -Ur true; unshare -m true; mount -t tmpfs x /tmp; exit 0")
    assert container.run()[1].count("Operation not permitted") + container.output().count("permission denied") >= 3
