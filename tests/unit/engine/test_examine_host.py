"""The host around an engine, each finding in both of its states."""

from __future__ import annotations

from pathlib import Path

import pytest

from labrunner.engine.examine_host import (
    examine_certificates,
    examine_home,
    examine_memory,
    examine_namespaces,
    examine_plain_registry,
    examine_proxy,
)


@pytest.mark.parametrize(("total", "blocks"), [(8 << 30, False), (256 << 20, True)])
def test_memory_has_to_suffice(total: int, *, blocks: bool) -> None:
    memory, limits = examine_memory({"MemTotal": total})
    assert memory.blocks is blocks
    assert "cannot limit" in limits.says
    assert not limits.blocks


def test_missing_limit_of_swap_is_said() -> None:
    (limits,) = examine_memory({"MemoryLimit": True, "SwapLimit": False, "CgroupVersion": "2"})
    assert limits.says.endswith("memory, but not its swap (cgroup version 2)")


def test_service_of_podman_that_asks_the_labs_registry_for_tls_blocks() -> None:
    (finding,) = examine_plain_registry({"RegistryConfig": {"IndexConfigs": {}}})
    assert finding.blocks
    assert 'location = "localhost"' in str(finding.next)
    assert not list(examine_plain_registry({"RegistryConfig": {"IndexConfigs": {"localhost": {"Secure": False}}}}))


def test_home_need_not_exist_yet(tmp_path: Path) -> None:
    assert "not made yet" in examine_home(tmp_path / "a" / "b").says
    assert "not made yet" not in examine_home(tmp_path).says


def test_home_below_a_file_blocks(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert examine_home(tmp_path / "file" / "home").blocks


def test_proxy_of_the_host_alone_is_warned_of() -> None:
    warned = examine_proxy({"HttpsProxy": ""}, {"HTTPS_PROXY": "http://proxy:3128"})
    assert warned.next
    assert not warned.blocks
    assert examine_proxy({"HttpsProxy": "http://p"}, {"https_proxy": "http://p"}).next is None
    assert examine_proxy({}, {}).says == "no proxy is set"


def test_certificates_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    good, bad = examine_certificates(
        {"SSL_CERT_FILE": str(tmp_path / "ca.pem"), "REQUESTS_CA_BUNDLE": str(tmp_path / "none")}
    )
    assert (good.next, bool(bad.next)) == (None, True)
    assert not list(examine_certificates({}))


def test_switch_of_the_kernel_is_named(tmp_path: Path) -> None:
    assert "no switch" in examine_namespaces(tmp_path).says
    (tmp_path / "user").mkdir()
    switch = tmp_path / "user" / "max_user_namespaces"
    switch.write_text("0\n")
    assert "user.max_user_namespaces keeps" in examine_namespaces(tmp_path).says
    switch.write_text("1000\n")
    assert "may make" in examine_namespaces(tmp_path).says
