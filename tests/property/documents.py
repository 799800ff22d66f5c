"""Documents for the zoo: mostly right, with missing keys, nulls and values of the wrong form."""

from typing import Any

from hypothesis import strategies as st

text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8) | st.sampled_from(
    ["xenon", "xa", 'q"uo\\te', "\u2028", "ключ", "\U0001f600", ""]
)
wrong = st.sampled_from([[], {}, [1], {"a": 1}])
json_value = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10**12) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
instant = st.datetimes().map(lambda moment: moment.isoformat() + "+00:00")
grid = st.lists(st.lists(st.none() | st.integers(0, 9), max_size=3) | st.just(5), max_size=3)


def mostly(right: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Nine times in ten the right form, else null or a form that no scalar takes."""
    return st.integers(0, 19).flatmap(lambda n: st.none() if n == 0 else wrong if n == 1 else right)


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects in which any key may be missing."""
    return st.fixed_dictionaries({}, optional=fields)


stone = st.fixed_dictionaries(
    {"kind": st.just("Stone"), "name": mostly(text)},
    optional={"weight": mostly(st.floats(-1e6, 1e6, allow_nan=False) | st.integers(-9, 9))},
)


def animals(items: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Dogs, cats, and now and then an animal of no known kind."""
    cat = st.fixed_dictionaries(
        {"kind": st.just("cat"), "name": mostly(text)},
        optional={"lives": mostly(st.integers(0, 9)), "owner": items, "legs": mostly(st.just(4))},
    )
    lost = st.sampled_from([{"name": "no kind"}, {"kind": "cow", "name": "m"}, 7, None])
    dog = st.deferred(
        lambda: st.fixed_dictionaries(
            {"kind": st.just("dog"), "name": mostly(text), "barks": mostly(st.booleans())},
            optional={"friends": mostly(st.lists(cat | dog | lost, max_size=2))},
        )
    )
    return cat | dog | st.integers(0, 9).flatmap(lambda n: lost if n == 0 else cat)


def item_fields(items: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The document of one item; ``items`` makes those inside it."""
    animal = animals(items)
    return st.fixed_dictionaries(
        {"title": mostly(text), "children": mostly(st.lists(items, max_size=2))},
        optional={
            "id": mostly(st.integers(-5, 5)),
            "rank": mostly(st.integers(-5, 5)),
            "note": mostly(text),
            "count": mostly(st.integers(-(2**32), 2**32) | st.booleans() | st.just(1.5)),
            "ratio": mostly(st.floats(-1e6, 1e6, allow_nan=False) | st.integers(-9, 9)),
            "ok": mostly(st.booleans() | st.integers(0, 2)),
            "colour": mostly(st.sampled_from(["red", "dark green", 1, "blue", "RED", 2])),
            "price": mostly(st.integers(-(10**9), 10**9)),
            "big": mostly(st.integers(-(10**15), 10**15)),
            "made_at": mostly(instant),
            "uid": mostly(st.uuids().map(str)),
            "extra": json_value,
            "tags": mostly(st.lists(st.none() | text, max_size=3)),
            "grid": mostly(grid),
            "child": mostly(items),
            "pet": mostly(animal),
            "pets": mostly(st.lists(st.none() | animal, max_size=3)),
            "thing": mostly(stone | animal),
            "not_declared": json_value,
        },
    )


nested_item = st.deferred(
    lambda: st.integers(0, 3).flatmap(lambda n: item_fields(nested_item if n else st.none()))
)
item = item_fields(st.none() | nested_item)
