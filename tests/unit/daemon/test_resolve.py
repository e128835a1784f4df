"""What a client asked for, over what the image says, as Docker decides it."""

from __future__ import annotations

from pathlib import Path

import pytest

from labrunner.daemon.errors import ApiError
from labrunner.daemon.records import ContainerRecord
from labrunner.daemon.resolve import check, config, mounts, security, signals, spec
from labrunner.daemon.shapes import Config, CreateBody, HostConfig, LogConfig, Mount, RestartPolicy, Ulimit
from labrunner.runtime.spec import (
    DEFAULT_CAPABILITIES,
    Bind,
    ContainerSpec,
    Limits,
    Network,
    Rlimit,
    Rootfs,
    Seccomp,
    Tmpfs,
)

ID = "0123456789abcdef" * 4
IMAGE = Config(cmd=["serve"], entrypoint=["/run"], env=["PATH=/bin", "A=image"], user="web", working_dir="/srv")


def merged(**asked: object) -> Config:
    return config.merged(CreateBody(**asked), IMAGE, ID)  # type: ignore[arg-type] # the fields under test


def specified(host: HostConfig, own: Config | None = None) -> ContainerSpec:
    record = ContainerRecord(id=ID, name="box", created=1, image="sha256:0", config=own or merged(), host=host)
    return spec.container(record, Path("/run/box"), Rootfs(layers="/layers", lowers=("a",), upper="/u", work="/w"))


class TestCommand:
    """Entrypoint and command."""

    def test_the_image_says_what_to_run(self) -> None:
        assert (merged().entrypoint, merged().cmd) == (["/run"], ["serve"])

    def test_a_command_keeps_the_images_entrypoint(self) -> None:
        assert (merged(cmd=["x"]).entrypoint, merged(cmd=["x"]).cmd) == (["/run"], ["x"])

    def test_an_entrypoint_drops_the_images_command(self) -> None:
        assert (merged(entrypoint=["/own"]).entrypoint, merged(entrypoint=["/own"]).cmd) == (["/own"], None)

    @pytest.mark.parametrize("nothing", [[""], []])
    def test_an_empty_entrypoint_drops_the_images(self, nothing: list[str]) -> None:
        assert merged(entrypoint=nothing, cmd=["x"]).entrypoint is None

    def test_nothing_to_run_is_refused(self) -> None:
        with pytest.raises(ApiError, match="No command specified"):
            config.merged(CreateBody(), Config(), ID)


class TestEnvironment:
    """Variables."""

    def test_the_clients_variables_win_over_the_images(self) -> None:
        assert merged(env=["A=own", "B=1"]).env == ["A=own", "B=1", "PATH=/bin"]

    def test_there_is_always_a_path(self) -> None:
        assert config.merged(CreateBody(cmd=["x"]), Config(), ID).env == [config.DEFAULT_PATH]

    def test_a_process_gets_hostname_and_with_a_terminal_term(self) -> None:
        assert config.process_environment(merged(), tty=True) == (
            "PATH=/bin",
            "HOSTNAME=0123456789ab",
            "TERM=xterm",
            "A=image",
        )

    def test_a_variable_without_a_value_is_taken_back(self) -> None:
        assert "A" not in " ".join(config.process_environment(merged(env=["A"]), tty=False)).split()


def test_names_that_docker_refuses_are_refused() -> None:
    for name in ("a", "a/b", "-a", "a b", ""):
        with pytest.raises(ApiError, match="only \\[a-zA-Z0-9\\]"):
            check.name(name)
    assert check.name("/box.1") == "box.1"


@pytest.mark.parametrize(
    ("host", "words"),
    [
        (HostConfig(memory=100), "Minimum memory limit allowed is 6MB"),
        (HostConfig(memory=10**8, memory_swap=5), "memoryswap limit should be larger than memory limit"),
        (HostConfig(memory_swap=10**8), "always set the Memory limit"),
        (HostConfig(nano_cpus=10**15), "Range of CPUs is from 0.01"),
        (HostConfig(nano_cpus=10**9, cpu_quota=5000), "Nano CPUs and CPU Quota cannot both be set"),
        (HostConfig(cpu_period=3), "CPU cfs period can not be less than 1ms"),
        (HostConfig(cpu_quota=3), "CPU cfs quota can not be less than 1ms"),
        (HostConfig(restart_policy=RestartPolicy(name="foo")), "invalid restart policy 'foo'"),
        (HostConfig(auto_remove=True, restart_policy=RestartPolicy(name="always")), "can't create 'AutoRemove'"),
        (HostConfig(privileged=True), "does not serve containers with --privileged"),
        (HostConfig(network_mode="container:box"), "--network container:"),
        (HostConfig(shm_size=-1), "SHM size can not be less than 0"),
        (HostConfig(oom_score_adj=5000), "range for oom score adj"),
    ],
)
def test_what_makes_no_sense_or_is_not_built_is_refused(host: HostConfig, words: str) -> None:
    with pytest.raises(ApiError, match=words):
        check.body(CreateBody(host_config=host))


