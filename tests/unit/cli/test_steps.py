"""Plans as text: long statements are cut, with a note."""

from fraiseql.caching.ddl.plan import make_plan
from fraiseql.caching.objects import DatabaseObject
from fraiseql.cli.steps import plan_lines

BODY = "\n".join(["CREATE FUNCTION f() AS $$", *(f"  line {n};" for n in range(40)), "$$"])


def lines_of(*statements: str) -> list[str]:
    function = DatabaseObject("function", "f()", statements, ("DROP FUNCTION f()",), "User")
    return list(plan_lines(make_plan([function], {}, {}, 15)))


def test_a_short_statement_is_printed_whole() -> None:
    assert lines_of("CREATE f;\nCREATE g") == [
        "1. create function f()",
        "   why: it is new",
        "   lock: none",
        "   runs in: one transaction",
        "     CREATE f;",
        "     CREATE g;",
        "   undo: DROP FUNCTION f();",
    ]


def test_a_long_one_is_cut_and_the_end_says_where_all_of_it_is() -> None:
    lines = lines_of(BODY)
    assert lines[4:10] == [
        "     CREATE FUNCTION f() AS $$",
        "       line 0;",
        "       line 1;",
        "       line 2;",
        "     … 37 more lines …",
        "     $$;",
    ]
    assert "--sql -" in lines[-1]


def test_nothing_to_do_is_one_line() -> None:
    assert list(plan_lines(make_plan([], {}, {}, 15))) == [
        "Nothing to do: the database is as declared."
    ]
