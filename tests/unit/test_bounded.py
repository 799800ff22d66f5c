"""Bounded: what was used least recently makes room."""

from fraiseql.bounded import Bounded


def test_the_oldest_goes_first() -> None:
    kept: Bounded[str, int] = Bounded(2)
    for number, key in enumerate("abc"):
        assert kept.put(key, number) == number
    assert (kept.get("a"), kept.get("b"), kept.get("c"), len(kept)) == (None, 1, 2, 2)


def test_using_an_entry_keeps_it() -> None:
    kept: Bounded[str, int] = Bounded(2)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.get("a") == 1
    kept.put("c", 3)
    assert (kept.get("a"), kept.get("b")) == (1, None)


def test_an_entry_put_again_takes_no_more_room() -> None:
    kept: Bounded[str, int] = Bounded(2)
    kept.put("a", 1)
    kept.put("b", 2)
    kept.put("a", 3)
    assert (kept.get("a"), kept.get("b"), len(kept)) == (3, 2, 2)


def test_an_entry_that_was_put_again_is_the_newest() -> None:
    kept: Bounded[str, int] = Bounded(2)
    kept.put("a", 1)
    kept.put("b", 2)
    kept.put("a", 3)
    kept.put("c", 4)
    assert (kept.get("a"), kept.get("b")) == (3, None)


def test_weight_makes_room_too() -> None:
    kept: Bounded[str, int] = Bounded(100, 100)
    for number, key in enumerate("abcdefghijkl"):
        kept.put(key, number, 10)
    assert (len(kept), kept.weight) == (10, 100)
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (None, None, 2)
    kept.put("c", 3, 4)
    assert (len(kept), kept.weight) == (10, 94)
    kept.remove("c")
    kept.remove("c")
    assert (len(kept), kept.weight) == (9, 90)


def test_what_is_too_heavy_is_not_held() -> None:
    kept: Bounded[str, int] = Bounded(100, 100)
    kept.put("a", 1, 10)
    assert kept.put("b", 2, 11) == 2
    assert (kept.get("b"), kept.get("a"), kept.takes(11)) == (None, 1, False)
    kept.put("a", 3, 11)
    assert (len(kept), kept.weight) == (0, 0)
