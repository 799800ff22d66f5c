"""Bounded: what was used least recently makes room."""

from fraiseql.serving.bounded import Bounded


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
