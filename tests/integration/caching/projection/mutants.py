"""Mutants of the generated SQL, with the schedules that detect them."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from fraiseql.caching.strategies.projection import projection_objects
from fraiseql.caching.strategies.projection.tree import Tree
from tests.integration.caching.projection.schemas import BLOG, OFFICE, Case

Change = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mutant, and the schedule that must find a wrong document with it.

    Attributes:
        name: What is missing.
        case: ``blog`` or ``office``.
        change: Damages a statement.
        first: Step of the transaction that flushes and stays open.
        second: Step of the transaction that commits before it.
    """

    name: str
    case: str
    change: Change
    first: str
    second: str


def replaced(old: str, new: str) -> Change:
    pattern = re.compile(old, re.DOTALL)
    return lambda statement: pattern.sub(new, statement)


def changed_part(case: Case, change: Change) -> Case:
    """Keep the projections that a change damages: the locks of others would hide it."""
    both = list(zip(case.specs, case.oracles, strict=True))
    hit = [
        (spec, oracle)
        for spec, oracle in both
        if any(change(text) != text for each in projection_objects(spec) for text in each.create)
    ]
    assert hit, "the mutant changes nothing"
    return replace(case, specs=tuple(s for s, _ in hit), oracles=tuple(o for _, o in hit))


def _section(name: str) -> str:
    return rf"  -- \[{re.escape(name)}\].*?(?=  -- \[)"


def without(section: str) -> Change:
    """Take out everything from a section's mark to the next mark."""
    return replaced(_section(section), "")


def swapped(edge: str) -> Change:
    """Expand an edge before it is locked."""
    return replaced(f"({_section(f'lock edge {edge}')})({_section(f'expand {edge}')})", r"\2\1")


def unlocked_side(seed: int, side: str) -> Change:
    """Leave one side of an edge's groups unlocked: ``a`` above, ``b`` below."""
    values = rf"SELECT 1, hash_record_extended\(ROW\([^)]*\), {seed}\)"
    return replaced(
        rf"\n +UNION ALL {values}, \w+ FROM unnest\(fql\.{side}[^)]*\) AS u\([^)]*\)", ""
    )


def shared_only(seed: int) -> Change:
    """Let both sides of an edge share its locks."""
    return replaced(rf"({seed}\), )true", r"\1false")


LOCK_AND_RECOMPUTE_AT_ONCE = replaced(
    r"  -- \[lock documents\][^\n]*\n  PERFORM (FROM.*?FOR NO KEY UPDATE);.*?"
    r"(  -- \[recompute\][^\n]*\n  BEGIN\n)(  INSERT INTO.*?)(\n  ON CONFLICT)",
    r"\2  WITH held AS MATERIALIZED (SELECT \1)\n\3 AND (SELECT count(*) FROM held) >= 0\4",
)

# Of each edge with locks: the step that changes what is referred to, or where it stands, and the
# step that makes or changes a reference to it.
_EDGES = {
    ("blog", "posts.reviewer"): ("rename author", "insert other post"),
    ("blog", "reviewer"): ("rename author", "insert other post"),
    ("blog", "comments.author"): ("rename first", "comment of first"),
    ("office", "teams.parent"): ("rename second team", "tie team"),
    ("office", "teams.people"): ("move team", "insert person"),
    ("office", "teams.people.boss"): ("rename free person", "insert far person"),
    ("office", "teams.people.tasks"): ("move person", "insert task"),
}
# Of each way up: a step that needs it.
_WAYS = {
    ("blog", "posts"): "insert post",
    ("blog", "comments"): "insert comment",
    ("blog", "posts.reviewer"): "rename reviewer",
    ("blog", "reviewer"): "rename reviewer",
    ("blog", "comments.author"): "rename author",
    ("office", "teams"): "rename team",
    ("office", "teams.parent"): "rename team",
    ("office", "teams.people"): "insert person",
    ("office", "teams.people.boss"): "rename person",
    ("office", "teams.people.tasks"): "insert task",
}


def _of_edges() -> Iterator[Mutant]:
    for case in (BLOG, OFFICE):
        for tree in map(Tree.of, case.specs):
            for node in tree.nodes[1:]:
                if tree.keyed_by_root(node):
                    continue
                changed, referring = _EDGES[case.name, node.path]
                # Up an edge 1:N go the references, up an edge N:1 the row referred to.
                moved = (changed, referring) if node.many else (referring, changed)
                seed = tree.seed(node)
                yield Mutant(f"no lock of {node.path}", case.name,
                             without(f"lock edge {node.path}"), changed, referring)  # fmt: skip
                yield Mutant(f"lock of {node.path} after expansion", case.name,
                             swapped(node.path), *moved)  # fmt: skip
                for side in "ab":
                    yield Mutant(f"no lock of {node.path}, side {side}", case.name,
                                 unlocked_side(seed, side), changed, referring)  # fmt: skip
                yield Mutant(f"shared lock of {node.path} only", case.name,
                             shared_only(seed), changed, referring)  # fmt: skip


def _of_ways() -> Iterator[Mutant]:
    for (case, path), step in _WAYS.items():
        other = "rename first" if case == "blog" else "change city"
        yield Mutant(f"no way up from {path}", case, without(f"expand {path}"), step, other)


MUTANTS = (
    *_of_edges(),
    *_of_ways(),
    Mutant("no lock of edges two levels down", "office",
           without("lock edge teams.people"), "move team", "insert task"),
    Mutant("no lock of documents", "blog",
           without("lock documents"), "insert comment", "insert other comment"),
    Mutant("lock and recomputation in one snapshot", "blog",
           LOCK_AND_RECOMPUTE_AT_ONCE, "insert comment", "insert other comment"),
    Mutant("no old side", "blog",
           replaced(r"-- \[old side\].*?UNION ALL", ""), "move post", "rename first"),
    Mutant("no new side", "blog",
           replaced(r"UNION ALL\s*-- \[new side\].*?(?=\s*\) AS side)", ""),
           "move comment", "rename first"),
    Mutant("gone documents stay", "blog", without("delete gone"), "delete post", "rename first"),
    Mutant("nothing after TRUNCATE", "blog",
           replaced(r"VALUES \(true\)", "SELECT true WHERE false"), "truncate", "rename first"),
)  # fmt: skip
