"""What was recorded says nothing of the machine that it was recorded on."""

from __future__ import annotations

import getpass
import json
import re
import socket
from pathlib import Path

import pytest

RECORDED = sorted((Path(__file__).parents[4] / "docs" / "concepts" / "recorded").glob("*.json"))

#: Addresses of hosts, folders of users and of temporary files, and whole digests, which pictures have no room for.
TELLING = re.compile(
    r"https?:|\b[\w-]+\.(?:com|org|net|io|local|internal)\b|/(?:home|root|tmp|var|work)\b|[0-9a-f]{64}"
)


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: str(file.stem))
def test_recorded_data_names_no_host_and_no_folder_of_its_machine(file: Path) -> None:
    """The bridge, the layers' digits and the files of the kernel are all that is named."""
    assert not TELLING.findall(file.read_text())


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: str(file.stem))
def test_recorded_data_says_on_what_it_was_recorded(file: Path) -> None:
    """An engine and a kernel with two numbers, and not this host or user."""
    by = json.loads(file.read_text())["recorded_on"]
    assert re.fullmatch(r"Docker \d+\.\d+\.\d+ on Linux \d+\.\d+", by)
    assert socket.gethostname() not in by
    assert getpass.getuser() not in by


def test_every_picture_has_its_data() -> None:
    """Else the tests above could pass over nothing."""
    assert len(RECORDED) == 9
