"""Projection objects: what a spec wants, as plain data, without a database."""

import re
from dataclasses import replace

import pytest

from fraiseql.caching.dependencies.recorded import fingerprint_objects
from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.strategies.projection import Qualified, projection_objects
from fraiseql.caching.strategies.projection.tree import Tree
from fraiseql.errors import DeclarationError
from tests.integration.caching.projection.schemas import POST, SITE, USER


@pytest.mark.parametrize("spec", [USER, POST, SITE], ids=lambda spec: spec.owner)
def test_every_object_follows_its_dependencies(spec) -> None:
    relations = {node.sql for node in (spec.root.name, *_bases(spec.embeds))}
    for object_ in projection_objects(spec):
        assert [name for name in object_.needs if name not in relations] == [], object_.name
        relations.add(object_.name)


def _bases(embeds) -> list[Qualified]:
    return [name for edge in embeds for name in (edge.table.name, *_bases(edge.embeds))]


def test_objects_of_several_projections_have_different_names() -> None:
    first, second = ({each.key: each for each in projection_objects(spec)} for spec in (USER, POST))
    common = first.keys() & second.keys()
    assert all(first[key] == second[key] for key in common)
    shared = {name for _, name in common} - {each.name for each in fingerprint_objects()}
    assert shared == {
        "fraiseql",
        "fraiseql.flush",
        "fraiseql.flush_projections()",
        "flush ON fraiseql.flush",
    }


def test_names_stay_within_what_postgresql_keeps() -> None:
    long = replace(USER, table=Qualified("a" * 60, "b" * 60))
    other = replace(USER, table=Qualified("a" * 60, "b" * 59 + "c"))
    text = "\n".join(text for each in projection_objects(long) for text in each.create)
    assert long.name != other.name
    names = re.findall(r'"([^"]+)"', text)
    assert [name for name in names if long.name in name and len(name) > 63] == []


def test_one_trigger_for_each_event_and_always_enabled() -> None:
    triggers = _triggers_of(*(name.name for name in {node.table.name for node in PLAIN}))
    assert len(triggers) == 4 * len({node.table.name for node in PLAIN})
    for each in triggers:
        assert len(re.findall(r"AFTER (INSERT|UPDATE|DELETE|TRUNCATE) ON", each.create[0])) == 1
        assert "UPDATE OF" not in each.create[0]
        assert "ENABLE ALWAYS" in each.create[1]


def test_a_partitioned_table_trusts_no_transition_tables() -> None:
    own, parts = _triggers_of("tasks"), _triggers_of("tasks_low", "tasks_high")
    rows = [each for each in own if "FOR EACH ROW" in each.create[0]]
    assert len(rows) == 3
    assert [each for each in (*own, *parts) if "REFERENCING" in each.create[0]] == []
    # Each relation that a statement can name has one that flushes; PostgreSQL copies the others.
    assert len(own) - len(rows) == 1
    assert len(parts) == 2
    assert all("ALTER TABLE ONLY" not in each.create[1] for each in rows)


PLAIN = [node for node in Tree.of(SITE).nodes if not node.table.by_row]


def _triggers_of(*tables: str) -> list[DatabaseObject]:
    names = tuple(f' ON "app"."{table}"' for table in tables)
    triggers = (each for each in projection_objects(SITE) if each.kind == "trigger")
    return [each for each in triggers if each.name.endswith(names)]


def test_every_function_names_its_search_path_and_is_nobodys() -> None:
    for each in projection_objects(SITE):
        if each.kind == "function" and each not in fingerprint_objects():
            assert "SET search_path = pg_catalog, pg_temp" in each.create[0]
            assert "FROM PUBLIC" in each.create[1]


def test_the_backfill_is_last_and_commits_by_itself() -> None:
    last = projection_objects(USER)[-1]
    assert (last.kind, last.transactional) == ("data", False)


def test_a_table_without_a_key_is_refused() -> None:
    with pytest.raises(DeclarationError, match="no unique NOT NULL key"):
        replace(USER, root=replace(USER.root, key=()))


def test_siblings_of_one_name_are_refused() -> None:
    with pytest.raises(DeclarationError, match="two embeds with the same name"):
        replace(USER, embeds=(USER.embeds[0], USER.embeds[0]))


def test_an_embed_joined_on_nothing_is_refused() -> None:
    with pytest.raises(DeclarationError, match="without join columns"):
        replace(USER, embeds=(replace(USER.embeds[0], join=()),))
