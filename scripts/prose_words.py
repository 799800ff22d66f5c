"""Words that the project's prose avoids, their replacements and limits.

A limit is a number of uses of one word per 1,000 words of an area. Limits only go down;
`python scripts/prose.py --figures` prints today's figures.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

AREAS: Final = ("package", "messages", "docs", "core")


@dataclass(frozen=True)
class Word:
    """A word or turn of phrase to avoid, and its replacement."""

    name: str
    pattern: str
    instead: str

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """The pattern, whose spaces also match line breaks."""
        return re.compile(self.pattern.replace(" ", r"\s+"), re.IGNORECASE)


# A question ends with its mark: "What is cached?" is plain.
_SUBJECTS: Final = (
    "is|was|it|the|a|they|has|had|can|may|must|you|we|of|this|that|other|one|no|every|all|its|such"
)

WORDS: Final = (
    Word("what", rf"\bwhat (?:{_SUBJECTS})\b(?![^.!:;]*\?)", "the noun itself"),
    Word("kept", r"\bkept\b", "stored, cached, held"),
    Word("told", r"\b(?:told|tells?|telling)\b", "says, shows, passed, notified"),
    Word("anew", r"\banew\b", "again"),
    Word("whoever", r"\bwhoever\b", "the noun: client, caller, role"),
    Word("is there", r"\b(?:is|are|was|were|be) there\b(?![^.!:;]*\?)", "exists"),
    Word("is to be", r"\b(?:is|are|was|were) to be\b", "must be, should be"),
    Word("given", r"\bgiven\b", "returned, passed, served"),
    Word("nobody", r"\bnobody\b", "no role, no client, no user"),
    Word("beside", r"\bbeside\b", "next to, with, in addition to"),
    Word("stands", r"\bstands?\b", "is, is written, is stored"),
    Word("lacks", r"\black(?:s|ed)?\b", "has no, is missing"),
    Word("meanwhile", r"\bmeanwhile\b", "in the meantime, while …"),
    Word("road", r"\b(?:serving|caching) road|\broads\b", "pipeline"),
)

# Uses of one word per 1,000 words of an area. The core's prose is short: one use is 0.4.
LIMITS: Final = {"package": 0.2, "messages": 0.2, "docs": 0.1, "core": 0.4}

VAGUE_NAMES: Final = frozenset(
    {"one", "found", "given", "told", "made", "kept", "asked", "wanted", "known"}
)
MOST_VAGUE_PERCENT: Final = 0.5
MOST_WORDS_OF_FIRST_LINE: Final = 12
MOST_LONG_FIRST_LINES: Final = 0
MOST_REPEATED_CLASSES: Final = 0
