"""Images: imported, tagged, listed, inspected, committed, removed."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
from urllib.parse import quote

import pytest

from tests.contract.image import NAME, add
from tests.contract.peer import Answer, Peer

TAR = {"Content-Type": "application/x-tar"}


def small_root() -> bytes:
    """A tar of one file."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        add(archive, "only", b"abc", 0o644)
    return written.getvalue()


def import_small(peer: Peer, query: str) -> Answer:
    """Import that tar."""
    return peer.ask("POST", f"/images/create?fromSrc=-&{query}", small_root(), headers=TAR)


def test_import_makes_an_image_of_one_layer(peer: Peer) -> None:
    """With what ``changes`` say, and a comment."""
    changes = "&".join(f"changes={quote(change)}" for change in ("CMD x y", "ENV A=b", 'ENTRYPOINT ["e"]', "LABEL l=m"))
    answer = import_small(peer, f"repo=contract-small&tag=v1&message=hello&{changes}")
    assert answer.status == 200
    name = answer.json["status"]
    image = peer.ask("GET", "/images/contract-small:v1/json").json
    assert (image["Id"], image["RepoTags"], image["Comment"]) == (name, ["contract-small:v1"], "hello")
    config = image["Config"]
    assert (config["Cmd"], config["Env"], config["Entrypoint"], config["Labels"]) == (
        ["/bin/sh", "-c", "x y"], ["A=b"], ["e"], {"l": "m"},
    )  # fmt: skip
    assert (image["Os"], image["Size"], image["RootFS"]["Type"]) == ("linux", 3, "layers")
    assert len(image["RootFS"]["Layers"]) == 1
    assert image["Architecture"] in {"amd64", "arm64"}


def test_import_takes_every_compression(peer: Peer) -> None:
    """Told by its first bytes; the layer is the same."""
    plain = small_root()
    layers = set()
    for number, content in enumerate((plain, gzip.compress(plain), bz2.compress(plain), lzma.compress(plain))):
        path = f"/images/create?fromSrc=-&repo=contract-small&tag=v{number}"
        answer = peer.ask("POST", path, content, headers=TAR)
        assert answer.status == 200, answer.body
        layers.add(peer.ask("GET", f"/images/contract-small:v{number}/json").json["RootFS"]["Layers"][0])
    assert len(layers) == 1


def test_import_without_a_name_makes_a_dangling_image(peer: Peer) -> None:
    """Listed as one, and pruned."""
    name = import_small(peer, "").json["status"]
    dangling = "/images/json?filters=" + quote('{"dangling":["true"]}')
    assert [row["Id"] for row in peer.ask("GET", dangling).json] == [name]
    pruned = peer.ask("POST", "/images/prune").json
    assert {"Deleted": name} in pruned["ImagesDeleted"]
    assert peer.ask("GET", dangling).json == []


def test_tag_gives_one_more_name(peer: Peer) -> None:
    """A name that another image had moves."""
    first = import_small(peer, "repo=contract-small&tag=v1").json["status"]
    assert peer.ask("POST", f"/images/{NAME}/tag?repo=contract-small&tag=v1").status == 201
    moved = peer.ask("GET", "/images/contract-small:v1/json").json
    assert moved["Id"] == peer.client.images.get(NAME).id
    assert moved["RepoTags"] == ["contract-small:v1", NAME] or moved["RepoTags"] == [NAME, "contract-small:v1"]
    assert not peer.ask("GET", f"/images/{first}/json").json["RepoTags"]


@pytest.mark.parametrize("name", ["contract-a/b", "localhost:5000/contract", "registry.example/deep/contract:v1.0_x-y"])
def test_names_of_every_shape(peer: Peer, name: str) -> None:
    """With a path, a host and its port; ``latest`` where no tag is told; long forms of the hub are its short ones."""
    repository, _, tag = name.rpartition(":") if ":v" in name else (name, "", "latest")
    assert peer.ask("POST", f"/images/{NAME}/tag?repo={repository}&tag={tag}").status == 201
    assert f"{repository}:{tag}" in peer.ask("GET", f"/images/{name}/json").json["RepoTags"]
    assert peer.ask("GET", f"/images/docker.io/library/{NAME}/json").json["RepoTags"]


