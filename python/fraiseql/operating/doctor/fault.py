"""Faults as data, and their diagnoses in a database."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from fraiseql.sql_files import load_sql

Severity = Literal["error", "warning", "info"]
Group = Literal["", "foreign key", "index", "rows"]
"""An object has at most one diagnosis of a group: that of the first fault."""

SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "info")
MANUAL: Final = "# "
"""Begins a step that a person does."""

SHELL: Final = "$ "
"""Begins a step that is a command of the shell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A known fault of databases.

    Attributes:
        code: Stable name in upper case, with a page in ``docs/findings``.
        title: The fault as a sentence without its object.
        why: What follows from it, and how it is measured.
        severity: Of a diagnosis that has none of its own.
        command: Effect of the command.
        lock: Locks that the command takes, and whether it rewrites.
        undo: Effect of the undo, or why there is none.
        needs: Names of the conditions to see it, of ``visibility``.
        thresholds: Fields of ``Thresholds`` that it uses.
        group: Faults that explain one another.
        deep: Whether only ``--deep`` looks for it.
    """

    code: str
    title: str
    why: str
    severity: Severity
    command: str
    lock: str = "none"
    undo: str = "the change of the setting back"
    needs: tuple[str, ...] = ()
    thresholds: tuple[str, ...] = ()
    group: Group = ""
    deep: bool = False


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A fault in a database.

    Attributes:
        fault: The fault.
        object: Quoted name of the table, index, setting, role or type.
        severity: How bad it is.
        evidence: Figures and names that prove it, thresholds among them.
        command: Steps that clear it: SQL, or with the prefix ``SHELL`` or ``MANUAL``.
        undo: Steps that bring the former state back.
    """

    fault: Fault
    object: str
    severity: Severity
    evidence: Mapping[str, Any]
    command: tuple[str, ...]
    undo: tuple[str, ...] = ()

    @property
    def is_sql(self) -> bool:
        """Whether SQL alone clears it."""
        return bool(self.command) and not any(is_manual(step) for step in self.command)


@dataclass(frozen=True, slots=True)
class SqlFault:
    """A fault that a query on the catalog or the statistics finds.

    Attributes:
        fault: The fault.
        queries: Text of the query by the first major version that it runs on.
    """

    fault: Fault
    queries: Mapping[int, str]

    def query(self, major: int) -> str:
        """Return the query for a server."""
        return self.queries[max(since for since in self.queries if since <= major)]


def is_manual(step: str) -> bool:
    """Return whether a step is not SQL."""
    return step.startswith((MANUAL, SHELL))


def sql_faults(module: str, faults: Iterable[Fault]) -> tuple[SqlFault, ...]:
    """Join faults with their queries in ``module.sql``, called ``code`` or ``code_MAJOR``."""
    statements = load_sql(module)
    return tuple(
        SqlFault(
            fault,
            {
                int(name.removeprefix(fault.code.lower()).lstrip("_") or 0): statement.text
                for name, statement in statements.items()
                if name.rstrip("0123456789").rstrip("_") == fault.code.lower()
            },
        )
        for fault in faults
    )
