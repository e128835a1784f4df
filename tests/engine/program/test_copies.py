"""A data folder on which the host refuses overlays, as on one itself: containers get copies, and behave as ever."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.image import root_file_system

SCRIPT = """\
set -e
cd "$1"
mkdir -p lower upper work data
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work data
"$2" -m labrunner engine start >/dev/null
trap '"$2" -m labrunner engine stop >/dev/null' EXIT
export DOCKER_HOST="unix://$1/data/engine.sock"
docker import --change 'ENV PATH=/usr/bin' - image >/dev/null
docker run --name one image sh -c 'echo mine > /desk/mine; rm /etc/os-release; ls /etc' </dev/null
docker commit one changed >/dev/null
docker run --rm changed sh -c 'cat /desk/mine; ls /etc' </dev/null
docker run --rm image ls /desk </dev/null
docker create --name two image true >/dev/null
docker commit two same >/dev/null
docker run --rm same ls /desk </dev/null
"""


def test_containers_get_copies_of_their_images_files(tmp_path: Path) -> None:
    """What one writes is its own, and a commit has it and nothing else."""
    if os.geteuid() != 0:
        pytest.skip("mounting an overlay as a data folder needs root")
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", SCRIPT, "sh", str(tmp_path), sys.executable],
        input=root_file_system(),
        env={**os.environ, "LABRUNNER_ENGINE_DATA": str(tmp_path / "data")},
        capture_output=True,
        check=False,
        timeout=120,
    )
    log = (tmp_path / "upper" / "engine.log").read_text()
    assert done.returncode == 0, done.stderr.decode() + log
    assert "each container gets a copy of its image's files" in log
    usual = ["group", "hostname", "hosts", "passwd", "resolv.conf"]
    assert done.stdout.decode().split() == [*usual, "mine", *usual, "not-executable", "not-executable"]
