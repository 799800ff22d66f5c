"""SQL: one statement for each query, its values always as parameters."""

from fraiseql.serving.sql.choices import ORDINARY, Choice, ChoicePoint, chooser
from fraiseql.serving.sql.select import ROLE, Statement, compile_query
from fraiseql.serving.sql.wire import Slot, comparable, converter

__all__ = [
    "ORDINARY",
    "ROLE",
    "Choice",
    "ChoicePoint",
    "Slot",
    "Statement",
    "chooser",
    "comparable",
    "compile_query",
    "converter",
]