def test_list_has_what_images_shows(peer: Peer) -> None:
    """Sizes, times, names; newest first."""
    name = import_small(peer, "repo=contract-small&tag=v1").json["status"]
    rows = peer.ask("GET", "/images/json").json
    assert [row["RepoTags"] for row in rows] == [["contract-small:v1"], [NAME]]
    row = rows[0]
    assert (row["Id"], row["Size"], row["Containers"], row["SharedSize"], row["ParentId"]) == (name, 3, -1, -1, "")
    assert isinstance(row["Created"], int)


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"reference": ["contract*"]}, 2),
        ({"reference": ["contract-small"]}, 1),
        ({"reference": ["*:v1"]}, 1),
        ({"reference": ["other"]}, 0),
        ({"label": ["l=m"]}, 1),
        ({"label": ["l"]}, 1),
        ({"dangling": ["true"]}, 0),
        ({"since": ["contract"]}, 1),
        ({"before": ["contract-small:v1"]}, 1),
    ],
)
def test_filters_choose_images(peer: Peer, filters: dict[str, list[str]], count: int) -> None:
    """By pattern, label, and age."""
    import_small(peer, "repo=contract-small&tag=v1&changes=LABEL%20l=m")
    assert len(peer.ask("GET", f"/images/json?filters={quote(json.dumps(filters))}").json) == count


def test_commit_makes_an_image_of_what_was_written(peer: Peer) -> None:
    """A layer above the image's; deletions stay deleted; settings are the container's and the request's."""
    script = "echo new >/made; rm /desk/not-executable; mkdir /folder; ln -s /made /link; chmod 640 /made"
    container = peer.start("sh", "-c", script, environment={"A": "b"})
    container.wait()
    image = container.commit(
        "contract-made", "v1", message="hi", author="me", changes=["LABEL x=y", 'CMD ["cat", "/link"]']
    )
    told = peer.ask("GET", "/images/contract-made:v1/json").json
    base = peer.ask("GET", f"/images/{NAME}/json").json
    assert (told["Id"], told["Parent"], told["Comment"], told["Author"]) == (image.id, base["Id"], "hi", "me")
    assert told["RootFS"]["Layers"][:-1] == base["RootFS"]["Layers"]
    assert (told["Config"]["Labels"], "A=b" in told["Config"]["Env"]) == ({"x": "y"}, True)
    made = peer.client.containers.create("contract-made:v1")
    made.start()
    made.wait()
    assert made.logs() == b"new\n"
    again = peer.client.containers.create("contract-made:v1", ["sh", "-c", "ls /desk; stat -c %a /made; ls -d /folder"])
    again.start()
    again.wait()
    assert again.logs() == b"640\n/folder\n"


def test_commit_of_a_running_container(peer: Peer) -> None:
    """It runs on."""
    container = peer.start("sh", "-c", "echo x >/made; exec sleep 1000")
    container.commit("contract-made", "v1")
    container.reload()
    assert container.status == "running"


def test_history_tells_each_layer(peer: Peer) -> None:
    """Newest first, with names where an image has them."""
    container = peer.start("sh", "-c", "head -c 1000 /dev/zero >/made")
    container.wait()
    image = container.commit("contract-made", "v1", message="second")
    rows = peer.ask("GET", "/images/contract-made:v1/history").json
    assert [(row["Tags"], row["Comment"]) for row in rows] == [
        (["contract-made:v1"], "second"),
        ([NAME], "Imported from -"),
    ]
    assert (rows[0]["Id"], rows[0]["Size"]) == (image.id, 1000)
    assert rows[0]["CreatedBy"] == "sh -c head -c 1000 /dev/zero >/made"
    assert rows[1]["Size"] > 1 << 20


