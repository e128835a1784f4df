"""Images come in from what Docker and others save, whole or not at all."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from pathlib import Path

import pytest
import zstandard

from labrunner.runtime import images, syscalls
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.storage import tasks, writing
from labrunner.runtime.storage.header import Entry
from tests.engine.storage.store import Store, as_root, config, digest, docker_archive, folder, member, symlink, tar

pytestmark = as_root
BASE = tar(folder("etc"), member("etc/name", b"base"))
TOP = tar(folder("etc"), member("etc/other", b"top"))
EMPTY = bytes(1024)  # as Docker 20.10 writes a layer that changes nothing


def refused(store: Store, content: bytes, kind: Kind) -> str:
    """Why an archive is refused; nothing of it may be left."""
    with pytest.raises(RuntimeFailure) as failure:
        store.load(content)
    assert failure.value.kind is kind
    assert store.left() == []
    return failure.value.says


def oci_layout(config_: bytes, layers: dict[bytes, str], **annotations: str) -> bytes:
    """An OCI layout of one image for this machine and one for another; its layers as blobs with the ends of types."""

    def blob(content: bytes) -> dict[str, object]:
        return {"mediaType": "x", "digest": f"sha256:{digest(content)}", "size": len(content)}

    listed = [blob(layer) | {"mediaType": f"application/vnd.oci.image.layer.v1.{end}"} for layer, end in layers.items()]
    manifest = json.dumps({"schemaVersion": 2, "config": blob(config_), "layers": listed}).encode()
    here = {"os": "linux", "architecture": images.architecture()}
    other = {
        "mediaType": "x",
        "digest": "sha256:" + 64 * "0",
        "size": 1,
        "platform": {"os": "linux", "architecture": "?"},
    }
    inner = json.dumps({"schemaVersion": 2, "manifests": [other, blob(manifest) | {"platform": here}]}).encode()
    index = json.dumps({"schemaVersion": 2, "manifests": [blob(inner) | {"annotations": annotations}]}).encode()
    blobs = [*layers, config_, manifest, inner]
    return tar(
        member("oci-layout", b'{"imageLayoutVersion": "1.0.0"}'),
        member("index.json", index),
        *(member(f"blobs/sha256/{digest(content)}", content) for content in blobs),
    )


def test_docker_s_archive_is_loaded(store: Store) -> None:
    (image,) = store.load(docker_archive(BASE, TOP, EMPTY)).images
    assert image.config == images.digest(config(BASE, TOP, EMPTY))
    assert image.names == ("test:one",)
    assert [layer.diff_id for layer in image.layers] == [images.digest(layer) for layer in (BASE, TOP, EMPTY)]
    assert (store.data / "layers" / image.layers[0].name / "etc/name").read_bytes() == b"base"
    kept = {path.name: path.read_bytes() for path in (store.data / "blobs/sha256").iterdir()}
    assert kept == {digest(content): content for content in (BASE, TOP, EMPTY, config(BASE, TOP, EMPTY))}


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_an_archive_may_be_compressed_as_a_whole(store: Store, compress: object) -> None:
    assert callable(compress)
    assert len(store.load(compress(docker_archive(BASE, TOP))).images[0].layers) == 2


def test_an_oci_layout_is_loaded_for_this_machine(store: Store) -> None:
    packed, zipped = gzip.compress(BASE), zstandard.ZstdCompressor().compress(TOP)
    content = oci_layout(
        config(BASE, TOP), {packed: "tar+gzip", zipped: "tar+zstd"}, **{"io.containerd.image.name": "docker.io/a/b:c"}
    )
    (image,) = store.load(content).images
    assert image.names == ("docker.io/a/b:c",)
    assert [(layer.diff_id, layer.blob, layer.media) for layer in image.layers] == [
        (images.digest(BASE), images.digest(packed), "tar+gzip"),
        (images.digest(TOP), images.digest(zipped), "tar+zstd"),
    ]


def test_layers_may_be_links_as_old_dockers_write_them(store: Store) -> None:
    content = config(BASE, BASE)
    manifest = [{"Config": "c.json", "RepoTags": None, "Layers": ["one/layer.tar", "two/layer.tar"]}]
    (image,) = store.load(
        tar(
            folder("one"),
            member("one/layer.tar", BASE),
            folder("two"),
            symlink("two/layer.tar", "../one/layer.tar"),
            member("c.json", content),
            member("manifest.json", json.dumps(manifest).encode()),
        )
    ).images
    assert image.layers[0] == image.layers[1]
    assert image.names == ()
    assert len(list((store.data / "layers").iterdir())) == 1


def test_a_layer_that_is_known_is_not_unpacked_again(store: Store) -> None:
    known = store.load(docker_archive(BASE)).images[0].layers
    (image,) = store.load(docker_archive(BASE, TOP), known).images
    assert image.layers[0] == known[0]
    assert len(list((store.data / "layers").iterdir())) == 2


def test_a_layer_that_nobody_names_is_dropped(store: Store) -> None:
    stray = writing.head(Entry(name=b"stray/layer.tar", size=len(TOP))) + TOP + writing.padding(len(TOP))
    assert len(store.load(stray + docker_archive(BASE)).images) == 1
    assert len(list((store.data / "layers").iterdir())) == 1


def test_a_layer_of_another_digest_is_refused(store: Store) -> None:
    says = refused(store, docker_archive(BASE, TOP, layer1=BASE), Kind.BAD_DIGEST)
    assert images.digest(TOP) in says
    assert images.digest(BASE) in says


def test_a_blob_of_another_digest_than_its_name_is_refused(store: Store) -> None:
    good = oci_layout(config(BASE), {BASE: "tar"})
    assert store.load(good).images
    for path in (store.data / "layers").iterdir():
        subprocess.run(["rm", "-r", path], check=True)
    subprocess.run(["rm", "-r", store.data / "blobs"], check=True)
    refused(store, good.replace(b"base", b"evil"), Kind.BAD_DIGEST)


def test_a_configuration_of_another_digest_than_its_name_is_refused(store: Store) -> None:
    refused(store, docker_archive(BASE, config=config(BASE).replace(b"true", b"evil")), Kind.BAD_DIGEST)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.7, 0.9])
def test_an_archive_that_was_cut_off_leaves_nothing(store: Store, share: float) -> None:
    content = docker_archive(tar(member("file", bytes(range(256)) * 4000)), TOP).rstrip(b"\0")
    refused(store, content[: int(len(content) * share)], Kind.BAD_ARCHIVE)


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        (b"[]", "no image"),
        (b"{", "not what it should be"),
        (b'[{"Config": "none.json", "RepoTags": [], "Layers": []}]', "no none.json"),
        (b'[{"Config": "c.json", "RepoTags": [], "Layers": []}]', "1 layers were expected"),
        (b'[{"Config": "c.json", "RepoTags": [], "Layers": ["nowhere"]}]', "no layer nowhere"),
        (b'[{"Config": "loop", "RepoTags": [], "Layers": ["loop"]}]', "nowhere"),
        (b'[{"Config": "text", "RepoTags": [], "Layers": ["a"]}]', "configuration was expected"),
    ],
)
def test_an_archive_that_contradicts_itself_is_refused(store: Store, manifest: bytes, words: str) -> None:
    content = tar(
        member("c.json", config(BASE)), member("text", b"?"), symlink("loop", "loop"), member("manifest.json", manifest)
    )
    assert words in refused(store, content, Kind.BAD_ARCHIVE)


def test_an_image_of_more_layers_than_an_overlay_takes_is_refused(store: Store) -> None:
    layers = [tar(member(str(number))) for number in range(128)]
    assert "127 layers" in refused(store, docker_archive(*layers), Kind.TOO_LARGE)
    assert len(store.load(docker_archive(*layers[:127])).images[0].layers) == 127


def test_a_tar_of_something_else_is_refused(store: Store) -> None:
    assert "neither manifest.json nor index.json" in refused(store, BASE, Kind.BAD_ARCHIVE)


def test_a_full_disk_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    """In a mount namespace of its own: a small file system that the archive does not fit in."""
    large = docker_archive(tar(member("file", bytes(range(256)) * 8192)))
    assert loaded_into(tmp_path, "3m", large) == "disk-full []"
    assert loaded_into(tmp_path, "30m", large) == "loaded"


def loaded_into(data: Path, size: str, content: bytes) -> str:
    """Load into a file system of that size, in a child; the failure's kind and what is left."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        syscalls.unshare(syscalls.CLONE_NEWNS)
        syscalls.mount(None, "/", None, syscalls.MS_REC | syscalls.MS_PRIVATE)
        syscalls.mount("tmpfs", str(data), "tmpfs", 0, f"size={size}")
        store = Store(data)
        try:
            store.load(content)
            answer = "loaded"
        except RuntimeFailure as failure:
            answer = f"{failure.kind} {store.left()}"
        os.write(write, answer.encode())
        os._exit(0)
    os.close(write)
    os.waitpid(pid, 0)
    with os.fdopen(read) as answers:
        return answers.read()


def test_what_is_saved_is_what_was_loaded(store: Store, tmp_path: Path) -> None:
    (image,) = store.load(docker_archive(BASE, TOP)).images
    target = tmp_path / "saved.tar"
    with target.open("wb") as file:
        saved = tasks.SavedImage(config=image.config, names=image.names, layers=image.layers)
        store.do(tasks.Save(data=str(store.data), images=(saved,)), tasks.Nothing, file.fileno())
    assert store.load(target.read_bytes(), image.layers).images == (image,)
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    subprocess.run(["tar", "-xf", target, "-C", unpacked], check=True)
    for content in (BASE, TOP, config(BASE, TOP)):
        assert (unpacked / "blobs/sha256" / digest(content)).read_bytes() == content
