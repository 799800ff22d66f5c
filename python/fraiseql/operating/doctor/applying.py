"""Applying the commands of diagnoses."""

from collections.abc import Callable, Sequence

from fraiseql.database import Pool
from fraiseql.database.writing import open_admin
from fraiseql.errors import ConfigurationError
from fraiseql.operating.doctor.fault import Diagnosis


async def run_steps(
    pool: Pool, steps: Sequence[str], watch: Callable[[str], None] = lambda _: None
) -> None:
    """Run SQL statements one by one, each in its own transaction.

    Args:
        pool: Connections to the database.
        steps: The statements.
        watch: Called with each before it runs.

    Raises:
        DatabaseError: A statement failed; those before it stay.
    """
    async with open_admin(pool) as writer:
        for step in steps:
            watch(step)
            await writer.execute(step)


def check_applicable(code: str, diagnoses: Sequence[Diagnosis]) -> None:
    """Refuse commands that SQL alone cannot do.

    Raises:
        ConfigurationError: A step is for a person or a shell.
    """
    for each in diagnoses:
        if not each.is_sql:
            raise ConfigurationError(
                f"{code} at {each.object} is not cleared by SQL alone.",
                hint="Do: " + "; then ".join(each.command),
            )
