"""The file system that stand-ins are built on, as a tar: made by mmdebstrap, which may mount and become root."""

from __future__ import annotations

import os
import platform
import re
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

from labrunner.engine.host_settings import CA_BUNDLE, proxies
from labrunner.engine.making import Progress, Say, failure, sentence
from labrunner.model.errors import ToolError

#: What it is called while it is made.
BASE_NAME = "stand-in base"
_SUITE = "bookworm"
#: Makes /bin a link to /usr/bin from the start; the package that does so later brings 46 MB of Perl.
_MERGED_USR = Path("/usr/share/mmdebstrap/hooks/merged-usr")


def bootstrap(customize: Path, archive: Path, say: Say) -> None:
    """Make the base's file system. No mirror is named: the host's own way to its packages serves."""
    bundle = [str(CA_BUNDLE)] if CA_BUNDLE.exists() else []
    merged = ["--include=usr-is-merged", f"--hook-dir={_MERGED_USR}"] if _MERGED_USR.is_dir() else []
    hook = f'--customize-hook=sh {shlex.quote(str(customize))} "$1" {shlex.join(bundle)}'
    command = [_mmdebstrap(), "--variant=minbase", "--include=procps", *merged, hook, _SUITE, str(archive)]
    environment = {**os.environ, **proxies()}
    lines = []
    with subprocess.Popen(  # noqa: S603 - the tool found on PATH
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    ) as tool:
        try:
            for line in tool.stderr or ():
                lines.append(line)
                if line.startswith("I: "):
                    doing = re.sub(r" (directly|in shell):.*", "", line.removeprefix("I: "))
                    say(Progress(BASE_NAME, sentence(doing), None))
        except BaseException:
            # All of its processes at once: it then unmounts and removes what it has unpacked, within a second.
            os.killpg(tool.pid, signal.SIGTERM)
            tool.wait()
            raise
    if tool.returncode:
        raise failure(BASE_NAME, "mmdebstrap", lines)


def _mmdebstrap() -> str:
    found = shutil.which("mmdebstrap")
    if found is not None:
        return found
    try:
        system = platform.freedesktop_os_release()
    except OSError:
        system = {"PRETTY_NAME": platform.system()}
    if "debian" not in (system.get("ID"), *system.get("ID_LIKE", "").split()):
        name = system.get("PRETTY_NAME", "another system")
        raise ToolError(
            f"stand-ins are made of packages on a Debian host, and this is {name} without mmdebstrap",
            next="labrunner images prepare",
        )
    raise ToolError(
        "stand-ins are made with mmdebstrap, and it is not installed",
        next="sudo apt-get install --yes --no-install-recommends mmdebstrap",
    )
