"""The lab first-container on the namespace engine, unchanged, and the image that it takes."""

from __future__ import annotations

import subprocess

import pytest

from labrunner.engine.engine import Engine
from labrunner.engine.find import find_engine
from labrunner.model.errors import LabrunnerError
from tests.e2e.conftest import cannot_run
from tests.engine.program.conftest import User

pytestmark = pytest.mark.engine  # Docker has the image that is carried over


@pytest.fixture(scope="module")
def image() -> bytes:
    """ubuntu:latest as an archive."""
    try:
        host = find_engine("docker").endpoint
    except LabrunnerError as error:
        cannot_run(error.says, error.next or "labrunner doctor")
    if Engine(host).image("ubuntu:latest") is None:
        cannot_run("it lacks ubuntu:latest", "labrunner images prepare")
    command = ["docker", "--host", host, "save", "ubuntu:latest"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def test_the_lab_passes_and_leaves_nothing(user: User, image: bytes) -> None:
    """Its memory step is limited where there is no control group, and in no other place."""
    assert user.data("engine", "start")["running"]
    assert "Loaded image: ubuntu:latest" in user.docker("load", content=image)
    data = user.data("run", "first-container", "--engine", "namespace")
    assert (data["verdict"], data["engine"]["kind"]) == ("passed", "namespace")
    assert data["engine"]["rootless"] is not user.limits
    (lab,) = data["labs"]
    limited = [s["name"] for s in lab["steps"] for check in s["checks"] if "limited" in check["evidence"]]
    assert limited == ([] if user.limits else ["memory"])
    assert user.docker("ps", "--all", "--quiet") == ""


@pytest.mark.slow
def test_the_image_is_made_of_the_hosts_packages(user: User) -> None:
    """As root by mmdebstrap, as an ordinary user in a container; what has to be built is said to be left out."""
    done = user.labrunner("images", "prepare", "--offline", "--engine", "namespace")
    assert done.returncode == 0, done.stderr
    assert "ubuntu:latest              built, a stand-in" in done.stdout
    assert "nginx:latest               left out" in done.stdout
    printed = user.docker("run", "--rm", "ubuntu", "sh", "-c", "stat -c %a /tmp && dpkg-query -W -f '${Status}\n' bash")
    assert printed.splitlines() == ["1777", "install ok installed"]
    data = user.data("run", "first-container", "--engine", "namespace")
    assert (data["verdict"], data["stand_ins"]) == ("passed", ["ubuntu:latest"])
