"""Schedules: what may go wrong, step by step; each lists the wrong hits that it met.

Each needs one rule of validity: with it the list is empty, without it it is not.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import asyncpg

from tests.integration.caching.results.oracle.env import Filling
from tests.integration.caching.results.schedules.actors import Named, Stage, moved

Schedule = Callable[[Stage], Awaitable[list[str]]]


async def _of(stage: Stage, *orders: Callable[[], list[Named]]) -> list[str]:
    return [wrong for wrong in [await stage.walk(order) for order in orders] if wrong]


def _step(name: str, connection: asyncpg.Connection, text: str) -> Named:
    return name, partial(connection.execute, text)


async def written_while_filled(stage: Stage) -> list[str]:
    """An answer from before a write is stored after its commit."""
    return await stage.wrong(stage.filling, partial(stage.writing, "update"))


async def numbered_before_committed_after(stage: Stage) -> list[str]:
    """The writer has a lower number than one who has committed when the fill begins."""

    def order() -> list[Named]:
        late, other = stage.writing_late("insert"), stage.writing("into the empty")
        return [late[0], *other, *stage.filling(), *late[1:]]

    return await _of(stage, order)


async def compacted_before_stored(stage: Stage) -> list[str]:
    """The row of the log is gone when the answer that lacks its write is stored."""

    def order() -> list[Named]:
        look, compute, put = stage.filling()
        return [look, compute, *stage.writing("insert"), *stage.compacting(), put]

    return await _of(stage, order)


async def redefined_view(stage: Stage) -> list[str]:
    """A view in the middle says something else: nobody has written a row."""
    return await _redefined(stage, ("is learned", partial(stage.env.learn, stage.question.reads)))


async def redefined_unlearned(stage: Stage) -> list[str]:
    """The same look-up, on the connection that planned it, comes after the view was replaced."""
    return await _redefined(stage)


async def _redefined(stage: Stage, *more: Named) -> list[str]:
    changed = "CREATE OR REPLACE VIEW app.v_item AS SELECT i.list, i.v {} AS v FROM app.items i"
    replaced = _step("V is replaced", stage.two, changed.format("* 10"))
    try:
        return await _of(stage, lambda: [*stage.filling(), replaced, *more])
    finally:
        await stage.two.execute(changed.format(""))
        await stage.env.learn(stage.question.reads)


async def partly_attached(stage: Stage) -> list[str]:
    """A table becomes one more child: its rows are there without a write."""
    create = "CREATE TABLE app.more (id int, list int, v int NOT NULL)"
    added = "INSERT INTO app.more VALUES (0, {}, 77); ALTER TABLE app.more INHERIT app.items"
    await stage.two.execute(f"{create}; ALTER TABLE app.more ALTER id SET NOT NULL")
    try:
        return await _of(
            stage,
            lambda: [
                *stage.filling(),
                _step("a table is attached", stage.two, added.format(stage.number)),
                ("its writes are logged", stage.log_writes_of_more),
                ("is learned", partial(stage.env.learn, stage.question.reads)),
            ],
        )
    finally:
        await stage.two.execute("DROP TABLE app.more")
        await stage.env.learn(stage.question.reads)


async def restored_elsewhere(stage: Stage) -> list[str]:
    """Entries of another database are copied into this one, whose numbers are other ones."""
    if stage.env.kind == "redis":
        return []
    elsewhere = partial(moved, stage, "'1000:1000:'::pg_snapshot", "1::oid")
    return await _of(
        stage,
        lambda: [
            *stage.filling(),
            *stage.writing("update"),
            ("is copied", partial(moved, stage, "pg_current_snapshot()", "1::oid")),
            ("is copied again", elsewhere),
        ],
    )


async def ahead_of_the_cluster(stage: Stage) -> list[str]:
    """A snapshot from a cluster that has had more transactions claims to have seen them all."""
    if stage.env.kind == "redis":
        return []
    far = "'100000000:100000000:'::pg_snapshot"
    return await _of(
        stage,
        lambda: [*stage.filling(), *stage.writing("update"), ("M", partial(moved, stage, far))],
    )


async def lived_too_long(stage: Stage) -> list[str]:
    """An entry whose time is over is as good as none."""
    stage.number += 1
    filling = Filling(stage.env, stage.question, ttl=0.05)
    for step in (filling.look, filling.compute, filling.put):
        await step()
    await asyncio.sleep(0.1)
    hit, _ = await stage.looking.look(stage.question)
    return [f"given {hit.hit.ttl} s before its end"] if hit.reason == "hit" else []


async def emptied_table(stage: Stage) -> list[str]:
    """TRUNCATE, which no row tells."""

    def order() -> list[Named]:
        look, compute, put = stage.filling()
        gone = _step("T is emptied", stage.first, "TRUNCATE app.items")
        return [look, gone, compute, put, *stage.filling("G")]

    return await _of(stage, order, lambda: [*stage.filling(), *order()[1:2]])


async def older_stored_last(stage: Stage) -> list[str]:
    """Two fill at once; the one that began before a write stores after the other one."""

    def order() -> list[Named]:
        look, compute, put = stage.filling()
        newer = stage.filling("G")
        return [look, compute, *stage.writing("rename"), *newer, put, *stage.writing("delete")]

    return await _of(stage, order)


async def stored_while_emptied(stage: Stage) -> list[str]:
    """Another one makes room, and has not committed, while an answer is stored and asked for."""
    if stage.env.kind == "redis":
        return []
    store = stage.env.kind
    room = f'BEGIN; SELECT fraiseql."result_room_{store}"(0, 0{{}})'
    value = await stage.first.fetchval(
        "SELECT pronargs FROM pg_proc WHERE proname = $1", f"result_room_{store}"
    )
    text = room.format(", true" if value == 3 else "")

    def order() -> list[Named]:
        look, compute, put = stage.filling()
        emptied = _step("R empties the oldest", stage.three, text)
        ended = _step("R commits", stage.three, "COMMIT")
        return [look, emptied, compute, *stage.writing("update"), put, ended, *stage.filling("G")]

    return await _of(stage, *[order] * 5)


SCHEDULES: tuple[Schedule, ...] = (
    written_while_filled,
    numbered_before_committed_after,
    compacted_before_stored,
    redefined_view,
    redefined_unlearned,
    restored_elsewhere,
    ahead_of_the_cluster,
    lived_too_long,
    emptied_table,
    older_stored_last,
    stored_while_emptied,
    partly_attached,
)
