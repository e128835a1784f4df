"""What ``docker save`` writes and ``docker load`` reads."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.image import NAME, add
from tests.contract.peer import Answer, Peer

TAR = {"Content-Type": "application/x-tar"}


def layer(name: str, content: bytes) -> bytes:
    """A tar of one file."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        add(archive, name, content, 0o644)
    return written.getvalue()


def archive(
    layers: list[bytes], *, diff_ids: list[str] | None = None, names: tuple[str, ...] = ("contract-loaded:v1",)
) -> bytes:
    """An image as ``docker save`` writes it."""
    told = diff_ids or [f"sha256:{hashlib.sha256(content).hexdigest()}" for content in layers]
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "created": "2026-01-01T00:00:00Z",
            "config": {"Cmd": ["true"], "Env": ["A=b"]},
            "history": [{"created": "2026-01-01T00:00:00Z", "created_by": f"layer {at}"} for at in range(len(layers))],
            "rootfs": {"type": "layers", "diff_ids": told},
        }
    ).encode()
    name = hashlib.sha256(config).hexdigest()
    manifest = [
        {"Config": f"{name}.json", "RepoTags": list(names), "Layers": [f"{at}/layer.tar" for at in range(len(layers))]}
    ]
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as whole:
        add(whole, f"{name}.json", config, 0o644)
        for at, content in enumerate(layers):
            add(whole, f"{at}/layer.tar", content, 0o644)
        add(whole, "manifest.json", json.dumps(manifest).encode(), 0o644)
    return written.getvalue()


def load(peer: Peer, content: bytes) -> Answer:
    """What the API says to it."""
    return peer.ask("POST", "/images/load?quiet=1", content, headers=TAR)


def test_what_was_saved_is_loaded_again(peer: Peer) -> None:
    """By name: the same ID, and it runs."""
    made = peer.start("sh", "-c", "echo kept >/kept")
    made.wait()
    image = made.commit("contract-saved", "v1")
    saved = peer.ask("GET", "/images/contract-saved:v1/get")
    assert (saved.status, saved.headers["Content-Type"]) == (200, "application/x-tar")
    made.remove()
    peer.client.images.remove("contract-saved:v1")
    answer = load(peer, saved.body)
    assert (answer.status, "Loaded image: contract-saved:v1" in answer.body.decode()) == (200, True)
    assert peer.client.images.get("contract-saved:v1").id == image.id
    again = peer.client.containers.create("contract-saved:v1", ["cat", "/kept"])
    again.start()
    again.wait()
    assert again.logs() == b"kept\n"


def test_saved_archive_can_be_read_by_others(peer: Peer) -> None:
    """A manifest, a configuration whose digest is the image's ID, layers whose digests it tells."""
    saved = peer.ask("GET", f"/images/get?names={NAME}").body
    with tarfile.open(fileobj=io.BytesIO(saved)) as whole:
        manifest = json.load(whole.extractfile("manifest.json") or io.BytesIO())
        assert manifest[0]["RepoTags"] == [NAME]
        config = (whole.extractfile(manifest[0]["Config"]) or io.BytesIO()).read()
        layers = [
            hashlib.sha256((whole.extractfile(name) or io.BytesIO()).read()).hexdigest()
            for name in manifest[0]["Layers"]
        ]
    image = peer.ask("GET", f"/images/{NAME}/json").json
    assert f"sha256:{hashlib.sha256(config).hexdigest()}" == image["Id"]
    assert (
        [f"sha256:{digest}" for digest in layers]
        == image["RootFS"]["Layers"]
        == json.loads(config)["rootfs"]["diff_ids"]
    )


def test_two_images_in_one_archive(peer: Peer) -> None:
    """Both come back."""
    peer.ask("POST", f"/images/{NAME}/tag?repo=contract-two&tag=v1")
    saved = peer.ask("GET", f"/images/get?names={NAME}&names=contract-two:v1")
    answer = load(peer, saved.body)
    assert "Loaded image: contract-two:v1" in answer.body.decode()
    assert f"Loaded image: {NAME}" in answer.body.decode()


def test_archive_is_read_by_the_docker_command(peer: Peer, tmp_path: Path) -> None:
    """``docker load`` and ``docker save``, also compressed."""
    content = archive([layer("one", b"1"), layer("two", b"22")])
    packed = tmp_path / "packed.tar.gz"
    packed.write_bytes(gzip.compress(content))
    done = peer.docker("load", "--input", str(packed))
    assert (done.returncode, "Loaded image: contract-loaded:v1" in done.stdout) == (0, True), done.stderr
    image = peer.ask("GET", "/images/contract-loaded:v1/json").json
    assert (len(image["RootFS"]["Layers"]), image["Size"], image["Config"]["Env"]) == (2, 3, ["A=b"])
    assert [row["CreatedBy"] for row in peer.ask("GET", "/images/contract-loaded:v1/history").json] == [
        "layer 1",
        "layer 0",
    ]
    saved = tmp_path / "saved.tar"
    assert peer.docker("save", "--output", str(saved), "contract-loaded:v1").returncode == 0
    assert load(peer, saved.read_bytes()).status == 200


