"""Language: plain words in prose, names of the field, one meaning for each class name.

The limits are in `scripts/prose_words.py`. They only go down.
"""

from pathlib import Path

import pytest

from scripts.prose import CODE, long_first_lines, over_limit, passages, repeated_classes, too_vague
from scripts.prose_words import AREAS, WORDS

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


@pytest.mark.parametrize("top", CODE, ids=lambda top: top.name)
def test_few_names_are_vague(top: Path) -> None:
    assert too_vague(top) == []


def test_first_lines_of_modules_are_short() -> None:
    assert long_first_lines() == []


def test_a_class_name_means_one_class() -> None:
    assert repeated_classes() == []
