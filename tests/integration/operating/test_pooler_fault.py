"""The doctor behind PgBouncer."""

from pathlib import Path

import pytest

from fraiseql.database import open_pool
from fraiseql.errors import ConfigurationError
from fraiseql.operating.doctor.examine import Examination, Scope, examine
from fraiseql.operating.doctor.faults import FAULTS
from fraiseql.settings import Settings
from tests.integration.database.pgbouncer import IGNORED, needs_pgbouncer, pooled, version
from tests.integration.operating.scratch import codes

pytestmark = [
    needs_pgbouncer,
    pytest.mark.skipif(
        needs_pgbouncer.args[0] or version() >= (1, 21),
        reason="this PgBouncer supports prepared statements in transaction mode",
    ),
]
CODE = "POOLER_TRANSACTION_MODE"


async def examined(url: str, **scope: frozenset[str]) -> Examination:
    settings = Settings(database_url=url)
    pool = await open_pool(url, settings)
    try:
        return await examine(pool, settings, Scope(**scope))
    finally:
        await pool.close()


async def test_transaction_mode_is_a_fault_and_session_mode_is_none(
    database: str, tmp_path: Path
) -> None:
    with pooled(database, tmp_path / "a", mode="transaction", ignored=IGNORED) as url:
        examination = await examined(url)
        (diagnosis,) = examination.diagnoses
        assert codes(examination) == {CODE}
        first, second = diagnosis.evidence.values()
        assert first != second
        assert "pool_mode = session" in diagnosis.command[0]
        usual = {fault.code for fault in FAULTS if not fault.deep} - {CODE}
        assert {each.code for each in examination.not_seen} == usual
        with pytest.raises(ConfigurationError, match="prepared statements"):
            await examined(url, ignored=frozenset({CODE}))
    # Session mode refuses the application for another reason: settings that were not set.
    with (
        pooled(database, tmp_path / "b", mode="session", ignored=IGNORED) as url,
        pytest.raises(ConfigurationError, match="ignored settings"),
    ):
        await examined(url)
