"""Users that are no users, and account files that are traps."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from docker.models.containers import Container

from tests.contract.peer import Answer, Peer, beside
from tests.contract.waiting import until

ODD = ("-1", "0:", "0:0:0", "0::0", "4294967295", "4294967296", "2147483648", "0:-1", "root:", "nobody:x:y")
#: As Docker 20.10 answers to a detached exec.
REFUSED = 500


def executed(peer: Peer, container: Container, user: str) -> Answer:
    """What the engine says to an exec that nobody attaches to; with streams the refusal would be in them."""
    made = peer.ask("POST", f"/containers/{container.id}/exec", {"Cmd": ["touch", "/was-run"], "User": user})
    if made.status != 201:
        return made
    return peer.ask("POST", f"/exec/{made.json['Id']}/start", {"Detach": True, "Tty": False})


@pytest.mark.parametrize("user", ODD)
def test_exec_as_an_odd_user_is_refused(peer: Peer, user: str) -> None:
    """setresuid(2) leaves root what it is told to make -1: a lax parser makes ``-u -1`` root. The control: root is."""
    container = peer.start("sleep", "1000")
    assert executed(peer, container, "root").status == 200
    until(lambda: "was-run" in beside(container, "ls", "/"))
    beside(container, "rm", "/was-run")
    refused = executed(peer, container, user)
    assert refused.status == REFUSED, refused.body
    assert "was-run" not in beside(container, "ls", "/")


def test_an_entry_of_a_user_minus_one_is_nobodys(peer: Peer) -> None:
    """The same trap, laid in the image. The control: an entry with another number is followed."""
    container = peer.start("sleep", "1000")
    line = "echo trap:x:{}:0::/:/bin/sh >>/etc/passwd"
    beside(container, "sh", "-c", line.format(4294967295))
    assert container.exec_run(["id", "-u"], user="trap").exit_code != 0
    beside(container, "sh", "-c", line.format(0))
    assert container.exec_run(["id", "-u"], user="trap").exit_code == 0


@pytest.mark.parametrize("name", ["passwd", "group"])
def test_account_files_that_are_fifos_block_nobody(peer: Peer, tmp_path: Path, name: str) -> None:
    """CVE-2024-9676. The control: whoever just opens a FIFO waits until somebody writes."""
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run(["cat", tmp_path / "fifo"], timeout=0.5, check=False)
    container = peer.start("sleep", "1000")
    beside(container, "sh", "-c", f"rm /etc/{name} && mknod /etc/{name} p")
    refused = executed(peer, container, "root")
    assert refused.status == REFUSED
    assert f"/etc/{name} is to be a file" in refused.says
    assert peer.ask("GET", "/_ping").status == 200


def test_account_files_that_are_links_lead_nowhere_else(peer: Peer, tmp_path: Path) -> None:
    """The control: the link's target is there for who follows it on the host, and names the user."""
    outside = tmp_path / "passwd"
    outside.write_text("outsider:x:0:0::/:/bin/sh\n")
    tmp_path.chmod(0o755)
    container = peer.start("sleep", "1000")
    beside(container, "ln", "-sf", f"/../../..{outside}", "/etc/passwd")
    assert "outsider" in outside.read_text()
    refused = container.exec_run(["id"], user="outsider")
    assert refused.exit_code != 0
    assert b"uid=" not in refused.output
