"""The real docker command, as a learner or a script uses it, without a terminal."""

from __future__ import annotations

import json

from tests.contract.peer import Peer
from tests.contract.waiting import until

QUIET = ("--network", "none")


def test_run_gives_streams_and_code(peer: Peer) -> None:
    """Input in, output and error apart, the process's own code."""
    script = "cat; echo err >&2; exit 9"
    done = peer.docker("run", "--rm", "-i", *QUIET, "contract", "sh", "-c", script, given="given\n")
    assert (done.returncode, done.stdout, done.stderr) == (9, "given\n", "err\n")
    until(lambda: peer.client.containers.list(all=True) == [])


def test_run_of_what_ends_at_once_loses_nothing(peer: Peer) -> None:
    """Twenty times: the output of a process that is over before the client looks."""
    for number in range(3 if peer.is_docker else 20):
        done = peer.docker("run", "--rm", *QUIET, "contract", "echo", str(number))
        assert (done.returncode, done.stdout) == (0, f"{number}\n"), done


def test_detached_run_prints_the_id(peer: Peer) -> None:
    """And ``ps``, ``stop``, ``rm`` know it by name."""
    done = peer.docker("run", "--detach", "--name", "contract-cli", *QUIET, "contract", "sleep", "1000")
    container = peer.client.containers.get("contract-cli")
    assert done.stdout == f"{container.id}\n"
    shown = peer.docker("ps", "--no-trunc", "--format", "{{.ID}} {{.Image}} {{.Command}} {{.State}} {{.Names}}").stdout
    assert shown == f'{container.id} contract "sleep 1000" running contract-cli\n'
    assert "Up " in peer.docker("ps").stdout
    assert peer.docker("stop", "--time", "0", "contract-cli").stdout == "contract-cli\n"
    assert "Exited (137)" in peer.docker("ps", "--all").stdout
    assert peer.docker("rm", "contract-cli").stdout == "contract-cli\n"
    assert peer.docker("ps", "--all", "--quiet").stdout == ""


def test_life_by_commands(peer: Peer) -> None:
    """create, start, exec, top, rename, restart, kill, wait, inspect, logs."""
    made = peer.docker(
        "create", "--name", "contract-cli", *QUIET, "contract", "sh", "-c", "echo begun; exec sleep 1000"
    )
    assert made.returncode == 0, made.stderr
    assert peer.docker("start", "contract-cli").stdout == "contract-cli\n"
    assert peer.docker(
        "exec", "--env", "A=b", "--workdir", "/desk", "contract-cli", "sh", "-c", "echo $A; pwd"
    ).stdout == ("b\n/desk\n")
    assert "sleep 1000" in peer.docker("top", "contract-cli").stdout
    assert peer.docker("rename", "contract-cli", "contract-new").returncode == 0
    assert peer.docker("restart", "--time", "0", "contract-new").returncode == 0
    assert peer.docker("logs", "contract-new").stdout == "begun\nbegun\n"
    assert peer.docker("kill", "contract-new").returncode == 0
    assert peer.docker("wait", "contract-new").stdout == "137\n"
    shown = peer.docker(
        "inspect", "--format", "{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}", "contract-new"
    )
    assert shown.stdout == "exited 137 0\n"


def test_exec_ends_with_the_processs_code(peer: Peer) -> None:
    """And passes input, end of input and both streams."""
    peer.start("sleep", "1000", name="contract-cli")
    done = peer.docker("exec", "-i", "contract-cli", "sh", "-c", "cat; echo err >&2; exit 4", given="given\n")
    assert (done.returncode, done.stdout, done.stderr) == (4, "given\n", "err\n")
    assert peer.docker("exec", "--detach", "contract-cli", "touch", "/desk/made").returncode == 0
    until(lambda: peer.docker("exec", "contract-cli", "ls", "/desk/made").returncode == 0)


def test_images_by_commands(peer: Peer) -> None:
    """tag, images, history, inspect, commit, rmi."""
    assert peer.docker("tag", "contract", "contract-cli:v1").returncode == 0
    shown = peer.docker("images", "--format", "{{.Repository}}:{{.Tag}}").stdout.split()
    assert sorted(shown) == ["contract-cli:v1", "contract:latest"]
    assert "Imported from -" in peer.docker("history", "contract").stdout
    told = json.loads(peer.docker("image", "inspect", "contract").stdout)
    assert told[0]["Config"]["Cmd"] == ["sh"]
    assert peer.docker("rmi", "contract-cli:v1").stdout == "Untagged: contract-cli:v1\n"


def test_version_and_info_are_shown(peer: Peer) -> None:
    """Without a warning that something could not be read."""
    version = peer.docker("version", "--format", "{{.Server.Version}}")
    assert (version.returncode, bool(version.stdout.strip())) == (0, True)
    info = peer.docker("info", "--format", "{{json .}}")
    assert info.returncode == 0
    assert "ServerErrors" not in json.loads(info.stdout)


def test_events_are_shown_as_they_happen(peer: Peer) -> None:
    """``docker events`` until a time."""
    peer.docker("run", "--rm", *QUIET, "contract", "true")
    shown = peer.docker("events", "--since", "30s", "--until", "0s", "--format", "{{.Action}}").stdout.split()
    assert {"create", "start", "die", "destroy"} <= set(shown)


def test_errors_are_the_engines_words(peer: Peer) -> None:
    """With the code of a command that failed."""
    for command in ("stop", "rm", "start", "logs", "inspect"):
        done = peer.docker(command, "contract-nothing")
        assert done.returncode == 1
        assert "contract-nothing" in done.stderr
    assert peer.docker("run", "--pull", "never", "contract-nothing").returncode == 125


def test_run_writes_its_id_and_reads_its_variables(peer: Peer) -> None:
    """``--cidfile`` and ``--env-file``: all that scripts use."""
    (peer.folder / "variables").write_text("A=of a file\n")
    cidfile = peer.folder / "cid"
    cidfile.unlink(missing_ok=True)
    command = ("run", "--cidfile", str(cidfile), "--env-file", str(peer.folder / "variables"), *QUIET, "contract")
    done = peer.docker(*command, "sh", "-c", "echo $A")
    assert done.stdout == "of a file\n"
    assert peer.client.containers.get(cidfile.read_text()).status == "exited"
