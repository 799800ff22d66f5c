"""Type with BigInt and Decimal everywhere, and the same as dicts."""

from decimal import Decimal
from typing import Any

import fraiseql
from fraiseql import BigInt

TABLES = """
CREATE TABLE ledger (id int PRIMARY KEY, big int8, exact numeric, many int8[], owner_id int8,
  facts jsonb, rate numeric(30, 2), weight float8);
CREATE TABLE entry (id int PRIMARY KEY, ledger_id int, big int8 NOT NULL, exact numeric NOT NULL);
CREATE TABLE paper (id int PRIMARY KEY, data jsonb);
CREATE TABLE loose (id int PRIMARY KEY, data json);
INSERT INTO ledger VALUES
  (1, 9007199254740993, 1.10, '{9223372036854775807,-1}', 2, '{"n": 9007199254740993}', 7, 0.1),
  (2, -9223372036854775808, 12345678901234567890.123456789, '{}', NULL, '{"n": 1e30}', 1000, 1),
  (3, NULL, 1e-30, NULL, 1, NULL, NULL, NULL);
INSERT INTO entry VALUES (1, 1, 9007199254740993, 0.10), (2, 1, -1, 1e30), (3, 2, 0, 0);
INSERT INTO paper VALUES
  (1, '{"kind": "Coin", "big": 9007199254740993, "exact": 1.10, "list": [1.10, "2.50"]}'),
  (2, '{"kind": "Note", "big": "12345678901234567890", "exact": 1e400, "list": []}');
INSERT INTO loose VALUES (1, '{"big": -0, "exact": -0.0}'), (2, '{"big": 7, "exact": 1e400}'),
  (3, '{"big": 1.0, "exact": 1}'), (4, '{"big": 1, "exact": "NaN"}'),
  (5, '{"big": true, "exact": 1}'), (6, '{"big": "1_0", "exact": [1]}');
"""

RESET = "DROP TABLE IF EXISTS ledger, entry, paper, loose CASCADE"

Rate = fraiseql.scalar("Rate", Decimal, form="number")


@fraiseql.type(sql_source="entry")
class Entry:
    id: int
    big: BigInt
    exact: Decimal


@fraiseql.type(sql_source="ledger")
class Ledger:
    id: int
    big: BigInt | None
    exact: Decimal | None
    many: list[BigInt] | None
    facts: dict[str, Any] | None
    rate: Rate | None
    weight: float | None
    entries: list[Entry] = fraiseql.embed("entry", on="ledger_id", order_by="id", limit=9)
    owner: "Ledger | None" = fraiseql.embed("ledger", via="owner_id")

    @fraiseql.field(needs=["big"])
    def twice(self) -> BigInt | None:
        return None if self.big is None else BigInt(self.big * 2)

    @fraiseql.field(needs=["exact"])
    def parts(self) -> list[Decimal]:
        return [self.exact, Decimal("0.50")] if self.exact else []


@fraiseql.interface(sql_source="paper", jsonb_column="data", discriminator="kind")
class Paper:
    big: BigInt


@fraiseql.type
class Coin(Paper):
    exact: Decimal
    list: list[Decimal]


@fraiseql.type
class Note(Paper):
    exact: Decimal


Money = fraiseql.union(
    "Money", [Coin, Note], sql_source="paper", jsonb_column="data", discriminator="kind"
)


@fraiseql.type(sql_source="loose", jsonb_column="data")
class Loose:
    id: int
    big: BigInt | None
    exact: Decimal | None


@fraiseql.query
def sum_of(big: BigInt, exact: Decimal = Decimal("1.10"), rate: Rate | None = None) -> Decimal:
    return Decimal(big) + exact


@fraiseql.query
def entry_of(big: BigInt) -> Entry:
    entry = Entry.__new__(Entry)
    entry.id, entry.big, entry.exact = 1, big, Decimal("1.50")
    return entry


QUERIES = [
    fraiseql.find("ledgers", Ledger, order_by="id"),
    fraiseql.find_one("ledger", Ledger, by="id"),
    fraiseql.find("papers", Paper),
    fraiseql.find("money", Money),
    fraiseql.find("loose", Loose, order_by="id"),
    sum_of,
    entry_of,
]
ENTRIES = [
    {"id": 1, "big": 9007199254740993, "exact": Decimal("0.10")},
    {"id": 2, "big": -1, "exact": Decimal("1e30")},
    {"id": 3, "big": 0, "exact": Decimal(0)},
]
LEDGERS: list[dict[str, Any]] = [
    {
        "id": 1,
        "big": 9007199254740993,
        "exact": Decimal("1.10"),
        "many": [9223372036854775807, -1],
        "facts": {"n": 9007199254740993},
        "rate": Decimal("7.00"),
        "weight": 0.1,
        "entries": ENTRIES[:2],
        "twice": 18014398509481986,
        "parts": [Decimal("1.10"), Decimal("0.50")],
    },
    {
        "id": 2,
        "big": -9223372036854775808,
        "exact": Decimal("12345678901234567890.123456789"),
        "many": [],
        "facts": {"n": 10**30},
        "rate": Decimal("1000.00"),
        "weight": 1.0,
        "entries": ENTRIES[2:],
        "twice": -18446744073709551616,
        "parts": [Decimal("12345678901234567890.123456789"), Decimal("0.50")],
    },
    {"id": 3, "exact": Decimal("1e-30"), "entries": [], "parts": []},
]
for first, other in [(0, 1), (2, 0)]:
    LEDGERS[first]["owner"] = LEDGERS[other]
LEDGERS[2]["parts"] = [Decimal("1e-30"), Decimal("0.50")]
LOOSE: list[dict[str, Any]] = [
    {"big": "-0", "exact": "-0.0"},
    {"big": "7", "exact": "1e400"},
    {"big": "1.0", "exact": "1"},
    {"big": "1", "exact": "NaN"},
    {"big": True, "exact": "1"},
    {"big": "1_0", "exact": ["1"]},
]
PAPERS = [
    {"kind": "Coin", "big": "9007199254740993", "exact": "1.10", "list": ["1.10", "2.50"]},
    {"kind": "Note", "big": "12345678901234567890", "exact": 10**400, "list": []},
]
ROOTS: dict[str, Any] = {
    "ledgers": LEDGERS,
    "ledger": lambda _info, **arguments: LEDGERS[arguments["id"] - 1],
    "papers": PAPERS,
    "money": PAPERS,
    "loose": LOOSE,
    "sumOf": lambda _info, **received: sum_of(**received),
    "entryOf": lambda _info, **values: {"id": 1, "exact": "1.50", **values},
}
OPERATIONS = [
    "{ ledgers { id big exact many facts rate weight owner { exact big } entries { big exact } } }",
    "{ ledgers { twice parts again: exact ... on Ledger { owner { twice } } } }",
    "{ ledger(id: 2) { exact } papers { __typename big ... on Coin { exact list } } }",
    "{ money { ... on Coin { big exact } ... on Note { big exact } } }",
    "{ loose { big exact } }",
    '{ sumOf(big: "9007199254740993") b: sumOf(big: 1, exact: 1e30, rate: 1.5) }',
    "{ entryOf(big: 9007199254740993) { id big exact } }",
]
