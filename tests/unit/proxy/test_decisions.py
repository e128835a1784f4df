"""What the rules decide, as pure functions."""

from __future__ import annotations

from typing import Any

import pytest

from labrunner.engine.references import familiar
from labrunner.proxy.builds import built, step
from labrunner.proxy.call import Call, Refused
from labrunner.proxy.containers import label_volumes, named_volumes
from labrunner.proxy.endpoints import find_endpoint
from labrunner.proxy.filters import Filters, moment
from labrunner.proxy.images import change, is_id, labels_query
from labrunner.proxy.prunes import is_unused_image
from labrunner.proxy.scope import is_anonymous

ID = "sha256:" + "ab" * 32
LABELS = {"labrunner.image": "/home/me/push"}


@pytest.mark.parametrize(
    ("target", "version", "path"),
    [
        ("/v1.41/containers/json?all=1", "/v1.41", "/containers/json"),
        ("/_ping", "", "/_ping"),
        ("/v4.0.0/libpod/info", "/v4.0.0", "/libpod/info"),
        ("/v1.41/images/a%2Fb:1/json", "/v1.41", "/images/a/b:1/json"),
    ],
)
def test_call_is_read(target: str, version: str, path: str) -> None:
    call = Call.parse("GET", target)
    assert (call.version, call.path) == (version, path)
    assert Call.parse("GET", call.target) == call


@pytest.mark.parametrize(
    "target", ["//containers/prune", "/containers/../images/prune", "http://d/info", "*", "/a/%2e%2e/b"]
)
def test_path_of_two_meanings_is_refused(target: str) -> None:
    with pytest.raises(Refused, match="a path of the Docker API was expected"):
        Call.parse("POST", target)


@pytest.mark.parametrize(
    ("method", "path", "rule"),
    [
        ("GET", "/containers/json", "_pass"),
        ("GET", "/libpod/info", "_refuse"),
        ("GET", "/containers/a/attach/ws", "_hijack"),
        ("POST", "/containers/a/attach", "_hijack"),
        ("POST", "/containers/prune", "containers"),
        ("POST", "/containers/a/kill", "own"),
        ("DELETE", "/containers/a", "own"),
        ("DELETE", "/images/localhost:5055/a/b", "remove"),
        ("POST", "/images/localhost:5055/a/b/tag", "tag"),
        ("POST", "/images/a/push", "_pass"),
        ("POST", "/build/prune", "build_cache"),
        ("POST", "/swarm/init", "_refuse"),
        ("PUT", "/volumes/a", "_refuse"),
        ("PATCH", "/anything", "_refuse"),
    ],
)
def test_table_gives_each_call_its_rule(method: str, path: str, rule: str) -> None:
    """What is not in it is refused."""
    assert getattr(find_endpoint(Call(method, "", path)).rule, "__name__", "") == rule


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("nginx", "nginx:latest"),
        ("docker.io/library/nginx:1", "nginx:1"),
        ("docker.io/me/app", "me/app:latest"),
        ("localhost/app", "app:latest"),
        ("localhost:5055/me/app", "localhost:5055/me/app:latest"),
        (f"me/app:1@{ID}", f"me/app@{ID}"),
    ],
)
def test_references_are_compared_as_docker_lists_them(written: str, shown: str) -> None:
    assert familiar(written) == shown


def test_anonymous_volumes_become_labelled_mounts() -> None:
    """Those of the image and of the command; not where another mount lies, and named ones stay."""
    config: dict[str, Any] = {
        "Volumes": {"/asked": {}, "/bound/": {}},
        "HostConfig": {"Binds": ["named:/bound", "/host:/data"], "Tmpfs": {"/tmp": ""}},  # noqa: S108 - a mount's target
    }
    assert label_volumes(config, ["/data", "/image", "/tmp"], LABELS)  # noqa: S108 - as above
    assert [mount["Target"] for mount in config["HostConfig"]["Mounts"]] == ["/asked", "/image"]
    assert all(mount["VolumeOptions"]["Labels"] == LABELS for mount in config["HostConfig"]["Mounts"])
    assert config["Volumes"] == {"/bound/": {}}


def test_container_without_volumes_keeps_its_config() -> None:
    config: dict[str, Any] = {"HostConfig": {}}
    assert not label_volumes(config, [], LABELS)
    assert config == {"HostConfig": {}}


