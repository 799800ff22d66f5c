"""Actors that change data, privileges, settings and definitions at random."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import asyncpg

SINCE_17, SINCE_18 = 17, 18


@dataclass
class Chance:
    """Random choices of one run, and its history.

    Attributes:
        random: The source of every choice.
        major: Major version of the server.
        database: Name of the database.
        attached: Zones that have a partition.
        detached: Zones whose table is no partition now.
        halfway: Zones whose partition is being detached.
        labels: Labels of the enum.
    """

    random: random.Random
    major: int
    database: str
    attached: set[int] = field(default_factory=lambda: {0, 1})
    detached: set[int] = field(default_factory=set)
    halfway: set[int] = field(default_factory=set)
    labels: list[str] = field(default_factory=lambda: ["calm", "wild"])

    def key(self) -> int:
        return self.random.randint(1, 8)

    def word(self) -> str:
        return f"w{self.random.randrange(1000)}"

    def zone(self) -> int:
        return self.random.choice(sorted(self.attached))

    def label(self) -> str:
        return self.random.choice(self.labels)


def write(c: Chance) -> list[str]:
    """Plain statements."""
    key, other, word = c.key(), c.key(), c.word()
    return [
        c.random.choice((
            f"UPDATE item SET owner = '{word}', price = {other} WHERE id = {key}",
            (f"INSERT INTO item VALUES ({key}, '{word}', {other}, '{c.label()}')"
            f" ON CONFLICT (id) DO UPDATE SET price = excluded.price, mood = excluded.mood"),
            f"DELETE FROM item WHERE id = {key}",
            f"UPDATE entry SET item_id = {key}, zone = {c.zone()} WHERE id = {other}",
            f"INSERT INTO entry VALUES ({c.zone()}, {key}, {other}, {key}) ON CONFLICT DO NOTHING",
            f"DELETE FROM entry WHERE id = {key}",
            f"UPDATE note SET level = 1 - level, text = '{word}' WHERE id = {key}",
            "TRUNCATE entry",
        ))
    ]  # fmt: skip


def merge(c: Chance) -> list[str]:
    """MERGE with every action, also across partitions."""
    key, other, word, zone = c.key(), c.key(), c.word(), c.zone()
    pair = f"(VALUES ({key}), ({other % 8 + 1 if other == key else other})) AS s(id)"
    choices = [
        (
            f"MERGE INTO entry t USING {pair} ON t.id = s.id WHEN MATCHED AND t.zone <> {zone} THEN"
            f" UPDATE SET zone = {zone}, item_id = {other} WHEN MATCHED THEN DELETE"
            f" WHEN NOT MATCHED THEN INSERT VALUES ({zone}, s.id, {key}, {other})"
        ),
        (
            f"MERGE INTO entry t USING {pair} ON t.id = s.id AND t.zone <> {zone}"
            f" WHEN MATCHED AND NOT EXISTS (SELECT FROM entry e WHERE e.zone = {zone} AND"
            f" e.id = t.id) THEN UPDATE SET zone = {zone}, amount = t.amount + 1"
        ),
        (
            f"MERGE INTO item t USING {pair} ON t.id = s.id WHEN MATCHED AND t.price > 6"
            " THEN DELETE"
            f" WHEN MATCHED THEN UPDATE SET owner = '{word}', price = t.price + 1"
            f" WHEN NOT MATCHED THEN INSERT (id, owner, price, mood)"
            f" VALUES (s.id, '{word}', {other}, '{c.label()}')"
        ),
        (
            f"MERGE INTO item t USING {pair} ON t.id = s.id WHEN NOT MATCHED THEN DO NOTHING"
            f" WHEN MATCHED THEN UPDATE SET mood = '{c.label()}'"
        ),
    ]
    if c.major >= SINCE_17:
        choices.append(
            f"MERGE INTO entry t USING {pair} ON t.id = s.id WHEN NOT MATCHED BY SOURCE"
            f" AND t.id = {other} THEN DELETE WHEN NOT MATCHED BY SOURCE AND t.zone <> {zone} AND"
            f" t.id % 3 = 0 AND NOT EXISTS (SELECT FROM entry e WHERE e.zone = {zone} AND"
            f" e.id = t.id) THEN UPDATE SET zone = {zone}"
        )
    return [c.random.choice(choices)]


def partitions(c: Chance) -> list[str]:
    """Partitions that are made, detached, written while detached, and attached."""
    zone = c.random.randint(0, 4)
    name = f"entry_{zone}"
    if zone in c.halfway:
        return []
    if zone in c.attached:
        return [f"ALTER TABLE entry DETACH PARTITION {name}"] if len(c.attached) > 1 else []
    if zone in c.detached:
        return [
            f"UPDATE {name} SET amount = amount + 100",
            f"ALTER TABLE entry ATTACH PARTITION {name} FOR VALUES IN ({zone})",
        ]
    set_up = f"CREATE TABLE {name} PARTITION OF entry FOR VALUES IN ({zone})"
    return [set_up, f"INSERT INTO {name} VALUES ({zone}, {c.key()}, {c.key()}, 5)"]


def detaching(c: Chance) -> list[str]:
    """Partitions that are detached in two transactions, while their table is used."""
    if c.halfway:
        return [f"ALTER TABLE entry DETACH PARTITION entry_{min(c.halfway)} FINALIZE"]
    if len(c.attached) < 2:
        return []
    return [f"ALTER TABLE entry DETACH PARTITION entry_{c.zone()} CONCURRENTLY"]


def rights(c: Chance) -> list[str]:
    """Memberships, attributes of roles, policies."""
    role = c.random.choice(("fqu_app", "fqu_request", "fqu_owner"))
    return [
        c.random.choice((
            f"GRANT fqu_auditors TO {role}",
            f"REVOKE fqu_auditors FROM {role}",
            f"ALTER ROLE {role} BYPASSRLS",
            f"ALTER ROLE {role} NOBYPASSRLS",
            f"ALTER ROLE {role} NOINHERIT",
            f"ALTER ROLE {role} INHERIT",
            "ALTER POLICY everybody ON note USING (level = 1)",
            "ALTER POLICY everybody ON note USING (level = 0)",
            f"REVOKE SELECT ON note FROM PUBLIC; GRANT SELECT ON note TO {role}",
            "GRANT SELECT ON note TO PUBLIC",
        ))
    ]  # fmt: skip


def settings(c: Chance) -> list[str]:
    """Settings that new connections begin with; running processes end theirs after it."""
    where = c.random.choice((
        f'DATABASE "{c.database}"', "ROLE fqu_app", f'ROLE fqu_app IN DATABASE "{c.database}"'
    ))  # fmt: skip
    name, value = "app.f", c.word()
    ends = c.random.random() < 1 / 3
    return [f"ALTER {where} RESET {name}" if ends else f"ALTER {where} SET {name} = {value}"]


def server(c: Chance) -> list[str]:
    """Settings in the server's files, which are read again."""
    ends = c.random.random() < 1 / 3
    name = "app.f"
    return [
        f"ALTER SYSTEM RESET {name}" if ends else f"ALTER SYSTEM SET {name} = '{c.word()}'",
        "SELECT pg_reload_conf()",
    ]


