"""What is known of the images that the labs use: ``images/support.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from labrunner.model.errors import ToolError


@dataclass(frozen=True)
class Support:
    """Until when an image is supported, None where it is kept up to date; for what machines; where that is written."""

    until: date | None
    architectures: tuple[str, ...]
    sources: tuple[str, ...]


def load_support(file: Path) -> Mapping[str, Support]:
    """The images by their names."""
    try:
        rows = yaml.safe_load(file.read_text(encoding="utf-8"))
        return {
            image: Support(row["until"], tuple(map(str, row["architectures"])), tuple(row["sources"]))
            for image, row in rows.items()
        }
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ToolError(
            f"{file} was to say until when images are supported, and it cannot be read: {error!r}",
            next="pip install --force-reinstall labrunner",
        ) from error
