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


def entry(object_: DatabaseObject, **more: object) -> LedgerEntry:
    ledger_entry = LedgerEntry(
        object_.kind,
        object_.name,
        object_.owner,
        object_.digest,
        "done",
        object_.transactional,
        object_.drop,
        object_.needs,
        None if object_.kind == "data" else f"seen {object_.name}",
        15,
    )
    return replace(ledger_entry, **more)


def plan(
    objects: tuple[DatabaseObject, ...], *entries: LedgerEntry, gone: tuple[str, ...] = ()
) -> MigrationPlan:
    ledger = {entry.key: entry for entry in entries}
    present = {
        item.key: f"seen {item.name}"
        for item in entries
        if item.name not in gone and item.kind != "data"
    }
    return make_plan(in_order(list(objects)), ledger, present, 15)


def summary(migration: MigrationPlan) -> list[str]:
    def names(objects: tuple[DatabaseObject, ...]) -> str:
        return ",".join(object_.name for object_ in objects)

    return [f"{s.action} -{names(s.dropped)} +{names(s.created)}" for s in migration.steps]


APPLIED = tuple(entry(object_) for object_ in ALL)


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


def test_every_new_object_is_a_step() -> None:
    assert summary(plan(ALL)) == [
        "create - +f()",
        "create - +t",
        "create - +rows of t",
        "create - +v",
        "create - +i",
    ]


def test_a_function_is_replaced_in_place_and_rows_are_rebuilt() -> None:
    changed = replace(FUNCTION, create=("create f anew",))
    assert summary(plan((changed, *ALL[1:]), *APPLIED)) == [
        "drop -rows of t +",
        "replace - +f()",
        "create - +rows of t",
    ]


def test_dependents_of_a_changed_table_are_rebuilt_with_it() -> None:
    changed = replace(TABLE, create=("create t anew",))
    migration_plan = plan((FUNCTION, changed, DATA, VIEW, INDEX), *APPLIED)
    assert summary(migration_plan) == ["drop -i +", "rebuild -v,t +t,rows of t,v", "rebuild -i +i"]
    assert migration_plan.steps[1].statements == (
        "drop v",
        "drop t",
        "create t anew",
        "fill t",
        "create v",
    )
    assert [step.transactional for step in migration_plan.steps] == [False, True, False]


def test_missing_objects_are_created_again() -> None:
    assert summary(plan(ALL, *APPLIED, gone=("v",))) == ["create - +v"]


def test_what_somebody_altered_is_put_right() -> None:
    entries = [
        entry(VIEW, seen="something else"),
        *(entry(object_) for object_ in ALL if object_ is not VIEW),
    ]
    migration_plan = plan(ALL, *entries)
    assert summary(migration_plan) == ["replace - +v"]
    assert [v.drift for v in migration_plan.states if v.state == "altered"] == [True]


def test_another_version_of_postgresql_may_word_it_otherwise() -> None:
    entries = [
        entry(VIEW, seen="other words", seen_by=14),
        *(entry(o) for o in ALL if o is not VIEW),
    ]
    assert plan(ALL, *entries).empty


def test_an_interrupted_index_is_dropped_first() -> None:
    entries = [entry(INDEX, state="doing", seen=None), *(entry(object_) for object_ in ALL[:-1])]
    migration_plan = plan(ALL, *entries)
    assert migration_plan.steps[0].statements == ("drop i", "create i")


def test_what_is_not_declared_goes_in_reverse() -> None:
    assert summary(plan((), *APPLIED)) == [
        "drop -i +",
        "drop -v +",
        "drop -rows of t +",
        "drop -t +",
        "drop -f() +",
    ]


def test_a_name_that_is_taken_stops_everything() -> None:
    migration_plan = make_plan(ALL, {}, {VIEW.key: "of somebody else"}, 15)
    assert migration_plan.steps == ()
    assert [refusal.code for refusal in migration_plan.refusals] == ["NAME_TAKEN"]


def test_a_step_prints_its_undo() -> None:
    first = plan(ALL).steps[1]
    assert (first.title, first.undo) == ("create table t", ("drop t",))