def test_remove_takes_a_name_and_then_the_image(peer: Peer) -> None:
    """Each thing that goes is told."""
    name = import_small(peer, "repo=contract-small&tag=v1").json["status"]
    layer = peer.ask("GET", f"/images/{name}/json").json["RootFS"]["Layers"][0]
    peer.ask("POST", f"/images/{name}/tag?repo=contract-small&tag=v2")
    assert peer.ask("DELETE", "/images/contract-small:v1").json == [{"Untagged": "contract-small:v1"}]
    assert peer.ask("DELETE", "/images/contract-small:v2").json == [
        {"Untagged": "contract-small:v2"}, {"Deleted": name}, {"Deleted": layer},
    ]  # fmt: skip
    assert peer.ask("GET", f"/images/{name}/json").status == 404


def test_image_in_use_is_not_removed(peer: Peer) -> None:
    """Status 409; by force its name only, and the container runs on."""
    container = peer.create("sleep", "1000")
    image = peer.client.images.get(NAME)
    short, used = str(container.id)[:12], str(image.id).removeprefix("sha256:")[:12]
    refused = peer.ask("DELETE", "/images/contract")
    says = 'conflict: unable to remove repository reference "contract" (must force)'
    using = f"container {short} is using its referenced image {used}"
    assert (refused.status, refused.says) == (409, f"{says} - {using}")
    by_id = peer.ask("DELETE", f"/images/{used}")
    assert by_id.status == 409
    assert short in by_id.says


def test_image_with_two_names_is_not_removed_by_id(peer: Peer) -> None:
    """Status 409 and what to do."""
    name = import_small(peer, "repo=contract-small&tag=v1").json["status"]
    peer.ask("POST", f"/images/{name}/tag?repo=contract-other&tag=v2")
    short = name.removeprefix("sha256:")[:12]
    refused = peer.ask("DELETE", f"/images/{short}")
    assert (refused.status, refused.says) == (
        409, f"conflict: unable to delete {short} (must be forced) - image is referenced in multiple repositories",
    )  # fmt: skip
    assert peer.ask("DELETE", f"/images/{short}?force=1").status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", ""), ("POST", "/tag?repo=contract-x&tag=y"), ("GET", "/history")],
)
def test_image_that_is_not_there(peer: Peer, method: str, path: str) -> None:
    """Status 404 with the tag that was not told."""
    answer = peer.ask(method, f"/images/contract-nothing{path}")
    assert (answer.status, answer.says) == (404, "No such image: contract-nothing:latest")


def test_image_that_is_not_there_to_inspect(peer: Peer) -> None:
    """The older Docker says it twice."""
    answer = peer.ask("GET", "/images/contract-nothing/json")
    assert answer.status == 404
    assert answer.says.endswith("No such image: contract-nothing:latest")


@pytest.mark.parametrize(
    ("repo", "says"),
    [
        ("repo=UPPER", "must be lowercase"),
        ("repo=contract-x&tag=c:d", "invalid tag format"),
        ("repo=a%20b", "invalid reference format"),
        (f"repo={'a' * 64}", "cannot specify 64-byte hexadecimal strings"),
    ],
)
def test_reference_that_is_none_is_refused(peer: Peer, repo: str, says: str) -> None:
    """For tag, import and commit; status 400, where the older Docker says 500."""
    container = peer.create("true")
    answers = [
        peer.ask("POST", f"/images/{NAME}/tag?{repo}"),
        import_small(peer, repo),
        peer.ask("POST", f"/commit?container={container.id}&{repo}"),
    ]
    for answer in answers:
        assert answer.status == 400 or (answer.status == 500 and peer.kind == "docker-20.10")
        assert says in answer.says, answer.says


def test_change_that_is_none_is_refused(peer: Peer) -> None:
    """Status 400, for import and commit; nothing is made."""
    container = peer.create("true")
    for answer in (
        import_small(peer, "repo=contract-x&changes=odd"),
        peer.ask("POST", f"/commit?container={container.id}&repo=contract-x&changes=odd"),
    ):
        assert answer.status == 400
        assert "odd is not a valid change command" in answer.says or "unknown instruction: odd" in answer.says.lower()
    assert peer.ask("GET", "/images/contract-x/json").status == 404


def test_pull_says_where_images_come_from(peer: Peer) -> None:
    """Without a network or a hub: refused or failed, in words."""
    answer = peer.ask("POST", "/images/create?fromImage=contract-nothing&tag=latest")
    assert answer.status >= 400
    assert answer.says
