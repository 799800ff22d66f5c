"""Transactions per second of writers, with and without result caches."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from benchmarks.result_cache import declared
from benchmarks.result_cache.names import COUNTER, LOG, NONE, NOTIFY
from benchmarks.result_cache.plan import Plan
from benchmarks.stored import pgbench
from benchmarks.stored.declared import applied
from benchmarks.stored.server import Bench, method, run, settle

KIND = "cache-writes"
CLIENTS = 16
HOLD_MS = 2
LONG_MS = 10
"""With these writers and delays, PostgreSQL's core is not saturated."""
_OTHERS = {
    NOTIFY: "PERFORM pg_notify('written', TG_TABLE_NAME)",
    COUNTER: "UPDATE counter SET n = n + 1",
}
_INSERT = (
    "INSERT INTO {table} (user_id, title, body, views, created_at) VALUES (:u,"
    " 'A title of six or seven words', repeat('A sentence that is not stored. ', 5), :v,"
    " clock_timestamp());\n"
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """The written tables, and the open time of each transaction."""

    name: str
    hot: bool
    hold_ms: int = 0

    def load(self, plan: Plan, parents: int) -> pgbench.Load:
        """Write the script: a post in the one table, or in one of many."""
        lines = [f"\\set u random(1, {parents})\n\\set v random(1, 100000)\n"]
        lines += [f"\\set t random(1, {plan.tables})\n"] if not self.hot else []
        lines += ["BEGIN;\n", self._insert(plan)]
        lines += [f"\\sleep {self.hold_ms} ms\n"] if self.hold_ms else []
        return pgbench.Load("".join([*lines, "COMMIT;\n"]), CLIENTS)

    def _insert(self, plan: Plan) -> str:
        if self.hot:
            return _INSERT.format(table="tb_post")
        # A binary tree: in a chain the last table would cost a comparison with every other.
        return _chosen(1, plan.tables)


def _chosen(low: int, high: int) -> str:
    if low == high:
        return _INSERT.format(table=cold(low))
    middle = (low + high) // 2
    return (
        f"\\if :t <= {middle}\n{_chosen(low, middle)}\\else\n{_chosen(middle + 1, high)}\\endif\n"
    )


def cold(number: int) -> str:
    """Return the name of one of many tables."""
    return f"tb_cold_{number}"


SCENARIOS = (
    Scenario("one table", hot=True),
    Scenario(f"one table, {HOLD_MS} ms held", hot=True, hold_ms=HOLD_MS),
    Scenario(f"one table, {LONG_MS} ms held", hot=True, hold_ms=LONG_MS),
    Scenario("many tables", hot=False),
    Scenario(f"many tables, {HOLD_MS} ms held", hot=False, hold_ms=HOLD_MS),
)


async def measure(bench: Bench, plan: Plan) -> tuple[dict[str, Any], Any]:
    """Return the method, and rounds by scenario and mode."""
    async with AsyncExitStack() as stack:
        urls = {}
        for number, mode in enumerate((NONE, LOG, NOTIFY, COUNTER)):
            url = await stack.enter_async_context(bench.copy(f"cache_writes_{number}"))
            await prepare(mode, url, plan)
            urls[mode] = url
        figures = {
            scenario.name: await _scenario(bench, plan, scenario, urls) for scenario in SCENARIOS
        }
    how = {
        **method(bench),
        "writers": f"{CLIENTS}, each inserts one post in a transaction; BEGIN and COMMIT are sent"
        " each by itself, as drivers do",
        "many_tables": f"{plan.tables}, one of them drawn for each transaction",
        "held": "time between the insert and COMMIT, in which the writer sleeps; with"
        f" {HOLD_MS} ms PostgreSQL's core is busy still, with {LONG_MS} ms it is not",
        LOG: "a query over every table that is written is declared with cache=Cache()",
        NOTIFY: "a statement trigger that notifies; no session listens",
        COUNTER: "a statement trigger that counts up one row; known from many applications",
        "rounds": f"{plan.rounds} of {plan.write_seconds:g} s each, modes take turns",
    }
    return how, figures


async def prepare(mode: str, url: str, plan: Plan) -> None:
    """Make the tables, and the triggers of a mode."""
    tables = [cold(number) for number in range(1, plan.tables + 1)]
    for table in tables:
        await run(url, f"CREATE TABLE {table} (LIKE tb_post INCLUDING ALL)")
    if mode == LOG:
        await applied(url, declared.posts(["tb_post", *tables]))
    elif body := _OTHERS.get(mode):
        await run(url, _function(body))
        for table in ("tb_post", *tables):
            await run(url, _trigger(table))
    await settle(url)


def _function(body: str) -> str:
    return (
        "CREATE TABLE counter (n bigint NOT NULL); INSERT INTO counter VALUES (0);"
        " CREATE FUNCTION written() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {body}; RETURN NULL; END $$"
    )


def _trigger(table: str) -> str:
    return (
        f"CREATE TRIGGER written AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION written()"
    )


async def _scenario(
    bench: Bench, plan: Plan, scenario: Scenario, urls: Mapping[str, str]
) -> dict[str, list[Any]]:
    load = scenario.load(plan, bench.plan.parents)
    figures: dict[str, list[Any]] = {mode: [] for mode in urls}
    for _ in range(plan.rounds):
        for mode, url in urls.items():
            measured = await pgbench.measure(bench, url, load, plan.write_seconds)
            figures[mode].append(asdict(measured))
    none = median(measured["tps"] for measured in figures[NONE])
    said = ", ".join(
        f"{mode} {median(measured['tps'] for measured in rounds) / none:.0%}"
        for mode, rounds in figures.items()
        if mode != NONE
    )
    bench.say(f"{scenario.name:24} none {none:6.0f}/s, {said}")
    return figures
