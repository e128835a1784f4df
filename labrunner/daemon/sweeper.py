"""Removes files that nothing names any more, by workers and while nobody waits."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from pathlib import Path

from labrunner.daemon.zygote import Zygote
from labrunner.runtime.errors import RuntimeFailure
from labrunner.runtime.storage.tasks import Nothing, Remove

_log = logging.getLogger(__name__)
_PREFIX = "gone-"


class Sweeper:
    """What is thrown away leaves its place at once, by rename, and the disk soon after."""

    def __init__(self, data: Path, zygote: Zygote) -> None:
        self._data = data
        self._zygote = zygote
        self._paths: list[Path] = []
        self._task: asyncio.Task[None] | None = None

    def throw_away(self, path: Path) -> None:
        """Take a file or folder out of its place, and remove it soon. What is gone already is no error."""
        gone = self._data / "tmp" / f"{_PREFIX}{secrets.token_hex(8)}"
        try:
            path.rename(gone)
        except FileNotFoundError:
            return
        self.remove(gone)

    def remove(self, path: Path) -> None:
        """Remove what is in nobody's way."""
        self._paths.append(path)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._sweep())

    async def finish(self) -> None:
        """Wait until all is removed."""
        if self._task is not None:
            await self._task

    async def _sweep(self) -> None:
        while self._paths:
            await asyncio.sleep(0.05)  # a start that follows goes first
            paths, self._paths = self._paths, []
            task = Remove(data=os.fspath(self._data), paths=tuple(os.fspath(path) for path in paths))
            try:
                await self._zygote.work(task, Nothing)
            except RuntimeFailure as failure:
                _log.warning("%d paths below %s stay: %s", len(paths), self._data, failure.says)
