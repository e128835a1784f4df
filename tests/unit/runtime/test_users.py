"""Docker's spellings of a user against a container's files, as Docker 20.10 answers them, and files that are traps."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.users import User, find

USERS = """\
root:x:0:0:root:/root:/bin/bash
games:x:5:60:games:/usr/games:/usr/sbin/nologin

www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
short:x:70:71
second:x:33:99:second of a number:/second:/bin/sh
games:x:99:99:second of a name:/second:/bin/sh
1000:x:2000:2000:a number for a name:/numbered:/bin/sh
homeless:x:72:72::somewhere:/bin/sh
"""
GROUPS = """\
root:x:0:
tty:x:5:www-data
disk:x:6:games,www-data
games:x:60:
short:x:71
twice:x:5:www-data
7000:x:7001:
"""
LARGE = 1 << 20

Find = Callable[..., User]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    etc = tmp_path / "root/etc"
    etc.mkdir(parents=True)
    (etc / "passwd").write_text(USERS)
    (etc / "group").write_text(GROUPS)
    return tmp_path / "root"


@pytest.fixture
def found(root: Path) -> Iterator[Find]:
    descriptor = os.open(root, os.O_PATH)
    yield lambda user, *groups: find(descriptor, user, groups)
    os.close(descriptor)


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("", User(0, 0, (0,), "/root")),
        ("0", User(0, 0, (0,), "/root")),
        ("root", User(0, 0, (0,), "/root")),
        ("www-data", User(33, 33, (33, 5, 6), "/var/www")),
        ("33", User(33, 33, (33, 5, 6), "/var/www")),
        ("+5", User(5, 60, (60, 6), "/usr/games")),
        ("05", User(5, 60, (60, 6), "/usr/games")),
        ("games", User(5, 60, (60, 6), "/usr/games")),
        ("www-data:6", User(33, 6, (6,), "/var/www")),
        ("www-data:tty", User(33, 5, (5,), "/var/www")),
        ("33:disk", User(33, 6, (6,), "/var/www")),
        ("1234", User(1234, 0, (0,), "/")),
        ("1234:4321", User(1234, 4321, (4321,), "/")),
        ("1000", User(1000, 0, (0,), "/")),
        ("0:7000", User(0, 7000, (7000,), "/root")),
        (":5", User(0, 5, (5,), "/root")),
        ("short:short", User(70, 71, (71,), "/")),
        ("homeless", User(72, 72, (72,), "/")),
        ("2147483647:2147483647", User(2147483647, 2147483647, (2147483647,), "/")),
    ],
)
def test_a_user_is_found_in_every_spelling(found: Find, user: str, expected: User) -> None:
    assert found(user) == expected


def test_groups_are_added_by_name_and_number(found: Find) -> None:
    assert found("5:6", "77", "tty", "6").groups == (6, 77, 5)
    assert found("www-data", "77").groups == (33, 5, 6, 77)


@pytest.mark.parametrize(
    ("user", "kind", "says"),
    [
        ("nosuch", Kind.NO_SUCH_USER, "unable to find user nosuch: no matching entries in passwd file"),
        ("root:nosuch", Kind.NO_SUCH_GROUP, "unable to find group nosuch: no matching entries in group file"),
        ("-1", Kind.NO_SUCH_USER, "uids and gids must be in range 0-2147483647"),
        ("2147483648", Kind.NO_SUCH_USER, "uids and gids must be in range 0-2147483647"),
        ("4294967295", Kind.NO_SUCH_USER, "uids and gids must be in range 0-2147483647"),
        ("4294967296", Kind.NO_SUCH_USER, "uids and gids must be in range 0-2147483647"),
        ("9" * 5000, Kind.NO_SUCH_USER, "uids and gids must be in range 0-2147483647"),
        ("0:-1", Kind.NO_SUCH_GROUP, "uids and gids must be in range 0-2147483647"),
        ("0:", Kind.NO_SUCH_USER, "a user is NAME, UID, NAME:GROUP or UID:GID, not 0:"),
        ("0:0:0", Kind.NO_SUCH_USER, "a user is NAME, UID, NAME:GROUP or UID:GID, not 0:0:0"),
        ("0::0", Kind.NO_SUCH_USER, "a user is NAME, UID, NAME:GROUP or UID:GID, not 0::0"),
        ("٣", Kind.NO_SUCH_USER, "unable to find user ٣: no matching entries in passwd file"),  # a digit, elsewhere
        ("0 ", Kind.NO_SUCH_USER, "unable to find user 0 : no matching entries in passwd file"),
    ],
)
def test_what_is_no_user_is_refused(found: Find, user: str, kind: Kind, says: str) -> None:
    with pytest.raises(RuntimeFailure) as refused:
        found(user)
    assert (refused.value.kind, refused.value.says) == (kind, says)


@pytest.mark.parametrize(
    ("group", "says"),
    [
        ("nosuch", "Unable to find group nosuch: no matching entries in group file"),
        ("-1", "uids and gids must be in range 0-2147483647"),
    ],
)
def test_what_is_no_group_is_not_added(found: Find, group: str, says: str) -> None:
    with pytest.raises(RuntimeFailure) as refused:
        found("root", group)
    assert (refused.value.kind, refused.value.says) == (Kind.NO_SUCH_GROUP, says)


@pytest.mark.parametrize("number", ["4294967295", "-1", "2147483648", "", "x", "1" * 5000, "3\0"])
def test_an_entry_with_a_number_that_is_none_is_no_entry(root: Path, found: Find, number: str) -> None:
    """setresuid(2) leaves the user root that is told to become -1."""
    with (root / "etc/passwd").open("a") as passwd:
        passwd.write(f"trap:x:{number}:0::/:/bin/sh\ntrap:x:0:{number}::/:/bin/sh\n")
    with (root / "etc/group").open("a") as group:
        group.write(f"trap:x:{number}:root\n")
    with pytest.raises(RuntimeFailure, match="unable to find user trap"):
        found("trap")
    assert found("root").groups == (0,)


def test_an_entry_that_no_environment_can_hold_is_no_entry(root: Path, found: Find) -> None:
    (root / "etc/passwd").write_text("trap:x:0:0::/a\0b:/bin/sh\nroot:x:0:0::/root:/bin/sh\n")
    assert found("0").home == "/root"


def test_a_container_without_the_files_has_root_and_numbers(root: Path, found: Find) -> None:
    for name in ("passwd", "group"):
        (root / "etc" / name).unlink()
    assert found("") == User(0, 0, (0,), "/")
    assert found("5:6") == User(5, 6, (6,), "/")
    (root / "etc").rmdir()
    (root / "etc").write_text("no folder")
    assert found("") == User(0, 0, (0,), "/")


def test_files_that_are_links_are_followed_inside_only(tmp_path: Path, root: Path, found: Find) -> None:
    (tmp_path / "outside").write_text("secret:x:0:0::/outside:/bin/sh\n")
    (root / "inside").write_text("secret:x:7:8::/inside:/bin/sh\n")
    (root / "outside").symlink_to("/inside")
    (root / "etc/passwd").unlink()
    for target in ("/outside", "../../../../outside", str(tmp_path / "outside")):
        (root / "etc/passwd").symlink_to(target)
        if target == str(tmp_path / "outside"):  # no such file below the root
            with pytest.raises(RuntimeFailure, match="unable to find user secret"):
                found("secret")
        else:
            assert found("secret") == User(7, 8, (8,), "/inside")
        (root / "etc/passwd").unlink()


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(LARGE + 1)


@pytest.mark.parametrize("trap", [_fifo, _loop, _huge, Path.mkdir])
@pytest.mark.parametrize("name", ["passwd", "group"])
def test_what_is_no_small_file_is_refused_at_once(
    root: Path, found: Find, trap: Callable[[Path], None], name: str
) -> None:
    """CVE-2024-9676: a FIFO that nobody writes to would block whoever opens it, and an endless file fill the memory."""
    (root / "etc" / name).unlink()
    trap(root / "etc" / name)
    with pytest.raises(RuntimeFailure, match=f"the container's /etc/{name} "):
        found("root")


def test_a_file_of_the_most_bytes_is_read(root: Path, found: Find) -> None:
    (root / "etc/passwd").write_text("last:x:9:9::/last:/bin/sh\n".rjust(LARGE, "\n"))
    assert found("last").home == "/last"
