"""Proposals in the forms of providers."""

import pytest

from fraiseql.operating.tune.formats import FORMATS
from fraiseql.operating.tune.proposals import SettingFilter, propose
from fraiseql.sizing.sizes import GB
from tests.unit.operating.tune.synthetic import facts_of

CHOSEN = frozenset({"shared_buffers", "maintenance_work_mem", "shared_preload_libraries"})

EXPECTED = {
    "alter": """
ALTER SYSTEM SET shared_buffers = '4GB';
ALTER SYSTEM SET maintenance_work_mem = '1GB';
ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements', 'pg_prewarm';
SELECT pg_reload_conf();
-- restart PostgreSQL for shared_buffers, shared_preload_libraries
""",
    "conf": """
shared_buffers = '4GB'  # needs a restart
maintenance_work_mem = '1GB'
shared_preload_libraries = 'pg_stat_statements, pg_prewarm'  # needs a restart
""",
    "rds": r"""
aws rds modify-db-parameter-group --db-parameter-group-name GROUP --parameters \
  'ParameterName=shared_buffers,ParameterValue=524288,ApplyMethod=pending-reboot' \
  'ParameterName=maintenance_work_mem,ParameterValue=1048576,ApplyMethod=immediate' \
  'ParameterName=shared_preload_libraries,ParameterValue="pg_stat_statements,pg_prewarm",@
""",
    "cloudsql": """
# --database-flags replaces all flags: add those that are set now
gcloud sql instances patch INSTANCE --database-flags='^:^\
shared_buffers=524288:\
maintenance_work_mem=1048576:\
shared_preload_libraries=pg_stat_statements,pg_prewarm'
""",
    "docker": r"""
docker run … postgres \
  -c 'shared_buffers=4GB' \
  -c 'maintenance_work_mem=1GB' \
  -c 'shared_preload_libraries=pg_stat_statements, pg_prewarm'
""",
    "cnpg": """
spec:
  postgresql:
    shared_preload_libraries:
      - pg_stat_statements
      - pg_prewarm
    parameters:
      shared_buffers: "4GB"
      maintenance_work_mem: "1GB"
""",
}  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_each_form_is_what_its_tool_reads(name: str) -> None:
    tuning = propose(facts_of(16 * GB), SettingFilter(CHOSEN))
    expected = EXPECTED[name].replace("@", "ApplyMethod=pending-reboot'").strip().splitlines()
    assert FORMATS[name](tuning.proposals) == expected
