"""One connection of a client: read a call, ask its rule, and do what that says. A connection carries one call."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from dataclasses import dataclass

from labrunner.engine.api import ApiError, dial
from labrunner.model.errors import LabrunnerError
from labrunner.proxy.answers import BROKEN, NO_ANSWER, WatchedAnswer, answer, is_success, split_head, whole_answer
from labrunner.proxy.call import Answer, Call, Hijack, Pass, Record, Refused, Watch
from labrunner.proxy.endpoints import find_endpoint
from labrunner.proxy.relay import relay
from labrunner.proxy.scope import Scope
from labrunner.proxy.way import Way
from labrunner.wire.chunks import Chunks
from labrunner.wire.heads import RequestHead, WireError, head_end
from labrunner.wire.streams import takes_over, wants_upgrade

#: Seconds within which a client has to send its head, and the body of a call whose rule reads it.
_PATIENCE = 60.0
#: The most bytes of a body that a rule reads, and of an answer that says what was made.
_MOST_BODY = 8 << 20
#: Seconds for which a client may go on sending what nobody reads, so that it gets to see the answer.
_LINGER = 2.0
_READ = 1 << 16
_BAD_REQUEST, _TOO_LARGE, _BAD_GATEWAY = 400, 413, 502


@dataclass
class _Request:
    head: RequestHead
    rest: bytes  # what came behind the head, or behind the body where that was read


def serve(client: socket.socket, scope: Scope) -> None:
    """Answer the one call of a connection and close it."""
    with client:
        client.settimeout(_PATIENCE)
        try:
            _serve(client, scope)
        except Refused as refused:
            _say(client, refused.status, refused.message)
        except ApiError as error:
            _say(client, error.status, error.message)
        except WireError as error:
            _say(client, _BAD_REQUEST, str(error))
        except LabrunnerError as error:
            _say(client, _BAD_GATEWAY, f"{error.says}; {error.next}" if error.next else error.says)
        except OSError:  # the client has gone, or keeps us waiting: nobody is there to be told
            return


def _serve(client: socket.socket, scope: Scope) -> None:
    request = _read_request(client)
    if request is None:
        return
    call = Call.parse(request.head.method, request.head.target)
    endpoint = find_endpoint(call)
    body = _read_body(client, request) if endpoint.reads else b""
    try:
        plan = endpoint.rule(scope, call, body)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:  # the body is another shape's
        raise Refused(
            _BAD_REQUEST, f"{call.path} was asked for with what the scope does not understand ({error!r})"
        ) from error
    if isinstance(plan, Answer):
        _send_last(client, answer(plan.status, plan.data))
        return
    with _dialled(scope) as engine:
        _forward(client, engine, request, plan)


def _forward(client: socket.socket, engine: socket.socket, request: _Request, plan: Pass) -> None:
    if isinstance(plan, Hijack):
        body = _read_body(client, request)
        engine.sendall(_upgrading(request.head, plan, body) + body)
        _hijack(client, engine, request.rest, plan)
        return
    body = plan.body if plan.body is not None else request.rest
    engine.sendall(_closing(request.head, plan) + body)
    match plan:
        case Record():
            _record(client, engine, plan)
        case Watch():
            watched = WatchedAnswer(plan.seen, plan.ended)
            try:
                relay(Way(client, engine), Way(engine, client, watched, watched.finish), both=False)
            finally:
                watched.finish()
        case _:
            down = Way(engine, client, finish=lambda: b"" if down.began else NO_ANSWER)
            relay(Way(client, engine), down, both=False)


def _record(client: socket.socket, engine: socket.socket, plan: Record) -> None:
    """Read the answer to its end even where the client has gone, since what was made is to be recorded."""
    received = bytearray()
    engine.settimeout(None)
    while content := engine.recv(_READ):
        received += content
        if len(received) > _MOST_BODY:
            raise Refused(_BAD_GATEWAY, f"an answer of at most {_MOST_BODY} bytes was expected of the engine")
    head, value = whole_answer(received)
    if head is None:
        raise _broken()
    if is_success(head):
        plan.made(value)
    else:
        plan.refused()
    closing = head.with_headers(head.headers.having("Connection", "close"))
    client.settimeout(_LINGER)
    client.sendall(closing.serialise() + bytes(received))
    plan.told()
    _send_last(client)


def _hijack(client: socket.socket, engine: socket.socket, early: bytes, plan: Hijack) -> None:
    received = bytearray()
    engine.settimeout(None)
    while (head := split_head(received)) is None:
        content = engine.recv(_READ)
        if not content:
            raise _broken()
        received += content
    taken = takes_over(head)
    up = Way(client, engine, plan.sent if taken else None)
    down = Way(engine, client, plan.received if taken else None)
    if taken:
        down.push(
            head.serialise() + (plan.received(bytes(received)) if plan.received and received else bytes(received))
        )
        up.push(plan.sent(early) if plan.sent and early else early)
    else:  # the connection stays HTTP, and a second call on it would go past the rules
        head = head.with_headers(head.headers.having("Connection", "close"))
        down.push(head.serialise() + bytes(received))
        up.give_up()
        engine.shutdown(socket.SHUT_WR)
    relay(up, down, both=taken)


def _closing(head: RequestHead, plan: Pass) -> bytes:
    """The request's head for the engine, which is told to close the connection when it has answered."""
    headers = head.headers.without("Connection", "Keep-Alive", "Upgrade").having("Connection", "close")
    if plan.body is not None:
        headers = headers.without("Transfer-Encoding", "Expect").having("Content-Length", str(len(plan.body)))
    return RequestHead(headers, head.method, plan.call.target).serialise()


