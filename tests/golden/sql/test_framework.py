"""Golden SQL of the framework's own objects, which no declaration changes.

``pytest tests/golden --update-golden`` writes the file; read the diff. Another text of a function
makes ``fraiseql db apply`` compute stored documents again.
"""

from pathlib import Path

import pytest

from fraiseql.caching.changes.adoption import adoption_object
from fraiseql.caching.changes.floor import floor_object
from fraiseql.caching.changes.log import log_objects
from fraiseql.caching.changes.state import state_object
from fraiseql.caching.ddl.ledger import ledger_statements
from fraiseql.caching.dependencies.fingerprint import shape_objects
from fraiseql.caching.dependencies.recorded import fingerprint_objects
from fraiseql.caching.results.sql.objects import common_objects, store_objects

PATH = Path(__file__).parent / "framework.sql"


def framework_sql() -> str:
    objects = [
        *log_objects(),
        floor_object(),
        state_object(),
        adoption_object(),
        *shape_objects(),
        *fingerprint_objects(),
        *common_objects(),
        *store_objects("unlogged"),
    ]
    parts = [("-- ledger", ledger_statements(0))]
    parts += [(f"-- {obj.kind} {obj.name}", list(obj.create)) for obj in objects]
    return "\n".join(
        "\n".join([title, *(f"{statement};" for statement in statements), ""])
        for title, statements in parts
    )


def test_the_framework_creates_its_objects_by_the_same_statements(
    pytestconfig: pytest.Config,
) -> None:
    if pytestconfig.getoption("--update-golden"):
        PATH.write_text(framework_sql())
    assert framework_sql() == PATH.read_text()
