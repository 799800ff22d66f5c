"""Tables with random sizes, widths and distributions."""

import random
from dataclasses import dataclass
from typing import Final

LETTERS: Final = "abcd"
STORED: Final = "ab"
"""Letters whose documents and results are stored: each such change needs a copy of its own."""

_LEAST: Final = 6_000
_MOST: Final = 60_000
_TABLES: Final = """
CREATE TABLE item_{l} (id int PRIMARY KEY, owner_id int NOT NULL, region int NOT NULL,
  token text NOT NULL, status text NOT NULL, published bool NOT NULL, score int NOT NULL,
  title text NOT NULL, body text NOT NULL, created_at timestamptz NOT NULL);
INSERT INTO item_{l} SELECT g, {place} % {owners}, g % {regions}, md5(g::text || '{l}'),
  CASE WHEN g % {rare} = 0 THEN 'rare' ELSE 'usual' END, g % {rare} <> 1, g * 10007 % {rows},
  'title ' || g, repeat('text ', {words}),
  timestamptz '2026-01-01 00:00Z' + {place} * interval '1 minute'
  FROM generate_series(1, {rows}) AS g;
CREATE TABLE note_{l} (id int PRIMARY KEY, item_id int NOT NULL, body text NOT NULL,
  created_at timestamptz NOT NULL);
INSERT INTO note_{l} SELECT g, g * 7919 % {rows}, 'body ' || g,
  timestamptz '2026-01-01 00:00Z' + g * interval '1 minute'
  FROM generate_series(1, {notes}) AS g;
CREATE TABLE group_{l} (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO group_{l} SELECT g, 'group ' || g FROM generate_series(1, {groups}) AS g;
CREATE TABLE member_{l} (id int PRIMARY KEY, group_id int NOT NULL, name text NOT NULL,
  about text NOT NULL);
INSERT INTO member_{l} SELECT g, 1 + g % {groups}, 'member ' || g, repeat('about ', {words} / 4)
  FROM generate_series(1, {groups} * {members}) AS g;
CREATE INDEX member_group_{l} ON member_{l} (group_id, id);
CREATE TABLE doc_{l} (id int PRIMARY KEY, data jsonb NOT NULL);
INSERT INTO doc_{l} SELECT g, jsonb_build_object('id', g, 'code', 'c' || g * 7919 % {codes},
  'colour', 'k' || g % {colours}, 'size', g % 300, 'text', repeat('text ', {words} / 4))
  FROM generate_series(1, {docs}) AS g;
CREATE TABLE log_{l} (id int PRIMARY KEY, line text NOT NULL, at timestamptz NOT NULL);
INSERT INTO log_{l} SELECT g, 'line ' || g, now() - g * interval '10 minutes'
  FROM generate_series(1, {logs}) AS g;
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """Figures of the tables of a letter.

    Attributes:
        letter: End of their names.
        rows: Rows of the largest one.
        owners: Values of a column that is searched.
        regions: Values of another one.
        rare: One of so many rows is rare.
        words: Words of a long column.
        scattered: Whether rows of one owner are far from each other.
        groups: Rows of a table whose documents embed others.
        members: Embedded rows of each.
        colours: Values of a key of documents.
    """

    letter: str
    rows: int
    owners: int
    regions: int
    rare: int
    words: int
    scattered: bool
    groups: int
    members: int
    colours: int

    @property
    def docs(self) -> int:
        """Number of documents."""
        return max(self.rows // 2, 2_000)

    @property
    def logs(self) -> int:
        """Rows of the table of which recent ones are read."""
        return max(self.rows, 20_000)

    def sql(self) -> str:
        """Return the statements that make the tables."""
        return _TABLES.format(
            l=self.letter,
            rows=self.rows,
            owners=self.owners,
            regions=self.regions,
            rare=self.rare,
            words=self.words,
            place=f"(g * 7919 % {self.rows})"
            if self.scattered
            else f"(g * {self.owners} / {self.rows})",
            notes=self.rows,
            groups=self.groups,
            members=self.members,
            codes=self.docs,
            docs=self.docs,
            colours=self.colours,
            logs=self.logs,
        )


def shapes(seed: int) -> list[Shape]:
    """Return the shapes of a seed, the same in every run."""
    numbers = random.Random(seed)
    return [_shape(letter, numbers) for letter in LETTERS]


def _shape(letter: str, numbers: random.Random) -> Shape:
    rows = round(_LEAST * (_MOST / _LEAST) ** numbers.random())
    return Shape(
        letter,
        rows,
        owners=max(5, rows // numbers.choice((5, 20, 100, 400))),
        regions=numbers.choice((3, 12, 60)),
        rare=numbers.choice((10, 25, 80)),
        words=numbers.choice((4, 20, 80)),
        scattered=numbers.random() < 0.7,
        groups=numbers.choice((200, 600, 1_500)),
        members=numbers.choice((3, 10, 25)),
        colours=numbers.choice((200, 1_000, 4_000)),
    )
