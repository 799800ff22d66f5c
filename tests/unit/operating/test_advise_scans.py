"""Scans that plans name, and the indexes that are tried for them."""

from typing import Any

from fraiseql.operating.advise.comparisons import ScanItem
from fraiseql.operating.advise.index_candidates import shapes
from fraiseql.operating.advise.scans import scans
from fraiseql.operating.advise.table_facts import TableFacts


def scanned(alias: str, table: str, kind: str = "Seq Scan", **others: Any) -> dict[str, Any]:
    node = {"Node Type": kind, "Schema": "public", "Relation Name": table, "Alias": alias}
    return {**node, "Plan Rows": 100.0, "Total Cost": 50.0, **others}


def sorted_by(keys: list[str], child: dict[str, Any]) -> dict[str, Any]:
    order = {"Node Type": "Sort", "Sort Key": keys, "Plan Rows": 100.0, "Total Cost": 60.0}
    return {"Node Type": "Limit", "Plan Rows": 5.0, "Total Cost": 60.0} | {
        "Plans": [{**order, "Plans": [child]}]
    }


def tried(plan: dict[str, Any], alias: str) -> list[list[str]]:
    (scan,) = (each for each in scans(plan) if each.alias == alias)
    facts = TableFacts(
        scan.name, "public", scan.table, "r", 1e3, 10.0, owned=True, writes_per_second=0
    )
    return [[item.column for item, _ in shape.items] for shape in shapes(scan, facts)]


def test_a_value_that_a_subplan_takes_is_no_condition_of_the_outer_table() -> None:
    airline = scanned("t1", "airline", Filter="(t1.carrier = t0.carrier)")
    subplan = {**airline, "Parent Relationship": "SubPlan"}
    flight = scanned("t0", "flight", Filter="(t0.late >= $1)")
    plan = sorted_by(["t0.late DESC"], flight)
    plan["Plans"].append(subplan)
    assert tried(plan, "t0") == [["late"]]
    assert tried(plan, "t1") == [["carrier"]]


def test_an_order_is_tried_with_and_without_the_condition_of_a_join() -> None:
    inner = scanned("b", "airline", "Index Scan", **{"Index Cond": "(b.carrier = a.carrier)"})
    join = {"Node Type": "Nested Loop", "Plan Rows": 100.0, "Total Cost": 55.0}
    plan = sorted_by(["a.late DESC"], {**join, "Plans": [scanned("a", "flight"), inner]})
    assert tried(plan, "a") == [["carrier", "late"], ["late"]]


def test_a_constant_is_no_condition_of_a_join() -> None:
    plan = sorted_by(["a.late"], scanned("a", "flight", Filter="((a.state = 5) AND a.open)"))
    assert tried(plan, "a") == [["late"], ["state", "open", "late"]]
    (scan,) = scans(plan)
    assert scan.order == ((ScanItem("a", "late"), False),)
