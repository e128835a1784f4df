"""What layers cost: an image loaded beside ``docker load``, a tar imported beside GNU's programs, in turn, in one run.

``python benchmarks/layers.py [ROUNDS [FOLDER]]`` needs root and a running Docker engine with python:3.6.1-alpine. Ours
is unpacked below FOLDER: name one on the file system that the engine's data is on, or ratios mean little. Each round's
image has a layer that nobody has seen, and is removed again.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from labrunner.runtime import images
from labrunner.runtime.storage import tasks
from labrunner.runtime.storage.work import do

IMAGE = "python:3.6.1-alpine"
_Result = TypeVar("_Result")


def seconds(work: Callable[[], object]) -> float:
    """How long one piece of work takes, on the wall clock."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def docker(*arguments: str, source: Path | None = None) -> str:
    """Run a docker command that must succeed; what it says."""
    with (source or Path("/dev/null")).open("rb") as given:
        return subprocess.run(["docker", *arguments], stdin=given, capture_output=True, text=True, check=True).stdout


def task(argument: tasks.Task, result: type[_Result], path: Path | None = None, flags: int = os.O_RDONLY) -> _Result:
    """Do a task on a file, as a worker does it."""
    descriptor = os.open(path or os.devnull, flags, 0o600)
    try:
        answer = do(str(argument.__struct_config__.tag), msgspec.json.encode(argument), [descriptor])
    finally:
        os.close(descriptor)
    if not isinstance(answer, result):
        sys.exit(f"{argument} was answered by {answer}")
    return answer


def exported(folder: Path) -> bytes:
    """The image's files as one tar, without its end."""
    container = docker("create", IMAGE, "true").strip()
    root = folder / "root.tar"
    docker("export", "--output", str(root), container)
    docker("rm", container)
    return root.read_bytes().rstrip(b"\0")


def archive(folder: Path, files: bytes) -> tuple[Path, Path]:
    """A tar that nobody has seen, and an archive of an image with it, both below ``folder``."""
    note = secrets.token_hex(16).encode()
    info = tarfile.TarInfo(f"seen-{note.decode()}")
    info.size = len(note)
    with tarfile.open(fileobj=(more := io.BytesIO()), mode="w") as tar:
        tar.addfile(info, io.BytesIO(note))
    layer, saved = folder / "layer.tar", folder / "image.tar"
    layer.write_bytes(files + bytes(-len(files) % 512) + more.getvalue())
    data = str(folder / "making")
    made = task(tasks.Import(data=data), tasks.Layer, layer)
    root = {"type": "layers", "diff_ids": [made.diff_id]}
    content = json.dumps({"os": "linux", "architecture": images.architecture(), "config": {}, "rootfs": root})
    stored = task(tasks.StoreBlob(data=data, content=content), tasks.Stored)
    image = tasks.SavedImage(config=stored.digest, names=("labrunner-test-bench:layers",), layers=(made,))
    task(tasks.Save(data=data, images=(image,)), tasks.Nothing, saved, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    subprocess.run(["rm", "-rf", data], check=True)
    return layer, saved


def by_others(layer: Path, folder: Path) -> None:
    """Unpack, keep and hash a tar with GNU's programs, all at once."""
    folder.mkdir()
    script = (
        'tee "$2/blob" < "$1" | tee >(sha256sum > "$2/digest") | (tar --numeric-owner -xpf - -C "$2"; cat) > "$2/rest"'
    )
    subprocess.run(["bash", "-o", "pipefail", "-c", script, "-", layer, folder], check=True)


def say(what: str, ours: list[float], theirs: list[float], asked: str = "") -> None:
    """One line of figures."""
    ratio = statistics.median(our / their for our, their in zip(ours, theirs, strict=True))
    own, other = statistics.median(ours), statistics.median(theirs)
    print(f"{what:44} {own:5.2f} s   beside {other:5.2f} s   ratio {ratio:.2f}{asked}")


def main(rounds: int, place: str | None) -> None:
    """In turn: docker load, ours; GNU tar, ours."""
    loads, docker_loads, imports, others = [], [], [], []
    with tempfile.TemporaryDirectory(dir=place, prefix="labrunner-bench-") as name:
        folder = Path(name)
        files = exported(folder)
        for number in range(rounds):
            layer, saved = archive(folder, files)
            load, unpack = (str(folder / f"{what}-{number}") for what in ("load", "import"))
            docker_loads.append(seconds(partial(docker, "load", "--quiet", source=saved)))
            docker("rmi", "labrunner-test-bench:layers")
            loads.append(seconds(partial(task, tasks.Load(data=load), tasks.Loaded, saved)))
            others.append(seconds(partial(by_others, layer, folder / f"tar-{number}")))
            imports.append(seconds(partial(task, tasks.Import(data=unpack), tasks.Layer, layer)))
        size = saved.stat().st_size >> 20
    say(f"load of {size} MiB, docker load", loads, docker_loads, " (at most 0.50)")
    say(f"import of {size} MiB, tee | sha256sum | GNU tar", imports, others)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5, sys.argv[2] if len(sys.argv) > 2 else None)  # noqa: PLR2004 - two arguments