def _upgrading(head: RequestHead, plan: Hijack, body: bytes) -> bytes:
    headers = head.headers.without("Transfer-Encoding", "Expect")
    if body or headers.get("Content-Length") is not None:
        headers = headers.having("Content-Length", str(len(body)))
    if not wants_upgrade(head):
        headers = headers.without("Connection")
    return RequestHead(headers, head.method, plan.call.target).serialise()


def _read_request(client: socket.socket) -> _Request | None:
    """The head and what came with it; None where the client closes without a word."""
    received = bytearray()
    while (end := head_end(received)) is None:
        content = client.recv(_READ)
        if not content:
            return None
        received += content
    return _Request(RequestHead.parse(bytes(received[:end])), bytes(received[end:]))


def _read_body(client: socket.socket, request: _Request) -> bytes:
    """The whole body; ``request.rest`` is what came behind it."""
    if "100-continue" in request.head.headers.words("Expect"):
        client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    if request.head.chunked:
        chunks = Chunks()
        body = chunks.feed(request.rest)
        while not chunks.ended:
            body += chunks.feed(_more(client))
            _bounded(len(body))
        request.rest = chunks.rest
        return body
    length = request.head.length() or 0
    _bounded(length)
    received = request.rest
    while len(received) < length:
        received += _more(client)
    request.rest = received[length:]
    return received[:length]


def _more(client: socket.socket) -> bytes:
    content = client.recv(_READ)
    if not content:
        raise ConnectionResetError
    return content


def _bounded(size: int) -> None:
    if size > _MOST_BODY:
        raise Refused(_TOO_LARGE, f"a body of at most {_MOST_BODY} bytes was expected, and {size} bytes were found")


def _dialled(scope: Scope) -> socket.socket:
    try:
        return dial(scope.engine.host)
    except OSError as error:
        raise Refused(
            _BAD_GATEWAY, f"the engine at {scope.engine.host} does not answer ({error}); labrunner doctor"
        ) from error


def _broken() -> Refused:
    return Refused(_BAD_GATEWAY, BROKEN)


def _say(client: socket.socket, status: int, message: str) -> None:
    with suppress(OSError):
        _send_last(client, answer(status, {"message": message}))


def _send_last(client: socket.socket, content: bytes = b"") -> None:
    """Send the end of a connection, and read on for a moment: closed before that, the client might lose it."""
    client.settimeout(_LINGER)
    client.sendall(content)
    client.shutdown(socket.SHUT_WR)
    deadline = time.monotonic() + _LINGER
    while client.recv(_READ) and time.monotonic() < deadline:
        pass
