"""Bodies in chunks (RFC 9112, section 7.1), read as they arrive and written."""

from __future__ import annotations

import re

from labrunner.wire.heads import WireError

#: The most bytes of a chunk's size line, and of the trailers behind the last chunk.
MAX_LINE = 4096
LAST = b"0\r\n\r\n"
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(;.*)?", re.DOTALL)


def chunk(content: bytes) -> bytes:
    """One chunk; nothing for no bytes, since an empty chunk is the last one."""
    return b"%x\r\n%b\r\n" % (len(content), content) if content else b""


class Chunks:
    """Takes a chunked body in pieces of any size. ``ended`` says that the last chunk was read; ``rest`` follows it."""

    def __init__(self) -> None:
        self.ended = False
        self.rest = b""
        self._held = bytearray()
        self._left: int | None = None  # bytes still to come of this chunk; 0: the line end behind it; None: a size line
        self._trailers = False

    def feed(self, received: bytes) -> bytes:
        """The content that these bytes complete. WireError where they are no chunks."""
        self._held += received
        content = bytearray()
        while not self.ended and self._step(content):
            pass
        if self.ended:
            self.rest += bytes(self._held)
            self._held.clear()
        return bytes(content)

    def _step(self, content: bytearray) -> bool:
        """Take one element; False where more bytes must come."""
        if self._left:
            taken = self._held[: self._left]
            content += taken
            del self._held[: len(taken)]
            self._left -= len(taken)
            return bool(taken)
        line = self._line()
        if line is None:
            return False
        if self._trailers:
            self.ended = not line
        elif self._left == 0:
            if line:
                raise WireError(f"the end of a chunk was expected, and {line[:20]!r} was found")
            self._left = None
        else:
            self._left = _size(line)
            if self._left == 0:
                self._left, self._trailers = None, True
        return True

    def _line(self) -> bytes | None:
        end = self._held.find(b"\r\n", 0, MAX_LINE + 2)
        if end < 0:
            if len(self._held) > MAX_LINE:
                raise WireError(f"a line of at most {MAX_LINE} bytes was expected, and {len(self._held)} were found")
            return None
        line = bytes(self._held[:end])
        del self._held[: end + 2]
        return line


def _size(line: bytes) -> int:
    match = _SIZE.fullmatch(line)
    if match is None:
        raise WireError(f"a chunk's size in hexadecimal digits was expected, and {line[:20]!r} was found")
    return int(match[1], 16)
