"""What a container's first process gets: arguments, environment, user, folder, names, limits of its own."""

from __future__ import annotations

import pytest
from docker.types import Ulimit

from tests.contract.image import NAME
from tests.contract.peer import Peer, beside
from tests.contract.waiting import until


@pytest.mark.parametrize(
    ("entrypoint", "command", "says"),
    [
        (None, ["echo", "a  b", "$HOME"], "a  b $HOME\n"),
        (["echo", "-n"], ["x"], "x"),
        (["echo", "alone"], None, "alone\n"),
        ("echo in words", ["x"], "in words x\n"),
    ],
)
def test_entrypoint_comes_before_the_command(
    peer: Peer, entrypoint: list[str] | str | None, command: list[str] | None, says: str
) -> None:
    """Word by word, without a shell; an entrypoint of the request drops the image's command."""
    assert peer.output(*(command or []), entrypoint=entrypoint) == says


def test_image_gives_what_the_request_leaves_out(peer: Peer) -> None:
    """Command, environment, folder, user and labels; the request's are added or win."""
    changes = ['CMD ["sh", "-c", "echo $A $B; pwd"]', "ENV A=image B=image", "WORKDIR /desk", "LABEL of=image"]
    arguments = [word for change in changes for word in ("--change", change)]
    made = peer.create("true")
    assert peer.docker("commit", *arguments, str(made.id), "contract-given").returncode == 0
    container = peer.client.containers.create("contract-given", environment={"B": "own"}, labels={"more": "own"})
    container.start()
    container.wait()
    assert container.logs() == b"image own\n/desk\n"
    assert container.labels == {"of": "image", "more": "own"}


def test_environment_is_whole_and_nothing_of_the_engines(peer: Peer) -> None:
    """PATH of the image, HOME of the user, HOSTNAME, and what the request says."""
    out = peer.output("env", environment={"A": "1", "EMPTY": "", "LINES": "a\nb"}, hostname="contract-host")
    assert set(out.splitlines()) == {
        "A=1", "EMPTY=", "LINES=a", "b", "PATH=/usr/bin", "HOME=/root", "HOSTNAME=contract-host",
    }  # fmt: skip
    assert "TERM=xterm" in peer.output("env", tty=True)


@pytest.mark.parametrize(
    ("user", "says"),
    [
        ("", "0:0:0 /root"),
        ("root", "0:0:0 /root"),
        ("learner", "1000:1001:1001,1002 /home/learner"),
        ("1000", "1000:1001:1001,1002 /home/learner"),
        ("1000:1002", "1000:1002:1002 /home/learner"),
        ("learner:helpers", "1000:1002:1002 /home/learner"),
        (":1002", "0:1002:1002 /root"),
        ("4321", "4321:0:0 /"),
        ("4321:5432", "4321:5432:5432 /"),
    ],
)
def test_user_in_every_spelling(peer: Peer, user: str, says: str) -> None:
    """Looked up in the container's own files; with a single ID every process stays root, but HOME is right."""
    told = peer.output("sh", "-c", 'echo $(id -u):$(id -g):$(id -G | tr " " ,) $HOME', user=user).strip()
    if peer.is_single:
        says = f"0:0:0 {says.split()[1]}"
    assert told == says


def test_more_groups_are_added(peer: Peer) -> None:
    """``--group-add``, by number and by name."""
    told = peer.output("id", "-G", user="learner", group_add=["7777", "helpers"]).split()
    assert peer.is_single or set(told) == {"1001", "1002", "7777"}


def test_working_folder_is_made_where_it_is_missing(peer: Peer) -> None:
    """And the process starts in it."""
    assert peer.output("pwd", working_dir="/new/deep") == "/new/deep\n"
    assert peer.output("pwd") == "/\n"


