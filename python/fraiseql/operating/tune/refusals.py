"""Reasons not to apply a tuning."""

from pathlib import Path
from typing import Final

from fraiseql.database.embedded import shared_memory_size
from fraiseql.errors import ConfigurationError, EmbeddedServerError
from fraiseql.operating.tune.proposals import Tuning
from fraiseql.sizing.sizes import shown

_FREE: Final = 0.9
"""Share of the available memory that the server may take in addition."""


def check_change(tuning: Tuning) -> None:
    """Refuse a change that cannot work on the server.

    Raises:
        ConfigurationError: With the code ``NOT_SUPERUSER`` or ``TUNE_REFUSED``.
    """
    facts = tuning.facts
    if facts.provider:
        raise _refused(
            f"The server is managed ({facts.provider}), which does not allow ALTER SYSTEM.",
            "Print the changes in the provider's form: --format rds, cloudsql, …",
        )
    if not tuning.worst.fits:
        raise _refused(
            f"In the worst case PostgreSQL would take {shown(tuning.worst.sum)},"
            f" more than {shown(tuning.worst.limit)}.",
            "Fewer --connections, a larger --share, or a larger machine; or choose with --only.",
        )
    _check_rights(tuning)
    grown = _buffers(tuning) - int(facts.number("shared_buffers"))
    _check_memory(tuning, grown)


def check_start(tuning: Tuning, programs: Path) -> None:
    """Refuse settings with which the local server would not start.

    Args:
        tuning: The change.
        programs: Directory of the server's programs.

    Raises:
        ConfigurationError: With the code ``TUNE_REFUSED``.
    """
    values = {each.name: each.new_text for each in tuning.proposals}
    try:
        size = shared_memory_size(Path(tuning.facts.data_directory), programs, values)
    except EmbeddedServerError as error:
        raise _refused(error.message, "Leave the setting out: --except NAME.") from error
    _check_memory(tuning, size - int(tuning.facts.number("shared_buffers")))


def _check_rights(tuning: Tuning) -> None:
    role = tuning.facts.role
    refused = [each.name for each in tuning.proposals if not each.setting.may_alter]
    if refused or not tuning.facts.may_reload:
        names = ", ".join(refused)
        right = f"ALTER SYSTEM ON PARAMETER {names}" if refused else "EXECUTE ON pg_reload_conf()"
        raise ConfigurationError(
            f"Role {role} may not change {names or 'settings'} of the server.",
            hint="One of three: run the command as a superuser (DATABASE_URL=…);"
            f" GRANT {right} TO {role}; or print the changes: --format alter.",
            code="NOT_SUPERUSER",
        )


def _check_memory(tuning: Tuning, grown: int) -> None:
    machine = tuning.facts.machine
    if machine is None or machine.available is None:
        return
    available = min(machine.available, machine.memory)
    if grown > _FREE * available:
        raise _refused(
            f"PostgreSQL would take {shown(grown)} more at its start,"
            f" but its machine has {shown(available)} available ({machine.memory_source}).",
            "Pass the memory that the machine has: --memory, --share.",
        )


def _buffers(tuning: Tuning) -> int:
    values = {each.name: each.target.value for each in tuning.proposals}
    return int(values.get("shared_buffers", tuning.facts.number("shared_buffers")))


def _refused(message: str, hint: str) -> ConfigurationError:
    return ConfigurationError(message, hint=f"Nothing was changed. {hint}", code="TUNE_REFUSED")
