"""Users, posts, comments and their documents, equal in every run."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template

import asyncpg

SQL = Path(__file__).parent / "sql"
VERSION = "2"
FILES = ("base.sql", "documents.sql")


@dataclass(frozen=True, slots=True)
class Size:
    """Size of the data: ten posts and twenty comments for each user."""

    users: int

    @property
    def posts(self) -> int:
        """Posts: eleven of each active user, one of each other."""
        return self.users * 10

    @property
    def comments(self) -> int:
        """Comments: five on each of the first posts."""
        return self.users * 20

    @property
    def discussed(self) -> int:
        """Posts that have comments; they are the first ones."""
        return self.comments // 5

    @property
    def label(self) -> str:
        """Name of the data set and of its database."""
        return self.label_of("bench")

    def label_of(self, kind: str) -> str:
        """Name of a data set of this size."""
        return f"{kind}_{self.users}_v{VERSION}"

    @property
    def words(self) -> str:
        """The counts, in words."""
        return f"{self.users:,} users, {self.posts:,} posts, {self.comments:,} comments"


FULL = Size(100_000)
QUICK = Size(2_000)


async def ensure(
    url: str,
    size: Size,
    *,
    files: Sequence[str] = FILES,
    last: str = "tv_post",
    quiet: bool = False,
) -> None:
    """Create the tables in the database at ``url`` unless they exist.

    Args:
        url: Address of a database of the benchmark.
        size: Number of rows.
        files: The SQL files.
        last: The relation created last.
        quiet: Whether to print nothing.
    """
    connection = await asyncpg.connect(url)
    try:
        if await connection.fetchval("SELECT to_regclass($1)", last) is None:
            async with connection.transaction():
                await _make(connection, size, files, quiet=quiet)
            await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def _make(
    connection: "asyncpg.Connection[asyncpg.Record]",
    size: Size,
    files: Sequence[str],
    *,
    quiet: bool,
) -> None:
    await connection.execute("SET LOCAL TimeZone = 'UTC'; SET LOCAL synchronous_commit = off")
    for title, statements in steps(size, files):
        started = time.perf_counter()
        await connection.execute(statements)
        if not quiet:
            print(f"  {title}: {time.perf_counter() - started:.1f} s", flush=True)


def steps(size: Size, files: Sequence[str] = FILES) -> Iterator[tuple[str, str]]:
    """Yield title and SQL of each step."""
    counts = {
        **asdict(size),
        "posts": size.posts,
        "comments": size.comments,
        "active": size.users * 9 // 10,
        "discussed": size.discussed,
    }
    for name in files:
        text = Template((SQL / name).read_text()).substitute(counts)
        for part in text.split("-- step: ")[1:]:
            title, _, statements = part.partition("\n")
            yield title, statements
