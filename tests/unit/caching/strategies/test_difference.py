"""A difference names its path in the document and stays short."""

import pytest

from fraiseql.caching.strategies.compare import Difference


@pytest.mark.parametrize(
    ("stored", "live", "lines"),
    [
        ('{"a": 1.0}', '{"a": 1.00}', ["id=1: a: stored 1.0, live 1.00"]),
        (
            '{"a": 1}',
            '{"b": 2}',
            ["id=1: b: stored missing, live 2", "id=1: a: stored 1, live missing"],
        ),
        (
            '{"posts": [{"id": 1, "title": "x"}, {"id": 2, "title": "y"}]}',
            '{"posts": [{"id": 1, "title": "x"}, {"id": 2, "title": "z"}]}',
            ['id=1: posts[1].title: stored "y", live "z"'],
        ),
        ('{"n": [1]}', '{"n": [1, 2]}', ["id=1: n: stored [1], live [1, 2]"]),
        ('{"of": {"n": 1}}', '{"of": null}', ['id=1: of: stored {"n": 1}, live null']),
        (None, '{"a": 1}', ['id=1: stored nothing, live {"a": 1}']),
    ],
)
def test_each_place_that_differs_has_a_line(
    stored: str | None, live: str | None, lines: list[str]
) -> None:
    assert list(Difference("id=1", stored, live).lines()) == lines


def test_a_long_value_is_cut_and_says_how_long_it_is() -> None:
    (line,) = Difference("id=1", '{"a": null}', f'{{"a": "{"x" * 5000}"}}').lines()
    assert line.endswith("x… (5,002 characters)")
    assert len(line) < 300
