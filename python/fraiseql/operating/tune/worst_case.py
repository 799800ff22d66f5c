"""Worst case of the server's memory, as a sum."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fraiseql.operating.tune.facts import Facts
from fraiseql.operating.tune.values import Value
from fraiseql.sizing.sizes import MB, SORTS, shown

_CONNECTION: Final = 8 * MB
"""Memory of one connection without sorts: its catalog, plans and buffers of messages."""

_LIMIT: Final = 0.9


@dataclass(frozen=True, slots=True)
class WorstCase:
    """The sum, and the memory that it must fit into.

    Attributes:
        terms: Each part: its formula with its inputs, and its bytes.
        limit: Bytes: 0.9 of the memory for PostgreSQL.
    """

    terms: tuple[tuple[str, int], ...]
    limit: int

    @property
    def sum(self) -> int:
        """Bytes of all terms."""
        return sum(size for _, size in self.terms)

    @property
    def fits(self) -> bool:
        """Whether the sum is at most the limit."""
        return self.sum <= self.limit


def worst_case(facts: Facts, changed: Mapping[str, Value]) -> WorstCase:
    """Return the sum after a change.

    Args:
        facts: The inputs.
        changed: New values, by name; the others are those of the server.
    """

    def number(name: str) -> float:
        value = changed.get(name, facts.number(name))
        return 0.0 if isinstance(value, str) else float(value)

    buffers, work, hashes = map(number, ("shared_buffers", "work_mem", "hash_mem_multiplier"))
    workers = round(number("autovacuum_max_workers"))
    vacuum = autovacuum_bytes(
        workers, number("autovacuum_work_mem"), number("maintenance_work_mem")
    )
    count = facts.connections
    sorts = (
        f"connections {count} * work_mem {shown(int(work))} * hash_mem_multiplier {hashes:g}"
        f" * {SORTS}"
    )
    terms = (
        (f"shared_buffers {shown(int(buffers))}", int(buffers)),
        (sorts, int(count * work * hashes * SORTS)),
        (f"autovacuum_max_workers {workers} * autovacuum_work_mem", vacuum),
        (f"connections {count} * {shown(_CONNECTION)}", count * _CONNECTION),
    )
    return WorstCase(terms, int(facts.memory * _LIMIT))


def autovacuum_bytes(workers: int, own: float, maintenance: float) -> int:
    """Return the memory of all autovacuum workers; -1 means that of one VACUUM each."""
    return int(workers * (maintenance if own < 0 else own))


def room_for_work_mem(facts: Facts, buffers: int, autovacuum: int) -> int:
    """Return the largest ``work_mem`` with which the sum fits; negative if none does."""
    room = facts.memory * _LIMIT - buffers - autovacuum - facts.connections * _CONNECTION
    return int(room / (facts.connections * facts.number("hash_mem_multiplier") * SORTS))
