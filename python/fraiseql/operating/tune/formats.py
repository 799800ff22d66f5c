"""Proposals in the forms of configuration files and providers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from fraiseql.operating.tune.proposals import Proposal
from fraiseql.operating.tune.size_targets import library_names

_LIBRARIES: Final = "shared_preload_libraries"


def _alter(proposals: Sequence[Proposal]) -> list[str]:
    lines = [f"{each.command};" for each in proposals]
    lines.append("SELECT pg_reload_conf();")
    if restart := [each.name for each in proposals if each.setting.restart]:
        lines.append(f"-- restart PostgreSQL for {', '.join(restart)}")
    return lines


def _conf(proposals: Sequence[Proposal]) -> list[str]:
    return [
        f"{each.name} = {_quoted(each.new_text)}"
        + ("  # needs a restart" if each.setting.restart else "")
        for each in proposals
    ]


def _rds(proposals: Sequence[Proposal]) -> list[str]:
    lines = ["aws rds modify-db-parameter-group --db-parameter-group-name GROUP --parameters \\"]
    for each in proposals:
        method = "pending-reboot" if each.setting.restart else "immediate"
        value = _base_value(each)
        text = f"ParameterName={each.name},ParameterValue={value},ApplyMethod={method}"
        lines.append(f"  {_shell(text)} \\")
    return _without_last_mark(lines)


def _cloudsql(proposals: Sequence[Proposal]) -> list[str]:
    flags = [f"{each.name}={_base_value(each)}".replace('"', "") for each in proposals]
    return [
        "# --database-flags replaces all flags: add those that are set now",
        f"gcloud sql instances patch INSTANCE --database-flags={_shell('^:^' + ':'.join(flags))}",
    ]


def _docker(proposals: Sequence[Proposal]) -> list[str]:
    lines = ["docker run … postgres \\"]
    lines += [f"  -c {_shell(f'{each.name}={each.new_text}')} \\" for each in proposals]
    return _without_last_mark(lines)


def _cnpg(proposals: Sequence[Proposal]) -> list[str]:
    lines = ["spec:", "  postgresql:"]
    for each in proposals:
        if each.name == _LIBRARIES:
            lines.append("    shared_preload_libraries:")
            lines += [f"      - {name}" for name in library_names(each.new_text)]
    lines.append("    parameters:")
    lines += [
        f'      {each.name}: "{each.new_text}"' for each in proposals if each.name != _LIBRARIES
    ]
    return lines


FORMATS: Final[Mapping[str, Callable[[Sequence[Proposal]], list[str]]]] = {
    "alter": _alter,
    "conf": _conf,
    "rds": _rds,
    "cloudsql": _cloudsql,
    "docker": _docker,
    "cnpg": _cnpg,
}
"""Lines of each form: SQL, ``postgresql.conf``, and what each provider takes."""


def _base_value(proposal: Proposal) -> str:
    if proposal.name == _LIBRARIES:
        return f'"{",".join(library_names(proposal.new_text))}"'
    return proposal.setting.base_text(proposal.target.value)


def _quoted(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


def _shell(text: str) -> str:
    escaped = text.replace("'", "'\\''")
    return f"'{escaped}'"


def _without_last_mark(lines: list[str]) -> list[str]:
    return [*lines[:-1], lines[-1].removesuffix(" \\")]
