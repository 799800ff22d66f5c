"""Application of the soak that the native server serves; a rule may be left out."""

import os
from collections.abc import Callable
from typing import Any

from fraiseql.caching.results.checks import CheckSetup, check_sql
from fraiseql.caching.results.native_hits import NativeHits
from fraiseql.caching.results.watched import NOTHING_WATCHED
from tests.soak_exact_reader import app_of


def born_late() -> None:
    """Note the birth of a response when it is offered."""
    whole = NativeHits.offer

    def offer(self: NativeHits, _begun: Any, *others: Any) -> None:
        whole(self, self.begin(), *others)

    NativeHits.offer = offer  # type: ignore[method-assign]


def ignores_changes() -> None:
    """Offer responses that no write ends."""
    begin = NativeHits.__init__

    def without_tags(self: NativeHits, hits: Any, *others: Any) -> None:
        begin(self, _WithoutTags(hits), *others)  # type: ignore[arg-type]

    NativeHits.__init__ = without_tags  # type: ignore[method-assign]


def compares_no_definitions() -> None:
    """Have native checks compare no definitions."""
    whole = NativeHits._use

    def use(self: NativeHits, setup: CheckSetup, address: str) -> None:
        nothing = CheckSetup(address, setup.origin, setup.watch, check_sql(NOTHING_WATCHED))
        whole(self, nothing, address)
        self._setup = setup

    NativeHits._use = use  # type: ignore[method-assign]


class _WithoutTags:
    def __init__(self, hits: Any) -> None:
        self._hits = hits

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hits, name)

    def remember(self, number: int, begun: Any, reliance: Any, *others: Any) -> Any:
        return self._hits.remember(number, begun, (reliance[0], []), *others)


MUTANTS: dict[str, Callable[[], None]] = {
    mutant.__name__: mutant for mutant in (born_late, ignores_changes, compares_no_definitions)
}

if os.environ.get("SOAK_MUTANT"):
    MUTANTS[os.environ["SOAK_MUTANT"]]()

app = app_of(os.environ.get("FRAISEQL_DATABASE_URL", "embedded:"))
