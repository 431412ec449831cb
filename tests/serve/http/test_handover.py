"""A connection that one process leaves to another: nothing that its client sent is lost."""

from __future__ import annotations

import socket

import pytest

from ordinance.serve.http.handover import Handover

pytestmark = pytest.mark.server


def test_what_was_read_and_what_was_not_both_arrive() -> None:
    handover = Handover()
    client, ours = socket.socketpair()
    with client:
        client.sendall(b"GET /health HTTP/1.1\r\nhost: ")
        read = ours.recv(10)
        client.sendall(b"localhost\r\n\r\n")
        assert handover.leave(ours.fileno(), read)
        ours.close()
        taken = handover.take()
        assert taken is not None
        other, before = taken
        with other:
            assert before + other.recv(100) == b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n"
            assert not other.get_inheritable()
            other.sendall(b"HTTP/1.1 200 OK\r\n")
            assert client.recv(100) == b"HTTP/1.1 200 OK\r\n"


def test_nothing_is_there_and_nothing_is_waited_for() -> None:
    assert Handover().take() is None


def test_where_there_is_no_room_it_is_said_and_later_there_is_again() -> None:
    handover = Handover()
    client, ours = socket.socketpair()
    with client, ours:
        left = 0
        while handover.leave(ours.fileno(), b"x" * 60_000):
            left += 1
            assert left < 1000
        assert left > 0
        for _ in range(left):
            taken = handover.take()
            assert taken is not None
            assert taken[1] == b"x" * 60_000
            taken[0].close()
        assert handover.leave(ours.fileno(), b"")
