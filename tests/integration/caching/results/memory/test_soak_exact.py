"""The soak of hits from memory: what it judges wrong, and a short run of it."""

from pathlib import Path

import pytest

from tests.soak_exact import main
from tests.soak_exact_board import Board
from tests.soak_exact_reader import Judge

VALUE = b'{"id":2,"n":5,"version":3}'


@pytest.fixture
def board(tmp_path: Path) -> Board:
    board = Board(tmp_path / "board", 2)
    board.write(2, 5)
    board.redefine(3)
    return board


def judged(board: Board, before=None, *, with_role: bool = False) -> Judge:
    judge = Judge(board)
    judge.judge(VALUE, "memory", before or judge.bounds(), with_role=with_role)
    return judge


def test_an_answer_of_the_last_acknowledged_write_is_right(board):
    assert (judged(board).wrong, judged(board).judged["memory"]) == ([], 1)


def test_of_a_whole_answer_each_row_is_judged(board):
    before = Judge(board).bounds()
    answer = b'{"a":{"id":1,"n":0,"version":3},"b":[{"id":2,"n":%d,"version":3}]}'
    for count, wrong in ((5, 0), (4, 1)):
        judge = Judge(board)
        judge.judge(answer % count, "native", before, with_role=False)
        assert len(judge.wrong) == wrong


def test_an_answer_before_a_write_that_was_acknowledged_is_wrong(board):
    before = Judge(board).bounds()
    board.write(2, 6)
    assert judged(board, before).wrong == []
    assert judged(board).wrong


def test_an_answer_of_an_older_definition_is_wrong(board):
    board.redefine(4)
    assert judged(board).wrong


def test_an_answer_after_a_revoked_privilege_is_wrong_until_it_may_be_granted_again(board):
    board.begin_change(1)
    board.end_change(1)
    assert judged(board, with_role=True).wrong
    assert not judged(board).wrong
    board.begin_change(2)
    assert not judged(board, with_role=True).wrong


def test_an_answer_above_the_live_one_is_wrong(board):
    judge = judged(board)
    judge.compare([0, 5])
    assert not judge.wrong
    judge.compare([0, 4])
    assert judge.wrong


def test_an_answer_while_a_server_is_replaced_is_not_judged(board):
    board.write(2, 6)
    before = Judge(board).bounds()
    board.next_epoch()
    assert not judged(board, before).wrong
    assert not judged(board).wrong
    board.next_epoch()
    assert judged(board).wrong


def test_late_acknowledgements_change_nothing(board):
    board.write(2, 4)
    board.redefine(2)
    assert (board.count(2), board.version) == (5, 3)


def test_a_short_soak_with_a_promotion_finds_nothing_wrong(capfd):
    assert main(["--seconds", "8", "--scale", "0.05"]) == 0
    assert '"memory' in capfd.readouterr().out
