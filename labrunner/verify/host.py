"""The check host: a fresh process that imports pytest once and forks for each request.

It is started with ``python -P -E`` in the checks' folder, so that nothing of the learner's folder or environment is
imported. Standard input brings one CheckRequest a line. Standard output gives, for each request, lines
``{"running": check}`` and ``{"result": …}`` and at last ``{"done": problem or null}``.
"""

from __future__ import annotations

import gc
import json
import os

import pytest

from labrunner.verify import fixtures, looking
from labrunner.verify.plugin import CheckPlugin
from labrunner.verify.request import CheckRequest

#: Built-in plugins that a check cannot need; each costs time at every start.
_UNUSED = """
cacheprovider capture debugging doctest faulthandler junitxml legacypath logging nose pastebin recwarn setuponly
setupplan skipping stepwise subtests terminal threadexception unittest unraisableexception warnings
""".split()  # noqa: SIM905 - a list of this length is read more easily as words

#: What the checks import anyway: once here, not in each fork.
_WARM = looking

#: How pytest ends when every asked-for check, be it none, has had its turn.
_JUDGED = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED}


def arguments(request: CheckRequest) -> list[str]:
    """The command line of pytest: no configuration, no conftest, no assertion rewriting, no plugin but ours."""
    switched_off = [word for name in _UNUSED for word in ("-p", f"no:{name}")]
    return ["--noconftest", "--assert=plain", "-c", os.devnull, "--rootdir", os.curdir, *switched_off, *request.files]


def serve(requests: int, results: int, plugin: type[CheckPlugin]) -> None:
    """Answer the requests that arrive on one descriptor on the other one, until the first is closed."""
    with os.fdopen(requests, "rb") as lines:
        for line in lines:
            child = os.fork()
            if child == 0:
                os._exit(answer(CheckRequest.read(line), results, plugin))
            _, status = os.waitpid(child, 0)
            if status:
                _send(results, {"done": f"the process of the checks ended with status {status}"})


def answer(request: CheckRequest, results: int, kind: type[CheckPlugin]) -> int:
    """Run the checks of one request; the process's exit code."""
    plugin = kind(request, lambda message: _send(results, message))
    code = pytest.main(arguments(request), plugins=[plugin, fixtures])
    problem = plugin.problem
    if problem is None and code not in _JUDGED:
        problem = f"pytest ended with {code!r}"
    _send(results, {"done": problem})
    return 0


def _send(results: int, message: object) -> None:
    os.write(results, json.dumps(message).encode() + b"\n")


def main(plugin: type[CheckPlugin] = CheckPlugin) -> None:
    """Keep both pipes for requests and results: a check reads from nothing, and what it prints goes to stderr."""
    requests, results = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    gc.disable()  # the process is too short for garbage, and forks share what nobody moves
    serve(requests, results, plugin)
    os._exit(0)  # nothing is left to tidy up, and taking the interpreter apart would keep the parent waiting


if __name__ == "__main__":
    main()