@pytest.mark.parametrize(
    ("entry", "status", "words"),
    [
        ("rel/x:/x", 400, 'create rel/x: "rel/x" includes invalid characters'),
        ("/srv:x", 400, "invalid mount path: 'x' mount path must be absolute"),
        ("/srv:/x:zz", 400, "invalid mode: zz"),
        ("/srv:/", 400, "destination can't be '/'"),
        ("data:/x", 501, "volumes \\(data\\)"),
        ("/x", 501, "volumes"),
    ],
)
def test_odd_binds_are_refused_in_dockers_words(entry: str, status: int, words: str) -> None:
    with pytest.raises(ApiError, match=words) as refused:
        mounts.binds(HostConfig(binds=[entry]))
    assert refused.value.status == status


def test_binds_and_mounts_become_binds_and_file_systems_in_memory(tmp_path: Path) -> None:
    host = HostConfig(
        binds=["/srv/../opt:/opt/:ro"],
        mounts=[
            Mount(type="bind", source=str(tmp_path), target="/here"),
            Mount(type="tmpfs", target="/fast", tmpfs_options={"SizeBytes": 1024, "Mode": 0o700}),
        ],
        tmpfs={"/run": "size=1m"},
    )
    assert mounts.binds(host) == (
        Bind(source="/opt", target="/opt", read_only=True),
        Bind(source=str(tmp_path), target="/here"),
    )
    assert mounts.tmpfs(host) == (
        Tmpfs(target="/run", options="size=1m"),
        Tmpfs(target="/fast", options="size=1024,mode=700"),
    )


def test_two_binds_of_one_target_are_refused() -> None:
    with pytest.raises(ApiError, match="Duplicate mount point: /x"):
        mounts.binds(HostConfig(binds=["/a:/x", "/b:/x"]))


class TestSecurity:
    """Capabilities and options."""

    def test_capabilities_are_dockers_with_and_without(self) -> None:
        host = HostConfig(cap_add=["NET_ADMIN"], cap_drop=["CAP_CHOWN"])
        assert security.capabilities(host) == (DEFAULT_CAPABILITIES | {"NET_ADMIN"}) - {"CHOWN"}

    def test_drop_all_keeps_what_is_added(self) -> None:
        assert security.capabilities(HostConfig(cap_add=["chown"], cap_drop=["ALL"])) == {"CHOWN"}

    def test_an_unknown_capability_is_refused(self) -> None:
        with pytest.raises(ApiError, match='invalid CapAdd: unknown capability: "CAP_FOO"'):
            security.capabilities(HostConfig(cap_add=["FOO"]))

    def test_options_are_read_in_each_spelling(self) -> None:
        assert security.options(HostConfig(security_opt=["no-new-privileges"])) == (True, Seccomp.DEFAULT)
        assert security.options(HostConfig(security_opt=["seccomp:unconfined"])) == (False, Seccomp.UNCONFINED)
        with pytest.raises(ApiError, match="invalid --security-opt"):
            security.options(HostConfig(security_opt=["foo=bar"]))


class TestSpecification:
    """What the shim gets."""

    def test_limits_are_those_of_the_kernel(self) -> None:
        host = HostConfig(memory=10**8, memory_swap=2 * 10**8, nano_cpus=5 * 10**8, pids_limit=-1)
        assert spec.limits(host) == Limits(memory=10**8, memory_swap=2 * 10**8, cpu_quota=50_000, cpu_period=100_000)

    def test_network_ulimits_and_log_are_handed_on(self) -> None:
        host = HostConfig(
            network_mode="host",
            ulimits=[Ulimit(name="nofile", soft=1, hard=2)],
            log_config=LogConfig(config={"max-size": "1m", "max-file": "2"}),
            shm_size=1,
        )
        made = specified(host)
        assert made.network is Network.HOST
        assert made.process.rlimits == (Rlimit(name="nofile", soft=1, hard=2),)
        assert (made.log_bytes, made.log_segments) == (1 << 20, 2)
        assert (made.process.args, made.process.user, made.process.cwd) == (("/run", "serve"), "web", "/srv")

    def test_a_log_of_no_size_is_refused(self) -> None:
        with pytest.raises(ApiError, match="invalid value for max-size: 'big'"):
            specified(HostConfig(log_config=LogConfig(config={"max-size": "big"})))


@pytest.mark.parametrize(
    ("text", "number"), [("9", 9), ("KILL", 9), ("SIGKILL", 9), ("winch", 28), ("RTMIN+3", 37), ("SIGRTMAX-1", 63)]
)
def test_a_signal_has_several_names(text: str, number: int) -> None:
    assert signals.number(text) == number


@pytest.mark.parametrize("text", ["0", "99", "FOO", "", "RTMIN+99"])
def test_what_is_no_signal_is_refused(text: str) -> None:
    with pytest.raises(ApiError, match=f"Invalid signal: {text}".replace("+", "\\+")):
        signals.number(text)
