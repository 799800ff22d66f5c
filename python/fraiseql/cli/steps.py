"""Plans as text, with long statements cut."""

from collections.abc import Iterator
from typing import Final

from fraiseql.caching.ddl.plan import MigrationPlan, Step

_MOST: Final = 12
"""Lines of a statement that are printed in full."""

_HEAD: Final = 4


def plan_lines(plan: MigrationPlan) -> Iterator[str]:
    """Yield the lines that describe the steps of ``apply``."""
    if plan.empty:
        yield "Nothing to do: the database is as declared."
        return
    for place, step in enumerate(plan.steps, 1):
        yield f"{place}. {step.title}"
        yield from _step_lines(step)
    cut = any(_is_long(text) for step in plan.steps for text in step.statements)
    if cut:
        yield "Long statements are cut here; --sql - and --json print them whole."


def _step_lines(step: Step) -> Iterator[str]:
    yield f"   why: {step.reason}"
    for lock in step.locks or ("none",):
        yield f"   lock: {lock}"
    inside = "one transaction" if step.transactional else "outside of any transaction"
    yield f"   runs in: {inside}"
    for statement in step.statements:
        yield from (f"     {line}" for line in _cut(statement))
    for statement in step.undo:
        yield f"   undo: {statement};"


def _is_long(statement: str) -> bool:
    return statement.count("\n") >= _MOST


def _cut(statement: str) -> Iterator[str]:
    lines = f"{statement};".split("\n")
    if not _is_long(statement):
        yield from lines
        return
    yield from lines[:_HEAD]
    yield f"… {len(lines) - _HEAD - 1} more lines …"
    yield lines[-1]
