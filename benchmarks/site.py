"""What the site costs: ``labrunner site build`` of everything, beside a bare ``sphinx-build`` of the same sources.

``python benchmarks/site.py [ROUNDS]`` needs the extra ``site``, and no engine.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from labrunner.cli.main import GROUPS, labrunner
from labrunner.site.build import SETTINGS
from labrunner.site.source import write_source


def seconds(*command: str) -> float:
    """How long a command takes that must succeed, on the wall clock."""
    began = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - began


def main(rounds: int) -> None:
    """Both in turn, into new folders, so that neither finds what an earlier round made."""
    ours, theirs = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as place:
            site, source, bare = (str(Path(place, name)) for name in ("site", "source", "bare"))
            write_source(Path(source), labrunner, GROUPS)
            settings = "".join(f"{name} = {value!r}\n" for name, value in SETTINGS.items())
            Path(source, "conf.py").write_text(settings, encoding="utf-8")
            theirs.append(seconds(sys.executable, "-m", "sphinx", "-W", source, bare))
            ours.append(seconds(sys.executable, "-m", "labrunner", "site", "build", "--output", site))
    ratio = statistics.median(our / their for our, their in zip(ours, theirs, strict=True))
    print(
        f"site build          {statistics.median(ours):6.2f} s (at most 6)"
        f"   bare sphinx-build {statistics.median(theirs):6.2f} s   ratio {ratio:.2f}"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
