"""An engine of one's own beside another one: the same images, a way out, processes that are seen, and then nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from labrunner.engine.engine import Engine
from labrunner.engine.own import OwnEngine, own_engine
from labrunner.model.errors import ToolError
from tests.e2e.conftest import cannot_run
from tests.e2e.test_run import holds
from tests.unit.processes import ends, waited

pytestmark = pytest.mark.engine


@pytest.fixture(autouse=True)
def _as_root() -> None:
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        cannot_run("an engine of one's own needs root and dockerd", "make test, as root")


def inside(own: OwnEngine, script: str) -> str:
    """What a shell prints that sees what the engine sees."""
    command = own.inside("sh", "-c", script)
    return subprocess.run(command, env=own.environ(), capture_output=True, text=True, check=True).stdout.strip()


def test_it_has_the_images_and_shares_no_name_port_or_process(engine: Engine) -> None:
    """And its process 1 is found by the number that it gives to it."""
    before = holds(engine)
    with own_engine(engine.host, ["nginx:latest"]) as own:
        theirs, ours = engine.image("nginx:latest"), Engine(own.endpoint).image("nginx:latest")
        assert ours is not None
        assert theirs is not None
        assert ours.id == theirs.id
        inside(own, "docker run --detach --name mine --publish 127.0.0.1:8080:80 nginx")
        assert engine.container("mine") is None
        pid = inside(own, "docker container inspect --format '{{.State.Pid}}' mine")
        assert "nginx" in inside(own, f"cat /proc/{pid}/cmdline")
        assert inside(own, "ip route get 192.0.2.1").startswith("192.0.2.1 via ")
        assert inside(own, "echo $TMPDIR") == str(own.folder)
    assert not own.folder.exists()
    assert not Path(f"/proc/{own.pid}").exists()
    assert not [*Path("/sys/fs/cgroup").glob(f"**/{own.folder.name}")]
    assert holds(engine) == before


def test_an_image_that_is_missing_is_told_in_dockers_words(engine: Engine) -> None:
    """With nothing left behind."""
    before = holds(engine)
    with (
        pytest.raises(ToolError, match=r"images were to be copied to an engine .*labrunner-test-none"),
        own_engine(engine.host, ["nginx:latest", "labrunner-test-none"]),
    ):
        pytest.fail("there is no such image")
    assert holds(engine) == before


def test_an_engine_that_cannot_start_is_told_by_its_log(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here since dockerd refuses a folder that is none."""
    before = holds(engine)
    monkeypatch.setenv("DOCKER_TMPDIR", "/dev/null/none")
    with pytest.raises(ToolError, match="does not answer; the end of its log: "), own_engine(engine.host, ["nginx"]):
        pytest.fail("it cannot have started")
    assert holds(engine) == before


def test_it_does_not_outlive_a_program_that_is_killed(engine: Engine) -> None:
    """Which leaves files alone, and no process, no network and no container."""
    before = holds(engine)
    program = (
        "import sys\nfrom labrunner.engine.own import own_engine\n"
        "with own_engine(sys.argv[1], ['nginx:latest']) as own:\n    print(own.pid, own.folder, flush=True); input()"
    )
    command = [sys.executable, "-c", program, engine.host]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pid, folder = process.stdout.readline().split()
        process.kill()
    assert ends(int(pid))
    assert waited(lambda: holds(engine) == before)
    shutil.rmtree(folder)
    for left in Path("/sys/fs/cgroup").glob(f"**/{Path(folder).name}"):
        left.rmdir()
