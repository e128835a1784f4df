"""This host's own way to its package registries, as builds and tools have to know it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

#: The certificates of the authorities that this host trusts.
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
_PIP_INDEX = re.compile(r"^(:env:|install|global)\.index-url='(.+)'$", re.MULTILINE)


def build_arguments() -> dict[str, str]:
    """What a build has to know of the host's way to its registries; proxies leave no trace in the image."""
    # `pip config get` would read the user's own file only.
    settings = dict(_PIP_INDEX.findall(_answer(sys.executable, "-m", "pip", "config", "list")))
    index = next((settings[kind] for kind in (":env:", "install", "global") if kind in settings), "")
    # The image may be pushed: an index with a password in its address stays out of it.
    return proxies() | ({"PIP_INDEX_URL": index} if index and "@" not in index else {})


def proxies() -> dict[str, str]:
    """The proxies that this host uses, by the names of their variables; apt's where there is no other."""
    names = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
    found = {name: os.environ[name] for name in names if os.environ.get(name)}
    of_apt = _answer("apt-config", "shell", "proxy", "Acquire::http::Proxy")
    if "http_proxy" not in found and "://" in of_apt:
        found["http_proxy"] = of_apt.removeprefix("proxy=").strip("'")
    return found


def _answer(*command: str) -> str:
    """What one of the host's tools prints when asked; nothing where it has no answer or is missing."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 - our own words
    except FileNotFoundError:
        return ""