def test_hostname_is_the_short_id_or_the_requests(peer: Peer) -> None:
    """In the UTS namespace, in /etc/hostname, and named in /etc/hosts."""
    container = peer.start("sh", "-c", "hostname; cat /etc/hostname")
    container.wait()
    short = str(container.id)[:12]
    assert container.logs().decode() == f"{short}\n{short}\n"
    told = peer.output("sh", "-c", "hostname; cat /etc/hosts", hostname="contract-host", domainname="example")
    assert told.startswith("contract-host\n")
    assert "127.0.0.1\tlocalhost\n" in told


def test_hosts_of_the_request_are_in_etc_hosts(peer: Peer) -> None:
    """``--add-host``."""
    told = peer.output("cat", "/etc/hosts", extra_hosts={"other": "10.1.2.3"}, network_mode=None)
    assert "10.1.2.3\tother\n" in told


def test_labels_come_back(peer: Peer) -> None:
    """Odd ones too."""
    labels = {"plain": "x", "empty": "", "with space": "ä=b"}
    assert peer.create("true", labels=labels).labels == labels


def test_terminal_is_the_containers_own(peer: Peer) -> None:
    """/dev/console is it, it is the controlling one, and standard error goes there too."""
    script = "tty; test -c /dev/console && echo console; echo err >&2; stty -a | grep -o isig; ps -o tty= -p 1"
    assert peer.output("sh", "-c", script, tty=True) == "/dev/pts/0\r\nconsole\r\nerr\r\nisig\r\npts/0\r\n"


def test_standard_input_without_the_wish_for_it_is_empty(peer: Peer) -> None:
    """A program that reads ends at once."""
    assert peer.output("sh", "-c", "cat; echo end; readlink /proc/self/fd/0") == "end\n/dev/null\n"


def test_init_reaps_and_hands_signals_on(peer: Peer) -> None:
    """``--init`` is process 1, orphans do not stay, and the code is the child's."""
    container = peer.start(
        "sh", "-c", "test $$ != 1 && (sleep 0.1 & ) ; sleep 0.4; ps -e -o stat= | grep -c Z; exit 5", init=True
    )
    assert container.wait()["StatusCode"] == 5
    assert container.logs() == b"0\n"
    waits = peer.start("sh", "-c", "trap 'exit 6' TERM; echo ready; while :; do sleep 0.05; done", init=True)
    until(lambda: b"ready" in waits.logs())
    waits.stop(timeout=20)
    assert waits.wait()["StatusCode"] == 6


def test_ulimits_hold(peer: Peer) -> None:
    """Soft and hard."""
    limits = [Ulimit(name="nofile", soft=100, hard=200), Ulimit(name="core", soft=0, hard=0)]
    told = peer.output("bash", "-c", "ulimit -Sn; ulimit -Hn; ulimit -c", ulimits=limits)
    assert told == "100\n200\n0\n"


def test_no_descriptor_of_the_engine_is_open(peer: Peer) -> None:
    """Standard ones only, in the first process and in an exec."""
    container = peer.start("sleep", "1000")
    assert beside(container, "ls", "/proc/1/fd").split() == ["0", "1", "2"]
    own = beside(container, "ls", "/proc/self/fd").split()
    assert own == ["0", "1", "2", "3"]  # the last one is the folder that ls reads


def test_umask_and_signals_are_as_at_a_login(peer: Peer) -> None:
    """Nothing that the engine ignores is ignored inside."""
    told = peer.output("sh", "-c", "umask; grep -E '^Sig(Ign|Blk)' /proc/self/status").split()
    assert told[0] == "0022"
    # 32 and 33 are the C library's own, and GNU make hands the first on blocked to what it starts.
    assert [int(told[at], 16) & ~(3 << 31) for at in (2, 4)] == [0, 0]


def test_process_runs_the_image_by_id_too(peer: Peer) -> None:
    """By full and short ID, and by name with the default tag."""
    image = peer.client.images.get(NAME)
    for spelling in (str(image.id), str(image.id).removeprefix("sha256:")[:12], NAME.removesuffix(":latest")):
        container = peer.client.containers.create(spelling, ["true"])
        assert (container.attrs["Image"], container.attrs["Config"]["Image"]) == (image.id, spelling)