def labels(c: Chance) -> list[str]:
    """Labels that an enum gains, before others."""
    if len(c.labels) > 12:
        return []
    return [f"ALTER TYPE mood ADD VALUE IF NOT EXISTS '{c.word()}' BEFORE '{c.label()}'"]


def functions(c: Chance) -> list[str]:
    """Functions that views call, also those that are called by them, and read other tables."""
    set_up = "CREATE OR REPLACE FUNCTION {} RETURNS {} IMMUTABLE LANGUAGE {} AS $$ {} $$"
    label = set_up.format("inner_label(int)", "text", "{}", "{}")
    return [
        c.random.choice((
            label.format("sql", f"SELECT '{c.word()}' || $1"),
            label.format("sql", f"SELECT '{c.word()}' || coalesce(sum(amount + $1), 0)"
                " FROM public.entry"),
            label.format("plpgsql", "DECLARE n text; BEGIN EXECUTE"
                " 'SELECT count(*) FROM public.U&\"en\\0074ry\"' INTO n; RETURN n; END"),
            set_up.format("label(int)", "text", "plpgsql",
                f"BEGIN RETURN '{c.word()}' || public.inner_label($1); END"),
            set_up.format("inner_worth(int)", "boolean", "sql", f"SELECT $1 > {c.key()}"),
        ))
    ]  # fmt: skip


def definitions(c: Chance) -> list[str]:
    """Generated expressions, labels of enums, views."""
    choices = [
        (
            "CREATE OR REPLACE VIEW v_total AS SELECT item_id AS id,"
            f" (sum(amount) + {c.key()})::int AS total, count(*)::int AS entries"
            " FROM entry GROUP BY 1"
        ),
    ]
    if c.major >= SINCE_18:
        choices.append(f"ALTER TABLE item ALTER COLUMN gross SET EXPRESSION AS (price * {c.key()})")
    number, new = c.random.randrange(len(c.labels)), c.word()
    rename = f"ALTER TYPE mood RENAME VALUE '{c.labels[number]}' TO '{new}'"
    if c.random.random() < 1 / 2:
        return [c.random.choice(choices)]
    return [] if new in c.labels else [rename]


Actor = Callable[[Chance], list[str]]

ACTORS: dict[str, Actor] = {
    "write": write,
    "merge": merge,
    "partitions": partitions,
    "detaching": detaching,
    "rights": rights,
    "settings": settings,
    "server": server,
    "functions": functions,
    "labels": labels,
    "definitions": definitions,
}
"""By name, so that a run can leave some out; ``deploy`` is the run's own."""

ALONE = frozenset({"detaching", "server"})
"""Those whose statements run in no transaction."""

OF_SETTINGS = frozenset({"settings", "server"})
"""Those after which only new processes are sure to have the settings of new sessions."""

_STATE = """
SELECT array_agg(right(c.relname, 1)::int) FILTER (WHERE NOT i.inhdetachpending) AS attached,
  array_agg(right(c.relname, 1)::int) FILTER (WHERE i.inhdetachpending) AS halfway,
  array_agg(right(c.relname, 1)::int) FILTER (WHERE i.inhrelid IS NULL) AS detached,
  (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e
   WHERE e.enumtypid = 'mood'::regtype) AS labels
FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relname ~ '^entry_[0-9]$'
"""


async def look_around(c: Chance, connection: asyncpg.Connection) -> None:
    """Learn which partitions and labels there are now."""
    row = await connection.fetchrow(_STATE)
    c.attached, c.detached = set(row["attached"] or ()), set(row["detached"] or ())
    c.halfway, c.labels = set(row["halfway"] or ()), list(row["labels"])
