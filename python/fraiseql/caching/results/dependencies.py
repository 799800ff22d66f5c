"""Dependencies: what the value of a part depends on, as the database has it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What an answer depends on.

    Attributes:
        tags: What the change log calls the tables: their numbers, as text, sorted.
        relations: Numbers of tables and views whose definition counts.
        functions: Numbers of functions that are called.
        enums: Numbers of enum types whose labels show.
        reads: Quoted names of the relations that the answer's statement names itself.
        shape: Fingerprint of all the definitions, when this was loaded.
        clock: Whether the answer changes with time alone.
        session: Whether it depends on session variables.
    """

    tags: tuple[str, ...] = ()
    relations: tuple[int, ...] = ()
    functions: tuple[int, ...] = ()
    enums: tuple[int, ...] = ()
    reads: tuple[str, ...] = ()
    shape: int = 0
    clock: bool = False
    session: bool = False


NOTHING = Dependencies()
"""Of an answer that depends on nothing that is logged: it lives by its time alone."""
