"""Scans of tables in a plan, with their conditions and orders."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Final

from fraiseql.operating.advise.comparisons import (
    PlanComparison,
    ScanItem,
    comparisons,
    sort_item,
)
from fraiseql.operating.advise.plan_session import PlanTree

OrderItem = tuple[ScanItem, bool]
"""An item, and whether it is descending."""

_CONDITIONS: Final = (
    "Filter",
    "Index Cond",
    "Recheck Cond",
    "Hash Cond",
    "Merge Cond",
    "Join Filter",
)
_BLOCKING: Final = frozenset({"Sort", "Aggregate", "Hash"})
"""Nodes that read all their rows before they return one."""

_OPAQUE_TO_ORDER: Final = frozenset({"Aggregate", "Unique", "SetOp", "WindowAgg"})


@dataclass(frozen=True, slots=True)
class PlanScan:
    """A scan of a table.

    Attributes:
        schema: Schema of the table.
        table: Its name.
        alias: Its alias in the plan.
        node: Type of the node: ``Seq Scan``.
        index: Name of the index that it uses; empty for none.
        comparisons: Comparisons of its columns, those of joins too.
        order: The order of a sort above it.
        limit: Rows after which a limit above it ends it; 0 for none.
        rows: Rows that the scan returns each time, estimated.
        cost: Its cost each time, with the sort above it.
        loops: How often it runs, estimated.
        share: Its share of the plan's cost, from 0 to 1.
        aggregated: Whether all its rows go into an aggregate.
        grouped: Whether that aggregate has groups.
    """

    schema: str
    table: str
    alias: str
    node: str
    index: str
    comparisons: tuple[PlanComparison, ...]
    order: tuple[OrderItem, ...]
    limit: float
    rows: float
    cost: float
    loops: float
    share: float
    aggregated: bool = False
    grouped: bool = False

    @property
    def name(self) -> str:
        """``schema.table``."""
        return f"{self.schema}.{self.table}"


@dataclass(frozen=True, slots=True)
class _Above:
    """The nodes above a scan."""

    order: tuple[OrderItem, ...] = ()
    limit: float = 0.0
    most_rows: float = inf
    loops: float = 1.0
    sort_cost: float = 0.0
    aggregated: bool = False
    grouped: bool = False


def scans(plan: PlanTree) -> list[PlanScan]:
    """Return the scans of a plan, those of the largest share first."""
    every = list(_comparisons(plan))
    found_scans = [_complete(each, every, plan) for each in _walk(plan, _Above())]
    return sorted(found_scans, key=lambda each: -each.share)


def nodes(plan: PlanTree) -> Iterator[PlanTree]:
    """Yield a node and all below it."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def _comparisons(node: PlanTree) -> Iterator[PlanComparison]:
    """Yield the comparisons of a node and all below it."""
    for name in _CONDITIONS:
        yield from comparisons(node[name]) if name in node else ()
    for child in node.get("Plans", ()):
        inner = _comparisons(child)
        if child.get("Parent Relationship") == "SubPlan":
            # Its other operands are values of an outer row, which is read before it runs.
            own = {each["Alias"] for each in nodes(child) if "Alias" in each}
            inner = (each for each in inner if each.item.alias in own)
        yield from inner


def _complete(scan: PlanScan, every: Sequence[PlanComparison], plan: PlanTree) -> PlanScan:
    own = dict.fromkeys(each for each in every if each.item.alias == scan.alias)
    order = scan.order if all(item.alias == scan.alias for item, _ in scan.order) else ()
    whole = max(float(plan["Total Cost"]), 1e-9)
    share = min(1.0, scan.cost * scan.loops / whole)
    return replace(scan, comparisons=tuple(own), order=order, share=share)


def _walk(node: PlanTree, above: _Above) -> Iterator[PlanScan]:
    if "Relation Name" in node:
        yield _scan(node, above)
    inner = _below(node, above)
    outer_rows = 1.0
    for child in node.get("Plans", ()):
        relationship = child.get("Parent Relationship")
        if relationship == "SubPlan":
            yield from _walk(child, _Above(loops=above.loops * evaluations(node, above.most_rows)))
        elif relationship == "InitPlan":
            yield from _walk(child, _Above())
        elif relationship == "Inner" and node["Node Type"] == "Nested Loop":
            yield from _walk(child, replace(inner, loops=above.loops * outer_rows, order=()))
        else:
            outer_rows = max(child["Plan Rows"], 1)
            yield from _walk(child, inner)


def largest_sort(plan: PlanTree) -> float:
    """Return the estimated bytes of the largest sort of a plan; 0 for none, or a limited one."""
    sorts = [
        child
        for node in nodes(plan)
        for child in node.get("Plans", ())
        if child["Node Type"] == "Sort" and node["Node Type"] != "Limit"
    ]
    sizes = [float(each["Plan Rows"]) * float(each["Plan Width"]) for each in sorts]
    return max(sizes, default=0.0)


def evaluations(node: PlanTree, most_rows: float) -> float:
    """Return how often the subplans of a node run: once for each row that a limit lets pass."""
    return max(min(float(node["Plan Rows"]), most_rows), 1.0)


def embed_share(plan: PlanTree) -> float:
    """Return the share of a plan's cost that embedded documents take, from 0 to 1."""
    return min(_embed_cost(plan, inf) / max(float(plan["Total Cost"]), 1e-9), 1.0)


def _embed_cost(node: PlanTree, most_rows: float) -> float:
    kind, inside = node["Node Type"], 0.0
    if kind == "Limit":
        most_rows = float(node["Plan Rows"])
    below = inf if kind in _BLOCKING else most_rows
    for child in node.get("Plans", ()):
        if child.get("Parent Relationship") != "SubPlan":
            inside += _embed_cost(child, below)
        elif any("Relation Name" in each for each in nodes(child)):
            inside += float(child["Total Cost"]) * evaluations(node, most_rows)
    return inside


def _below(node: PlanTree, above: _Above) -> _Above:
    """Return the nodes above the children of a node."""
    kind = node["Node Type"]
    if kind == "Limit":
        rows = float(node["Plan Rows"])
        return replace(above, limit=rows, most_rows=rows)
    if kind in ("Sort", "Incremental Sort"):
        items = _order(node["Sort Key"])
        own = node["Total Cost"] - node["Plans"][0]["Total Cost"]
        return replace(above, order=items, sort_cost=max(own, 0.0), most_rows=inf)
    if kind in _OPAQUE_TO_ORDER:
        grouped = above.grouped or "Group Key" in node
        return _Above(loops=above.loops, aggregated=kind == "Aggregate", grouped=grouped)
    return above


def _order(keys: Sequence[str]) -> tuple[OrderItem, ...]:
    """Return the items of a sort before the first that no index of ours has."""
    items = []
    for text in keys:
        each = sort_item(text)
        if each is None:
            break
        items.append(each)
    return tuple(items)


def _scan(node: PlanTree, above: _Above) -> PlanScan:
    index = node.get("Index Name", "")
    if not index:
        index = next((each["Index Name"] for each in nodes(node) if "Index Name" in each), "")
    return PlanScan(
        node["Schema"],
        node["Relation Name"],
        node["Alias"],
        node["Node Type"],
        index,
        (),
        above.order,
        above.limit,
        float(node["Plan Rows"]),
        float(node["Total Cost"]) + above.sort_cost,
        above.loops,
        0.0,
        above.aggregated,
        above.grouped,
    )
