"""The runtime without a daemon: a zygote, and containers that are started by messages."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from labrunner.runtime import channel, folder, identity, log
from labrunner.runtime.cgroups import group, layout
from labrunner.runtime.errors import RuntimeFailure
from labrunner.runtime.messages import (
    Attach,
    Attached,
    Exec,
    ExecExited,
    ExecStarted,
    Exited,
    Failed,
    ForkShim,
    Hello,
    Message,
    Signal,
    Start,
    Started,
    Watch,
)
from labrunner.runtime.modes import Mode
from labrunner.runtime.spec import ContainerSpec, Process, Rootfs
from labrunner.runtime.zygote.spawn import command
from tests.engine import rootfs

PATH = "PATH=/bin"
#: An ordinary user; no file has to name it.
ORDINARY = 4321


@dataclass
class Container:
    """A container that is made; ``link`` is the first connection to its shim."""

    spec: ContainerSpec
    link: socket.socket
    shim: Message | None = None

    def start(self) -> Started:
        """Start it. RuntimeFailure where it cannot be."""
        answer = channel.call(self.link, Start())[0]
        assert isinstance(answer, Started)
        return answer

    def wait(self) -> folder.Exit:
        """How it ended, once its shim has told so and ended itself."""
        with contextlib.suppress(OSError, RuntimeFailure), self.connect() as link:  # the shim may have ended already
            channel.call(link, Watch())
            while channel.receive(link):
                pass
        end = folder.read(Path(self.spec.folder), folder.EXIT, folder.Exit)
        assert end
        return end

    @contextmanager
    def connect(self) -> Iterator[socket.socket]:
        """Another connection to its shim."""
        with socket.socket(socket.AF_UNIX) as link:
            descriptor = os.open(self.spec.folder, os.O_PATH)
            link.connect(folder.socket_path(descriptor))
            os.close(descriptor)
            greet(link)
            yield link

    def run(self) -> tuple[int, str]:
        """Start it, wait for its end, and read its log. Returns the exit code and what it wrote."""
        with self.connect() as link:
            channel.call(link, Watch())
            self.start()
            received = channel.receive(link)
        assert received
        assert isinstance(received[0], Exited)
        return received[0].code, self.output()

    def output(self) -> str:
        """What its log holds."""
        return b"".join(record.content for record in log.read(Path(self.spec.folder, folder.LOG))).decode()

    def exec(self, *args: str, **fields: Any) -> tuple[int, str]:  # noqa: ANN401 - the fields of a process
        """Run a process in it. Returns its exit code and what it wrote."""
        read, write = os.pipe()
        null = os.open("/dev/null", os.O_RDONLY)
        with self.connect() as link, os.fdopen(read) as output:
            try:
                wanted = Process(args=args, **{"env": (PATH,), **fields})
                answer, _ = channel.call(link, Exec(process=wanted), [null, write, write])
            finally:
                channel.close([null, write])
            assert isinstance(answer, ExecStarted)
            text = output.read()
            received = channel.receive(link)
        assert received
        assert isinstance(received[0], ExecExited)
        return received[0].code, text

    def signal(self, number: int) -> None:
        """Send a signal to its first process."""
        with self.connect() as link:
            channel.call(link, Signal(number=number))

    def until(self, text: str) -> None:
        """Wait until it wrote this."""
        for _ in range(1000):
            if text in self.output():
                return
            time.sleep(0.01)
        raise AssertionError(self.output())

    @contextmanager
    def attach(self, **wanted: bool) -> Iterator[socket.socket]:
        """A connection that carries frames only."""
        with self.connect() as link:
            answer, _ = channel.call(link, Attach(**wanted))
            assert isinstance(answer, Attached)
            yield link


@dataclass
class Runtime:
    """A zygote, and what it has made."""

    data: Path
    mode: Mode
    link: socket.socket
    containers: list[Container] = field(default_factory=list)

    def spec(self, *args: str, process: dict[str, Any] | None = None, **fields: Any) -> ContainerSpec:  # noqa: ANN401
        """A container on the test's root; its run folder is made."""
        name = uuid.uuid4().hex
        run = self.data / "run" / name
        for part in (folder.UPPER, folder.WORK):
            (run / part).mkdir(parents=True)
        for part in (folder.HOSTNAME, folder.HOSTS, folder.RESOLV_CONF):
            (run / part).write_text(f"{part} of the test\n")
        if _lowers(self.mode):
            for path in (run, *run.iterdir()):
                os.chown(path, ORDINARY, ORDINARY)
        root = Rootfs(layers=f"{self.data}/layers", lowers=("a",), upper=f"{run}/upper", work=f"{run}/work")
        wanted = Process(args=args, **{"env": (PATH,), **(process or {})})
        return ContainerSpec(id=name, folder=str(run), rootfs=root, process=wanted, hostname="box", **fields)

    def create(self, *args: str, process: dict[str, Any] | None = None, **fields: Any) -> Container:  # noqa: ANN401
        """A container that waits for its start."""
        return self.fork(self.spec(*args, process=process, **fields))

    def fork(self, spec: ContainerSpec) -> Container:
        """A container of this specification, which waits for its start."""
        ours, theirs = socket.socketpair()
        channel.send(self.link, ForkShim(spec=spec), [theirs.fileno()])
        theirs.close()
        greet(ours)
        container = Container(spec, ours)
        self.containers.append(container)
        return container

    def copied(self, *args: str) -> ContainerSpec:
        """A container whose layer was copied into its upper folder."""
        spec = self.spec(*args)
        upper = Path(spec.rootfs.upper)
        upper.rmdir()
        rootfs.make(upper)
        if _lowers(self.mode):
            subprocess.run(["chown", "-R", f"{ORDINARY}:{ORDINARY}", str(upper)], check=True)
        return msgspec.structs.replace(spec, rootfs=msgspec.structs.replace(spec.rootfs, copied=True))

    def remove_group(self, container: Container) -> None:
        """Remove what a shim that was killed has left."""
        group.Group(layout.host(), group.engine_of(str(self.data)), container.spec.id).remove()

    def folder(self, name: str) -> Path:
        """A folder of the host that containers may write to."""
        made = self.data / name
        made.mkdir()
        if _lowers(self.mode):
            os.chown(made, ORDINARY, ORDINARY)
        return made


