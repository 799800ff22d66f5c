"""Migration plans as plain SQL files, for other migration tools."""

import re
from collections.abc import Collection
from pathlib import Path

from fraiseql.caching.ddl.ledger import forget_text, ledger_statements, record_text
from fraiseql.caching.ddl.plan import MigrationPlan, Step
from fraiseql.sql_names import OWN_PATH, OWN_PATH_OF_TRANSACTION


def plan_files(plan: MigrationPlan) -> dict[str, str]:
    """Return the text of each file by name, in the order to run them."""
    texts = []
    if plan.steps and (statements := ledger_statements(plan.ledger)):
        texts.append(
            ("ledger", _in_transaction(["-- the ledger of what FraiseQL made"], statements, ()))
        )
    texts += [(_slug(step), _step_text(step)) for step in plan.steps]
    return {f"{place:04}_{slug}.sql": text for place, (slug, text) in enumerate(texts)}


def write_files(plan: MigrationPlan, folder: Path) -> list[Path]:
    """Create ``folder``, write the files into it, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in plan_files(plan).items():
        paths.append(folder / name)
        paths[-1].write_text(text)
    return paths


def _slug(step: Step) -> str:
    shown = (step.created or step.dropped)[0]
    name = re.sub(r"\(.*", "", shown.name)
    return re.sub(r"\W+", "_", f"{step.action}_{shown.kind}_{name}").strip("_").lower()[:80]


def _step_text(step: Step) -> str:
    head = [
        f"-- {step.title}",
        f"-- why: {step.reason}",
        *(f"-- lock: {lock}" for lock in step.locks),
    ]
    head += [f"-- undo: {' '.join(text.split())}" for text in step.undo]
    records = [forget_text(obj.key) for obj in step.dropped]
    records += [record_text(obj) for obj in step.created]
    if step.transactional:
        return _in_transaction(head, [*step.statements, *records], step.declared)
    head.append("-- cannot run in a transaction")
    statements = _on_paths([*step.statements, *records], step.declared, OWN_PATH)
    return _text(head, [*statements, "RESET search_path"])


def _in_transaction(head: list[str], statements: list[str], declared: Collection[str]) -> str:
    on_paths = _on_paths(statements, declared, OWN_PATH_OF_TRANSACTION)
    return _text(head, ["BEGIN", *on_paths, "COMMIT"])


def _on_paths(statements: list[str], declared: Collection[str], own: str) -> list[str]:
    """Run SQL of developers, and no other, on the search path of the session.

    Args:
        statements: Statements in order.
        declared: Those with SQL of a developer.
        own: The statement that restricts the path to PostgreSQL's own names.
    """
    path = own.partition(" =")[0]
    found = [own]
    for statement in statements:
        on_theirs = statement in declared
        found += [f"{path} TO DEFAULT", statement, own] if on_theirs else [statement]
    return found


def _text(head: list[str], statements: list[str]) -> str:
    return "\n".join([*head, "", *(f"{statement};" for statement in statements)]) + "\n"
