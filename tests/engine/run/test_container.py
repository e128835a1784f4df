"""What a container's first process sees, and what is told of its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from labrunner.runtime import folder, identity, log
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.modes import Mode
from labrunner.runtime.spec import Bind, Limits, Network, Rlimit, Tmpfs
from tests.engine.harness import Runtime


def sh(running: Runtime, script: str, **fields: object) -> tuple[int, str]:
    """Run a shell's script as a container's first process; both its outputs are one."""
    return running.create("sh", "-c", f"exec 2>&1; {script}", **fields).run()  # type: ignore[arg-type] # a container's fields


def test_exit_code_and_both_outputs_are_kept(running: Runtime) -> None:
    container = running.create("sh", "-c", "echo out; echo err >&2; exit 7")
    assert container.run()[0] == 7
    found = {(record.stream, record.content) for record in log.read(Path(container.spec.folder, folder.LOG))}
    assert found == {(1, b"out\n"), (2, b"err\n")}


def test_a_signal_ends_it_as_a_shell_counts(running: Runtime) -> None:
    # In a PID namespace only a child can be ended by itself: the first process is immune to its own signals.
    assert sh(running, "sh -c 'kill -TERM $$'") == (143, "Terminated\n")


def test_it_is_the_first_process_and_sees_no_other(running: Runtime) -> None:
    assert sh(running, "echo $$; echo /proc/[0-9]*") == (0, "1\n/proc/1\n")


def test_names_are_the_containers(running: Runtime) -> None:
    code, output = sh(running, "uname -n; cat /etc/hostname /etc/hosts /etc/resolv.conf")
    assert (code, output) == (0, "box\nhostname of the test\nhosts of the test\nresolv.conf of the test\n")


def test_loopback_is_up_and_alone(running: Runtime) -> None:
    code, output = sh(running, "tail -n +3 /proc/net/dev; cat /proc/net/fib_trie")
    assert code == 0
    assert output.splitlines()[0].split(":")[0].strip() == "lo"
    assert "127.0.0.1" in output


def test_the_hosts_network_is_seen_where_it_was_asked_for(running: Runtime) -> None:
    namespace = str(Path("/proc/self/ns/net").readlink())
    assert sh(running, "readlink /proc/self/ns/net", network=Network.HOST) == (0, f"{namespace}\n")


def test_what_it_writes_is_in_its_upper_folder_only(running: Runtime) -> None:
    container = running.create("sh", "-c", "echo new > /new; rm /etc/group; rm -r /home; mkdir /home; ls -A /home")
    assert container.run() == (0, "")
    assert Path(container.spec.rootfs.upper, "new").read_text() == "new\n"
    assert (running.data / "layers/a/etc/group").exists()


def test_a_copied_root_needs_no_overlay(running: Runtime) -> None:
    spec = running.copied("sh", "-c", "cat /etc/marked; ls -d /proc/1")
    Path(spec.rootfs.upper, "etc/marked").write_text("copied\n")
    assert running.fork(spec).run() == (0, "copied\n/proc/1\n")


def test_devices_are_the_usual_ones_and_work(running: Runtime) -> None:
    code, output = sh(running, "ls -m /dev; echo x > /dev/null; head -c 3 /dev/zero | wc -c; echo y > /dev/stdout")
    names = "core, fd, full, mqueue, null, ptmx, pts, random, shm, stderr, stdin, stdout, tty, urandom, zero"
    assert code == 0
    assert " ".join(output.splitlines()[:-2]).replace("  ", " ") == names
    assert output.splitlines()[-2:] == ["3", "y"]


@pytest.mark.parametrize(
    "path", ["/proc/sys/kernel/hostname", "/proc/irq/default_smp_affinity", "/sys/kernel/uevent_seqnum"]
)
def test_what_rules_the_kernel_is_read_only(running: Runtime, path: str) -> None:
    code, output = sh(running, f"echo x > {path}")
    assert code != 0
    assert "Read-only file system" in output or "Permission denied" in output


def test_masked_paths_are_empty(running: Runtime) -> None:
    assert sh(running, "ls -A /sys/firmware; cat /proc/keys /proc/timer_list") == (0, "")


def test_a_read_only_root_has_writable_tmpfs(running: Runtime) -> None:
    tmpfs = (Tmpfs(target="/scratch", options="size=1m,mode=1777"),)
    script = "touch /new 2> /dev/null || echo refused; echo yes > /scratch/new; cat /scratch/new; touch /dev/shm/new"
    assert sh(running, script, read_only=True, tmpfs=tmpfs) == (0, "refused\nyes\n")


def test_binds_are_seen_and_read_only_where_asked(running: Runtime) -> None:
    shared = running.folder("shared")
    (shared / "file").write_text("of the host\n")
    binds = (
        Bind(source=str(shared), target="/made/for/it"),
        Bind(source=str(shared), target="/fixed", read_only=True),
        Bind(source=str(shared / "file"), target="/single", read_only=True),
    )
    script = "cat /made/for/it/file /single; echo back > /made/for/it/new; echo x > /fixed/new; echo $?"
    code, output = sh(running, script, binds=binds)
    assert code == 0
    assert "Read-only file system" in output
    assert output.endswith("2\n")
    assert (shared / "new").read_text() == "back\n"


def test_a_bind_from_nowhere_is_told(running: Runtime) -> None:
    container = running.create("true", binds=(Bind(source="/does/not/exist", target="/x"),))
    with pytest.raises(RuntimeFailure, match="bind host /x: no such file or directory") as caught:
        container.start()
    assert caught.value.kind is Kind.BAD_MOUNT
    assert container.wait().code == 128


@pytest.mark.parametrize(
    ("args", "kind", "code"),
    [
        (("nowhere",), Kind.NOT_FOUND, 127),
        (("/nowhere",), Kind.NOT_FOUND, 127),
        (("/etc/passwd",), Kind.NOT_EXECUTABLE, 126),
        (("/etc",), Kind.NOT_EXECUTABLE, 126),
    ],
)
def test_a_program_that_cannot_run_is_told(running: Runtime, args: tuple[str, ...], kind: Kind, code: int) -> None:
    container = running.create(*args)
    with pytest.raises(RuntimeFailure) as caught:
        container.start()
    assert caught.value.kind is kind
    assert container.wait().code == code


def test_a_user_who_is_not_there_is_told(running: Runtime) -> None:
    with pytest.raises(RuntimeFailure) as caught:
        running.create("true", process={"user": "nobody-here"}).start()
    assert caught.value.kind is Kind.NO_SUCH_USER


def test_the_working_directory_is_made_and_home_is_the_users(running: Runtime) -> None:
    container = running.create("sh", "-c", "pwd; echo $HOME", process={"cwd": "/new/here", "user": "alice"})
    assert container.run() == (0, "/new/here\n/home/alice\n")


def test_the_user_owns_its_output(running: Runtime) -> None:
    script = "id -u; id -g; id -G; echo to-stdout > /dev/stdout; exec 2>&1; echo to-stderr > /dev/stderr"
    code, output = running.create("sh", "-c", script, process={"user": "alice"}).run()
    ids = "1000\n1000\n1000 50\n" if running.mode is Mode.ROOT else "0\n0\n0\n"  # a single id is everybody
    assert (code, output) == (0, ids + "to-stdout\nto-stderr\n")


def test_limits_of_the_process_hold(running: Runtime) -> None:
    limits = {"rlimits": (Rlimit(name="nofile", soft=100, hard=200),)}
    assert running.create("sh", "-c", "ulimit -Sn; ulimit -Hn", process=limits).run() == (0, "100\n200\n")


def test_no_capability_is_inheritable_and_signals_are_as_usual(running: Runtime) -> None:
    _, output = running.create("cat", "/proc/self/status").run()
    lines = dict(line.split(":", 1) for line in output.splitlines())
    assert int(lines["CapInh"], 16) == int(lines["CapAmb"], 16) == 0
    # 32 and 33 are the C library's own, and GNU make hands the first on blocked to what it starts.
    assert (int(lines["SigIgn"], 16) | int(lines["SigBlk"], 16)) & ~(3 << 31) == 0
    assert int(lines["CapEff"], 16) & 1 << 21 == 0  # SYS_ADMIN
    assert lines["Seccomp"].strip() == "2"
    assert lines["NoNewPrivs"].strip() == ("1" if running.mode is Mode.SINGLE else "0")
    assert sh(running, "umask; ls -m /proc/self/fd")[1] == "0022\n0, 1, 2, 3\n"


def test_an_init_reaps_and_hands_signals_on(running: Runtime) -> None:
    script = "trap 'echo got; exit 5' TERM; echo ready; sh -c 'sleep 0 & exit'; while :; do sleep 0.01; done"
    container = running.create("sh", "-c", script, init=True)
    container.start()
    container.until("ready")
    container.signal(15)
    assert container.wait().code == 5
    assert container.output() == "ready\ngot\n"


def test_the_run_folder_tells_who_runs_and_how_it_ended(running: Runtime) -> None:
    container = running.create("sleep", "100")
    started = container.start()
    state = folder.read(Path(container.spec.folder), folder.STATE, folder.State)
    assert state
    assert (state.pid, state.start_time) == (started.pid, started.start_time)
    assert identity.is_alive(state.pid, state.start_time, state.boot_id)
    assert identity.is_alive(state.shim_pid, state.shim_start_time, state.boot_id)
    container.signal(9)
    assert container.wait().code == 137
    assert not identity.is_alive(state.pid, state.start_time, state.boot_id)


def test_a_container_that_takes_too_much_memory_is_said_to_have(running: Runtime) -> None:
    if running.mode is Mode.SINGLE:
        pytest.skip("an ordinary user has no control group here")
    script = "x=$(yes | head -c 200000000); echo survived"
    container = running.create("sh", "-c", script, limits=Limits(memory=32 << 20, memory_swap=32 << 20))
    container.start()
    end = container.wait()
    assert end.oom
    assert "survived" not in container.output()


def test_a_new_start_forgets_the_earlier_end(running: Runtime) -> None:
    container = running.create("sh", "-c", "echo once")
    assert container.run() == (0, "once\n")
    again = running.fork(container.spec)
    assert again.run() == (0, "once\nonce\n")