def test_named_volumes_are_those_of_binds_and_mounts() -> None:
    host = {
        "Binds": ["named:/a", "/host:/b", "./here:/c"],
        "Mounts": [
            {"Type": "volume", "Source": "other", "Target": "/d"},
            {"Type": "bind", "Source": "x", "Target": "/e"},
        ],
    }
    assert named_volumes(host) == ("named", "other")


@pytest.mark.parametrize(
    ("row", "identity"),
    [
        ({"aux": {"ID": ID}}, ID),
        ({"stream": ID + "\n"}, ID),
        ({"id": "moby.buildkit.trace", "aux": "Cm8K"}, None),
        ({"stream": " ---> 15443cbf70cb\n"}, None),
        ({"stream": f"RUN echo {ID}\n"}, None),
    ],
)
def test_build_says_what_it_made(row: dict[str, Any], identity: str | None) -> None:
    """By ``aux``, or by the only word of a quiet one; a program's output is no such word."""
    assert built(row) == identity


def test_build_says_its_steps() -> None:
    assert step({"stream": " ---> 15443cbf70cb\n"}) == "15443cbf70cb"
    assert step({"stream": " ---> Running in 33bc8269415d\n"}) is None
    assert step({"stream": "--> 15443cbf70c\n"}) == "15443cbf70c"
    assert step({"stream": f"--> Using cache {ID[7:]}\n"}) is None


def test_labels_join_those_of_the_build() -> None:
    call = labels_query(
        Call("POST", "", "/build", (("labels", '{"mine": "1"}'), ("t", "a"), ("t", "b"))), {"ours": "2"}
    )
    assert call.value("labels") == '{"mine": "1", "ours": "2"}'
    assert call.values("t") == ("a", "b")


def test_label_line_is_quoted() -> None:
    assert change({"k": 'a "b" $c'}) == r'LABEL "k"="a \"b\" \$c"'


def test_filters_are_read_in_both_shapes() -> None:
    assert Filters.parse('{"label":["a","b=1"],"dangling":{"false":true}}') == Filters(("a", "b=1"), dangling=False)
    assert Filters.parse("") == Filters()
    with pytest.raises(Refused, match="invalid filter 'name'"):
        Filters.parse('{"name":["x"]}')
    with pytest.raises(Refused, match="as a JSON object were expected"):
        Filters.parse("[1]")


def test_filters_match_labels_and_time() -> None:
    assert Filters(("a=1",), ("b",), until=10).match({"a": "1"}, 9)
    assert not Filters(("a=1",)).match({"a": "2"})
    assert not Filters(lacking=("a",)).match({"a": "2"})
    assert not Filters(until=10).match({}, 11)


@pytest.mark.parametrize(
    ("text", "seconds"), [("1000", 1000.0), ("1h30m", 94600.0), ("90s", 99910.0), ("1970-01-01T00:01:00+00:00", 60.0)]
)
def test_until_is_a_number_a_duration_or_a_date(text: str, seconds: float) -> None:
    assert moment(text, now=100000.0) == seconds


def test_until_that_is_no_time_is_refused() -> None:
    with pytest.raises(Refused, match="a time or a duration was expected"):
        moment("yesterday")


def test_prune_means_images_that_nothing_stands_on() -> None:
    """A pulled image, which has no label, stays even where all are asked for."""
    row = {"Id": ID, "RepoTags": ["<none>:<none>"], "Labels": None}
    assert is_unused_image(row, [row], (), every=False)
    assert not is_unused_image(row, [row], {ID}, every=False)
    for parent in (ID, ID.removeprefix("sha256:")):  # as Docker and as Podman write it
        assert not is_unused_image(row, [row, {"Id": "child", "ParentId": parent}], (), every=False)
    assert not is_unused_image({**row, "RepoTags": ["a:1"]}, [row], (), every=True)
    assert is_unused_image({**row, "RepoTags": ["a:1"], "Labels": LABELS}, [row], (), every=True)
    assert not is_unused_image({**row, "RepoTags": ["a:1"], "Labels": LABELS}, [row], (), every=False)


def test_names_and_ids_are_told_apart() -> None:
    assert is_id("abab", ID)
    assert is_id(ID, ID)
    assert not is_id("app", ID)
    assert is_anonymous("ab" * 32)
    assert not is_anonymous("data")
