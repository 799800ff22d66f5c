"""Operations over the demo's data, each with its answer in plain SQL."""

from fraiseql.demo.tour.aggregates import AGGREGATES
from fraiseql.demo.tour.filters import FILTERS
from fraiseql.demo.tour.invalid_operations import INVALID
from fraiseql.demo.tour.objects import OBJECTS
from fraiseql.demo.tour.operation import InvalidOperation, TourOperation
from fraiseql.demo.tour.paste import PASTE
from fraiseql.demo.tour.selections import SELECTIONS

OPERATIONS = (*PASTE, *OBJECTS, *FILTERS, *SELECTIONS, *AGGREGATES)

__all__ = ["INVALID", "OPERATIONS", "PASTE", "InvalidOperation", "TourOperation"]
