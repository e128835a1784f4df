"""Messages to a peer that is real as far as the socket goes: the runtime's own blocking channel at the other end."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable

import pytest

from labrunner.daemon.peers import News, Peer
from labrunner.runtime import channel
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.messages import Attach, Attached, Done, Exited, Failed, Hello, Start, Started, Watch


def joined(talk: Callable[[Peer, socket.socket, list[News | None]], Awaitable[None]]) -> None:
    """Let both ends of a connection talk."""

    async def run() -> None:
        ours, theirs = socket.socketpair()
        heard: list[News | None] = []
        with theirs:
            peer = Peer(ours, lambda _, news: heard.append(news))
            received = channel.receive(theirs)
            assert received
            assert isinstance(received[0], Hello)
            await talk(peer, theirs, heard)
            peer.close()

    asyncio.run(run())


def test_an_answer_belongs_to_the_oldest_question_and_news_to_none() -> None:
    async def talk(peer: Peer, other: socket.socket, heard: list[News | None]) -> None:
        watch, start = peer.ask(Watch()), peer.ask(Start())
        for message in (Hello(), Done(), Started(pid=1, start_time=2), Exited(code=3, at=4)):
            channel.send(other, message)
        await peer.greeted()
        assert await watch == (Done(), [])
        assert await start == (Started(pid=1, start_time=2), [])
        await asyncio.sleep(0)
        assert heard == [Exited(code=3, at=4)]

    joined(talk)


def test_a_failure_is_the_answers_failure() -> None:
    async def talk(peer: Peer, other: socket.socket, _: list[News | None]) -> None:
        start = peer.ask(Start())
        channel.send(other, Hello())
        channel.send(other, Failed(kind=Kind.NOT_FOUND, says="no"))
        with pytest.raises(RuntimeFailure, match="no") as failed:
            await start
        assert failed.value.kind is Kind.NOT_FOUND

    joined(talk)


def test_an_end_fails_what_was_asked_and_is_told_once() -> None:
    async def talk(peer: Peer, other: socket.socket, heard: list[News | None]) -> None:
        start = peer.ask(Start())
        other.close()
        with pytest.raises(RuntimeFailure, match="ended before it answered"):
            await start
        assert heard == [None]
        assert not peer.is_open
        with pytest.raises(RuntimeFailure):
            await peer.ask(Start())

    joined(talk)


def test_another_version_is_refused() -> None:
    async def talk(peer: Peer, other: socket.socket, _: list[News | None]) -> None:
        channel.send(other, Hello(version=99))
        with pytest.raises(RuntimeFailure, match="of version 99"):
            await peer.greeted()

    joined(talk)


def test_what_follows_attached_is_left_to_whoever_takes_over() -> None:
    async def talk(peer: Peer, other: socket.socket, _: list[News | None]) -> None:
        attached = peer.ask(Attach(stdout=True))
        whole = channel.encode(Hello()) + channel.encode(Attached(segment=1, offset=2)) + b"\1\0\0\0\2hi"
        other.sendall(whole)
        assert (await attached)[0] == Attached(segment=1, offset=2)
        taken = peer.take_over()
        assert taken.recv(100) == b"\1\0\0\0\2hi"
        taken.close()

    joined(talk)


def test_descriptors_travel_beside_a_message_and_large_messages_whole() -> None:
    async def talk(peer: Peer, other: socket.socket, heard: list[News | None]) -> None:
        assert not heard
        answer = peer.ask(Start())
        read, write = os.pipe()
        channel.send(other, Hello())
        channel.send(other, Started(pid=1, start_time=2), [write])
        _, (given,) = await answer
        os.write(given, b"x")
        assert os.read(read, 1) == b"x"
        assert not os.get_inheritable(given)
        channel.close([read, write, given])
        peer.send(Failed(kind=Kind.BROKEN, says="x" * 3_000_000))
        await asyncio.to_thread(channel.receive, other)  # Start
        received = await asyncio.to_thread(channel.receive, other)
        assert received
        assert isinstance(received[0], Failed)
        assert len(received[0].says) == 3_000_000

    joined(talk)
