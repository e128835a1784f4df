"""What is proven already, so that a step is proven again only where it, its checks or its cases have changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from labrunner.authoring.proving.proof import CheckProof, proof_data, proof_from


class Known:
    """Proofs without a finding, one file each in a folder, by a hash of what they rest on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, key: str) -> tuple[CheckProof, ...] | None:
        """The proof of that key, if there is one that can be read."""
        try:
            return tuple(map(proof_from, json.loads((self.folder / f"{key}.json").read_text(encoding="utf-8"))))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, key: str, proofs: Iterable[CheckProof]) -> None:
        """Keep a proof, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f"{key}.new"
        draft.write_text(json.dumps([proof_data(proof) for proof in proofs]) + "\n", encoding="utf-8")
        draft.replace(self.folder / f"{key}.json")


def key_of(step: str, files: Iterable[Path], *words: str) -> str:
    """The hash of a step's name, of files and of words: what the step's proof rests on."""
    found = hashlib.sha256("\0".join((step, *words)).encode())
    for file in files:
        found.update(b"\0" + file.read_bytes() if file.is_file() else b"\0")
    return found.hexdigest()
