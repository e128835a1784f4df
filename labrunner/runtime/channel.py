"""Messages over a stream socket: four bytes of length, big-endian, then JSON; file descriptors beside the length.

For the single-threaded programs of the runtime, which wait for one message at a time; the daemon has an asynchronous
one of its own on the same ``encode`` and ``decode``. SCM_RIGHTS: unix(7).
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Sequence

import msgspec

from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.messages import Failed, Message

#: The most bytes of a message: arguments and environment of a process may have two megabytes (execve(2)).
MAX_BYTES = 8 << 20
#: The most descriptors beside one message.
MAX_DESCRIPTORS = 8
_LENGTH = 4
_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def encode(message: Message) -> bytes:
    """A message as it travels."""
    content = msgspec.json.encode(message)
    return len(content).to_bytes(_LENGTH, "big") + content


def length_of(head: bytes) -> int:
    """How many bytes follow these four. RuntimeFailure where they are too many."""
    length = int.from_bytes(head, "big")
    if length > MAX_BYTES:
        raise RuntimeFailure(Kind.TOO_LARGE, f"a message of at most {MAX_BYTES} bytes was expected, not {length}")
    return length


def decode(content: bytes) -> Message:
    """A message from what follows its length. RuntimeFailure where it is none that this version knows."""
    try:
        return _decoder.decode(content)
    except msgspec.MsgspecError as error:
        raise RuntimeFailure(Kind.OTHER_VERSION, f"a message of this version was expected: {error}") from error


def send(connection: socket.socket, message: Message, descriptors: Sequence[int] = ()) -> None:
    """Send one message. OSError where nobody listens any more."""
    whole = encode(message)
    sent = socket.send_fds(connection, [whole], list(descriptors)) if descriptors else connection.send(whole)
    if sent < len(whole):
        connection.sendall(whole[sent:])


def receive(connection: socket.socket) -> tuple[Message, list[int]] | None:
    """The next message and its descriptors, which are closed on exec; None at the end of the connection.

    RuntimeFailure for a message that is too long, torn or of another version; its descriptors are closed then.
    """
    head, descriptors, _, _ = socket.recv_fds(connection, _LENGTH, MAX_DESCRIPTORS)
    if not head:
        return None
    try:
        head += _exactly(connection, _LENGTH - len(head))
        message = decode(_exactly(connection, length_of(head)))
    except BaseException:
        close(descriptors)
        raise
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - the one thing that this function sets
    return message, descriptors


def call(connection: socket.socket, message: Message, descriptors: Sequence[int] = ()) -> tuple[Message, list[int]]:
    """Send a message and wait for its answer. RuntimeFailure where the answer is ``Failed`` or there is none."""
    send(connection, message, descriptors)
    answer = receive(connection)
    if answer is None:
        raise RuntimeFailure(Kind.BROKEN, f"{type(message).__name__} was said, and nobody answers")
    if isinstance(answer[0], Failed):
        raise RuntimeFailure(answer[0].kind, answer[0].says, errno=answer[0].errno)
    return answer


def close(descriptors: Sequence[int]) -> None:
    """Close what nobody wants."""
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            os.close(descriptor)


def _exactly(connection: socket.socket, count: int) -> bytes:
    taken = bytearray()
    while len(taken) < count:
        piece = connection.recv(min(count - len(taken), 1 << 20))
        if not piece:
            raise RuntimeFailure(Kind.BROKEN, f"a message of {count} bytes was expected, and {len(taken)} came")
        taken += piece
    return bytes(taken)
