"""Tracking of reads: every way to read all entries of a context is recorded."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from fraiseql.database import Identity
from fraiseql.serving.execution.context_reads import ContextReads

READS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "==": lambda context: context == {},
    "!=": lambda context: context != {},
    "|": lambda context: context | {},
    "reflected |": lambda context: {} | context,
    "**": lambda context: {**context},
    "bool": bool,
    "copy": copy.copy,
    "dict": dict,
    "items": lambda context: list(context.items()),
    "keys": lambda context: list(context.keys()),
    "len": len,
    "list": list,
    "pop": lambda context: context.pop("user"),
    "popitem": lambda context: context.popitem(),
    "repr": repr,
    "reversed": lambda context: list(reversed(context)),
    "values": lambda context: list(context.values()),
}


@pytest.mark.parametrize("name", READS)
def test_a_read_of_all_entries_is_recorded(name: str) -> None:
    reads = ContextReads((), (), (), Identity.NONE)
    READS[name](reads.context({"user": 7}))
    assert "info.context" in reads.unvaried


def test_a_read_of_an_entry_records_only_that() -> None:
    reads = ContextReads((), (), (), Identity.NONE)
    context = reads.context({"user": 7})
    assert (context["user"], context.get("other"), "third" in context) == (7, None, False)
    assert set(reads.unvaried) == {"user", "other", "third"}
