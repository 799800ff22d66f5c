"""Declarations that are changed in Python source."""

from dataclasses import replace

import pytest

import fraiseql
from fraiseql import build_schema, find
from fraiseql.operating.advise.candidate import Candidate
from fraiseql.operating.advise.declared_option import declared_value, with_option
from fraiseql.operating.advise.source_edits import edited
from fraiseql.schema.cache import Cache
from fraiseql.schema.indexes import Index

INDEX = Candidate("index", "Post", "public.tb_post", "indexes", 'fraiseql.Index(("a", "-b"))')
STORED = Candidate("projection", "Post", "public.tb_post", "stored", "fraiseql.Projection()")
CACHE = Candidate("result cache", "posts", "", "cache", 'fraiseql.Cache(stale="10s")')


@fraiseql.type(sql_source="tb_post")
class _Post:
    id: int


POST = "\nclass Post: ..."
IMPORT = "from fraiseql import Projection"


@pytest.mark.parametrize(
    ("candidate", "before", "after"),
    [
        (
            INDEX,
            "@f.type\nclass Post: ...",
            '@f.type(indexes=[f.Index(("a", "-b"))])\nclass Post: ...',
        ),
        (STORED, "@f.type()\nclass Post: ...", "@f.type(stored=f.Projection())\nclass Post: ..."),
        (
            STORED,
            '@f.type(\n    sql_source="é",\n)\nclass Post: ...',
            '@f.type(\n    sql_source="é", stored=f.Projection(),\n)\nclass Post: ...',
        ),
        (
            INDEX,
            '@f.type(indexes=[f.Index("c")])\nclass Post: ...',
            '@f.type(indexes=[f.Index("c"), f.Index(("a", "-b"))])\nclass Post: ...',
        ),
        (
            STORED,
            '@f.type(name="Post", stored=None)\nclass Article: ...',
            '@f.type(name="Post", stored=f.Projection())\nclass Article: ...',
        ),
        (
            INDEX,
            "@f.type(indexes=[])\nclass Post: ...",
            '@f.type(indexes=[f.Index(("a", "-b"))])\nclass Post: ...',
        ),
        (
            STORED,
            f"from fraiseql import type\n@type{POST}",
            f"from fraiseql import type\n{IMPORT}\n@type(stored=Projection()){POST}",
        ),
        (
            CACHE,
            "@f.query\nasync def posts(): ...",
            '@f.query(cache=f.Cache(stale="10s"))\nasync def posts(): ...',
        ),
        (
            CACHE,
            'Q = [f.find("posts", Post)]',
            'Q = [f.find("posts", Post, cache=f.Cache(stale="10s"))]',
        ),
        (INDEX, "@f.type(indexes=SOME)\nclass Post: ...", None),
        (INDEX, '@f.type(name="Other")\nclass Post: ...', None),
        (INDEX, "class Post: ...", None),
    ],
)
def test_the_option_is_added_to_its_declaration(
    candidate: Candidate, before: str, after: str | None
) -> None:
    head = "import fraiseql as f\n"
    if before.startswith("from"):
        assert edited(before, candidate) == after
    else:
        assert edited(head + before, candidate) == (None if after is None else head + after)


@pytest.mark.parametrize(
    ("candidate", "before", "after"),
    [
        (
            INDEX,
            '@f.type(sql_source=("tb_" "post"))',
            '@f.type(sql_source=("tb_" "post"), indexes=[f.Index(("a", "-b"))])',
        ),
        (
            STORED,
            '@f.type(\n    sql_source=(\n        "é"  # )\n    ),  # c)\n)',
            '@f.type(\n    sql_source=(\n        "é"  # )\n    ), stored=f.Projection(),  # c)\n)',
        ),
        (
            INDEX,
            '@f.type(indexes=[(f.Index("c"))])',
            '@f.type(indexes=[(f.Index("c")), f.Index(("a", "-b"))])',
        ),
        # Python ends no line at these characters.
        (STORED, 'X = "\u2028\x0c"\n\x0c\n@f.type()', None),
    ],
)
def test_parentheses_and_other_ends_of_lines_are_kept(
    candidate: Candidate, before: str, after: str | None
) -> None:
    after = before.replace("()", "(stored=f.Projection())") if after is None else after
    head = "import fraiseql as f\r\n"
    assert edited(head + before + POST, candidate) == head + after + POST


@pytest.mark.parametrize(
    ("candidate", "before", "after"),
    [
        # Functions of others with the same name.
        (STORED, f"import strawberry\n@strawberry.type{POST}", None),
        (CACHE, 'at = "all posts".find("posts")', None),
        # Their names for ours.
        (
            STORED,
            f"from fraiseql import type as t, Projection as P\n@t{POST}",
            f"from fraiseql import type as t, Projection as P\n@t(stored=P()){POST}",
        ),
        (STORED, f"from other import Projection\nfrom fraiseql import type\n@type{POST}", None),
        (
            STORED,
            f"from fraiseql import type\n@type{POST}\nimport os",
            f"from fraiseql import type\n{IMPORT}\n@type(stored=Projection()){POST}\nimport os",
        ),
        (STORED, "not Python", None),
    ],
)
def test_only_names_of_the_framework_are_changed(
    candidate: Candidate, before: str, after: str | None
) -> None:
    assert edited(before, candidate) == after


def test_a_query_is_found_by_its_name_in_python() -> None:
    # The schema has it as ``allPosts``.
    schema = build_schema(queries=[find("all_posts", _Post)])
    changed = with_option(schema, replace(CACHE, target="all_posts"))
    assert [each.cache for each in changed.queries.values()] == [Cache(stale="10s")]


def test_the_text_of_a_declaration_is_read_back() -> None:
    assert declared_value('fraiseql.Index(("a", "-b"))') == Index(("a", "-b"))
    assert declared_value('Cache(stale="10s")') == Cache(stale="10s")
