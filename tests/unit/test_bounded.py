"""Bounded: what was used least recently makes room."""

from fraiseql.bounded import Bounded


def test_the_oldest_goes_first() -> None:
    bounded: Bounded[str, int] = Bounded(2)
    for number, key in enumerate("abc"):
        assert bounded.put(key, number) == number
    assert (bounded.get("a"), bounded.get("b"), bounded.get("c"), len(bounded)) == (None, 1, 2, 2)


def test_using_an_entry_keeps_it() -> None:
    bounded: Bounded[str, int] = Bounded(2)
    bounded.put("a", 1)
    bounded.put("b", 2)
    assert bounded.get("a") == 1
    bounded.put("c", 3)
    assert (bounded.get("a"), bounded.get("b")) == (1, None)


def test_an_entry_put_again_takes_no_more_room() -> None:
    bounded: Bounded[str, int] = Bounded(2)
    bounded.put("a", 1)
    bounded.put("b", 2)
    bounded.put("a", 3)
    assert (bounded.get("a"), bounded.get("b"), len(bounded)) == (3, 2, 2)


def test_an_entry_that_was_put_again_is_the_newest() -> None:
    bounded: Bounded[str, int] = Bounded(2)
    bounded.put("a", 1)
    bounded.put("b", 2)
    bounded.put("a", 3)
    bounded.put("c", 4)
    assert (bounded.get("a"), bounded.get("b")) == (3, None)


def test_weight_makes_room_too() -> None:
    bounded: Bounded[str, int] = Bounded(100, 100)
    for number, key in enumerate("abcdefghijkl"):
        bounded.put(key, number, 10)
    assert (len(bounded), bounded.weight) == (10, 100)
    assert (bounded.get("a"), bounded.get("b"), bounded.get("c")) == (None, None, 2)
    bounded.put("c", 3, 4)
    assert (len(bounded), bounded.weight) == (10, 94)
    bounded.remove("c")
    bounded.remove("c")
    assert (len(bounded), bounded.weight) == (9, 90)


def test_what_is_too_heavy_is_not_held() -> None:
    bounded: Bounded[str, int] = Bounded(100, 100)
    bounded.put("a", 1, 10)
    assert bounded.put("b", 2, 11) == 2
    assert (bounded.get("b"), bounded.get("a"), bounded.takes(11)) == (None, 1, False)
    bounded.put("a", 3, 11)
    assert (len(bounded), bounded.weight) == (0, 0)
