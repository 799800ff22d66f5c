"""Base tables with users' documents stored in each way, and their writers."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.stored import background, declared
from benchmarks.stored.pgbench import Load
from benchmarks.stored.server import Bench, fetch, run, settle
from fraiseql.schema import Schema
from fraiseql.schema.storage import GeneratedColumn, Projection

NAIVE = "row trigger that recomputes"
MODES: Mapping[str, Schema | None] = {
    "none": None,
    "statement": declared.users(Projection(mode="statement")),
    "commit": declared.users(Projection(mode="commit")),
    "async": declared.users(Projection(mode="async")),
    "generated column": declared.rows(GeneratedColumn()),
    NAIVE: None,
}
# The body of a post is not part of the documents: a written row is wider than its document.
_POST = (
    "INSERT INTO tb_post (user_id, title, body, views, created_at) VALUES (:u,"
    " 'A title of six or seven words', repeat('A sentence that is not kept. ', 5), :v,"
    " clock_timestamp());\n"
)
_BIO = "UPDATE tb_user SET bio = 'A sentence about me ' || :v WHERE id = :u;\n"

NAIVE_SQL = """
CREATE VIEW naive_live AS
SELECT u.id, jsonb_build_object(
  'id', u.id, 'first_name', u.first_name, 'last_name', u.last_name, 'email', u.email,
  'country', u.country, 'active', u.active, 'bio', u.bio, 'created_at', u.created_at,
  'posts', (
    SELECT coalesce(jsonb_agg(jsonb_build_object(
      'id', id, 'title', title, 'views', views, 'created_at', created_at
    ) ORDER BY created_at DESC, id DESC), '[]')
    FROM (SELECT * FROM tb_post p WHERE p.user_id = u.id ORDER BY created_at DESC, id DESC LIMIT 10)
      AS latest)) AS data
FROM tb_user AS u;
CREATE TABLE naive (id integer PRIMARY KEY, data jsonb NOT NULL) WITH (fillfactor = 80);
INSERT INTO naive SELECT id, data FROM naive_live ORDER BY id;
CREATE FUNCTION naive_post() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO naive SELECT id, data FROM naive_live
  WHERE id IN (CASE WHEN TG_OP <> 'DELETE' THEN NEW.user_id END,
               CASE WHEN TG_OP <> 'INSERT' THEN OLD.user_id END)
  ON CONFLICT (id) DO UPDATE SET data = excluded.data;
  RETURN NULL;
END $$;
CREATE TRIGGER naive_post AFTER INSERT OR UPDATE OR DELETE ON tb_post
FOR EACH ROW EXECUTE FUNCTION naive_post();
CREATE FUNCTION naive_user() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO naive SELECT id, data FROM naive_live WHERE id = NEW.id
  ON CONFLICT (id) DO UPDATE SET data = excluded.data;
  RETURN NULL;
END $$;
CREATE TRIGGER naive_user AFTER INSERT OR UPDATE ON tb_user
FOR EACH ROW EXECUTE FUNCTION naive_user();
"""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A workload of writers.

    Attributes:
        name: As the report prints it.
        writers: Connections, each a closed loop.
        statements: Statements in a transaction; 0 for one statement without BEGIN and COMMIT.
        hold_ms: How long a transaction stays open after its last statement.
        options: Settings of the connections.
    """

    name: str
    writers: int
    statements: int
    hold_ms: int = 0
    options: Mapping[str, str] | None = None

    def load(self, parents: int, *, bio: bool = False) -> Load:
        """Write the script: posts of one user, or the user's own bio."""
        lines = [f"\\set u random(1, {parents})\n\\set v random(1, 100000)\n"]
        statement = _BIO if bio else _POST
        if not self.statements:
            return Load("".join([*lines, statement]), self.writers, options=self.options)
        lines += ["BEGIN;\n", statement * self.statements]
        lines += [f"\\sleep {self.hold_ms} ms\n"] if self.hold_ms else []
        return Load("".join([*lines, "COMMIT;\n"]), self.writers, options=self.options)


SCENARIOS = (
    Scenario("1 writer, 1 statement", 1, 1),
    Scenario("1 writer, 4 statements", 1, 4),
    Scenario("8 writers, 1 statement", 8, 1),
    Scenario("8 writers, 4 statements", 8, 4),
    Scenario("8 writers, 1 statement, 2 ms held", 8, 1, 2),
    Scenario("8 writers, 4 statements, 2 ms held", 8, 4, 2),
    Scenario("8 writers, 1 statement without BEGIN", 8, 0),
    Scenario(
        "8 writers, 1 statement, synchronous_commit off", 8, 1, 0, {"synchronous_commit": "off"}
    ),
)


@asynccontextmanager
async def places(bench: Bench) -> AsyncIterator[dict[str, str]]:
    """Yield a database for each mode, with its documents built and a worker."""
    async with AsyncExitStack() as stack:
        urls = {}
        for number, (mode, schema) in enumerate(MODES.items()):
            url = await stack.enter_async_context(bench.copy(f"stored_writes_{number}"))
            if schema is not None:
                await declared.applied(url, schema)
            if mode == NAIVE:
                await run(url, NAIVE_SQL)
            if mode == "async" and schema is not None:
                await stack.enter_async_context(background.working(url, schema))
            await settle(url)
            urls[mode] = url
        yield urls


async def wrong(mode: str, url: str) -> int:
    """Count the stored documents that differ from the live ones, in one snapshot."""
    schema = MODES[mode]
    if schema is not None:
        return await declared.differing(url, schema)
    if mode == NAIVE:
        ((count,),) = await fetch(
            url,
            "SELECT count(*) FROM naive n FULL JOIN naive_live v ON v.id = n.id"
            " WHERE n.data::text IS DISTINCT FROM v.data::text",
        )
        return int(count)
    return 0


async def rest(mode: str, url: str) -> None:
    """Wait until the background work is done."""
    schema = MODES[mode]
    if mode == "async" and schema is not None:
        await background.caught_up(url, await background.age(url, schema))


def described() -> dict[str, Any]:
    """Return a description of the writes."""
    return {
        "documents": "a user with its ten latest posts; those of all users are stored",
        "transaction": "posts of one user, drawn from the parents; BEGIN and COMMIT are sent each"
        " by itself, as drivers do",
        NAIVE: "AFTER … FOR EACH ROW, recomputes the document at once; known from many"
        " applications, and wrong under concurrent writers",
    }
