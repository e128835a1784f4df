"""How much an archive may hold, so that a small file that unpacks without end fills neither disk nor memory."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one layer may have; sizes in bytes. An image of the course has about 10,000 entries and 200 MB."""

    entries: int = 1_000_000
    size: int = 8 << 30  # uncompressed
    names: int = 256 << 20  # of all entries together: they are remembered until the end
    name: int = 4095  # PATH_MAX without its zero (limits.h)
    extensions: int = 1 << 20  # of one entry's PAX header, where its extended attributes are
    ratio: int = 100  # of uncompressed to compressed …
    ratio_from: int = 1 << 30  # … once more than this came out


LIMITS = Limits()
