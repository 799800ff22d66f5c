"""SQL statements of queries, with values as parameters."""

from fraiseql.serving.sql.connections import ESTIMATE
from fraiseql.serving.sql.index_hints import UNHINTED, HintPoint, IndexHint, hint_finder
from fraiseql.serving.sql.parameters import Parameter, comparable, converter
from fraiseql.serving.sql.select import ROLE, Statement, compile_query

__all__ = [
    "ESTIMATE",
    "ROLE",
    "UNHINTED",
    "HintPoint",
    "IndexHint",
    "Parameter",
    "Statement",
    "comparable",
    "compile_query",
    "converter",
    "hint_finder",
]
