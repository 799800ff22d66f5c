"""Language: plain words in prose, names of the field, one meaning for each class name.

The limits are in `scripts/prose_words.py`. They only go down.
"""

import pytest

from scripts.prose import first_lines, over_limit, passages, repeated_classes, vague_names
from scripts.prose_words import (
    AREAS,
    MOST_LONG_FIRST_LINES,
    MOST_REPEATED_CLASSES,
    MOST_VAGUE_PERCENT,
    MOST_WORDS_OF_FIRST_LINE,
    WORDS,
)
from tests.architecture.source_tree import ROOT

FEWEST_WORDS = 1_000


@pytest.mark.parametrize("area", AREAS)
def test_words_to_avoid_stay_within_their_limits(area: str) -> None:
    assert over_limit(area) == [], "`python scripts/prose.py PATH` lists them"


def test_every_word_has_uses_that_its_pattern_finds() -> None:
    samples = {
        "what": "says what the reader asked",
        "is there": "no row is\nthere",
        "is to be": "a row that is to be read",
        "road": "the serving road",
    }
    for word in WORDS:
        assert word.regex.search(samples.get(word.name, word.name)), word.name
    assert not WORDS[0].regex.search("What is cached, and how?")


@pytest.mark.parametrize("area", AREAS)
def test_the_prose_of_an_area_is_found(area: str) -> None:
    assert sum(len(passage.text.split()) for passage in passages(area)) > FEWEST_WORDS


def test_few_names_are_vague() -> None:
    counts, total = vague_names()
    percent = 100 * counts.total() / total
    assert percent <= MOST_VAGUE_PERCENT, (
        f"{percent:.2f} % of bindings; worst: {counts.most_common(10)}"
    )


def test_first_lines_of_modules_are_short() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {line}"
        for path, line in first_lines().items()
        if len(line.split()) > MOST_WORDS_OF_FIRST_LINE
    ]
    assert len(long) <= MOST_LONG_FIRST_LINES, "\n".join(long)


def test_a_class_name_means_one_class() -> None:
    repeated = repeated_classes()
    assert len(repeated) <= MOST_REPEATED_CLASSES, repeated
