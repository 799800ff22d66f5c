"""Random statements on partitioned tables: MERGE, rows that move, cascades, views, leaves."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.caching.projection.writers import Chance, Statement

_BY_SOURCE = 17
"""First major version with WHEN NOT MATCHED BY SOURCE."""

ZONES = ("a", "b", "n", "z")


def parted(c: "Chance") -> "list[tuple[int, Statement]]":
    """Return statements on accounts and entries, with their weights."""
    return [*_accounts(c), *_entries(c), *_merges(c)]


def _accounts(c: "Chance") -> "list[tuple[int, Statement]]":
    account, other, word, kind = c.key(16), c.key(16), c.word(), c.key(4)
    return [
        (5, (("INSERT INTO app.accounts VALUES ($1, $2) ON CONFLICT (id) "
             "DO UPDATE SET name = excluded.name"), (account, word))),
        (3, ("UPDATE app.accounts SET name = $2 WHERE id = $1", (account, word))),
        (3, ("UPDATE app.accounts SET id = $2 WHERE id = $1", (account, other))),
        (1, ("UPDATE app.accounts SET hidden = $2 WHERE id = $1", (account, other))),
        (1, ("UPDATE app.accounts_mid SET name = 'w' WHERE id <> $1", (account,))),
        (1, ("DELETE FROM app.accounts WHERE id = $1", (account,))),
        (2, ("INSERT INTO app.kinds VALUES ($1, $2) ON CONFLICT DO NOTHING", (kind, word))),
        (2, ("UPDATE app.kinds SET label = $2 WHERE id = $1", (kind, word))),
        (1, ("UPDATE app.kinds SET id = $2 WHERE id = $1", (kind, c.key(4)))),
        (1, ("DELETE FROM app.kinds WHERE id = $1", (kind,))),
    ]  # fmt: skip


def _entries(c: "Chance") -> "list[tuple[int, Statement]]":
    entry, account, kind, word = c.key(40), c.maybe(c.key(16)), c.maybe(c.key(4)), c.word()
    zone, to = c.random.choice(ZONES), c.random.choice(ZONES)
    copied = tuple((1000 + c.random.randrange(10**8), c.random.choice(ZONES), account, kind, word)
                   for _ in range(3))  # fmt: skip
    return [
        (8, (("INSERT INTO app.entries VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id, zone) "
             "DO UPDATE SET note = excluded.note, account_id = excluded.account_id"),
             (entry, zone, account, kind, word))),
        (3, (("INSERT INTO app.entries_rest (note, kind_id, zone, account_id, id) "
             "VALUES ($1, $2, 'z', $3, $4) ON CONFLICT DO NOTHING"), (word, kind, account, entry))),
        (5, ("UPDATE app.entries SET zone = $3 WHERE id = $1 AND zone = $2", (entry, zone, to))),
        (3, ("UPDATE app.entries SET zone = $2, account_id = $3, id = id + 1 WHERE id = $1",
             (entry, to, account))),
        (3, ("UPDATE app.entries SET account_id = $2 WHERE id = $1", (entry, account))),
        (2, ("UPDATE app.entries SET kind_id = $2 WHERE id % 5 = $1", (entry % 5, kind))),
        (2, ("UPDATE app.entries_b SET id = id + 1, note = $2 WHERE id = $1", (entry, word))),
        (2, ("UPDATE app.entries_b1 SET note = $2 WHERE id = $1", (entry, word))),
        (2, ("UPDATE app.seen_entries SET zone = $2, note = $3 WHERE id = $1", (entry, to, word))),
        (2, ("DELETE FROM app.seen_entries WHERE id = $1", (entry,))),
        (2, ("DELETE FROM app.entries WHERE id = $1 AND zone = $2", (entry, zone))),
        (1, ("DELETE FROM app.entries WHERE id > 1000", ())),
        (2, ("COPY app.entries id zone account_id kind_id note", copied)),
        (2, (("WITH gone AS (DELETE FROM app.entries WHERE id = $1 RETURNING *), "
             "more AS (UPDATE app.entries SET note = $3 WHERE id = $1 + 1 RETURNING id) "
             "INSERT INTO app.entries (id, zone, account_id, note) "
             "SELECT id + 100, $2, account_id, note FROM gone ON CONFLICT DO NOTHING"),
             (entry, to, word))),
    ]  # fmt: skip


def _merges(c: "Chance") -> "list[tuple[int, Statement]]":
    entry, account, other, word = c.key(40), c.key(16), c.key(16), c.word()
    to = c.random.choice(ZONES)
    over = "MERGE INTO app.entries e USING (VALUES ($1::int), ($1 + 1)) AS s(id) ON e.id = s.id"
    pair = "USING (VALUES ($1::int), ($2)) AS s(id) ON a.id = s.id"
    statements: list[tuple[int, Statement]] = [
        (5, (f"{over} WHEN MATCHED THEN UPDATE SET zone = $2", (entry, to))),
        (4, (f"{over} WHEN MATCHED THEN UPDATE SET zone = $2, account_id = $3, note = $4",
             (entry, to, account, word))),
        (3, ((f"{over} WHEN MATCHED AND e.note > 'w5' THEN DELETE "
             "WHEN MATCHED AND e.note > 'w3' THEN DO NOTHING "
             "WHEN MATCHED THEN UPDATE SET zone = $2, id = e.id + 3 "
             "WHEN NOT MATCHED THEN INSERT (id, zone, account_id) VALUES (s.id, $2, $3)"),
             (entry, to, account))),
        (2, ((f"WITH more AS (UPDATE app.entries SET note = $3 WHERE id = $1 + 5) {over} "
             "WHEN MATCHED THEN UPDATE SET zone = $2"), (entry, to, word))),
        (3, (f"MERGE INTO app.accounts a {pair} WHEN MATCHED THEN UPDATE SET id = (a.id + 6) % 17",
             (account, account % 16 + 1))),
        (2, ((f"MERGE INTO app.accounts a {pair} WHEN MATCHED AND a.name > 'w7' THEN DELETE "
             "WHEN MATCHED THEN UPDATE SET name = $3 WHEN NOT MATCHED THEN INSERT VALUES (s.id)"),
             (account, account % 16 + 1, word))),
    ]  # fmt: skip
    if c.major >= _BY_SOURCE:
        narrow = f"{over} AND e.account_id = $3"
        statements += [
            (3, ((f"{narrow} WHEN MATCHED THEN UPDATE SET zone = $2 WHEN NOT MATCHED BY SOURCE "
                 "AND e.account_id = $4 THEN UPDATE SET zone = $2, note = 'by source' "
                 "RETURNING merge_action(), e.id"), (entry, to, account, other))),
            (2, ((f"WITH moved AS ({over} WHEN MATCHED THEN UPDATE SET zone = $2 RETURNING e.id) "
                 "UPDATE app.entries SET note = $3 FROM moved WHERE entries.id = moved.id + 2"),
                 (entry, to, word))),
            (2, (("MERGE INTO app.seen_entries e USING (VALUES ($1::int)) AS s(id) ON e.id = s.id "
                 "WHEN MATCHED THEN UPDATE SET zone = $2"), (entry, to))),
        ]  # fmt: skip
    return statements