def test_later_layer_hides_the_earlier_ones_files(peer: Peer) -> None:
    """Whiteouts of one file and of a whole folder (image-spec, layer.md)."""
    below = io.BytesIO()
    with tarfile.open(fileobj=below, mode="w") as made:
        for name in ("data/a", "data/b", "other/c"):
            add(made, name, name.encode(), 0o644)
    above = io.BytesIO()
    with tarfile.open(fileobj=above, mode="w") as made:
        add(made, "data/.wh.a", b"", 0o644)
        add(made, "other/.wh..wh..opq", b"", 0o644)
        add(made, "other/d", b"d", 0o644)
    base = (peer.ask("GET", f"/images/{NAME}/get")).body
    with tarfile.open(fileobj=io.BytesIO(base)) as whole:
        manifest = json.load(whole.extractfile("manifest.json") or io.BytesIO())
        programs = (whole.extractfile(manifest[0]["Layers"][0]) or io.BytesIO()).read()
    assert load(peer, archive([programs, below.getvalue(), above.getvalue()])).status == 200
    container = peer.client.containers.create(
        "contract-loaded:v1", ["/usr/bin/sh", "-c", "cd /; /usr/bin/ls data other"]
    )
    container.start()
    container.wait()
    assert container.logs() == b"data:\nb\n\nother:\nd\n"


def broken_digest() -> bytes:
    """A layer that is not the one that was meant."""
    return archive([layer("one", b"1")], diff_ids=["sha256:" + "0" * 64])


def truncated() -> bytes:
    """Half an archive."""
    whole = archive([layer("one", b"1" * 100000)])
    return whole[: len(whole) // 2]


def without_manifest() -> bytes:
    """A tar of something."""
    return layer("one", b"1")


def with_odd_manifest() -> bytes:
    """A manifest that names what is not there."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as whole:
        add(
            whole,
            "manifest.json",
            b'[{"Config": "nothing.json", "RepoTags": ["contract-loaded:v1"], "Layers": []}]',
            0o644,
        )
    return written.getvalue()


@pytest.mark.parametrize("make", [broken_digest, truncated, without_manifest, with_odd_manifest, lambda: b"no archive"])
def test_bad_archive_is_refused_and_nothing_stays(peer: Peer, make: Callable[[], bytes]) -> None:
    """In the answer's status or, as Docker does, in its body; the client ends with 1."""
    answer = load(peer, make())
    assert answer.status >= 400 or "errorDetail" in answer.body.decode(), answer.body
    assert len(peer.client.images.list(all=True)) == 1
    packed = peer.folder / "bad.tar"
    packed.write_bytes(make())
    done = peer.docker("load", "--input", str(packed))
    assert done.returncode == 1
    assert done.stderr.strip()


def test_import_of_no_archive_is_refused_and_nothing_stays(peer: Peer) -> None:
    """A truncated tar too."""
    for content in (b"no archive", layer("one", b"1" * 100000)[:5000]):
        answer = peer.ask("POST", "/images/create?fromSrc=-&repo=contract-bad", content, headers=TAR)
        assert answer.status >= 400 or "errorDetail" in answer.body.decode(), answer.body
    assert len(peer.client.images.list(all=True)) == 1


def test_save_of_what_is_not_there_is_refused(peer: Peer) -> None:
    """Status 404."""
    answer = peer.ask("GET", "/images/contract-nothing/get")
    assert (answer.status, answer.says) in {
        (404, "No such image: contract-nothing"), (404, "No such image: contract-nothing:latest"),
    }  # fmt: skip


def test_image_of_127_layers_runs(peer: Peer) -> None:
    """The most that an overlay's options of one page have place for; Docker takes 125."""
    if peer.is_docker:
        pytest.skip("Docker takes 125")
    base = (peer.ask("GET", f"/images/{NAME}/get")).body
    with tarfile.open(fileobj=io.BytesIO(base)) as whole:
        manifest = json.load(whole.extractfile("manifest.json") or io.BytesIO())
        programs = (whole.extractfile(manifest[0]["Layers"][0]) or io.BytesIO()).read()
    layers = [programs, *(layer(f"layer-{at}", b"x") for at in range(126))]
    answer = load(peer, archive(layers))
    assert "Loaded image" in answer.body.decode(), answer.body
    container = peer.client.containers.create(
        "contract-loaded:v1", ["/usr/bin/sh", "-c", "/usr/bin/ls / | /usr/bin/grep -c layer-"]
    )
    container.start()
    container.wait()
    assert container.logs() == b"126\n"