def greet(link: socket.socket) -> None:
    """Say hello, both ways."""
    channel.send(link, Hello())
    received = channel.receive(link)
    if received and isinstance(received[0], Failed):
        raise RuntimeFailure(received[0].kind, received[0].says)
    assert received
    assert isinstance(received[0], Hello)


def gone(pid: int, started: int) -> None:
    """Wait until a process has ended."""
    for _ in range(1000):
        if identity.start_time(pid) != started:
            return
        time.sleep(0.01)
    raise AssertionError(pid)


@contextmanager
def runtime(data: Path, mode: Mode) -> Iterator[Runtime]:
    """A zygote for a data folder with one layer, the test's root; all it made ends with it."""
    for part in ("layers", "run"):
        (data / part).mkdir(parents=True)
    rootfs.make(data / "layers/a")
    if _lowers(mode):
        subprocess.run(["chown", "-R", f"{ORDINARY}:{ORDINARY}", str(data)], check=True)
    with zygote(data, mode) as made:
        yield made
    shutil.rmtree(data)


@contextmanager
def zygote(data: Path, mode: Mode) -> Iterator[Runtime]:
    """A zygote, and another one, for a data folder that is there."""
    who: dict[str, Any] = {"user": ORDINARY, "group": ORDINARY, "extra_groups": []} if _lowers(mode) else {}
    ours, theirs = socket.socketpair()
    with subprocess.Popen(
        command(theirs.fileno(), data, mode), pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, **who
    ) as process:
        theirs.close()
        made = Runtime(data, mode, ours)
        try:
            greet(ours)
            yield made
        finally:
            for container in made.containers:
                container.link.close()
            ours.close()
            process.wait(timeout=10)


def _lowers(mode: Mode) -> bool:
    """Whether we are root and what we start is to be an ordinary user's."""
    return mode is Mode.SINGLE and not os.getuid()
