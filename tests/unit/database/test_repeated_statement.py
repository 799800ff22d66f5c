"""A repeated statement, over a transport that the test answers."""

from typing import Any

import pytest

from fraiseql.database import messages
from fraiseql.database.repeated_statement import RepeatedStatement, StatementPair

PAIR = StatementPair("SELECT WHERE $1", "SELECT $1")
PROBE, STATEMENT = b"\0probe\0", b"\0repeated\0"
BOUND = b"2\0\0\0\4"
DONE = b"C\0\0\0\x0dSELECT 1\0Z\0\0\0\5I"
STATUS = b"S\0\0\0\x08a\0b\0"
ERROR = b"E\0\0\0\x0cC57014\0\0Z\0\0\0\5I"


def row(*values: bytes | None) -> bytes:
    """Return a DataRow."""
    parts = [
        b"\xff\xff\xff\xff" if value is None else len(value).to_bytes(4) + value for value in values
    ]
    body = len(values).to_bytes(2) + b"".join(parts)
    return b"D" + (4 + len(body)).to_bytes(4) + body


class Server:
    """The transport of a connection, and everything that it was told.

    Attributes:
        written: Bytes that were sent.
        answers: Rows that were reported; None for no row.
        ends: How often the end was reported.
        released: How often the connection was returned.
    """

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.answers: list[Any] = []
        self.ends = self.released = 0
        self.aborted = False
        self.origin = object()
        self.transport = self.bound = self
        connection: Any = self
        self.statement = RepeatedStatement(
            connection, PAIR, self.answers.append, self._end, self._release
        )

    def _end(self) -> None:
        self.ends += 1

    def _release(self, _: object) -> None:
        self.released += 1

    def set_protocol(self, protocol: object) -> None:
        self.protocol = protocol

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return self.aborted

    def connection_lost(self, _: Exception | None) -> None:
        """Take the end as the driver."""


@pytest.fixture
def server() -> Server:
    made = Server()
    made.statement.bind((b"1",))
    return made


def test_the_statements_are_prepared_once(server: Server) -> None:
    for _ in range(2):
        server.statement.run()
        server.statement.data_received(messages.NO_ROW)
    first, second = server.written
    assert first.startswith(b"P")
    assert STATEMENT in first.rpartition(b"B")[2]
    assert second.startswith(b"B")
    assert server.answers == [None, None]


def test_a_probe_runs_where_the_last_run_had_no_row(server: Server) -> None:
    answer = BOUND + row(b"1") + DONE
    runs = ((answer,), (messages.NO_ROW,), (messages.NO_ROW,), (BOUND + row() + DONE, answer))
    for answers in (*runs, (answer,)):
        server.statement.run()
        for data in answers:
            server.statement.data_received(data)
    sent = [PROBE in data for data in server.written[1:]]
    assert sent == [False, True, True, False, False]
    assert server.answers == [[b"1"], None, None, [b"1"], [b"1"]]


def test_other_statements_are_prepared_for_the_next_run(server: Server) -> None:
    for _ in range(2):
        server.statement.run()
        server.statement.data_received(messages.NO_ROW)
        server.statement.change(StatementPair("SELECT 2 WHERE $1", "SELECT 2, $1"))
    assert server.written[1].startswith(b"C")
    assert b"SELECT 2, $1" in server.written[1]
    assert PROBE not in server.written[1].rpartition(b"B")[2]


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_an_answer_may_come_in_pieces(server: Server, size: int) -> None:
    server.statement.run()
    answer = b"1\0\0\0\4" + BOUND + STATUS + row(b"x" * 300, None, b"") + DONE
    for start in range(0, len(answer), size):
        assert server.answers == []
        server.statement.data_received(answer[start : start + size])
    assert server.answers == [[b"x" * 300, None, b""]]
    server.statement.run()
    for start in range(0, len(messages.NO_ROW), size):
        server.statement.data_received(messages.NO_ROW[start : start + size])
    assert server.answers[1:] == [None]


def test_messages_between_two_runs_are_no_answer(server: Server) -> None:
    server.statement.run()
    server.statement.data_received(messages.NO_ROW)
    server.statement.data_received(STATUS)
    assert server.answers == [None]
    server.statement.run()
    server.statement.data_received(BOUND + row() + DONE)
    server.statement.data_received(STATUS + BOUND + row(b"1") + DONE)
    assert server.answers == [None, [b"1"]]


def test_an_error_ends_the_connection(server: Server) -> None:
    server.statement.run()
    server.statement.data_received(BOUND + ERROR)
    assert server.aborted
    assert server.answers == []
    server.statement.connection_lost(None)
    assert (server.ends, server.released, server.protocol) == (1, 1, server)


def test_a_connection_that_is_idle_is_returned_at_the_end(server: Server) -> None:
    server.statement.run()
    server.statement.data_received(messages.NO_ROW)
    server.statement.end()
    assert not server.aborted
    assert (server.ends, server.released, server.protocol) == (1, 1, server)
    server.statement.end()
    assert server.released == 1


def test_a_connection_that_is_busy_is_aborted_at_the_end(server: Server) -> None:
    server.statement.run()
    server.statement.end()
    assert server.aborted
    assert server.ends == 0
    server.statement.connection_lost(None)
    assert (server.ends, server.released) == (1, 1)


def test_texts_of_an_array() -> None:
    head = (1).to_bytes(4) + bytes(8) + (2).to_bytes(4) + (1).to_bytes(4)
    assert messages.texts(head + b"\0\0\0\2\xc3\xa9\0\0\0\0") == ["é", ""]
    assert messages.texts(bytes(12)) == []
