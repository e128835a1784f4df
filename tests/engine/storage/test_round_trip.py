"""What we save is loaded by real engines as the same image, and what they save is loaded by us."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from labrunner.runtime import images
from labrunner.runtime.storage import tasks
from tests.engine.storage.store import Store, as_root, config, docker_archive, folder, member, tar
from tests.engine.storage.test_load import oci_layout

pytestmark = as_root
NAME = "labrunner-test-round-trip"
UNIQUE = tar(member(f"only-here-{os.getpid()}", b"x"))
LAYERS = (tar(folder("."), folder("bin"), member("bin/tool", b"#!", mode=0o755, uid=7, gid=8)), UNIQUE)


def run(*command: str | Path, source: Path | None = None, target: Path | None = None) -> str:
    """Run a command that must succeed; what it says."""
    given, taken = source or Path(os.devnull), target or Path(os.devnull)
    with given.open("rb") as reads, taken.open("wb") as writes:
        done = subprocess.run(command, stdin=reads, stdout=writes if target else subprocess.PIPE, check=True)
    return done.stdout.decode() if done.stdout else ""


def save(store: Store, image: tasks.LoadedImage, target: Path) -> None:
    """Save an image under a name of its own."""
    saved = tasks.SavedImage(config=image.config, names=(f"{NAME}:latest",), layers=image.layers)
    with target.open("wb") as file:
        store.do(tasks.Save(data=str(store.data), images=(saved,)), tasks.Nothing, file.fileno())


@pytest.fixture(params=["plain", "tar+gzip", "tar+zstd"])
def loaded(store: Store, request: pytest.FixtureRequest) -> tasks.LoadedImage:
    """An image whose first layer is kept in any way that images may have."""
    if request.param == "plain":
        return store.load(docker_archive(*LAYERS)).images[0]
    compress = gzip.compress if request.param == "tar+gzip" else zstandard.ZstdCompressor().compress
    return store.load(oci_layout(config(*LAYERS), {compress(LAYERS[0]): request.param, UNIQUE: "tar"})).images[0]


@pytest.fixture
def docker() -> Iterator[str]:
    """The docker command, with an engine that loses the test's image at the end."""
    if not shutil.which("docker") or subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        pytest.skip("no Docker engine answers; start one")
    yield "docker"
    subprocess.run(["docker", "rmi", "--force", NAME], capture_output=True, check=False)


@pytest.mark.engine
def test_docker_loads_what_we_save_and_we_load_what_docker_saves(
    store: Store, loaded: tasks.LoadedImage, docker: str, tmp_path: Path
) -> None:
    save(store, loaded, tmp_path / "ours.tar")
    assert run(docker, "load", source=tmp_path / "ours.tar") == f"Loaded image: {NAME}:latest\n"
    (found,) = json.loads(run(docker, "image", "inspect", NAME))
    assert found["Id"] == loaded.config
    assert found["RootFS"]["Layers"] == [images.digest(layer) for layer in LAYERS]
    run(docker, "save", NAME, target=tmp_path / "theirs.tar")
    other = Store(tmp_path / "other")
    (again,) = other.load((tmp_path / "theirs.tar").read_bytes()).images
    assert (again.config, again.names) == (loaded.config, (f"{NAME}:latest",))
    assert [layer.blob for layer in again.layers] == [images.digest(layer) for layer in LAYERS]
    tool = other.data / "layers" / again.layers[0].name / "bin/tool"
    assert (tool.stat().st_uid, tool.stat().st_gid, tool.stat().st_mode & 0o777) == (7, 8, 0o755)


@pytest.fixture
def podman() -> Iterator[tuple[str, ...]]:
    """The podman command, with images and a state of its own, whose path may have 50 letters."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield "podman", "--root", f"{folder}/root", "--runroot", f"{folder}/run", "--storage-driver", "vfs"


@pytest.mark.skipif(not shutil.which("podman"), reason="Podman is not installed; apt-get install podman")
def test_podman_loads_what_we_save_and_we_load_what_podman_saves(
    store: Store, loaded: tasks.LoadedImage, podman: tuple[str, ...], tmp_path: Path
) -> None:
    save(store, loaded, tmp_path / "ours.tar")
    assert run(*podman, "load", source=tmp_path / "ours.tar") == f"Loaded image: docker.io/library/{NAME}:latest\n"
    for form in ("docker-archive", "oci-archive"):
        run(*podman, "save", "--format", form, "--output", tmp_path / form, NAME)
        (again,) = Store(tmp_path / f"from-{form}").load((tmp_path / form).read_bytes()).images
        assert again.names == (f"docker.io/library/{NAME}:latest",)
        assert [layer.diff_id for layer in again.layers] == [images.digest(layer) for layer in LAYERS]
