"""Declarations that are changed in Python source."""

import pytest

from fraiseql.operating.advise.candidate import Candidate
from fraiseql.operating.advise.declared_option import declared_value
from fraiseql.operating.advise.source_edits import edited
from fraiseql.schema.storage import Cache, Index

INDEX = Candidate("index", "Post", "public.tb_post", "indexes", 'fraiseql.Index(("a", "-b"))')
STORED = Candidate("projection", "Post", "public.tb_post", "stored", "fraiseql.Projection()")
CACHE = Candidate("result cache", "posts", "", "cache", 'fraiseql.Cache(stale="10s")')

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
    assert edited(before, candidate) == after


def test_the_text_of_a_declaration_is_read_back() -> None:
    assert declared_value('fraiseql.Index(("a", "-b"))') == Index(("a", "-b"))
    assert declared_value('Cache(stale="10s")') == Cache(stale="10s")
