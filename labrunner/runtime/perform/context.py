"""What operations hand to those that follow: the root, the user, the environment, the line to the shim."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass

from labrunner.runtime.users import User


@dataclass(slots=True)
class Context:
    """``root`` is the open folder in which targets are found, ``control`` leads to the shim and is closed on exec."""

    control: socket.socket
    root: int = -1
    user: User | None = None

    def change_root(self, path: str) -> None:
        """Find targets below ``path`` from now on."""
        if self.root >= 0:
            os.close(self.root)
        self.root = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
