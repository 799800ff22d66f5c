"""Migration plans: order, rebuilt groups, drops and violations."""

from dataclasses import replace

from fraiseql.caching.ddl.desired_state import in_order
from fraiseql.caching.ddl.ledger import LedgerEntry
from fraiseql.caching.ddl.plan import MigrationPlan, make_plan
from fraiseql.caching.objects import DatabaseObject

FUNCTION = DatabaseObject("function", "f()", ("create f",), ("drop f",), replaces=True)
TABLE = DatabaseObject("table", "t", ("create t",), ("drop t",), "User", needs=("f()",))
DATA = DatabaseObject("data", "rows of t", ("fill t",), (), "User", needs=("t",))
VIEW = DatabaseObject("view", "v", ("create v",), ("drop v",), "User", ("t",), replaces=True)
INDEX = DatabaseObject(
    "index", "i", ("create i",), ("drop i",), "User", ("t",), transactional=False
)
ALL = (FUNCTION, TABLE, DATA, VIEW, INDEX)


def entry(one: DatabaseObject, **more: object) -> LedgerEntry:
    made = LedgerEntry(
        one.kind,
        one.name,
        one.owner,
        one.digest,
        "done",
        one.transactional,
        one.drop,
        one.needs,
        None if one.kind == "data" else f"seen {one.name}",
        15,
    )
    return replace(made, **more)


def plan(
    wanted: tuple[DatabaseObject, ...], *entries: LedgerEntry, gone: tuple[str, ...] = ()
) -> MigrationPlan:
    ledger = {one.key: one for one in entries}
    present = {
        one.key: f"seen {one.name}"
        for one in entries
        if one.name not in gone and one.kind != "data"
    }
    return make_plan(in_order(list(wanted)), ledger, present, 15)


def told(found: MigrationPlan) -> list[str]:
    def names(objects: tuple[DatabaseObject, ...]) -> str:
        return ",".join(one.name for one in objects)

    return [f"{s.action} -{names(s.dropped)} +{names(s.created)}" for s in found.steps]


APPLIED = tuple(entry(one) for one in ALL)


def test_objects_come_after_what_they_need() -> None:
    assert in_order([INDEX, VIEW, DATA, TABLE, FUNCTION]) == (
        FUNCTION,
        TABLE,
        INDEX,
        VIEW,
        DATA,
    )


def test_nothing_changed_nothing_to_do() -> None:
    assert plan(ALL, *APPLIED).empty


def test_everything_new_is_made_one_by_one() -> None:
    assert told(plan(ALL)) == [
        "create - +f()",
        "create - +t",
        "create - +rows of t",
        "create - +v",
        "create - +i",
    ]


def test_a_function_is_replaced_in_place_and_rows_made_again() -> None:
    changed = replace(FUNCTION, create=("create f anew",))
    assert told(plan((changed, *ALL[1:]), *APPLIED)) == [
        "drop -rows of t +",
        "replace - +f()",
        "create - +rows of t",
    ]


def test_what_stands_on_a_changed_table_is_made_anew_with_it() -> None:
    changed = replace(TABLE, create=("create t anew",))
    found = plan((FUNCTION, changed, DATA, VIEW, INDEX), *APPLIED)
    assert told(found) == ["drop -i +", "rebuild -v,t +t,rows of t,v", "rebuild -i +i"]
    assert found.steps[1].statements == ("drop v", "drop t", "create t anew", "fill t", "create v")
    assert [step.transactional for step in found.steps] == [False, True, False]


def test_what_is_gone_is_made_again() -> None:
    assert told(plan(ALL, *APPLIED, gone=("v",))) == ["create - +v"]


def test_what_somebody_altered_is_put_right() -> None:
    entries = [entry(VIEW, seen="something else"), *(entry(one) for one in ALL if one is not VIEW)]
    found = plan(ALL, *entries)
    assert told(found) == ["replace - +v"]
    assert [v.drift for v in found.states if v.state == "altered"] == [True]


def test_another_version_of_postgresql_may_word_it_otherwise() -> None:
    entries = [
        entry(VIEW, seen="other words", seen_by=14),
        *(entry(o) for o in ALL if o is not VIEW),
    ]
    assert plan(ALL, *entries).empty


def test_an_interrupted_index_is_dropped_first() -> None:
    entries = [entry(INDEX, state="doing", seen=None), *(entry(one) for one in ALL[:-1])]
    found = plan(ALL, *entries)
    assert found.steps[0].statements == ("drop i", "create i")


def test_what_is_not_declared_goes_in_reverse() -> None:
    assert told(plan((), *APPLIED)) == [
        "drop -i +",
        "drop -v +",
        "drop -rows of t +",
        "drop -t +",
        "drop -f() +",
    ]


def test_a_name_that_is_taken_stops_everything() -> None:
    found = make_plan(ALL, {}, {VIEW.key: "of somebody else"}, 15)
    assert found.steps == ()
    assert [refusal.code for refusal in found.refusals] == ["NAME_TAKEN"]


def test_a_step_prints_its_undo() -> None:
    first = plan(ALL).steps[1]
    assert (first.title, first.undo) == ("create table t", ("drop t",))
