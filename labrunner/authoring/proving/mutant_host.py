"""The check host of the mutants: the checks and their helpers, in which one assertion can be switched off by request.

It is a process of its own, so the proof itself asks the checks as they are. It is run as ``labrunner.verify.host`` is.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from labrunner.authoring.proving.assertions import HELPERS, SWITCHED_OFF, switchable

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

#: The places whose assertions are skipped. A request has a process of its own, so there is nothing to take back.
_OFF: set[str] = set()
_HELPERS = {f"labrunner.verify.{file.stem}" for file in HELPERS}


class _Finder(importlib.abc.MetaPathFinder):
    """Finds what Python finds, and lets what judges be loaded in the switchable way."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name not in _HELPERS and not name.startswith("test_"):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(name, spec.origin)
        return spec


class _Loader(importlib.abc.Loader):
    def __init__(self, name: str, file: str) -> None:
        self.name = name
        self.file = Path(file)

    def exec_module(self, module: ModuleType) -> None:
        code = compile(switchable(self.file.read_bytes(), self.file.name), self.file, "exec", dont_inherit=True)
        vars(module)[SWITCHED_OFF] = _OFF
        exec(code, vars(module))  # noqa: S102 - what a loader does


def main() -> None:
    """Serve as the check host does; a refusal's evidence says, too, which lines it came from."""
    sys.meta_path.insert(0, _Finder())

    import pytest  # noqa: PLC0415 - what judges is imported here, after the finder is there

    from labrunner.verify import checking, host  # noqa: PLC0415 - as above
    from labrunner.verify.plugin import EVIDENCE, CheckPlugin  # noqa: PLC0415 - as above

    class MutantPlugin(CheckPlugin):
        def pytest_configure(self, config: pytest.Config) -> None:
            _OFF.add(self.request.switched_off)
            super().pytest_configure(config)

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[Any]) -> pytest.TestReport:
            if call.excinfo is not None:
                frames = traceback.extract_tb(call.excinfo.tb)
                item.stash[EVIDENCE]["refused_at"] = [[Path(each.filename).name, each.lineno] for each in frames]
            return super().pytest_runtest_makereport(item, call)

    # The proof itself has waited for what may still start. Who goes on past an assertion to a server that never answers
    # would wait for it again, and be refused for another reason than the case's: that is noticed either way.
    checking.YOUNG_SECONDS = 0.0
    host.main(MutantPlugin)


if __name__ == "__main__":
    main()
